package definition

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func TestStrayFields(t *testing.T) {
	text := `{
  "NS": "a", "shortdescription": "b", "provisioning": {}, "\u006eſ": 1,
  "auth": {
    "Type": "x", "config": {"anything": {"goes": 1}}, "form": {"any": {"type": "text", "lable": "x"}},
    "get_token": {"URL": "x", "headers": {"X-Any": "y"}, "body": {"any": {"thing": 1}}, "mapping": {"any": "$.a"}}
  },
  "actions": [
    {"nmae": "x", "parameters": {"minProperties": 1, "properties": {"any": {"pattern": "x", "x-other": 1, "properties": {"deep": {"format": "x"}}}}},
     "requests": [{"url": "x", "args": {}}, {"type": "function", "name": "f", "args": {"any": 1}, "url": "x"}, {"type": "http", "mapping": [{"name": "a", "valu": "b"}]}]}
  ],
  "functions": {"any": {"params": [], "code": "x", "args": []}},
  "triggers": [{"even": "x"}],
  "webhook": {"ecommerce": {"any": 1}, "transactionId": {"overrides": {"any.event": {"path": "x"}}}, "customerExtraction": {"overrides": {"e": {"mapping": {}}}}},
  "sync": {"webhooks": {"handlers": {"any": {"recordType": "order", "dataPath": "x", "mapping": {"any": {"transform": "compute", "other": 1}}, "dataPaht": "x"}}}, "resources": {"any": {"apiMapping": {"any": "x"}, "endpoint": {}}}},
  "source": {"rpc_any": {"url": "x", "valueFields": {"any": "x"}, "labelfield": "x"}},
  "dashboardApps": [{"key": "x", "iframeURL": "x"}]
}`
	var got []string
	for _, s := range validator(t).StrayFields(parse(t, []byte(text))) {
		got = append(got, s.Node.Pointer()+" case="+s.SameLetters+" near="+s.Near)
	}
	want := []string{
		"/NS case=ns near=ns", "/shortdescription case=shortDescription near=shortDescription", "/provisioning case= near=", "/nſ case=ns near=",
		"/auth/Type case=type near=type", "/auth/form/any/lable case= near=label",
		"/auth/get_token/URL case=url near=url",
		"/actions/0/nmae case= near=name",
		"/actions/0/requests/0/args case= near=",
		"/actions/0/requests/1/url case= near=",
		"/actions/0/requests/2/mapping/0/valu case= near=value",
		"/functions/any/args case= near=",
		"/triggers/0/even case= near=event",
		"/webhook/transactionId/overrides/any.event/path case= near=paths",
		"/sync/webhooks/handlers/any/dataPaht case= near=dataPath",
		"/sync/resources/any/endpoint case= near=endpoints",
		"/source/rpc_any/labelfield case=labelField near=labelField",
		"/dashboardApps/0/iframeURL case=iframeUrl near=iframeUrl",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stray fields (-want +got):\n%s", diff)
	}
}

// TestFieldsKnowTheSchema checks that every property of the schema was read as
// a field, wherever it stands.
func TestFieldsKnowTheSchema(t *testing.T) {
	read := map[string]bool{}
	seen := map[*fields]bool{}
	var collect func(f *fields)
	collect = func(f *fields) {
		if f == nil || seen[f] {
			return
		}
		seen[f] = true
		for name, next := range f.names {
			read[name] = true
			collect(next)
		}
		for _, next := range []*fields{f.other, f.items, f.then, f.els} {
			collect(next)
		}
	}
	collect(validator(t).fields)
	parse(t, Schema()).Root.Walk(func(n *jsondoc.Node) bool {
		if n.Key == "if" {
			return false
		}
		if n.Key == "properties" && n.Parent.Key != "properties" {
			for _, p := range n.Members() {
				if !read[p.Key] {
					t.Errorf("%s was not read", p.Pointer())
				}
			}
		}
		return true
	})
}

func TestFieldsRefuse(t *testing.T) {
	for _, schema := range []map[string]any{
		{"properties": map[string]any{"a": map[string]any{"anyOf": []any{}}}},
		{"items": map[string]any{"if": map[string]any{"required": []any{"a"}}}},
		{"properties": map[string]any{"a": map[string]any{"$ref": "#/definitions/none"}}},
	} {
		if f, err := readFields(schema); err == nil {
			t.Errorf("%v is read as %v", schema, f)
		}
	}
}
