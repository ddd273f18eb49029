// Package sealed is about test accounts that are encrypted with age: what can be
// known of such a file without any key, sealing an account to the keys of
// reviewers, and opening it with one of theirs.
package sealed

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// Why a file is not taken for a sealed one. The words follow the name of the
// file in a message; none repeats anything of the file.
var (
	ErrPlain   = errors.New("is not encrypted with age")
	ErrArmor   = errors.New("starts like a file of age, but its armor is damaged")
	ErrHeader  = errors.New("starts like a file of age, but its header is damaged")
	ErrMany    = errors.New("is encrypted to more keys than any marketplace has reviewers")
	ErrContent = errors.New("has a header of age, but its content is cut off")
	ErrEmpty   = errors.New("is encrypted with age, but there is nothing in it")
)

const (
	binaryStart = "age-encryption.org/"
	// The content is a nonce, and then chunks that end with a tag each.
	nonceSize, tagSize = 16, 16
	// maxStanzas bounds the work of opening a file, since each key is tried on
	// each entry of the header.
	maxStanzas = 2 * MaxRecipients
)

// SealedTo is the kind of the header's entry that Seal adds, with a tag for each
// recipient. age passes over entries of kinds that it does not know, and they
// cannot be changed without a key that opens the file. Without the entry nobody
// could tell whom a file is sealed to, since age does not name its own keys.
const SealedTo = "github.com/karzoun/miniapp-review/sealed-to"

// File is what can be known of a sealed file.
type File struct {
	// Recipients is the number of keys that open it.
	Recipients int
	// Passphrase says that a passphrase opens it instead of a key.
	Passphrase bool

	// tags are those of the entry that Seal adds, nil without one.
	tags []string
}

// Read looks at a sealed file, in the binary or in the armored form. The
// content itself cannot be checked without a key. The error is one of the
// package's.
func Read(data []byte) (File, error) {
	f, _, err := read(data)
	return f, err
}

// read is Read, and returns the binary form too.
func read(data []byte) (File, []byte, error) {
	if start := bytes.TrimLeft(data, " \t\r\n"); bytes.HasPrefix(start, []byte(armor.Header)) {
		plain, err := io.ReadAll(armor.NewReader(bytes.NewReader(data)))
		if err != nil {
			return File{}, nil, ErrArmor
		}
		data = plain
	} else if !bytes.HasPrefix(data, []byte(binaryStart)) {
		return File{}, nil, ErrPlain
	}
	// age itself reads no more than 1,024 entries, which its error does not tell
	// from other damage.
	if bytes.Count(data, []byte("\n-> ")) > maxStanzas {
		return File{}, nil, ErrMany
	}
	header, err := age.ExtractHeader(bytes.NewReader(data))
	if err != nil || !bytes.HasPrefix(data, header) {
		return File{}, nil, ErrHeader
	}
	var f File
	for line := range strings.Lines(string(header)) {
		if entry, ok := strings.CutPrefix(line, "-> "); ok {
			f.entry(strings.Fields(entry))
		}
	}
	switch content := len(data) - len(header); {
	case f.Recipients == 0:
		return File{}, nil, ErrHeader
	case content < nonceSize+tagSize:
		return File{}, nil, ErrContent
	case content == nonceSize+tagSize:
		return File{}, nil, ErrEmpty
	}
	return f, data, nil
}

// entry notes an entry of the header.
func (f *File) entry(words []string) {
	switch {
	case len(words) == 0:
	case words[0] == SealedTo:
		// Another program can write what it likes here: the tags are only
		// compared, and never shown.
		f.tags = append([]string{}, words[1:]...)
	case strings.HasSuffix(words[0], "-grease"):
		// Some programs add such an entry, so that others learn to pass over what
		// they do not know.
	default:
		f.Recipients++
		f.Passphrase = f.Passphrase || words[0] == "scrypt"
	}
}

// Standing is how a sealed file stands to the keys that it should be sealed to,
// as far as its header says. Who made the file made the header: that a key opens
// it is only sure when it does.
type Standing struct {
	// Told is set when the header names the keys; else only their number can be
	// compared.
	Told bool
	// Sealed is the number of keys that open the file, Named the number of those
	// that the header names.
	Sealed, Named int
	// Missing are the current keys that the file is not sealed to.
	Missing []Recipient
	// Former is how many keys the header names that are not current.
	Former int
	// Other is set when the numbers show that the keys are others, without
	// telling which.
	Other bool
}

// Current reports whether nothing speaks against the file being sealed to
// exactly the current keys.
func (s Standing) Current() bool { return len(s.Missing) == 0 && s.Former == 0 && !s.Other }

// Compare holds a file against the keys that are current.
func (f File) Compare(current []Recipient) Standing {
	s := Standing{Told: f.tags != nil, Sealed: f.Recipients, Named: len(f.tags)}
	known := map[string]bool{}
	for _, r := range current {
		known[r.Tag()] = true
		if s.Told && !slices.Contains(f.tags, r.Tag()) {
			s.Missing = append(s.Missing, r)
		}
	}
	for _, tag := range f.tags {
		if !known[tag] {
			s.Former++
		}
	}
	if s.Told {
		s.Other = s.Named != s.Sealed
	} else {
		s.Other = s.Sealed != len(current)
	}
	return s
}
