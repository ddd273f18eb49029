package intake

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/rules"
	"github.com/karzoun/miniapp-review/internal/secrets"
	"github.com/karzoun/miniapp-review/internal/source"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// scanner is shared by the tests of this file, as by a run of the command.
var scanner = secrets.New()

// bounded fails when findings are more, or what is printed of them is longer,
// than anybody could want of one submission.
func bounded(t *testing.T, found []finding.Finding) {
	t.Helper()
	most := map[string]int{}
	for _, f := range found {
		if most[f.Rule]++; most[f.Rule] == 202 {
			t.Errorf("the rule %s has more than 201 findings", f.Rule)
		}
		if f.Message == "" || strings.ContainsAny(f.Message+f.Hint, "\n\r\x1b") || f.Range.Start.Line < 1 || f.Range.Start.Column < 1 {
			t.Errorf("a finding that cannot be shown: %+v", f)
		}
	}
	for _, format := range []report.Format{report.Text, report.JSON, report.SARIF, report.GitHub} {
		var out bytes.Buffer
		if err := report.Print(&out, format, report.Result{Findings: found, Definitions: 1}, report.Options{Width: 80}); err != nil {
			t.Fatal(err)
		}
		// Fixes may hold a file of 1 MiB once for each of the few that write it anew.
		if limit := 8<<20 + 8<<10*len(found); out.Len() > limit {
			t.Errorf("format %v: %d findings are printed with %d bytes, more than %d", format, len(found), out.Len(), limit)
		}
	}
}

// checkFiles checks a submission by its files, as an update of nothing.
func checkFiles(t *testing.T, files map[string]source.MemoryFile) []finding.Finding {
	t.Helper()
	schema, err := newValidator()
	if err != nil {
		t.Fatal(err)
	}
	m := source.Memory{}
	for name, f := range files {
		m[submission.Dir("mailbeam")+"/"+name] = f
	}
	res, err := Check(context.Background(), Input{Schema: schema, Secrets: scanner, Now: corpusTime, Config: config.Default(),
		Workers: 1, Head: m, Base: source.Memory{}})
	if err != nil {
		t.Fatal(err)
	}
	return res.Findings
}

// TestMutations checks submissions that are broken at random: in their bytes,
// and in the structure of their JSON. Nothing may panic, and what is said stays
// within bounds.
func TestMutations(t *testing.T) {
	const rounds = 2
	for i, c := range corpus(t) {
		if strings.HasPrefix(c.name, "file-readable-") {
			continue // the rest of these is blank
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for round := range rounds {
				rnd := rand.New(rand.NewPCG(uint64(i), uint64(round)))
				broken := *c
				broken.head = map[string]source.MemoryFile{}
				for name, f := range c.head {
					if name == submission.DefinitionFile || rnd.IntN(4) == 0 {
						f.Data = mutate(rnd, f.Data)
					}
					broken.head[name] = f
				}
				func() {
					defer func() {
						if r := recover(); r != nil {
							t.Errorf("round %d panics: %v\n%s", round, r, broken.head[submission.DefinitionFile].Data)
						}
					}()
					bounded(t, broken.check(t))
				}()
			}
		})
	}
}

// mutate breaks a text in one to three places.
func mutate(rnd *rand.Rand, data []byte) []byte {
	for range 1 + rnd.IntN(3) {
		doc, problems := jsondoc.Parse(data)
		if len(problems) > 0 || rnd.IntN(5) == 0 {
			data = mutateBytes(rnd, data)
			continue
		}
		data = mutateJSON(rnd, doc)
	}
	return data
}

func mutateBytes(rnd *rand.Rand, data []byte) []byte {
	data = bytes.Clone(data)
	if len(data) == 0 {
		return []byte("{")
	}
	at := rnd.IntN(len(data))
	switch rnd.IntN(4) {
	case 0:
		data[at] = byte(rnd.IntN(256))
	case 1:
		return data[:at]
	case 2:
		end := min(at+rnd.IntN(200), len(data))
		return append(data[:at], data[end:]...)
	default:
		end := min(at+rnd.IntN(200), len(data))
		return append(data[:end:end], data[at:]...)
	}
	return data
}

