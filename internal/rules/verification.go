package rules

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// verificationRules are about how a delivery proves where it comes from.
func verificationRules() []Spec {
	return []Spec{
		verificationPresent(), verificationComplete(), verificationSecretName(), verificationSecretKnown(),
		verificationSchemeSupported(), verificationHashMatches(), verificationMethodStrong(),
		verificationEncodingHMAC(), verificationEncodingBase64(),
	}
}

func verificationPresent() Spec {
	return Spec{
		ID: "verification-present", Group: groupWebhook, Severity: finding.Warning, Security: true,
		Title:   "Deliveries are verified",
		Purpose: "Checks that a webhook has a verification other than \"none\", without which anybody could send events.",
		Source:  "Intake looks at webhook verification; in production an HMAC is expected, and \"none\" is not for production. Whether a missing block means the same as \"none\" is not documented.",
		Help:    "Add `webhook.verification` with the provider's signature header and the name of the key that holds the secret. If the provider signs nothing, say so in the pull request.",
		Fires: []Example{
			{Name: "no verification", Edit: "/webhook/verification delete"},
			{Name: "verification switched off", Edit: `/webhook/verification = {"type": "none"}`},
		},
		Silent: []Example{{Name: "no webhook", Edit: "/webhook = null"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			const hint = "Add the provider's signature: type hmac-sha256, headerName and secretKey."
			switch w, v := def.Webhook.Node, def.Webhook.Verification; {
			case w == nil:
			case w.Get("verification") == nil:
				p.Missing(w, "verification", "deliveries are not verified, so that anybody can send events").Hint(hint)
			case v.Get("type").Text() == "none":
				p.Node(v.Get("type"), "deliveries are not verified, so that anybody can send events").Hint(hint)
			}
		},
	}
}

// signed reports whether a verification compares something at all.
func signed(v *jsondoc.Node) bool {
	return isHMAC(v) || v.Get("type").Text() == "header-token"
}

func isHMAC(v *jsondoc.Node) bool {
	t := v.Get("type").Text()
	return t == "hmac-sha256" || t == "hmac-sha1"
}

func verificationComplete() Spec {
	return Spec{
		ID: "verification-complete", Group: groupWebhook, Severity: finding.Error, Security: true,
		Title:   "The verification can work",
		Purpose: "Checks that a verification has its type, the header with the signature, and the name of the key with the secret.",
		Source:  "The platform reads the header, finds the secret under the key's name, and compares. Without one of them there is nothing to compare.",
		Help:    "Add `headerName` and `secretKey`. The secret itself is never in the definition.",
		Fires: []Example{
			{Name: "no header and no key", Edit: `/webhook/verification = {"type": "hmac-sha256"}`},
			{Name: "no type", Edit: `/webhook/verification/type delete`},
			{Name: "a token without its header", Edit: `/webhook/verification = {"type": "header-token", "headerName": "", "secretKey": "webhookSecret"}`},
		},
		Silent: []Example{{Name: "no verification", Edit: `/webhook/verification = {"type": "none"}`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			v := def.Webhook.Verification
			if v == nil {
				return
			}
			if v.Get("type") == nil {
				p.Missing(v, "type", "the verification lacks its type").Hint("Add \"type\": \"hmac-sha256\", or the method that the provider has.")
			}
			if !signed(v) {
				return
			}
			if r := p.lacks(v, "headerName", "the verification"); r != nil {
				r.Hint("Name the header with the signature or token, such as \"X-Acme-Signature\".")
			}
			if r := p.lacks(v, "secretKey", "the verification"); r != nil {
				r.Hint("Give the name of the key that holds the secret, such as \"webhookSecret\"; never the secret itself.")
			}
		},
	}
}

// signingKeys returns the names under which the platform could find the secret
// of a webhook: configuration, form fields, and what auth stores among the
// credentials.
func signingKeys(def *definition.Definition) []string {
	var keys []string
	for _, m := range slices.Concat(def.Auth.Config.Members(), def.Auth.Form.Members()) {
		keys = append(keys, m.Key)
	}
	for _, s := range def.Auth.Steps() {
		if s.Name != "get_token" && s.Name != "refresh_token" && s.Name != "registrationRequests" {
			continue
		}
		for _, o := range s.Request.Mapping {
			if o.At.Parent.Is(jsondoc.Object) {
				keys = append(keys, o.Name)
			}
		}
	}
	return keys
}

// unbracketed returns the name in a text that is one placeholder.
func unbracketed(s string) (string, bool) {
	for _, b := range [][2]string{{"[[", "]]"}, {"{{", "}}"}} {
		inner, ok := strings.CutPrefix(strings.TrimSpace(s), b[0])
		if inner, end := strings.CutSuffix(inner, b[1]); ok && end {
			return strings.TrimSpace(inner), keyName(strings.TrimSpace(inner))
		}
	}
	return "", false
}

// keyName reports whether a text can be the name of a key.
func keyName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.')) {
			return false
		}
	}
	return s != ""
}

