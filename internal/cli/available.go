package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/karzoun/miniapp-review/internal/intake"
	"github.com/karzoun/miniapp-review/internal/rules"
)

// availability is the answer to "check --available NS".
type availability struct {
	Version   int      `json:"version"`
	NS        string   `json:"ns"`
	Available bool     `json:"available"`
	Reasons   []string `json:"reasons"`
	// Similar are names that a reviewer will compare it with.
	Similar []string `json:"similar"`
}

// available answers whether a namespace is free and far enough from others.
func available(s Streams, flags checkFlags, args []string) error {
	if flags.fix || flags.base != "" {
		return usageError("", "--available only answers about a name; leave --fix and --base out")
	}
	if flags.format != "text" && flags.format != "json" {
		return usageError("", "--available prints \"text\" or \"json\", not %q", flags.format)
	}
	if len(args) > 1 {
		return usageError("name one definitions repository, or none", "--available takes at most one PATH, not %d", len(args))
	}
	root := "."
	if len(args) == 1 {
		root = args[0]
	}
	t, err := locate(root)
	if err != nil {
		return err
	}
	if t.lone {
		return usageError("name the definitions repository", "%q is a submission for itself, and other names are not known there", root)
	}
	a, err := answer(s, flags, t.root)
	if err != nil {
		return err
	}
	if flags.format == "json" {
		e := json.NewEncoder(s.Out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(a)
	} else {
		_, err = fmt.Fprint(s.Out, a.text())
	}
	if err == nil && !a.Available {
		err = &exitError{code: ExitFindings}
	}
	return err
}

func answer(s Streams, flags checkFlags, root string) (*availability, error) {
	w, err := openWorkspace(root, "", flags.available)
	if err != nil {
		return nil, err
	}
	r := &runner{streams: s, flags: flags}
	conf, err := r.config(w)
	if err != nil {
		return nil, err
	}
	held, err := openRegistry(flags.registry)
	if err != nil {
		return nil, err
	}
	all, err := intake.Namespaces(w.head, w.base)
	if err != nil {
		return nil, err
	}
	ns := flags.available
	names := rules.NewNames(all, conf.Namespaces.Reserved)
	a := &availability{Version: 1, NS: ns, Reasons: []string{}, Similar: []string{}}
	for _, r := range rules.Refusals(ns, "", names, held) {
		a.Reasons = append(a.Reasons, r.Reason)
	}
	a.Available = len(a.Reasons) == 0
	if rules.ValidNS(ns) {
		a.Similar = append(a.Similar, names.Similar(ns, "")...)
	}
	return a, nil
}

func (a *availability) text() string {
	var b strings.Builder
	if a.Available {
		fmt.Fprintf(&b, "%q is free\n", a.NS)
	} else {
		fmt.Fprintf(&b, "%q is not available: %s\n", a.NS, strings.Join(a.Reasons, "; "))
	}
	if len(a.Similar) > 0 {
		fmt.Fprintf(&b, "it is %s\n", rules.CloseTo(a.Similar))
	}
	return b.String()
}
