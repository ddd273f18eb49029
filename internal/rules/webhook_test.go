package rules

import (
	"strings"
	"testing"
)

const composite = `/webhook/eventExtraction = {"source": "body", "path": "event", "compositeStrategy": {"parts": [{"source": "header", "path": "X-Acme-Object"}, {"source": "body", "path": "$.action"}], "separator": "."}}`

func TestWebhookRules(t *testing.T) {
	checkPositions(t, webhookRules(), []position{
		{"no webhook is no finding", "/webhook = null", nil},
		{"wrong types are the schema's matter", "/webhook/eventExtraction = 1\n/webhook/transactionId = []\n/webhook/customerExtraction = true\n/webhook/response = \"ok\"\n/webhook/challengeResponse = 2\n/webhook/verification = {\"headerName\": 3}", nil},
		{"an idle primary path is not looked at", composite, nil},
		{"wrong types inside", "/webhook/response/statusCode = \"200\"\n/webhook/eventExtraction = {\"source\": 1, \"path\": [], \"fallback\": 2, \"compositeStrategy\": []}\n/webhook/transactionId/paths = {}\n/webhook/customerExtraction/mapping = []", nil},
		{"parts that are no list", `/webhook/eventExtraction = {"compositeStrategy": {"parts": "x"}}`, nil},
		{"three parts need two separators, in triggers and handlers", composite + "\n" + `/webhook/eventExtraction/compositeStrategy/parts/- = {"source": "query", "path": "kind"}`, []string{
			`/triggers/0/event warning event-separator-consistent: the event "ticket.created" has too few parts: eventExtraction joins 3 with "."`,
			`/triggers/1/event warning event-separator-consistent: the event "ticket.closed" has too few parts: eventExtraction joins 3 with "."`,
			`/sync/webhooks/handlers/ticket.created warning event-separator-consistent: the event "ticket.created" has too few parts: eventExtraction joins 3 with "."`,
		}},
		{"the old path counts as a path", `/webhook/transactionId = {"path": "$.id", "fallback": "generate"}`, []string{
			`/webhook/transactionId/path warning transaction-id-paths: "path" is the old form of "paths" -> write it as "paths"`,
		}},
		{"an old path that is no text cannot be rewritten", `/webhook/transactionId = {"path": ["$.id"], "fallback": "generate"}`, []string{
			`/webhook/transactionId/path warning transaction-id-paths: "path" is the old form of "paths"`,
		}},
		{"an empty transactionId", `/webhook/transactionId = {}`, []string{
			`/webhook/transactionId/fallback warning transaction-id-fallback: transactionId does not say what happens to a delivery without an id -> add the fallback`,
			`/webhook/transactionId/paths warning transaction-id-present: a delivery that comes twice is worked on twice, since transactionId has no paths`,
		}},
		{"customer fields in other spellings; the second has no name left", "/webhook/customerExtraction/mapping/last_name = \"a\"\n/webhook/customerExtraction/mapping/LastName = \"b\"\n/webhook/customerExtraction/mapping/first-name = \"c\"\n/webhook/customerExtraction/mapping/Phone = \"d\"", []string{
			`/webhook/customerExtraction/mapping/last_name warning customer-field-known: customers have no field "last_name" -> write "lastName"`,
			`/webhook/customerExtraction/mapping/LastName warning customer-field-known: customers have no field "LastName"`,
			`/webhook/customerExtraction/mapping/first-name warning customer-field-known: customers have no field "first-name"`,
			`/webhook/customerExtraction/mapping/Phone warning customer-field-known: customers have no field "Phone"`,
		}},
		{"an override's own mapping", `/webhook/customerExtraction/overrides = {"ticket.closed": {"basePath": "$.x", "mapping": {"eMail": "$.x.mail"}}}`, []string{
			`/webhook/customerExtraction/overrides/ticket.closed/mapping/eMail warning customer-field-known: customers have no field "eMail"`,
		}},
		{"a challenge whose value is no text", `/webhook/challengeResponse = {"identifyField": "ping", "identifyValue": true, "challengePath": ""}`, []string{
			`/webhook/challengeResponse/challengePath error challenge-complete: the challenge has an empty "challengePath"`,
		}},
		{"a status in another notation", "/webhook/response/statusCode = 2.02e2", nil},
		{"the webhook's address in a URL", "/auth/registrationRequests/0/body = {}\n/description = \"x\"\n" + `/auth/registrationRequests/0/url = "https://api.acme.example/v1/hooks?target={{ webhookUrl }}"`, nil},
		{"a header's name among the fallbacks", `/webhook/eventExtraction/fallback = {"source": "header", "path": "X-Événement"}`, []string{
			`/webhook/eventExtraction/fallback/path error header-name-valid: "X-Événement" cannot be the name of a header`,
		}},
	})
}

