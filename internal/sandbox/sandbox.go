// Package sandbox runs a definition by the semantics that the platform's
// documentation gives: a tenant's install that connects, runs actions, fills
// dropdowns, imports records and receives webhooks.
//
// It has no I/O of its own. The network, the functions' engine, the clock and
// randomness are handed in. Where the documentation is silent or contradicts
// itself, it makes one choice, and says so as a notice whenever a run depends
// on it: see Choice.
package sandbox

import (
	"context"
	"io"
	"time"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
)

// Provider sends requests to the outside service. PartOf tells from the context
// which part of the definition a request comes from.
type Provider interface {
	Do(context.Context, outbound.Request) (outbound.Response, error)
}

// partKey is the key of a context's part, see PartOf.
type partKey struct{}

// PartOf returns the JSON Pointer of the part of the definition that a request
// was made from, for a provider that answers by what the definition says; "" in
// any other context.
func PartOf(ctx context.Context) string {
	pointer, _ := ctx.Value(partKey{}).(string)
	return pointer
}

// Functions runs the code of App Functions. Its result is a JSON object; its
// error is what the caller of the action sees.
type Functions interface {
	Call(ctx context.Context, f FunctionCall) (result []byte, err error)
}

// FunctionCall is one call of an App Function. Args is a JSON object.
type FunctionCall struct {
	Name, Code string
	Params     []string
	Args       []byte
}

// Machine runs one definition. Its fields are not changed by a run, and runs
// for different installs may go on at the same time as far as the handed-in
// parts allow it.
type Machine struct {
	Definition *definition.Definition
	Provider   Provider
	// Functions may be nil; function steps then fail.
	Functions Functions
	Platform  Platform
	// SkipRegistration leaves the registration requests out when an install
	// connects. Each of them makes a further webhook at the provider, which is of
	// no use to an install that is gone in a moment.
	SkipRegistration bool
	Now              func() time.Time
	// Sleep waits between the requests of an import as long as the definition
	// asks for, or until the context ends; nil waits for nothing.
	Sleep func(context.Context, time.Duration) error
	// Random gives the bytes of boundaries and generated ids.
	Random io.Reader
	// Secrets are texts that no run shows, beside those that the definition calls
	// sensitive or whose keys tell: what a definition forgets to name is as secret.
	Secrets []string
}

// Platform is what the platform knows by itself and puts into requests.
type Platform struct {
	// BaseURL is what comes before "/miniapps/{ns}/webhooks" and
	// "/miniapps/{ns}/oauth2", without a final slash.
	BaseURL   string
	Subdomain string
	// Redirect is the URL that OAuth leads back to, where that is another than
	// the platform's own; "" takes the latter.
	Redirect string
}

// WebhookURL is the URL that a provider delivers to.
func (p Platform) WebhookURL(ns string) string { return p.BaseURL + "/miniapps/" + ns + "/webhooks" }

// RedirectURL is the URL that OAuth leads back to.
func (p Platform) RedirectURL(ns string) string {
	if p.Redirect != "" {
		return p.Redirect
	}
	return p.BaseURL + "/miniapps/" + ns + "/oauth2"
}

// Values are JSON values by name.
type Values map[string]*jsondoc.Node

// Texts makes values of texts.
func Texts(texts map[string]string) Values {
	v := Values{}
	for k, t := range texts {
		v[k] = jsondoc.NewString(t)
	}
	return v
}

// Install is a tenant's installed MiniApp, with its three bags.
type Install struct {
	// Credentials are tokens, secrets and what get_token, refresh_token and
	// registration requests store. "[[key]]" finds them first.
	Credentials Values
	// Metadata is what userDetails stores. "[[key]]" finds it second.
	Metadata Values
	// UserInput is what was typed into the install form.
	UserInput Values
	// UID is the install's own id, the system value "uid".
	UID       string
	Connected bool
	// Reach is what Machine.Reach gave when the install connected.
	Reach []string
	// Seen are the ids of the deliveries that were worked on.
	Seen *Seen
}

// NewInstall returns an install that nothing is known of yet.
func NewInstall(uid string) *Install {
	return &Install{Credentials: Values{}, Metadata: Values{}, UserInput: Values{}, UID: uid, Seen: &Seen{}}
}

// Clone returns a copy that can be changed while the install stays as it is:
// what fails half-way must store nothing.
func (i *Install) Clone() *Install {
	c := *i
	c.Credentials, c.Metadata, c.UserInput = copied(i.Credentials), copied(i.Metadata), copied(i.UserInput)
	return &c
}

func copied(v Values) Values {
	c := make(Values, len(v))
	for k, n := range v {
		c[k] = n
	}
	return c
}

func (m *Machine) ns() string { return m.Definition.NS.Text() }
