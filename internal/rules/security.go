package rules

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/submission"
)

const groupSecurity = "Security"

// securityRules protect tenants' credentials and the platform's network.
func securityRules() []Spec {
	return []Spec{
		sensitiveKeysComplete(), sensitiveFormKeys(), sensitiveTokenKeys(), sensitiveSigningKey(),
		configValuesEmpty(), noCredentials(), urlWellFormed(), urlPublicHost(), urlHTTPS(),
	}
}

// listSensitive reports a key that sensitiveKeys lacks, and offers to add it.
func listSensitive(p *Pass, def *definition.Definition, at *jsondoc.Node, key, what string) {
	if slices.Contains(def.Auth.Sensitive(), key) {
		return
	}
	if n := otherLetters(def, key); n != nil {
		p.Key(at, "%s %s is in auth.sensitiveKeys in other letters, so that it would reach the browser", what, shown(key)).
			Hint("Write %s instead of %s there.", shown(key), shown(n.Text())).
			Fix("write "+shown(key)+" in auth.sensitiveKeys", def.Doc.Replace(n, jsondoc.Quote(key))).
			See(n, "the entry")
		return
	}
	var edits []jsondoc.Edit
	if def.Auth.SensitiveKeys != nil {
		edits = def.Doc.Append(def.Auth.SensitiveKeys, jsondoc.Quote(key))
	} else if def.Auth.Node.Get("sensitiveKeys") == nil {
		edits = def.Doc.SetMember(def.Auth.Node, "sensitiveKeys", "[\n  "+jsondoc.Quote(key)+"\n]", "type")
	}
	p.Key(at, "%s %s is not in auth.sensitiveKeys, so that it would reach the browser", what, shown(key)).
		Hint("Add %s to auth.sensitiveKeys.", shown(key)).
		Fix("add "+shown(key)+" to auth.sensitiveKeys", edits)
}

// otherLetters returns the entry of sensitiveKeys that is this key in other
// letters and no key itself, or nil.
func otherLetters(def *definition.Definition, key string) *jsondoc.Node {
	for _, n := range def.Auth.SensitiveKeys.Elements() {
		if strings.EqualFold(n.Text(), key) && n.Text() != key && !keySet(def.Auth.CredentialKeys())[n.Text()] {
			return n
		}
	}
	return nil
}

const sensitiveSource = "The keys in auth.sensitiveKeys never leave the platform's servers. A secret that is not listed is a named reason for rejection."

const sensitiveHelp = "Add the key to `auth.sensitiveKeys`. `miniapp check --fix` does it."

