package review_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/pull/pulltest"
	"github.com/karzoun/miniapp-review/internal/review"
	"github.com/karzoun/miniapp-review/internal/secrets"
)

// TestRecording checks that a recording is the same after it was read again,
// and leads to the same plan and comment.
func TestRecording(t *testing.T) {
	repo := repository(t)
	s := pulltest.New(without(repo, "parleo"), edited(t, repo, acme, `"miniapps:parleo"`, `"miniapps:parle"`))
	first := run(t, s)
	saved, masked := review.Recording(s, first)
	if masked != 0 {
		t.Fatalf("%d credentials", masked)
	}
	data, err := saved.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := pull.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("the recording differs after it was read: %v", err)
	}
	if diff := cmp.Diff(first.Plan, run(t, back).Plan); diff != "" {
		t.Errorf("the replay plans something else:\n%s", diff)
	}
}

// TestRecordingHasNoCredentials checks that a leaked credential is in no part of
// a recording.
func TestRecordingHasNoCredentials(t *testing.T) {
	secret := "ghp_" + "k3BtX9wQz7LmR2pVn8YcF5hJd1GsA6uEo4Ti"
	repo := repository(t)
	s := pulltest.New(without(repo, "parleo"), edited(t, repo, acme, `"label": "`, `"label": "`+secret+` `))
	s.Comments = []pull.Comment{{ID: 1, User: pulltest.Partner(), Body: "my token is " + secret}}
	schema, err := definition.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	r, err := review.Review(context.Background(), s, review.Options{Schema: schema, Secrets: secrets.New(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	saved, masked := review.Recording(s, r)
	data, err := saved.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if masked == 0 || bytes.Contains(data, []byte(secret)) {
		t.Errorf("%d credentials are crossed out, and the recording has the secret: %v", masked, bytes.Contains(data, []byte(secret)))
	}
	for _, op := range r.Plan.Operations {
		text := op.Body
		if op.Review != nil {
			for _, m := range op.Review.Remarks {
				text += m.Body
			}
		}
		if strings.Contains(text, secret) {
			t.Errorf("%s repeats the secret", op.Kind)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "no recording",
		"[]":                          "no recording",
		`{"version": 2}`:              "but of version 2",
		`{"version": 1, "extra": 1}`:  "unknown field",
		`{"version": 1} {}`:           "after top-level value",
		`{"version": 1, "blobs": 12}`: "reading the recording",
	} {
		if _, err := pull.Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
