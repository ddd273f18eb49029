package sealed

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
)

// MaxRecipients is how many keys a file can be sealed to. A header of age has
// room for 128 words in a line, and a team of reviewers has fewer members.
const MaxRecipients = 50

// Recipient is the public key of somebody who may open a sealed file, as
// ParseRecipient returns it: in one spelling only, so that equal keys are equal.
type Recipient string

// Kinds of keys by how their texts start. Keys of the two kinds cannot stand
// beside each other: age refuses it, since a file is only as safe as the weakest
// of its keys.
const (
	classicStart  = "age1"
	classicLength = 62
	hybridStart   = "age1pq1"
)

// ErrPrivateKey says that a text is a private key where a public one is
// expected. It has to be told without the text.
var ErrPrivateKey = errors.New("this is a private key, and whoever can read it here can open every account: make a new pair, and write the public key, which starts with \"age1\"")

// ParseRecipient reads a public key as age-keygen makes it: "age1…", also the
// kind for the time after quantum computers, "age1pq1…". The error says what is
// expected, and holds nothing of the text.
//
// Keys of SSH, which age can take too, are refused: they are made for signing
// in, most have a passphrase, and a job that opens accounts would need
// somebody's own.
func ParseRecipient(text string) (Recipient, error) {
	small := strings.ToLower(text)
	switch {
	case strings.HasPrefix(small, "age-secret-key-") || strings.HasPrefix(small, "age-plugin-") || strings.Contains(small, "private key-----"):
		return "", ErrPrivateKey
	case strings.HasPrefix(small, "ssh-") || strings.HasPrefix(small, "ecdsa-") || strings.HasPrefix(small, "sk-"):
		return "", errors.New("keys of SSH are for signing in, and are not taken: make a key with \"age-keygen\"")
	case strings.HasPrefix(text, hybridStart):
		r, err := age.ParseHybridRecipient(text)
		if err != nil {
			return "", errDamagedKey()
		}
		return Recipient(r.String()), nil
	case strings.HasPrefix(text, classicStart):
		// What stands before the last "1" names a plugin, as in "age1yubikey1…",
		// unless the "1" is a slip in a key of the common length.
		if kind, _, more := cutLast(text[len(classicStart):], "1"); more && len(text) != classicLength {
			return "", fmt.Errorf("keys that start with %q need a plugin, which is another program to be run here and in the reviews' jobs: write a key as \"age-keygen\" makes it", classicStart+shortWord(kind)+"1")
		}
		r, err := age.ParseX25519Recipient(text)
		if err != nil {
			return "", errDamagedKey()
		}
		return Recipient(r.String()), nil
	case strings.HasPrefix(small, classicStart):
		return "", errors.New("a key of age is written in small letters")
	}
	return "", errors.New("expected a public key of age, which starts with \"age1\"")
}

func errDamagedKey() error {
	return errors.New("the key is damaged, since its last characters do not fit the others: copy it again, all of it")
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// shortWord is a word of small letters and digits, or nothing.
func shortWord(s string) string {
	if len(s) > 20 || strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }) {
		return "…"
	}
	return s
}

// ParseRecipients reads several keys that can stand beside each other. The error
// says which one, counted from 1, cannot.
func ParseRecipients(texts []string) ([]Recipient, error) {
	var out []Recipient
	for i, t := range texts {
		r, err := ParseRecipient(t)
		if err == nil {
			err = r.Beside(out)
		}
		if err != nil {
			return nil, fmt.Errorf("recipient %d: %w", i+1, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// Beside says why a key cannot be one more beside others, or nil.
func (r Recipient) Beside(others []Recipient) error {
	for _, o := range others {
		switch {
		case o == r:
			return errors.New("the same key is named before")
		case o.hybrid() != r.hybrid():
			return errors.New("keys that start with \"age1pq1\" and others cannot stand beside each other, since a file is only as safe as the weakest of its keys")
		}
	}
	if len(others) >= MaxRecipients {
		return fmt.Errorf("there are more than %d keys", MaxRecipients)
	}
	return nil
}

func (r Recipient) hybrid() bool { return strings.HasPrefix(string(r), hybridStart) }

// Short is the key as a line for people shows it.
func (r Recipient) Short() string {
	const ends = 12
	if len(r) <= 80 {
		return string(r)
	}
	return string(r[:ends]) + "…" + string(r[len(r)-ends:])
}

// Tag is what the header of a sealed file holds of a recipient: 16 characters
// that tell it from others.
func (r Recipient) Tag() string {
	sum := sha256.Sum256([]byte(r))
	return hex.EncodeToString(sum[:8])
}

// key is the recipient as age takes it.
func (r Recipient) key() (age.Recipient, error) {
	if r.hybrid() {
		return age.ParseHybridRecipient(string(r))
	}
	return age.ParseX25519Recipient(string(r))
}
