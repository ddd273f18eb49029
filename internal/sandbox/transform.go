package sandbox

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// mapper makes the fields of records by the rules of one mapping. What it has to
// say about a rule, it says once for all records, in finish.
type mapper struct {
	r     *recorder
	at    *jsondoc.Node // the mapping
	rules []fieldRule
	// records is how many were mapped so far, and bytes about how large they are.
	records, bytes int
}

// fieldRule is a rule with its paths read, and what became of it so far.
type fieldRule struct {
	definition.FieldRule
	paths []rulePath
	// nothing is the number of records that have nothing at any path, and odd
	// that of those whose value the transform cannot take.
	nothing, odd int
}

type rulePath struct {
	text string
	path definition.Path
}

// newMapper reads a mapping. Rooted says that its paths are documented with
// "$", as in handlers, and else without, as in apiMapping.
func (r *recorder) newMapper(mapping *jsondoc.Node, rooted bool) *mapper {
	m := &mapper{r: r, at: mapping}
	for _, f := range definition.FieldRules(mapping) {
		rule := fieldRule{FieldRule: f}
		for _, n := range f.Paths {
			if strings.HasPrefix(n.Text(), "$") != rooted {
				r.choose(eitherPath, n)
			}
			p, err := definition.ParseAnyPath(n.Text())
			if err != nil {
				r.say(finding.Warning, n, "Use only dots and numbers in brackets, as in \"items[0].id\".", "the path %q %v", n.Text(), err)
				continue
			}
			rule.paths = append(rule.paths, rulePath{n.Text(), p})
		}
		m.check(&rule)
		m.rules = append(m.rules, rule)
	}
	return m
}

// check says what is wrong with a rule whatever the record.
func (m *mapper) check(f *fieldRule) {
	transform := f.Transform.Text()
	switch {
	case f.Literal != nil:
		m.r.choose(literalValue, f.Node)
	case transform == "compute":
		m.r.choose(computeNull, f.Node)
		if f.Fn.Text() == "" {
			m.r.say(finding.Warning, f.Node, "Name the platform's helper in \"fn\".", "%q is computed, but by no helper", f.Field)
		}
	case len(f.Paths) == 0:
		m.r.say(finding.Warning, f.Node, "Give it a path, such as {\"path\": \"id\"}.", "the rule of %q says nowhere where the value comes from", f.Field)
	case transform != "" && !documented(transform):
		m.r.say(finding.Warning, f.Transform, "Use one of "+strings.Join(definition.Transforms(), ", ")+".",
			"the transform %q is not documented; the value stays as it is", transform)
	case len(f.Paths) > 1 && transform != "coalesce":
		m.r.choose(severalPaths, f.Node)
	}
}

func documented(transform string) bool {
	for _, t := range definition.Transforms() {
		if t == transform {
			return true
		}
	}
	return false
}

// fields maps one record. Fields that get no value are not there; the paths that
// led to the others are in the same order as they. It reports false when the
// values grow beyond what is kept: many rules may name the same large value.
func (m *mapper) fields(from *jsondoc.Node) (fields []jsondoc.Member, paths []string, ok bool) {
	m.records++
	for i := range m.rules {
		f := &m.rules[i]
		v, path := m.value(f, from)
		if v == nil {
			continue
		}
		if m.bytes += len(f.Field) + sizeOf(v); m.bytes > maxRecordBytes {
			m.records--
			return nil, nil, false
		}
		fields = append(fields, jsondoc.Member{Key: f.Field, Value: v})
		paths = append(paths, path)
	}
	return fields, paths, true
}

// value evaluates one rule.
func (m *mapper) value(f *fieldRule, from *jsondoc.Node) (v *jsondoc.Node, path string) {
	switch {
	case f.Literal != nil:
		return f.Literal, ""
	case f.Transform.Text() == "compute":
		return jsondoc.NewNull(), ""
	case len(f.paths) == 0:
		return nil, ""
	case len(f.paths) == 1 && f.Transform.Text() != "coalesce":
		path = f.paths[0].text
		v = f.paths[0].path.Eval(from)
	default:
		v, path = m.coalesce(f, from)
	}
	if v == nil {
		f.nothing++
		if f.Transform.Text() == "toNumberOrNull" {
			return jsondoc.NewNull(), path
		}
		m.r.choose(fieldLeftOut, f.Node)
		return nil, path
	}
	return m.transform(f, v), path
}

// coalesce returns the first value that is not empty. Without one it returns
// nothing.
func (m *mapper) coalesce(f *fieldRule, from *jsondoc.Node) (v *jsondoc.Node, path string) {
	for _, p := range f.paths {
		switch v := p.path.Eval(from); {
		case v == nil || v.Is(jsondoc.Null) || v.Is(jsondoc.String) && v.Text() == "":
		default:
			if falsy(v) {
				m.r.choose(emptyValue, f.Node)
			}
			return v, p.text
		}
	}
	return nil, ""
}

