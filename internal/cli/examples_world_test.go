package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/outbound"
)

// exampleWorld are the providers of the example submissions, in memory. They are
// written by hand, from what such services ask for and not from the definitions:
// credentials in their place, content types, fields that are required, tokens that
// expire, and ids that exist.
type exampleWorld struct {
	mux *http.ServeMux
	// asked counts requests, by "METHOD host/path" of the pattern.
	asked map[string]int
}

// Do implements sandbox.Provider.
func (w *exampleWorld) Do(ctx context.Context, r outbound.Request) (outbound.Response, error) {
	rec := httptest.NewRecorder()
	if all := r.URL + string(r.Body) + fmt.Sprint(r.Header); strings.Contains(all, "{{") || strings.Contains(all, "[[") || strings.Contains(all, "%7B%7B") {
		rec.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(rec, `{"error": "a placeholder was sent"}`)
	} else {
		req := httptest.NewRequest(r.Method, r.URL, strings.NewReader(string(r.Body))).WithContext(ctx)
		for _, h := range r.Header {
			req.Header.Add(h.Name, h.Value)
		}
		w.mux.ServeHTTP(rec, req)
	}
	return outbound.Response{Status: rec.Code, Header: rec.Header(), Body: rec.Body.Bytes()}, nil
}

type (
	object = map[string]any
	list   = []any
)

// providerRequest is one request, with its body.
type providerRequest struct {
	*http.Request
	body object
}

// text is a field of the body that has to be a text.
func (a providerRequest) text(key string) string { s, _ := a.body[key].(string); return s }

// refusal is an answer that is none of the good ones.
type refusal struct {
	status int
	reason string
}

func refuse(status int, format string, args ...any) refusal {
	return refusal{status, fmt.Sprintf(format, args...)}
}

// handle adds an endpoint that answers with JSON. allowed says why a request has
// no access.
func (w *exampleWorld) handle(pattern string, allowed func(providerRequest) string, answer func(providerRequest) any) {
	w.mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
		w.asked[pattern]++
		a := providerRequest{r, object{}}
		var out any
		if r.Method != http.MethodGet && r.Method != http.MethodDelete {
			out = a.read()
		}
		if why := allowed(a); why != "" {
			out = refuse(http.StatusUnauthorized, "%s", why)
		} else if out == nil {
			out = answer(a)
		}
		status := http.StatusOK
		if no, is := out.(refusal); is {
			status, out = no.status, object{"error": no.reason}
		}
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		_ = json.NewEncoder(rw).Encode(out)
	})
}

// read reads the body by its content type. It returns nil, or a refusal.
func (a *providerRequest) read() any {
	kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	switch kind {
	case "application/json":
		if err := json.NewDecoder(a.Request.Body).Decode(&a.body); err != nil {
			return refuse(400, "the body is no JSON object: %v", err)
		}
	case "application/x-www-form-urlencoded", "multipart/form-data":
		if err := a.ParseMultipartForm(1 << 20); err != nil && kind != "application/x-www-form-urlencoded" {
			return refuse(400, "the form cannot be read: %v", err)
		}
		for k := range a.PostForm {
			a.body[k] = a.PostForm.Get(k)
		}
		a.body["_type"] = kind
	default:
		return refuse(415, "the type %q is not taken", kind)
	}
	return nil
}

// bearer asks for a token in the usual header.
func bearer(valid func(string) bool) func(providerRequest) string {
	return func(a providerRequest) string {
		if token, ok := strings.CutPrefix(a.Header.Get("Authorization"), "Bearer "); !ok || !valid(token) {
			return "a valid token is missing"
		}
		return ""
	}
}

// without refuses a body that lacks one of the fields.
func without(a providerRequest, fields ...string) any {
	for _, f := range fields {
		if v := a.body[f]; v == nil || v == "" {
			return refuse(422, "%s is missing", f)
		}
	}
	return nil
}

func newExampleWorld() *exampleWorld {
	w := &exampleWorld{mux: http.NewServeMux(), asked: map[string]int{}}
	w.taskhub()
	w.parleo()
	w.sheetwise()
	w.shopkeep()
	w.mailbeam()
	return w
}

