package definition

import "testing"

func TestMayNameSecret(t *testing.T) {
	for _, name := range []string{"access_token", "API-Key", "clientSecret", "Passphrase", "PIN", "pins", "privateKey", "credentials", "passwd", "licenseKey"} {
		if !LooksSecret(name) || !MayNameSecret(`{"`+name+`": 1}`) {
			t.Errorf("%s: %t, %t", name, LooksSecret(name), MayNameSecret(name))
		}
	}
	if MayNameSecret(`{"id": 1, "title": "x"}`) {
		t.Error("a text without any may name one")
	}
}
