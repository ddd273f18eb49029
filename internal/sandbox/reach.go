package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// sendingParts are the parts of a definition whose URLs requests go to.
func sendingParts() []string { return []string{"auth", "source", "actions", "sync"} }

// Reach returns where the requests of the definition can go, sorted: the scheme
// and host of each of their URLs as it is written, such as
// "https://api.acme.example". Where a host has placeholders, whatever fills them
// decides: the hash of all that can is one more entry.
func (m *Machine) Reach() []string {
	var list []string
	fills := map[string]bool{}
	for _, part := range sendingParts() {
		m.Definition.Doc.Root.Get(part).Walk(func(n *jsondoc.Node) bool {
			text, ok := n.Str()
			if !ok || n.Key != "url" && n.Key != "baseUrl" || strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") {
				return true
			}
			host := hostAsWritten(text)
			list = append(list, host)
			for _, p := range definition.Placeholders(n) {
				if strings.Contains(host, text[p.Start:p.End()]) {
					fills[p.Key] = true
				}
			}
			return true
		})
	}
	if len(fills) > 0 {
		list = append(list, "sha256:"+m.fillers(fills))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// fillers is the hash of all that can give these keys a value: defaults,
// parameters and mappings, and functions, whose results have any keys.
func (m *Machine) fillers(keys map[string]bool) string {
	sum := sha256.New()
	add := func(n *jsondoc.Node) {
		_, _ = sum.Write(append(jsondoc.AppendJSON([]byte(n.Key+"\x00"), n), '\n')) // a hash never fails
	}
	root := m.Definition.Doc.Root
	for _, part := range sendingParts() {
		root.Get(part).Walk(func(n *jsondoc.Node) bool {
			if keys[n.Key] || n.Is(jsondoc.Object) && (keys[n.Get("name").Text()] || n.Get("type").Text() == "function") {
				add(n)
			}
			return true
		})
	}
	if n := root.Get("functions"); n != nil {
		add(n)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// hostAsWritten is what stands before the path in a URL.
func hostAsWritten(text string) string {
	scheme := ""
	if before, after, ok := strings.Cut(text, "://"); ok && !strings.ContainsAny(before, "/?#") {
		scheme, text = before+"://", after
	}
	if end := strings.IndexAny(text, "/?#\\"); end >= 0 {
		text = text[:end]
	}
	return scheme + text
}

// Elsewhere returns where the definition can send an install's credentials now,
// and could not when the install connected.
func (m *Machine) Elsewhere(install *Install) []string {
	return slices.DeleteFunc(m.Reach(), func(r string) bool { return slices.Contains(install.Reach, r) })
}
