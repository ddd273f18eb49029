package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/sealed"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// readSealed reads the sealed account of a submission.
func readSealed(at target) ([]byte, error) {
	dir, err := source.OpenDir(filepath.Dir(at.path(submission.TestAccountFile)))
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	data, err := dir.ReadFile(submission.TestAccountFile, submission.MaxFileBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &exitError{code: ExitFindings, err: fmt.Errorf("there is no %s", at.shown(submission.TestAccountFile)), hint: "\"miniapp seal\" makes it"}
	}
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	return data, nil
}

// checkSealed says whom an account is sealed to, as far as that can be known
// without a key.
func checkSealed(s Streams, flags sealFlags, at target) error {
	data, err := readSealed(at)
	if err != nil {
		return err
	}
	file, err := sealed.Read(data)
	if err == nil && file.Passphrase {
		err = sealed.ErrPassphrase
	}
	if err != nil {
		return &exitError{code: ExitFindings, err: fmt.Errorf("%s %w", at.shown(submission.TestAccountFile), err)}
	}
	current, err := recipients(s, flags, at)
	if err != nil {
		return err
	}
	if len(current) == 0 {
		fmt.Fprintf(s.Out, "%s is sealed to %s; the configuration names none\n", at.shown(submission.TestAccountFile), countKeys(file.Recipients))
		return nil
	}
	st := file.Compare(current)
	fmt.Fprintf(s.Out, "%s is sealed to %s\n", at.shown(submission.TestAccountFile), countKeys(file.Recipients))
	for _, r := range current {
		sign := "yes    "
		switch {
		case !st.Told || st.Other:
			sign = "unknown"
		case slices.Contains(st.Missing, r):
			sign = "no     "
		}
		fmt.Fprintf(s.Out, "  %s %s\n", sign, r.Short())
	}
	switch {
	case st.Told && st.Other:
		fmt.Fprintf(s.Out, "Its header names %s, so that it is not known to which.\n", countKeys(st.Named))
	case st.Told && st.Former > 0:
		fmt.Fprintf(s.Out, "It is sealed to %s that the configuration does not name.\n", countKeys(st.Former))
	case !st.Told:
		fmt.Fprintln(s.Out, "It does not say to which, since \"miniapp seal\" did not make it.")
	}
	if st.Current() {
		return nil
	}
	return &exitError{code: ExitFindings, err: errors.New("it is not sealed to the keys of now"), hint: "seal it again with \"miniapp seal\""}
}

func countKeys(n int) string {
	if n == 1 {
		return "1 key"
	}
	return strconv.Itoa(n) + " keys"
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func quotedList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return strings.Join(quoted, ", ")
}