// falsy reports whether a value is one that other readers call empty.
func falsy(v *jsondoc.Node) bool {
	switch v.Kind {
	case jsondoc.Object, jsondoc.Array:
		return len(v.Children) == 0
	case jsondoc.Bool:
		return v.Literal() == "false"
	case jsondoc.Number:
		n, ok := v.Float()
		return ok && n == 0
	}
	return strings.TrimSpace(v.Text()) == ""
}

// transform changes a value as the rule says. It returns nil when the value is
// none that the transform can take.
func (m *mapper) transform(f *fieldRule, v *jsondoc.Node) *jsondoc.Node {
	name := f.Transform.Text()
	switch name {
	case "toNumberOrNull":
		return m.number(f, v)
	case "toString", "mapItems", "joinCodes":
	default:
		return v
	}
	if v.Is(jsondoc.Null) {
		m.r.choose(nullStays, f.Node)
		return v
	}
	switch {
	case name == "toString":
		return jsondoc.NewString(m.text(f, v))
	case name == "joinCodes":
		return m.codes(f, v)
	case !v.Is(jsondoc.Array):
		f.odd++
		return nil
	}
	m.r.choose(itemsAsTheyAre, f.Node)
	return v
}

// text writes any value as a text.
func (m *mapper) text(f *fieldRule, v *jsondoc.Node) string {
	if text, ok := definition.Scalar(v); ok {
		if v.Is(jsondoc.Number) && !plainNumber(text) {
			m.r.choose(numberAsWritten, f.Node)
		}
		return text
	}
	m.r.choose(objectAsJSON, f.Node)
	return string(jsondoc.AppendJSON(nil, v))
}

// plainNumber reports whether JavaScript would write a number just as it stands
// there. It would not for "1.50", nor for an id of more than 16 digits.
func plainNumber(text string) bool {
	n, err := strconv.ParseFloat(text, 64)
	return err == nil && n > -1e21 && n < 1e21 && strconv.FormatFloat(n, 'f', -1, 64) == text
}

// number reads a number from a value, or gives null.
func (m *mapper) number(f *fieldRule, v *jsondoc.Node) *jsondoc.Node {
	if v.Is(jsondoc.Number) || v.Is(jsondoc.Null) {
		return v
	}
	text := strings.TrimSpace(v.Text())
	if text != "" && len(text) <= jsondoc.MaxNumberLength {
		if doc, problems := jsondoc.ParseLimited([]byte(text), len(text)); len(problems) == 0 && doc.Root.Is(jsondoc.Number) {
			return doc.Root
		}
	}
	if !v.Is(jsondoc.String) || text != "" {
		f.odd++
		m.r.choose(numberReading, f.Node)
	}
	return jsondoc.NewNull()
}

// codeSeparator stands between joined codes.
const codeSeparator = ","

// codes joins discount codes.
func (m *mapper) codes(f *fieldRule, v *jsondoc.Node) *jsondoc.Node {
	m.r.choose(codesJoined, f.Node)
	list := v.Elements()
	if !v.Is(jsondoc.Array) {
		list = []*jsondoc.Node{v}
	}
	codes, odd := make([]string, 0, len(list)), false
	for _, e := range list {
		if e.Is(jsondoc.Object) {
			e = e.Get("code")
		}
		if code, ok := definition.Scalar(e); ok && code != "" {
			codes = append(codes, code)
		} else {
			odd = true
		}
	}
	if odd {
		f.odd++
	}
	return jsondoc.NewString(strings.Join(codes, codeSeparator))
}

// finish says what became of the rules. In says where the records come from, such
// as "the delivery".
func (m *mapper) finish(in string) {
	if m.records == 0 {
		return
	}
	all := m.records
	for i := range m.rules {
		f := &m.rules[i]
		if f.nothing == all {
			var texts []string
			for _, p := range f.paths {
				texts = append(texts, strconv.Quote(p.text))
			}
			m.r.say(finding.Warning, f.Node, "Compare the path with "+in+".", "nothing is at %s in %s, so %q gets no value", strings.Join(texts, " or "), in, f.Field)
		}
		if f.odd == 0 {
			continue
		}
		what := "another value"
		switch f.Transform.Text() {
		case "toNumberOrNull":
			what = "something that is no number"
		case "mapItems":
			what = "something that is no list"
		case "joinCodes":
			what = "entries without a code"
		}
		m.r.say(finding.Warning, f.Node, "Compare the path and the transform with "+in+".", "%q finds %s in %s", f.Field, what, inRecords(f.odd, all))
	}
}

// inRecords says in how many records something is.
func inRecords(n, all int) string {
	if all == 1 {
		return "the record"
	}
	return fmt.Sprintf("%d of %d records", n, all)
}
