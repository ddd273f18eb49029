package compat_test

import (
	"maps"
	"slices"
	"strings"
)

// changes returns edits that can be made to a definition, in a fixed order.
func (g *generator) changes(d object) []change {
	var all []change
	add := func(site string, make func(d object)) { all = append(all, change{site, make}) }
	set := func(path []string, key string, value any) {
		add(strings.Join(append(slices.Clone(path), key), "/"), func(d object) { follow(d, path...)[key] = value })
	}
	for _, key := range []string{"title", "label", "description", "icon", "price"} {
		set(nil, key, g.name("new "))
	}
	for _, a := range d["actions"].(list) {
		all = append(all, g.actionChanges(a.(object))...)
	}
	add("actions/new", func(d object) { d["actions"] = append(d["actions"].(list), g.action()) })
	for _, e := range d["triggers"].(list) {
		event := e.(object)["event"].(string)
		field := func(key string, value any) {
			add("triggers/"+event+"/"+key, func(d object) { entry(d, "triggers", "event", event)[key] = value })
		}
		field("label", g.name("Label "))
		field("type", "miniapps:other")
		field("event", g.name("event."))
		add("triggers/"+event, func(d object) { remove(d, "triggers", "event", event) })
	}
	add("triggers/new", func(d object) { d["triggers"] = append(d["triggers"].(list), g.trigger()) })
	for _, key := range []string{"source", "functions", "sync", "webhook", "dashboardApps"} {
		if d[key] != nil {
			add(key, func(d object) { delete(d, key) })
		}
	}
	all = append(all, g.authChanges(d)...)
	all = append(all, g.blockChanges(d)...)
	slices.SortStableFunc(all, func(a, b change) int { return strings.Compare(a.site, b.site) })
	return all
}

func remove(d object, key, by, name string) {
	d[key] = slices.DeleteFunc(d[key].(list), func(e any) bool { return e.(object)[by] == name })
}

func (g *generator) actionChanges(a object) []change {
	name := a["name"].(string)
	var all []change
	add := func(site string, make func(a object)) {
		all = append(all, change{"actions/" + name + site, func(d object) { make(entry(d, "actions", "name", name)) }})
	}
	all = append(all, change{"actions/" + name, func(d object) { remove(d, "actions", "name", name) }})
	fresh := g.name("renamed")
	add("/name", func(a object) { a["name"] = fresh })
	title := g.name("Title ")
	add("/title", func(a object) { a["title"] = title })
	parameters := a["parameters"].(object)
	for _, p := range slices.Sorted(maps.Keys(parameters["properties"].(object))) {
		at := "/parameters/" + p
		property := func(a object) object { return a["parameters"].(object)["properties"].(object)[p].(object) }
		add(at, func(a object) { delete(a["parameters"].(object)["properties"].(object), p) })
		add(at+"/title", func(a object) { property(a)["title"] = title + p })
		add(at+"/type", func(a object) { property(a)["type"] = "null" })
		add(at+"/enum", func(a object) { property(a)["enum"] = list{"one", "two"} })
		add(at+"/default", func(a object) { property(a)["default"] = "other" })
		add(at+"/x-source", func(a object) { property(a)["x-source"] = "rpc_other" })
		add(at+"/required", func(a object) {
			q := a["parameters"].(object)
			without := slices.DeleteFunc(slices.Clone(q["required"].(list)), func(e any) bool { return e == p })
			if len(without) == len(q["required"].(list)) {
				without = append(without, p)
			}
			q["required"] = without
		})
	}
	added := g.name("p")
	add("/parameters/new", func(a object) {
		a["parameters"].(object)["properties"].(object)[added] = object{"type": "string", "title": added}
	})
	// The steps are compared by position, so that two edits of the list meet.
	last := func(a object) object { s := a["requests"].(list); return s[len(s)-1].(object) }
	output := g.name("out")
	for _, e := range []func(a object){
		func(a object) { last(a)["url"] = "https://elsewhere.example/" },
		func(a object) { last(a)["url"] = "https://api.example/" + output },
		func(a object) { last(a)["mapping"].(object)[output] = "$." + output },
		func(a object) { clear(last(a)["mapping"].(object)) },
		func(a object) {
			a["requests"] = append(a["requests"].(list), object{"url": "https://api.example/" + output})
		},
		func(a object) { a["requests"] = a["requests"].(list)[1:] },
	} {
		add("/requests", e)
	}
	return all
}

