package sandbox

import (
	"net/http"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// hook is a definition with a webhook of these fields.
func hook(fields string) string {
	return `{"ns": "acme", "auth": {"type": "apikey", "sensitiveKeys": ["secret"], "config": {"secret": ""}},
	"triggers": [{"type": "miniapps:acme", "event": "a.made", "label": "A made"}],
	"webhook": {` + fields + `}}`
}

// post is a delivery with one header.
func post(header, value, body string) Incoming {
	in := Incoming{Method: "POST", Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
	if header != "" {
		in.Header.Set(header, value)
	}
	return in
}

// signing is a verification as a definition has it.
func signing(kind, header, encoding string) string {
	return `"verification": {"type": "` + kind + `", "headerName": "` + header + `", "secretKey": "secret", "encoding": "` + encoding + `"}`
}

const (
	slackBody = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	testCase4 = "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
)

// TestPublishedSignatures holds the verification against examples that others
// have published. Each is also refused when a byte of the body differs.
func TestPublishedSignatures(t *testing.T) {
	dd := strings.Repeat("\xdd", 50)
	tests := []struct{ source, kind, header, encoding, secret, body, sent string }{
		// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
		{"GitHub", "hmac-sha256", "X-Hub-Signature-256", "hex", "It's a Secret to Everybody", "Hello, World!",
			"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		// https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
		{"Bitbucket", "hmac-sha256", "X-Hub-Signature", "hex", "It's a Secret to Everybody", "Hello World!",
			"sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
		// https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
		{"LINE", "hmac-sha256", "X-Line-Signature", "base64", "8c570fa6dd201bb328f1c1eac23a96d8", `{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}`,
			"GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="},
		// https://coinify.readme.io/docs/webhook-signature
		{"Coinify", "hmac-sha256", "X-Coinify-Webhook-Signature", "", "my-shared-secret", `{"examplePayload":true}`,
			"bcdbb89e3031905f3cc1a20d16b5f969a17a7d8fa0c26e4a807c2193402d66f4"},
		// RFC 4231, test cases 1 to 4; 6 and 7 have a key longer than a block.
		{"RFC 4231, 1", "hmac-sha256", "X-S", "hex", strings.Repeat("\x0b", 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"RFC 4231, 2", "hmac-sha256", "X-S", "hex", "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"RFC 4231, 3", "hmac-sha256", "X-S", "hex", strings.Repeat("\xaa", 20), dd, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{"RFC 4231, 4", "hmac-sha256", "X-S", "hex", "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19", testCase4,
			"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
		{"RFC 4231, 6", "hmac-sha256", "X-S", "hex", strings.Repeat("\xaa", 131), "Test Using Larger Than Block-Size Key - Hash Key First",
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{"RFC 4231, 7", "hmac-sha256", "X-S", "hex", strings.Repeat("\xaa", 131), "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
			"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
		// RFC 2202, section 3, test cases 1 to 4 and 6.
		{"RFC 2202, 1", "hmac-sha1", "X-S", "hex", strings.Repeat("\x0b", 20), "Hi There", "sha1=b617318655057264e28bc0b6fb378c8ef146be00"},
		{"RFC 2202, 2", "hmac-sha1", "X-S", "hex", "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{"RFC 2202, 3", "hmac-sha1", "X-S", "hex", strings.Repeat("\xaa", 20), dd, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
		{"RFC 2202, 4", "hmac-sha1", "X-S", "hex", "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19", testCase4,
			"4c9007f4026250c6bc8414f9bf50c86c2d7235da"},
		{"RFC 2202, 6", "hmac-sha1", "X-S", "hex", strings.Repeat("\xaa", 80), "Test Using Larger Than Block-Size Key - Hash Key First", "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			m := machine(t, hook(signing(tt.kind, tt.header, tt.encoding)), nil)
			install := NewInstall("u-1")
			install.Credentials["secret"] = jsondoc.NewString(tt.secret)
			d := m.Deliver(install, post(tt.header, tt.sent, tt.body))
			if !d.Verification.OK || d.Answer.Status != 200 {
				t.Errorf("refused with %d: %s", d.Answer.Status, d.Verification.Reason)
			}
			for _, other := range []string{tt.body + "\n", tt.body[1:], strings.Replace(tt.body, tt.body[:1], "\x00", 1)} {
				if d := m.Deliver(install, post(tt.header, tt.sent, other)); d.Verification.OK || d.Answer.Status != 401 {
					t.Errorf("the signature of %q is taken for %q", tt.body, other)
				}
			}
		})
	}
}

// TestSlackIsNotVerified: Slack's published example is of another scheme than
// the documented one, and must neither pass nor be refused without a word.
// https://docs.slack.dev/authentication/verifying-requests-from-slack/
func TestSlackIsNotVerified(t *testing.T) {
	m := machine(t, hook(`"verification": {"type": "hmac-sha256", "headerName": "X-Slack-Signature", "secretKey": "secret", "timestampHeader": "X-Slack-Request-Timestamp"}`), nil)
	in := post("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", slackBody)
	in.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	in.Header.Set("X-Slack-Request-Timestamp", "1531420618")
	d := m.Deliver(connected(map[string]string{"secret": "8f742231b10e8888abcd99yyyzzz85a5"}), in)
	if d.Answer.Status != 401 || d.Verification.OK {
		t.Errorf("Slack's example is answered with %d", d.Answer.Status)
	}
	all := strings.Join(said(d.Run), "\n")
	for _, want := range []string{"choice timestamp-unused", "the documented verification hashes the body alone, but Slack signs a version, the time and the body together"} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q:\n%s", want, all)
		}
	}
}

func TestVerification(t *testing.T) {
	const body = `{}`
	tests := []struct {
		name, verification, config string
		credentials                map[string]string
		header, value              string
		status                     int
		reason, hint, choice       string
	}{
		{name: "a token", verification: signing("header-token", "X-T", ""), credentials: map[string]string{"secret": "tok-12345"}, header: "x-t", value: "tok-12345", status: 200},
		{name: "another token", verification: signing("header-token", "X-T", ""), credentials: map[string]string{"secret": "tok-12345"}, header: "X-T", value: "tok-1234", status: 401,
			reason: `the header "X-T" has another token`, hint: "Compare the secret with the one at the provider."},
		{name: "no prefix of a token is stripped", verification: signing("header-token", "X-T", ""), credentials: map[string]string{"secret": "tok-12345"}, header: "X-T", value: "sha256=tok-12345", status: 401,
			reason: `the header "X-T" has another token`, hint: "Compare the secret with the one at the provider."},
		{name: "no header", verification: signing("header-token", "X-T", ""), credentials: map[string]string{"secret": "tok-12345"}, status: 401,
			reason: `the delivery has no header "X-T"`, hint: "Write the header's name as the provider does.", choice: "unverifiable-refused"},
		{name: "an empty header and an empty secret", verification: signing("header-token", "X-T", ""), credentials: map[string]string{"secret": ""}, header: "X-T", value: "", status: 401,
			reason: `the delivery has no header "X-T"`, hint: "Write the header's name as the provider does.", choice: "unverifiable-refused"},
		// The signature is right: anybody can sign with the empty secret.
		{name: "an empty secret", verification: signing("hmac-sha256", "X-T", ""), credentials: map[string]string{"secret": ""}, header: "X-T", value: verification{method: hmacSHA256}.sign([]byte(body), ""), status: 401,
			reason: `nothing has the secret "secret": it is neither among the credentials nor in auth.config`,
			hint:   "Let the tenant supply it in auth.config or auth.form, or map it in the registration request that receives it.", choice: "unverifiable-refused"},
		{name: "the secret of the definition", verification: signing("header-token", "X-T", ""), config: "of-all-tenants", header: "X-T", value: "of-all-tenants", status: 200},
		{name: "the tenant's secret comes first", verification: signing("header-token", "X-T", ""), config: "of-all-tenants", credentials: map[string]string{"secret": "of-one"}, header: "X-T", value: "of-all-tenants", status: 401,
			reason: `the header "X-T" has another token`, hint: "Compare the secret with the one at the provider."},
		{name: "another encoding", verification: signing("hmac-sha256", "X-T", "hex"), credentials: map[string]string{"secret": "k"}, header: "X-T", value: base64Of(t, body, "k"), status: 401,
			reason: `the header "X-T" has another signature than that of the body`, hint: `It is right for the type "hmac-sha256" with the encoding "base64": write these.`},
		{name: "capitals", verification: signing("hmac-sha256", "X-T", "hex"), credentials: map[string]string{"secret": "k"}, header: "X-T", value: strings.ToUpper(verification{method: hmacSHA256}.sign([]byte(body), "k")), status: 200, choice: "hex-capitals"},
		{name: "no capitals of Base64", verification: signing("hmac-sha256", "X-T", "base64"), credentials: map[string]string{"secret": "k"}, header: "X-T", value: strings.ToUpper(base64Of(t, body, "k")), status: 401,
			reason: `the header "X-T" has another signature than that of the body`, hint: "Compare the secret with the one at the provider, and look whether the body is delivered byte for byte."},
		{name: "an unknown type", verification: signing("rsa", "X-T", ""), credentials: map[string]string{"secret": "k"}, header: "X-T", value: "k", status: 401,
			reason: `the platform knows no verification of type "rsa"`, hint: "Correct webhook.verification.", choice: "unverifiable-refused"},
		{name: "an unknown encoding", verification: signing("hmac-sha1", "X-T", "base32"), credentials: map[string]string{"secret": "k"}, header: "X-T", value: "k", status: 401,
			reason: `the platform knows no encoding "base32"`, hint: "Correct webhook.verification.", choice: "unverifiable-refused"},
		{name: "no key", verification: `"verification": {"type": "header-token", "headerName": "X-T"}`, header: "X-T", value: "k", status: 401,
			reason: "the verification has no secretKey, so there is nothing to compare with", hint: "Correct webhook.verification.", choice: "unverifiable-refused"},
		{name: "no type", verification: `"verification": {"headerName": "X-T", "secretKey": "secret"}`, credentials: map[string]string{"secret": "k"}, header: "X-T", value: "k", status: 401,
			reason: `the platform knows no verification of type ""`, hint: "Correct webhook.verification.", choice: "unverifiable-refused"},
		{name: "no object", verification: `"verification": "hmac-sha256"`, status: 401, reason: "the verification is no object", hint: "Write it as an object.", choice: "unverifiable-refused"},
		{name: "none", verification: `"verification": {"type": "none"}`, status: 200},
		{name: "no verification", verification: `"verification": null`, status: 200, choice: "missing-is-none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := machine(t, strings.Replace(hook(tt.verification), `{"secret": ""}`, `{"secret": `+jsondoc.Quote(tt.config)+`}`, 1), nil)
			d := m.Deliver(connected(tt.credentials), post(tt.header, tt.value, body))
			if d.Answer.Status != tt.status || d.Verification.OK != (tt.status == 200) || d.OK() != (tt.status == 200) {
				t.Errorf("status %d, verification %+v, failure %v; want status %d", d.Answer.Status, d.Verification, d.Failure, tt.status)
			}
			if d.Verification.Reason != tt.reason {
				t.Errorf("reason %q, want %q", d.Verification.Reason, tt.reason)
			}
			if d.Failure != nil && d.Failure.Hint != tt.hint {
				t.Errorf("hint %q, want %q", d.Failure.Hint, tt.hint)
			}
			if got := strings.Contains(strings.Join(said(d.Run), "\n")+"\n", "choice "+tt.choice+"\n"); tt.choice != "" && !got {
				t.Errorf("the choice %s is not told: %v", tt.choice, said(d.Run))
			}
			if len(d.Answer.Body) > 0 && tt.status == 401 {
				t.Errorf("the provider learns more than the status: %s", d.Answer.Body)
			}
		})
	}
}

func base64Of(t *testing.T, body, secret string) string {
	t.Helper()
	return verification{method: hmacSHA256, encoding: "base64"}.sign([]byte(body), secret)
}

// TestDeliveriesShowNoSecret: neither the secret nor a wrong token shows, in
// whatever part of a delivery it comes.
func TestDeliveriesShowNoSecret(t *testing.T) {
	m := machine(t, hook(signing("header-token", "X-T", "")+`, "eventExtraction": {"source": "body", "path": "$.event"}, "transactionId": {"paths": ["$.id"]},
		"customerExtraction": {"basePath": "$", "mapping": {"code": "id", "firstName": "text"}}`), nil)
	const secret = "s3cret-token"
	for _, token := range []string{secret, "other-token"} {
		in := post("X-T", token, `{"event": "s3cret-token", "id": "s3cret-token", "text": "a s3cret-token", "access_token": "other-token"}`)
		in.Query = map[string][]string{"q": {secret}}
		d := m.Deliver(connected(map[string]string{"secret": secret}), in)
		shown := string(marshal(t, d))
		for _, s := range []string{secret, "other-token"} {
			if strings.Contains(shown, s) {
				t.Errorf("%q shows in\n%s", s, shown)
			}
		}
	}
}
