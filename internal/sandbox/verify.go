package sandbox

import (
	"crypto/hmac"
	"crypto/sha1" // documented for providers that have nothing better
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// The documented methods of verification.
const (
	hmacSHA256  = "hmac-sha256"
	hmacSHA1    = "hmac-sha1"
	headerToken = "header-token"
	noMethod    = "none"
)

// Verification is how a delivery proved where it comes from.
type Verification struct {
	// Method is the type of webhook.verification, "none" without one, and "" when
	// nothing was verified: a challenge is answered before.
	Method string `json:"method"`
	// Header is the one that was looked at, Key the name of the secret, and
	// Source where the secret was found: "credentials" or "auth.config".
	Header string `json:"header,omitempty"`
	Key    string `json:"key,omitempty"`
	Source string `json:"source,omitempty"`
	OK     bool   `json:"ok"`
	// Reason is why it failed, or "".
	Reason string `json:"reason,omitempty"`
}

// verification is webhook.verification, read.
type verification struct {
	node                  *jsondoc.Node
	method, encoding      string
	header, key           string
	problem, problemField string // why nothing can be verified by it
}

func readVerification(n *jsondoc.Node) verification {
	v := verification{node: n, method: n.Get("type").Text(), encoding: n.Get("encoding").Text(),
		header: n.Get("headerName").Text(), key: n.Get("secretKey").Text()}
	if v.encoding == "" {
		v.encoding = "hex"
	}
	switch {
	case n == nil:
		v.method = noMethod
	case v.method == noMethod:
	case v.method != hmacSHA256 && v.method != hmacSHA1 && v.method != headerToken:
		v.problem, v.problemField = fmt.Sprintf("the platform knows no verification of type %q", v.method), "type"
	case v.header == "":
		v.problem, v.problemField = "the verification has no headerName, so there is nothing to compare", "headerName"
	case v.key == "":
		v.problem, v.problemField = "the verification has no secretKey, so there is nothing to compare with", "secretKey"
	case v.method != headerToken && v.encoding != "hex" && v.encoding != "base64":
		v.problem, v.problemField = fmt.Sprintf("the platform knows no encoding %q", v.encoding), "encoding"
	}
	return v
}

// signed reports whether deliveries have to prove something.
func (v verification) signed() bool { return v.method != noMethod }

// sign returns what a provider puts into the header for a body, without a
// prefix.
func (v verification) sign(body []byte, secret string) string {
	if v.method == headerToken {
		return secret
	}
	newHash := map[string]func() hash.Hash{hmacSHA256: sha256.New, hmacSHA1: sha1.New}[v.method]
	if newHash == nil {
		return ""
	}
	mac := hmac.New(newHash, []byte(secret))
	mac.Write(body)
	if v.encoding == "base64" {
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// matches compares what came with what should have come, in a time that tells
// nothing about either.
func (v verification) matches(sent string, body []byte, secret string) bool {
	if v.method == headerToken {
		// The hashes have one length, whatever the token's.
		a, b := sha256.Sum256([]byte(sent)), sha256.Sum256([]byte(secret))
		return subtle.ConstantTimeCompare(a[:], b[:]) == 1
	}
	want := v.sign(body, secret)
	sent = strings.TrimPrefix(sent, prefixOf(sent))
	if v.encoding == "hex" {
		sent = strings.ToLower(sent)
	}
	return want != "" && hmac.Equal([]byte(want), []byte(sent))
}

// prefixOf returns the name of a hash that stands before a signature, or "".
func prefixOf(signature string) string {
	for _, prefix := range []string{"sha256=", "sha1="} {
		if strings.HasPrefix(signature, prefix) {
			return prefix
		}
	}
	return ""
}

// secret finds the secret under a key in the documented order, and says where
// it was. An empty one is none: everybody can sign with it.
func (m *Machine) secret(install *Install, key string) (secret, source string) {
	if text, ok := definition.Scalar(install.Credentials[key]); ok && text != "" {
		return text, "credentials"
	}
	if text, ok := definition.Scalar(m.Definition.Auth.Config.Get(key)); ok && text != "" {
		return text, "auth.config"
	}
	return "", ""
}

// verify reports whether the delivery comes from the provider.
func (d *delivery) verify() bool {
	w := d.m.Definition.Webhook
	v := readVerification(w.Verification)
	if n := w.Node.Get("verification"); w.Verification == nil && n != nil && !n.Is(jsondoc.Null) {
		// Something was meant to be compared.
		return d.unverified(unverifiableRefused, n, "Write it as an object.", "the verification is no object")
	}
	d.out.Verification = Verification{Method: v.method, Header: v.header, Key: v.key}
	if !v.signed() {
		return d.unsigned(v)
	}
	at := v.node.Get("headerName")
	if v.problem != "" {
		at = v.node.Get(v.problemField)
		if at == nil {
			at = v.node
		}
		return d.unverified(unverifiableRefused, at, "Correct webhook.verification.", "%s", v.problem)
	}
	sent := d.parts.Header(v.header).Text()
	d.schemes(v, sent)
	if sent == "" {
		return d.unverified(unverifiableRefused, at, "Write the header's name as the provider does.", "the delivery has no header %q", v.header)
	}
	secret, source := d.m.secret(d.install, v.key)
	if secret == "" {
		return d.unverified(unverifiableRefused, v.node.Get("secretKey"), "Let the tenant supply it in auth.config or auth.form, or map it in the registration request that receives it.",
			"nothing has the secret %q: it is neither among the credentials nor in auth.config", v.key)
	}
	d.hide.add(secret)
	d.out.Verification.Source = source
	if !v.matches(sent, d.in.Body, secret) {
		reason, hint := v.mismatch(sent, d.in.Body, secret)
		return d.unverified(Choice{}, at, hint, "%s", reason)
	}
	if v.method != headerToken && v.encoding == "hex" && strings.ContainsAny(sent, "ABCDEF") {
		d.choose(hexCapitals, v.node)
	}
	d.out.Verification.OK = true
	return true
}

// unsigned lets a delivery through that nobody vouches for.
func (d *delivery) unsigned(v verification) bool {
	at := v.node
	if at == nil {
		at = d.m.Definition.Webhook.Node
		d.choose(missingIsNone, at)
	}
	d.say(finding.Warning, at, "Add the provider's signature: type hmac-sha256, headerName and secretKey.", "the delivery is not verified: anybody can send one")
	d.out.Verification.OK = true
	return true
}

// schemes says what the documented verification does not look at.
func (d *delivery) schemes(v verification, sent string) {
	if t := v.node.Get("timestampHeader"); t.Text() != "" {
		d.choose(timestampUnused, t)
	}
	const hint = "Ask the marketplace whether the platform supports this scheme."
	why := definition.OtherScheme(v.header)
	if why == "" && strings.HasPrefix(sent, "v0=") {
		why = "a signature that starts with \"v0=\" is of a version, the time and the body together, as Slack does it"
	}
	if why != "" && v.method != headerToken {
		d.say(finding.Warning, v.node.Get("headerName"), hint, "the documented verification hashes the body alone, but %s", why)
	}
}

// mismatch says why a signature does not match, as far as it can be found out.
func (v verification) mismatch(sent string, body []byte, secret string) (reason, hint string) {
	if v.method == headerToken {
		return fmt.Sprintf("the header %q has another token", v.header), "Compare the secret with the one at the provider."
	}
	reason = fmt.Sprintf("the header %q has another signature than that of the body", v.header)
	if strings.HasPrefix(sent, "v0=") {
		return reason, "It is of another scheme, which the documented verification cannot compute."
	}
	for _, method := range []string{hmacSHA256, hmacSHA1} {
		for _, encoding := range []string{"hex", "base64"} {
			other := verification{method: method, encoding: encoding}
			if other.matches(sent, body, secret) {
				return reason, fmt.Sprintf("It is right for the type %q with the encoding %q: write these.", method, encoding)
			}
		}
	}
	return reason, "Compare the secret with the one at the provider, and look whether the body is delivered byte for byte."
}
