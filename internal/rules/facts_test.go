package rules

import (
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/finding"
)

// facts are what the platform documents about a definition, and official
// examples show, as far as a submission can be held to it: each with the rules
// that do so, and the severities that these may have. What is documented is an
// error; what some official example does otherwise, or only follows from
// something else, is a warning at most.
var facts = []struct{ fact, rules string }{
	{"14 fields at the top level are required, as texts that are not empty and one object", "schema-required=error schema-type=error schema-format=error"},
	{"ns is in lower-case kebab-case", "ns-kebab-case=error"},
	{"name and type usually equal ns", "name-matches-ns=warning"},
	{"a submission is private", "status-private=error"},
	{"category is one of ten", "schema-value=error"},
	{"the version is semantic, and higher than the one before", "version-valid=error version-increased=error"},
	{"ns never changes", "ns-unchanged=error"},
	{"shortDescription is one line of up to about 120 characters", "short-description-fits=warning"},
	{"icon and logo use HTTPS; SVG or PNG, on the publisher's own host", "image-https=error image-format=warning listing-own-host=warning"},
	{"docsUrl is the publisher's own guide, over HTTPS", "guide-absolute=warning listing-own-host=warning url-https=warning"},
	{"the description has numbered steps, and a table of events where there are triggers", "description-steps=warning description-event-table=warning"},
	{"some fields are only for the platform's own definitions", "field-first-party=error"},
	{"auth.type is one of three", "schema-value=error"},
	{"every [[key]] is supplied by auth", "credential-supplied=error,warning"},
	{"every secret of the configuration and of the form, and every token, is in sensitiveKeys", "sensitive-config-listed=error sensitive-form-listed=error sensitive-token-listed=error"},
	{"the signing secret is in sensitiveKeys", "sensitive-signing-listed=warning"},
	{"sensitiveKeys names keys that exist", "sensitive-keys-known=warning"},
	{"secrets of the configuration are empty; a public OAuth client is tolerated", "config-values-empty=error,notice"},
	{"no text looks like a credential", "no-credentials=error"},
	{"OAuth has auth_url and get_token with a URL, and get_token stores the access token", "oauth-requests-complete=error,warning"},
	{"auto_refresh needs refresh_token, and refresh_token should have auto_refresh", "token-refresh-consistent=error,warning"},
	{"auth_url carries the redirect URI, and get_token the code", "oauth-code-exchanged=warning"},
	{"values of auth requests are in the configuration or known to the platform", "auth-value-supplied=warning"},
	{"userDetails maps uid and name", "account-identified=warning"},
	{"mappings of auth have the object form", "auth-mapping-object=error"},
	{"typed credentials are tested", "credentials-tested=warning"},
	{"two values of a Basic header have a colon between them", "basic-header-colon=error,notice"},
	{"names of actions are unique", "action-name-unique=error"},
	{"parameters are an object, whose required names are properties", "parameters-object=error parameter-required-exists=error"},
	{"x-source names an entry of source", "parameter-source-known=error"},
	{"x-source comes with x-fallback", "parameter-fallback-given=warning"},
	{"keys of source start with rpc_", "source-key-prefix=error"},
	{"sources are used", "source-used=notice"},
	{"a source has url, method, valueField and labelField, and a dataPath", "schema-required=error source-data-path=warning"},
	{"every {{key}} of a step is a parameter, an earlier output, a key of auth, or known to the platform", "step-value-supplied=error"},
	{"no step uses what only a later one outputs", "step-order=error"},
	{"parameters are used", "parameter-used=notice"},
	{"steps in between have an array as mapping, the last one an object", "mapping-form-fits=warning"},
	{"every HTTP step has a mapping", "mapping-present=error"},
	{"paths of a mapping start with $, and have dots and indices only", "mapping-path-rooted=warning mapping-path-supported=warning"},
	{"GET and DELETE have no body, and a body has a bodyType", "request-body-fits=notice"},
	{"Content-Type agrees with bodyType", "content-type-agrees=warning"},
	{"a function step names a function, and gives it its parameters", "function-name-known=error function-args-match=warning"},
	{"functions get no credentials", "function-args-no-credentials=error function-code-no-credentials=warning"},
	{"the code of a function can be read, returns an object, and has no network, files or modules", "function-code-parses=warning function-returns-object=warning function-names-defined=warning"},
	{"functions are used", "function-used=notice"},
	{"a trigger's type is miniapps:{ns}", "trigger-type-namespace=error"},
	{"events of triggers are unique", "trigger-event-unique=warning"},
	{"triggers come with eventExtraction", "trigger-webhook-declared=warning"},
	{"a sample delivery gives its event", "sample-produces-event=error,warning"},
	{"a composite event has its separators", "event-separator-consistent=warning"},
	{"icons are Lucide icons", "icon-name-known=warning"},
	{"paths into a body start with $, names of headers and parameters do not", "event-path-dialect=warning"},
	{"a composite event has two or more parts", "event-parts-several=warning"},
	{"deliveries are verified, with a header and a secret", "verification-present=warning verification-complete=error"},
	{"secretKey is a key that auth supplies", "verification-secret-known=warning"},
	{"secretKey is a name, not the secret", "verification-secret-name=error"},
	{"only an HMAC has an encoding", "verification-encoding-hmac=warning"},
	{"signatures of Shopify and WooCommerce are Base64", "verification-encoding-base64=warning"},
	{"transactionId is there, with paths and a fallback", "transaction-id-present=warning transaction-id-fallback=warning"},
	{"transactionId.path is the old form", "transaction-id-paths=warning"},
	{"overrides are for known events", "override-event-known=warning"},
	{"customerExtraction fills the customers' fields, by bare paths", "customer-field-known=warning bare-path-dialect=warning"},
	{"a customer is matched by code, email or phone", "customer-identified=warning"},
	{"deliveries are answered with a status of success", "response-status-success=warning"},
	{"a challenge has its field, value and path", "challenge-complete=error"},
	{"webhook.ecommerce is out of date; alone, it may be refused", "webhook-ecommerce-replaced=error,warning"},
	{"handlers and triggers cover the same events", "handler-has-trigger=warning commerce-trigger-handled=warning"},
	{"a handler has one of two shapes; with a record type it maps code", "schema-shape=error schema-value=error handler-code-mapped=error,warning"},
	{"the resource of a handler exists", "handler-resource-known=error"},
	{"handlers come with eventExtraction", "handler-event-extraction=error"},
	{"a resource has contentType, endpoints.list and apiMapping; details are fetched by {id}", "resource-complete=error resource-details-id=error,warning"},
	{"a page's default size is not above the largest", "pagination-limits-ordered=warning"},
	{"coalesce has paths, compute has fn; other transforms are open, and helpers are explained", "transform-complete=error,warning transform-known=warning compute-explained=notice"},
	{"a shop's connector has customers and order events", "commerce-complete=notice"},
	{"endpoints are relative, and baseUrl is absolute", "sync-endpoint-relative=warning sync-base-absolute=warning"},
	{"URLs use HTTPS, and lead to public hosts", "url-https=warning url-public-host=error"},
	{"a webhook is registered, or a guide says how", "webhook-registered=notice"},
	{"panels have keys of their own, call actions that exist, and are served over HTTPS", "panel-key-unique=error panel-action-known=error,notice url-https=warning"},
	{"the file is strict JSON", "json-strict=error"},
	{"a submission has its changelog, test account, guide of 3 to 5 steps, and samples", "changelog-has-section=error test-account-present=error setup-steps=error event-has-sample=error"},
}

