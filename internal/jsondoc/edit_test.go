package jsondoc

import (
	"encoding/json"
	"testing"
)

func TestEdits(t *testing.T) {
	pretty := "{\n  \"a\": 1,\n  \"list\": [\n    \"x\"\n  ],\n  \"empty\": [],\n  \"o\": {}\n}\n"
	for _, test := range []struct {
		name, text string
		edit       func(*Document) []Edit
		want       string
	}{
		{"replace", pretty, func(d *Document) []Edit { return d.SetMember(d.Root, "a", `"two"`, "") },
			"{\n  \"a\": \"two\",\n  \"list\": [\n    \"x\"\n  ],\n  \"empty\": [],\n  \"o\": {}\n}\n"},
		{"replace by several lines", pretty, func(d *Document) []Edit { return d.Replace(d.Root.Get("list").Children[0], "{\n  \"y\": 1\n}") },
			"{\n  \"a\": 1,\n  \"list\": [\n    {\n      \"y\": 1\n    }\n  ],\n  \"empty\": [],\n  \"o\": {}\n}\n"},
		{"new member last", pretty, func(d *Document) []Edit { return d.SetMember(d.Root, "z", "null", "") },
			"{\n  \"a\": 1,\n  \"list\": [\n    \"x\"\n  ],\n  \"empty\": [],\n  \"o\": {},\n  \"z\": null\n}\n"},
		{"new member after another", pretty, func(d *Document) []Edit { return d.SetMember(d.Root, "b", "[\n  2\n]", "a") },
			"{\n  \"a\": 1,\n  \"b\": [\n    2\n  ],\n  \"list\": [\n    \"x\"\n  ],\n  \"empty\": [],\n  \"o\": {}\n}\n"},
		{"append", pretty, func(d *Document) []Edit { return d.Append(d.Root.Get("list"), `"y"`) },
			"{\n  \"a\": 1,\n  \"list\": [\n    \"x\",\n    \"y\"\n  ],\n  \"empty\": [],\n  \"o\": {}\n}\n"},
		{"append to empty", pretty, func(d *Document) []Edit { return d.Append(d.Root.Get("empty"), `"y"`) },
			"{\n  \"a\": 1,\n  \"list\": [\n    \"x\"\n  ],\n  \"empty\": [\n    \"y\"\n  ],\n  \"o\": {}\n}\n"},
		{"member of empty", pretty, func(d *Document) []Edit { return d.SetMember(d.Root.Get("o"), "k", "1", "") },
			"{\n  \"a\": 1,\n  \"list\": [\n    \"x\"\n  ],\n  \"empty\": [],\n  \"o\": {\n    \"k\": 1\n  }\n}\n"},
		{"remove first", pretty, func(d *Document) []Edit { return d.Remove(d.Root.Get("a")) },
			"{\n  \"list\": [\n    \"x\"\n  ],\n  \"empty\": [],\n  \"o\": {}\n}\n"},
		{"remove last", pretty, func(d *Document) []Edit { return d.Remove(d.Root.Get("o")) },
			"{\n  \"a\": 1,\n  \"list\": [\n    \"x\"\n  ],\n  \"empty\": []\n}\n"},
		{"remove only", pretty, func(d *Document) []Edit { return d.Remove(d.Root.Get("list").Children[0]) },
			"{\n  \"a\": 1,\n  \"list\": [],\n  \"empty\": [],\n  \"o\": {}\n}\n"},
		{"on one line", `{"a": [1, 2]}`, func(d *Document) []Edit { return d.Append(d.Root.Get("a"), "3") }, `{"a": [1, 2, 3]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, problems := Parse([]byte(test.text))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			got, err := Apply(d.Bytes(), test.edit(d))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			if again, problems := Parse(got); len(problems) > 0 || d.Formatted() && !again.Formatted() {
				t.Errorf("the edit leaves the pretty form: %v", problems)
			}
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	for _, edits := range [][]Edit{
		{{Span: Span{0, 2}}, {Span: Span{1, 3}}},
		{{Span: Span{2, 9}}},
		{{Span: Span{2, 1}}},
	} {
		if out, err := Apply([]byte("abcd"), edits); err == nil {
			t.Errorf("Apply(%v) = %q, want an error", edits, out)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("a\"\\\n\u2028😀\x00")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal([]byte(Quote(s)), &got); err != nil {
			t.Fatalf("Quote(%q) = %s: %v", s, Quote(s), err)
		}
		if want := string([]rune(s)); got != want {
			t.Fatalf("Quote(%q) is read as %q, want %q", s, got, want)
		}
	})
}
