package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/artifact"
	"github.com/karzoun/miniapp-review/internal/registry/endpoint"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
)

// targetHint says how registries are named.
const targetHint = "name a registry as static:DIR, branch:NAME, http:URL or oci:HOST/REPOSITORY"

// The variables of the environment that targets sign in with.
const (
	tokenVariable    = "MINIAPP_REGISTRY_TOKEN"
	usernameVariable = "MINIAPP_OCI_USERNAME"
	passwordVariable = "MINIAPP_OCI_PASSWORD"
)

// tokenSource gives the token that an endpoint is asked with, see
// endpoint.Options.
type tokenSource func(ctx context.Context, refused string) (string, error)

// tokenOf takes the token of endpoints from the environment.
func tokenOf(s Streams) tokenSource {
	return func(context.Context, string) (string, error) { return strings.TrimSpace(s.Getenv(tokenVariable)), nil }
}

// openTarget opens the registry that a word of the command line names. Relative
// folders are below base; token is for endpoints.
func openTarget(s Streams, word, base string, token tokenSource) (registry.Target, error) {
	kind, at, ok := strings.Cut(word, ":")
	switch {
	case !ok || at == "":
		return nil, usageError(targetHint, "%q does not name a registry", word)
	case kind == "static":
		if !filepath.IsAbs(at) {
			at = filepath.Join(base, at)
		}
		return folder.Open(at), nil
	case kind == "http" || kind == "https":
		if strings.HasPrefix(at, "//") {
			at = word // the address by itself
		}
		t, err := endpoint.Dial(at, endpoint.Options{Now: s.Now, Sleep: endpoint.Sleep, Token: token})
		if err != nil {
			return nil, usageError("write the address as http:https://HOST/PATH, and the token into "+tokenVariable, "%w", err)
		}
		return t, nil
	case kind == "oci":
		t, err := artifact.Open(at, artifact.Options{Credential: ociCredential(s), Sleep: endpoint.Sleep})
		if err != nil {
			return nil, usageError(targetHint, "%w", err)
		}
		return t, nil
	case kind == "branch":
		return openBranchRegistry(s, at)
	}
	return nil, usageError(targetHint, "%q is no kind of registry", kind)
}

// ociCredential returns what to sign in with: the environment's, or else what
// "docker login" has stored.
func ociCredential(s Streams) auth.CredentialFunc {
	return func(ctx context.Context, host string) (auth.Credential, error) {
		if name := s.Getenv(usernameVariable); name != "" {
			return auth.Credential{Username: name, Password: s.Getenv(passwordVariable)}, nil
		}
		store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
		if err != nil {
			return auth.EmptyCredential, fmt.Errorf("reading the configuration of docker: %w", err)
		}
		return credentials.Credential(store)(ctx, host)
	}
}

// openTargets opens several registries, each of which is named once.
func openTargets(s Streams, words []string, base string) ([]registry.Target, error) {
	var out []registry.Target
	seen := map[string]bool{}
	for _, w := range words {
		t, err := openTarget(s, w, base, tokenOf(s))
		if err != nil {
			return nil, err
		}
		if seen[t.String()] {
			return nil, usageError("name each registry once", "%q is named twice", w)
		}
		seen[t.String()] = true
		out = append(out, t)
	}
	return out, nil
}

// completeTargets completes the words that name registries.
func completeTargets(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{
		"static:\ta folder of files",
		"http:\ta platform's own endpoint",
		"oci:\ta registry of container images",
		"branch:\ta branch of the repository on GitHub",
	}, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}
