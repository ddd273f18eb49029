package compat

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// listing compares the texts that present the MiniApp.
func (d *differ) listing() {
	fields(d.base.Doc.Root, d.head.Doc.Root, func(key string, b, h *jsondoc.Node) {
		d.fix("listing-changed", b, h, "the field %s of the listing is changed", quote(key))
	}, listingFields()...)
}

func listingFields() []string {
	return []string{"name", "title", "label", "description", "shortDescription", "category", "icon", "logo", "docsUrl", "youtubeId"}
}

// others compares the top-level fields that are not known. The field "type"
// is one of them: nobody says what follows from changing it.
func (d *differ) others() {
	d.unknownFields("the definition", d.base.Doc.Root, d.head.Doc.Root, append(listingFields(),
		"ns", "version", "status", "auth", "actions", "functions", "triggers", "webhook", "sync", "source", "dashboardApps")...)
}

// steps are the requests of auth that stand alone.
func steps() []string {
	return []string{"auth_url", "get_token", "refresh_token", "test_token", "userDetails"}
}

func (d *differ) auth() {
	b, h := d.blocks("auth", jsondoc.Object)
	switch {
	case same(b, h):
		return
	case b == nil:
		d.breaking("auth-added", nil, h, "the MiniApp now needs a connection, which installed tenants have not made")
		return
	case h == nil:
		d.breaking("auth-removed", b, nil, "the MiniApp no longer has a connection, and the credentials of tenants are not used any more")
		return
	}
	fields(b, h, func(_ string, b, h *jsondoc.Node) {
		d.breaking("auth-type-changed", b, h, "the type of auth is changed; tenants must connect again")
	}, "type")
	d.config(b, h)
	d.form(b, h)
	d.sensitiveKeys(b.Get("sensitiveKeys"), h.Get("sensitiveKeys"))
	fields(b, h, func(_ string, b, h *jsondoc.Node) {
		d.feature("auto-refresh-changed", b, h, "the refresh of expired tokens is switched on or off")
	}, "auto_refresh")
	for _, key := range steps() {
		d.authRequest("the request auth."+key, key, b.Get(key), h.Get(key))
	}
	if authorize := b.Get("auth_url"); authorize != nil && h.Get("auth_url") != nil {
		d.writtenScopes(authorize, h.Get("auth_url"))
	}
	d.registration(b.Get("registrationRequests"), h.Get("registrationRequests"))
	d.unknownFields("auth", b, h, append(steps(), "type", "config", "form", "sensitiveKeys", "auto_refresh", "registrationRequests")...)
}

// authRequest compares a request of auth, with its outputs: they are stored
// with every install.
func (d *differ) authRequest(where, key string, b, h *jsondoc.Node) {
	b, h = d.ofKind(where, b, h, jsondoc.Object)
	switch {
	case same(b, h):
	case b == nil:
		d.feature("auth-request-added", nil, h, "%s is added", where)
	case h == nil && key == "test_token":
		d.fix("connection-test-removed", b, nil, "%s is removed", where)
	case h == nil:
		d.breaking("auth-request-removed", b, nil, "%s is removed", where)
	default:
		d.request(where, b, h, false)
		d.mapping(where, b.Get("mapping"), h.Get("mapping"))
		d.outputs(" of "+where, mapped(b.Get("mapping")), mapped(h.Get("mapping")))
	}
}

func (d *differ) registration(b, h *jsondoc.Node) {
	b, h = d.ofKind("auth.registrationRequests", b, h, jsondoc.Array)
	base, head := b.Elements(), h.Elements()
	for _, p := range align(base, head) {
		var rb, rh *jsondoc.Node
		if p.base >= 0 {
			rb = base[p.base]
		}
		if p.head >= 0 {
			rh = head[p.head]
		}
		d.authRequest("registration request "+ordinal(p), "registrationRequests", rb, rh)
	}
}

// granted returns the keys that a request of auth fills, so that no tenant
// has to.
func granted(auth *jsondoc.Node) map[string]bool {
	keys := map[string]bool{}
	add := func(r *jsondoc.Node) {
		for _, o := range mapped(r.Get("mapping")) {
			keys[o.name] = true
		}
	}
	for _, key := range steps() {
		add(auth.Get(key))
	}
	for _, r := range auth.Get("registrationRequests").Elements() {
		add(r)
	}
	return keys
}

