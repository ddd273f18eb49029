// Package definition knows the MiniApp definition: its JSON Schema, and a typed
// view of it in which everything has a position.
//
// The view is lenient: what is missing or has the wrong type is absent from it,
// since the schema has already said so. It keeps the order of the document.
package definition

import (
	"sync"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// Definition is the view of one miniapp.json.
type Definition struct {
	// Doc is the document that everything else points into.
	Doc *jsondoc.Document
	// NS, Version, Status and Category are the nodes of these fields, or nil.
	NS, Version, Status, Category *jsondoc.Node
	Auth                          Auth
	Actions                       []Action
	Functions                     []Function
	Triggers                      []Trigger
	Sources                       []Source
	Webhook                       Webhook
	Sync                          Sync
	DashboardApps                 []DashboardApp

	secretKeys func() map[string]bool

	parts []RequestPart
}

// Request is an HTTP request of auth, of an action's pipeline or of a source.
type Request struct {
	// Node is the request object; nil when the request is absent.
	Node                                                         *jsondoc.Node
	URL, Method, Headers, QueryParams, BodyType, Body, MappingAt *jsondoc.Node
	// Mapping are the outputs that the mapping names, in both of its shapes.
	Mapping []Output
}

// Output is one entry of a mapping.
type Output struct {
	Name string
	// At is the node that names the output: the member of an object mapping, or
	// the element of an array mapping.
	At *jsondoc.Node
	// Value is the path or literal that the output gets, or nil.
	Value *jsondoc.Node
}

// Auth is the auth block.
type Auth struct {
	// Node is nil when there is no auth object.
	Node *jsondoc.Node
	// Type is "bearer_token", "apikey", "oauth2" or whatever was written.
	Type          string
	SensitiveKeys *jsondoc.Node // array, or nil
	Config, Form  *jsondoc.Node // objects, or nil
	AutoRefresh   *jsondoc.Node
	// TestToken to AuthURL have a nil Node when absent.
	TestToken, UserDetails, GetToken, RefreshToken, AuthURL Request
	Registration                                            []Request

	steps []NamedRequest
}

// Sensitive returns the strings of sensitiveKeys.
func (a *Auth) Sensitive() []string {
	var keys []string
	for _, e := range a.SensitiveKeys.Elements() {
		if s, ok := e.Str(); ok {
			keys = append(keys, s)
		}
	}
	return keys
}

// Steps returns the requests of auth that are present, with the name of their
// field, in the order in which the platform may run them.
func (a *Auth) Steps() []NamedRequest { return a.steps }

func (a *Auth) findSteps() []NamedRequest {
	steps := make([]NamedRequest, 0, 5+len(a.Registration))
	for _, s := range []NamedRequest{
		{"auth_url", a.AuthURL}, {"get_token", a.GetToken}, {"refresh_token", a.RefreshToken},
		{"test_token", a.TestToken}, {"userDetails", a.UserDetails},
	} {
		if s.Request.Node != nil {
			steps = append(steps, s)
		}
	}
	for _, r := range a.Registration {
		steps = append(steps, NamedRequest{"registrationRequests", r})
	}
	return steps
}

// NamedRequest is a request with the field of auth that holds it.
type NamedRequest struct {
	Name    string
	Request Request
}

// Action is one entry of actions.
type Action struct {
	Node       *jsondoc.Node
	Name       string
	NameAt     *jsondoc.Node
	Parameters *jsondoc.Node // the JSON Schema object, or nil
	Steps      []Step
}

// Step is one step of an action: an HTTP request, or a call of a function.
type Step struct {
	Node *jsondoc.Node
	// Function is the name of the function that a function step calls, and
	// FunctionAt and Args are its fields. HTTP steps have Request instead.
	IsFunction       bool
	Function         string
	FunctionAt, Args *jsondoc.Node
	Request          Request
}

// Function is one entry of functions.
type Function struct {
	Name   string
	Node   *jsondoc.Node // the object
	Params *jsondoc.Node // array, or nil
	Code   *jsondoc.Node // string, or nil
}

// Trigger is one entry of triggers.
type Trigger struct {
	Node            *jsondoc.Node
	Event           string
	EventAt, Type   *jsondoc.Node
	Icon, Image     *jsondoc.Node
	Label, IsCustom *jsondoc.Node
	Description     *jsondoc.Node
}

// Source is one entry of source, a dropdown that the platform fills.
type Source struct {
	Key     string
	Request Request // Node is the source object
	// DataPath, ValueField and LabelField are strings, or nil.
	DataPath, ValueField, LabelField *jsondoc.Node
}

// Webhook is the webhook block.
type Webhook struct {
	// Node is nil when there is no webhook object ("webhook": null counts as
	// none).
	Node                                                 *jsondoc.Node
	EventExtraction, TransactionID, Verification         *jsondoc.Node // objects, or nil
	ChallengeResponse, CustomerExtraction, Response, Old *jsondoc.Node // Old is webhook.ecommerce
}

// Sync is the sync block.
type Sync struct {
	Node      *jsondoc.Node
	BaseURL   *jsondoc.Node
	Headers   *jsondoc.Node
	Config    *jsondoc.Node // syncConfiguration
	Resources []*jsondoc.Node
	Handlers  []Handler
}

// Handler is one entry of sync.webhooks.handlers.
type Handler struct {
	Event string
	Node  *jsondoc.Node
	// ByResource is true for the shape that names a resource, and false for
	// the one that names a record type and maps the record itself.
	ByResource bool
}

// DashboardApp is one panel of dashboardApps.
type DashboardApp struct {
	Node           *jsondoc.Node
	Key, Name, URL *jsondoc.Node
	AllowedActions []*jsondoc.Node
}

// New makes the view of a document.
func New(doc *jsondoc.Document) *Definition {
	root := doc.Root
	d := &Definition{
		Doc:      doc,
		NS:       ofKind(root.Get("ns"), jsondoc.String),
		Version:  ofKind(root.Get("version"), jsondoc.String),
		Status:   ofKind(root.Get("status"), jsondoc.String),
		Category: ofKind(root.Get("category"), jsondoc.String),
	}
	d.secretKeys = sync.OnceValue(d.findSecretKeys)
	d.Auth = newAuth(root.Get("auth"))
	for _, n := range root.Get("actions").Elements() {
		if n.Is(jsondoc.Object) {
			d.Actions = append(d.Actions, newAction(n))
		}
	}
	for _, n := range root.Get("functions").Members() {
		if n.Is(jsondoc.Object) {
			d.Functions = append(d.Functions, Function{Name: n.Key, Node: n,
				Params: ofKind(n.Get("params"), jsondoc.Array), Code: ofKind(n.Get("code"), jsondoc.String)})
		}
	}
	for _, n := range root.Get("triggers").Elements() {
		if n.Is(jsondoc.Object) {
			d.Triggers = append(d.Triggers, newTrigger(n))
		}
	}
	for _, n := range root.Get("source").Members() {
		if n.Is(jsondoc.Object) {
			d.Sources = append(d.Sources, Source{Key: n.Key, Request: NewRequest(n),
				DataPath:   ofKind(n.Get("dataPath"), jsondoc.String),
				ValueField: ofKind(n.Get("valueField"), jsondoc.String),
				LabelField: ofKind(n.Get("labelField"), jsondoc.String)})
		}
	}
	d.Webhook = newWebhook(root.Get("webhook"))
	d.Sync = newSync(root.Get("sync"))
	for _, n := range root.Get("dashboardApps").Elements() {
		if n.Is(jsondoc.Object) {
			d.DashboardApps = append(d.DashboardApps, DashboardApp{Node: n,
				Key: ofKind(n.Get("key"), jsondoc.String), Name: ofKind(n.Get("name"), jsondoc.String),
				URL: ofKind(n.Get("iframeUrl"), jsondoc.String), AllowedActions: n.Get("allowedActions").Elements()})
		}
	}
	d.parts = d.findParts()
	return d
}

// Field returns a top-level field when it is a string, else nil.
func (d *Definition) Field(name string) *jsondoc.Node {
	return ofKind(d.Doc.Root.Get(name), jsondoc.String)
}

// Function returns the function with this name.
func (d *Definition) Function(name string) (Function, bool) {
	for _, f := range d.Functions {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}

// ofKind returns the node when it has this kind, else nil.
func ofKind(n *jsondoc.Node, k jsondoc.Kind) *jsondoc.Node {
	if n.Is(k) {
		return n
	}
	return nil
}

func newAuth(n *jsondoc.Node) Auth {
	if !n.Is(jsondoc.Object) {
		return Auth{}
	}
	a := Auth{
		Node: n, Type: n.Get("type").Text(),
		SensitiveKeys: ofKind(n.Get("sensitiveKeys"), jsondoc.Array),
		Config:        ofKind(n.Get("config"), jsondoc.Object),
		Form:          ofKind(n.Get("form"), jsondoc.Object),
		AutoRefresh:   ofKind(n.Get("auto_refresh"), jsondoc.Bool),
		TestToken:     NewRequest(n.Get("test_token")), UserDetails: NewRequest(n.Get("userDetails")),
		GetToken: NewRequest(n.Get("get_token")), RefreshToken: NewRequest(n.Get("refresh_token")),
		AuthURL: NewRequest(n.Get("auth_url")),
	}
	for _, r := range n.Get("registrationRequests").Elements() {
		if r.Is(jsondoc.Object) {
			a.Registration = append(a.Registration, NewRequest(r))
		}
	}
	a.steps = a.findSteps()
	return a
}

// NewRequest reads a request. What has the wrong type is absent from it, and so
// is all of it when the node is no object.
func NewRequest(n *jsondoc.Node) Request {
	if !n.Is(jsondoc.Object) {
		return Request{}
	}
	r := Request{
		Node: n, URL: ofKind(n.Get("url"), jsondoc.String), Method: ofKind(n.Get("method"), jsondoc.String),
		Headers: ofKind(n.Get("headers"), jsondoc.Object), QueryParams: ofKind(n.Get("queryParams"), jsondoc.Object),
		BodyType: ofKind(n.Get("bodyType"), jsondoc.String), Body: n.Get("body"), MappingAt: n.Get("mapping"),
	}
	for _, m := range r.MappingAt.Members() {
		r.Mapping = append(r.Mapping, Output{Name: m.Key, At: m, Value: m})
	}
	for _, e := range r.MappingAt.Elements() {
		if name, ok := e.Get("name").Str(); ok {
			r.Mapping = append(r.Mapping, Output{Name: name, At: e, Value: e.Get("value")})
		}
	}
	return r
}

func newAction(n *jsondoc.Node) Action {
	a := Action{Node: n, Name: n.Get("name").Text(), NameAt: ofKind(n.Get("name"), jsondoc.String),
		Parameters: ofKind(n.Get("parameters"), jsondoc.Object)}
	for _, s := range n.Get("requests").Elements() {
		if !s.Is(jsondoc.Object) {
			continue
		}
		step := Step{Node: s, IsFunction: s.Get("type").Text() == "function"}
		if step.IsFunction {
			step.FunctionAt = ofKind(s.Get("name"), jsondoc.String)
			step.Function = step.FunctionAt.Text()
			step.Args = ofKind(s.Get("args"), jsondoc.Object)
		} else {
			step.Request = NewRequest(s)
		}
		a.Steps = append(a.Steps, step)
	}
	return a
}

func newTrigger(n *jsondoc.Node) Trigger {
	return Trigger{Node: n, Event: n.Get("event").Text(),
		EventAt: ofKind(n.Get("event"), jsondoc.String), Type: ofKind(n.Get("type"), jsondoc.String),
		Icon: ofKind(n.Get("icon"), jsondoc.String), Image: ofKind(n.Get("img"), jsondoc.String),
		Label: ofKind(n.Get("label"), jsondoc.String), IsCustom: ofKind(n.Get("isCustom"), jsondoc.Bool),
		Description: ofKind(n.Get("description"), jsondoc.String)}
}

func newWebhook(n *jsondoc.Node) Webhook {
	if !n.Is(jsondoc.Object) {
		return Webhook{}
	}
	object := func(key string) *jsondoc.Node { return ofKind(n.Get(key), jsondoc.Object) }
	return Webhook{Node: n, EventExtraction: object("eventExtraction"), TransactionID: object("transactionId"),
		Verification: object("verification"), ChallengeResponse: object("challengeResponse"),
		CustomerExtraction: object("customerExtraction"), Response: object("response"), Old: n.Get("ecommerce")}
}

func newSync(n *jsondoc.Node) Sync {
	if !n.Is(jsondoc.Object) {
		return Sync{}
	}
	s := Sync{Node: n, BaseURL: ofKind(n.Get("baseUrl"), jsondoc.String), Headers: ofKind(n.Get("headers"), jsondoc.Object),
		Config: ofKind(n.Get("syncConfiguration"), jsondoc.Object)}
	for _, r := range n.Get("resources").Members() {
		if r.Is(jsondoc.Object) {
			s.Resources = append(s.Resources, r)
		}
	}
	for _, h := range n.At("webhooks", "handlers").Members() {
		if h.Is(jsondoc.Object) {
			s.Handlers = append(s.Handlers, Handler{Event: h.Key, Node: h, ByResource: h.Get("resource") != nil})
		}
	}
	return s
}
