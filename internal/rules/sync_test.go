package rules

import "testing"

func TestSyncRules(t *testing.T) {
	checkPositions(t, syncRules(), []position{
		{"no sync is no finding", "/sync delete", nil},
		{"wrong types are the schema's matter", "/sync/baseUrl = 1\n/sync/resources/customers/endpoints = []\n/sync/resources/customers/apiMapping = \"x\"\n/sync/resources/customers/pagination = 3", nil},
		{"wrong types inside", "/sync/resources/customers/endpoints/list = \"x\"\n/sync/resources/customers/endpoints/details = 1\n/sync/resources/customers/apiMapping/code = {\"transform\": 1, \"paths\": \"x\"}\n/sync/resources/customers/contentType = 4\n/sync/resources/customers/pagination/defaultLimit = \"500\"", nil},
		{"resources that are no objects", `/sync/resources = {"customers": true}`, nil},
		{"a base that ends with a slash", "/sync/baseUrl = \"https://api.acme.example/v1/\"\n/sync/resources/customers/endpoints/list/url = \"requesters\"\n/sync/resources/customers/endpoints/details/url = \"https://api.acme.example/v1/requesters/{id}\"", []string{
			`/sync/resources/customers/endpoints/details/url warning sync-endpoint-relative: "https://api.acme.example/v1/requesters/{id}" repeats baseUrl, which is put before it -> write "/requesters/{id}"`,
		}},
		{"a host that only starts like the base", `/sync/resources/customers/endpoints/list/url = "https://api.acme.example/v10/requesters"`, []string{
			`/sync/resources/customers/endpoints/list/url warning sync-endpoint-relative: "https://api.acme.example/v10/requesters" is a whole URL, but baseUrl is put before it`,
		}},
		{"a host without a scheme", `/sync/resources/customers/endpoints/list/url = "//data.acme.example/x"`, []string{
			`/sync/resources/customers/endpoints/list/url warning sync-endpoint-relative: "//data.acme.example/x" is a whole URL, but baseUrl is put before it`,
		}},
		{"whole URLs need no base", "/sync/baseUrl delete\n/sync/resources/customers/endpoints/list/url = \"{{storeUrl}}/x\"\n/sync/resources/customers/endpoints/details/url = \"[[storeUrl]]/x/{id}\"", nil},
		{"both kinds of braces", `/sync/resources/customers/endpoints/details/url = "/x/{id}/y?z={{id}}"`, nil},
		{"details that nobody asks for need an id too", "/sync/resources/customers/expandDetails delete\n/sync/resources/customers/endpoints/details/url = \"/x\"", []string{
			`/sync/resources/customers/endpoints/details/url warning resource-details-id: the URL of the details does not hold {id}, so that every record gets the same`,
		}},
		{"endpoints without a list", "/sync/resources/customers/endpoints/list delete\n/sync/resources/customers/contentType = \"\"", []string{
			`/sync/resources/customers/contentType error resource-complete: the resource "customers" has an empty "contentType"`,
			`/sync/resources/customers/endpoints/list error resource-complete: the resource "customers" lacks "endpoints.list"`,
		}},
		{"rules in a handler's mapping", `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "create", "mapping": {"code": {"paths": [], "transform": "coalesce"}, "a": {"path": "$.x", "transform": "to_string"}, "b": {"fn": "", "transform": "compute"}, "c": {"paths": ["$.x"]}}}`, []string{
			`/sync/webhooks/handlers/ticket.created/mapping/code/paths error transform-complete: coalesce chooses among several paths, and here are none`,
			`/sync/webhooks/handlers/ticket.created/mapping/a/transform warning transform-known: the transform "to_string" is not documented -> write "toString"`,
			`/sync/webhooks/handlers/ticket.created/mapping/b/fn error transform-complete: compute has an empty "fn"`,
			`/sync/webhooks/handlers/ticket.created/mapping/c/transform warning transform-complete: several paths need the transform "coalesce" -> add the transform "coalesce"`,
		}},
		{"a helper is asked about once", `/sync/resources/customers/apiMapping = {"a": {"transform": "compute", "fn": "x1"}, "b": {"transform": "compute", "fn": "x1"}, "c": {"transform": "compute", "fn": "tokens"}}`, []string{
			`/sync/resources/customers/apiMapping/a/fn notice compute-explained: what the helper "x1" computes is said nowhere`,
			`/sync/resources/customers/apiMapping/c/fn notice compute-explained: what the helper "tokens" computes is said nowhere`,
		}},
	})
}

func TestHandlerRules(t *testing.T) {
	checkPositions(t, handlerRules(), []position{
		{"no sync is no finding", "/sync delete", nil},
		{"wrong types are the schema's matter", "/sync/webhooks/handlers = []", nil},
		{"handlers that are no objects", `/sync/webhooks/handlers = {"ticket.created": "customers"}`, nil},
		{"wrong types inside", `/sync/webhooks/handlers = {"ticket.created": {"resource": 1, "operation": 2, "dataPath": 3}, "ticket.closed": {"recordType": 1, "operation": [], "mapping": "x"}}`, nil},
		{"resources of the wrong type", "/sync/resources = []", nil},
		{"an extraction of the wrong type", "/webhook/eventExtraction = 1", nil},
		{"a handler of neither shape", `/sync/webhooks/handlers/ticket.created = {"operation": "upsert"}`, nil},
		{"a key with signs of its own", `/sync/webhooks/handlers = {"orders/create": {"recordType": "order", "operation": "create", "mapping": {"code": "$.id"}}}`, []string{
			`/sync/webhooks/handlers/orders~1create warning handler-has-trigger: no trigger has the event "orders/create"`,
		}},
		{"events of orders in several spellings", "/triggers/0/event = \"orders.paid\"\n/triggers/1/event = \"abandonedCart\"", []string{
			`/triggers/0/event warning commerce-trigger-handled: no handler keeps the records up to date on "orders.paid"`,
			`/triggers/1/event warning commerce-trigger-handled: no handler keeps the records up to date on "abandonedCart"`,
			`/sync/webhooks/handlers/ticket.created warning handler-has-trigger: no trigger has the event "ticket.created"`,
		}},
		{"a shop without customers and orders", "/category = \"ecommerce\"\n/webhook/customerExtraction delete", []string{
			`/webhook/customerExtraction notice commerce-complete: events of this shop are not matched with customers`,
			`/sync/webhooks/handlers notice commerce-complete: the shop has handlers, but no trigger for orders`,
		}},
		{"an update of a record type needs an id a little less", `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "operation": "update", "mapping": {}}`, []string{
			`/sync/webhooks/handlers/ticket.created/mapping/code warning handler-code-mapped: the record has no id, by which later events could find it`,
		}},
		{"of a handler that mixes shapes only the names are looked at, since it is not known which one is meant", `/sync/webhooks/handlers/ticket.created = {"recordType": "order", "resource": "orders", "operation": "create", "dataPath": ""}`, []string{
			`/sync/webhooks/handlers/ticket.created/resource error handler-resource-known: there is no resource "orders" in sync.resources`,
		}},
	})
}