// supplied reports whether a key of config must be filled by the tenant.
func supplied(auth, value *jsondoc.Node, granted map[string]bool) bool {
	if text, ok := value.Str(); !ok || text != "" || granted[value.Key] {
		return false
	}
	required, ok := auth.Get("form").Get(value.Key).Get("required").Bool()
	return required || !ok
}

func (d *differ) config(authB, authH *jsondoc.Node) {
	b, h := d.ofKind("auth.config", authB.Get("config"), authH.Get("config"), jsondoc.Object)
	grantedB, grantedH := granted(authB), granted(authH)
	base, head := members(b, ""), members(h, "")
	for _, p := range match(base, head) {
		kb, kh := get(base, p.base), get(head, p.head)
		switch {
		case p.head < 0:
			d.breaking("config-key-removed", kb.node, nil, "the key %s of auth.config is removed", quote(kb.name))
		case p.base < 0 && kh.name == "scope":
			d.feature("config-key-added", nil, kh.node, "the key %s of auth.config is added", quote(kh.name))
			d.scopes(nil, kh.node)
		case p.base < 0 && supplied(authH, kh.node, grantedH):
			d.breaking("credential-added", nil, kh.node, "the new credential %s is needed, which installed tenants have not entered", quote(kh.name))
		case p.base < 0:
			d.feature("config-key-added", nil, kh.node, "the key %s of auth.config is added", quote(kh.name))
		case p.renamed:
			d.breaking("config-key-renamed", kb.node, kh.node, "the key %s of auth.config is now called %s", quote(kb.name), quote(kh.name))
		case same(kb.node, kh.node):
			// Only a change of form or of the requests can have made it needed;
			// form reports the former.
			if grantedB[kb.name] && authH.Get("form").Get(kh.name) == nil && supplied(authH, kh.node, grantedH) {
				d.breaking("credential-required", kb.node, kh.node, "tenants must now enter the credential %s themselves", quote(kh.name))
			}
		case kb.name == "scope":
			d.scopes(kb.node, kh.node)
		case !supplied(authB, kb.node, grantedB) && supplied(authH, kh.node, grantedH):
			d.breaking("credential-required", kb.node, kh.node, "the credential %s has no default value any more, and installed tenants have not entered one", quote(kh.name))
		case supplied(authB, kb.node, grantedB):
			d.feature("credential-optional", kb.node, kh.node, "the credential %s now has a default value", quote(kh.name))
		case kb.name == "client_id" || kb.name == d.head.Doc.Root.At("webhook", "verification", "secretKey").Text():
			d.breaking("credential-replaced", kb.node, kh.node, "the value of %s is another one; what tenants have connected with the old one stops working", quote(kh.name))
		default:
			d.fix("config-value-changed", kb.node, kh.node, "the default value of %s is changed", quote(kh.name))
		}
	}
}

// scopes compares the OAuth scopes of auth.config.
func (d *differ) scopes(b, h *jsondoc.Node) {
	changed := d.scopeTexts(b, h, b.Text(), h.Text())
	if b != nil && !changed && (!b.Is(jsondoc.String) || !h.Is(jsondoc.String)) {
		d.fix("config-value-changed", b, h, "the default value of %s is changed", quote("scope"))
	}
}

// scopeTexts compares two lists of OAuth scopes, which providers separate by
// white space or commas, and reports whether they differ. Placeholders are no
// scopes: what they stand for is compared where it is written.
func (d *differ) scopeTexts(b, h *jsondoc.Node, before, after string) (changed bool) {
	split := func(text string) []string {
		words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,\t\r\n", r) })
		return slices.DeleteFunc(words, func(s string) bool { return strings.Contains(s, "{{") || strings.Contains(s, "[[") })
	}
	lost, gained := setDifference(split(before), split(after))
	for _, s := range gained {
		d.breaking("scope-added", b, h, "the OAuth scope %s is added; tenants must connect again to grant it", quote(s))
	}
	for _, s := range lost {
		d.fix("scope-removed", b, h, "the OAuth scope %s is no longer asked for", quote(s))
	}
	return len(lost)+len(gained) > 0
}

