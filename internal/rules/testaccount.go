package rules

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/sealed"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// testAccountRules are about the account that reviewers try the connector with.
func testAccountRules() []Spec {
	return []Spec{testAccountPresent(), testAccountEncrypted(), testAccountRecipients(), noCredentialFiles()}
}

const sealHelp = "`miniapp seal DIR` asks for what the definition needs, and encrypts it to the keys of the reviewers, which the configuration names. `miniapp seal --template DIR` prints a form to be filled in, outside of the repository."

func testAccountPresent() Spec {
	return Spec{
		ID: "test-account-present", Group: groupPackage, Severity: finding.Error,
		Title:   "There is a test account",
		Purpose: "Checks that the submission has a test-account.age, since reviewers install, connect and try every connector.",
		Source:  "A submission comes with a sandbox account and its credentials for the reviewers.",
		Help:    sealHelp,
		Fires:   []Example{{Name: "no test account", Files: map[string]string{submission.TestAccountFile: ""}}},
		Silent:  []Example{{Name: "one that is not encrypted, which has a rule of its own", Files: map[string]string{submission.TestAccountFile: "user: sam\n"}}},
		Check: func(p *Pass) {
			if p.Head.Whole() && p.Head.File(submission.TestAccountFile) == nil {
				p.File(submission.TestAccountFile, "there is no account that reviewers can try the connector with").
					Hint("Run \"miniapp seal\" in the folder: it asks for the credentials of a sandbox account and encrypts them.")
			}
		},
	}
}

func testAccountEncrypted() Spec {
	return Spec{
		ID: "test-account-encrypted", Group: groupPackage, Severity: finding.Error, Security: true,
		Title:   "The test account is encrypted",
		Purpose: "Checks that test-account.age is a complete file of age, encrypted to keys, since everybody who can read the repository can read it.",
		Source:  "Whatever is pushed to the repository stays in its history. age encrypts to the keys of the reviewers; what is encrypted to a passphrase opens only for who is told it.",
		Help:    sealHelp + " If the credentials have been pushed in the clear, change them first.",
		Fires: []Example{
			{Name: "plain text", Files: map[string]string{submission.TestAccountFile: "user: sam@acme.example\npassword: example\n"}},
			{Name: "a line that is missing", Files: map[string]string{submission.TestAccountFile: "-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----\n"}},
			{Name: "the header alone", Files: map[string]string{submission.TestAccountFile: "age-encryption.org/v1\n"}},
			{Name: "a passphrase in the place of keys", Files: map[string]string{submission.TestAccountFile: sealedExample("scrypt " + strings.Repeat("A", 22) + " 18")}},
		},
		Silent: []Example{
			{Name: "the binary form", Files: map[string]string{submission.TestAccountFile: sealedExample("X25519 " + strings.Repeat("A", 43))}},
			{Name: "a mark of what is left to do", Files: map[string]string{submission.TestAccountFile: "TODO: seal a sandbox account.\n"}},
		},
		Check: func(p *Pass) {
			f := p.Head.File(submission.TestAccountFile)
			if f == nil || f.Data == nil || isLFSPointer(f) {
				return
			}
			file, err := sealed.Read(f.Data)
			switch {
			case errors.Is(err, sealed.ErrPlain):
				if !hasTodo(string(f.Data)) { // todo-resolved speaks of it
					p.File(f.Name, "the file with the test account %s", err).
						Hint("Run \"miniapp seal\" in the folder. If the credentials have been pushed in the clear, change them first.")
				}
			case err != nil:
				p.File(f.Name, "the file with the test account %s", err).
					Hint("Run \"miniapp seal\" in the folder once more, and commit the file as it is written.")
			case file.Passphrase:
				p.File(f.Name, "the test account is encrypted with a passphrase, which the reviewers do not know").As(finding.Warning).
					Hint("Run \"miniapp seal\" in the folder, which takes the reviewers' keys.")
			}
		},
	}
}

// sealedExample has the structure of a file of age with these entries; nothing
// is encrypted in it.
func sealedExample(entries ...string) string {
	text := "age-encryption.org/v1\n"
	for _, e := range entries {
		text += "-> " + e + "\n"
		if !strings.HasPrefix(e, sealed.SealedTo) {
			text += strings.Repeat("A", 43)
		}
		text += "\n"
	}
	return text + "--- " + strings.Repeat("A", 43) + "\n" + strings.Repeat("x", 48)
}

