package webtext

import (
	"bytes"
	"html"
	"html/template"
	"net/url"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/karzoun/miniapp-review/internal/markdown"
)

// maxMarkdown is the longest text that is rendered, in bytes; longer ones are
// shown as they are. Reading Markdown can take time in the square of its length.
const maxMarkdown = 16 << 10

// Markdown renders a submitted text. HTML in it is left out; links lead to
// addresses of the web and to mailboxes only; pictures become their texts, since
// loading one would tell another host who looks; headings are below those of the
// page. A text that is too long, or costly to read, is shown as it is.
func Markdown(source string) template.HTML {
	source = Plain(strings.ToValidUTF8(source, "\ufffd"))
	if strings.TrimSpace(source) == "" {
		return ""
	}
	asIs := template.HTML("<pre>" + html.EscapeString(source) + "</pre>")
	if len(source) > maxMarkdown {
		return asIs
	}
	if _, err := markdown.Parse([]byte(source)); err != nil {
		return asIs
	}
	md := goldmark.New(
		// Alignment as a style would be stopped by the policy of the page.
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)), extension.Strikethrough, extension.Linkify),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(tame{}, 1000))),
	)
	var out bytes.Buffer
	if err := md.Convert([]byte(source), &out); err != nil {
		return asIs
	}
	return template.HTML(out.String())
}

// tame makes a document fit to stand in a page.
type tame struct{}

// Transform implements parser.ASTTransformer.
func (tame) Transform(doc *ast.Document, r text.Reader, _ parser.Context) {
	var links, pictures []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(max(n.Level+1, 3), 6)
		case *ast.Link:
			if !Leads(string(n.Destination)) {
				links = append(links, n)
			} else {
				n.SetAttributeString("rel", []byte("nofollow ugc noopener noreferrer"))
			}
		case *ast.AutoLink:
			if n.AutoLinkType == ast.AutoLinkURL && !Leads(string(n.URL(r.Source()))) {
				links = append(links, n)
			} else {
				n.SetAttributeString("rel", []byte("nofollow ugc noopener noreferrer"))
			}
		case *ast.Image:
			pictures = append(pictures, n)
		}
		return ast.WalkContinue, nil
	})
	for _, n := range append(links, pictures...) {
		parent := n.Parent()
		if auto, ok := n.(*ast.AutoLink); ok {
			parent.InsertBefore(parent, n, ast.NewString(auto.Label(r.Source())))
		}
		for child := n.FirstChild(); child != nil; child = n.FirstChild() {
			n.RemoveChild(n, child)
			parent.InsertBefore(parent, n, child)
		}
		parent.RemoveChild(parent, n)
	}
}

// Leads reports whether an address may be a link.
func Leads(to string) bool {
	u, err := url.Parse(to)
	if err != nil {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		return u.Host != ""
	case "mailto":
		return u.Opaque != ""
	}
	return false
}