func (g *generator) authChanges(d object) []change {
	if d["auth"] == nil {
		return []change{{"auth", func(d object) { d["auth"] = object{"type": "apikey"} }}}
	}
	field, key := g.name("field"), g.name("key")
	part := func(key string, make func(v object)) change {
		return change{"auth/" + key, func(d object) { make(follow(d, strings.Split("auth/"+strings.Split(key, "#")[0], "/")...)) }}
	}
	return []change{
		{"auth", func(d object) { delete(d, "auth") }},
		{"auth/type", func(d object) { d["auth"].(object)["type"] = "other" }},
		{"auth/auto_refresh", func(d object) { d["auth"].(object)["auto_refresh"] = true }},
		{"auth/sensitiveKeys", func(d object) { d["auth"].(object)["sensitiveKeys"] = list{"accessToken", "secret"} }},
		{"auth/test_token", func(d object) { delete(d["auth"].(object), "test_token") }},
		part("config#scope", func(v object) { v["scope"] = "read write admin" }),
		part("config#scope", func(v object) { v["scope"] = "read" }),
		part("config#region", func(v object) { delete(v, "region") }),
		part("config#region", func(v object) { v["region"] = "us" }),
		part("config#region", func(v object) { v["region"] = "" }),
		part("config#client", func(v object) { v["client_id"] = "another" }),
		part("config#new", func(v object) { v[key] = "" }),
		part("config#value", func(v object) { v[key+"value"] = "set" }),
		part("form#shop", func(v object) { delete(v, "shop") }),
		part("form/note", func(v object) { v["required"] = true }),
		part("form/note", func(v object) { v["label"] = field }),
		part("form#new", func(v object) { v[field] = object{"type": "text", "required": true} }),
		part("userDetails#out", func(v object) { delete(v["mapping"].(object), "uid") }),
		part("userDetails#new", func(v object) { v["mapping"].(object)[field] = "$." + field }),
		part("userDetails#url", func(v object) { v["url"] = "https://elsewhere.example/" }),
		part("get_token#headers", func(v object) { v["headers"].(object)["X-Version"] = "2" }),
	}
}

// blockChanges are edits of the blocks that a definition may leave out.
func (g *generator) blockChanges(d object) []change {
	var all []change
	add := func(path, what string, make func(v object)) {
		keys := strings.Split(path, "/")
		if follow(d, keys...) != nil {
			all = append(all, change{path + "/" + what, func(d object) { make(follow(d, keys...)) }})
		}
	}
	put := func(path, key string, value any) { add(path, key, func(v object) { v[key] = value }) }
	drop := func(path, key string) { add(path, key, func(v object) { delete(v, key) }) }
	put("webhook/eventExtraction", "path", "$.other")
	put("webhook/eventExtraction", "fallback", object{"source": "header", "path": "X-Event"})
	put("webhook/transactionId", "separator", "-")
	put("webhook/transactionId", "fallback", "generate")
	put("webhook/verification", "secretKey", "other")
	put("webhook/verification", "headerName", "X-Other")
	put("webhook/response", "statusCode", 204)
	drop("webhook", "verification")
	drop("webhook", "customerExtraction")
	put("webhook/customerExtraction/mapping", "code", "other")
	put("webhook/customerExtraction/mapping", "lastName", "surname")
	put("sync", "baseUrl", "https://elsewhere.example/v1")
	put("sync/syncConfiguration", "enabled", false)
	put("sync/syncConfiguration", "batchSize", 10)
	for key := range follow(d, "sync", "resources") {
		at := "sync/resources/" + key
		drop("sync/resources", key)
		put(at, "contentType", "core:customer")
		put(at, "displayName", "Other")
		put(at+"/apiMapping", "code", "other")
		put(at+"/apiMapping", "name", "other")
		put(at+"/apiMapping", "sku", "sku")
	}
	for key := range follow(d, "sync", "webhooks", "handlers") {
		drop("sync/webhooks/handlers", key)
		put("sync/webhooks/handlers/"+key, "operation", "update")
		drop("sync/webhooks/handlers/"+key+"/mapping", "status")
	}
	for key := range follow(d, "source") {
		drop("source", key)
		put("source/"+key, "valueField", "slug")
		put("source/"+key, "labelField", "title")
		put("source/"+key, "method", "PUT")
	}
	put("source", g.name("rpc_"), g.source())
	for key := range follow(d, "functions") {
		drop("functions", key)
		put("functions/"+key, "code", "return 1;")
	}
	return all
}