// TestFacts checks that each fact is held by rules that exist, which are neither
// stricter nor milder on their examples than the table says.
func TestFacts(t *testing.T) {
	specs := map[string]Spec{}
	for _, s := range All() {
		specs[s.ID] = s
	}
	seen := map[string]string{}
	for _, f := range facts {
		for _, rule := range strings.Fields(f.rules) {
			id, want, _ := strings.Cut(rule, "=")
			s, ok := specs[id]
			if !ok {
				t.Errorf("%s: there is no rule %q", f.fact, id)
				continue
			}
			if _, ok := seen[id]; !ok {
				seen[id] = severities(t, s)
			}
			if seen[id] != want {
				t.Errorf("%s: the findings of %s are %s, want %s", f.fact, id, seen[id], want)
			}
		}
	}
}

// severities lists those of a rule's findings on its examples, highest first.
func severities(t *testing.T, s Spec) string {
	t.Helper()
	found := map[finding.Severity]bool{}
	for _, e := range s.Fires {
		for _, f := range exampleFindings(t, []Spec{s}, e) {
			found[f.Severity] = true
		}
	}
	var words []string
	for _, severity := range []finding.Severity{finding.Error, finding.Warning, finding.Notice} {
		if found[severity] {
			words = append(words, severity.String())
		}
	}
	return strings.Join(words, ",")
}
