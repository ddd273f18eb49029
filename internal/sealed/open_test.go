package sealed

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
)

// person makes a pair of keys for the test.
func person(t *testing.T) (Recipient, age.Identity) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRecipient(id.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	return r, id
}

func hybridPerson(t *testing.T) (Recipient, age.Identity) {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRecipient(id.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	return r, id
}

func sample() Account {
	return Account{Credentials: map[string]string{"accessToken": "s3cret-ü-\u202e", "storeUrl": "https://shop.example"},
		Login: map[string]string{"user": "sam"}, Notes: "Line 1\nLine 2 <&>"}
}

func mustSeal(t *testing.T, a Account, to ...Recipient) []byte {
	t.Helper()
	data, err := Seal(a, to)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSealAndOpen seals for two people, each of whom opens it, and a third
// cannot. A key among others does.
func TestSealAndOpen(t *testing.T) {
	rita, ritasKey := person(t)
	omar, omarsKey := person(t)
	_, strange := person(t)
	quinn, quinnsKey := hybridPerson(t)
	data := mustSeal(t, sample(), rita, omar)
	for _, ids := range [][]age.Identity{{ritasKey}, {omarsKey}, {strange, omarsKey}} {
		got, err := Open(data, ids)
		if diff := cmp.Diff(sample(), got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	for _, ids := range [][]age.Identity{nil, {strange}, {strange, quinnsKey}} {
		if got, err := Open(data, ids); !errors.Is(err, ErrIdentity) || !cmp.Equal(got, Account{}) {
			t.Errorf("%d keys of others: %+v, %v", len(ids), got, err)
		}
	}
	if got, err := Open(mustSeal(t, sample(), quinn), []age.Identity{quinnsKey}); err != nil || !cmp.Equal(sample(), got) {
		t.Errorf("the other kind of key: %v", err)
	}
	if bytes.Equal(data, mustSeal(t, sample(), rita, omar)) {
		t.Error("two files are the same")
	}
	if !bytes.HasPrefix(data, []byte("-----BEGIN AGE ENCRYPTED FILE-----\n")) || !bytes.HasSuffix(data, []byte("-----END AGE ENCRYPTED FILE-----\n")) {
		t.Errorf("the form is %q", data)
	}
	for _, to := range [][]Recipient{nil, {rita, rita}, {rita, quinn}} {
		if _, err := Seal(sample(), to); err == nil {
			t.Errorf("it seals to %d keys that do not go together", len(to))
		}
	}
	if _, err := Seal(Account{Notes: strings.Repeat("x", MaxAccountBytes)}, []Recipient{rita}); !errors.Is(err, ErrLarge) {
		t.Errorf("too much is sealed: %v", err)
	}
}

// TestOpenHostile opens files that are not what Seal makes.
func TestOpenHostile(t *testing.T) {
	rita, key := person(t)
	_, strange := person(t)
	ours, err := rita.key()
	if err != nil {
		t.Fatal(err)
	}
	good := mustSeal(t, sample(), rita)
	_, binary, err := read(good)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int) []byte {
		b := slices.Clone(binary)
		b[at] ^= 1
		return b
	}
	// A work factor of 2^60 would never end if anybody tried it.
	bomb := "age-encryption.org/v1\n-> scrypt " + strings.Repeat("A", 22) + " 60\n" + strings.Repeat("A", 43) + "\n--- " + strings.Repeat("A", 43) + "\n" + strings.Repeat("x", 64)
	beside := "age-encryption.org/v1\n-> X25519 " + strings.Repeat("A", 43) + "\n" + strings.Repeat("A", 43) + "\n-> scrypt " + strings.Repeat("A", 22) + " 60\n" + strings.Repeat("A", 43) + "\n--- " + strings.Repeat("A", 43) + "\n" + strings.Repeat("x", 64)
	for name, c := range map[string]struct {
		data []byte
		key  age.Identity
		want error
	}{
		"nothing":                            {nil, key, ErrPlain},
		"plain text":                         {[]byte("{}"), key, ErrPlain},
		"a passphrase that costs years":      {[]byte(bomb), key, ErrPassphrase},
		"the same beside a key":              {[]byte(beside), key, ErrPassphrase},
		"10,000 keys":                        {manyKeys(10_000), key, ErrMany},
		"keys that are no points":            {manyKeys(100), key, ErrDamaged},
		"the claim is changed":               {bytes.Replace(binary, []byte(rita.Tag()), []byte("0000000000000000"), 1), key, ErrDamaged},
		"the claim is changed, to a strange": {bytes.Replace(binary, []byte(rita.Tag()), []byte("0000000000000000"), 1), strange, ErrIdentity},
		"the content is changed":             {changed(len(binary) - 40), key, ErrDamaged},
		"cut off":                            {binary[:len(binary)-1], key, ErrDamaged},
		"something after it":                 {append(slices.Clone(binary), 'x'), key, ErrDamaged},
		"more than an account":               {seal(t, strings.Repeat("x", MaxAccountBytes+1), true, ours), key, ErrLarge},
		"a million zeros":                    {seal(t, strings.Repeat("\x00", 1_000_000), false, ours), key, ErrLarge},
	} {
		if got, err := Open(c.data, []age.Identity{c.key}); !errors.Is(err, c.want) || !cmp.Equal(got, Account{}) {
			t.Errorf("%s: %+v, %v, want %v", name, got, err, c.want)
		}
	}
	// As much as is allowed is read.
	full := Account{Credentials: map[string]string{}, Notes: ""}
	full.Notes = strings.Repeat("x", MaxAccountBytes-len(full.Encode())-len(`,"notes": ""`)-4)
	if n := len(full.Encode()); n > MaxAccountBytes || n < MaxAccountBytes-10 {
		t.Fatalf("the full account has %d bytes", n)
	}
	if got, err := Open(mustSeal(t, full, rita), []age.Identity{key}); err != nil || got.Notes != full.Notes {
		t.Errorf("a full account: %v", err)
	}
}

// TestCompare holds sealed files against keys, without any of the private ones.
func TestCompare(t *testing.T) {
	rita, _ := person(t)
	omar, _ := person(t)
	quinn, _ := person(t)
	plainly := func(to ...Recipient) []byte {
		var keys []age.Recipient
		for _, r := range to {
			k, err := r.key()
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, k)
		}
		return seal(t, "x", true, keys...)
	}
	// Somebody names in the header whom it is not sealed to.
	ritasKey, err := rita.key()
	if err != nil {
		t.Fatal(err)
	}
	lie := seal(t, "x", true, noting{ritasKey, []string{rita.Tag(), omar.Tag()}})
	for name, c := range map[string]struct {
		data    []byte
		current []Recipient
		want    Standing
		fine    bool
	}{
		"the same":                      {mustSeal(t, sample(), rita, omar), []Recipient{omar, rita}, Standing{Told: true, Sealed: 2, Named: 2}, true},
		"somebody is new":               {mustSeal(t, sample(), rita), []Recipient{rita, omar}, Standing{Told: true, Sealed: 1, Named: 1, Missing: []Recipient{omar}}, false},
		"somebody has left":             {mustSeal(t, sample(), rita, omar), []Recipient{rita}, Standing{Told: true, Sealed: 2, Named: 2, Former: 1}, false},
		"one came for another":          {mustSeal(t, sample(), rita, omar), []Recipient{rita, quinn}, Standing{Told: true, Sealed: 2, Named: 2, Missing: []Recipient{quinn}, Former: 1}, false},
		"by age, as many":               {plainly(rita, omar), []Recipient{quinn, rita}, Standing{Sealed: 2}, true},
		"by age, fewer":                 {plainly(rita), []Recipient{quinn, rita}, Standing{Sealed: 1, Other: true}, false},
		"a header that names one more":  {lie, []Recipient{rita, omar}, Standing{Told: true, Sealed: 1, Named: 2, Other: true}, false},
		"no keys at all in the setting": {mustSeal(t, sample(), rita), nil, Standing{Told: true, Sealed: 1, Named: 1, Former: 1}, false},
	} {
		f, err := Read(c.data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := f.Compare(c.current)
		if diff := cmp.Diff(c.want, got); diff != "" || got.Current() != c.fine {
			t.Errorf("%s: current %v, (-want +got)\n%s", name, got.Current(), diff)
		}
	}
}

// TestHeaderHoldsNoKey checks that the entry of the header is what the format
// allows and holds nothing but tags.
func TestHeaderHoldsNoKey(t *testing.T) {
	rita, _ := person(t)
	omar, _ := hybridPerson(t)
	for _, r := range []Recipient{rita, omar} {
		_, binary, err := read(mustSeal(t, sample(), r))
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("\n-> %s %s\n\n--- ", SealedTo, r.Tag())
		if !bytes.Contains(binary, []byte(want)) || bytes.Contains(binary, []byte(r)) || bytes.Contains(binary, []byte("s3cret")) {
			t.Errorf("the header is %q, want it to end with %q", binary[:200], want)
		}
		if len(r.Tag()) != 16 {
			t.Errorf("the tag is %q", r.Tag())
		}
	}
}

func TestParseRecipient(t *testing.T) {
	rita, key := person(t)
	quinn, _ := hybridPerson(t)
	private := fmt.Sprint(key)
	typo := string(rita[:30]) + "q" + string(rita[31:])
	if rita[30] == 'q' {
		typo = string(rita[:30]) + "p" + string(rita[31:])
	}
	for text, want := range map[string]string{
		string(rita):                             "",
		string(quinn):                            "",
		"":                                       "expected a public key of age",
		"rita@acme.example":                      "expected a public key of age",
		typo:                                     "damaged",
		string(rita[:50]):                        "damaged",
		string(rita) + " ":                       "damaged",
		string(rita[:61]) + "1":                  "damaged",
		string(quinn[:500]):                      "damaged",
		strings.ToUpper(string(rita)):            "small letters",
		private:                                  "private key",
		strings.ToLower(private):                 "private key",
		"AGE-PLUGIN-YUBIKEY-1QQQQ":               "private key",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nx": "private key",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA x": "keys of SSH",
		"ssh-rsa AAAA": "keys of SSH",
		"age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t": `"age1yubikey1"`,
		"age1tag1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t":     `"age1tag1"`,
		"age1" + strings.Repeat("x", 80) + "1q":                                   "plugin",
	} {
		got, err := ParseRecipient(text)
		switch {
		case want == "" && (err != nil || string(got) != text):
			t.Errorf("%q: %q, %v", text, got, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", text, err, want)
		case err != nil && len(text) > 20 && strings.Contains(err.Error(), text[4:20]):
			t.Errorf("%q is repeated: %v", text, err)
		}
	}
}

func TestParseRecipients(t *testing.T) {
	rita, _ := person(t)
	quinn, _ := hybridPerson(t)
	many := []string{}
	for range MaxRecipients + 1 {
		r, _ := person(t)
		many = append(many, string(r))
	}
	for want, texts := range map[string][]string{
		"recipient 2: the same key":        {string(rita), string(rita)},
		"recipient 2: keys that start":     {string(quinn), string(rita)},
		"recipient 51: there are more":     many,
		"recipient 1: expected a public k": {"x"},
	} {
		if _, err := ParseRecipients(texts); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if got, err := ParseRecipients(many[:MaxRecipients]); err != nil || len(got) != MaxRecipients {
		t.Errorf("%d, %v", len(got), err)
	} else if _, err := Read(mustSeal(t, sample(), got...)); err != nil {
		t.Errorf("the largest file cannot be read: %v", err)
	}
}

func TestParseIdentities(t *testing.T) {
	_, key := person(t)
	_, other := hybridPerson(t)
	rita, _ := person(t)
	file := fmt.Sprintf("# created: 2026-11-23\n# public key: x\n%s\n\n%s\n", key, other)
	if ids, err := ParseIdentities(file); err != nil || len(ids) != 2 {
		t.Errorf("%d keys, %v", len(ids), err)
	}
	secret := base64.StdEncoding.EncodeToString([]byte("hunter2hunter2"))
	for text, want := range map[string]string{
		"":                                  "expected private keys",
		"# nothing\n":                       "expected private keys",
		secret:                              "expected private keys",
		fmt.Sprint(key)[:40]:                "expected private keys",
		string(rita):                        "public key",
		string(mustSeal(t, sample(), rita)): "encrypted itself",
		"-----BEGIN OPENSSH PRIVATE KEY-----\n" + secret + "\n": "SSH",
	} {
		_, err := ParseIdentities(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
