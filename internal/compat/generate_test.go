package compat_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The kinds of containers of decoded documents.
type (
	object = map[string]any
	list   = []any
)

// generator makes definitions as partners write them, and edits of them. The
// same seed gives the same documents.
type generator struct {
	*rand.Rand
	fresh int
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(20261124, seed))}
}

// name returns a name that was not used before.
func (g *generator) name(prefix string) string {
	g.fresh++
	return fmt.Sprintf("%s%d", prefix, g.fresh)
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, values ...T) T { return values[g.IntN(len(values))] }

// times collects n values in a list.
func times(n int, make func() any) list {
	all := list{}
	for range n {
		all = append(all, make())
	}
	return all
}

func (g *generator) definition() object {
	d := object{
		"ns": "acme", "name": "acme", "version": pick(g, "0.3.1", "1.0.0", "2.4.7"), "status": "private",
		"title": g.name("Title "), "label": g.name("Label "), "description": g.name("Text "), "category": pick(g, "crm", "ecommerce"),
		"icon": "https://cdn.example/" + g.name("icon"), "docsUrl": "https://docs.example/",
		"auth":     g.auth(),
		"actions":  times(2+g.IntN(4), func() any { return g.action() }),
		"triggers": times(2+g.IntN(3), func() any { return g.trigger() }),
		"webhook":  g.webhook(),
		"sync":     g.sync(),
		"source":   object{g.name("rpc_"): g.source(), g.name("rpc_"): g.source()},
		"functions": object{
			g.name("f"): object{"params": list{"x"}, "code": "return " + g.name("x") + ";"},
		},
		"dashboardApps": times(2, func() any {
			return object{"key": g.name("panel"), "name": g.name("Panel "), "iframeUrl": "https://panel.example/" + g.name("p"), "allowedActions": list{g.name("a")}}
		}),
	}
	for _, key := range []string{"sync", "webhook", "source", "functions", "dashboardApps", "auth"} {
		if g.chance(15) {
			delete(d, key)
		}
	}
	return d
}

func (g *generator) auth() object {
	a := object{
		"type":          pick(g, "apikey", "oauth2", "bearer_token"),
		"sensitiveKeys": list{"accessToken"},
		"config":        object{"accessToken": "", "region": "eu", "scope": "read write", "client_id": g.name("client")},
		"form":          object{"shop": object{"type": "text", "label": "Shop", "required": g.chance(50)}, "note": object{"type": "text", "label": "Note"}},
		"test_token":    g.request("connected"),
		"userDetails":   g.request("uid", "name"),
		"get_token":     g.request("accessToken"),
	}
	if g.chance(50) {
		a["registrationRequests"] = list{g.request("webhookId")}
	}
	return a
}

func (g *generator) request(outputs ...string) object {
	mapping := object{}
	for _, o := range outputs {
		mapping[o] = "$." + g.name("field")
	}
	return object{
		"url": "https://api.example/" + g.name("v"), "method": pick(g, "GET", "POST"),
		"headers": object{"Authorization": "Bearer [[accessToken]]", "Accept": "application/json"},
		"body":    object{"x": g.name("x")}, "mapping": mapping,
	}
}

func (g *generator) action() object {
	a := object{
		"name": g.name("action"), "title": g.name("Action "), "description": g.name("Does "), "renderStrategy": "auto",
		"parameters": g.parameters(),
		"requests":   list{},
	}
	for range 1 + g.IntN(3) {
		a["requests"] = append(a["requests"].(list), g.request(g.name("out"), g.name("out")))
	}
	if steps := a["requests"].(list); len(steps) > 1 && g.chance(60) {
		steps[0].(object)["mapping"] = list{object{"name": g.name("step"), "value": "$." + g.name("field")}}
	}
	return a
}

func (g *generator) parameters() object {
	properties, required := object{}, list{}
	for range 2 + g.IntN(4) {
		name := g.name("p")
		properties[name] = g.property()
		if g.chance(40) {
			required = append(required, name)
		}
	}
	return object{"type": "object", "properties": properties, "required": required}
}

