package rules

import (
	"bytes"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/sealed"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// testAccountRules are about the account that reviewers try the connector with.
func testAccountRules() []Spec {
	return []Spec{testAccountPresent(), testAccountEncrypted(), noCredentialFiles()}
}

const sealHelp = "Write what reviewers need to sign in to a text file outside of the repository, and encrypt it to the keys that the marketplace names: `age -a -R recipients.txt -o test-account.age credentials.txt`."

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
					Hint("Encrypt the credentials of a sandbox account with age to the marketplace's keys, as %s.", submission.TestAccountFile)
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
						Hint("Encrypt the credentials with age to the marketplace's keys. If they have been pushed in the clear, change them first.")
				}
			case err != nil:
				p.File(f.Name, "the file with the test account %s", err).
					Hint("Encrypt the credentials once more, and commit the file as age writes it.")
			case file.Passphrase:
				p.File(f.Name, "the test account is encrypted with a passphrase, which the reviewers do not know").As(finding.Warning).
					Hint("Encrypt it to the marketplace's keys instead, with \"age -a -R recipients.txt\".")
			}
		},
	}
}

// sealedExample has the structure of a file of age; nothing is encrypted in it.
func sealedExample(recipient string) string {
	return "age-encryption.org/v1\n-> " + recipient + "\n" + strings.Repeat("A", 43) + "\n--- " + strings.Repeat("A", 43) + "\n" + strings.Repeat("x", 48)
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
