package sandbox

import (
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// maxResolved is how many bytes the texts of one request may grow to when their
// placeholders are replaced: a value can be megabytes long and stand in a text
// many times.
const maxResolved = 4 << 20

// scope is what the placeholders of a request find.
type scope struct {
	r *recorder
	// input are the action's parameters or a source's params, and declared are
	// the names that may come without a value.
	input    Values
	declared map[string]bool
	// outputs are the values of earlier steps.
	outputs Values
	// system are the values that the platform adds.
	system Values
	// endpoint is what a request of sync has beside its own fields, or nil.
	endpoint *endpoint
	// noCredentials says that "[[key]]" means nothing here: functions never
	// see credentials.
	noCredentials bool

	size int // bytes that values have added so far
}

// newScope returns what every request finds, whatever it belongs to.
func (r *recorder) newScope() *scope {
	m := r.m
	return &scope{r: r, system: Texts(map[string]string{
		"webhookUrl": m.Platform.WebhookURL(m.ns()), "subdomain": m.Platform.Subdomain, "uid": r.install.UID,
	})}
}

// verdict says what became of a placeholder.
type verdict uint8

const (
	found verdict = iota + 1
	absent
	unresolved
)

// find looks a placeholder up in the documented order.
func (s *scope) find(p definition.Placeholder) (*jsondoc.Node, verdict) {
	if p.Credential {
		if s.noCredentials {
			return nil, s.noSecret(p, "[["+p.Key+"]]")
		}
		for _, bag := range []Values{s.r.install.Credentials, s.r.install.Metadata} {
			if v, ok := bag[p.Key]; ok {
				if typed := s.r.install.UserInput[p.Key]; typed != nil && same(typed, v) {
					s.r.choose(formIsCredential, p.Node)
				}
				return v, found
			}
		}
		s.r.say(finding.Error, p.Node, "Let the tenant supply it in auth.config or auth.form, or map it in a request of auth.",
			"nothing fills %q: it is neither among the credentials nor in the metadata", "[["+p.Key+"]]")
		return nil, unresolved
	}
	return s.findValue(p)
}

// noSecret says that a function gets none of the install's secrets, whichever way
// they are named.
func (s *scope) noSecret(p definition.Placeholder, written string) verdict {
	s.r.say(finding.Error, p.Node, "Pass what the function needs as a \"{{key}}\" of input or of an earlier step.",
		"functions never get credentials, so %q stays as it is", written)
	return unresolved
}

func (s *scope) findValue(p definition.Placeholder) (*jsondoc.Node, verdict) {
	for _, bag := range []Values{s.input, s.outputs} {
		if v, ok := bag[p.Key]; ok {
			return v, found
		}
	}
	if s.declared[p.Key] {
		s.r.choose(inputLeftOut, p.Node)
		return nil, absent
	}
	if s.noCredentials && s.r.hide.keys[p.Key] {
		return nil, s.noSecret(p, "{{"+p.Key+"}}")
	}
	config := s.r.m.Definition.Auth.Config.Get(p.Key)
	if typed, ok := s.r.install.UserInput[p.Key]; ok {
		if config != nil && config.Text() != "" {
			s.r.choose(typedOverDefault, p.Node)
		}
		return typed, found
	}
	if config != nil && !(config.Is(jsondoc.String) && config.Text() == "") {
		return config, found
	}
	for _, bag := range []Values{s.r.install.Metadata, s.system} {
		if v, ok := bag[p.Key]; ok {
			return v, found
		}
	}
	if config != nil {
		// What get_token or a registration request stores under the name of an
		// empty default replaces it.
		if v, ok := s.r.install.Credentials[p.Key]; ok {
			return v, found
		}
		s.r.say(finding.Warning, p.Node, "Give it a value: a tenant would be asked for it.", "%q is empty: nobody supplied auth.config.%s", "{{"+p.Key+"}}", p.Key)
		return config, found
	}
	s.r.say(finding.Error, p.Node, "Compare the name with the parameters, the earlier mappings and auth.config.",
		"nothing fills %q: it is no input, no output of an earlier step, not in auth.config, and no value of the platform", "{{"+p.Key+"}}")
	return nil, unresolved
}

// text resolves a string into a text. The values of placeholders are not looked
// into again, so nothing can expand without end.
func (s *scope) text(n *jsondoc.Node) (string, bool) {
	return s.resolve(n, func(written string) string { return written })
}

// resolve is text, where the parts between the placeholders are changed too.
func (s *scope) resolve(n *jsondoc.Node, between func(string) string) (string, bool) {
	text, ok := n.Str()
	if !ok {
		return asText(s, n, n), true
	}
	placeholders := definition.Placeholders(n)
	if len(placeholders) == 0 {
		return between(text), true
	}
	var b strings.Builder
	at, allAbsent := 0, true
	for _, p := range placeholders {
		b.WriteString(between(text[at:p.Start]))
		at = p.End()
		v, how := s.find(p)
		allAbsent = allAbsent && how == absent
		switch how {
		case found:
			t := asText(s, v, n)
			if !s.grow(len(t), n) {
				return "", false
			}
			b.WriteString(t)
		case unresolved:
			s.r.choose(unresolvedStays, n)
			b.WriteString(text[p.Start:p.End()])
		}
	}
	b.WriteString(between(text[at:]))
	return b.String(), !(allAbsent && whole(placeholders, text))
}

// whole reports whether a text is exactly one placeholder.
func whole(p []definition.Placeholder, text string) bool {
	return len(p) == 1 && p[0].Start == 0 && p[0].End() == len(text)
}

// asText writes a value as it stands in a longer text.
func asText(s *scope, v, at *jsondoc.Node) string {
	text, ok := definition.Scalar(v)
	if v.Is(jsondoc.Null) {
		return "null"
	}
	if !ok {
		s.r.choose(objectAsJSON, at)
		return string(jsondoc.AppendJSON(nil, v))
	}
	return text
}

// value resolves every string at or below a node. A string that is exactly one
// placeholder keeps the type of its value. It returns nil when the value is to
// be left out.
func (s *scope) value(n *jsondoc.Node) *jsondoc.Node {
	switch {
	case n.Is(jsondoc.Object):
		members := make([]jsondoc.Member, 0, len(n.Children))
		for _, c := range n.Children {
			if n.Get(c.Key) != c {
				continue // an earlier one of two equal keys
			}
			if v := s.value(c); v != nil {
				members = append(members, jsondoc.Member{Key: c.Key, Value: v})
			}
		}
		return jsondoc.NewObject(members...)
	case n.Is(jsondoc.Array):
		elements := make([]*jsondoc.Node, 0, len(n.Children))
		for _, c := range n.Children {
			if v := s.value(c); v != nil {
				elements = append(elements, v)
			}
		}
		return jsondoc.NewArray(elements...)
	case !n.Is(jsondoc.String):
		return n
	}
	placeholders := definition.Placeholders(n)
	if len(placeholders) == 0 {
		return n
	}
	if whole(placeholders, n.Text()) {
		v, how := s.find(placeholders[0])
		switch how {
		case absent:
			return nil
		case unresolved:
			s.r.choose(unresolvedStays, n)
			return n
		}
		if !s.grow(sizeOf(v), n) {
			return nil
		}
		return v
	}
	text, ok := s.text(n)
	if !ok {
		return nil
	}
	return jsondoc.NewString(text)
}

// grow counts what values add to a request, and stops the run beyond the limit.
func (s *scope) grow(bytes int, at *jsondoc.Node) bool {
	if s.size += bytes; s.size <= maxResolved {
		return true
	}
	s.r.fail(&Failure{Code: Internal, Pointer: at.Pointer(),
		Message: "the values of placeholders make the request larger than 4 MiB", Hint: "Send less: no provider takes such a request."})
	return false
}

// sizeOf returns about how long a value is as JSON.
func sizeOf(n *jsondoc.Node) int {
	if text, ok := definition.Scalar(n); ok {
		return len(text) + 2
	}
	size := 2
	for _, c := range n.Children {
		size += len(c.Key) + 4 + sizeOf(c)
	}
	return size
}

// same reports whether two values are the same JSON.
func same(a, b *jsondoc.Node) bool {
	return string(jsondoc.AppendJSON(nil, a)) == string(jsondoc.AppendJSON(nil, b))
}
