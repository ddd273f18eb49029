package definition

import "testing"

func TestExtract(t *testing.T) {
	delivery := func(text string) Delivery {
		root := parse(t, []byte(text)).Root
		return Delivery{Headers: root.Get("headers"), Query: root.Get("query"), Body: root.Get("body")}
	}
	const sample = `{
	  "headers": {"X-GitHub-Event": "issues", "x-empty": ""},
	  "query": {"kind": "order"},
	  "body": {"action": "opened", "type": "", "n": 7, "done": true, "none": null, "list": [{"e": "first"}], "o": {}}
	}`
	for _, c := range []struct {
		name, extraction string
		want             Extraction
	}{
		{"a path", `{"source": "body", "path": "$.action"}`, Extraction{Event: "opened"}},
		{"an index", `{"source": "body", "path": "$.list[0].e"}`, Extraction{Event: "first"}},
		{"a bare path", `{"source": "body", "path": "action"}`, Extraction{Event: "opened"}},
		{"a number", `{"source": "body", "path": "$.n"}`, Extraction{Event: "7"}},
		{"a boolean", `{"source": "body", "path": "$.done"}`, Extraction{Event: "true"}},
		{"null is nothing", `{"source": "body", "path": "$.none"}`, Extraction{}},
		{"an object", `{"source": "body", "path": "$.o"}`, Extraction{Doubt: `"$.o" leads to an object or array in it`}},
		{"a header in other letters", `{"source": "header", "path": "x-github-event"}`, Extraction{Event: "issues"}},
		{"a query parameter", `{"source": "query", "path": "kind"}`, Extraction{Event: "order"}},
		{"a query parameter in other letters", `{"source": "query", "path": "Kind"}`, Extraction{}},
		{"an empty text is nothing", `{"source": "body", "path": "$.type", "fallback": {"source": "header", "path": "X-GitHub-Event"}}`, Extraction{Event: "issues"}},
		{"a fallback that is not needed", `{"source": "body", "path": "$.action", "fallback": {"source": "query", "path": "kind"}}`, Extraction{Event: "opened"}},
		{"a fallback that finds nothing", `{"source": "body", "path": "$.type", "fallback": {"source": "header", "path": "X-Empty"}}`, Extraction{}},
		{"a fallback that cannot be used", `{"source": "body", "path": "$.type", "fallback": {"source": "header"}}`, Extraction{Incomplete: true}},
		{"two parts, and an idle path", `{"source": "body", "path": "$.n", "compositeStrategy": {"parts": [{"source": "header", "path": "X-GitHub-Event"}, {"source": "body", "path": "$.action"}], "separator": "."}}`, Extraction{Event: "issues.opened"}},
		{"a part that is missing", `{"compositeStrategy": {"parts": [{"source": "header", "path": "X-GitHub-Event"}, {"source": "body", "path": "$.act"}], "separator": "."}}`, Extraction{Doubt: `it has nothing for part 2, the path "$.act", of the composite event`}},
		{"an empty separator", `{"compositeStrategy": {"parts": [{"source": "query", "path": "kind"}, {"source": "body", "path": "$.n"}], "separator": ""}}`, Extraction{Event: "order7"}},
		{"no separator", `{"compositeStrategy": {"parts": [{"source": "query", "path": "kind"}, {"source": "body", "path": "$.n"}]}}`, Extraction{Incomplete: true}},
		{"no parts", `{"compositeStrategy": {"parts": []}}`, Extraction{Incomplete: true}},
		{"an unknown source", `{"source": "cookie", "path": "a"}`, Extraction{Incomplete: true}},
		{"a path that cannot be read", `{"source": "body", "path": "$..a"}`, Extraction{Incomplete: true}},
		{"nothing at all", `{}`, Extraction{Incomplete: true}},
	} {
		w := Webhook{EventExtraction: parse(t, []byte(c.extraction)).Root}
		if got := w.Extract(delivery(sample)); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
	w := Webhook{EventExtraction: parse(t, []byte(`{"source": "body", "path": "$.a"}`)).Root}
	if got := w.Extract(delivery(`{"body": {"a": "x"}}`)); got.Event != "x" {
		t.Errorf("without headers and query: %+v", got)
	}
	if got := w.Extract(Delivery{}); got.Doubt == "" {
		t.Errorf("without a body: %+v", got)
	}
}