func sensitiveKeysComplete() Spec {
	return Spec{
		ID: "sensitive-config-listed", Group: groupSecurity, Severity: finding.Error, Security: true,
		Title:   "Secrets of auth.config are listed",
		Purpose: "Checks that every key of auth.config that names a credential is in auth.sensitiveKeys.",
		Source:  sensitiveSource, Help: sensitiveHelp,
		Fires: []Example{
			{Name: "a secret that is not listed", Edit: `/auth/config/apiSecret = ""`},
			{Name: "no list at all", Edit: `/auth/sensitiveKeys delete`},
		},
		Silent: []Example{
			{Name: "keys that only sound secret", Edit: "/auth/config/tokenUrl = \"https://acme.example/token\"\n/auth/config/token_type = \"bearer\""},
			{Name: "the id of a public OAuth app", Edit: `/auth/config/client_id = ""`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, m := range def.Auth.Config.Members() {
				if definition.LooksSecret(m.Key) {
					listSensitive(p, def, m, m.Key, "the secret")
				}
			}
		},
	}
}

func sensitiveFormKeys() Spec {
	return Spec{
		ID: "sensitive-form-listed", Group: groupSecurity, Severity: finding.Error, Security: true,
		Title:   "Password fields are listed",
		Purpose: "Checks that every field of auth.form that is a password, or is named like one, is in auth.sensitiveKeys.",
		Source:  sensitiveSource, Help: sensitiveHelp,
		Fires: []Example{
			{Name: "a password field that is not listed", Edit: `/auth/form = {"storePin": {"type": "password", "label": "PIN", "required": true}}`},
			{Name: "a text field with a secret name", Edit: `/auth/form = {"apiSecret": {"type": "text", "label": "Secret", "required": true}}`},
		},
		Silent: []Example{{Name: "a password field that is listed", Edit: "/auth/form = {\"accessToken\": {\"type\": \"password\", \"label\": \"Token\", \"required\": true}}"}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, m := range def.Auth.Form.Members() {
				if definition.LooksSecret(m.Key) && def.Auth.Config.Get(m.Key) != nil {
					continue // sensitive-config-listed speaks of it
				}
				if m.Get("type").Text() == "password" || definition.LooksSecret(m.Key) {
					listSensitive(p, def, m, m.Key, "the field")
				}
			}
		},
	}
}

func sensitiveTokenKeys() Spec {
	return Spec{
		ID: "sensitive-token-listed", Group: groupSecurity, Severity: finding.Error, Security: true,
		Title:   "Tokens that auth fetches are listed",
		Purpose: "Checks that every credential that get_token, refresh_token or a registration request stores is in auth.sensitiveKeys.",
		Source:  "What these requests map is stored among the install's credentials. " + sensitiveSource, Help: sensitiveHelp,
		Fires: []Example{{Name: "a fetched token that is not listed",
			Edit: `/auth/registrationRequests/0/mapping/hookSecret = "$.secret"`}},
		Silent: []Example{{Name: "an id and an expiry", Edit: `/auth/registrationRequests/0/mapping/expiresIn = "$.expires_in"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, s := range def.Auth.Steps() {
				if s.Name != "get_token" && s.Name != "refresh_token" && s.Name != "registrationRequests" {
					continue
				}
				for _, o := range s.Request.Mapping {
					// An array mapping is only seen by later steps.
					if o.At.Parent.Is(jsondoc.Object) && definition.LooksSecret(o.Name) {
						listSensitive(p, def, o.At, o.Name, "the credential")
					}
				}
			}
		},
	}
}

func sensitiveSigningKey() Spec {
	return Spec{
		ID: "sensitive-signing-listed", Group: groupSecurity, Severity: finding.Warning, Security: true,
		Title:   "The webhook secret is listed",
		Purpose: "Checks that the key that webhook.verification.secretKey names is in auth.sensitiveKeys.",
		Source:  sensitiveSource + " One official example leaves its signing secret out, so that this is a warning.",
		Help:    sensitiveHelp,
		Fires:   []Example{{Name: "a signing secret that is not listed", Edit: "/auth/config/signing = \"\"\n/webhook/verification/secretKey = \"signing\""}},
		Silent:  []Example{{Name: "no webhook", Edit: `/webhook = null`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			n := def.Webhook.Verification.Get("secretKey")
			key, ok := n.Str()
			if !ok || key == "" || slices.Contains(def.Auth.Sensitive(), key) || def.Auth.Node == nil {
				return
			}
			if def.Auth.Config.Get(key) != nil && definition.LooksSecret(key) {
				return // sensitive-config-listed speaks of it
			}
			if def.Auth.Config.Get(key) == nil && def.Auth.Form.Get(key) == nil {
				return // a name that nothing supplies is not a key yet
			}
			listSensitive(p, def, n, key, "the webhook secret")
		},
	}
}

func configValuesEmpty() Spec {
	return Spec{
		ID: "config-values-empty", Group: groupSecurity, Severity: finding.Error, Security: true,
		Title:   "Secrets have no value",
		Purpose: "Checks that credentials in auth.config are empty strings, which the tenant or the platform fills in.",
		Source:  "No production secret may be in a definition; what the tenant supplies is \"\" in auth.config. The client_id and client_secret of a public OAuth app are tolerated where the flow needs them.",
		Help:    "Set the value to `\"\"`, and change the credential at the provider: it has been published.",
		Fires: []Example{
			{Name: "a token with a value", Edit: `/auth/config/accessToken = "tok-live-123456"`},
			{Name: "the secret of an OAuth app", Edit: `/auth/type = "oauth2"` + "\n" + `/auth/config/client_secret = "abc"` + "\n" + `/auth/sensitiveKeys/- = "client_secret"`},
		},
		Silent: []Example{{Name: "values that are not secret", Edit: `/auth/config/scope = "tickets:read"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			sensitive := def.Auth.Sensitive()
			for _, m := range def.Auth.Config.Members() {
				value, ok := m.Str()
				if m.Is(jsondoc.Number) {
					value, ok = m.Literal(), true
				}
				if !ok || value == "" || !definition.LooksSecret(m.Key) && !slices.Contains(sensitive, m.Key) && m.Key != "client_id" {
					continue
				}
				if def.Auth.Type == "oauth2" && (m.Key == "client_id" || m.Key == "client_secret") {
					r := p.Node(m, "%s has a value, which only the app of a public OAuth client may have", shown(m.Key)).As(finding.Notice).
						Hint("Leave it as \"\" unless the provider's flow needs it in the definition; a reviewer decides.")
					if m.Key == "client_secret" {
						r.Hide(value)
					}
					continue
				}
				if m.Key == "client_id" {
					continue
				}
				p.Node(m, "%s is a credential and must not have a value in a definition", shown(m.Key)).
					Hint("Set it to \"\", and change the credential at the provider: it has been published.").
					Fix("empty "+shown(m.Key), def.Doc.Replace(m, `""`)).Hide(value)
				p.tellSecret(m)
			}
		},
	}
}

// tellSecret notes that a rule has called a value a secret, so that another
// need not say it again.
func (p *Pass) tellSecret(n *jsondoc.Node) {
	if p.memo.told == nil {
		p.memo.told = map[*jsondoc.Node]bool{}
	}
	p.memo.told[n] = true
}

func noCredentials() Spec {
	return Spec{
		ID: "no-credentials", Group: groupSecurity, Severity: finding.Error, Security: true,
		Title:   "No credentials in any file",
		Purpose: "Checks that no file of the submission holds something that looks like a real credential.",
		Source:  "No production secret may be in a submission. Credentials are recognised by the rules of gitleaks; the repository is public once it is pushed.",
		Help:    "Take the credential out, and change it at the provider: whoever can read the repository has it. For an example in a text, use one that is plainly made up, such as `your-token-here`.",
		Fires: []Example{
			{Name: "a token in a header", Edit: `/actions/0/requests/0/headers/Authorization = "Bearer ` + exampleToken() + `"`},
			{Name: "a token in the setup guide", Files: map[string]string{submission.SetupFile: "1. Use " + exampleToken() + "\n2. Connect\n3. Done\n"}},
		},
		Silent: []Example{{Name: "placeholders and made-up values", Edit: `/actions/0/requests/0/headers/X-Api-Key = "[[apiKey]]"`}},
		Check:  checkCredentials,
	}
}

// exampleToken is put together, so that no file of this project holds what
// looks like a credential.
func exampleToken() string { return "ghp" + "_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8" }

// textPlace is where a text that was scanned comes from.
type textPlace struct {
	file *submission.File
	node *jsondoc.Node // the string, or the member whose key was scanned
	key  bool
	at   int // offset of a line in a text file
}

// eachSecretText calls visit for the texts that are searched for credentials.
func eachSecretText(pkg *submission.Package, visit func(SecretText, textPlace)) {
	for _, f := range pkg.Files {
		if f.Data == nil || f.Name == submission.TestAccountFile {
			continue
		}
		if f.JSON == nil {
			at := 0
			for line := range strings.Lines(string(f.Data)) {
				visit(SecretText{Value: strings.TrimRight(line, "\r\n")}, textPlace{file: f, at: at})
				at += len(line)
			}
			continue
		}
		f.JSON.Root.Walk(func(n *jsondoc.Node) bool {
			if n.KeySpan.End > 0 {
				visit(SecretText{Value: n.Key}, textPlace{file: f, node: n, key: true})
			}
			if s, ok := n.Str(); ok {
				key := n.Key
				if n.Parent.Is(jsondoc.Array) {
					key = n.Parent.Key
				}
				visit(SecretText{Key: key, Value: s}, textPlace{file: f, node: n})
			}
			return true
		})
	}
}

func checkCredentials(p *Pass) {
	if p.Secrets == nil {
		return
	}
	// Most values are short; growing step by step would copy them many times.
	size := 0
	for _, f := range p.Head.Files {
		size += len(f.Data)
	}
	texts := make([]SecretText, 0, size/20)
	eachSecretText(p.Head, func(t SecretText, _ textPlace) { texts = append(texts, t) })
	leaks, err := p.Secrets.Scan(texts)
	if err != nil {
		p.File(submission.DefinitionFile, "the submission could not be searched for credentials").
			Hint("This is a fault of the checker, not of the submission; please report it.")
		return
	}
	if len(leaks) == 0 {
		return
	}
	// Credentials are rare, so that the places are looked up only now.
	places := make([]textPlace, 0, len(texts))
	eachSecretText(p.Head, func(_ SecretText, at textPlace) { places = append(places, at) })
	for _, l := range leaks {
		place, text := places[l.Text], texts[l.Text].Value
		span := jsondoc.Span{Start: place.at + l.Start, End: place.at + l.End}
		secret := text[l.Start:l.End]
		if l.End == 0 {
			span.End, secret = place.at+len(text), text
		}
		if place.node != nil {
			if span = place.node.Span; place.key {
				span = place.node.KeySpan
			}
		}
		if place.node != nil && !place.key && p.memo.told[place.node] {
			continue
		}
		r := p.Span(place.file.Name, span, "this looks like a real credential (%s)", l.Kind).
			Hint("Take it out, and change it at the provider: whoever can read the repository has it.").
			Tell(l.Kind)
		if place.node != nil {
			r.Pointer = place.node.Pointer()
		}
		r.Hide(secret)
	}
}
