package qafile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

const tasks = `{"ns": "tasks", "auth": {"type": "apikey"},
"actions": [
	{"name": "create", "parameters": {"type": "object", "required": ["title", "kind"], "properties": {"title": {"type": "string"}, "count": {"type": "number"},
		"kind": {"type": "string", "enum": ["a", "b"], "default": "a"}}}, "requests": [{"url": "https://api.example/t", "method": "POST", "mapping": {"taskId": "$.id", "items": "$.items"}}]},
	{"name": "sum", "requests": [{"url": "https://api.example/t", "method": "GET", "mapping": [{"name": "rows", "value": "$.rows"}]}, {"type": "function", "name": "f"}]},
	{"name": "other"}],
"source": {"rpc_projects": {"url": "https://api.example/p"}},
"sync": {"resources": {"products": {"endpoints": {"list": {"url": "/p"}}}}}}`

func read(t testing.TB, text string) *jsondoc.Document {
	t.Helper()
	doc, problems := jsondoc.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return doc
}

// problems are what the file has, with the text that each one marks.
func problems(doc *jsondoc.Document, list []Problem) []string {
	var lines []string
	for _, p := range list {
		lines = append(lines, fmt.Sprintf("%s | %s | %s | %s", p.Pointer, doc.Source(p.Span), p.Message, p.Hint))
	}
	return lines
}

