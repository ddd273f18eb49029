package rules

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/markdown"
)

const groupSchema = "Schema"

// schemaRules report what the JSON Schema says, each one kind of violation.
func schemaRules() []Spec {
	return []Spec{schemaRequired(), schemaType(), schemaValue(), schemaFormat(), schemaShape()}
}

// memo holds what several rules of one run ask for.
type memo struct {
	violations []definition.Violation
	stray      []strayField
	validated  bool
	strayFound bool
	samples    []sample
	sampled    bool
	told       map[*jsondoc.Node]bool // values that were called a secret
	compared   int                    // words, to find the nearest

	functions     []functionCode
	functionsRead bool
	byName        map[string]functionCode
	scopes        []scope
	scoped        bool
	urls          []outboundURL

	description    *markdown.Document
	descriptionErr error
	described      bool
	update         *update
}

// violations returns what the schema says of the head's definition. It is asked
// once in a run.
func (p *Pass) violations(def *definition.Definition) []definition.Violation {
	if p.Schema == nil {
		return nil
	}
	if !p.memo.validated {
		p.memo.validated = true
		p.memo.violations = p.Schema.Validate(def.Doc)
	}
	return p.memo.violations
}

// reportSchema reports the violations of a kind, one for each place.
func reportSchema(kind definition.Kind) func(*Pass, *definition.Definition) {
	return func(p *Pass, def *definition.Definition) {
		seen := map[string]bool{}
		for _, v := range p.violations(def) {
			if v.Kind != kind || seen[v.Pointer] || v.Kind == definition.Required && otherCase(v.Node, v.Property) {
				continue
			}
			seen[v.Pointer] = true
			var r *Report
			if v.Kind == definition.Required {
				r = p.Missing(v.Node, v.Property, "%s", v.Message)
			} else {
				r = p.Node(v.Node, "%s", v.Message)
			}
			r.Hint("%s", v.Hint)
			if safeSuggestion(v) {
				r.Fix("write "+v.Suggest, def.Doc.Replace(v.Node, v.Suggest))
			}
		}
	}
}

// otherCase reports whether an object has a member whose key differs from this
// one in the case of letters alone, which field-case has said.
func otherCase(object *jsondoc.Node, key string) bool {
	return slices.ContainsFunc(object.Members(), func(m *jsondoc.Node) bool { return strings.EqualFold(m.Key, key) })
}

// safeSuggestion reports whether a suggestion only spells the same value in the
// right way: other quotes, letter case or separators. Another word, even the
// nearest one, is for the partner to choose.
func safeSuggestion(v definition.Violation) bool {
	switch {
	case v.Suggest == "":
		return false
	case v.Kind == definition.Type:
		// 1.2 in quotes is no version yet.
		return v.Pointer != "/version" || strictVersion(strings.Trim(v.Suggest, `"`)) != nil
	}
	return sameWord(v.Node.Text(), strings.Trim(v.Suggest, `"`))
}

// sameWord reports whether two names differ at most in the case of letters and
// in what stands between words.
func sameWord(a, b string) bool {
	return strings.EqualFold(withoutSeparators(a), withoutSeparators(b))
}

func withoutSeparators(s string) string {
	return strings.NewReplacer("-", "", "_", "", ".", "", " ", "").Replace(s)
}

const schemaHelp = "`miniapp schema` prints the schema. With it, an editor that knows JSON Schema shows what each field is for and completes it."

func schemaRequired() Spec {
	return Spec{
		ID: "schema-required", Group: groupSchema, Severity: finding.Error,
		Title:   "Required fields are there",
		Purpose: "Checks that a definition has every field that the schema requires.",
		Source:  "The platform documents 14 fields at the top level as required, and further ones in triggers, sources, functions and panels.",
		Help:    "Add the field. " + schemaHelp,
		Fires: []Example{
			{Name: "a definition without a title", Edit: "/title delete"},
			{Name: "a trigger without an icon", Edit: "/triggers/0/icon delete"},
		},
		Silent:          []Example{{Name: "optional fields left out", Edit: "/functions delete\n/actions delete\n/dashboardApps delete"}},
		CheckDefinition: reportSchema(definition.Required),
	}
}

