package sandbox

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// FoundCustomer is the customer of a delivery.
type FoundCustomer struct {
	// Fields are those of the platform that were found, in the order of the
	// mapping.
	Fields []Mapped `json:"fields"`
	// Identity says that the platform can recognise the customer: an id, an
	// email address or a phone number was found.
	Identity bool `json:"identity"`

	// Values are the fields as they are. They are not redacted.
	Values []jsondoc.Member `json:"-"`
}

// customer finds the customer that an event is about.
func (d *delivery) customer(w definition.Webhook) {
	at := w.CustomerExtraction
	if at == nil {
		return
	}
	c := w.Customer(d.event, d.parts.Body)
	d.out.Customer = &FoundCustomer{Fields: []Mapped{}}
	if n := c.Unreadable; n != nil {
		d.bare(n, d.parts.Body) // says what is wrong with it
	}
	if c.BaseAt == nil {
		d.choose(customerAtRoot, at)
	}
	if c.Replaced {
		d.choose(customerMapping, c.Mapping)
	}
	if !c.Base.Is(jsondoc.Object) {
		place := c.BaseAt
		if place == nil {
			place = at
		}
		d.say(finding.Notice, place, "Add an override with the place of the customer, unless the event is about no customer.", "there is no customer at %q in the delivery", place.Text())
		return
	}
	for _, f := range c.Fields {
		if !d.customerField(f) {
			continue
		}
		d.out.Customer.Values = append(d.out.Customer.Values, jsondoc.Member{Key: f.Name, Value: f.Value})
		d.out.Customer.Fields = append(d.out.Customer.Fields, Mapped{Name: f.Name, Path: f.At.Text(), Value: shownValue(f.Name, f.Value)})
	}
	if _, d.out.Customer.Identity = c.Identity(); !d.out.Customer.Identity {
		place := c.Mapping
		if place == nil {
			place = at
		}
		d.say(finding.Warning, place, "Map code, primaryEmail or primaryPhone to what the provider sends.",
			"the customer has nothing to be recognised by, so that every delivery would make a new one")
	}
}

// customerField reports whether a field has a value that a customer can take,
// and says what is wrong with it.
func (d *delivery) customerField(f definition.CustomerField) bool {
	known := definition.CustomerFields()
	if !slices.Contains(known, f.Name) {
		hint := "Use one of " + strings.Join(known, ", ") + "."
		if near, ok := nearest.Word(f.Name, known); ok {
			hint = "Perhaps you mean \"" + near + "\"."
		}
		d.say(finding.Warning, f.At, hint, "customers have no field %q, so it is left out", f.Name)
		return false
	}
	text, ok := definition.Scalar(f.Value)
	if !ok {
		d.say(finding.Warning, f.At, "Name a text or number.", "%q leads to an object or array, so the customer gets no %s", f.At.Text(), f.Name)
		return false
	}
	if text == "" {
		return false
	}
	if what := unlikely(f, text); what != "" {
		d.say(finding.Warning, f.At, "Compare the path with the delivery; the platform may refuse the value.", "the customer's %s is %s", f.Name, what)
	}
	return true
}

// unlikely says what is wrong with the value of a field, or "".
func unlikely(f definition.CustomerField, text string) string {
	switch f.Name {
	case "sex":
		if !f.Value.Is(jsondoc.Number) {
			return "no number"
		}
	case "birthDate":
		if !isDate(text) {
			return "no date, such as 1990-12-31"
		}
	case "state":
		if text != "visitor" && text != "lead" && text != "customer" {
			return "none of visitor, lead and customer"
		}
	case "avatar":
		if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return "no URL"
		}
	case "primaryEmail":
		if at := strings.IndexByte(text, '@'); at <= 0 || at == len(text)-1 {
			return "no email address"
		}
	case "primaryPhone":
		if !strings.ContainsAny(text, "0123456789") {
			return "no phone number"
		}
	}
	if f.Value.Is(jsondoc.Bool) {
		return "true or false"
	}
	return ""
}

// isDate reports whether a text starts with a date, to which a time may be
// added.
func isDate(text string) bool {
	if len(text) > len(time.DateOnly) && (text[len(time.DateOnly)] == 'T' || text[len(time.DateOnly)] == ' ') {
		text = text[:len(time.DateOnly)]
	}
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}
