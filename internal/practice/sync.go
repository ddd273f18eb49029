package practice

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
)

// syncBody answers a request of an import, or returns nil: the first page has all
// records, and every further one is empty.
func (p *Provider) syncBody(part string, r outbound.Request) *jsondoc.Node {
	for _, res := range p.def.Sync.Resources {
		at := res.At("responseMapping", "dataProperty")
		switch {
		case part == res.At("endpoints", "details").Pointer() && res.At("endpoints", "details") != nil:
			return below(at, record(res, numberOf(r.URL)))
		case part != res.At("endpoints", "list").Pointer() || res.At("endpoints", "list") == nil:
			continue
		}
		var list []*jsondoc.Node
		if !laterPage(r.URL) {
			for i := range entries {
				list = append(list, record(res, i+1))
			}
		}
		body := below(at, jsondoc.NewArray(list...))
		total := res.At("responseMapping", "totalProperty")
		if path, err := definition.ParseAnyPath(total.Text()); err == nil && total.Text() != "" {
			if with, ok := path.With(body, literal(strconv.Itoa(entries))); ok {
				body = with
			}
		}
		return body
	}
	return nil
}

// laterPage reports whether a request asks for another page than the first.
func laterPage(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	page, err := strconv.Atoi(u.Query().Get("page"))
	return err == nil && page > 1
}

// numberOf is the number of the record whose details a request asks for.
func numberOf(address string) int {
	for n := 2; n <= entries; n++ {
		if strings.Contains(address, fmt.Sprintf("made-up-%d", n)) {
			return n
		}
	}
	return 1
}

// record makes up a record in which everything is that apiMapping reads.
func record(res *jsondoc.Node, n int) *jsondoc.Node {
	item := object("id", text(fmt.Sprintf("made-up-%d", n)))
	rules := res.Get("apiMapping").Members()
	for _, rule := range rules[:min(len(rules), maxOutputs)] {
		at := rule
		if rule.Is(jsondoc.Object) {
			if at = rule.Get("path"); at == nil {
				if list := rule.Get("paths").Elements(); len(list) > 0 {
					at = list[0]
				}
			}
		}
		path, err := definition.ParseAnyPath(at.Text())
		if err != nil || path.Len() == 0 || path.Eval(item) != nil {
			continue
		}
		if with, ok := path.With(item, recordValue(rule, path, n)); ok {
			item = with
		}
	}
	return item
}

// recordValue makes up a value that fits the rule which reads it.
func recordValue(rule *jsondoc.Node, path definition.Path, n int) *jsondoc.Node {
	if rule.Key == "code" {
		return text(fmt.Sprintf("made-up-%d", n))
	}
	switch rule.Get("transform").Text() {
	case "mapItems":
		return jsondoc.NewArray(jsondoc.NewObject(
			jsondoc.Member{Key: "sku", Value: text("made-up-sku")}, jsondoc.Member{Key: "title", Value: text("Made up item")},
			jsondoc.Member{Key: "quantity", Value: literal("1")}, jsondoc.Member{Key: "price", Value: text("42.00")}))
	case "joinCodes":
		return jsondoc.NewArray(text("MADEUP"))
	case "toNumberOrNull":
		return text("42.00")
	}
	return value(rule.Key, path.Last(), "")
}
