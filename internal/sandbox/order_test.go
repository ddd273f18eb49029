package sandbox

import (
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// TestOrderOfPlaceholders puts one key into ever more places: the one that comes
// first in the order fills the placeholder. "uid" is a name that all places can
// have.
func TestOrderOfPlaceholders(t *testing.T) {
	const config = `"auth": {"type": "apikey", "config": {"uid": CONFIG}}`
	tests := []struct {
		name, placeholder, config string
		// in are the places that have the key; each holds its own name.
		in   string
		want string
	}{
		{"input first", "{{uid}}", `"config"`, "input output typed config metadata system credentials", "input"},
		{"then earlier steps", "{{uid}}", `"config"`, "output typed config metadata system credentials", "output"},
		{"then what was typed", "{{uid}}", `"config"`, "typed config metadata system credentials", "typed"},
		{"then auth.config", "{{uid}}", `"config"`, "config metadata system credentials", "config"},
		{"an empty default is none", "{{uid}}", `""`, "metadata system credentials", "metadata"},
		{"then the platform", "{{uid}}", `""`, "system credentials", "system"},
		{"credentials first", "[[uid]]", `"config"`, "input output typed config metadata system credentials", "credentials"},
		{"then metadata", "[[uid]]", `"config"`, "input output typed config metadata system", "metadata"},
		{"and nothing else", "[[uid]]", `"config"`, "input output typed config system", "[[uid]]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := machine(t, `{"ns": "acme", `+strings.Replace(config, "CONFIG", tt.config, 1)+`, "x": `+jsondoc.Quote(tt.placeholder)+`}`, nil)
			install := NewInstall("")
			r := m.record(install, "test", m.Definition.Doc.Root)
			s := &scope{r: r, input: Values{}, outputs: Values{}, system: Values{}}
			bags := map[string]Values{"input": s.input, "output": s.outputs, "typed": install.UserInput, "metadata": install.Metadata, "system": s.system, "credentials": install.Credentials}
			for _, place := range strings.Fields(tt.in) {
				if place != "config" {
					bags[place]["uid"] = jsondoc.NewString(place)
				}
			}
			got, _ := s.text(m.Definition.Doc.Root.Get("x"))
			if got != tt.want {
				t.Errorf("%s is filled with %q, want %q", tt.placeholder, got, tt.want)
			}
		})
	}
}

// TestRequestsThatGrow checks that a value cannot be repeated until the memory is
// full, as a text or as a whole, in a URL, a header, a form or a body.
func TestRequestsThatGrow(t *testing.T) {
	big := strings.Repeat("x", 1<<20)
	many := strings.Repeat("{{q}}", 8)
	list := "[" + strings.Repeat(`"{{q}}", `, 7) + `"{{q}}"]`
	for name, step := range map[string]string{
		"the URL":    `{"url": "https://a.example/` + many + `", "method": "GET", "mapping": {}}`,
		"the query":  `{"url": "https://a.example/", "method": "GET", "queryParams": {"a": "` + many + `"}, "mapping": {}}`,
		"a header":   `{"url": "https://a.example/", "method": "GET", "headers": {"A": "` + many + `"}, "mapping": {}}`,
		"the body":   `{"url": "https://a.example/", "method": "POST", "bodyType": "json", "body": {"a": ` + list + `}, "mapping": {}}`,
		"a form":     `{"url": "https://a.example/", "method": "POST", "bodyType": "x-www-form-urlencoded", "body": {"a": ` + list + `}, "mapping": {}}`,
		"a raw body": `{"url": "https://a.example/", "method": "POST", "body": "` + many + `", "mapping": {}}`,
	} {
		t.Run(name, func(t *testing.T) {
			provider := always(200, `{}`)
			m := machine(t, action(`{"q": {"type": "string"}}`, "["+step+"]"), provider)
			r := m.Action(t.Context(), connected(nil), "act", Texts(map[string]string{"q": big}))
			if r.OK() || r.Failure.Code != Internal || len(provider.asked) > 0 {
				t.Errorf("%d requests were made, failure %+v", len(provider.asked), r.Failure)
			}
			r = m.Action(t.Context(), connected(nil), "act", Texts(map[string]string{"q": "small"}))
			if !r.OK() {
				t.Errorf("a small value fails: %+v", r.Failure)
			}
		})
	}
}
