package catalogue

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/webtext"
)

// hostile is a text that tries everything at once.
const hostile = `</title></style></script><script>window.hit=1</script><img src=x onerror="window.hit=1">" onfocus="window.hit=1" autofocus x="{{.}}` + "\u202e\x1b[31m"

func testRelease(t testing.TB, ns, v, text string) *registry.Release {
	t.Helper()
	def, err := registry.Canonical(fmt.Appendf(nil, `{"ns": %q, "version": %q}`, ns, v))
	if err != nil {
		t.Fatal(err)
	}
	l := registry.Listing{Visibility: registry.Public, Title: text, Category: text, ShortDescription: text, Description: text, Setup: text, Icon: "https://spy.example/i.png"}
	p := registry.Provenance{Tool: text, Source: registry.Source{Repository: text, Commit: text, Committed: "2026-11-20T10:00:00Z", Author: text}}
	r, err := registry.NewRelease(def, l, text, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// hostilePages are the pages of a registry of which every text is hostile.
func hostilePages(t testing.TB, text string) (index, namespace []byte) {
	t.Helper()
	versions := []registry.Stored{
		{Version: "1.0.0", Release: testRelease(t, "acme", "1.0.0", text)},
		{Version: "1.1.0", Release: testRelease(t, "acme", "1.1.0", text), Yanked: &registry.Mark{Reason: text}},
		{Version: "0.9.0", Deleted: &registry.Mark{Reason: text}},
	}
	e, err := registry.EntryOf(versions)
	if err != nil {
		t.Fatal(err)
	}
	x := registry.NewIndex()
	x.Set("acme", e)
	if index, err = Index(x); err != nil {
		t.Fatal(err)
	}
	if namespace, err = Namespace("acme", e, versions); err != nil {
		t.Fatal(err)
	}
	return index, namespace
}

// elements calls visit for every element of a page, as a browser reads it.
func elements(t testing.TB, page string, visit func(*html.Node)) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			visit(n)
		}
	}
}

// checkTame checks that a page has no element, attribute or address but those
// that it may have.
func checkTame(t testing.TB, page string) {
	t.Helper()
	scripts := 0
	elements(t, page, func(n *html.Node) {
		switch n.Data {
		case "script":
			if scripts++; n.FirstChild == nil || n.FirstChild.Data != script {
				t.Errorf("there is another script: %v", n.FirstChild)
			}
		case "style":
			if n.FirstChild.Data != style {
				t.Error("there is another style")
			}
		case "img", "iframe", "object", "embed", "link", "base", "svg", "math", "audio", "video", "source", "template":
			t.Errorf("there is an element %q", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "src", a.Key == "srcdoc", a.Key == "autofocus", a.Key == "formaction":
				t.Errorf("%q has the attribute %q: %q", n.Data, a.Key, a.Val)
			case a.Key == "href" && strings.Contains(a.Val, ":") && !webtext.Leads(a.Val):
				t.Errorf("%q leads to %q", n.Data, a.Val)
			case a.Key == "href" && strings.HasPrefix(a.Val, "//"):
				t.Errorf("%q leads to %q", n.Data, a.Val)
			}
		}
	})
	if strings.ContainsAny(page, "\x1b\u202e\u2066\x00") {
		t.Error("controls or marks of direction came through")
	}
}

func TestHostile(t *testing.T) {
	index, namespace := hostilePages(t, hostile)
	checkTame(t, string(index))
	checkTame(t, string(namespace))
	if again, _ := hostilePages(t, hostile); string(again) != string(index) {
		t.Error("the same registry gives other bytes")
	}
	for what, page := range map[string][]byte{"index": index, "namespace": namespace} {
		if !strings.Contains(string(page), "&lt;script&gt;window.hit=1&lt;/script&gt;") {
			t.Errorf("%s: the text is not shown", what)
		}
	}
}
