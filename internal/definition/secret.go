package definition

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// secretWords are what the names of credentials are made of. Words are compared
// whole, so that "monkey" is no key.
var secretWords = []string{"secret", "password", "passwd", "passphrase", "token", "apikey", "credential", "credentials", "pin"}

// secretPairs are two words in a row that name a credential together.
var secretPairs = [][2]string{{"api", "key"}, {"private", "key"}, {"signing", "key"}, {"access", "key"},
	{"secret", "key"}, {"auth", "key"}, {"consumer", "key"}, {"client", "key"}, {"encryption", "key"}, {"license", "key"}}

// publicWords end names that only sound like a credential's: what kind of token
// it is, where to fetch it, when it ends.
var publicWords = []string{"type", "url", "uri", "endpoint", "name", "id", "expires", "expiry", "in", "at", "ttl", "header", "field", "hint", "label", "path", "length"}

// LooksSecret reports whether a key names a credential.
func LooksSecret(key string) bool {
	words := Words(key)
	if len(words) == 0 || slices.Contains(publicWords, words[len(words)-1]) {
		return false
	}
	for i, w := range words {
		if slices.Contains(secretWords, w) || slices.Contains(secretWords, strings.TrimSuffix(w, "s")) {
			return true
		}
		if i > 0 && slices.Contains(secretPairs, [2]string{words[i-1], w}) {
			return true
		}
	}
	return false
}

// Words splits camelCase, snake_case and kebab-case into lower-case words.
func Words(key string) []string {
	var words []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			words = append(words, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	lower := false
	for _, r := range key {
		upper := r >= 'A' && r <= 'Z'
		switch {
		case r == '_' || r == '-' || r == '.' || r == ' ':
			flush()
		case upper && lower:
			flush()
			fallthrough
		default:
			word.WriteRune(r)
		}
		lower = r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
	}
	flush()
	return words
}

// MayNameSecret reports whether a name of a credential can stand in a text. It
// costs little, and is wrong in one direction only.
func MayNameSecret(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, "key") || slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(lower, w) })
}

// CarriesSecret reports whether a header, parameter or field with this name
// holds credentials.
func CarriesSecret(name string) bool {
	return strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "Proxy-Authorization") || strings.EqualFold(name, "Cookie") || LooksSecret(name)
}

// SecretKeys are the keys of an install whose values are secrets: those that the
// definition calls sensitive, those whose names or kinds say so, and those whose
// values requests send as credentials. The map is made once, and is not to be
// changed.
func (d *Definition) SecretKeys() map[string]bool { return d.secretKeys() }

func (d *Definition) findSecretKeys() map[string]bool {
	keys := map[string]bool{}
	for _, k := range d.Auth.Sensitive() {
		keys[k] = true
	}
	if k := d.Webhook.Verification.Get("secretKey").Text(); k != "" {
		keys[k] = true
	}
	for _, f := range d.Auth.Form.Members() {
		if f.Get("type").Text() == "password" {
			keys[f.Key] = true
		}
	}
	for _, k := range append(d.Auth.CredentialKeys(), d.Auth.ValueKeys()...) {
		if LooksSecret(k.Name) {
			keys[k.Name] = true
		}
	}
	d.Doc.Root.Walk(func(n *jsondoc.Node) bool {
		if text, ok := n.Str(); ok && (strings.Contains(text, "{{") || strings.Contains(text, "[[")) && CarriesSecret(n.Key) {
			for _, p := range Placeholders(n) {
				keys[p.Key] = true
			}
		}
		return true
	})
	return keys
}