// writtenScopes compares the scopes that auth_url asks for by itself, in its
// query or its queryParams.
func (d *differ) writtenScopes(b, h *jsondoc.Node) {
	paramB, paramH := b.At("queryParams", "scope"), h.At("queryParams", "scope")
	d.scopeTexts(cmp.Or(paramB, b), cmp.Or(paramH, h), paramB.Text(), paramH.Text())
	inQuery := func(n *jsondoc.Node) string {
		_, query, _ := strings.Cut(n.Text(), "?")
		query, _, _ = strings.Cut(query, "#")
		for _, part := range strings.Split(query, "&") {
			if value, ok := strings.CutPrefix(part, "scope="); ok {
				if plain, err := url.QueryUnescape(value); err == nil {
					return plain
				}
				return value // compared as it is written
			}
		}
		return ""
	}
	urlB, urlH := b.Get("url"), h.Get("url")
	d.scopeTexts(urlB, urlH, inQuery(urlB), inQuery(urlH))
}

// setDifference returns the strings that are only in a, and those only in b,
// each once and in the order of the list.
func setDifference(a, b []string) (onlyA, onlyB []string) {
	only := func(from, without []string) []string {
		skip := make(map[string]bool, len(without))
		for _, s := range without {
			skip[s] = true
		}
		var out []string
		for _, s := range from {
			if !skip[s] {
				skip[s] = true
				out = append(out, s)
			}
		}
		return out
	}
	return only(a, b), only(b, a)
}

func (d *differ) form(authB, authH *jsondoc.Node) {
	b, h := d.ofKind("auth.form", authB.Get("form"), authH.Get("form"), jsondoc.Object)
	base, head := members(b, ""), members(h, "")
	required := func(n *jsondoc.Node) bool { v, _ := n.Get("required").Bool(); return v }
	for _, p := range match(base, head) {
		fb, fh := get(base, p.base), get(head, p.head)
		switch {
		case p.head < 0:
			d.breaking("form-field-removed", fb.node, nil, "the field %s of the install form is removed", quote(fb.name))
		case p.base < 0 && required(fh.node) && (authH.Get("config").Get(fh.name) == nil || authB.Get("config").Get(fh.name) != nil):
			// A new key of config has been reported there.
			d.breaking("credential-added", nil, fh.node, "the new field %s of the install form is required, and installed tenants have not filled it in", quote(fh.name))
		case p.base < 0:
			d.feature("form-field-added", nil, fh.node, "the field %s of the install form is added", quote(fh.name))
		default:
			if p.renamed {
				d.breaking("form-field-renamed", fb.node, fh.node, "the field %s of the install form is now called %s", quote(fb.name), quote(fh.name))
			}
			d.formField("the field "+quote(fh.name)+" of the install form", fb.node, fh.node, required(fb.node), required(fh.node))
		}
	}
}

func (d *differ) formField(where string, b, h *jsondoc.Node, was, is bool) {
	if same(b, h) {
		return
	}
	if !b.Is(jsondoc.Object) || !h.Is(jsondoc.Object) {
		d.unknownField(where, b, h)
		return
	}
	switch {
	case !was && is:
		d.breaking("credential-required", b, h, "%s is now required, and installed tenants may have left it empty", where)
	case was && !is:
		d.feature("credential-optional", b, h, "%s is no longer required", where)
	default:
		fields(b, h, func(_ string, b, h *jsondoc.Node) {
			if !(b == nil && h.Literal() == "false" || h == nil && b.Literal() == "false") {
				d.unknownField("the field \"required\" of "+where, b, h)
			}
		}, "required")
	}
	fields(b, h, func(key string, b, h *jsondoc.Node) {
		d.fix("form-field-changed", b, h, "the field %s of %s is changed", quote(key), where)
	}, "type", "label", "placeholder")
	d.unknownFields(where, b, h, "required", "type", "label", "placeholder")
}

func (d *differ) sensitiveKeys(b, h *jsondoc.Node) {
	b, h = d.ofKind("auth.sensitiveKeys", b, h, jsondoc.Array)
	list := func(n *jsondoc.Node) (l []named) {
		for _, e := range n.Elements() {
			l = append(l, named{name: e.Text() + e.Literal(), node: e})
		}
		return l
	}
	base, head := list(b), list(h)
	seen := func(l []named) map[string]bool {
		m := map[string]bool{}
		for _, n := range l {
			m[n.name] = true
		}
		return m
	}
	inBase, inHead := seen(base), seen(head)
	for _, n := range slices.Concat(base, head) {
		switch {
		case !inHead[n.name]:
			d.fix("sensitive-key-removed", n.node, nil, "%s is no longer a sensitive key", quote(n.name))
			inHead[n.name] = true
		case !inBase[n.name]:
			d.fix("sensitive-key-added", nil, n.node, "%s is now a sensitive key", quote(n.name))
			inBase[n.name] = true
		}
	}
}
