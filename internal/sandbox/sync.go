package sandbox

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Sync imports the records of a resource, at most limit of them; a limit of
// zero or less takes as many as a run may. It stops after 100 requests,
// 10,000 records, or 16 MiB of them, and says so. The records that it has are
// returned even when the run fails half-way.
func (m *Machine) Sync(ctx context.Context, install *Install, resource string, limit int) ([]Record, *Run) {
	n := m.resource(resource)
	if n == nil {
		r := m.record(install, "sync "+resource, m.Definition.Sync.Node)
		r.fail(&Failure{Code: Validation, Message: fmt.Sprintf("there is no resource %q", resource), Pointer: "/sync/resources", Hint: r.nearResource(resource)})
		return nil, r.done()
	}
	r := m.record(install, "sync "+resource, n)
	if !install.Connected {
		r.fail(&Failure{Code: NotInstalled, Message: "the install is not connected", Hint: "Connect first."})
		return nil, r.done()
	}
	if enabled := m.Definition.Sync.Config.Get("enabled"); enabled == nil {
		r.choose(syncEnabled, m.Definition.Sync.Node)
	} else if on, ok := enabled.Bool(); ok && !on {
		r.say(finding.Notice, enabled, "Set it to true, unless records are kept up to date by webhooks alone.", "imports are switched off, so nothing is imported")
		return nil, r.done()
	}
	i := r.newImport(n, limit)
	if !r.run.OK() {
		return nil, r.done()
	}
	i.pages(ctx)
	return i.records.close("the records"), r.done()
}

// importing is one import.
type importing struct {
	*recorder
	at            *jsondoc.Node // the resource
	list, details definition.Request
	scope         *scope
	provider      *paced
	records       *collector
	limit         int
	// size is the number of records that a page is asked for; zero when
	// nothing asks for it.
	size int
	// seen are the digests of the pages so far.
	seen map[[sha256.Size]byte]bool
	// got is the number of records in the pages so far, and total what the
	// provider says that there are; -1 when it does not.
	got, total int
}

func (r *recorder) newImport(n *jsondoc.Node, limit int) *importing {
	m := r.m
	i := &importing{recorder: r, at: n, limit: limit, seen: map[[sha256.Size]byte]bool{}, total: -1}
	if limit <= 0 {
		i.limit = maxRecords + 1 // so that the records themselves end it, and say so
	}
	i.list = definition.NewRequest(n.At("endpoints", "list"))
	if i.list.URL == nil {
		r.fail(&Failure{Code: Internal, Message: fmt.Sprintf("the resource %q has no endpoints.list with a url", n.Key), Pointer: n.Pointer(), Hint: "Say where its records are listed."})
	}
	mapping := n.Get("apiMapping")
	if len(mapping.Members()) == 0 {
		r.fail(&Failure{Code: Internal, Message: fmt.Sprintf("the resource %q has no apiMapping", n.Key), Pointer: n.Pointer(), Hint: "Map at least \"code\", the provider's id of the record."})
	}
	if !r.run.OK() {
		return nil
	}
	if expand, _ := n.Get("expandDetails").Bool(); expand {
		if i.details = definition.NewRequest(n.At("endpoints", "details")); i.details.URL == nil {
			i.details = definition.Request{}
			r.say(finding.Warning, n, "Add endpoints.details with a url such as \"/orders/{id}\".", "expandDetails is true, but nothing says where the details are")
		}
	}
	i.provider = r.newPaced(m.Definition.Sync.Config)
	r.provider = i.provider
	i.scope = r.newScope()
	i.scope.endpoint = &endpoint{base: m.Definition.Sync.BaseURL, headers: m.Definition.Sync.Headers}
	i.records = r.newCollector(mapping, false, Record{Type: n.Get("contentType").Text(), Resource: n.Key, Operation: "upsert"})
	i.size = pageSize(n.Get("pagination"))
	if m.mayRefresh() {
		r.choose(refreshEverywhere, i.list.Node)
	}
	return i
}

// pageSize returns how many records a page is asked for, or 0.
func pageSize(pagination *jsondoc.Node) int {
	size, ok := pagination.Get("defaultLimit").Float()
	most, bounded := pagination.Get("maxLimit").Float()
	switch {
	case pagination.Get("paramName").Text() == "" || !ok && !bounded:
		return 0
	case !ok || bounded && most < size:
		size = most
	}
	return int(min(max(size, 0), 1e6))
}

// pages asks for one page after the other until nothing more is to be expected.
func (i *importing) pages(ctx context.Context) {
	pagination := i.at.Get("pagination")
	for page := 1; ; page++ {
		if !i.mayAsk() {
			return
		}
		i.scope.endpoint.page = nil
		if i.size > 0 {
			i.scope.endpoint.page = append(i.scope.endpoint.page, pair{pagination.Get("paramName").Text(), strconv.Itoa(i.size)})
		}
		if page > 1 {
			i.choose(pageParameter, pagination)
			i.scope.endpoint.page = append(i.scope.endpoint.page, pair{"page", strconv.Itoa(page)})
		}
		items, ok := i.page(ctx, page)
		if !ok {
			return
		}
		if len(items) > 0 && i.again(items) {
			i.say(finding.Notice, pagination, "Ask for the largest page that the provider gives, if it knows no parameter \"page\".",
				"page %d has the same records as one before, so the import ends: the provider may not know the parameter \"page\"", page)
			i.compareTotal()
			return
		}
		i.got += len(items)
		for _, item := range items {
			if !i.record(ctx, item) {
				return
			}
		}
		if pagination == nil {
			i.choose(onePage, i.at)
			i.compareTotal()
			return
		}
		if last := len(items) < i.size; len(items) == 0 || i.total >= 0 && i.got >= i.total || i.total < 0 && last {
			i.compareTotal()
			return
		}
	}
}