func TestVerificationRules(t *testing.T) {
	hex := strings.Repeat("9f3a", 8)
	checkPositions(t, verificationRules(), []position{
		{"wrong types are the schema's matter", `/webhook/verification = []`, nil},
		{"wrong types inside", `/webhook/verification = {"type": 1, "headerName": 2, "secretKey": 3, "encoding": 4}`, nil},
		{"no auth to look into", "/auth delete", nil},
		{"neither type nor parts", `/webhook/verification = {}`, []string{
			`/webhook/verification/type error verification-complete: the verification lacks its type`,
		}},
		{"a secret is told once, and never shown", `/webhook/verification/secretKey = "` + hex + `"`, []string{
			`/webhook/verification/secretKey error verification-secret-name: secretKey looks like the secret itself, and not like the name of a key`,
		}},
		{"a secret in brackets", `/webhook/verification/secretKey = "[[` + hex + `]]"`, []string{
			`/webhook/verification/secretKey error verification-secret-name: secretKey looks like the secret itself, and not like the name of a key`,
		}},
		{"what cannot be a name", `/webhook/verification/secretKey = "my secret"`, []string{
			`/webhook/verification/secretKey error verification-secret-name: secretKey looks like the secret itself, and not like the name of a key`,
		}},
		{"a long name with a digit is a name", `/webhook/verification/secretKey = "acmeWebhookSigningSecretV2"`, []string{
			`/webhook/verification/secretKey warning verification-secret-known: nothing supplies the key "acmeWebhookSigningSecretV2", so that no delivery can be verified`,
		}},
		{"account details are no credentials", "/auth/userDetails/mapping/hookKey = \"$.k\"\n" + `/webhook/verification/secretKey = "hookKey"`, []string{
			`/webhook/verification/secretKey warning verification-secret-known: nothing supplies the key "hookKey", so that no delivery can be verified`,
		}},
		{"what an array mapping names is not stored", `/auth/registrationRequests/0/mapping = [{"name": "hookKey", "value": "$.k"}]` + "\n" + `/webhook/verification/secretKey = "hookKey"`, []string{
			`/webhook/verification/secretKey warning verification-secret-known: nothing supplies the key "hookKey", so that no delivery can be verified`,
		}},
		{"Slack", `/webhook/verification = {"type": "hmac-sha256", "headerName": "x-slack-signature", "secretKey": "webhookSecret", "timestampHeader": "X-Slack-Request-Timestamp"}`, []string{
			`/webhook/verification/headerName warning verification-scheme-supported: the documented verification hashes the body alone, but Slack signs a version, the time and the body together`,
		}},
		{"a token in the header of another scheme is compared as it is", `/webhook/verification = {"type": "header-token", "headerName": "Webhook-Signature", "secretKey": "webhookSecret"}`, []string{
			`/webhook/verification/type notice verification-method-strong: "header-token" is weaker than "hmac-sha256"`,
		}},
		{"the encoding is added after the key", `/webhook/verification = {"type": "hmac-sha256", "headerName": "X-WC-Webhook-Signature", "secretKey": "webhookSecret"}`, []string{
			`/webhook/verification/headerName warning verification-encoding-base64: the header "X-WC-Webhook-Signature" usually carries Base64, but is read as hexadecimal digits -> set the encoding to "base64"`,
		}},
		{"switched off with an encoding", `/webhook/verification = {"type": "none", "encoding": "hex"}`, []string{
			`/webhook/verification/type warning verification-present: deliveries are not verified, so that anybody can send events`,
			`/webhook/verification/encoding warning verification-encoding-hmac: a verification of type "none" has no encoding`,
		}},
	})
}

