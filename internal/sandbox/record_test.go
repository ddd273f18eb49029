package sandbox

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// parsed reads a JSON value.
func parsed(t testing.TB, text string) *jsondoc.Node {
	t.Helper()
	doc, problems := jsondoc.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatalf("the JSON of the test: %v", problems)
	}
	return doc.Root
}

// handled runs the only handler of a definition on a body.
func handled(t testing.TB, def, body string) ([]Record, *Run) {
	t.Helper()
	m := machine(t, def, nil)
	var from *jsondoc.Node
	if body != "" {
		from = parsed(t, body)
	}
	r := m.record(connected(map[string]string{"accessToken": "s3cret-token"}), "delivery", m.Definition.Sync.Node)
	h := m.Definition.Sync.Handlers[0]
	records := r.handle(h, from)
	return records, r.done()
}

// mapping is a definition whose handler maps the body of an order.
func mapping(rules string) string {
	return `{"ns": "acme", "auth": {"type": "apikey", "sensitiveKeys": ["accessToken"]}, "sync": {"webhooks": {"handlers": {"order.created": {"recordType": "order", "operation": "create", "mapping": ` + rules + `}}}}}`
}

func TestRules(t *testing.T) {
	const body = `{"id": 7, "text": " a\"b ", "n": 12.50, "big": 12345678901234567890, "yes": true, "no": false, "null": null, "empty": "", "o": {"k": [1]},
		"list": ["A", "B"], "objects": [{"code": "A", "x": 1}, {"code": 2}], "odd": ["A", null, {"x": 1}, [1]], "none": [], "price": " 12.50 ", "words": "12,50", "zero": 0, "lines": [{"sku": "s", "qty": 2}]}`
	tests := []struct {
		name, rule, want string // want is the value of the field, or "" for none
		said             []string
	}{
		{"a path", `"$.o.k[0]"`, `1`, nil},
		{"a bare path in a handler", `"o.k"`, `[1]`, []string{"choice either-path"}},
		{"the body itself", `{"path": "$", "transform": "toNumberOrNull"}`, `null`, []string{"choice number-reading", `"f" finds something that is no number in the record`}},
		{"a path to nothing", `"$.nix"`, ``, []string{"choice field-left-out", `nothing is at "$.nix" in the delivery, so "f" gets no value`}},
		{"a path that is none", `"$..x"`, ``, []string{`the path "$..x" uses "..", which the platform does not know`}},
		{"a rule that says nothing", `{}`, ``, []string{`the rule of "f" says nowhere where the value comes from`}},
		{"a list as a rule", `["$.id"]`, ``, []string{`the rule of "f" says nowhere where the value comes from`}},
		{"an object with a path", `{"path": "$.text"}`, `" a\"b "`, nil},
		{"null at a path", `"$.null"`, `null`, nil},
		{"an unknown transform", `{"path": "$.n", "transform": "parseInt"}`, `12.50`, []string{`/transform the transform "parseInt" is not documented; the value stays as it is`}},

		{"toString of a number", `{"path": "$.id", "transform": "toString"}`, `"7"`, nil},
		{"toString of a long number", `{"path": "$.big", "transform": "toString"}`, `"12345678901234567890"`, []string{"choice number-as-written"}},
		{"toString of a number with a zero", `{"path": "$.n", "transform": "toString"}`, `"12.50"`, []string{"choice number-as-written"}},
		{"toString of a text", `{"path": "$.text", "transform": "toString"}`, `" a\"b "`, nil},
		{"toString of a boolean", `{"path": "$.no", "transform": "toString"}`, `"false"`, nil},
		{"toString of null", `{"path": "$.null", "transform": "toString"}`, `null`, []string{"choice null-stays"}},
		{"toString of an object", `{"path": "$.o", "transform": "toString"}`, `"{\"k\":[1]}"`, []string{"choice object-as-json"}},
		{"toString of nothing", `{"path": "$.nix", "transform": "toString"}`, ``, []string{"choice field-left-out", `nothing is at "$.nix" in the delivery, so "f" gets no value`}},
		{"toString without a path", `{"transform": "toString"}`, ``, []string{`the rule of "f" says nowhere where the value comes from`}},

		{"toNumberOrNull of a number", `{"path": "$.n", "transform": "toNumberOrNull"}`, `12.50`, nil},
		{"toNumberOrNull of a text", `{"path": "$.price", "transform": "toNumberOrNull"}`, `12.50`, nil},
		{"toNumberOrNull of words", `{"path": "$.words", "transform": "toNumberOrNull"}`, `null`, []string{"choice number-reading", `"f" finds something that is no number in the record`}},
		{"toNumberOrNull of an empty text", `{"path": "$.empty", "transform": "toNumberOrNull"}`, `null`, nil},
		{"toNumberOrNull of null", `{"path": "$.null", "transform": "toNumberOrNull"}`, `null`, nil},
		{"toNumberOrNull of a boolean", `{"path": "$.yes", "transform": "toNumberOrNull"}`, `null`, []string{"choice number-reading", `"f" finds something that is no number in the record`}},
		{"toNumberOrNull of nothing", `{"path": "$.nix", "transform": "toNumberOrNull"}`, `null`, []string{`nothing is at "$.nix" in the delivery, so "f" gets no value`}},

		{"coalesce", `{"paths": ["$.nix", "$.null", "$.empty", "$.text", "$.id"], "transform": "coalesce"}`, `" a\"b "`, nil},
		{"coalesce with something that others call empty", `{"paths": ["$.zero", "$.text"], "transform": "coalesce"}`, `0`, []string{"choice empty-value"}},
		{"coalesce with an empty list", `{"paths": ["$.none", "$.text"], "transform": "coalesce"}`, `[]`, []string{"choice empty-value"}},
		{"coalesce of nothing", `{"paths": ["$.nix", "$.empty"], "transform": "coalesce"}`, ``, []string{"choice field-left-out", `nothing is at "$.nix" or "$.empty" in the delivery, so "f" gets no value`}},
		{"coalesce with one path", `{"path": "$.empty", "transform": "coalesce"}`, ``, []string{"choice field-left-out", `nothing is at "$.empty" in the delivery, so "f" gets no value`}},
		{"coalesce without paths", `{"paths": [], "transform": "coalesce"}`, ``, []string{`the rule of "f" says nowhere where the value comes from`}},
		{"several paths without coalesce", `{"paths": ["$.nix", "$.id"]}`, `7`, []string{"choice several-paths"}},
		{"several paths with another transform", `{"paths": ["$.nix", "$.id"], "transform": "toString"}`, `"7"`, []string{"choice several-paths"}},

		{"compute", `{"path": "$.id", "transform": "compute", "fn": "stateOf"}`, `null`, []string{"choice compute-null"}},
		{"compute without a helper", `{"transform": "compute"}`, `null`, []string{"choice compute-null", `"f" is computed, but by no helper`}},

		{"mapItems", `{"path": "$.lines", "transform": "mapItems"}`, `[{"sku":"s","qty":2}]`, []string{"choice items-as-they-are"}},
		{"mapItems of an object", `{"path": "$.o", "transform": "mapItems"}`, ``, []string{`"f" finds something that is no list in the record`}},
		{"mapItems of null", `{"path": "$.null", "transform": "mapItems"}`, `null`, []string{"choice null-stays"}},

		{"joinCodes of texts", `{"path": "$.list", "transform": "joinCodes"}`, `"A,B"`, []string{"choice codes-joined"}},
		{"joinCodes of objects", `{"path": "$.objects", "transform": "joinCodes"}`, `"A,2"`, []string{"choice codes-joined"}},
		{"joinCodes of other things", `{"path": "$.odd", "transform": "joinCodes"}`, `"A"`, []string{"choice codes-joined", `"f" finds entries without a code in the record`}},
		{"joinCodes of one text", `{"path": "$.price", "transform": "joinCodes"}`, `" 12.50 "`, []string{"choice codes-joined"}},
		{"joinCodes of nothing", `{"path": "$.none", "transform": "joinCodes"}`, `""`, []string{"choice codes-joined"}},

		{"a literal", `{"value": "EUR"}`, `"EUR"`, []string{"choice literal-value"}},
		{"a literal number", `4`, `4`, []string{"choice literal-value"}},
		{"a literal null", `null`, `null`, []string{"choice literal-value"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			records, run := handled(t, mapping(`{"code": "$.id", "f": `+tt.rule+`}`), body)
			want := `{"code":7}`
			if tt.want != "" {
				want = `{"code":7,"f":` + tt.want + `}`
			}
			if len(records) != 1 || records[0].Fields != want {
				t.Errorf("got %+v, want %s", records, want)
			}
			var lines []string
			for _, line := range said(run) {
				line = strings.TrimPrefix(line, "/sync/webhooks/handlers/order.created/mapping/f")
				lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(line, "/paths/0"), "/path"), " "))
			}
			if diff := cmp.Diff(tt.said, lines); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHandlers(t *testing.T) {
	resource := func(handler string) string {
		return `{"ns": "acme", "auth": {"type": "apikey"}, "sync": {"resources": {"orders": {"contentType": "ecommerce:orders", "apiMapping": {"code": {"path": "id", "transform": "toString"}, "total": "sum"}},
			"people": {"contentType": "core:customer", "apiMapping": {"primaryEmail": "mail"}}},
			"webhooks": {"handlers": {"order.created": ` + handler + `}}}}`
	}
	const at = "/sync/webhooks/handlers/order.created"
	tests := []struct {
		name, def, body string
		want            []Record
		said            []string
	}{
		{"a mapping of the body", mapping(`{"code": {"path": "$.data.id", "transform": "toString"}, "status": "$.data.state"}`), `{"data": {"id": 7, "state": "new"}}`,
			[]Record{{Type: "order", Operation: "create", Code: "7", Fields: `{"code":"7","status":"new"}`}}, nil},
		{"without a code", mapping(`{"code": "$.data.uid", "status": "$.data.state"}`), `{"data": {"id": 7, "state": "new"}}`,
			[]Record{{Type: "order", Operation: "create", Fields: `{"status":"new"}`}}, []string{
				at + "/mapping/code choice field-left-out",
				at + `/mapping/code nothing is at "$.data.uid" in the delivery, so "code" gets no value`,
				at + `/mapping/code the record has no "code", by which the platform could find it again`}},
		{"a code that is a list", mapping(`{"code": "$.data"}`), `{"data": []}`,
			[]Record{{Type: "order", Operation: "create", Fields: `{"code":[]}`}}, []string{
				at + `/mapping/code the record has no "code", by which the platform could find it again`}},
		{"no mapping", mapping(`{}`), `{}`, nil, []string{at + ` the handler of "order.created" has no mapping, so no record is made`}},
		{"no JSON", mapping(`{"code": "$.id"}`), ``, nil, []string{at + ` the body of the delivery is no JSON, so no record is made`}},
		{"another type", strings.Replace(mapping(`{"code": "$.id"}`), `"order"`, `"product"`, 1), `{"id": "a"}`,
			[]Record{{Type: "product", Operation: "create", Code: "a", Fields: `{"code":"a"}`}}, []string{at + ` the platform documents no recordType "product"`}},
		{"a resource", resource(`{"resource": "orders", "operation": "upsert", "dataPath": "$.data"}`), `{"data": {"id": 7, "sum": "1.00"}}`,
			[]Record{{Type: "ecommerce:orders", Resource: "orders", Operation: "upsert", Code: "7", Fields: `{"code":"7","total":"1.00"}`}}, []string{at + " choice resource-handler"}},
		{"a resource without dataPath", resource(`{"resource": "orders", "operation": "upsert"}`), `{"id": 7, "sum": 1}`,
			[]Record{{Type: "ecommerce:orders", Resource: "orders", Operation: "upsert", Code: "7", Fields: `{"code":"7","total":1}`}}, []string{
				at + " choice resource-handler", at + " choice whole-body"}},
		{"several records", resource(`{"resource": "orders", "operation": "upsert", "dataPath": "$.data"}`), `{"data": [{"id": 7, "sum": 1}, {"id": 7}, {"sum": 2}]}`,
			[]Record{{Type: "ecommerce:orders", Resource: "orders", Operation: "upsert", Code: "7", Fields: `{"code":"7","total":1}`},
				{Type: "ecommerce:orders", Resource: "orders", Operation: "upsert", Code: "7", Fields: `{"code":"7"}`},
				{Type: "ecommerce:orders", Resource: "orders", Operation: "upsert", Fields: `{"total":2}`}}, []string{
				at + " choice resource-handler", at + " choice list-of-records", "/sync/resources/orders/apiMapping/total choice field-left-out",
				`/sync/resources/orders/apiMapping/code 1 of 3 records have no "code", by which the platform could find it again`,
				`/sync/resources/orders/apiMapping/code the "code" of 1 of 3 records is that of another one before`}},
		{"a customer without a code", resource(`{"resource": "people", "operation": "upsert", "dataPath": "$"}`), `{"mail": "a@b.example"}`,
			[]Record{{Type: "core:customer", Resource: "people", Operation: "upsert", Fields: `{"primaryEmail":"a@b.example"}`}}, []string{at + " choice resource-handler"}},
		{"an unknown resource", resource(`{"resource": "order", "operation": "upsert", "dataPath": "$"}`), `{}`, nil, []string{
			at + " choice resource-handler", at + `/resource there is no resource "order" in sync.resources, so no record is made`}},
		{"nothing at dataPath", resource(`{"resource": "orders", "operation": "upsert", "dataPath": "$.order"}`), `{"data": {"id": 7}}`, nil, []string{
			at + " choice resource-handler", at + `/dataPath there is no record where the handler of "order.created" looks for it`}},
		{"no operation", resource(`{"resource": "orders", "dataPath": "$"}`), `{"id": 7, "sum": 1}`,
			[]Record{{Type: "ecommerce:orders", Resource: "orders", Code: "7", Fields: `{"code":"7","total":1}`}}, []string{
				at + " the handler has no operation", at + " choice resource-handler"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			records, run := handled(t, tt.def, tt.body)
			if diff := cmp.Diff(tt.want, records); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.said, said(run)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			if run.RecordCount != len(tt.want) || len(run.Steps) != len(tt.want) {
				t.Errorf("the run has %d records and %d steps", run.RecordCount, len(run.Steps))
			}
		})
	}
}

func TestRecordsAreRedacted(t *testing.T) {
	records, run := handled(t, mapping(`{"code": "$.id", "note": "$.note", "apiToken": "$.other"}`), `{"id": "s3cret-token", "note": "has s3cret-token in it", "other": "hush"}`)
	if want := `{"code":"s3cret-token","note":"has s3cret-token in it","apiToken":"hush"}`; records[0].Fields != want {
		t.Errorf("the caller gets %s, want %s", records[0].Fields, want)
	}
	if shown := fmt.Sprint(run.Records, run.Steps); strings.Contains(shown, "s3cret") || strings.Contains(shown, "hush") {
		t.Errorf("the run shows a secret: %s", shown)
	}
}

// TestLargeRecords holds a mapping that takes a large body many times.
func TestLargeRecords(t *testing.T) {
	var rules []string
	for i := range 100 {
		rules = append(rules, fmt.Sprintf(`"f%d": "$"`, i))
	}
	body := `{"text": "` + strings.Repeat("a", 900<<10) + `"}`
	records, run := handled(t, mapping("{"+strings.Join(rules, ", ")+"}"), body)
	if len(records) != 0 {
		t.Errorf("%d records", len(records))
	}
	want := []string{"/sync/webhooks/handlers/order.created/mapping only the first 0 records were taken: no more than 10000, or 16 MiB, are kept here"}
	if diff := cmp.Diff(want, said(run)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestExampleHandlers runs the handlers of the examples on their samples.
func TestExampleHandlers(t *testing.T) {
	tests := []struct {
		ns, sample, event string
		want              Record
	}{
		{"shopkeep", "order-created", "order.created", Record{Type: "order", Operation: "create", Code: "90418",
			Fields: `{"code":"90418","orderNumber":"2026-00418","status":"processing","currency":"EUR","totalAmount":32.30,"customerCode":"731","items":[{"sku":"TEA-EARL-100","title":"Earl Grey, 100 g","quantity":2,"price":"7.90"},{"sku":"CUP-BLUE","title":"Blue cup","quantity":1,"price":"12.50"}],"discountCodes":"WELCOME10"}`}},
		{"mailbeam", "subscriber-created", "subscriber.created", Record{Type: "core:customer", Resource: "subscribers", Operation: "upsert", Code: "sub_20418",
			Fields: `{"code":"sub_20418","primaryEmail":"amina.k@customer.example","primaryPhone":"+15550191","firstName":"Amina","lastName":"Khalil"}`}},
	}
	for _, tt := range tests {
		t.Run(tt.ns, func(t *testing.T) {
			m, body := example(t, tt.ns), exampleBody(t, tt.ns, tt.sample)
			r := m.record(connected(nil), "delivery", m.Definition.Sync.Node)
			var got []Record
			for _, h := range m.Definition.Sync.Handlers {
				if h.Event == tt.event {
					got = r.handle(h, body)
				}
			}
			if diff := cmp.Diff([]Record{tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const examples = "../../examples/definitions-repo/definitions/"

// example is a machine for one of the example definitions.
func example(t testing.TB, ns string) *Machine {
	t.Helper()
	text, err := os.ReadFile(examples + ns + "/miniapp.json")
	if err != nil {
		t.Fatal(err)
	}
	return machine(t, string(text), nil)
}

// exampleBody is the body of a sample delivery.
func exampleBody(t testing.TB, ns, name string) *jsondoc.Node {
	t.Helper()
	text, err := os.ReadFile(examples + ns + "/webhooks/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	body := parsed(t, string(text)).Get("body")
	if raw, ok := body.Str(); ok {
		return parsed(t, raw)
	}
	return body
}

// FuzzRules maps any value by any rules, in both places that have them.
func FuzzRules(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"code": "$.id", "a": {"path": "x", "transform": "toString"}}`, `{"id": 1, "x": {"y": []}}`},
		{`{"a": {"paths": ["$.a", "b"], "transform": "coalesce"}, "b": {"path": "$.n", "transform": "toNumberOrNull"}}`, `{"a": "", "b": false, "n": "1e9"}`},
		{`{"a": {"path": "$", "transform": "mapItems"}, "b": {"path": "$", "transform": "joinCodes"}, "c": {"transform": "compute"}}`, `[{"code": [1]}, null, "x"]`},
		{`{"a": {"value": 1}, "b": null, "c": ["x"], "d": {"path": "$[0]", "transform": 3}}`, `"text"`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, rules, from string) {
		mapping, problems := jsondoc.Parse([]byte(rules))
		body, others := jsondoc.Parse([]byte(from))
		if len(problems) > 0 || len(others) > 0 || len(rules) > 1<<10 || len(from) > 1<<12 || !mapping.Root.Is(jsondoc.Object) {
			return
		}
		for _, rooted := range []bool{true, false} {
			m := machine(t, `{"ns": "acme"}`, nil)
			r := m.record(connected(nil), "fuzz", nil)
			c := r.newCollector(mapping.Root, rooted, Record{Type: "order"})
			if !c.add(body.Root) {
				t.Fatal("a small record is too large")
			}
			record := c.close("the delivery")[0]
			out, problems := jsondoc.Parse([]byte(record.Fields))
			if len(problems) > 0 || !out.Root.Is(jsondoc.Object) {
				t.Fatalf("no object: %q: %v", record.Fields, problems)
			}
			for _, n := range out.Root.Members() {
				if mapping.Root.Get(n.Key) == nil {
					t.Errorf("the field %q has no rule", n.Key)
				}
			}
			for _, rule := range definition.FieldRules(mapping.Root) {
				got := out.Root.Get(rule.Field)
				switch rule.Transform.Text() {
				case "toNumberOrNull":
					if got != nil && !got.Is(jsondoc.Number) && !got.Is(jsondoc.Null) {
						t.Errorf("toNumberOrNull gave the %s %s", got.Kind, record.Fields)
					}
				case "toString", "joinCodes":
					if got != nil && !got.Is(jsondoc.String) && !got.Is(jsondoc.Null) {
						t.Errorf("%s gave the %s %s", rule.Transform.Text(), got.Kind, record.Fields)
					}
				}
			}
			if len(record.Fields) > (len(from)*6+64)*(len(mapping.Root.Children)+1)+6*len(rules) {
				t.Errorf("%d bytes of %d", len(record.Fields), len(from))
			}
		}
	})
}