func TestProblems(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"no object", `[]`, ` | [ | the file is no object | Write {"actions": [{"action": "NAME", "input": {}}]}.`},
		{"an unknown list", `{"action": []}`, `/action | "action" | there is no field "action" here | Write "actions", if that is what you mean.`},
		{"no list", `{"actions": {}}`, `/actions | "actions" | "actions" is no list | Write a list of objects.`},
		{"no entry", `{"sources": ["rpc_projects"]}`, `/sources/0 | "rpc_projects" | this entry is no object | Write {"source": "NAME"}.`},
		{"no name", `{"sync": [{"limit": 1}]}`, `/sync/0 | { | the entry does not name its resource | Write {"resource": "NAME"}.`},
		{"a name of the wrong type", `{"actions": [{"action": 1}]}`, `/actions/0/action | 1 | the entry does not name its action | Write {"action": "NAME"}.`},
		{"an unknown field", `{"actions": [{"action": "sum", "inputs": {}}]}`, `/actions/0/inputs | "inputs" | there is no field "inputs" here | Write "input", if that is what you mean.`},
		{"a field of another kind", `{"sources": [{"source": "rpc_projects", "once": true}]}`, `/sources/0/once | "once" | there is no field "once" here | Use one of "source", "as", "expect", "answers", "input".`},
		{"an unknown action", `{"actions": [{"action": "creat"}]}`, `/actions/0/action | "creat" | the definition has no action "creat" | Write "create", if that is what you mean.`},
		{"an unknown source", `{"sources": [{"source": "rpc_x"}]}`, `/sources/0/source | "rpc_x" | the definition has no source "rpc_x" | Use one of "rpc_projects".`},
		{"an unknown parameter", `{"actions": [{"action": "create", "input": {"titel": "x", "title": ""}}]}`, `/actions/0/input/titel | "titel" | the action "create" has no parameter "titel" | Write "title", if that is what you mean.`},
		{"a missing parameter", `{"actions": [{"action": "create", "input": {"count": 1}}]}`, `/actions/0/input | "input" | the input lacks "title", which the action "create" requires | Give it a value that works with the sandbox account.`},
		{"no input at all", `{"actions": [{"action": "create"}]}`, `/actions/0 | { | the input lacks "title", which the action "create" requires | Give it a value that works with the sandbox account.`},
		{"an input that is wrong on purpose", `{"actions": [{"action": "create", "expect": {"failure": "VALIDATION_ERROR"}}]}`, ``},
		{"the wrong type", `{"actions": [{"action": "create", "input": {"title": "x", "count": "1"}}]}`, `/actions/0/input/count | "1" | the parameter "count" takes a value of the type number, not string | Write a value of the parameter's type.`},
		{"none of the values", `{"actions": [{"action": "create", "input": {"title": "x", "kind": "zzz"}}]}`, `/actions/0/input/kind | "zzz" | the parameter "kind" takes one of 2 values, and this is none of them | Use one of "a", "b".`},
		{"a name that cannot be used", `{"actions": [{"action": "sum", "as": "run"}, {"action": "sum", "as": "a.b"}]}`, `/actions/0/as | "run" | this is no name that a later entry could use | Use letters, digits and underscores, with no digit first, and not "run".
/actions/1/as | "a.b" | this is no name that a later entry could use | Use letters, digits and underscores, with no digit first, and not "run".`},
		{"a reference to a dropdown without an entry", `{"actions": [{"action": "create", "input": {"title": "{{rpc_projects[0].value}}"}}]}`, `/actions/0/input/title | "{{rpc_projects[0].value}}" | no earlier entry has the name "rpc_projects" | Add {"source": "rpc_projects"} to "sources", which run before actions.`},
		{"a reference to a later entry", `{"actions": [{"action": "create", "input": {"title": "{{sum.total}}"}}, {"action": "sum"}]}`, `/actions/0/input/title | "{{sum.total}}" | no earlier entry has the name "sum" | Only what entries before this one gave can be used; sources run before actions.`},
		{"a reference to what is not given", `{"actions": [{"action": "create", "input": {"title": "x"}}, {"action": "create", "input": {"title": "{{create.taskID}}"}}]}`, `/actions/1/input/title | "{{create.taskID}}" | the action "create" gives no "taskID" | Write "taskId", if that is what you mean.`},
		{"a reference that is no path", `{"actions": [{"action": "create", "input": {"title": "{{run..id}} {{run.now}}"}}]}`, `/actions/0/input/title | "{{run..id}} {{run.now}}" | the path in "{{run..id}}" uses "..", which the platform does not know | Use names, dots, and numbers in brackets, as in "{{createTask.taskId}}".
/actions/0/input/title | "{{run..id}} {{run.now}}" | a run has nothing that "{{run.now}}" could mean | Use "{{run.id}}" or "{{run.date}}".`},
		{"a reference to what fails", `{"actions": [{"action": "sum", "expect": {"failure": "INTERNAL_ERROR"}}, {"action": "create", "input": {"title": "{{sum.x}}"}}]}`, `/actions/1/input/title | "{{sum.x}}" | the entry "sum" is expected to fail, so it gives nothing | Refer to an entry that goes through.`},
		{"what a source does not give", `{"sources": [{"source": "rpc_projects"}], "actions": [{"action": "create", "input": {"title": "{{rpc_projects.value}} {{rpc_projects[0].id}}"}}]}`, `/actions/0/input/title | "{{rpc_projects.value}} {{rpc_projects[0].id}}" | a source gives nothing at "value" | Write for example "[0].value": a source gives a list, and each entry has value and label.
/actions/0/input/title | "{{rpc_projects.value}} {{rpc_projects[0].id}}" | a source gives nothing at "[0].id" | Write for example "[0].value": a source gives a list, and each entry has value and label.`},
		{"expectations", `{"actions": [{"action": "create", "input": {"title": "x"}, "expect": {"has": ["taskId", "tasks", "a..b", 1], "equals": {"items[0].x": 1, "status": "open"}, "failure": "OOPS", "atLeast": 1}}]}`, `/actions/0/expect/atLeast | "atLeast" | there is no field "atLeast" here | Use one of "has", "equals", "failure".
/actions/0/expect/has/2 | "a..b" | the path "a..b" uses "..", which the platform does not know | Use names, dots, and numbers in brackets, as in "items[0].id".
/actions/0/expect/has/3 | 1 | this is no path | Write the name of an output, or a path such as "items[0].id".
/actions/0/expect/failure | "OOPS" | "OOPS" is no code of a failure | Use one of "AUTH_EXPIRED", "RATE_LIMITED", "VALIDATION_ERROR", "EXTERNAL_API_ERROR", "INTERNAL_ERROR".
/actions/0/expect/failure | "OOPS" | a run that fails gives nothing, so "has" and "equals" cannot be expected of it | Take the one or the other out.
/actions/0/expect/has/1 | "tasks" | the action "create" gives no "tasks" | Use one of "taskId", "items".
/actions/0/expect/equals/status | "open" | the action "create" gives no "status" | Use one of "taskId", "items".`},
		{"numbers", `{"sync": [{"resource": "products", "limit": 0, "expect": {"atLeast": 1.5}}]}`, `/sync/0/limit | 0 | "limit" must be a whole number from 1 to 1000 | 
/sync/0/expect/atLeast | 1.5 | "atLeast" must be a whole number from 0 to 1000 | `},
		{"too many answers", `{"actions": [{"action": "sum", "answers": [null, {"a": 1}]}]}`, `/actions/0/answers/1 | { | the entry has more answers than requests | Take it out: each request of the entry has one answer.`},
		{"everything that there is", `{"sources": [{"source": "rpc_projects", "input": {}, "expect": {"atLeast": 0, "has": ["[0].label"]}, "answers": [[]]}],
			"actions": [{"action": "create", "as": "first", "once": true, "input": {"title": "{{rpc_projects[1].value}} {{run.id}} {{run.date}}", "count": "{{rpc_projects[0].label}}"}, "expect": {"has": ["items[0].id"], "equals": {"taskId": "t"}}, "answers": [null]},
				{"action": "create", "input": {"title": "{{first.items[0].id}}"}}, {"action": "sum", "expect": {"has": ["anything"]}}, {"action": "other", "expect": {"failure": "EXTERNAL_API_ERROR"}}],
			"sync": [{"resource": "products", "limit": 5, "as": "p", "expect": {"has": ["[0].code"]}}]}`, ``},
	}
	def := definition.New(read(t, tasks))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := read(t, tt.file)
			f, list := Parse(doc)
			got := strings.Join(problems(doc, append(list, f.Check(def)...)), "\n")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTooManyEntries(t *testing.T) {
	doc := read(t, `{"actions": [`+strings.Repeat(`{"action": "sum"}, `, MaxEntries)+`{"action": "sum"}]}`)
	f, list := Parse(doc)
	if len(f.Entries) != MaxEntries || len(list) != 1 || list[0].Message != "the file has more than 200 entries" {
		t.Errorf("%d entries, problems %v", len(f.Entries), list)
	}
}