// mayAsk reports whether there may be one more request.
func (i *importing) mayAsk() bool {
	if i.provider.sent < maxRequests {
		return true
	}
	i.say(finding.Notice, i.at, "", "the import ends here after %d requests", maxRequests)
	return false
}

// page asks for one page. It reports false when the run has failed.
func (i *importing) page(ctx context.Context, number int) ([]*jsondoc.Node, bool) {
	i.scope.size = 0
	a, ok := i.exchange(ctx, fmt.Sprintf("page %d", number), i.list, i.scope, true)
	if !ok {
		return nil, false
	}
	mapping := i.at.Get("responseMapping")
	at := mapping.Get("dataProperty")
	list := a.body
	if at.Text() == "" {
		i.choose(rootList, i.at)
		at = i.at
	} else {
		list = i.bare(at, a.body)
	}
	if n := mapping.Get("totalProperty"); n.Text() != "" {
		i.readTotal(n, a.body)
	}
	if list.Is(jsondoc.Null) {
		list = jsondoc.NewArray() // some languages write an empty list so
	}
	if !list.Is(jsondoc.Array) {
		f := &Failure{Code: ExternalAPI, Pointer: at.Pointer(), Message: fmt.Sprintf("there is no list of records in page %d", number), Hint: "Compare responseMapping.dataProperty with the response."}
		if a.body == nil || a.body.Is(jsondoc.String) {
			f.Message, f.Hint = fmt.Sprintf("page %d is no JSON", number), "Ask the provider for JSON, for example with the header Accept."
		}
		i.fail(f)
		return nil, false
	}
	return list.Elements(), true
}

// readTotal takes the number of all records from a page.
func (i *importing) readTotal(at, body *jsondoc.Node) {
	text, _ := definition.Scalar(i.bare(at, body))
	total, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(total >= 0 && total < 1e15) {
		i.say(finding.Warning, at, "Compare totalProperty with the response.", "there is no number at totalProperty")
		return
	}
	i.total = int(total)
}

// compareTotal says when the provider's total is not what came.
func (i *importing) compareTotal() {
	if i.total >= 0 && i.total != i.got {
		i.say(finding.Warning, i.at.At("responseMapping", "totalProperty"), "Look whether totalProperty is the number of all records, and whether all pages came.",
			"the provider counts %d records, and gave %d", i.total, i.got)
	}
}

// again reports whether a page was there before. A provider that does not know
// the parameter of the page sends the first one for ever.
func (i *importing) again(items []*jsondoc.Node) bool {
	h := sha256.New()
	var text []byte
	for _, item := range items {
		text = append(jsondoc.AppendJSON(text[:0], item), '\n')
		h.Write(text)
	}
	digest := [sha256.Size]byte(h.Sum(nil))
	seen := i.seen[digest]
	i.seen[digest] = true
	return seen
}

// record maps one entry of a list, with its details where they are asked for. It
// reports false when the import ends.
func (i *importing) record(ctx context.Context, item *jsondoc.Node) bool {
	if len(i.records.records) >= i.limit {
		return false
	}
	if !item.Is(jsondoc.Object) {
		i.say(finding.Warning, i.at, "Compare responseMapping.dataProperty with the response.", "an entry of the list is no object, so it is left out")
		return true
	}
	if i.details.Node != nil {
		if item = i.detailed(ctx, item); item == nil {
			return false
		}
	}
	return i.records.add(item) && len(i.records.records) < i.limit
}

// maxID is how long the id in a URL may be.
const maxID = 256

// detailed returns the details of a record, the record itself when it has no id
// to ask with, or nil when the import ends.
func (i *importing) detailed(ctx context.Context, item *jsondoc.Node) *jsondoc.Node {
	i.choose(detailsID, i.details.URL)
	id, _ := definition.Scalar(item.Get("id"))
	if id == "" || len(id) > maxID || strings.Trim(id, ".") == "" {
		// An id of dots would lead to another path.
		i.say(finding.Warning, i.details.URL, "Records in the list need a field \"id\".", "a record has no id that can stand in a URL, so its details are not asked for")
		return item
	}
	if !i.mayAsk() {
		return nil
	}
	list := *i.scope.endpoint
	i.scope.endpoint.id, i.scope.endpoint.page, i.scope.size = id, nil, 0
	a, ok := i.exchange(ctx, fmt.Sprintf("details %d", len(i.records.records)+1), i.details, i.scope, true)
	*i.scope.endpoint = list
	if !ok {
		return nil
	}
	i.choose(detailsReplace, i.details.Node)
	if at := i.at.At("responseMapping", "dataProperty"); at.Text() != "" {
		if inner := i.bare(at, a.body); inner.Is(jsondoc.Object) {
			return inner
		}
	}
	if a.body.Is(jsondoc.Object) {
		return a.body
	}
	i.say(finding.Warning, i.details.Node, "Compare endpoints.details with the response.", "the details of a record are no object, so the record stays as it is in the list")
	return item
}

// RecordsJSON returns the fields of records as an array of objects.
func RecordsJSON(records []Record) *jsondoc.Node {
	list := make([]*jsondoc.Node, 0, len(records))
	for _, r := range records {
		// What add wrote can be read.
		if doc, _ := jsondoc.ParseLimited([]byte(r.Fields), len(r.Fields)); doc != nil {
			list = append(list, doc.Root)
		}
	}
	return jsondoc.NewArray(list...)
}