func (w *exampleWorld) taskhub() {
	const host = "api.taskhub.example/v2"
	in := bearer(func(t string) bool { return t == "th-sandbox-token" })
	tasks := map[string]object{}
	task := func(a providerRequest) object { return tasks[a.PathValue("id")] }
	w.handle("GET "+host+"/me", in, func(a providerRequest) any {
		me := object{"id": "mem_1"}
		if a.URL.Query().Get("include") == "workspace" {
			me["workspace"] = object{"id": "ws_7", "name": "Harbour Cafe"}
		}
		return object{"data": me}
	})
	w.handle("GET "+host+"/workspaces/ws_7/projects", in, func(providerRequest) any {
		return object{"data": list{object{"id": "prj_12", "name": "Print"}, object{"id": "prj_13", "name": "Web"}}}
	})
	w.handle("GET "+host+"/workspaces/ws_7/members", in, func(providerRequest) any {
		return object{"data": object{"members": list{object{"id": "mem_1", "profile": object{"display_name": "Noor"}}, object{"id": "mem_3", "profile": object{"display_name": "Sam"}}}}}
	})
	w.handle("PUT "+host+"/workspaces/ws_7/clients", in, func(a providerRequest) any {
		if a.text("created_by") != "mem_1" {
			return refuse(422, "created_by is no member")
		}
		if no := without(a, "email"); no != nil {
			return no
		}
		return object{"data": object{"id": "cl_1", "boards": list{object{"id": "brd_1"}}}}
	})
	w.handle("POST "+host+"/projects/prj_12/tasks", in, func(a providerRequest) any {
		if no := without(a, "title"); no != nil {
			return no
		}
		if labels, given := a.body["labels"]; given {
			if _, isList := labels.([]any); !isList {
				return refuse(422, "labels is no list")
			}
		}
		if notify, given := a.body["notify"]; given {
			if _, isBool := notify.(bool); !isBool {
				return refuse(422, "notify is neither true nor false")
			}
		}
		id := fmt.Sprintf("tsk_%d", len(tasks)+1)
		tasks[id] = object{"id": id, "number": len(tasks) + 1, "title": a.text("title"), "links": object{"web": "https://taskhub.example/t/" + id}, "client": object{"id": a.body["client_id"]}}
		return object{"data": tasks[id]}
	})
	w.handle("GET "+host+"/projects/prj_12/tasks", in, func(a providerRequest) any {
		if _, err := strconv.Atoi(a.URL.Query().Get("per_page")); err != nil {
			return refuse(400, "per_page is no number")
		}
		found := list{}
		for _, id := range slices.Sorted(maps.Keys(tasks)) {
			if strings.Contains(tasks[id]["title"].(string), a.URL.Query().Get("q")) {
				found = append(found, tasks[id])
			}
		}
		return object{"data": found, "meta": object{"total": len(found)}}
	})
	known := func(answer func(providerRequest, object) any) func(providerRequest) any {
		return func(a providerRequest) any {
			if task(a) == nil {
				return refuse(404, "there is no such task")
			}
			return answer(a, task(a))
		}
	}
	w.handle("PATCH "+host+"/tasks/{id}", in, known(func(a providerRequest, t object) any {
		if a.text("assignee_id") != "mem_3" {
			return refuse(422, "assignee_id is no member")
		}
		return object{"data": object{"id": t["id"], "assignee": object{"display_name": "Sam"}}}
	}))
	w.handle("PUT "+host+"/tasks/{id}/completion", in, known(func(a providerRequest, t object) any {
		if a.text("completed_by") != "mem_1" {
			return refuse(422, "completed_by is no member")
		}
		return object{"data": object{"id": t["id"], "completed_at": "2026-11-24T10:00:00Z"}}
	}))
	w.handle("POST "+host+"/tasks/{id}/comments", in, known(func(a providerRequest, _ object) any {
		if a.text("text") == "" || a.text("format") != "plain" {
			return refuse(422, "text and format are needed")
		}
		return object{"data": object{"id": "cmt_1"}}
	}))
	w.handle("DELETE "+host+"/tasks/{id}", in, known(func(a providerRequest, t object) any {
		delete(tasks, a.PathValue("id"))
		return object{"data": object{"id": t["id"]}}
	}))
}

// tokens are the tokens of an OAuth service: an access token lives for a few
// requests, and a refresh token for one.
type tokens struct {
	issued, uses int
}

func (t *tokens) access() string  { return fmt.Sprintf("access-token-%d", t.issued) }
func (t *tokens) refresh() string { return fmt.Sprintf("refresh-token-%d", t.issued) }

// lifetime is for how many requests an access token is good.
const lifetime = 6

func (t *tokens) valid(token string) bool {
	t.uses++
	return token == t.access() && t.uses <= lifetime
}