func TestOrderAndUntried(t *testing.T) {
	f, list := Parse(read(t, `{"sync": [{"resource": "products"}], "actions": [{"action": "sum"}, {"action": "create", "as": "c"}], "sources": [{"source": "rpc_projects"}]}`))
	if len(list) > 0 {
		t.Fatal(list)
	}
	var got []string
	for _, e := range f.Entries {
		got = append(got, e.Kind.String()+" "+e.Name)
	}
	if diff := cmp.Diff([]string{"source rpc_projects", "action sum", "action c", "resource products"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	untried := f.Untried(definition.New(read(t, tasks)))
	if len(untried) != 1 || untried[0].Name != "other" {
		t.Errorf("untried: %+v", untried)
	}
}

func TestResolve(t *testing.T) {
	values := map[string]*jsondoc.Node{"a": read(t, `{"id": 7, "list": [{"x": "é"}], "null": null}`).Root}
	find := func(name string) (*jsondoc.Node, bool) { v, ok := values[name]; return v, ok }
	tests := []struct{ in, want, missing string }{
		{`{"n": "{{a.id}}", "l": "{{a.list}}", "t": "no {{a.id}} of {{a.list[0].x}}: {{a.list}}", "deep": [["{{a.list[0].x}}"]], "same": [1, null, "x [[a.id]]"]}`,
			`{"n":7,"l":[{"x":"é"}],"t":"no 7 of é: [{\"x\":\"é\"}]","deep":[["é"]],"same":[1,null,"x [[a.id]]"]}`, ""},
		{`["{{a}}"]`, `[{"id":7,"list":[{"x":"é"}],"null":null}]`, ""},
		{`["{{a.id}} {{b.id}}"]`, "", "b.id"},
		{`{"x": ["{{a.list[1].x}}"]}`, "", "a.list[1].x"},
		{`["{{a..id}}"]`, "", "a..id"},
	}
	for _, tt := range tests {
		got, missing := Resolve(read(t, tt.in).Root, find)
		switch {
		case missing != nil:
			if missing.Key != tt.missing {
				t.Errorf("%s: %q is missing, want %q", tt.in, missing.Key, tt.missing)
			}
		case tt.missing != "" || string(jsondoc.AppendJSON(nil, got)) != tt.want:
			t.Errorf("%s gives %s, want %s", tt.in, jsondoc.AppendJSON(nil, got), tt.want)
		}
	}
}

// FuzzParse checks that every file is read without a crash, that what is wrong
// has a place in the text, and that a file without problems has all its entries.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{}`, `{"actions": [{"action": "create", "input": {"title": "{{run.id}}"}, "expect": {"has": ["a[0]"], "equals": {"b": "{{create.taskId}}"}}}]}`,
		`{"sources": [{"source": "rpc_projects", "answers": [1]}], "sync": [{"resource": "products", "limit": 1e9}]}`, `[{{]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, bad := jsondoc.Parse([]byte(text))
		if len(bad) > 0 || doc == nil {
			return
		}
		def := definition.New(read(t, tasks))
		file, list := Parse(doc)
		list = append(list, file.Check(def)...)
		for _, p := range list {
			if p.Span.Start < 0 || p.Span.End <= p.Span.Start || p.Span.End > len(text) {
				t.Errorf("%q has no place: %+v", p.Message, p.Span)
			}
		}
		if n := len(doc.Root.Get("actions").Elements()) + len(doc.Root.Get("sources").Elements()) + len(doc.Root.Get("sync").Elements()); len(list) == 0 && len(file.Entries) != n {
			t.Errorf("%d entries of %d, and no problem", len(file.Entries), n)
		}
		for _, e := range file.Entries {
			Resolve(e.Input, func(string) (*jsondoc.Node, bool) { return jsondoc.NewString("x"), true })
		}
	})
}