func TestDialectRules(t *testing.T) {
	checkPositions(t, dialectRules(), []position{
		{"the same field in both sources", `/webhook/eventExtraction = {"compositeStrategy": {"parts": [{"source": "query", "path": "$.kind"}, {"source": "body", "path": "data.action"}, {"source": "query", "path": "$.a.b"}], "separator": "."}}`, []string{
			`/webhook/eventExtraction/compositeStrategy/parts/0/path warning event-path-dialect: "$.kind" is a path, but a query parameter is found by its name -> write "kind"`,
			`/webhook/eventExtraction/compositeStrategy/parts/1/path warning event-path-dialect: the path "data.action" into the body does not start with "$" -> write "$.data.action"`,
			`/webhook/eventExtraction/compositeStrategy/parts/2/path warning event-path-dialect: "$.a.b" is a path, but a query parameter is found by its name`,
		}},
		{"a bare path that cannot be read gets no fix", `/webhook/transactionId/overrides = {"ticket.closed": {"paths": ["items[*].id", "[0].id"]}}`, []string{
			`/webhook/transactionId/overrides/ticket.closed/paths/0 warning path-syntax-supported: the path uses "[*]", which the platform does not know`,
			`/webhook/transactionId/overrides/ticket.closed/paths/0 warning webhook-path-dialect: the path "items[*].id" into a delivery does not start with "$"`,
			`/webhook/transactionId/overrides/ticket.closed/paths/1 warning webhook-path-dialect: the path "[0].id" into a delivery does not start with "$" -> write "$[0].id"`,
		}},
		{"a root alone is nothing that can be left out", "/source/rpc_queues/dataPath = \"$\"\n/source/rpc_queues/labelField = \"$name\"", []string{
			`/source/rpc_queues/dataPath warning bare-path-dialect: "$" starts with "$", but is relative already`,
			`/source/rpc_queues/labelField warning bare-path-dialect: "$name" starts with "$", but is relative already`,
			`/source/rpc_queues/labelField warning path-syntax-supported: the path needs "." or "[" before "name"`,
		}},
		{"rules in apiMapping", `/sync/resources/customers/apiMapping = {"a": {"path": "$.a"}, "b": {"paths": ["b", "$.c[0]"], "transform": "coalesce"}, "c": 1, "d": {"transform": "compute", "fn": "x"}}`, []string{
			`/sync/resources/customers/apiMapping/a/path warning bare-path-dialect: "$.a" starts with "$", but is relative already -> write "a"`,
			`/sync/resources/customers/apiMapping/b/paths/1 warning bare-path-dialect: "$.c[0]" starts with "$", but is relative already -> write "c[0]"`,
		}},
		{"below the base path of an override", `/webhook/customerExtraction/overrides = {"ticket.closed": {"basePath": "$.agent", "mapping": {"code": "$.agent.id", "avatar": "$.ticket.requester.photo"}}}`, []string{
			`/webhook/customerExtraction/overrides/ticket.closed/mapping/code warning bare-path-dialect: "$.agent.id" starts with "$", but is relative already -> write "id"`,
			`/webhook/customerExtraction/overrides/ticket.closed/mapping/avatar warning bare-path-dialect: "$.ticket.requester.photo" starts with "$", but is relative already`,
		}},
		{"both kinds of handlers", `/sync/webhooks/handlers = {"ticket.created": {"resource": "customers", "operation": "upsert", "dataPath": "ticket"}, "ticket.closed": {"recordType": "order", "operation": "update", "mapping": {"code": "$.id", "total": {"path": "total"}}}}`, []string{
			`/sync/webhooks/handlers/ticket.created/dataPath warning webhook-path-dialect: the path "ticket" into a delivery does not start with "$" -> write "$.ticket"`,
			`/sync/webhooks/handlers/ticket.closed/mapping/total/path warning handler-path-dialect: "total" does not start with "$", so that nothing is found in the delivery`,
		}},
	})
}
