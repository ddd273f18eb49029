package providers

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/outbound"
	"github.com/karzoun/miniapp-review/internal/sandbox"
)

// TestStripe sends forms, with a key as the user of HTTP Basic. emulate's Stripe
// does not look at the key, so that it is looked at on its way.
func TestStripe(t *testing.T) {
	const key = "rk_test_made-up"
	hook := newHook(t)
	address := start(t, map[string]any{"stripe": obj{"stripe": obj{
		"customers": []obj{{"email": "omar@harbourcafe.example", "name": "Omar"}},
		"webhooks":  []obj{{"url": hook.url + "/miniapps/stripe-payments/webhooks", "events": []string{"*"}, "secret": hookSecret}},
	}}})["stripe"]
	s := open(t, "stripe-payments", map[string]string{"https://api.stripe.com": address})
	wire := &wire{Provider: s.machine.Provider}
	s.machine.Provider = wire
	s.hook, s.machine.Platform.BaseURL = hook, hook.url

	install := s.connected(obj{"secretKey": key})
	made := s.act(install, "createCustomer", obj{"email": "zoë+1@example.com", "name": "Zoë & Söhne = 100 %", "conversation": "https://inbox.example/c/1?a=1&b=2"})
	customer := ask[obj](t, "GET", address+"/v1/customers/"+made["customerId"].(string), key, nil)
	if customer["email"] != "zoë+1@example.com" || customer["name"] != "Zoë & Söhne = 100 %" ||
		!cmp.Equal(customer["metadata"], obj{"conversation": "https://inbox.example/c/1?a=1&b=2", "source": "karzoun"}) {
		t.Errorf("the customer is %v", customer)
	}
	found := s.act(install, "findCustomer", obj{"email": "zoë+1@example.com"})
	if !cmp.Equal(found, obj{"customerId": made["customerId"], "name": customer["name"]}) {
		t.Errorf("found %v", found)
	}
	paid := s.act(install, "chargeCustomer", obj{"customer": made["customerId"], "amount": 1999, "currency": "eur"})
	intent := ask[obj](t, "GET", address+"/v1/payment_intents/"+paid["paymentId"].(string), key, nil)
	if paid["status"] != "succeeded" || intent["status"] != "succeeded" || intent["amount"] != 1999.0 || intent["customer"] != made["customerId"] || intent["currency"] != "eur" {
		t.Errorf("paid %v: %v", paid, intent)
	}
	if priced := s.act(install, "addProduct", obj{"name": "Soup", "amount": 500}); priced["unitAmount"] != 500.0 {
		t.Errorf("priced %v", priced)
	}
	refused := s.machine.Action(t.Context(), install, "chargeCustomer", values(obj{"customer": "cus_none", "amount": 1, "currency": "usd"}))
	if refused.OK() || refused.Failure.Code != sandbox.ExternalAPI || len(refused.Steps) != 1 {
		t.Errorf("a customer that is missing:\n%s", shown(refused))
	}
	if list := s.options(install, "rpc_customers", nil); len(list) < 2 {
		t.Errorf("the customers are %v", list)
	}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"))
	for i, r := range wire.sent {
		at := r.Method + " " + r.URL
		header := http.Header{}
		for _, h := range r.Header {
			header.Add(h.Name, h.Value)
		}
		if header.Get("Authorization") != want {
			t.Errorf("request %d, %s, has the wrong Authorization", i+1, at)
		}
		if r.Method == "POST" && header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("request %d, %s, has the type %q", i+1, at, header.Get("Content-Type"))
		}
	}
	if shows := string(shown(refused)); strings.Contains(shows, key) || strings.Contains(shows, want) {
		t.Errorf("a run shows the key:\n%s", shows)
	}
}

// wire keeps what is sent.
type wire struct {
	sandbox.Provider
	sent []outbound.Request
}

func (w *wire) Do(ctx context.Context, r outbound.Request) (outbound.Response, error) {
	w.sent = append(w.sent, r)
	return w.Provider.Do(ctx, r)
}

