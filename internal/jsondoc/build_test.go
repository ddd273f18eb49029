package jsondoc

import "testing"

func TestBuildAndAppend(t *testing.T) {
	doc, problems := Parse([]byte(`{"b": [1.50, "x\n", null, {"k": true}], "a": {}}`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got, want := string(AppendJSON(nil, doc.Root)), `{"b":[1.50,"x\n",null,{"k":true}],"a":{}}`; got != want {
		t.Errorf("AppendJSON: %s, want %s", got, want)
	}
	made := NewObject(Member{"z", NewString("\"q\"")}, Member{"list", NewArray(doc.Root.Get("a"), doc.Root.At("b").Children[0])})
	if got, want := string(AppendJSON(nil, made)), `{"z":"\"q\"","list":[{},1.50]}`; got != want {
		t.Errorf("built: %s, want %s", got, want)
	}
	if got := doc.Root.Get("a").Key; got != "a" {
		t.Errorf("building changed the source: key %q", got)
	}
	if got := string(AppendJSON(nil, nil)); got != "null" {
		t.Errorf("nothing is written as %s", got)
	}
}