// grant answers the token endpoint. The client has proved who it is.
func (t *tokens) grant(a providerRequest) any {
	if a.text("_type") != "application/x-www-form-urlencoded" {
		return refuse(400, "tokens are asked for with a form")
	}
	switch a.text("grant_type") {
	case "authorization_code":
		if a.text("code") != "code-1" || !strings.HasPrefix(a.text("redirect_uri"), "https://shop.example/miniapps/") {
			return refuse(400, "invalid_grant: the code, or where it was sent")
		}
	case "refresh_token":
		if t.issued == 0 || a.text("refresh_token") != t.refresh() {
			return refuse(400, "invalid_grant: the refresh token")
		}
	default:
		return refuse(400, "unsupported_grant_type")
	}
	t.issued, t.uses = t.issued+1, 0
	return object{"access_token": t.access(), "refresh_token": t.refresh(), "expires_in": 3600}
}

func (w *exampleWorld) parleo() {
	const host = "api.parleo.example/v3"
	var t tokens
	in := bearer(t.valid)
	w.handle("POST accounts.parleo.example/oauth/token", func(a providerRequest) string {
		if a.text("client_id") != "parleo-client" || a.text("client_secret") != "parleo-secret-9" {
			return "invalid_client"
		}
		return ""
	}, t.grant)
	open := map[string]bool{}
	w.handle("GET "+host+"/account", in, func(providerRequest) any {
		return object{"account": object{"id": "acc_5", "display_name": "Lantern Books", "region": "eu"}}
	})
	w.handle("POST "+host+"/accounts/acc_5/webhooks", in, func(a providerRequest) any {
		if a.text("target_url") != "https://shop.example/miniapps/parleo/webhooks" {
			return refuse(422, "target_url cannot be reached")
		}
		return object{"webhook": object{"id": "wh_1", "signing_secret": "whsec-parleo-1"}}
	})
	w.handle("PUT "+host+"/accounts/acc_5/integrations/karzoun", in, func(a providerRequest) any {
		if a.text("webhook_id") != "wh_1" || a.text("label") != "Karzoun (shop)" {
			return refuse(422, "webhook_id or label is wrong")
		}
		return object{"integration": object{"id": "int_1"}}
	})
	named := func(key string, items ...object) func(providerRequest) any {
		return func(providerRequest) any { return object{key: items} }
	}
	w.handle("GET "+host+"/channels", in, named("channels", object{"id": "ch_1", "name": "Website"}))
	w.handle("GET "+host+"/accounts/acc_5/agents", in, named("agents", object{"id": "ag_1", "profile": object{"full_name": "Rita Chen"}}))
	w.handle("GET "+host+"/templates", in, func(a providerRequest) any {
		if a.URL.Query().Get("status") != "approved" {
			return refuse(400, "status is missing")
		}
		return object{"result": object{"templates": list{object{"id": "tpl_1", "title": "Order shipped"}}}}
	})
	w.handle("POST "+host+"/contacts/upsert", in, func(a providerRequest) any {
		contact, _ := a.body["contact"].(object)
		if a.text("match_on") != "phone" || contact["phone"] == nil {
			return refuse(422, "contact.phone is missing")
		}
		return object{"contact": object{"id": "ct_1"}}
	})
	w.handle("POST "+host+"/channels/ch_1/conversations", in, func(a providerRequest) any {
		first, _ := a.body["first_message"].(object)
		if a.text("contact_id") != "ct_1" || first["type"] != "text" || first["text"] == nil {
			return refuse(422, "contact_id or first_message is missing")
		}
		open["cv_1"] = true
		return object{"conversation": object{"id": "cv_1", "contact": object{"id": "ct_1"}, "links": object{"inbox": "https://parleo.example/c/cv_1"}}}
	})
	w.handle("POST "+host+"/conversations/{id}/messages", in, func(a providerRequest) any {
		if _, isBool := a.body["internal"].(bool); !open[a.PathValue("id")] || !isBool || a.text("text") == "" {
			return refuse(422, "the conversation is not open, or text or internal is wrong")
		}
		return object{"message": object{"id": "msg_1", "created_at": "2026-11-24T10:00:00Z"}}
	})
	w.handle("PATCH "+host+"/conversations/{id}", in, func(a providerRequest) any {
		if a.text("assignee_id") != "ag_1" {
			return refuse(422, "assignee_id is no agent")
		}
		return object{"conversation": object{"id": a.PathValue("id"), "assignee": object{"name": "Rita Chen"}}}
	})
	w.handle("POST "+host+"/conversations/{id}/close", in, func(a providerRequest) any {
		if no := without(a, "reason"); no != nil {
			return no
		}
		delete(open, a.PathValue("id"))
		return object{"conversation": object{"id": a.PathValue("id"), "closed_at": "2026-11-24T10:00:00Z"}}
	})
	w.handle("POST "+host+"/channels/ch_1/template-messages", in, func(a providerRequest) any {
		if _, isObject := a.body["variables"].(object); !isObject || a.text("template_id") != "tpl_1" || a.text("language") != "en" || a.text("to") == "" {
			return refuse(422, "template_id, language, to or variables is wrong")
		}
		return object{"message": object{"id": "msg_2", "conversation_id": "cv_2"}}
	})
}