// TestStripeSignature shows a limit of what is documented: Stripe signs the time
// and the body together, which no definition can say. The deliveries are refused,
// and the reason is said.
func TestStripeSignature(t *testing.T) {
	hook := newHook(t)
	address := start(t, map[string]any{"stripe": obj{"stripe": obj{
		"webhooks": []obj{{"url": hook.url + "/miniapps/stripe-payments/webhooks", "events": []string{"*"}, "secret": hookSecret}},
	}}})["stripe"]
	s := open(t, "stripe-payments", map[string]string{
		"https://api.stripe.com": address,
		`"secretKey": ""`:        `"secretKey": "", "webhookSecret": ""`,
		`"webhook": null`: `"webhook": {"eventExtraction": {"source": "body", "path": "$.type"},
			"verification": {"type": "hmac-sha256", "headerName": "Stripe-Signature", "secretKey": "webhookSecret"}}`,
	})
	s.hook, s.machine.Platform.BaseURL = hook, hook.url
	install := s.connected(obj{"secretKey": "rk_test_made-up", "webhookSecret": hookSecret})
	s.receives(install)
	s.act(install, "createCustomer", obj{"email": "omar@harbourcafe.example"})
	came := s.delivered("")
	if came.OK() || came.Verification.OK || came.Answer.Status != http.StatusUnauthorized || came.Event != "" {
		t.Fatalf("delivered:\n%s", shown(came.Delivered))
	}
	if !slices.ContainsFunc(came.Diagnostics, func(d sandbox.Diagnostic) bool { return strings.Contains(d.Message, "hashes the body alone") }) {
		t.Errorf("the reason is not said:\n%s", shown(came.Diagnostics))
	}
}

// TestTwilio sends forms, with a user and a password of HTTP Basic that are
// looked at.
func TestTwilio(t *testing.T) {
	const sid, token = "AC00000000000000000000000000000001", "made-up-auth-token: with a colon"
	address := start(t, map[string]any{"twilio": obj{"twilio": obj{
		"account":       obj{"sid": sid, "auth_token": token, "friendly_name": "Harbour Café"},
		"phone_numbers": []obj{{"phone_number": "+15550123", "friendly_name": "The counter"}},
	}}})["twilio"]
	s := open(t, "twilio-sms", map[string]string{"https://api.twilio.com": address})
	s.refuses(obj{"accountSid": sid, "authToken": "another"}, "userDetails", sandbox.AuthExpired)
	s.refuses(obj{"accountSid": "AC0none", "authToken": token}, "userDetails", sandbox.AuthExpired)
	install := s.connected(obj{"accountSid": sid, "authToken": token})
	if install.Metadata["uid"].Text() != sid || install.Metadata["name"].Text() != "Harbour Café" {
		t.Errorf("the metadata are %v", install.Metadata)
	}
	read := func(message any) obj {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", fmt.Sprintf("%s/2010-04-01/Accounts/%s/Messages/%v.json", address, sid, message), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(sid, token)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		data, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return decode[obj](t, data)
	}
	const text = "Soup = 100 % & bread + “salt” 🍲"
	numbers := s.options(install, "rpc_numbers", nil)
	if !slices.Contains(numbers, sandbox.Option{Value: "+15550123", Label: "The counter"}) {
		t.Fatalf("the numbers are %v", numbers)
	}
	sent := s.act(install, "sendMessage", obj{"from": "+15550123", "to": "+15550100", "text": text})
	if got := read(sent["messageSid"]); got["body"] != text || got["to"] != "+15550100" || got["from"] != "+15550123" {
		t.Errorf("sent %v", got)
	}
	if looked := s.act(install, "sendAndLook", obj{"from": "+15550123", "to": "+15550100", "text": "a+b=c&d"}); looked["text"] != "a+b=c&d" {
		t.Errorf("looked at %v", looked)
	}
	deleted := s.machine.Action(t.Context(), install, "deleteMessage", values(obj{"messageSid": sent["messageSid"]}))
	if got := read(sent["messageSid"]); !deleted.OK() || got["body"] != nil {
		t.Errorf("deleted %v:\n%s", got, shown(deleted))
	}
}
