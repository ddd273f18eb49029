package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPublish(t *testing.T) {
	c, err := Parse([]byte(`publish:
  to: [branch:registry, branch:pages/v1.2]
  saas_api_url: https://api.market.example/v1/
  visibility: partner-only
  git_tags: true
  releases: yes
`), testRules())
	if err == nil {
		t.Fatalf("yes is no switch: %+v", c.Publish)
	}
	c, err = Parse([]byte(`publish:
  to: [branch:registry, branch:pages/v1.2]
  saas_api_url: https://api.market.example/v1/
  visibility: partner-only
  git_tags: true
  releases: false
`), testRules())
	if err != nil {
		t.Fatal(err)
	}
	want := Publish{To: []Registry{{Target: "branch:registry"}, {Target: "branch:pages/v1.2"}}, SaaSAPIURL: "https://api.market.example/v1", PartnersByDefault: true, GitTags: true}
	if diff := cmp.Diff(want, c.Publish); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c, err = Parse([]byte("publish: {saas_api_url: , visibility: , git_tags: , releases: }\n"), testRules()); err != nil || !cmp.Equal(c.Publish, Publish{}) {
		t.Errorf("keys without a value: %+v, %v", c.Publish, err)
	}
}

// TestAudience reads registries that take tokens of identity, beside others.
func TestAudience(t *testing.T) {
	c, err := Parse([]byte(`publish:
  to:
    - branch:registry
    - http: https://platform.example/registry
      audience: api://platform.example
    - {audience: market, http: "http://127.0.0.1:8080"}
    - http:https://other.example
`), testRules())
	if err != nil {
		t.Fatal(err)
	}
	want := []Registry{{Target: "branch:registry"}, {"http:https://platform.example/registry", "api://platform.example"}, {"http:http://127.0.0.1:8080", "market"}, {Target: "http:https://other.example"}}
	if diff := cmp.Diff(want, c.Publish.To); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPublishRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"to: [\"branch:\"]":                                      `expected the name of a branch after branch:`,
		"to: [\"branch:../main\"]":                               `expected the name of a branch after branch:`,
		"to: [\"branch:a b\"]":                                   `expected the name of a branch after branch:`,
		"to: [\"branch:a.lock\"]":                                `expected the name of a branch after branch:`,
		"to: branch:registry":                                    `to must be a list, not "branch:registry"`,
		"to: [7]":                                                `an entry of to must be a text, not a number: write it in quotes, "7"`,
		"to: [{http: \"https://p.example\"}]":                    `a registry with keys needs http, the address of an endpoint, and audience`,
		"to: [{audience: a}]":                                    `a registry with keys needs http, the address of an endpoint, and audience`,
		"to: [{oci: a, audience: b}]":                            `a registry has no key "oci": expected one of audience or http`,
		"to: [{http: p.example, audience: b}]":                   `"p.example" cannot be http of a registry: expected the address of an endpoint`,
		"to: [{http: \"https://u:p@x.example\", audience: b}]":   `expected the address of an endpoint`,
		"to: [{http: \"https://x.example\", audience: \"a b\"}]": `"a b" cannot be audience of a registry: expected what the platform calls itself`,
		"to: [{http: \"https://x.example\", audience: 1}]":       `audience of a registry must be a text`,
		"to: [{http: \"https://x.example\", audience: }]":        `audience of a registry must be a text, not empty`,
		"saas_api_url: http://api.market.example":                `"http://api.market.example" cannot be saas_api_url: expected an address such as https://`,
		"saas_api_url: https://u:p@market.example":               `expected an address such as https://`,
		"saas_api_url: \"https://m.example/?a=b\"":               `expected an address such as https://`,
		"saas_api_url: \"https://m.example/)](x)\"":              `expected an address such as https://`,
		"visibility: private":                                    `visibility cannot be "private": expected one of public or partner-only`,
		"git_tags: 1":                                            `git_tags must be true or false, not 1`,
		"releases: \"true\"":                                     `releases must be true or false, not "true"`,
		"git_tag: true":                                          `publish has no key "git_tag": did you mean "git_tags"?`,
	} {
		_, err := Parse([]byte("publish:\n  "+text+"\n"), testRules())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %s", text, err, want)
		}
	}
}