func (g *generator) property() object {
	p := object{"type": pick(g, "string", "number", "boolean", "array", "object"), "title": g.name("Parameter ")}
	switch {
	case p["type"] == "string" && g.chance(30):
		p["enum"] = list{"one", "two", "three"}
	case p["type"] == "object":
		p["properties"] = object{g.name("p"): object{"type": "string", "title": g.name("Inner ")}}
	case p["type"] == "number" && g.chance(50):
		p["default"], p["maximum"] = g.IntN(10), 100
	case p["type"] == "string" && g.chance(20):
		p["x-source"] = "rpc_lists"
	}
	return p
}

func (g *generator) trigger() object {
	return object{"type": "miniapps:acme", "event": g.name("event."), "img": "automation3.svg", "icon": "clock",
		"label": g.name("Trigger "), "description": g.name("When "), "isCustom": false}
}

func (g *generator) source() object {
	s := g.request()
	delete(s, "mapping")
	s["dataPath"], s["valueField"], s["labelField"] = "data", "id", "name"
	return s
}

func (g *generator) webhook() object {
	return object{
		"eventExtraction":    object{"source": "body", "path": "$." + g.name("event")},
		"transactionId":      object{"paths": list{"$." + g.name("id")}, "separator": ":"},
		"verification":       object{"type": "hmac-sha256", "headerName": "X-Signature", "secretKey": "webhookSecret", "encoding": "hex"},
		"customerExtraction": object{"basePath": "$.customer", "mapping": object{"code": "id", "firstName": "name"}},
		"response":           object{"statusCode": 200},
	}
}

func (g *generator) sync() object {
	resource := func() object {
		return object{"name": "r", "displayName": g.name("Things "), "contentType": "core:product",
			"endpoints":  object{"list": object{"url": "/" + g.name("things"), "method": "GET"}},
			"pagination": object{"paramName": "page", "maxLimit": 100},
			"apiMapping": object{"code": "id", "name": object{"path": g.name("field"), "transform": "toString"}}}
	}
	return object{
		"baseUrl": "https://api.example/v1", "headers": object{"Authorization": "Bearer [[accessToken]]"},
		"syncConfiguration": object{"enabled": true, "batchSize": 100},
		"resources":         object{g.name("resource"): resource(), g.name("resource"): resource()},
		"webhooks": object{"handlers": object{g.name("event."): object{"recordType": "order", "operation": "create",
			"mapping": object{"code": "$.id", "status": "$." + g.name("status")}}}},
	}
}

// change is one edit of a definition. site is what it touches: edits of which
// no site is at or below the other's do not meet.
type change struct {
	site string
	make func(d object)
}

func disjoint(a, b change) bool {
	return !strings.HasPrefix(a.site+"/", b.site+"/") && !strings.HasPrefix(b.site+"/", a.site+"/")
}

// follow walks down a document, by keys and by the names of list entries.
func follow(d object, path ...string) object {
	at := d
	for _, key := range path {
		switch v := at[key].(type) {
		case object:
			at = v
		default:
			return nil
		}
	}
	return at
}

// entry finds an entry of a list by the value of one of its fields.
func entry(d object, key, by, name string) object {
	for _, e := range d[key].(list) {
		if e.(object)[by] == name {
			return e.(object)
		}
	}
	return nil
}

func clone(t testing.TB, d object) object {
	t.Helper()
	return decode(t, encode(t, d)).(object)
}

// shuffled writes a document with its keys in any order and any white space.
func (g *generator) shuffled(v any) string {
	space := func() string { return pick(g, "", "", " ", "\n", "\t ", "\n    ") }
	switch v := v.(type) {
	case object:
		parts := []string{}
		for key, e := range v {
			text, _ := json.Marshal(key)
			parts = append(parts, space()+string(text)+space()+":"+space()+g.shuffled(e))
		}
		slices.Sort(parts) // the order of a map is not the seed's
		g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		return "{" + strings.Join(parts, space()+",") + space() + "}"
	case list:
		parts := []string{}
		for _, e := range v {
			parts = append(parts, space()+g.shuffled(e))
		}
		return "[" + strings.Join(parts, space()+",") + space() + "]"
	}
	text, _ := json.Marshal(v)
	return string(text)
}
