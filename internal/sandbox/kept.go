package sandbox

import (
	"github.com/karzoun/miniapp-review/internal/definition"
)

// Kept is a value that an install holds, as it may be shown.
type Kept struct {
	// Bag is "credentials", "metadata" or "user input".
	Bag, Key string
	// Value is a text or compact JSON, cut after a while. Of credentials it never
	// says anything, nor of secrets elsewhere.
	Value string
}

// Kept returns what an install holds, sorted by bag and key.
func (m *Machine) Kept(install *Install) []Kept {
	hide := newRedactor(m.Definition)
	hide.learn(install)
	hidden := hide.hider()
	var list []Kept
	for _, bag := range []struct {
		name   string
		values Values
	}{{"credentials", install.Credentials}, {"metadata", install.Metadata}, {"user input", install.UserInput}} {
		for _, k := range sortedKeys(bag.values) {
			kept := Kept{Bag: bag.name, Key: k, Value: mask}
			if bag.name != "credentials" && !hide.keys[k] && !definition.LooksSecret(k) {
				n := bag.values[k]
				kept.Value = shownJSON(n)
				if text, ok := definition.Scalar(n); ok {
					kept.Value = shownBody([]byte(text))
				}
				hidden(&kept.Value)
			}
			list = append(list, kept)
		}
	}
	return list
}