// secretValue reports whether a text looks like a secret and not like the name
// of a key: it could not be a name, begins as providers begin their secrets, or
// has the digits of something random.
func secretValue(s string) bool {
	for _, prefix := range []string{"whsec_", "shpss_", "sk_live_", "sk_test_", "xoxb-", "xoxp-", "ghp_", "gho_"} {
		if strings.HasPrefix(s, prefix) && len(s) > len(prefix)+8 {
			return true
		}
	}
	digits := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	return !keyName(s) || len(s) >= 16 && digits >= 3 || len(s) > 64
}

func verificationSecretName() Spec {
	return Spec{
		ID: "verification-secret-name", Group: groupWebhook, Severity: finding.Error, Security: true,
		Title:   "secretKey is a name",
		Purpose: "Checks that verification.secretKey is the name of a key, and not the secret or a placeholder.",
		Source:  "secretKey names the key under which the platform finds the secret: first among the install's credentials, then in auth.config.",
		Help:    "Write the name alone, such as `webhookSecret`, and declare the key in `auth.config` with the value `\"\"`. If a secret stood there, change it at the provider.",
		Fires: []Example{
			{Name: "something like a secret", Edit: `/webhook/verification/secretKey = "` + strings.Repeat("9f3a", 8) + `"`},
			{Name: "a placeholder", Edit: `/webhook/verification/secretKey = "[[webhookSecret]]"`},
		},
		Silent: []Example{{Name: "a known key with an odd name", Edit: "/auth/config/hook-secret-2026-001 = \"\"\n" + `/webhook/verification/secretKey = "hook-secret-2026-001"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			n := def.Webhook.Verification.Get("secretKey")
			key, ok := n.Str()
			if !ok || key == "" || slices.Contains(signingKeys(def), key) {
				return
			}
			if inner, ok := unbracketed(key); ok {
				if !secretValue(inner) {
					p.Node(n, "secretKey is the name of a key, and no placeholder").Hint("Write %s.", shown(inner)).
						Fix("write "+shown(inner), def.Doc.Replace(n, jsondoc.Quote(inner)))
					return
				}
			}
			if secretValue(key) {
				p.Node(n, "secretKey looks like the secret itself, and not like the name of a key").
					Hint("Write the name of the key that holds the secret, such as \"webhookSecret\". If it is the secret, change it at the provider: it has been published.").
					Hide(key)
				p.tellSecret(n)
			}
		},
	}
}

func verificationSecretKnown() Spec {
	return Spec{
		ID: "verification-secret-known", Group: groupWebhook, Severity: finding.Warning, Security: true,
		Title:   "The webhook's secret is supplied",
		Purpose: "Checks that the key that secretKey names is in auth.config or auth.form, or is stored by a request of auth.",
		Source:  "The platform finds the secret among the install's credentials or in auth.config. One official example names a key that nothing declares, so that this is a warning.",
		Help:    "Declare the key in `auth.config` with the value `\"\"` and list it in `sensitiveKeys`, or map it in the registration request that receives it.",
		Fires:   []Example{{Name: "a key that nothing supplies", Edit: `/webhook/verification/secretKey = "signingSecret"`}},
		Silent: []Example{
			{Name: "a secret that registration receives", Edit: "/auth/registrationRequests/0/mapping/hookSecret = \"$.secret\"\n" + `/webhook/verification/secretKey = "hookSecret"`},
			{Name: "a field of the form", Edit: "/auth/form = {\"signing\": {\"type\": \"password\"}}\n" + `/webhook/verification/secretKey = "signing"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			n := def.Webhook.Verification.Get("secretKey")
			key := n.Text()
			keys := signingKeys(def)
			if _, placeholder := unbracketed(key); key == "" || placeholder || secretValue(key) || slices.Contains(keys, key) || def.Auth.Node == nil {
				return
			}
			r := p.Node(n, "nothing supplies the key %s, so that no delivery can be verified", shown(key))
			if near := p.nearest(key, keys); near != "" {
				r.Hint("Write %s, if that is what you mean.", shown(near))
				return
			}
			r.Hint("Declare it in auth.config with the value \"\", or map it in the request of auth that receives it.")
		},
	}
}

func verificationSchemeSupported() Spec {
	return Spec{
		ID: "verification-scheme-supported", Group: groupWebhook, Severity: finding.Warning,
		Title:   "The provider's scheme is a hash of the body",
		Purpose: "Checks that the signature header is not of a provider whose scheme the documented verification cannot compute.",
		Source:  "The documented verification is an HMAC over the raw body, with an optional prefix `sha256=` or `sha1=`. Some providers sign more than the body; an official example for one of them exists nevertheless, so that this is a warning.",
		Help:    "Ask the marketplace whether the platform supports the provider's scheme, and say in the pull request what they answered.",
		Fires:   []Example{{Name: "Slack's signature", Edit: `/webhook/verification/headerName = "X-Slack-Signature"`}},
		Silent:  []Example{{Name: "a hash of the body", Edit: `/webhook/verification/headerName = "X-Hub-Signature-256"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			v := def.Webhook.Verification
			n := v.Get("headerName")
			if why := definition.OtherScheme(n.Text()); why != "" && isHMAC(v) {
				p.Node(n, "the documented verification hashes the body alone, but %s", why).
					Hint("Ask the marketplace whether the platform supports this scheme, and say so in the pull request.")
			}
		},
	}
}

func verificationHashMatches() Spec {
	return Spec{
		ID: "verification-hash-matches", Group: groupWebhook, Severity: finding.Warning,
		Title:   "Header and hash agree",
		Purpose: "Checks that a header that names its hash is verified with that one.",
		Source:  "The type of the verification decides on the hash. Headers ending in -256 or Sha256 carry SHA-256, and GitHub's X-Hub-Signature carries SHA-1.",
		Help:    "Set `type` to the hash that the header carries.",
		Fires: []Example{
			{Name: "SHA-1 for a header of SHA-256", Edit: `/webhook/verification = {"type": "hmac-sha1", "headerName": "X-Hub-Signature-256", "secretKey": "webhookSecret"}`},
			{Name: "SHA-256 for the old header", Edit: `/webhook/verification/headerName = "X-Hub-Signature"`},
		},
		Silent: []Example{{Name: "a header that names no hash", Edit: `/webhook/verification/type = "hmac-sha1"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			v := def.Webhook.Verification
			header, method := strings.ToLower(v.Get("headerName").Text()), v.Get("type")
			switch {
			case hashDiffers(v):
				p.Node(method, "the header %s carries SHA-256, not SHA-1", shown(v.Get("headerName").Text())).
					Hint("Set the type to \"hmac-sha256\".").Fix("set the type to \"hmac-sha256\"", def.Doc.Replace(method, `"hmac-sha256"`))
			case method.Text() == "hmac-sha256" && header == "x-hub-signature":
				p.Node(v.Get("headerName"), "the header \"X-Hub-Signature\" carries SHA-1, not SHA-256").
					Hint("Use \"X-Hub-Signature-256\".")
			}
		},
	}
}

// hashDiffers reports whether a header that carries SHA-256 is verified with
// SHA-1.
func hashDiffers(v *jsondoc.Node) bool {
	header := strings.ToLower(v.Get("headerName").Text())
	return v.Get("type").Text() == "hmac-sha1" && (strings.HasSuffix(header, "-256") || strings.HasSuffix(header, "sha256"))
}

func verificationMethodStrong() Spec {
	return Spec{
		ID: "verification-method-strong", Group: groupWebhook, Severity: finding.Notice,
		Title:   "The strongest method is used",
		Purpose: "Checks that deliveries are verified with hmac-sha256; where they are not, a reviewer asks why.",
		Source:  "An HMAC is expected in production, with SHA-256 where the provider has it. A token proves the sender, but not that the body is unchanged.",
		Help:    "Use `hmac-sha256` if the provider has it. If not, say so in the pull request.",
		Fires: []Example{
			{Name: "a token in a header", Edit: `/webhook/verification = {"type": "header-token", "headerName": "X-Acme-Token", "secretKey": "webhookSecret"}`},
			{Name: "SHA-1", Edit: `/webhook/verification/type = "hmac-sha1"`},
		},
		Silent: []Example{{Name: "SHA-256"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			n := def.Webhook.Verification.Get("type")
			if hashDiffers(def.Webhook.Verification) || strayEncoding(def.Webhook.Verification) != nil {
				return // other rules speak of the type
			}
			if t := n.Text(); t == "hmac-sha1" || t == "header-token" {
				p.Node(n, "%q is weaker than \"hmac-sha256\"", t).
					Hint("Use hmac-sha256 if the provider has it; if not, say so in the pull request.")
			}
		},
	}
}

func verificationEncodingHMAC() Spec {
	return Spec{
		ID: "verification-encoding-hmac", Group: groupWebhook, Severity: finding.Warning,
		Title:   "Only hashes have an encoding",
		Purpose: "Checks that encoding is given for HMAC verification alone; a token is compared as it is.",
		Source:  "encoding says how an HMAC is written; other types have none.",
		Help:    "Take `encoding` out, or set the type to `hmac-sha256`.",
		Fires:   []Example{{Name: "the encoding of a token", Edit: `/webhook/verification/type = "header-token"`}},
		Silent:  []Example{{Name: "the encoding of an HMAC"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			v := def.Webhook.Verification
			if n := strayEncoding(v); n != nil {
				p.Key(n, "a verification of type %q has no encoding", v.Get("type").Text()).
					Hint("Take it out, or set the type to hmac-sha256.")
			}
		},
	}
}

// strayEncoding returns the encoding of a verification that has none, or nil.
func strayEncoding(v *jsondoc.Node) *jsondoc.Node {
	if t := v.Get("type").Text(); t == "header-token" || t == "none" {
		return v.Get("encoding")
	}
	return nil
}

func verificationEncodingBase64() Spec {
	return Spec{
		ID: "verification-encoding-base64", Group: groupWebhook, Severity: finding.Warning,
		Title:   "Shop signatures are read as Base64",
		Purpose: "Checks that signatures of shop systems that write Base64 are not read as hexadecimal digits, which never match.",
		Source:  "Shopify's header (ending in -Hmac-Sha256) and WooCommerce's X-WC-Webhook-Signature carry Base64. Without encoding, hexadecimal digits are expected.",
		Help:    "Add `\"encoding\": \"base64\"`.",
		Fires: []Example{
			{Name: "Shopify's header", Edit: "/webhook/verification/headerName = \"X-Shopify-Hmac-Sha256\"\n/webhook/verification/encoding delete"},
			{Name: "a header of the same kind", Edit: `/webhook/verification/headerName = "X-Acme-Hmac-SHA256"`},
		},
		Silent: []Example{{Name: "with the encoding", Edit: "/webhook/verification/headerName = \"X-WC-Webhook-Signature\"\n/webhook/verification/encoding = \"base64\""}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			v := def.Webhook.Verification
			header := strings.ToLower(v.Get("headerName").Text())
			certain := header == "x-shopify-hmac-sha256" || header == "x-wc-webhook-signature"
			encoding := v.Get("encoding")
			if !isHMAC(v) || !certain && !strings.HasSuffix(header, "-hmac-sha256") || encoding != nil && encoding.Text() != "hex" {
				return
			}
			at := v.Get("headerName")
			if encoding != nil {
				at = encoding
			}
			r := p.Node(at, "the header %s usually carries Base64, but is read as hexadecimal digits", shown(v.Get("headerName").Text())).
				Hint("Set \"encoding\": \"base64\", unless the provider's documentation says otherwise.")
			if certain {
				r.Fix("set the encoding to \"base64\"", def.Doc.SetMember(v, "encoding", `"base64"`, "secretKey"))
			}
		},
	}
}
