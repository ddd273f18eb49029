package tenant

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func schemaOf(t testing.TB, text string) *jsondoc.Node {
	t.Helper()
	doc, problems := jsondoc.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return doc.Root
}

func TestFields(t *testing.T) {
	fields := parameterFields(schemaOf(t, `{"required": ["a", "f"], "properties": {
		"a": {"type": "string", "title": "A text", "description": "Help", "default": "x"},
		"orderNotes": {"type": "string"},
		"n": {"type": "number", "default": 2.50},
		"e": {"type": "string", "enum": ["x", 1, {"k": 1}], "default": 1},
		"f": {"type": "boolean"},
		"g": {"type": "boolean", "default": false},
		"s": {"type": "string", "x-source": "rpc_s", "x-fallback": "input"},
		"l": {"type": "array", "default": ["a"], "x-source": "rpc_s"},
		"o": {"type": "object"},
		"p": {"type": "object", "required": ["q"], "properties": {"q": {"type": "integer"}}}}}`), "a0")
	var got []string
	var list func([]field)
	list = func(fields []field) {
		for _, f := range fields {
			line := strings.Join([]string{f.Name, f.ID, f.Label, string(f.Kind), f.Value}, " ")
			if f.Required {
				line += " required"
			}
			for _, o := range f.Options {
				line += " [" + o.Value + "=" + o.Label
				if o.Selected {
					line += "!"
				}
				line += "]"
			}
			got = append(got, strings.Join(strings.Fields(line), " "))
			list(f.Fields)
		}
	}
	list(fields)
	want := []string{
		"p.0 a0-0 A text text x required", "p.1 a0-1 orderNotes long", "p.2 a0-2 n number 2.50", `p.3 a0-3 e choice 1 [=–] [0=x] [1=1!] [2={"k":1}]`,
		"p.4 a0-4 f choice required [true=Yes] [false=No!]", "p.5 a0-5 g choice false [true=Yes] [false=No!]", "p.6 a0-6 s source", `p.7 a0-7 l list ["a"]`, "p.8 a0-8 o json", "p.9 a0-9 p group", "p.9.0 a0-9-0 q number required",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParameters(t *testing.T) {
	fields := parameterFields(schemaOf(t, `{"properties": {
		"t": {"type": "string"}, "n": {"type": "number"}, "b": {"type": "boolean"}, "e": {"enum": ["x", 1, {"k": 1}]}, "l": {"type": "array"},
		"i": {"type": "array", "items": {"type": "number"}}, "o": {"type": "object"}, "p": {"type": "object", "properties": {"q": {"type": "number"}, "r": {"type": "object", "properties": {"s": {}}}}},
		"c": {"type": "number", "x-source": "rpc_c"}}}`), "a")
	tests := []struct{ name, form, want string }{
		{"nothing", "", `{}`},
		{"empty fields", "p.0=&p.1=&p.7.0=", `{}`},
		{"a text", "p.0=+a%0Ab+", `{"t":" a\nb "}`},
		{"numbers stay as they are typed", "p.1=12345678901234567890.50", `{"n":12345678901234567890.50}`},
		{"blanks around a number", "p.1=+3+", `{"n":3}`},
		{"a word for a number", "p.1=three", `"n" is no number`},
		{"true", "p.2=true", `{"b":true}`},
		{"no boolean", "p.2=maybe", `"b" is neither`},
		{"a choice of another type", "p.3=2", `{"e":{"k":1}}`},
		{"a choice that is none", "p.3=3", `"e" is none of the choices`},
		{"a choice by its text", "p.3=x", `"e" is none of the choices`},
		{"a list of texts", "p.4=a,+b+,,c", `{"l":["a","b","c"]}`},
		{"a list as JSON", `p.4=[1,{"a":"b,c"}]`, `{"l":[1,{"a":"b,c"}]}`},
		{"a broken list", "p.4=[1,", `"l" starts like a JSON list`},
		{"a list of numbers", "p.5=1,2.0", `{"i":[1,2.0]}`},
		{"a word in a list of numbers", "p.5=1,x", `takes numbers, and "x" is none`},
		{"an object", `p.6={"a":1}`, `{"o":{"a":1}}`},
		{"no object", `p.6=[1]`, `"o" is no JSON object`},
		{"a group", "p.7.0=1&p.7.1.0=deep", `{"p":{"q":1,"r":{"s":"deep"}}}`},
		{"a number from a dropdown", "p.8=7", `{"c":7}`},
		{"a field that is not in the form", "p.99=1&q=2", `{}`},
	}
	for _, tt := range tests {
		form, err := url.ParseQuery(strings.ReplaceAll(tt.form, "+", "%20"))
		if err != nil {
			t.Fatal(err)
		}
		members, err := read(fields, form)
		got := string(jsondoc.AppendJSON(nil, jsondoc.NewObject(members...)))
		if err != nil {
			got = err.Error()
		}
		if got != tt.want && (err == nil || !strings.Contains(got, tt.want)) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// FuzzForm makes forms of the schemas of strangers, and reads them.
func FuzzForm(f *testing.F) {
	f.Add(`{"required": ["a"], "properties": {"a": {"type": "string", "title": "</label><script>x</script>", "x-source": "\"x", "x-fallback": "input"}, "b": {"type": "object", "properties": {"c": {"enum": [1, "<b>"]}}}}}`, "v")
	f.Add(`{"properties": {"a": {"type": "array", "default": {"x": [1]}}, "a": {"type": "number"}, "b": {"type": "boolean", "description": "\u202e\" onfocus=\"x"}}}`, "[1]")
	templates, err := parseTemplates()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, schema, value string) {
		doc, _ := jsondoc.Parse([]byte(schema))
		if doc == nil {
			return
		}
		fields := parameterFields(doc.Root, "a0")
		form := url.Values{}
		var out strings.Builder
		var fill func([]field)
		fill = func(fields []field) {
			for _, f := range fields {
				form.Set(f.Name, value)
				fill(f.Fields)
			}
		}
		fill(fields)
		if members, err := read(fields, form); err == nil {
			declared := doc.Root.Get("properties")
			for _, m := range members {
				if declared.Get(m.Key) == nil {
					t.Errorf("there is a value for %q, which is no parameter", m.Key)
				}
			}
		}
		for _, f := range fields {
			if err := templates.ExecuteTemplate(&out, "field", f); err != nil {
				t.Fatal(err)
			}
		}
		checkForm(t, out.String())
	})
}

// checkForm looks for elements and attributes that forms do not have.
func checkForm(t *testing.T, text string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader("<!doctype html><body>" + text))
	if err != nil {
		t.Fatal(err)
	}
	allowed := " html head body fieldset legend div span label select option button input textarea p "
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if !strings.Contains(allowed, " "+n.Data+" ") {
			t.Errorf("there is an element %q", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || strings.Contains(" style autofocus formaction src href form ", " "+a.Key+" ") {
				t.Errorf("%q has the attribute %q", n.Data, a.Key)
			}
		}
	}
	if strings.ContainsAny(text, "\u202e\u2066\x1b") {
		t.Error("marks of direction came through")
	}
}

func TestSentence(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "there is no action": "There is no action.", "auth.auth_url has no url": "auth.auth_url has no url.", "step 2: it fails.": "Step 2: it fails.",
		`"x" is no number`: `"x" is no number.`, "émile": "émile.", "get_token: no answer": "get_token: no answer.", "The provider": "The provider.",
	} {
		if got := sentence(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
