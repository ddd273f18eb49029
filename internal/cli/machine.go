package cli

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/outbound"
	"github.com/karzoun/miniapp-review/internal/practice"
	"github.com/karzoun/miniapp-review/internal/registry/endpoint"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// machineFlags are the flags of every command that runs a definition.
type machineFlags struct {
	allowLocal, practice bool
	platform             string
}

// defaultPlatform is the tenant's API where nothing else is known. Nobody can
// answer there.
const defaultPlatform = "https://tenant.example"

func (f *machineFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.allowLocal, "allow-local", false, "let requests go to this machine and private networks too, over HTTP as well")
	flags.StringVar(&f.platform, "platform", defaultPlatform, "the `URL` of the tenant's API, which {{webhookUrl}} starts with")
}

// machine puts together what runs a definition: the one way out to providers,
// functions in a process of their own, the clock and randomness of the streams.
// What it returns second is called in the end.
func (f machineFlags) machine(s Streams, def *definition.Definition) (*sandbox.Machine, func()) {
	base := strings.TrimSuffix(f.platform, "/")
	m := &sandbox.Machine{Definition: def, Functions: newFunctions(s), Now: s.Now, Random: s.Random,
		Platform: sandbox.Platform{BaseURL: base, Subdomain: subdomain(base)}}
	if f.practice {
		m.Provider = practice.New(def)
		return m, func() {}
	}
	if s.provider != nil {
		m.Provider = s.provider(def)
		return m, func() {}
	}
	client := outbound.New(outbound.Options{AllowLocal: f.allowLocal, UserAgent: "miniapp/" + version(), Now: s.Now})
	m.Provider, m.Sleep = client, endpoint.Sleep
	return m, client.Close
}

// subdomain is the tenant's name: the first label of the host of its API.
func subdomain(base string) string {
	_, rest, _ := strings.Cut(base, "://")
	label, _, _ := strings.Cut(rest, ".")
	return strings.TrimSpace(label)
}
