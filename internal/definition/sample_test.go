package definition

import (
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func TestReadBody(t *testing.T) {
	tests := []struct{ name, raw, want, problem string }{
		{"an object", `{ "a": [1.50, "ü", null] }` + "\n", `{"a":[1.50,"ü",null]}`, ""},
		{"equal keys, of which all are kept", `{"a": 1, "a": 2}`, `{"a":1,"a":2}`, ""},
		{"a long number", strings.Repeat("9", 60), "", "number"},
		{"a long number behind many problems", `{` + strings.Repeat(`"a":1,`, 200) + `"b":` + strings.Repeat("9", 60) + `}`, "", "already in this object"},
		{"a comment", `{"a": 1} // x`, "", "comment"},
		{"a trailing comma", `[1,]`, "", "comma"},
		{"a form", `a=1&b=2`, "", "expected a value"},
		{"two values", `{} {}`, "", "after the end"},
		{"too deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), "", "nested more than 32 levels"},
		{"nothing", "", "", "expected"},
		{"no text", "\xff\xfe", "", "UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := ReadBody([]byte(tt.raw))
			if tt.problem != "" {
				if err == nil || n != nil || !strings.Contains(err.Error(), tt.problem) {
					t.Fatalf("error %v, want one about %q", err, tt.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := string(jsondoc.AppendJSON(nil, n)); got != tt.want {
				t.Errorf("read %s, want %s", got, tt.want)
			}
		})
	}
	if n, _ := ReadBody([]byte(`{"a": 1, "a": 2}`)); n.Get("a").Literal() != "2" {
		t.Errorf("of equal keys %s counts", n.Get("a").Literal())
	}
}

func TestSampleBytes(t *testing.T) {
	tests := []struct{ name, file, raw, read string }{
		{"a value", `{"body": {"b": 1.0, "a": [ ]}}`, `{"b":1.0,"a":[]}`, `{"b":1.0,"a":[]}`},
		{"raw bytes", `{"body": "{ \"a\" : 1 }\n"}`, "{ \"a\" : 1 }\n", `{"a":1}`},
		{"raw bytes that are no JSON", `{"body": "a=1"}`, "a=1", "null"},
		{"no body", `{}`, "", "null"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, problems := jsondoc.Parse([]byte(tt.file))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			s := NewSample(doc.Root)
			if got := string(s.Raw()); got != tt.raw {
				t.Errorf("bytes %q, want %q", got, tt.raw)
			}
			if got := string(jsondoc.AppendJSON(nil, s.Delivery.Body)); got != tt.read {
				t.Errorf("read %s, want %s", got, tt.read)
			}
		})
	}
}
