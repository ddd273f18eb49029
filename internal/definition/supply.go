package definition

import (
	"slices"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Origin is what fills a placeholder.
type Origin uint8

// The origins, in no order of precedence.
const (
	FromConfig   Origin = iota + 1 // auth.config
	FromForm                       // auth.form, what the tenant types at install
	FromAuth                       // what get_token, refresh_token or a registration request stores
	FromMetadata                   // what userDetails stores
	FromSystem                     // what the platform knows by itself
	FromInput                      // a parameter of the action
	FromStep                       // an output of an earlier step
)

// Key is a name that a placeholder may have, with what fills it.
type Key struct {
	Name string
	From Origin
	// At is the member or entry that names the key; nil for system values.
	At *jsondoc.Node
}

// SystemKeys are the values that the platform puts into every request as
// "{{key}}".
func SystemKeys() []string { return []string{"webhookUrl", "subdomain", "uid"} }

// ConnectKeys are the further values that it puts into the requests of auth
// while a tenant connects with OAuth.
func ConnectKeys() []string { return []string{"redirect_uri", "code"} }

// storesCredentials are the fields of auth whose object mappings are stored
// among the credentials of an install.
func storesCredentials(step string) bool {
	return step == "get_token" || step == "refresh_token" || step == "registrationRequests"
}

// CredentialKeys returns the keys that "[[key]]" finds, in the order of the
// blocks: an install's credentials, then its metadata. What the tenant supplies
// through auth.config or auth.form is among the credentials: official examples
// use both in this way.
func (a *Auth) CredentialKeys() []Key {
	keys := a.suppliedByTenant()
	for _, s := range a.Steps() {
		from := FromAuth
		switch {
		case s.Name == "userDetails":
			from = FromMetadata
		case !storesCredentials(s.Name):
			continue
		}
		keys = append(keys, stored(s.Request, from)...)
	}
	return keys
}

// ValueKeys returns the keys that "{{key}}" finds in every request, whatever
// the action: auth.config, the install form, metadata and system values. Input
// and the outputs of steps come before them.
func (a *Auth) ValueKeys() []Key {
	keys := append(a.suppliedByTenant(), stored(a.UserDetails, FromMetadata)...)
	for _, name := range SystemKeys() {
		keys = append(keys, Key{Name: name, From: FromSystem})
	}
	return keys
}

func (a *Auth) suppliedByTenant() []Key {
	var keys []Key
	for _, m := range a.Config.Members() {
		keys = append(keys, Key{m.Key, FromConfig, m})
	}
	for _, m := range a.Form.Members() {
		keys = append(keys, Key{m.Key, FromForm, m})
	}
	return keys
}

// stored returns what a request of auth stores: only the object form of a
// mapping is kept, the array form is for the next request.
func stored(r Request, from Origin) []Key {
	if !r.MappingAt.Is(jsondoc.Object) {
		return nil
	}
	return r.outputs(from)
}

func (r Request) outputs(from Origin) []Key {
	var keys []Key
	for _, o := range r.Mapping {
		keys = append(keys, Key{o.Name, from, o.At})
	}
	return keys
}

// ParameterKeys returns the inputs of an action, which come before everything
// else that fills a "{{key}}".
func (a Action) ParameterKeys() []Key {
	var keys []Key
	for _, m := range a.Parameters.Get("properties").Members() {
		keys = append(keys, Key{m.Key, FromInput, m})
	}
	return keys
}

// OutputKeys returns what an HTTP step outputs: both forms of a mapping are seen
// by later steps. What a function step outputs are the keys of the object that
// its code returns.
func (s Step) OutputKeys() []Key { return s.Request.outputs(FromStep) }

// Texts returns the parts of a request in which the platform replaces
// placeholders, those that are there.
func (r Request) Texts() []*jsondoc.Node {
	return present(r.URL, r.Headers, r.QueryParams, r.Body)
}

// Texts returns the parts of a step in which the platform replaces
// placeholders, those that are there.
func (s Step) Texts() []*jsondoc.Node {
	if s.IsFunction {
		return present(s.Args)
	}
	return s.Request.Texts()
}

func present(nodes ...*jsondoc.Node) []*jsondoc.Node {
	return slices.DeleteFunc(nodes, func(n *jsondoc.Node) bool { return n == nil })
}

// RequestPart is one part of a definition in which placeholders are replaced.
type RequestPart struct {
	// Texts are the strings and objects with placeholders.
	Texts []*jsondoc.Node
	// Auth is the field of auth that it belongs to, or "".
	Auth string
	// Action and Step are the indices in Definition.Actions and Action.Steps;
	// Action is -1 elsewhere.
	Action, Step int
	// Source is the index in Definition.Sources, or -1.
	Source int

	found []Placeholder
}

// RequestParts returns all parts of the definition in which placeholders are
// replaced: the requests of auth, the steps of actions, sources, and the base
// and headers of sync.
func (d *Definition) RequestParts() []RequestPart { return d.parts }

func (d *Definition) findParts() []RequestPart {
	var parts []RequestPart
	for _, s := range d.Auth.Steps() {
		parts = append(parts, RequestPart{Texts: s.Request.Texts(), Auth: s.Name, Action: -1, Source: -1})
	}
	for i, a := range d.Actions {
		for j, s := range a.Steps {
			parts = append(parts, RequestPart{Texts: s.Texts(), Action: i, Step: j, Source: -1})
		}
	}
	for i, s := range d.Sources {
		parts = append(parts, RequestPart{Texts: s.Request.Texts(), Action: -1, Source: i})
	}
	sync := present(d.Sync.BaseURL, d.Sync.Headers)
	for _, r := range d.Sync.Resources {
		for _, e := range r.Get("endpoints").Members() {
			sync = append(sync, present(ofKind(e.Get("url"), jsondoc.String))...)
		}
	}
	parts = append(parts, RequestPart{Texts: sync, Action: -1, Source: -1})
	for i := range parts {
		for _, t := range parts[i].Texts {
			parts[i].found = appendPlaceholders(parts[i].found, t)
		}
	}
	return parts
}

// Placeholders returns the placeholders of a part, in the order of its texts.
func (p *RequestPart) Placeholders() []Placeholder { return p.found }
