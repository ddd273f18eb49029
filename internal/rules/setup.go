package rules

import (
	"strconv"
	"strings"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/markdown"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// setupRules are about the guide for the people who connect the app.
func setupRules() []Spec {
	return []Spec{setupSteps(), webhookAddressDocumented()}
}

// How many steps a setup guide has.
const fewestSteps, mostSteps = 3, 5

// description returns what the head's description says as Markdown. It is read
// once in a run. The error is one of the markdown package; without a
// description the document is nil.
func (p *Pass) description(def *definition.Definition) (*markdown.Document, error) {
	if text, ok := def.Field("description").Str(); ok && !p.memo.described {
		p.memo.description, p.memo.descriptionErr = markdown.Parse([]byte(text))
	}
	p.memo.described = true
	return p.memo.description, p.memo.descriptionErr
}

func setupSteps() Spec {
	const hint = "Number the steps as \"1.\", \"2.\", \"3.\": where the credentials are found, how the app is installed, how it is connected."
	return Spec{
		ID: "setup-steps", Group: groupPackage, Severity: finding.Error,
		Title:   "The setup guide has 3 to 5 steps",
		Purpose: "Checks that SETUP.md, or else the description, guides people in 3 to 5 numbered steps.",
		Source:  "A submission comes with a setup guide of 3 to 5 steps for the people who install the app; it may be the same as that of the description.",
		Help:    "Write the steps as a numbered list, with details as points below a step. A picture between two steps is indented, so that it belongs to the step before.",
		Fires: []Example{
			{Name: "no guide", Edit: `/description = "Tickets."`, Files: map[string]string{submission.SetupFile: ""}},
			{Name: "points without numbers", Edit: `/description = "Tickets."`, Files: map[string]string{submission.SetupFile: "- Install\n- Connect\n- Done\n"}},
			{Name: "two steps", Files: map[string]string{submission.SetupFile: "# Setup\n\n1. Install\n2. Connect\n"}},
			{Name: "six steps", Files: map[string]string{submission.SetupFile: "1. a\n2. b\n3. c\n4. d\n5. e\n6. f\n"}},
			{Name: "two steps in the description alone", Edit: `/description = "1. Install\n2. Connect"`, Files: map[string]string{submission.SetupFile: ""}},
			{Name: "far too much", Files: map[string]string{submission.SetupFile: strings.Repeat("1. Install\n", 3000)}},
		},
		Silent: []Example{
			{Name: "the steps of the description", Files: map[string]string{submission.SetupFile: "The steps are in the marketplace.\n"}},
			{Name: "pictures between the steps", Files: map[string]string{submission.SetupFile: "1. a\n\n![](https://acme.example/a.png)\n\n2. b\n\nSo far.\n\n3. c\n"}},
			{Name: "steps as headings", Files: map[string]string{submission.SetupFile: "## Step 1: Install\n\nx\n\n## Step 2: Paste\n\ny\n\n## Step 3: Connect\n"}},
			{Name: "details below a step", Files: map[string]string{submission.SetupFile: "1. a\n   1. x\n   2. y\n   3. z\n2. b\n3. c\n"}},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if !p.Head.Whole() {
				return
			}
			f := p.Head.File(submission.SetupFile)
			if f != nil && f.Data == nil {
				return // file-readable or path-regular-file speaks of it
			}
			if f != nil {
				guide, err := markdown.Parse(f.Data)
				if err != nil {
					p.File(f.Name, "the setup guide %s", err).Hint("Keep it to %d to %d steps; the rest belongs to your own guide at docsUrl.", fewestSteps, mostSteps)
					return
				}
				if steps := guide.Steps(); len(steps) > 0 {
					if at, ok := wrongCount(steps); ok {
						p.Span(f.Name, jsondoc.Span{Start: at.Start, End: at.End}, "the setup guide has %s, where %d to %d are asked for", stepCount(len(steps)), fewestSteps, mostSteps).
							Hint("%s", countHint(len(steps)))
					}
					return
				}
			}
			description, err := p.description(def)
			if err != nil {
				return // description-steps speaks of it
			}
			switch steps := description.Steps(); {
			case len(steps) > 0:
				if _, ok := wrongCount(steps); ok {
					p.Node(def.Field("description"), "the description has %s, where %d to %d are asked for, and there are none in %s",
						stepCount(len(steps)), fewestSteps, mostSteps, submission.SetupFile).Hint("%s", countHint(len(steps)))
				}
			case f == nil:
				p.File(submission.SetupFile, "there is no setup guide").Hint("Add %s. "+hint, submission.SetupFile)
			default:
				p.File(f.Name, "the setup guide has no numbered steps").Hint("%s", hint)
			}
		},
	}
}

// wrongCount returns the step that is the last of too few, or the first of too
// many.
func wrongCount(steps []markdown.Step) (markdown.Step, bool) {
	switch {
	case len(steps) < fewestSteps:
		return steps[len(steps)-1], true
	case len(steps) > mostSteps:
		return steps[mostSteps], true
	}
	return markdown.Step{}, false
}

func stepCount(n int) string {
	if n == 1 {
		return "one numbered step"
	}
	return strconv.Itoa(n) + " numbered steps"
}

func countHint(n int) string {
	if n < fewestSteps {
		return "Split the steps, or add what people have to do before and after them."
	}
	return "Join steps that belong together; details can stand as points below a step."
}

const webhookPath = "/miniapps/"

func webhookAddressDocumented() Spec {
	return Spec{
		ID: "webhook-address-documented", Group: groupPackage, Severity: finding.Warning,
		Title:   "The webhook's address is written down",
		Purpose: "Checks that SETUP.md or the description says where deliveries go, with the address of this namespace and of no other.",
		Source:  "A submission with a webhook documents its address, `https://{tenant-api}/miniapps/{ns}/webhooks`. The submission page expects it but does not name it among what a submission is refused for.",
		Help:    "Write `https://{tenant-api}/miniapps/NS/webhooks` with your ns where people enter it at the provider, or where you say that it is registered for them.",
		Fires: []Example{
			{Name: "no address", Files: map[string]string{submission.SetupFile: "1. a\n2. b\n3. Enter the webhook's address.\n"}},
			{Name: "the address of another app", Files: map[string]string{submission.SetupFile: "1. a\n2. b\n3. Enter `https://{tenant-api}/miniapps/acme/webhooks`.\n"}},
			{Name: "a placeholder in the place of the ns", Edit: `/description = "Enter https://{tenant-api}/miniapps/{ns}/webhooks."`},
		},
		Silent: []Example{
			{Name: "in the description", Edit: `/description = "1. Enter https://shop.api.example/miniapps/acme-desk/webhooks, please."`, Files: map[string]string{submission.SetupFile: "1. a\n"}},
			{Name: "no webhook", Edit: "/webhook = null\n/sync delete", Files: map[string]string{submission.SetupFile: "1. a\n"}},
			{Name: "the ns itself is wrong", Edit: `/ns = "acme"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			if def.Webhook.Node == nil || !p.Head.Whole() || p.nsFault(def) != nsGood {
				return
			}
			ns := def.NS.Text()
			address := "https://{tenant-api}" + webhookPath + ns + "/webhooks"
			said := false
			wrong := func(other string, at *Report) {
				at.Hint("Write %s.", shown(address)).Tell(other)
			}
			for _, a := range webhookAddresses(def.Field("description").Text()) {
				if said = said || a.ns == ns; a.ns != ns {
					wrong(a.ns, p.Node(def.Field("description"), "the webhook's address names %s, where the ns is %s", shown(a.ns), shown(ns)))
				}
			}
			f := p.Head.File(submission.SetupFile)
			if f != nil {
				for _, a := range webhookAddresses(string(f.Data)) {
					if said = said || a.ns == ns; a.ns != ns {
						wrong(a.ns, p.Span(f.Name, a.span, "the webhook's address names %s, where the ns is %s", shown(a.ns), shown(ns)))
					}
				}
			}
			if !said && len(p.findings) == 0 && (f == nil || f.Data != nil) {
				p.Key(def.Webhook.Node, "neither %s nor the description says what the webhook's address is", submission.SetupFile).
					Hint("Write %s where people enter it, or where you say that it is registered for them.", shown(address))
			}
		},
	}
}

// webhookAddress is the namespace in the address of a webhook.
type webhookAddress struct {
	ns   string
	span jsondoc.Span
}

// webhookAddresses finds the addresses of webhooks in a text, at most a few.
func webhookAddresses(text string) []webhookAddress {
	const most, longest = 10, 100
	var all []webhookAddress
	for at := 0; len(all) < most; {
		i := strings.Index(text[at:], webhookPath)
		if i < 0 {
			break
		}
		at += i + len(webhookPath)
		end := strings.IndexAny(text[at:min(len(text), at+longest)], "/ \t\r\n`\"'<>()[]|")
		if end <= 0 || !strings.HasPrefix(text[at+end:], "/webhooks") {
			continue
		}
		after := text[at+end+len("/webhooks"):]
		if after != "" && (after[0] == '/' || after[0] == '-' || after[0] == '_' || after[0] >= '0' && after[0] <= '9' || after[0] >= 'a' && after[0] <= 'z') {
			continue
		}
		all = append(all, webhookAddress{text[at : at+end], jsondoc.Span{Start: at, End: at + end}})
		at += end
	}
	return all
}
