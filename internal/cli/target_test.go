package cli

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oras.land/oras-go/v2/registry/remote/auth"
)

func TestOCICredential(t *testing.T) {
	entry := func(name, password string) string {
		return fmt.Sprintf(`{"auth": %q}`, base64.StdEncoding.EncodeToString([]byte(name+":"+password)))
	}
	stored := fmt.Sprintf(`{"auths": {"registry.example": %s, "other.example:5000": %s}}`, entry("stored", "one"), entry("elsewhere", "two"))
	set := map[string]string{usernameVariable: "robot", passwordVariable: "secret"}
	for _, test := range []struct {
		name, config, host string
		env                map[string]string
		want               auth.Credential
		err                string
	}{
		{name: "environment", host: "registry.example", env: set, want: auth.Credential{Username: "robot", Password: "secret"}},
		{name: "environment before what is stored", config: stored, host: "registry.example", env: set, want: auth.Credential{Username: "robot", Password: "secret"}},
		{name: "a password without a name", config: stored, host: "registry.example", env: map[string]string{passwordVariable: "secret"}, want: auth.Credential{Username: "stored", Password: "one"}},
		{name: "stored", config: stored, host: "registry.example", want: auth.Credential{Username: "stored", Password: "one"}},
		{name: "stored with a port", config: stored, host: "other.example:5000", want: auth.Credential{Username: "elsewhere", Password: "two"}},
		{name: "another host", config: stored, host: "third.example"},
		{name: "another port", config: stored, host: "registry.example:5000"},
		{name: "nothing stored", host: "registry.example"},
		{name: "damaged", config: `{"auths": `, host: "registry.example", err: "reading the configuration of docker"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("DOCKER_CONFIG", dir) // read by the library, and by docker
			if test.config != "" {
				if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(test.config), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := ociCredential(Streams{Getenv: func(name string) string { return test.env[name] }})(t.Context(), test.host)
			if got != test.want {
				t.Errorf("got the name %q and the password %q, want %q and %q", got.Username, got.Password, test.want.Username, test.want.Password)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}