// mutateJSON deletes, doubles or replaces a value.
func mutateJSON(rnd *rand.Rand, doc *jsondoc.Document) []byte {
	var nodes []*jsondoc.Node
	doc.Root.Walk(func(n *jsondoc.Node) bool {
		nodes = append(nodes, n)
		return true
	})
	n := nodes[rnd.IntN(len(nodes))]
	other := nodes[rnd.IntN(len(nodes))]
	values := []string{
		"null", "true", "-0", "1e308", `""`, `" "`, `"\u0000"`, `"[[" `, `"{{}}"`, `"{{a}}[[b]]"`, "[]", "{}", "[[[[]]]]", `{"": ""}`, `"$"`, `"$.a[0]..b"`,
		`"https://[::1%25eth0]:99999/"`, `"` + strings.Repeat("ä", 2000) + `"`, "[" + strings.Repeat("0,", 2000) + "0]",
		string(doc.Bytes()[other.Span.Start:other.Span.End]),
	}
	edits := doc.Replace(n, values[rnd.IntN(len(values))])
	switch rnd.IntN(4) {
	case 0:
		if n.Parent != nil {
			edits = doc.Remove(n)
		}
	case 1:
		key := []string{"type", "path", "url", "NS", "", "mapping", "requests", strings.Repeat("k", 300)}[rnd.IntN(8)]
		if n.Is(jsondoc.Object) && n.Get(key) == nil {
			edits = doc.SetMember(n, key, values[rnd.IntN(len(values))], "")
		}
	case 2:
		if n.Is(jsondoc.Array) {
			edits = doc.Append(n, values[rnd.IntN(len(values))])
		}
	}
	out, err := jsondoc.Apply(doc.Bytes(), edits)
	if err != nil {
		return doc.Bytes()
	}
	return out
}

// bulk is a way to make a submission large: what it puts in n times.
type bulk struct {
	name, file, pointer, open, each, closing string
}

// bulks are submissions in which one thing stands very often. "#" in each is its
// number.
func bulks() []bulk {
	const def = submission.DefinitionFile
	const sample = "webhooks/link-clicked.json"
	token := "gh" + "p_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5"
	return []bulk{
		{"triggers", def, "/triggers", "[", `{"type":"miniapps:x","event":"a.#","img":"/a","icon":"tickt#","label":"","isCustom":"no","x#":1}`, "]"},
		{"handlers", def, "/sync/webhooks/handlers", "{", `"link.clicke#":{"resource":"subscribr#","operation":"update"}`, "}"},
		{"parameters", def, "/actions/0/parameters/properties", "{", `"p#":{"type":"string","title":"x"}`, "}"},
		{"placeholders", def, "/actions/0/requests/0/body", "{", `"k#":"{{q#}} [[c#]] {x#} {{ y }} [[z]"`, "}"},
		{"placeholders in one text", def, "/actions/0/requests/0/body", `{"a": "`, "{{q#}}[[c#]]", `"}`},
		{"open brackets", def, "/actions/0/requests/0/body", `{"a": "`, "[[ {{ # ", `"}`},
		{"steps", def, "/actions/0/requests", "[", `{"url":"https://a.example/{{o#}}","method":"GET","mapping":[{"name":"p#","value":"$.id"}]}`, "]"},
		{"actions", def, "/actions", "[", `{"name":"a","title":"t","parameters":{"required":["x"],"properties":{}},"requests":[{"url":"http://a.b/{{y#}}"}]}`, "]"},
		{"secrets of config", def, "/auth/config", "{", `"apiSecret#":"value-#"`, "}"},
		{"sensitive keys", def, "/auth/sensitiveKeys", "[", `"clientsecret#"`, "]"},
		{"functions", def, "/functions", "{", `"f#":{"params":["a"],"code":"return eval(a) + fetch"}`, "}"},
		{"nested code", def, "/functions", `{"f":{"params":[],"code":"`, "(", `"}}`},
		{"unknown fields", def, "/webhook/response", "{", `"statuscod#":1`, "}"},
		{"overrides", def, "/webhook/transactionId/overrides", "{", `"link.clicke#":{"path":"id"}`, "}"},
		{"resources", def, "/sync/resources", "{", `"r#":{"name":"x","contentType":"core:customers","endpoints":{"list":{"url":"https://x.y/z"}},"apiMapping":{"a":{"path":"$.x","transform":"coalesc"}}}`, "}"},
		{"sources", def, "/source", "{", `"rpc_#":{"url":"http://127.0.0.1/{{x#}}","method":"GET","dataPath":"$.a[*]"}`, "}"},
		{"rows of a table", def, "/description", `"| Event |\n|-|\n| link.clicked |\n`, `| link.clicke# |\n`, `"`},
		{"nested quotations", def, "/description", `"`, "> - ", `"`},
		{"registration requests", def, "/auth/registrationRequests", "[", `{"url":"https://a.b/{{z#}}","method":"POST","mapping":{"token#":"$.x"}}`, "]"},
		{"paths", def, "/webhook/transactionId/paths", "[", `"x#..*"`, "]"},
		{"parts", def, "/webhook/eventExtraction", `{"compositeStrategy":{"parts":[`, `{"source":"body","path":"x#"}`, "]}}"},
		{"panels", def, "/dashboardApps", "[", `{"key":"k","name":"n","iframeUrl":"https://a.b/c","allowedActions":["addSubscribr#"]}`, "]"},
		{"credentials", def, "/webhook/response", `{"body":[`, `"` + token + `#"`, "]}"},
		{"marks", def, "/webhook/response", `{"body":[`, `"TODO #"`, "]}"},
		{"numbers", def, "/webhook/response", `{"body":[`, "#", "]}"},
		{"equal keys", "owners.json", "", "{", `"a":1`, "}"},
		{"trailing commas", "owners.json", "", "[", "[1,]", "]"},
		{"owners", "owners.json", "", "[", `{"login":"-#","id":"#"}`, "]"},
		{"headers of a sample", sample, "", `{"event":"link.clicked","headers":{`, `"H#":#`, `},"body":{}}`},
		{"fields of a sample", sample, "", "{", `"heders#":1`, "}"},
		{"versions", submission.ChangelogFile, "", "# Changelog\n\n", "## [0.#.0] - 2026-01-01\n\n- x\n\n", ""},
		{"one version", submission.ChangelogFile, "", "# Changelog\n\n", "## [1.2.0] - 2026-01-01\n\n- update\n\n", ""},
		{"steps of a guide", submission.SetupFile, "", "", "1. [a](b \"c\") *x* `y` TODO #\n", ""},
		{"brackets in a guide", submission.SetupFile, "", "1. ", "[a](*_`", ""},
		{"credentials in a guide", submission.SetupFile, "", "", token + "#\n", ""},
		{"quotations in a changelog", submission.ChangelogFile, "", "", "> - ", ""},
	}
}

