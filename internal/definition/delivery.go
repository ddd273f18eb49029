package definition

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// DeliveryID is what transactionId makes of a delivery.
type DeliveryID struct {
	// At is what holds the paths that count for the event: those of an
	// override, else the common ones. It is nil when there are none.
	At    *jsondoc.Node
	Paths []*jsondoc.Node
	// Value is the id, or "" when no path finds a text or number.
	Value string
	// Missing are the paths that find none, and Unreadable is the first one
	// that is no path, or nil: the platform might find something there.
	Missing    []*jsondoc.Node
	Unreadable *jsondoc.Node
	// Joined says that the id is made of all values; else the first one counts.
	// Doubtful says that no separator asks for it.
	Joined, Doubtful bool
}

// DeliveryID finds the id by which a repeated delivery is recognised. The
// documentation says that the first value counts, has a separator for several
// values, and has overrides that only make sense when all values count: so
// they are joined where there is a separator or the paths are an override's.
func (w Webhook) DeliveryID(event string, body *jsondoc.Node) DeliveryID {
	var id DeliveryID
	override := w.TransactionID.At("overrides", event)
	separator := override.Get("separator")
	id.At, id.Paths = idPaths(override)
	overridden := id.At != nil
	if !overridden {
		id.At, id.Paths = idPaths(w.TransactionID)
	}
	if separator == nil {
		separator = w.TransactionID.Get("separator")
	}
	text, given := separator.Str()
	if !given {
		text = ":"
	}
	id.Joined = len(id.Paths) > 1 && (given || overridden)
	id.Doubtful = id.Joined && !given
	var values []string
	for _, n := range id.Paths {
		path, err := ParseAnyPath(n.Text())
		if err != nil {
			if id.Unreadable == nil {
				id.Unreadable = n
			}
			continue
		}
		if v, ok := Scalar(path.Eval(body)); ok && v != "" {
			values = append(values, v)
		} else {
			id.Missing = append(id.Missing, n)
		}
	}
	switch {
	case id.Joined:
		id.Value = strings.Join(values, text)
	case len(values) > 0:
		id.Value = values[0]
	}
	return id
}

// idPaths returns the paths of transactionId or of one of its overrides, in
// their new or old form, and the node that holds them.
func idPaths(object *jsondoc.Node) (at *jsondoc.Node, paths []*jsondoc.Node) {
	if at = object.Get("paths"); at != nil {
		return at, at.Elements()
	}
	if at = object.Get("path"); at != nil {
		return at, []*jsondoc.Node{at}
	}
	return nil, nil
}

// CustomerFields returns the fields that the platform's customers have.
func CustomerFields() []string {
	return []string{"firstName", "lastName", "primaryEmail", "primaryPhone", "code", "avatar", "sex", "birthDate", "position", "department", "state"}
}

// identifies reports whether the platform recognises customers by a field.
func identifies(field string) bool {
	return field == "code" || field == "primaryEmail" || field == "primaryPhone"
}

// Customer is what customerExtraction makes of a delivery.
type Customer struct {
	// BaseAt is basePath, that of an override if it has one, or nil; Base is
	// what stands there in the body, or nil. Without basePath it is the body.
	BaseAt, Base *jsondoc.Node
	// Mapping has the fields; Replaced says that it is an override's.
	Mapping  *jsondoc.Node
	Replaced bool
	// Fields are the entries of the mapping, in its order.
	Fields []CustomerField
	// Unreadable is the first text that is no path, or nil.
	Unreadable *jsondoc.Node
}

// CustomerField is one entry of a customer's mapping.
type CustomerField struct {
	Name string
	// At is the entry, and Value is what its path leads to, or nil.
	At, Value *jsondoc.Node
}

// Text returns the value as a text, or "" when there is none, or an object or
// array.
func (f CustomerField) Text() string {
	text, _ := Scalar(f.Value)
	return text
}

// Identity reports whether the mapping has a field that the platform
// recognises customers by, and whether one of them has a value.
func (c Customer) Identity() (mapped, found bool) {
	for _, f := range c.Fields {
		if identifies(f.Name) {
			mapped = true
			found = found || f.Text() != ""
		}
	}
	return mapped, found
}

// Customer finds the customer of a delivery. Paths of the mapping start at
// basePath.
func (w Webhook) Customer(event string, body *jsondoc.Node) Customer {
	override := w.CustomerExtraction.At("overrides", event)
	c := Customer{BaseAt: override.Get("basePath"), Mapping: override.Get("mapping"), Base: body}
	c.Replaced = c.Mapping != nil
	if c.BaseAt == nil {
		c.BaseAt = w.CustomerExtraction.Get("basePath")
	}
	if c.Mapping == nil {
		c.Mapping = w.CustomerExtraction.Get("mapping")
	}
	if c.BaseAt != nil {
		c.Base = c.follow(c.BaseAt, body)
	}
	for _, m := range c.Mapping.Members() {
		if c.Mapping.Get(m.Key) != m {
			continue // an earlier one of two equal keys
		}
		c.Fields = append(c.Fields, CustomerField{Name: m.Key, At: m, Value: c.follow(m, c.Base)})
	}
	return c
}

// follow follows the path in a node, and remembers one that cannot be read.
func (c *Customer) follow(at, from *jsondoc.Node) *jsondoc.Node {
	path, err := ParseAnyPath(at.Text())
	if err != nil {
		if c.Unreadable == nil {
			c.Unreadable = at
		}
		return nil
	}
	return path.Eval(from)
}

// OtherScheme returns why a signature in this header is more than a hash of the
// body, or "" when nothing is known of it. It is known from the providers, not
// from the platform.
func OtherScheme(header string) string {
	switch strings.ToLower(header) {
	case "x-slack-signature":
		return "Slack signs a version, the time and the body together"
	case "stripe-signature":
		return "Stripe signs the time and the body together, and sends both in one header"
	case "paddle-signature":
		return "Paddle signs the time and the body together, and sends both in one header"
	case "calendly-webhook-signature":
		return "Calendly signs the time and the body together, and sends both in one header"
	case "x-zm-signature":
		return "Zoom signs a version, the time and the body together"
	case "x-twilio-signature":
		return "Twilio signs the address and the parameters"
	case "x-square-hmacsha256-signature":
		return "Square signs the address and the body together"
	case "x-hubspot-signature-v3":
		return "HubSpot signs the method, the address, the body and the time together"
	case "x-signature-ed25519":
		return "Discord signs with a key pair"
	case "paypal-transmission-sig":
		return "PayPal signs with a certificate"
	case "svix-signature":
		return "Svix signs an id, the time and the body together"
	case "webhook-signature":
		return "Standard Webhooks sign an id, the time and the body together"
	}
	return ""
}
