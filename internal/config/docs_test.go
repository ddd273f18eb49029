package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/rules"
)

func realRules() []config.Rule {
	var out []config.Rule
	for _, s := range rules.All() {
		out = append(out, config.Rule{ID: s.ID, Security: s.Security})
	}
	return out
}

// TestDocs reads the example of the documentation, with the rules that there
// are.
func TestDocs(t *testing.T) {
	doc, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/configuration.md has no ```yaml block")
	}
	c, err := config.Parse([]byte(example), realRules())
	if err != nil {
		t.Fatalf("docs/configuration.md, line 1 being the first of the example:\n%v", err)
	}
	if len(c.Rules) == 0 || len(c.Waivers) == 0 || len(c.Namespaces.Reserved) == 0 || len(c.Marketplace.Hosts) == 0 || len(c.TestAccounts.Recipients) == 0 {
		t.Errorf("the example does not show every section: %+v", c)
	}
}

// TestExample reads the configuration of the example repository.
func TestExample(t *testing.T) {
	name := "../../examples/definitions-repo/.github/miniapp-review.yml"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := config.Parse(data, realRules()); err != nil || len(c.TestAccounts.Recipients) == 0 {
		t.Errorf("%s: %+v\n%v", name, c, err)
	}
}
