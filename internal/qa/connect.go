package qa

import (
	"context"
	"maps"
	"net/url"
	"slices"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/practice"
	"github.com/karzoun/miniapp-review/internal/qafile"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// connect installs the MiniApp and connects the account.
func (r *runner) connect(ctx context.Context) {
	install := Attempt{State: Passed}
	if r.m.Definition.Auth.Node == nil {
		install = Attempt{State: Failed, Reason: "the definition has no auth, so that nobody can connect", Hint: "Add the auth block."}
	}
	r.attempts["install"] = []Attempt{install}
	if !r.wanted["connect"] {
		return
	}
	if install.State == Failed {
		r.blocked, r.blockedHint = install.Reason, install.Hint
		return
	}
	attempts := r.signedIn(ctx)
	r.attempts["connect"] = attempts
	if last := attempts[len(attempts)-1]; last.State == NotTried && r.install.Connected {
		return // nothing showed whether the account is good; what follows will
	} else if last.State == NotTried {
		r.blocked, r.blockedHint = last.Reason, last.Hint
	} else if last.State != Passed {
		r.blocked = "the install is not connected"
		r.blockedHint = "Mend connect first."
	}
}

// signedIn connects in the way that the definition and the account allow.
func (r *runner) signedIn(ctx context.Context) []Attempt {
	account := r.in.Account
	if account == nil && r.in.Practice {
		account = practice.Credentials(r.m.Definition)
	}
	if account == nil {
		return []Attempt{notTried("Give it an account, or try it with --practice first.", "there is no account to connect with")}
	}
	form := sandbox.Texts(account)
	switch tokens := Tokens(r.m.Definition); {
	case !r.m.OAuth():
		return []Attempt{r.connected(r.m.Connect(ctx, r.install, form))}
	case r.in.Practice:
		for _, k := range tokens {
			delete(form, k)
		}
		return r.practiseOAuth(ctx, form)
	case !lacks(account, tokens):
		return []Attempt{r.connected(r.m.Resume(ctx, r.install, form))}
	case r.in.SignIn == nil:
		return []Attempt{notTried("Sign in once with \"miniapp try connect\", and keep the tokens with --save.",
			"OAuth needs a person in a browser: the account has no %q", firstLacking(account, tokens))}
	}
	for k, v := range form {
		r.install.UserInput[k] = v
	}
	run, reason := r.in.SignIn(ctx, r.m, r.install)
	if run == nil {
		return []Attempt{notTried("Try again, and allow access on the page of the provider.", "%s", reason)}
	}
	return []Attempt{r.connected(run)}
}

// practiseOAuth goes the whole way of OAuth, with nobody on the provider's page.
func (r *runner) practiseOAuth(ctx context.Context, form sandbox.Values) []Attempt {
	address, run := r.m.Authorize(r.install, form, "practice-state")
	a := r.connected(run)
	if a.State == Passed {
		u, err := url.Parse(address)
		want := r.m.Platform.RedirectURL(r.report.Namespace)
		if err != nil || u.Query().Get("redirect_uri") != want {
			a.State, a.Reason, a.Hint = Failed, "the provider is not told where to come back to", "Put redirect_uri={{redirect_uri}} into the query of auth_url."
		}
	}
	if a.State != Passed {
		return []Attempt{a}
	}
	return []Attempt{a, r.connected(r.m.Finish(ctx, r.install, "practice-code"))}
}

func (r *runner) connected(run *sandbox.Run) Attempt {
	if run.OK() && r.install.Connected && len(run.Steps) == 0 {
		a := notTried("Add auth.test_token or auth.userDetails, which a tenant's wrong key would fail.", "connecting makes no request, so that nothing shows whether the account is good")
		a.Run = run
		return a
	}
	return r.judge(qafile.Entry{Kind: qafile.Action, Expect: qafile.Expect{AtLeast: -1}}, run)
}

// Tokens are the keys that an install of OAuth gets when somebody signs in, and
// that its requests use. An account that has them needs nobody to sign in.
func Tokens(def *definition.Definition) []string {
	stored := map[string]bool{}
	if def.Auth.GetToken.MappingAt.Is(jsondoc.Object) {
		for _, o := range def.Auth.GetToken.Mapping {
			stored[o.Name] = true
		}
	}
	var keys []string
	for _, k := range def.AccountKeys() {
		if k.Needed && stored[k.Name] {
			keys = append(keys, k.Name)
		}
	}
	return keys
}

// secrets are the values of an account that no output shows, sorted: all of them
// but addresses, and what the install form asks for as plain text. A definition
// that forgets to call a key sensitive must not show it.
func secrets(def *definition.Definition, account map[string]string) (list []string) {
	for _, k := range slices.Sorted(maps.Keys(account)) {
		u, err := url.Parse(account[k])
		address := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.RawQuery == ""
		if !address && def.Auth.Form.Get(k).Get("type").Text() != "text" {
			list = append(list, account[k])
		}
	}
	return list
}

func lacks(account map[string]string, keys []string) bool { return firstLacking(account, keys) != "" }

func firstLacking(account map[string]string, keys []string) string {
	for _, k := range keys {
		if account[k] == "" {
			return k
		}
	}
	return ""
}
