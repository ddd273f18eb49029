package sandbox

import (
	"fmt"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// Record is a record as the platform would store it.
type Record struct {
	// Type is the recordType of a handler, such as "order", or the contentType
	// of a resource, such as "core:product".
	Type string `json:"type"`
	// Resource is the key in sync.resources, or "".
	Resource string `json:"resource,omitempty"`
	// Operation is "create", "update" or "upsert".
	Operation string `json:"operation"`
	// Code is the provider's id, by which later events find the record, or "".
	Code string `json:"code,omitempty"`
	// Fields is a JSON object, compact and in the order of the mapping. It is a
	// text so that a record keeps no page of the provider's alive.
	Fields string `json:"fields"`
}

// Limits on the records of one run.
const (
	maxRecords     = 10_000
	maxRecordBytes = 16 << 20
	// maxShownRecords is how many records a run shows.
	maxShownRecords = 100
)

// collector makes the records of one mapping.
type collector struct {
	*mapper
	kind    Record // what all records have in common
	records []Record
	codes   map[string]bool
	// nameless is the number of records that nothing identifies, and repeated
	// that of those whose code another one had before.
	nameless, repeated int
	full               bool
	// steps says that each record is shown as a step.
	steps bool
}

func (r *recorder) newCollector(mapping *jsondoc.Node, rooted bool, kind Record) *collector {
	return &collector{mapper: r.newMapper(mapping, rooted), kind: kind, codes: map[string]bool{}}
}

// add maps one record. It reports false when there are too many.
func (c *collector) add(from *jsondoc.Node) bool {
	fields, paths, ok := c.fields(from)
	if c.full = !ok || len(c.records) >= maxRecords; c.full {
		return false
	}
	node := jsondoc.NewObject(fields...)
	rec := c.kind
	rec.Code, _ = definition.Scalar(node.Get("code"))
	rec.Fields = string(jsondoc.AppendJSON(nil, node))
	switch {
	case rec.Code != "" && c.codes[rec.Code]:
		c.repeated++
	case rec.Code != "":
		c.codes[rec.Code] = true
	case !identified(rec.Type, node):
		c.nameless++
	}
	c.records = append(c.records, rec)
	c.r.showRecord(rec, node)
	if c.steps {
		step := Step{Name: "record", Pointer: c.at.Pointer()}
		for i, f := range fields {
			if len(c.r.run.Steps) < maxSteps { // else it is not kept
				step.show(c.r.hide, f.Key, paths[i], f.Value)
			}
		}
		c.r.step(step)
	}
	return true
}

// identified reports whether something else than a code tells who a record is:
// customers are matched by their address and phone too.
func identified(kind string, fields *jsondoc.Node) bool {
	if kind != "core:customer" {
		return false
	}
	for _, k := range []string{"primaryEmail", "primaryPhone"} {
		if text, ok := definition.Scalar(fields.Get(k)); ok && text != "" {
			return true
		}
	}
	return false
}

// close says what became of all records. In says where they come from.
func (c *collector) close(in string) []Record {
	c.finish(in)
	all := len(c.records)
	if c.nameless > 0 {
		at, have := c.at, "have"
		if code := c.at.Get("code"); code != nil {
			at = code
		}
		if all == 1 {
			have = "has"
		}
		c.r.say(finding.Warning, at, "Map \"code\" to the provider's id of the record, such as \"id\".",
			"%s %s no \"code\", by which the platform could find it again", inRecords(c.nameless, all), have)
	}
	if c.repeated > 0 {
		c.r.say(finding.Warning, c.at.Get("code"), "Map \"code\" to what only one record has.",
			"the \"code\" of %s is that of another one before", inRecords(c.repeated, all))
	}
	if c.full {
		c.r.say(finding.Notice, c.at, "", "only the first %d records were taken: no more than %d, or %d MiB, are kept here", all, maxRecords, maxRecordBytes>>20)
	}
	return c.records
}

// showRecord keeps a record for the run.
func (r *recorder) showRecord(rec Record, fields *jsondoc.Node) {
	r.run.RecordCount++
	if len(r.run.Records) >= maxShownRecords {
		return
	}
	rec.Fields = shownJSON(fields)
	r.run.Records = append(r.run.Records, rec)
}

// handle makes the records that a handler makes of the body of a delivery, in
// both of its shapes: one that maps the body itself, and one that names the
// resource whose mapping is used. What hinders it is said; the run goes on,
// since the delivery was answered before.
func (r *recorder) handle(h definition.Handler, body *jsondoc.Node) []Record {
	kind := Record{Operation: h.Node.Get("operation").Text()}
	if kind.Operation == "" {
		r.say(finding.Warning, h.Node, "Use create, update or upsert.", "the handler has no operation")
	}
	if body == nil {
		r.say(finding.Error, h.Node, "Send JSON.", "the body of the delivery is no JSON, so no record is made")
		return nil
	}
	var mapping *jsondoc.Node
	from := []*jsondoc.Node{body}
	if h.ByResource {
		r.choose(resourceHandler, h.Node)
		name := h.Node.Get("resource")
		resource := r.m.resource(name.Text())
		if resource == nil {
			r.say(finding.Error, name, r.nearResource(name.Text()), "there is no resource %q in sync.resources, so no record is made", name.Text())
			return nil
		}
		kind.Resource, kind.Type = resource.Key, resource.Get("contentType").Text()
		mapping = resource.Get("apiMapping")
		if from = r.recordsAt(h, body); from == nil {
			return nil
		}
	} else {
		kind.Type = h.Node.Get("recordType").Text()
		mapping = h.Node.Get("mapping")
		if kind.Type != "order" && kind.Type != "abandonedCart" {
			r.say(finding.Warning, h.Node, "Use order or abandonedCart, or name a resource.", "the platform documents no recordType %q", kind.Type)
		}
	}
	if len(mapping.Members()) == 0 {
		r.say(finding.Error, h.Node, "Map at least \"code\", the provider's id of the record.", "the handler of %q has no mapping, so no record is made", h.Event)
		return nil
	}
	c := r.newCollector(mapping, !h.ByResource, kind)
	c.steps = true
	for _, n := range from {
		if !c.add(n) {
			break
		}
	}
	return c.close("the delivery")
}

// recordsAt returns what stands at the dataPath of a handler.
func (r *recorder) recordsAt(h definition.Handler, body *jsondoc.Node) []*jsondoc.Node {
	at := h.Node.Get("dataPath")
	if at.Text() == "" {
		r.choose(wholeBody, h.Node)
		at = nil
	}
	found := body
	if at != nil {
		found = r.bare(at, body)
	}
	switch {
	case found.Is(jsondoc.Object):
		return []*jsondoc.Node{found}
	case found.Is(jsondoc.Array) && len(found.Children) > 0:
		r.choose(listOfRecords, h.Node)
		return found.Children
	}
	if at == nil {
		at = h.Node
	}
	r.say(finding.Error, at, "Compare dataPath with the body of the delivery.", "there is no record where the handler of %q looks for it", h.Event)
	return nil
}

// resource returns the resource with this key, or nil.
func (m *Machine) resource(key string) *jsondoc.Node {
	for _, n := range m.Definition.Sync.Resources {
		if n.Key == key {
			return n
		}
	}
	return nil
}

func (r *recorder) nearResource(key string) string {
	var names []string
	for _, n := range r.m.Definition.Sync.Resources {
		names = append(names, n.Key)
	}
	if near, ok := nearest.Word(key, names); ok {
		return fmt.Sprintf("Perhaps you mean %q.", near)
	}
	return "Add it to sync.resources."
}
