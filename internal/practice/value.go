package practice

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// value makes up a value by the name that the definition gives it, and by that of
// the field that it is read from.
func value(name, field, suffix string) *jsondoc.Node {
	if field == "" {
		field = name
	}
	if definition.LooksSecret(name) || definition.LooksSecret(field) {
		return text("made-up-" + name + suffix)
	}
	return plain(name, words(field))
}

// plain makes up a value that is no secret. The words of the field say what it is
// like.
func plain(name string, w []string) *jsondoc.Node {
	last := ""
	if len(w) > 0 {
		last = w[len(w)-1]
	}
	has := func(list ...string) bool {
		return slices.ContainsFunc(w, func(x string) bool { return slices.Contains(list, x) })
	}
	is := func(list ...string) bool { return slices.Contains(list, last) }
	switch {
	case has("email", "mail"):
		return text("ada@example.com")
	case has("phone", "mobile"):
		return text("+15550100")
	case is("url", "uri", "link", "href", "permalink", "web", "website", "avatar"):
		return text("https://example.com/" + name)
	case has("currency"):
		return text("EUR")
	case has("timezone", "zone"):
		return text("UTC")
	case has("language", "locale", "lang"):
		return text("en")
	case has("expires") && is("in", "seconds", "expires"):
		return literal("3600")
	case is("at", "date", "time", "until", "on", "birthday"):
		return text("2026-01-01T09:00:00Z")
	case is("id", "uid", "key", "code", "slug"):
		return text("made-up-" + name)
	case is("count", "total", "amount", "price", "quantity", "sum", "size", "number", "stock", "balance", "limit", "page"):
		return literal("42")
	case len(w) > 1 && slices.Contains([]string{"is", "has", "can"}, w[0]), is("enabled", "active", "ok", "success", "connected"):
		return literal("true")
	case is("tags", "items", "rows", "lines", "labels", "list", "results", "records", "options", "values"):
		return jsondoc.NewArray(text("made up"))
	}
	if is("name", "title", "label", "subject", "text", "description") {
		return text("Made up " + strings.Join(w, " "))
	}
	// It may become part of a host or path.
	return text("made-up-" + strings.Join(w, "-"))
}

// words splits a name as in "display_name" or "displayName" into lower-case words.
func words(name string) []string {
	var list []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			list = append(list, strings.ToLower(b.String()))
			b.Reset()
		}
	}
	lower := false
	for _, r := range name {
		switch {
		case r >= 'A' && r <= 'Z':
			if lower {
				flush()
			}
			lower = false
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			lower = true
		default:
			flush()
			lower = false
			continue
		}
		b.WriteRune(r)
	}
	flush()
	return list
}

// Credentials makes up what a tenant types at install, so that every key that the
// definition asks for has a value.
func Credentials(def *definition.Definition) map[string]string {
	made := map[string]string{}
	for _, k := range def.AccountKeys() {
		if k.Needed {
			v, _ := definition.Scalar(value(k.Name, k.Name, ""))
			made[k.Name] = v
		}
	}
	return made
}

// Input makes up the input of an action: a value of the right type for each
// parameter that has no default.
func Input(a definition.Action) *jsondoc.Node {
	var members []jsondoc.Member
	for _, p := range a.Parameters.Get("properties").Members() {
		if p.Get("default") == nil {
			members = append(members, jsondoc.Member{Key: p.Key, Value: parameter(p)})
		}
	}
	return jsondoc.NewObject(members...)
}

func parameter(p *jsondoc.Node) *jsondoc.Node {
	if choices := p.Get("enum").Elements(); len(choices) > 0 {
		return choices[0]
	}
	switch p.Get("type").Text() {
	case "number", "integer":
		return literal("1")
	case "boolean":
		return literal("true")
	case "array":
		return jsondoc.NewArray(text("made up"))
	case "object":
		return object("made", text("up"))
	}
	if p.Get("x-source").Text() != "" {
		return text("made-up-1")
	}
	if v, ok := definition.Scalar(plain(p.Key, words(p.Key))); ok {
		return text(v)
	}
	return text("made up")
}

func text(s string) *jsondoc.Node { return jsondoc.NewString(s) }

// literal makes a number, true or false.
func literal(s string) *jsondoc.Node {
	doc, _ := jsondoc.Parse([]byte(s))
	return doc.Root
}
