package sealed

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// seal encrypts a text to keys that are made for the test.
func seal(t *testing.T, text string, armored bool, to ...age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	var dst io.WriteCloser = nopCloser{&b}
	if armored {
		dst = armor.NewWriter(&b)
	}
	w, err := age.Encrypt(dst, to...)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err = errors.Join(err, w.Close(), dst.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func key(t *testing.T) age.Recipient {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient()
}

// manyKeys has the form of a file that is encrypted to n keys.
func manyKeys(n int) []byte {
	entry := "-> X25519 " + strings.Repeat("A", 43) + "\n" + strings.Repeat("A", 43) + "\n"
	return []byte("age-encryption.org/v1\n" + strings.Repeat(entry, n) + "--- " + strings.Repeat("A", 43) + "\n" + strings.Repeat("x", 64))
}

func TestRead(t *testing.T) {
	pass, err := age.NewScryptRecipient("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	pass.SetWorkFactor(10)
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	armored, binary := seal(t, "user: a\n", true, key(t), key(t)), seal(t, "user: a\n", false, key(t))
	lines := strings.SplitAfter(string(armored), "\n")
	for _, c := range []struct {
		name string
		data []byte
		want File
		err  error
	}{
		{"armored", armored, File{Recipients: 2}, nil},
		{"armored with Windows line ends", bytes.ReplaceAll(armored, []byte("\n"), []byte("\r\n")), File{Recipients: 2}, nil},
		{"armored with blank lines around", []byte("\n" + string(armored) + "\n"), File{Recipients: 2}, nil},
		{"binary", binary, File{Recipients: 1}, nil},
		{"longer than a chunk", seal(t, strings.Repeat("a", 100_000), false, key(t)), File{Recipients: 1}, nil},
		{"a passphrase", seal(t, "x", true, pass), File{Recipients: 1, Passphrase: true}, nil},
		{"a key for the time after quantum computers", seal(t, "x", true, hybrid.Recipient()), File{Recipients: 1}, nil},

		{"nothing", nil, File{}, ErrPlain},
		{"plain text", []byte("user: a\npassword: b\n"), File{}, ErrPlain},
		{"plain text above the armor", append([]byte("password: b\n"), armored...), File{}, ErrPlain},
		{"OpenPGP", []byte("-----BEGIN PGP MESSAGE-----\n"), File{}, ErrPlain},
		{"plain text below the armor", append(bytes.Clone(armored), "password: b\n"...), File{}, ErrArmor},
		{"the first line alone", []byte(armor.Header + "\n"), File{}, ErrArmor},
		{"a line is missing", []byte(strings.Join(append(append([]string{}, lines[:len(lines)-3]...), lines[len(lines)-1:]...), "")), File{}, ErrArmor},
		{"no last line", []byte(strings.Join(lines[:len(lines)-2], "")), File{}, ErrArmor},
		{"plain text in armor", []byte(armor.Header + "\ncGFzc3dvcmQ=\n" + armor.Footer + "\n"), File{}, ErrHeader},
		{"the first line of the binary form alone", []byte("age-encryption.org/v1\npassword: b\n"), File{}, ErrHeader},
		{"a header without recipients", []byte("age-encryption.org/v1\n--- " + strings.Repeat("A", 43) + "\n" + strings.Repeat("x", 64)), File{}, ErrHeader},
		{"a version of another time", append([]byte("age-encryption.org/v9"), binary[len("age-encryption.org/v1"):]...), File{}, ErrHeader},
		{"binary with Windows line ends", bytes.ReplaceAll(binary, []byte("\n"), []byte("\r\n")), File{}, ErrHeader},
		{"cut off after the header", binary[:len(binary)-24], File{}, ErrContent},
		{"more keys than there are reviewers", manyKeys(101), File{}, ErrMany},
		{"more entries than age reads", manyKeys(10_000), File{}, ErrMany},
		{"an entry that others add", bytes.Replace(binary, []byte("\n---"), []byte("\n-> x-grease y\nAAAA\n---"), 1), File{Recipients: 1}, nil},
		{"nothing encrypted", seal(t, "", true, key(t)), File{}, ErrEmpty},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(c.data)
			if !errors.Is(err, c.err) || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
		})
	}
}
