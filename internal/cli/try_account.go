package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/sandbox"
	"github.com/karzoun/miniapp-review/internal/sealed"
)

// mayWrite refuses a file that Git could commit, before anything is run.
func mayWrite(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		return errors.Join(f.Close(), uncommitted(name), os.Remove(name))
	case errors.Is(err, fs.ErrExist):
		return uncommitted(name)
	}
	return usageError("name a file in a folder that is there", "--save: %w", err)
}

// saveAccount writes the account with the credentials that an install has, for
// nobody else to read.
func saveAccount(name string, def *definition.Definition, account *sealed.Account, install *sandbox.Install) error {
	out := sealed.Account{NS: def.NS.Text(), Credentials: map[string]string{}}
	if account != nil {
		out.Login, out.Notes = account.Login, account.Notes
		for k, v := range account.Credentials {
			out.Credentials[k] = v
		}
	}
	for _, k := range def.AccountKeys() {
		if text, ok := definition.Scalar(install.Credentials[k.Name]); ok && text != "" {
			out.Credentials[k.Name] = text
		}
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".miniapp-account-*") // only its owner can read it
	if err == nil {
		_, err = tmp.Write(out.Encode())
		err = errors.Join(err, tmp.Close())
		if err == nil {
			err = os.Rename(tmp.Name(), name)
		}
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: fmt.Errorf("writing the account: %w", err)}
	}
	return nil
}

// actionInput reads the input of an action from flags and a file. What the flags
// say counts more.
func actionInput(s Streams, a definition.Action, flags []string, file string) (*jsondoc.Node, error) {
	var members []jsondoc.Member
	if file != "" {
		root, err := readObject(s, file)
		if err != nil {
			return nil, err
		}
		for _, m := range root.Members() {
			members = append(members, jsondoc.Member{Key: m.Key, Value: m})
		}
	}
	var names []string
	for _, k := range a.ParameterKeys() {
		names = append(names, k.Name)
	}
	for _, f := range flags {
		name, value, ok := strings.Cut(f, "=")
		p := a.Parameters.At("properties", name)
		switch {
		case !ok || name == "":
			return nil, usageError("write it as in --input subject=Hello", "--input %q is no NAME=VALUE", f)
		case p == nil:
			return nil, unknownWord("parameter", name, names)
		}
		v, err := typed(p, value)
		if err != nil {
			return nil, usageError("", "--input %s: %w", name, err)
		}
		members = append(keepOthers(members, name), jsondoc.Member{Key: name, Value: v})
	}
	return jsondoc.NewObject(members...), nil
}

func keepOthers(members []jsondoc.Member, name string) (others []jsondoc.Member) {
	for _, m := range members {
		if m.Key != name {
			others = append(others, m)
		}
	}
	return others
}

// typed reads a value of the command line by the type of its parameter.
func typed(p *jsondoc.Node, value string) (*jsondoc.Node, error) {
	kind := p.Get("type").Text()
	if kind == "array" && !strings.HasPrefix(strings.TrimSpace(value), "[") {
		var list []*jsondoc.Node
		for _, part := range strings.Split(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, jsondoc.NewString(part))
			}
		}
		return jsondoc.NewArray(list...), nil
	}
	want, ok := map[string]jsondoc.Kind{"number": jsondoc.Number, "boolean": jsondoc.Bool, "array": jsondoc.Array, "object": jsondoc.Object}[kind]
	if !ok {
		return jsondoc.NewString(value), nil
	}
	doc, problems := jsondoc.Parse([]byte(value))
	if len(problems) > 0 || !doc.Root.Is(want) {
		return nil, fmt.Errorf("%q is no %s, which the parameter takes", value, map[jsondoc.Kind]string{
			jsondoc.Number: "number", jsondoc.Bool: "true or false", jsondoc.Array: "list", jsondoc.Object: "object in JSON"}[want])
	}
	return doc.Root, nil
}

// readObject reads a JSON object from a file, or from standard input.
func readObject(s Streams, name string) (*jsondoc.Node, error) {
	in, shown := s.In, "standard input"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usageError("", "reading the input: %w", err)
		}
		defer f.Close()
		in, shown = f, report.Visible(name)
	}
	data, err := io.ReadAll(io.LimitReader(in, jsondoc.MaxBytes+1))
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: fmt.Errorf("reading the input: %w", err)}
	}
	doc, problems := jsondoc.Parse(data)
	if len(problems) > 0 {
		at := jsondoc.NewLines(data).Position(problems[0].Span.Start)
		return nil, usageError(problems[0].Hint, "%s:%d:%d: %s", shown, at.Line, at.Column, problems[0].Message)
	}
	if !doc.Root.Is(jsondoc.Object) {
		return nil, usageError("write one field for each parameter", "%s has no object", shown)
	}
	return doc.Root, nil
}
