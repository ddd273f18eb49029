package definition

import (
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func TestPathEval(t *testing.T) {
	doc := parse(t, []byte(`{"a": {"b": [{"c": 1}, [2, null]], "line-items": true, "x y": "s", "": 5, "0": 6}, "ä": {"@t": 7}}`))
	for path, want := range map[string]string{
		"$":                   "object",
		"$.a.b":               "array",
		"$.a.b[0].c":          "1",
		"$.a.b[1][0]":         "2",
		"$.a.b[1][1]":         "null",
		"$.a.line-items":      "true",
		"$.a.x y":             `"s"`,
		"$.ä.@t":              "7",
		"$.a.0":               "6",
		"$.a.b.0":             "nothing", // a name is no index
		"$.a.b[2]":            "nothing",
		"$.a[0]":              "nothing",
		"$.a.b[0].c.d":        "nothing",
		"$.z.y":               "nothing",
		"$[0]":                "nothing",
		"$.a.b[999999999999]": "nothing",
	} {
		p, err := ParsePath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		got := "nothing"
		switch n := p.Eval(doc.Root); {
		case n.Is(jsondoc.Object) || n.Is(jsondoc.Array):
			got = n.Kind.String()
		case n != nil:
			got = doc.Source(n.Span)
		}
		if got != want {
			t.Errorf("%s leads to %s, want %s", path, got, want)
		}
		if p.String() != path {
			t.Errorf("%s is written as %s", path, p)
		}
		if p.Eval(nil) != nil {
			t.Errorf("%s leads from nothing to something", path)
		}
	}
}

func TestPathRefusals(t *testing.T) {
	for path, want := range map[string]string{
		"":                          `does not start with "$"`,
		"a.b":                       `does not start with "$"`,
		" $.a":                      `does not start with "$"`,
		"$a":                        `needs "." or "[" before "a"`,
		"$.":                        "has a dot without a name",
		"$.a.":                      "has a dot without a name",
		"$.a.[0]":                   "has a dot without a name",
		"$..a":                      `uses ".."`,
		"$.a[*].b":                  `uses "[*]"`,
		"$.*":                       `uses "*"`,
		"$.a[?(@.b == 1)]":          "uses a filter",
		"$['a']":                    "in brackets and quotes",
		"$.a[\"b c\"]":              "in brackets and quotes",
		"$.a[0:2]":                  "uses a slice",
		"$.a[-1]":                   `the index "-1"`,
		"$.a[+1]":                   `the index "+1"`,
		"$.a[]":                     `the index ""`,
		"$.a[b]":                    `the index "b"`,
		"$.a[0":                     "not closed",
		"$.a[0]b":                   `before "b"`,
		"$.a.length()":              `the name "length()"`,
		"$.a ":                      "white space",
		"$.a\n":                     "white space",
		"$.a[99999999999999999999]": "the index",
	} {
		p, err := ParsePath(path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want an error with %s", path, p, err, want)
		}
	}
}

func TestBarePath(t *testing.T) {
	for bare, full := range map[string]string{
		"a": "$.a", "a.b[0]": "$.a.b[0]", "[0].a": "$[0].a", "profile.real_name": "$.profile.real_name",
	} {
		p, err := ParseBarePath(bare)
		if err != nil || p.String() != full || p.Bare() != bare {
			t.Errorf("%s: got %s, bare %s, %v; want %s", bare, p, p.Bare(), err, full)
		}
	}
	for _, bad := range []string{"", "$.a", "$", ".a", "a..b", "a.", "a[*]"} {
		if p, err := ParseBarePath(bad); err == nil {
			t.Errorf("%q is read as %s", bad, p)
		}
	}
}

func TestPathBelow(t *testing.T) {
	for _, c := range []struct {
		path, base, rest string
		ok               bool
	}{
		{"$.a.b.c", "$.a", "b.c", true},
		{"$.a.b", "$", "a.b", true},
		{"$.a", "$.a", "", true},
		{"$.ab.c", "$.a", "", false},
		{"$.a[1].c", "$.a[1]", "c", true},
		{"$.a[1].c", "$.a[0]", "", false},
		{"$.a", "$.a.b", "", false},
	} {
		path, err := ParsePath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		base, err := ParsePath(c.base)
		if err != nil {
			t.Fatal(err)
		}
		rest, ok := path.Below(base)
		if ok != c.ok || rest.Bare() != c.rest {
			t.Errorf("%s below %s: got %q, %v", c.path, c.base, rest.Bare(), ok)
		}
	}
}

// FuzzPath checks that reading never panics, and that what is read is written
// back as it was.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"$", "$.a[0].b", "a.b", "$..a", "$[", "[0][1].x", "$.a[007]", "$.é\xff"} {
		f.Add(s)
	}
	doc := parse(f, []byte(`{"a": [[{"b": 1}]]}`))
	f.Fuzz(func(t *testing.T, s string) {
		for _, read := range []func(string) (Path, error){ParsePath, ParseBarePath} {
			p, err := read(s)
			if err != nil {
				continue
			}
			p.Eval(doc.Root)
			again, err := ParsePath(p.String())
			if err != nil || again.String() != p.String() || again.Len() != p.Len() {
				t.Fatalf("%q is written as %q, which is read as %v, %v", s, p, again, err)
			}
			if p.Len() > 0 {
				if again, err = ParseBarePath(p.Bare()); err != nil || again.String() != p.String() {
					t.Fatalf("%q is written bare as %q, which is read as %v, %v", s, p.Bare(), again, err)
				}
			}
		}
	})
}

