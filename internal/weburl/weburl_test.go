package weburl

import "testing"

func TestPrivate(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"https://api.acme.example/v1", ""},
		{"https://1.1.1.1/", ""},
		{"https://[2606:4700::1111]/", ""},
		{"https://localhost:8080/x", "the machine itself"},
		{"https://LOCALHOST./x", "the machine itself"},
		{"https://app.localhost/", "the machine itself"},
		{"https://127.0.0.1/", "the machine itself"},
		{"https://127.1/", "the machine itself"},
		{"https://2130706433/", "the machine itself"},
		{"https://0x7f.0.0.1/", "the machine itself"},
		{"https://0x7f000001/", "the machine itself"},
		{"https://0177.0.0.1/", "the machine itself"},
		{"https://127.0.0.1./", "the machine itself"},
		{"https://0/", "the machine itself"},
		{"https://[::1]/", "the machine itself"},
		{"https://[::]/", "the machine itself"},
		{"https://[::ffff:127.0.0.1]/", "the machine itself"},
		{"https://[::127.0.0.1]/", "the machine itself"},
		{"https://１２７.0.0.1/", "the machine itself"},
		{"https://127。0。0。1/", "the machine itself"},
		{"https://10.0.0.8/", "a private network"},
		{"https://172.16.5.4/", "a private network"},
		{"https://172.32.5.4/", ""},
		{"https://192.168.1.1/", "a private network"},
		{"https://3232235777/", "a private network"},
		{"https://100.64.0.1/", "a private network"},
		{"https://169.254.1.1/", "a link-local network"},
		{"https://169.254.169.254/latest", "a cloud's metadata service"},
		{"https://0xa9fea9fe/", "a cloud's metadata service"},
		{"https://[::ffff:169.254.169.254]/", "a cloud's metadata service"},
		{"https://[::ffff:a9fe:a9fe]/", "a cloud's metadata service"},
		{"https://[64:ff9b::a9fe:a9fe]/", "a cloud's metadata service"},
		{"https://[2002:a9fe:a9fe::1]/", "a cloud's metadata service"},
		{"https://[2001:0:4136:e378:8000:63bf:5601:5601]/", "a cloud's metadata service"},
		{"https://[fd00:ec2::254]/", "a cloud's metadata service"},
		{"https://[fe80::1%25eth0]/", "a link-local network"},
		{"https://[fc00::1]/", "a private network"},
		{"https://168.63.129.16/", "a cloud's metadata service"},
		{"https://192.0.0.192/", "a cloud's metadata service"},
		{"https://metadata.google.internal/", "a private network"},
		{"https://printer.local/", "a local network"},
		{"https://intranet/", "a private network"},
		{"https://127.0.0.1.nip.io/", "an address that is written into the name"},
		{"https://{{shop}}.acme.example/", ""},
		{"https://{{storeUrl}}/x", ""},
		{"{{storeUrl}}/x", ""},
		{"https://{{shop}}.internal/", "a private network"},
	} {
		u, err := Parse(test.url)
		if err != nil {
			t.Errorf("Parse(%q): the URL %v", test.url, err)
			continue
		}
		if got := Private(u.Host); got != test.want {
			t.Errorf("Private of %q (host %q) = %q, want %q", test.url, u.Host, got, test.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for url, want := range map[string]string{
		"https://user:pass@api.acme.example/":  "holds a user name or password before the host",
		"https://api.acme.example\\@127.0.0.1": "holds white space, a control character or a backslash",
		"https://api.acme.example/a b":         "holds white space, a control character or a backslash",
		"https://%31%32%37.0.0.1/":             "cannot be read",
		"https:///path":                        "has no host",
		"javascript:alert(1)":                  "has no host",
		"https://[::1":                         "cannot be read",
	} {
		if _, err := Parse(url); err == nil || err.Error() != want {
			t.Errorf("Parse(%q): got %v, want %q", url, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("https://[64:ff9b::a9fe:a9fe]/{{a}}[[b]]")
	f.Fuzz(func(t *testing.T, text string) {
		if u, err := Parse(text); err == nil {
			Private(u.Host)
		}
	})
}
