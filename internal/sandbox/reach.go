package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// sendingParts are the parts of a definition whose URLs requests go to.
func sendingParts() []string { return []string{"auth", "source", "actions", "sync"} }

// Reach returns where the requests of the definition can go, sorted: the scheme
// and host of each of their URLs as it is written, such as
// "https://api.acme.example". Where a host has placeholders, whatever fills them
// decides, so that the hash of all parts that send requests is one more entry.
func (m *Machine) Reach() []string {
	var list []string
	sum, templated := sha256.New(), false
	for _, part := range sendingParts() {
		root := m.Definition.Doc.Root.Get(part)
		if root == nil {
			continue
		}
		_, _ = sum.Write(append(jsondoc.AppendJSON([]byte(part), root), '\n')) // a hash never fails
		root.Walk(func(n *jsondoc.Node) bool {
			text, ok := n.Str()
			if !ok || n.Key != "url" && n.Key != "baseUrl" || strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") {
				return true
			}
			host := hostAsWritten(text)
			templated = templated || strings.Contains(host, "{{") || strings.Contains(host, "[[")
			list = append(list, host)
			return true
		})
	}
	if templated {
		list = append(list, "sha256:"+hex.EncodeToString(sum.Sum(nil)))
	}
	slices.Sort(list)
	return slices.Compact(list)
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