func TestPathWith(t *testing.T) {
	tests := []struct {
		path, from, want string
		ok               bool
	}{
		{"$.a.b", `{}`, `{"a":{"b":"v"}}`, true},
		{"$.a.b", `{"x":1,"a":{"b":2,"c":3}}`, `{"x":1,"a":{"b":"v","c":3}}`, true},
		{"$.a[1].b", `{}`, `{"a":[{},{"b":"v"}]}`, true},
		{"$.a[0].b", `{"a":[{"c":1},2]}`, `{"a":[{"c":1,"b":"v"},2]}`, true},
		{"$[0]", `[]`, `["v"]`, true},
		{"$.a", `{"a":{"b":1}}`, `{"a":{"b":1}}`, true}, // what is there already stays
		{"$", `{"a":1}`, `{"a":1}`, true},
		{"$.a.b", `{"a":1}`, `{"a":1}`, false},
		{"$.a.b", `{"a":[]}`, `{"a":[]}`, false},
		{"$.a[0]", `{"a":{}}`, `{"a":{}}`, false},
		{"$.a[100]", `{}`, `{}`, false},
		{"$" + strings.Repeat("[0]", 33), `[]`, `[]`, false},
		{"$.a[0][100].b", `{"a":[1]}`, `{"a":[1]}`, false},
	}
	for _, tt := range tests {
		p, err := ParsePath(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		from := parse(t, []byte(tt.from)).Root
		got, ok := p.With(from, jsondoc.NewString("v"))
		if text := string(jsondoc.AppendJSON(nil, got)); text != tt.want || ok != tt.ok {
			t.Errorf("%s in %s: got %s, %v, want %s, %v", tt.path, tt.from, text, ok, tt.want, tt.ok)
		}
		if text := string(jsondoc.AppendJSON(nil, from)); text != tt.from {
			t.Errorf("%s changed %s to %s", tt.path, tt.from, text)
		}
	}
	p, _ := ParsePath("$.a")
	if got, ok := p.With(nil, jsondoc.NewString("v")); !ok || string(jsondoc.AppendJSON(nil, got)) != `{"a":"v"}` {
		t.Errorf("from nothing: %s", jsondoc.AppendJSON(nil, got))
	}
	for path, want := range map[string]string{"$": "", "$.a[0]": "a", "$.a.b": "b", "$[1]": ""} {
		if p, _ := ParsePath(path); p.Last() != want {
			t.Errorf("the last name of %s is %q", path, p.Last())
		}
	}
}
