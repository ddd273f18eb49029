package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// MaxDelivery is the largest body of a delivery, in bytes. Who listens for
// deliveries should read no more than one byte beyond it.
const MaxDelivery = 1 << 20

// Incoming is a delivery as it arrives. The body has the raw bytes: a signature
// is of them.
type Incoming struct {
	Method string
	Header http.Header
	Query  url.Values
	Body   []byte
}

// Sample makes the delivery of a sample file, signed for the install as the
// documentation describes it. An install that has no secret to verify with gets
// one that is made up. The error says why the delivery cannot be signed; the
// delivery can be sent nevertheless, and will be refused.
func (m *Machine) Sample(install *Install, s definition.Sample) (Incoming, error) {
	in := Incoming{Method: http.MethodPost, Header: http.Header{}, Query: url.Values{}, Body: s.Raw()}
	for _, h := range s.Delivery.Headers.Members() {
		in.Header.Add(h.Key, h.Text())
	}
	for _, q := range s.Delivery.Query.Members() {
		in.Query.Add(q.Key, q.Text())
	}
	if in.Header.Get("Content-Type") == "" && s.BodyAt != nil && !s.BodyAt.Is(jsondoc.String) {
		in.Header.Set("Content-Type", "application/json")
	}
	v := readVerification(m.Definition.Webhook.Verification)
	if !v.signed() {
		return in, nil
	}
	if v.problem != "" {
		return in, fmt.Errorf("signing the sample: %s", v.problem)
	}
	secret, _ := m.secret(install, v.key)
	if secret == "" {
		id, err := m.id(16)
		if err != nil {
			return in, fmt.Errorf("making up a secret: %w", err)
		}
		secret = "made-up-" + id
		install.Credentials[v.key] = jsondoc.NewString(secret)
	}
	value := v.sign(in.Body, secret)
	if v.method != headerToken {
		value = prefixOf(in.Header.Get(v.header)) + value
	}
	in.Header.Set(v.header, value)
	return in, nil
}

// header returns all headers as they are looked at: the values of one that comes
// several times are joined, as HTTP says.
func (in Incoming) header() []Header {
	var list []Header
	for _, name := range slices.Sorted(maps.Keys(in.Header)) {
		list = append(list, Header{name, strings.Join(in.Header[name], ", ")})
	}
	return list
}

// delivery returns what a definition finds things in.
func (in Incoming) delivery(body *jsondoc.Node) definition.Delivery {
	d := definition.Delivery{Body: body}
	var headers, query []jsondoc.Member
	for _, h := range in.header() {
		headers = append(headers, jsondoc.Member{Key: h.Name, Value: jsondoc.NewString(h.Value)})
	}
	for _, name := range slices.Sorted(maps.Keys(in.Query)) {
		query = append(query, jsondoc.Member{Key: name, Value: jsondoc.NewString(in.Query.Get(name))})
	}
	d.Headers, d.Query = jsondoc.NewObject(headers...), jsondoc.NewObject(query...)
	return d
}

// formBody makes an object of the fields of a form. Of equal names the first
// one counts.
func formBody(raw []byte) (*jsondoc.Node, error) {
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, fmt.Errorf("reading the form: %w", err)
	}
	var members []jsondoc.Member
	for _, name := range slices.Sorted(maps.Keys(values)) {
		members = append(members, jsondoc.Member{Key: name, Value: jsondoc.NewString(values.Get(name))})
	}
	return jsondoc.NewObject(members...), nil
}