func (w *exampleWorld) sheetwise() {
	const host = "api.sheetwise.example/v1"
	in := func(a providerRequest) string {
		if a.Header.Get("X-Sheetwise-Key") != "sw-sandbox-key" {
			return "a valid key is missing"
		}
		return ""
	}
	rows := [][]any{{"Email", "Plan", "Seats"}, {"ada@customer.example", "Pro", 12}, {"ben@customer.example", "Basic", 3}}
	const sheet = host + "/spreadsheets/sh_1"
	w.handle("GET "+host+"/keys/self", in, func(providerRequest) any { return object{"data": object{"id": "key_1"}} })
	w.handle("GET "+host+"/team", in, func(providerRequest) any { return object{"data": object{"id": "tm_1", "name": "Lantern"}} })
	w.handle("GET "+host+"/spreadsheets", in, func(providerRequest) any {
		return object{"data": object{"spreadsheets": list{object{"id": "sh_1", "properties": object{"title": "Customers"}}}}}
	})
	w.handle("GET "+sheet+"/tabs/Sheet1/values", in, func(a providerRequest) any {
		if a.URL.Query().Get("format") != "rows" {
			return refuse(400, "format is missing")
		}
		return object{"data": object{"rows": rows}}
	})
	row := func(n int) any {
		return object{"data": object{"row": object{"number": n, "links": object{"web": fmt.Sprintf("https://app.sheetwise.example/s/sh_1#%d", n)}}}}
	}
	values := func(a providerRequest) (object, any) {
		v, _ := a.body["values"].(object)
		if a.text("match") != "header" || v == nil {
			return nil, refuse(422, "match or values is wrong")
		}
		return v, nil
	}
	w.handle("POST "+sheet+"/tabs/Sheet1/rows", in, func(a providerRequest) any {
		v, no := values(a)
		if no != nil {
			return no
		}
		rows = append(rows, []any{v["Email"], v["Plan"], v["Seats"]})
		return row(len(rows))
	})
	w.handle("PATCH "+sheet+"/tabs/Sheet1/rows/{n}", in, func(a providerRequest) any {
		n, err := strconv.Atoi(a.PathValue("n"))
		if err != nil || n < 2 || n > len(rows) {
			return refuse(404, "there is no such row")
		}
		if _, no := values(a); no != nil {
			return no
		}
		return row(n)
	})
	w.handle("POST "+sheet+"/imports", in, func(a providerRequest) any {
		if a.text("_type") != "multipart/form-data" {
			return refuse(415, "imports are asked for with a multipart form")
		}
		if no := without(a, "source_url", "tab", "separator"); no != nil {
			return no
		}
		return object{"data": object{"import": object{"id": "imp_1", "row_count": 17}}}
	})
}

// page answers with a page of items, as the query asks for it.
func page(a providerRequest, items []object, most int) (list []object, ok bool) {
	q := a.URL.Query()
	size, err := strconv.Atoi(q.Get("per_page"))
	if q.Has("limit") {
		size, err = strconv.Atoi(q.Get("limit"))
	}
	number := 1
	if q.Has("page") {
		number, _ = strconv.Atoi(q.Get("page"))
	}
	if err != nil || size < 1 || size > most || number < 1 {
		return nil, false
	}
	from := min((number-1)*size, len(items))
	return items[from:min(from+size, len(items))], true
}