// files returns the example with the bulk, in a file of about size bytes.
func (b bulk) files(t *testing.T, size int) map[string]source.MemoryFile {
	t.Helper()
	files, err := readGood("mailbeam")
	if err != nil {
		t.Fatal(err)
	}
	separator := ""
	if strings.HasSuffix(b.open, "[") || strings.HasSuffix(b.open, "{") {
		separator = ","
	}
	var text strings.Builder
	text.WriteString(b.open)
	for i := 0; text.Len() < size; i++ {
		if i > 0 {
			text.WriteString(separator)
		}
		text.WriteString(strings.ReplaceAll(b.each, "#", fmt.Sprintf("%05d", 10000+i%90000)))
	}
	text.WriteString(b.closing)
	out := text.String()
	if b.pointer != "" {
		const hole = `"a hole to fill"`
		def, err := rules.EditJSON(string(files[b.file].Data), b.pointer+" = "+hole)
		if err != nil {
			t.Fatal(err)
		}
		out = strings.Replace(def, hole, out, 1)
	}
	files[b.file] = source.MemoryFile{Data: []byte(out)}
	return files
}

// TestBulk checks submissions that are as large as they may be, each with one
// thing very often: what is said stays within bounds, and what is allocated in
// proportion to the size.
func TestBulk(t *testing.T) {
	for _, b := range bulks() {
		t.Run(b.name, func(t *testing.T) {
			small, large := 100<<10, 500<<10
			before := allocated(t, b.files(t, small))
			after := allocated(t, b.files(t, large))
			// Five times the size, with as much again for luck. Beyond a number
			// of values nothing is looked at any more, so that less is well.
			if limit := before*10 + 32<<20; after > limit {
				t.Errorf("%d bytes of text take %d bytes, and %d bytes take %d: more than in proportion", small, before, large, after)
			}
			// A value of JSON takes some 200 bytes, and may be three of text.
			if after > 1<<30 {
				t.Errorf("%d bytes of text take %d bytes", large, after)
			}
		})
	}
}

// allocated returns the bytes that are allocated to check a submission.
func allocated(t *testing.T, files map[string]source.MemoryFile) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	found := checkFiles(t, files)
	runtime.ReadMemStats(&after)
	bounded(t, found)
	return after.TotalAlloc - before.TotalAlloc
}
