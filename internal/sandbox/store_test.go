package sandbox

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStoredInstall(t *testing.T) {
	i := NewInstall("u-1")
	i.Connected = true
	i.Credentials = values(t, `{"accessToken": "s3cret <&> \u2028", "expires": 12345678901234567890.50}`)
	i.Metadata = values(t, `{"plan": {"b": [1, {"a": null}], "a": true}}`)
	i.UserInput = values(t, `{"shop": "café"}`)
	i.Seen.Add("d-1")
	i.Seen.Add("d-2")
	text, err := i.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeInstall(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := got.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), string(again)); diff != "" {
		t.Errorf("an install changes by being written down (-want +got):\n%s", diff)
	}
	if got.UID != "u-1" || !got.Connected || got.Credentials["expires"].Literal() != "12345678901234567890.50" || got.Metadata["plan"].Children[0].Key != "b" {
		t.Errorf("got %+v", got)
	}
	if got.Seen.Add("d-1") || got.Seen.Add("d-2") || !got.Seen.Add("d-3") {
		t.Error("the ids of deliveries are not remembered")
	}
}

// TestSeenIsStoredInOrder keeps what the ring forgets first.
func TestSeenIsStoredInOrder(t *testing.T) {
	i := NewInstall("u")
	for n := range maxSeen + 3 {
		i.Seen.Add(strings.Repeat("x", n%7) + string(rune('a'+n%26)) + strings.Repeat("y", n/26))
	}
	text, err := i.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeInstall(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(i.Seen.list(), got.Seen.list()); diff != "" || got.Seen.Len() != maxSeen {
		t.Errorf("%d ids, in another order:\n%.300s", got.Seen.Len(), diff)
	}
}

func TestDamagedInstalls(t *testing.T) {
	text, err := connected(map[string]string{"accessToken": "s3cret"}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	whole := string(text)
	for what, damaged := range map[string]string{
		"nothing":           "",
		"a part":            whole[:len(whole)/2],
		"something after":   whole + "{}",
		"another format":    strings.Replace(whole, `"format": 1`, `"format": 2`, 1),
		"an unknown field":  strings.Replace(whole, `"format": 1`, `"format": 1, "more": 1`, 1),
		"no uid":            strings.Replace(whole, `"u-1"`, `""`, 1),
		"no bag":            strings.Replace(whole, `"metadata": {}`, `"metadata": null`, 1),
		"another kind":      strings.Replace(whole, `"connected": true`, `"connected": "s3cret"`, 1),
		"an id that is not": strings.Replace(whole, `"seen": []`, `"seen": ["s3cret"]`, 1),
	} {
		got, err := DecodeInstall([]byte(damaged))
		if err == nil {
			t.Errorf("%s: it is read as %+v", what, got)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error has a secret: %v", what, err)
		}
	}
}

func FuzzDecodeInstall(f *testing.F) {
	text, err := connected(map[string]string{"accessToken": "s3cret"}).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":1,"uid":"u","connected":false,"credentials":{"a":[1e5,"\ud800"]},"metadata":{},"user_input":{},"seen":["` + strings.Repeat("0a", 32) + `"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := DecodeInstall(data)
		if err != nil {
			return
		}
		once, err := i.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeInstall(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, once)
		}
		if twice, err := again.Encode(); err != nil || string(twice) != string(once) {
			t.Errorf("written again it is different: %v\n%s\n%s", err, once, twice)
		}
	})
}

func TestKept(t *testing.T) {
	m := machine(t, `{"ns": "acme", "auth": {"sensitiveKeys": ["pin"], "config": {"accessToken": "", "pin": ""}}}`, nil)
	i := connected(map[string]string{"accessToken": "s3cret-token", "harmless": "shown?"})
	i.Metadata = values(t, `{"shop": "Corner", "echo": "it was s3cret-token", "more": {"apiKey": "k-123456", "a": 1}}`)
	i.UserInput = values(t, `{"pin": "98765", "region": "eu"}`)
	want := []Kept{{"credentials", "accessToken", mask}, {"credentials", "harmless", mask}, {"metadata", "echo", "it was " + mask},
		{"metadata", "more", `{"apiKey":"` + mask + `","a":1}`}, {"metadata", "shop", "Corner"}, {"user input", "pin", mask}, {"user input", "region", "eu"}}
	if diff := cmp.Diff(want, m.Kept(i)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
