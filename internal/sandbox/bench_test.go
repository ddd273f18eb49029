package sandbox

import "testing"

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