func (w *exampleWorld) shopkeep() {
	const host = "shop.customer.example/api/v3"
	in := func(a providerRequest) string {
		if key, secret, ok := a.BasicAuth(); !ok || key != "ck_sandbox" || secret != "cs_sandbox:1" {
			return "a valid key is missing"
		}
		return ""
	}
	order := object{"id": 90418, "number": "2026-00418", "status": "processing", "currency": "EUR", "totals": object{"grand_total": "32.30"},
		"customer": object{"id": 731}, "lines": list{object{"sku": "TEA-EARL-100", "title": "Earl Grey", "quantity": 2, "price": "7.90"}}, "coupons": list{"WELCOME10"},
		"shipments": list{object{"tracking_url": "https://post.example/1"}}}
	customer := object{"id": 731, "full_name": "Ines Moreau", "first_name": "Ines", "last_name": "Moreau", "email": "ines.moreau@customer.example", "orders_count": 1, "total_spent": "32.30", "born_on": "1990-05-17", "billing": object{"phone": "+15550119"}}
	product := object{"id": 5, "title": "Earl Grey, 100 g", "sku": "TEA-EARL-100", "price": "7.90", "sale_price": nil, "currency": "EUR", "stock": object{"available": 12}, "permalink": "https://shop.customer.example/p/5", "summary": "", "description": "Tea"}
	paged := func(items []object, filter string, field string) func(providerRequest) any {
		return func(a providerRequest) any {
			found := items
			if want := a.URL.Query().Get(filter); want != "" {
				found = slices.DeleteFunc(slices.Clone(items), func(o object) bool { return fmt.Sprint(o[field]) != want })
			}
			if !a.URL.Query().Has("per_page") {
				return object{"data": found, "meta": object{"total": len(found)}}
			}
			part, ok := page(a, found, 250)
			if !ok {
				return refuse(400, "per_page is wrong")
			}
			return object{"data": part, "meta": object{"total": len(found)}}
		}
	}
	products := []object{product}
	for n := range 120 {
		products = append(products, object{"id": 100 + n, "title": fmt.Sprintf("Product %d", n), "sku": fmt.Sprintf("P-%d", n), "price": "1.00", "currency": "EUR", "permalink": "https://shop.customer.example/p", "description": "x"})
	}
	w.handle("GET "+host+"/shop", in, func(providerRequest) any {
		return object{"data": object{"id": "shop_1", "name": "Tea and Cups", "currency": "EUR", "timezone": "Europe/Paris"}}
	})
	w.handle("POST "+host+"/webhooks", in, func(a providerRequest) any {
		topics, _ := a.body["topics"].([]any)
		if a.text("delivery_url") != "https://shop.example/miniapps/shopkeep/webhooks" || len(topics) != 4 {
			return refuse(422, "delivery_url or topics is wrong")
		}
		return object{"data": object{"id": "wh_2", "secret": "whsec-shop-1"}}
	})
	w.handle("GET "+host+"/orders", in, paged([]object{order}, "number", "number"))
	w.handle("GET "+host+"/orders/90418", in, func(a providerRequest) any {
		if a.URL.Query().Get("include") != "lines,coupons" {
			return object{"data": object{"id": 90418}}
		}
		return object{"data": order}
	})
	w.handle("PUT "+host+"/orders/90418", in, func(a providerRequest) any {
		if a.text("status") != "processing" {
			return refuse(422, "status is not known")
		}
		return object{"data": order}
	})
	w.handle("GET "+host+"/customers", in, paged([]object{customer}, "email", "email"))
	w.handle("GET "+host+"/customers/731/orders", in, paged([]object{order}, "none", ""))
	w.handle("GET "+host+"/products", in, func(a providerRequest) any {
		if a.URL.Query().Has("sku") && a.URL.Query().Get("currency") != "EUR" {
			return refuse(400, "prices are asked for in a currency")
		}
		return paged(products, "sku", "sku")(a)
	})
	w.handle("GET "+host+"/order-statuses", in, func(providerRequest) any {
		return object{"data": list{object{"key": "processing", "label": "Processing"}}}
	})
	w.handle("POST "+host+"/coupons", in, func(a providerRequest) any {
		if _, isNumber := a.body["amount"].(float64); !isNumber || a.text("kind") != "percent" || a.Header.Get("X-Shopkeep-Timezone") != "Europe/Paris" {
			return refuse(422, "amount, kind or the time zone is wrong")
		}
		return object{"data": object{"code": "QA-1", "valid_until": "2026-11-25"}}
	})
}

