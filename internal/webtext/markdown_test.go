package webtext

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

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
		"| a |\n|:-:|\n| b |":               "<table>\n<thead>\n<tr>\n<th align=\"center\">a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"center\">b</td>\n</tr>\n</tbody>\n</table>\n",
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

// FuzzMarkdown looks for elements, attributes and addresses that a text must not
// bring into a page.
func FuzzMarkdown(f *testing.F) {
	f.Add(`</title><script>window.hit=1</script><img src="https://spy.example/x" onerror="x"> [a](javascript:x) ![b](https://spy.example/y)`)
	f.Add("[a](javascript:b) ![c](d)\n\n| e |\n|---|\n<f>")
	f.Fuzz(func(t *testing.T, text string) {
		out := string(Markdown(text))
		doc, err := html.Parse(strings.NewReader("<!doctype html><body>" + out))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			switch n.Data {
			case "script", "style", "img", "iframe", "object", "embed", "link", "base", "svg", "math", "audio", "video", "source", "template", "form", "input":
				t.Errorf("there is an element %q", n.Data)
			}
			for _, a := range n.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "src", a.Key == "srcdoc", a.Key == "formaction":
					t.Errorf("%q has the attribute %q: %q", n.Data, a.Key, a.Val)
				case a.Key == "href" && !Leads(a.Val):
					t.Errorf("%q leads to %q", n.Data, a.Val)
				}
			}
		}
		if strings.ContainsAny(out, "\x1b\u202e\u2066\x00") {
			t.Error("controls or marks of direction came through")
		}
	})
}