func testAccountRecipients() Spec {
	key := "X25519 " + strings.Repeat("A", 43)
	rita, omar := sealed.Recipient("age1g9twwjchx76t577qygteplcmqyq8dhuvzne9tmuexmmzmv6sf5lsnwrd39"), sealed.Recipient("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj")
	both := []sealed.Recipient{rita, omar}
	of := func(entries ...string) map[string]string {
		return map[string]string{submission.TestAccountFile: sealedExample(entries...)}
	}
	return Spec{
		ID: "test-account-recipients", Group: groupPackage, Severity: finding.Warning,
		Title:   "The test account is sealed to the reviewers of now",
		Purpose: "Checks that test-account.age is sealed to the keys that the configuration names now, since a reviewer whose key is not among them cannot open it.",
		Source:  "A file of age does not name its keys. `miniapp seal` adds to its header whom it sealed to, which nobody can change without one of the keys; whether it is true, only opening shows. Of a file that age made by itself, only the number of keys can be compared.",
		Help:    sealHelp + " When reviewers come or go, the account has to be sealed again. Who could open the old file still can: change its credentials when somebody left whom you no longer trust.",
		Fires: []Example{
			{Name: "somebody who left, and somebody new", Recipients: both, Files: of(key, key, sealed.SealedTo+" "+rita.Tag()+" 0123456789abcdef")},
			{Name: "another number of keys", Recipients: both, Files: of(key)},
			{Name: "a header that names more keys than there are", Recipients: both, Files: of(key, sealed.SealedTo+" "+rita.Tag()+" "+omar.Tag())},
		},
		Silent: []Example{
			{Name: "the keys of now, in any order", Recipients: both, Files: of(key, key, sealed.SealedTo+" "+omar.Tag()+" "+rita.Tag())},
			{Name: "as many keys, in a file that age made by itself", Recipients: both, Files: of(key, key, "x-grease y")},
			{Name: "no keys in the configuration", Files: of(key)},
		},
		Check: func(p *Pass) {
			f := p.Head.File(submission.TestAccountFile)
			if f == nil || f.Data == nil || len(p.Recipients) == 0 {
				return
			}
			file, err := sealed.Read(f.Data)
			if err != nil || file.Passphrase {
				return // test-account-encrypted speaks of it
			}
			if says := standingText(file.Compare(p.Recipients), len(p.Recipients)); says != "" {
				p.File(f.Name, "the test account %s", says).
					Hint("Run \"miniapp seal\" in the folder once more.")
			}
		},
	}
}

// standingText says what is wrong with the keys of a test account, or nothing.
func standingText(s sealed.Standing, current int) string {
	var parts []string
	switch {
	case s.Told && s.Other:
		return fmt.Sprintf("has %s in its header and names %d, so that it is not known whom it is sealed to", keys(s.Sealed), s.Named)
	case s.Other:
		return fmt.Sprintf("is sealed to %s, and the configuration names %d", keys(s.Sealed), current)
	case len(s.Missing) == current:
		parts = append(parts, "is sealed to none of the keys that the configuration names")
	case len(s.Missing) > 0:
		parts = append(parts, fmt.Sprintf("is not sealed to %d of the %s that the configuration names", len(s.Missing), keys(current)))
	}
	if s.Former > 0 && len(s.Missing) < current {
		parts = append(parts, fmt.Sprintf("is sealed to %s that the configuration does not name", keys(s.Former)))
	}
	return strings.Join(parts, ", and ")
}

func keys(n int) string {
	if n == 1 {
		return "1 key"
	}
	return strconv.Itoa(n) + " keys"
}

func noCredentialFiles() Spec {
	return Spec{
		ID: "no-credential-files", Group: groupPackage, Severity: finding.Error, Security: true,
		Title:   "No files of credentials",
		Purpose: "Checks that no file is there whose name says that it holds credentials or a private key, whatever is in it.",
		Source:  "Credentials are in a submission in one form only, encrypted as test-account.age. The repository can be read by others, and its history keeps every file.",
		Help:    "Take the file out, also of the history of your branch, and change the credentials: whoever can read the repository has them. " + sealHelp,
		Fires: []Example{
			{Name: "the test account in the clear", Files: map[string]string{"test-account.json": "{}\n"}},
			{Name: "a file of the environment", Files: map[string]string{".env.local": "A=b\n"}},
			{Name: "a private key", Files: map[string]string{"keys/id_ed25519": "x\n", "server.PEM": "x\n"}},
			{Name: "the key that opens what is encrypted", Files: map[string]string{"key.txt": "AGE-SECRET-" + "KEY-1\n"}},
		},
		Silent: []Example{
			{Name: "a sample delivery about credentials", Files: map[string]string{"webhooks/credentials-changed.json": sampleOf("ticket.created")}},
			{Name: "a guide about keys", Files: map[string]string{"api-keys.md": "x\n"}},
		},
		Check: func(p *Pass) {
			for _, f := range p.Head.Files {
				what := ""
				switch {
				case f.Name == submission.TestAccountFile:
				case credentialFile(f.Name):
					what = "the name of this file says that it holds credentials or a private key"
				case bytes.Contains(f.Data, []byte("AGE-SECRET-"+"KEY-1")):
					what = "this file holds a private key of age"
				}
				if what != "" {
					p.File(f.Name, "%s", what).
						Hint("Take it out and change what is in it; credentials for reviewers go encrypted into %s.", submission.TestAccountFile)
				}
			}
		},
	}
}

// credentialFile reports whether a file has a name by which credentials and
// private keys are kept.
func credentialFile(name string) bool {
	base := strings.ToLower(path.Base(name))
	stem, _, _ := strings.Cut(base, ".")
	ending := path.Ext(base)
	switch {
	case slices.Contains([]string{".pem", ".key", ".p8", ".p12", ".pfx", ".pkcs12", ".jks", ".keystore", ".kdbx", ".ppk", ".ovpn", ".env"}, ending),
		strings.HasPrefix(base, ".env"),
		slices.Contains([]string{".netrc", "_netrc", ".npmrc", ".pypirc", ".htpasswd", ".pgpass", ".dockercfg", ".dockerconfigjson"}, base),
		slices.Contains([]string{"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"}, base):
		return true
	case path.Dir(name) == submission.SamplesDir && ending == ".json", ending == ".md", ending == ".age":
		return false
	}
	return slices.Contains([]string{"test-account", "test_account", "testaccount", "credential", "credentials", "creds",
		"secret", "secrets", "password", "passwords", "passwd", "service-account", "service_account", "serviceaccount", "client_secret", "client-secret"}, stem)
}
