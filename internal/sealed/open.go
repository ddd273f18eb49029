package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// Why a sealed file does not open. The words follow the name of the file in a
// message; none repeats anything of the file or of a key.
var (
	ErrIdentity   = errors.New("is sealed to other keys than this one")
	ErrPassphrase = errors.New("is encrypted with a passphrase instead of the reviewers' keys")
	ErrDamaged    = errors.New("is damaged: it is not what was sealed")
	ErrLarge      = fmt.Errorf("has more than %d KiB in it, which is too much for an account", MaxAccountBytes>>10)
)

// Seal encrypts an account to one recipient or more, each named once, in the
// armored form. The header names the recipients by tags, see File.Compare. The
// keys of the encryption come from the system's source of randomness.
func Seal(account Account, recipients []Recipient) ([]byte, error) {
	if len(recipients) == 0 {
		return nil, errors.New("there is no key to seal to")
	}
	plain := account.Encode()
	if len(plain) > MaxAccountBytes {
		return nil, fmt.Errorf("the account %w", ErrLarge)
	}
	var keys []age.Recipient
	var tags []string
	for i, r := range recipients {
		if err := r.Beside(recipients[:i]); err != nil {
			return nil, err
		}
		k, err := r.key()
		if err != nil {
			return nil, fmt.Errorf("sealing to recipient %d: %w", i+1, err)
		}
		keys, tags = append(keys, k), append(tags, r.Tag())
	}
	last := len(keys) - 1
	keys[last] = noting{keys[last], tags}
	var b bytes.Buffer
	armored := armor.NewWriter(&b)
	w, err := age.Encrypt(armored, keys...)
	if err != nil {
		return nil, fmt.Errorf("sealing the account: %w", err)
	}
	_, err = w.Write(plain)
	if err = errors.Join(err, w.Close(), armored.Close()); err != nil {
		return nil, fmt.Errorf("sealing the account: %w", err)
	}
	return b.Bytes(), nil
}

// noting is a recipient that adds the entry with the tags to the header.
type noting struct {
	age.Recipient
	tags []string
}

// WrapWithLabels keeps the labels, by which age finds out which keys can stand
// beside each other.
func (n noting) WrapWithLabels(fileKey []byte) (stanzas []*age.Stanza, labels []string, err error) {
	if l, ok := n.Recipient.(age.RecipientWithLabels); ok {
		stanzas, labels, err = l.WrapWithLabels(fileKey)
	} else {
		stanzas, err = n.Recipient.Wrap(fileKey)
	}
	return append(stanzas, &age.Stanza{Type: SealedTo, Args: n.tags}), labels, err
}

// ParseIdentities reads private keys from the text of a file of age-keygen. The
// error repeats nothing of the text.
func ParseIdentities(text string) ([]age.Identity, error) {
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(trimmed, armor.Header), strings.HasPrefix(trimmed, binaryStart):
		return nil, errors.New("the file with the key is encrypted itself: decrypt it with \"age -d\" first")
	case strings.HasPrefix(trimmed, "-----BEGIN"):
		return nil, errors.New("keys of SSH are not taken: expected the file of age-keygen, with a line that starts with \"AGE-SECRET-KEY-\"")
	case strings.HasPrefix(trimmed, classicStart):
		return nil, errors.New("this is a public key: the private one starts with \"AGE-SECRET-KEY-\"")
	}
	ids, err := age.ParseIdentities(strings.NewReader(trimmed))
	if err != nil {
		return nil, errors.New("expected private keys as age-keygen writes them, one in a line, each starting with \"AGE-SECRET-KEY-\"")
	}
	return ids, nil
}

// Open decrypts a sealed account with private keys, of which one must be that of
// a recipient. The error is one of Read's, ErrIdentity, ErrPassphrase,
// ErrDamaged or ErrLarge, or what ParseAccount says of what is in it. No more
// than MaxAccountBytes are decrypted, and no passphrase is ever tried, so that
// the file cannot cost more than its size.
func Open(data []byte, identities []age.Identity) (Account, error) {
	f, binary, err := read(data)
	if err != nil {
		return Account{}, err
	}
	if f.Passphrase {
		return Account{}, ErrPassphrase
	}
	if len(identities) == 0 {
		return Account{}, ErrIdentity
	}
	r, err := age.Decrypt(bytes.NewReader(binary), identities...)
	var other *age.NoIdentityMatchError
	switch {
	case errors.As(err, &other):
		return Account{}, ErrIdentity
	case err != nil:
		return Account{}, ErrDamaged
	}
	plain, err := io.ReadAll(io.LimitReader(r, MaxAccountBytes+1))
	if err != nil {
		return Account{}, ErrDamaged
	}
	return ParseAccount(plain)
}
