package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// OAuth reports whether a tenant connects in a popup of the provider.
func (m *Machine) OAuth() bool { return m.Definition.Auth.Type == "oauth2" }

// Field is one field of the install form.
type Field struct {
	Name, Label, Placeholder string
	// Secret says that what is typed must not be shown.
	Secret, Required bool
	// Default is the value of auth.config, or "".
	Default string
}

// Form returns the fields that a tenant fills in at install: those of auth.form,
// or, without one, the empty values of auth.config, as far as no request of auth
// supplies them.
func (m *Machine) Form() []Field {
	auth := &m.Definition.Auth
	secret := m.Definition.SecretKeys()
	var fields []Field
	if len(auth.Form.Members()) > 0 {
		for _, f := range auth.Form.Members() {
			required, _ := f.Get("required").Bool()
			fields = append(fields, Field{Name: f.Key, Label: f.Get("label").Text(), Placeholder: f.Get("placeholder").Text(),
				Required: required, Default: auth.Config.Get(f.Key).Text(), Secret: f.Get("type").Text() == "password" || secret[f.Key]})
		}
		return fields
	}
	stored := map[string]bool{}
	for _, s := range auth.Steps() {
		for _, o := range s.Request.Mapping {
			stored[o.Name] = true
		}
	}
	for _, c := range auth.Config.Members() {
		if text, ok := c.Str(); ok && text == "" && !stored[c.Key] {
			fields = append(fields, Field{Name: c.Key, Label: c.Key, Required: true, Secret: secret[c.Key]})
		}
	}
	return fields
}

// Connect runs the sequence of a key: get_token, test_token, userDetails and the
// registration requests, as far as there are any. Only when all of them succeed
// does the install store what they gave, and is connected.
func (m *Machine) Connect(ctx context.Context, install *Install, form Values) *Run {
	next := install.Clone()
	r := m.record(next, "connect", m.Definition.Auth.Node)
	m.accept(next, form)
	r.hide.learn(next)
	for _, f := range m.Form() {
		if v := next.UserInput[f.Name]; f.Required && (v == nil || v.Text() == "" && v.Is(jsondoc.String)) && f.Default == "" {
			r.fail(&Failure{Code: Validation, Pointer: m.Definition.Auth.Node.Pointer(),
				Message: fmt.Sprintf("the install form lacks a value for %q", f.Name), Hint: "Supply every required field of the form."})
		}
	}
	auth := &m.Definition.Auth
	if r.run.OK() && auth.GetToken.Node != nil {
		r.credentials(ctx, "get_token", auth.GetToken)
	}
	return m.finish(ctx, r, install)
}

// accept keeps what was typed into the install form, and the defaults of
// auth.config for what was not.
func (m *Machine) accept(install *Install, form Values) {
	for _, c := range m.Definition.Auth.Config.Members() {
		if text, ok := c.Str(); !ok || text != "" {
			install.Credentials[c.Key] = c
		}
	}
	for k, v := range form {
		install.UserInput[k] = v
		install.Credentials[k] = v
	}
}

// Resume connects an install with credentials that were got in another way,
// such as the token of a sandbox account after somebody signed in: no token is
// exchanged, everything else is done as after it.
func (m *Machine) Resume(ctx context.Context, install *Install, credentials Values) *Run {
	next := install.Clone()
	r := m.record(next, "connect", m.Definition.Auth.Node)
	m.accept(next, credentials)
	r.hide.learn(next)
	return m.finish(ctx, r, install)
}

// credentials runs a request of auth whose outputs are credentials.
func (r *recorder) credentials(ctx context.Context, name string, req definition.Request) {
	if a, ok := r.authorized(ctx, name, req, r.connectScope(nil)); ok {
		r.store(r.install.Credentials, a.values)
	}
}

