package catalogue

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/karzoun/miniapp-review/internal/registry"
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
			case a.Key == "href" && strings.Contains(a.Val, ":") && !leads(a.Val):
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

func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "",
		" \n ":                              "",
		"# One\n\n## Two\n\n###### Six":     "<h3>One</h3>\n<h3>Two</h3>\n<h6>Six</h6>\n",
		"- **a** `b` ~~c~~":                 "<ul>\n<li><strong>a</strong> <code>b</code> <del>c</del></li>\n</ul>\n",
		"[a](https://a.example/?x=1&y)":     `<p><a href="https://a.example/?x=1&amp;y" rel="nofollow ugc noopener noreferrer">a</a></p>` + "\n",
		"[a *b*](javascript:alert(1)) c":    "<p>a <em>b</em> c</p>\n",
		"[a](JaVaScRiPt:alert(1))":          "<p>a</p>\n",
		"[a](data:text/html,x) [b](//c.d)":  "<p>a b</p>\n",
		"[a](../../x) [b](#c) [d](file:/e)": "<p>a b d</p>\n",
		"<javascript:alert(1)>":             "<p>javascript:alert(1)</p>\n",
		"<https://a.example>":               `<p><a href="https://a.example" rel="nofollow ugc noopener noreferrer">https://a.example</a></p>` + "\n",
		"<a@b.example>":                     `<p><a href="mailto:a@b.example" rel="nofollow ugc noopener noreferrer">a@b.example</a></p>` + "\n",
		"![a *b*](https://spy.example/i)":   "<p>a <em>b</em></p>\n",
		"[![a](https://s.example)](x:y)":    "<p>a</p>\n",
		"a <b onclick=x>c</b>":              "<p>a <!-- raw HTML omitted -->c<!-- raw HTML omitted --></p>\n",
		"<script>x</script>":                "<!-- raw HTML omitted -->\n",
		"a\u202eb\x1b":                      "<p>ab</p>\n",
		"| a |\n|---|\n| <b> |":             "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><!-- raw HTML omitted --></td>\n</tr>\n</tbody>\n</table>\n",
		"a\xffb":                            "<p>a\ufffdb</p>\n",
	} {
		if got := string(Markdown(in)); got != want {
			t.Errorf("%q gives\n%s, want\n%s", in, got, want)
		}
	}
	long := strings.Repeat("<x> ", maxMarkdown/4+1)
	if got := string(Markdown(long)); got != "<pre>"+strings.ReplaceAll(strings.ReplaceAll(long, "<", "&lt;"), ">", "&gt;")+"</pre>" {
		t.Errorf("a long text gives %.80s", got)
	}
}

// TestMarkdownCost bounds what the worst texts of the allowed length make, and shows
// what they cost.
func TestMarkdownCost(t *testing.T) {
	for _, unit := range []string{"[", "![", "*a ", "_a*", "> ", "- ", "`", "<", "&", "|", "[a](", "~", "**a_", "www.", "http://a.", "a@", "\\"} {
		start := time.Now()
		got := Markdown(strings.Repeat(unit, maxMarkdown/len(unit)))
		if len(got) > 64*maxMarkdown {
			t.Errorf("%q makes %d bytes", unit, len(got))
		}
		t.Logf("%q: %v, %d bytes", unit, time.Since(start), len(got))
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add(hostile)
	f.Add("[a](javascript:b) ![c](d)\n\n| e |\n|---|\n<f>")
	f.Fuzz(func(t *testing.T, text string) { checkTame(t, "<!doctype html><body>"+string(Markdown(text))) })
}
