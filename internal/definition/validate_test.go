package definition

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

func parse(t testing.TB, text []byte) *jsondoc.Document {
	t.Helper()
	doc, problems := jsondoc.Parse(text)
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	return doc
}

func validator(t testing.TB) *Validator {
	t.Helper()
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSchemaForEditors checks that the copy that editors load is the embedded
// one, and that hovering over any property says something.
func TestSchemaForEditors(t *testing.T) {
	copied, err := os.ReadFile("../../schema/miniapp.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(copied, Schema()) {
		t.Error("schema/miniapp.schema.json differs from the embedded schema; run make docs")
	}
	doc := parse(t, Schema())
	properties := 0
	doc.Root.Walk(func(n *jsondoc.Node) bool {
		// The member "properties" of a parameter's schema is a property itself.
		if n.Key == "properties" && n.Is(jsondoc.Object) && !n.Parent.Is(jsondoc.Array) && n.Parent.Key != "properties" && n.Parent.Key != "if" {
			for _, p := range n.Members() {
				properties++
				if p.Get("title").Text() == "" || len(p.Get("description").Text()) < 10 {
					t.Errorf("%s has no title or description", p.Pointer())
				}
			}
		}
		// What stands under a key of the partner's own, or in a list, is hovered too.
		if own := n.Key == "additionalProperties" || n.Key == "items" || n.Parent == doc.Find("/definitions"); own && n.Get("properties") != nil &&
			(n.Get("title").Text() == "" || len(n.Get("description").Text()) < 10) {
			t.Errorf("%s has no title or description", n.Pointer())
		}
		if ref := n.Get("$ref").Text(); ref != "" && doc.Find(strings.TrimPrefix(ref, "#")) == nil {
			t.Errorf("%s refers to %q, which is not in the schema", n.Pointer(), ref)
		}
		return true
	})
	if properties < 120 {
		t.Errorf("only %d properties were looked at", properties)
	}
	var categories []string
	for _, c := range doc.Find("/properties/category/enum").Elements() {
		categories = append(categories, c.Text())
	}
	if diff := cmp.Diff(Categories(), categories); diff != "" {
		t.Errorf("categories of code and schema:\n%s", diff)
	}
}

// TestNoReferenceLeaves checks that neither compiling nor validating asks for
// anything from outside.
func TestNoReferenceLeaves(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprint(w, "{}")
	}))
	defer server.Close()
	defer func() {
		if n := asked.Load(); n > 0 {
			t.Errorf("%d requests were made", n)
		}
	}()
	validator(t).Validate(parse(t, fmt.Appendf(nil, `{"$schema": %[1]q, "$id": %[1]q, "$ref": %[1]q, "actions": [{"name": "a", "parameters": {"$id": %[1]q, "$ref": %[1]q,
		"properties": {"p": {"$ref": %[1]q}}}}]}`, server.URL+"/x.json")))
	for _, ref := range []string{server.URL + "/x.json", "file:///etc/hostname", "other.json#/a"} {
		_, err := compile(map[string]any{"properties": map[string]any{"a": map[string]any{"$ref": ref}}})
		if err == nil {
			t.Errorf("a reference to %q: %v", ref, err)
		}
	}
	if _, err := (closed{}).New("x").LoadJSON(); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("the closed loader loads: %v", err)
	}
}

// TestMessages validates every fixture below testdata/schema/invalid and
// compares what it says with a golden file.
func TestMessages(t *testing.T) {
	v := validator(t)
	files, err := filepath.Glob("testdata/schema/invalid/*.json")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	var got strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc := parse(t, text)
		found := v.Validate(doc)
		if len(found) == 0 {
			t.Errorf("%s is valid", file)
		}
		fmt.Fprintf(&got, "%s\n", filepath.Base(file))
		for _, f := range found {
			at := doc.Position(f.Node.Span.Start)
			fmt.Fprintf(&got, "  %d:%d %s %s\n    %s\n    %s\n", at.Line, at.Column, f.Pointer, f.Kind, f.Message, f.Hint)
			if f.Suggest != "" {
				fmt.Fprintf(&got, "    suggests %s\n", f.Suggest)
			}
		}
	}
	const golden = "testdata/schema/messages.golden"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestValid(t *testing.T) {
	v := validator(t)
	var files []string
	for _, pattern := range []string{"testdata/schema/valid/*.json", "../../examples/definitions-repo/definitions/*/miniapp.json"} {
		some, err := filepath.Glob(pattern)
		if err != nil || len(some) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(some), err)
		}
		files = append(files, some...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range v.Validate(parse(t, text)) {
			t.Errorf("%s: %s %s", file, f.Pointer, f.Message)
		}
	}
}

// TestManyFaults checks that a document which is made of nothing but faults is
// reported in full up to the limit, and not looked at beyond it.
func TestManyFaults(t *testing.T) {
	v := validator(t)
	handlers := func(n int) *jsondoc.Document {
		var b strings.Builder
		b.WriteString(`{"sync": {"webhooks": {"handlers": {"x": {}`)
		for i := range n - 5 {
			fmt.Fprintf(&b, ", \"%d\": {}", i)
		}
		b.WriteString("}}}}")
		return parse(t, []byte(b.String()))
	}
	shapes := 0
	for _, f := range v.Validate(handlers(MaxValues)) {
		if f.Kind == Shape {
			shapes++
		}
	}
	if shapes != MaxValues-4 {
		t.Errorf("%d handlers are reported, want %d", shapes, MaxValues-4)
	}
	if found := v.Validate(handlers(MaxValues + 1)); len(found) != 1 || found[0].Pointer != "" || found[0].Kind != Shape {
		t.Errorf("beyond the limit: %d violations, %+v", len(found), found[:1])
	}
}

// TestPlain checks that the library sees what encoding/json would give it.
func TestPlain(t *testing.T) {
	text := []byte(`{"a": [1, 2.50, true, null, "x\u00e9"], "b": {}, "c": []}`)
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var want any
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, plain(parse(t, text).Root)); diff != "" {
		t.Errorf("value (-want +got):\n%s", diff)
	}
}

func FuzzValidate(f *testing.F) {
	v := validator(f)
	for _, s := range []string{`[]`, `{"auth": {"type": 1}, "sync": {"webhooks": {"handlers": {"a": 1, "b": {}, "c": {"resource": 1}}}}}`,
		`{"actions": [{"requests": [{"type": "function"}, {"mapping": 1}]}], "webhook": null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, problems := jsondoc.Parse(text)
		if len(problems) > 0 {
			return
		}
		for _, found := range v.Validate(doc) {
			if found.Node == nil || found.Message == "" || found.Hint == "" || found.Kind == "" {
				t.Fatalf("incomplete violation %+v", found)
			}
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	v := validator(b)
	text, err := os.ReadFile("../../examples/definitions-repo/definitions/taskhub/miniapp.json")
	if err != nil {
		b.Fatal(err)
	}
	doc := parse(b, text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if found := v.Validate(doc); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