// finish runs what both ways to connect have in common, and takes the new state
// over when all of it went through.
func (m *Machine) finish(ctx context.Context, r *recorder, install *Install) *Run {
	auth := &m.Definition.Auth
	if r.run.OK() && auth.TestToken.Node != nil {
		r.choose(testAfterToken, auth.TestToken.Node)
		r.authorized(ctx, "test_token", auth.TestToken, r.connectScope(nil))
	}
	if r.run.OK() && auth.UserDetails.Node != nil {
		if a, ok := r.authorized(ctx, "userDetails", auth.UserDetails, r.connectScope(nil)); ok {
			r.store(r.install.Metadata, a.values)
		}
	}
	for i, req := range auth.Registration {
		if r.run.OK() && !m.SkipRegistration {
			r.credentials(ctx, fmt.Sprintf("registration %d", i+1), req)
		}
	}
	if r.run.OK() {
		r.install.Connected, r.install.Reach = true, m.Reach()
		*install = *r.install
	}
	return r.done()
}

// connectScope is what the placeholders of auth's requests find. The code is
// that of OAuth, or nil.
func (r *recorder) connectScope(code *jsondoc.Node) *scope {
	s := r.newScope()
	s.system["redirect_uri"] = jsondoc.NewString(r.m.Platform.RedirectURL(r.m.ns()))
	if code != nil {
		s.system["code"] = code
	}
	return s
}

// errNoAuthURL says that a definition cannot send anybody to the provider.
var errNoAuthURL = errors.New("auth.auth_url has no url: OAuth starts there")

// Authorize returns the URL of the provider's page on which a tenant allows
// access, with a state that the provider returns. What was typed into the form
// (the client's id and secret, where the tenant has its own) is kept in the
// install. The run has the diagnostics; its Failure is set when there is no URL.
func (m *Machine) Authorize(install *Install, form Values, state string) (address string, run *Run) {
	r := m.record(install, "authorize", m.Definition.Auth.Node)
	m.accept(install, form)
	req := m.Definition.Auth.AuthURL
	if req.URL == nil {
		r.fail(&Failure{Code: Internal, Message: errNoAuthURL.Error(), Pointer: m.Definition.Auth.Node.Pointer(), Hint: "Write the provider's page for consent there."})
		return "", r.done()
	}
	s := r.connectScope(nil)
	address, _ = s.url(req.URL)
	address = addQuery(address, s.pairs(req.QueryParams))
	r.hide.learn(install)
	shown := address
	if r.hide.hider()(&shown); shown != address {
		r.say(finding.Warning, req.URL, "Leave it out: the provider's page needs the client's id alone.", "the address of the provider's page has a secret in it, which the browser keeps and shows")
	}
	u, err := url.Parse(address)
	if err != nil {
		r.fail(&Failure{Code: Internal, Message: "auth.auth_url gives no valid URL", Pointer: req.URL.Pointer(), Hint: "Look at its placeholders."})
		return "", r.done()
	}
	if !u.Query().Has("state") {
		r.choose(oauthState, req.URL)
		address = addQuery(address, []pair{{"state", state}})
	}
	return address, r.done()
}

// Finish exchanges the code that the provider sent a tenant back with, then does
// what Connect does.
func (m *Machine) Finish(ctx context.Context, install *Install, code string) *Run {
	next := install.Clone()
	r := m.record(next, "connect", m.Definition.Auth.Node)
	r.hide.add(code)
	req := m.Definition.Auth.GetToken
	if req.Node == nil {
		r.fail(&Failure{Code: Internal, Message: "auth.get_token is missing: nothing exchanges the code for a token", Pointer: m.Definition.Auth.Node.Pointer(), Hint: "Add the request to the provider's token endpoint."})
		return r.done()
	}
	if a, ok := r.authorized(ctx, "get_token", req, r.connectScope(jsondoc.NewString(code))); ok {
		r.store(next.Credentials, a.values)
	}
	return m.finish(ctx, r, install)
}

// Refresh runs refresh_token by itself, as the button of the platform does.
func (m *Machine) Refresh(ctx context.Context, install *Install) *Run {
	r := m.record(install, "refresh", m.Definition.Auth.RefreshToken.Node)
	if m.Definition.Auth.RefreshToken.Node == nil {
		r.fail(&Failure{Code: Internal, Message: "the definition has no auth.refresh_token", Hint: "Add one, or connect again."})
		return r.done()
	}
	r.refresh(ctx)
	return r.done()
}
