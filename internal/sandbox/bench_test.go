package sandbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// BenchmarkAction is what an action of three steps costs without the network.
func BenchmarkAction(b *testing.B) {
	m := machine(b, action(`{"text": {"type": "string"}, "tags": {"type": "array"}}`, `[
		{"url": "https://api.example/contacts?email={{text}}", "method": "GET", "headers": {"Authorization": "Bearer [[accessToken]]", "Accept": "application/json"}, "mapping": [{"name": "contactId", "value": "$.contacts[0].id"}]},
		{"url": "https://api.example/contacts/{{contactId}}/tags", "method": "POST", "headers": {"Authorization": "Bearer [[accessToken]]"}, "bodyType": "json", "body": {"tags": "{{tags}}", "note": "added for {{text}}"}, "mapping": [{"name": "tagId", "value": "$.contacts[0].id"}]},
		{"url": "https://api.example/contacts/{{contactId}}", "method": "PATCH", "headers": {"Authorization": "Bearer [[accessToken]]"}, "bodyType": "x-www-form-urlencoded", "body": {"tag": "{{tagId}}"}, "mapping": {"id": "$.contacts[0].id", "name": "$.contacts[0].profile.name"}}]`),
		always(200, `{"contacts": [{"id": "c-1", "profile": {"name": "Ada"}, "email": "ada@customer.example", "tags": ["a", "b", "c"], "created": "2026-11-02T08:30:11Z"}], "total": 1}`))
	input := values(b, `{"text": "ada@customer.example", "tags": ["x", "y"]}`)
	install := connected(map[string]string{"accessToken": "s3cret-token"})
	b.ReportAllocs()
	for b.Loop() {
		m.Provider.(*script).asked = nil
		if r := m.Action(b.Context(), install, "act", input); !r.OK() {
			b.Fatal(r.Failure)
		}
	}
}

// BenchmarkRecords maps 10,000 orders of 10 fields.
func BenchmarkRecords(b *testing.B) {
	m := example(b, "shopkeep")
	order := exampleBody(b, "shopkeep", "order-created").At("data", "order")
	r := m.record(connected(nil), "bench", m.Definition.Sync.Node)
	resource := m.resource("orders")
	b.ReportAllocs()
	for b.Loop() {
		c := r.newCollector(resource.Get("apiMapping"), false, Record{Type: "ecommerce:orders"})
		for range maxRecords {
			if !c.add(order) {
				b.Fatal("too many")
			}
		}
	}
}

// exampleDeliveries are the sample deliveries of the examples, each with a
// machine of its definition, an install, and the event it is for.
type exampleDelivery struct {
	name, event string
	m           *Machine
	install     *Install
	in          Incoming
}

func exampleDeliveries(t testing.TB) []exampleDelivery {
	t.Helper()
	parse := func(name string) *jsondoc.Document {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, problems := jsondoc.Parse(data)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", name, problems)
		}
		return doc
	}
	files, err := filepath.Glob("../../examples/definitions-repo/definitions/*/webhooks/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("the examples have no sample deliveries: %v", err)
	}
	var list []exampleDelivery
	for _, file := range files {
		folder := filepath.Dir(filepath.Dir(file))
		m := machine(t, `{}`, nil)
		m.Definition = definition.New(parse(filepath.Join(folder, "miniapp.json")))
		install := NewInstall("u-1")
		s := definition.NewSample(parse(file).Root)
		in, err := m.Sample(install, s)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, exampleDelivery{filepath.Base(folder) + "/" + filepath.Base(file), s.Event.Text(), m, install, in})
	}
	return list
}

// BenchmarkDeliver is what a delivery of the examples costs, from its raw bytes
// to the records that its handler makes.
func BenchmarkDeliver(b *testing.B) {
	list := exampleDeliveries(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		e := list[n%len(list)]
		n++
		e.install.Seen = nil // else nothing would be done with it again
		if d := e.m.Deliver(e.install, e.in); d.Event != e.event || d.Duplicate {
			b.Fatalf("%s: event %q, duplicate %t", e.name, d.Event, d.Duplicate)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(n)*10_000, "s/10000")
}