func (w *exampleWorld) mailbeam() {
	const host = "eu2.api.mailbeam.example/v2"
	var t tokens
	in := bearer(t.valid)
	w.handle("POST login.mailbeam.example/oauth2/token", func(a providerRequest) string {
		if id, secret, ok := a.BasicAuth(); !ok || id != "mailbeam-client" || secret != "mailbeam-secret-9" {
			return "invalid_client"
		}
		return ""
	}, t.grant)
	w.handle("GET login.mailbeam.example/oauth2/metadata", in, func(providerRequest) any {
		return object{"account": object{"id": "mb_1", "name": "Lantern", "data_center": "eu2", "timezone": "Europe/Berlin"}}
	})
	w.handle("POST "+host+"/webhooks", in, func(a providerRequest) any {
		if signed, _ := a.body["signed"].(bool); a.text("url") != "https://shop.example/miniapps/mailbeam/webhooks" || !signed {
			return refuse(422, "url or signed is wrong")
		}
		return object{"webhook": object{"id": "wh_3", "secret": "whsec-mail-1"}}
	})
	w.handle("GET "+host+"/audiences", in, func(providerRequest) any { return object{"audiences": list{object{"id": "au_1", "name": "Readers"}}} })
	w.handle("GET "+host+"/campaigns", in, func(a providerRequest) any {
		if a.URL.Query().Get("kind") != "single" {
			return refuse(400, "kind is missing")
		}
		return object{"campaigns": list{object{"id": "ca_1", "settings": object{"subject": "November"}}}}
	})
	people := map[string]object{"sb_1": {"id": "sb_1", "email": "lea@customer.example", "fields": object{"first_name": "Lea", "phone": "+15550131"}}}
	find := func(email string) object {
		for _, id := range slices.Sorted(maps.Keys(people)) {
			if people[id]["email"] == email {
				return people[id]
			}
		}
		return nil
	}
	w.handle("PUT "+host+"/audiences/au_1/subscribers", in, func(a providerRequest) any {
		if no := without(a, "email"); no != nil {
			return no
		}
		if _, isBool := a.body["double_opt_in"].(bool); !isBool {
			return refuse(422, "double_opt_in is neither true nor false")
		}
		id := fmt.Sprintf("sb_%d", len(people)+1)
		people[id] = object{"id": id, "email": a.text("email"), "fields": a.body["fields"]}
		return object{"subscriber": object{"id": id, "status": "active"}}
	})
	w.handle("GET "+host+"/audiences/au_1/subscribers", in, func(a providerRequest) any {
		found := list{}
		if p := find(a.URL.Query().Get("email")); p != nil {
			found = append(found, p)
		}
		return object{"subscribers": found}
	})
	w.handle("POST "+host+"/subscribers/{id}/tags", in, func(a providerRequest) any {
		if people[a.PathValue("id")] == nil || a.text("tag") == "" {
			return refuse(404, "there is no such subscriber, or no tag")
		}
		return object{"subscriber": object{"id": a.PathValue("id"), "tags": list{a.text("tag")}}}
	})
	w.handle("POST "+host+"/audiences/au_1/unsubscribes", in, func(a providerRequest) any {
		p := find(a.text("email"))
		if p == nil || a.text("reason") != "asked" {
			return refuse(422, "email or reason is wrong")
		}
		return object{"subscriber": object{"id": p["id"], "unsubscribed_at": "2026-11-24T10:00:00Z"}}
	})
	w.handle("GET "+host+"/campaigns/ca_1/report", in, func(providerRequest) any {
		return object{"report": object{"delivered": 120, "opens": object{"unique": 60}, "clicks": object{"unique": 9}, "links": list{object{"url": "https://lantern.example"}}}}
	})
	w.handle("POST "+host+"/campaigns/ca_1/messages", in, func(a providerRequest) any {
		if a.text("to") == "" || a.text("timezone") != "Europe/Berlin" {
			return refuse(422, "to or timezone is wrong")
		}
		return object{"message": object{"id": "me_1", "send_at": "2026-11-24T10:00:00Z"}}
	})
	w.handle("GET "+host+"/subscribers", in, func(a providerRequest) any {
		var all []object
		for _, id := range slices.Sorted(maps.Keys(people)) {
			all = append(all, object{"id": id})
		}
		part, ok := page(a, all, 1000)
		if !ok || a.URL.Query().Get("status") != "active" {
			return refuse(400, "limit or status is wrong")
		}
		return object{"subscribers": part, "page": object{"total": len(all)}}
	})
	w.handle("GET "+host+"/subscribers/{id}", in, func(a providerRequest) any {
		if p := people[a.PathValue("id")]; p != nil {
			return p
		}
		return refuse(404, "there is no such subscriber")
	})
}
