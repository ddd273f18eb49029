package sealed

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseAccount(t *testing.T) {
	got, err := ParseAccount([]byte(`{"notes": "n", "credentials": {"a": "b", "empty": ""}, "login": {"user": "u"}}`))
	want := Account{Credentials: map[string]string{"a": "b", "empty": ""}, Login: map[string]string{"user": "u"}, Notes: "n"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, a := range []Account{{Credentials: map[string]string{}}, sample()} {
		again, err := ParseAccount(a.Encode())
		if diff := cmp.Diff(a, again); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
}

// TestParseAccountMistakes checks that every mistake is told with its place, and
// that no message holds a value.
func TestParseAccountMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                                  `1:1: an account is an object`,
		`"hunter2"`:                           `1:1: an account is an object`,
		`{}`:                                  `1:1: the account has no "credentials"`,
		"{\n  \"credentials\": \"hunter2\"}":  `2:18: "credentials" must be an object of texts, not a string`,
		`{"credentials": {"a": 7777777}}`:     `1:23: the value of "a" must be a text in double quotes, not a number`,
		`{"credentials": {"a": ["hunter2"]}}`: `1:23: the value of "a" must be a text in double quotes, not an array`,
		`{"credentials": {"a": null}, "login": true}`:    "1:23: the value of \"a\" must be a text in double quotes, not null\n1:39: \"login\" must be an object of texts, not a boolean",
		`{"credentials": {"": "hunter2"}}`:               `1:18: a key of "credentials" is empty`,
		`{"credentials": {}, "lgoin": {"p": "hunter2"}}`: `1:21: an account has no key "lgoin": did you mean "login"?`,
		`{"credentials": {}, "accessToken": "hunter2"}`:  `1:21: an account has no key "accessToken": expected "ns", "credentials", "login" or "notes"`,
		`{"credentials": {"a": "x", "a": "hunter2"}}`:    `1:28: the key "a" is already in this object`,
		`{"credentials": {"a": hunter2}}`:                `1:23: this is not JSON`,
		`{"credentials": {"a": 'hunter2'}}`:              `1:23: this is not JSON`,
		`{"credentials": {"a": "hunter2`:                 `1:23: this is not JSON`,
		`{"credentials": {}} hunter2`:                    `1:21: this is not JSON`,
		"user: sam\npassword: hunter2\n":                 `1:1: this is not JSON`,
		"\xff\xfe":                                       `1:1: `,
	} {
		a, err := ParseAccount([]byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "777") || !cmp.Equal(a, Account{}) {
			t.Errorf("%s\n%v, want\n%s", text, err, want)
		}
		var at *AccountError
		if !errors.As(err, &at) {
			t.Errorf("%s: the error is a %T", text, err)
		}
	}
	if _, err := ParseAccount([]byte(strings.Repeat(" ", MaxAccountBytes) + "{}")); !errors.Is(err, ErrLarge) {
		t.Errorf("too large: %v", err)
	}
	many := `{"credentials": {` + strings.TrimSuffix(strings.Repeat(`"a": 1,`, 500), ",") + "}}"
	if _, err := ParseAccount([]byte(many)); err == nil || strings.Count(err.Error(), "\n") >= maxAccountErrors {
		t.Errorf("many mistakes: %v", err)
	}
}

// FuzzParseAccount checks that what is read can be written and read again.
func FuzzParseAccount(f *testing.F) {
	for _, seed := range []string{`{"credentials": {"a": "b"}, "login": {"u": "\u202e"}, "notes": "x\ny"}`, `{"credentials": {"a": hunter2}}`, `{"credentials": [1]}`, "{", "user: sam"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ParseAccount(data)
		if err != nil {
			return
		}
		again, err := ParseAccount(a.Encode())
		if err != nil && errors.Is(err, ErrLarge) {
			return // escapes and indentation can make it longer
		}
		if diff := cmp.Diff(a, again); err != nil || (diff != "" && !(len(a.Login) == 0 && len(again.Login) == 0)) {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

// FuzzRead checks that reading a file without a key ends, and that opening it
// with a strange one does too.
func FuzzRead(f *testing.F) {
	f.Add([]byte("age-encryption.org/v1\n-> X25519 " + strings.Repeat("A", 43) + "\n" + strings.Repeat("A", 43) + "\n--- " + strings.Repeat("A", 43) + "\n" + strings.Repeat("x", 64)))
	f.Add([]byte("-----BEGIN AGE ENCRYPTED FILE-----\ncGFzc3dvcmQ=\n-----END AGE ENCRYPTED FILE-----\n"))
	f.Add(manyKeys(3))
	ids, err := ParseIdentities("AGE-SECRET-" + "KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(data)
		if err == nil && (file.Recipients < 1 || file.Recipients > maxStanzas) {
			t.Errorf("it has %d keys", file.Recipients)
		}
		if a, openErr := Open(data, ids); openErr == nil || !cmp.Equal(a, Account{}) || err != nil && !errors.Is(openErr, err) {
			t.Errorf("reading says %v, opening %v", err, openErr)
		}
	})
}