func schemaType() Spec {
	return Spec{
		ID: "schema-type", Group: groupSchema, Severity: finding.Error,
		Title:   "Values have the right JSON type",
		Purpose: "Checks that every value has the JSON type that the schema gives it.",
		Source:  "The platform documents the type of every field that it names. A number in quotes is a text.",
		Help:    "Write the value with the type that the message names. " + schemaHelp,
		Fires: []Example{
			{Name: "true and false in quotes", Edit: `/triggers/0/isCustom = "false"`},
			{Name: "an array where an object belongs", Edit: `/webhook = []`},
		},
		Silent:          []Example{{Name: "no webhook, as null", Edit: "/webhook = null"}},
		CheckDefinition: reportSchema(definition.Type),
	}
}

func schemaValue() Spec {
	return Spec{
		ID: "schema-value", Group: groupSchema, Severity: finding.Error,
		Title:   "Values are among the allowed ones",
		Purpose: "Checks that a value from a fixed list is on that list, exactly as it is written there.",
		Source:  "The platform documents fixed lists of values, such as those of category, auth.type and method. They are compared exactly.",
		Help:    "Use one of the values that the hint names. What differs only in letter case or separators is mended by `miniapp check --fix`.",
		Fires: []Example{
			{Name: "a method in lower-case letters", Edit: `/actions/0/requests/0/method = "post"`},
			{Name: "a category that is not on the list", Edit: `/category = "games"`},
		},
		Silent:          []Example{{Name: "another value of the list", Edit: `/category = "developer"`}},
		CheckDefinition: reportSchema(definition.Value),
	}
}

func schemaFormat() Spec {
	return Spec{
		ID: "schema-format", Group: groupSchema, Severity: finding.Error,
		Title:   "Texts and numbers have the right form",
		Purpose: "Checks that texts that must have a form or a content have it, and that numbers are within their limits.",
		Source:  "The namespace is in kebab-case, the version is a semantic version, and required texts are not empty.",
		Help:    "Mend the value as the hint says. " + schemaHelp,
		Fires: []Example{
			{Name: "a title that is empty", Edit: `/title = ""`},
			{Name: "a version that is none", Edit: `/version = "v1.0"`},
		},
		Silent:          []Example{{Name: "a version with a pre-release", Edit: `/version = "1.0.0-beta.1"`}},
		CheckDefinition: reportSchema(definition.Format),
	}
}

func schemaShape() Spec {
	return Spec{
		ID: "schema-shape", Group: groupSchema, Severity: finding.Error,
		Title:   "Objects have one of their shapes",
		Purpose: "Checks that an object that can have several shapes has exactly one of them, and that a definition is small enough to be checked.",
		Source:  "A handler of sync either names a record type and maps the record, or names a resource and the path of its record: both are documented, a mixture is not.",
		Help:    "Keep the fields of one shape. " + schemaHelp,
		Fires: []Example{
			{Name: "a handler that mixes both shapes", Edit: `/sync/webhooks/handlers/ticket.created/recordType = "order"`},
			{Name: "a handler of neither shape", Edit: `/sync/webhooks/handlers/ticket.created/resource delete`},
			{Name: "a definition that is far too long", Raw: `{"triggers": [` + strings.Repeat("0,", definition.MaxValues) + `0]}`},
		},
		Silent: []Example{{Name: "a handler with a record type",
			Edit: `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create", "mapping": {"code": "$.ticket.id"}}`}},
		CheckDefinition: reportSchema(definition.Shape),
	}
}

// keyEdit writes another key of a member.
func keyEdit(member *jsondoc.Node, key string) []jsondoc.Edit {
	return []jsondoc.Edit{{Span: member.KeySpan, Text: jsondoc.Quote(key)}}
}
