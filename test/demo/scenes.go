package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/githubtest"
)

const (
	folder     = "definitions/parleo/"
	definition = folder + "miniapp.json"
	changelog  = folder + "CHANGELOG.md"
	qaFile     = folder + "qa.json"
)

// firstSubmission is a new MiniApp with two mistakes.
func (s *stage) firstSubmission() error {
	s.say("A partner opens a pull request with a new MiniApp. It has two mistakes.")
	files := githubtest.Files{}
	for name, text := range s.submission {
		files[name] = githubtest.Text(text)
	}
	wrong := strings.Replace(s.submission[definition], `"miniapps:parleo"`, `"miniapps:parle"`, 1)
	wrong = strings.Replace(wrong, `"status": "private"`, `"status": "public"`, 1)
	files[definition] = githubtest.Text(wrong)
	s.fork.Push("add-parleo", s.partner, files)
	s.open("add-parleo", "Add Parleo", "Parleo brings website chat, SMS and in-app messages into one place. This is our first version.")
	return s.life(2)
}

// breakingUpdate renames an action that tenants use.
func (s *stage) breakingUpdate() error {
	s.wait(30 * 24 * time.Hour)
	s.say("A month later, the partner renames an action that tenants use, and calls it 1.1.0.")
	s.fork.Move("main", s.partner, s.repo.Branch("main"))
	s.fork.Move("rename-close", s.partner, s.repo.Branch("main"))
	text := strings.Replace(s.submission[definition], `"name": "closeConversation"`, `"name": "endConversation"`, 1)
	text = strings.Replace(text, `"version": "1.0.0"`, `"version": "1.1.0"`, 1)
	section := "## [2.0.0] - 2026-12-23\n\n### Changed\n\n- **Breaking:** the action \"Close a conversation\" is now `endConversation`.\n\n### Migration\n\n- Choose the action anew in automations that close conversations.\n\n## [1.0.0]"
	log := strings.Replace(s.submission[changelog], "## [1.0.0]", section, 1)
	tried := strings.ReplaceAll(s.submission[qaFile], `"closeConversation"`, `"endConversation"`)
	s.fork.Push("rename-close", s.partner, githubtest.Files{definition: githubtest.Text(text), changelog: githubtest.Text(log), qaFile: githubtest.Text(tried)})
	s.open("rename-close", "Rename an action", "Our service says \"end\" everywhere now.")
	return s.life(1)
}

// life takes the open pull request from its findings to the registry.
func (s *stage) life(least int) error {
	if err := s.review(); err != nil {
		return err
	}
	applied, err := s.applySuggestions()
	if err != nil {
		return err
	}
	if applied < least {
		return fmt.Errorf("%d suggestions were applied, expected at least %d", applied, least)
	}
	if err := s.review(); err != nil {
		return err
	}
	s.wait(90 * time.Minute)
	s.say("A reviewer works through the checklist in a sandbox, and says so in a comment.")
	s.pull.Comment(s.reviewer, "Installed it in our sandbox, connected the test account, and ran everything on the list.\n\n/qa pass")
	if err := s.review(); err != nil {
		return err
	}
	s.wait(20 * time.Minute)
	for _, who := range []*githubtest.User{s.reviewer, s.maintainer} {
		if slices.Contains(s.pull.Labels(), "stage: approved") {
			break
		}
		s.say(who.Login + " approves.")
		s.pull.Review(who, githubtest.Approve, "")
		if err := s.review(); err != nil {
			return err
		}
	}
	if !slices.Contains(s.pull.Labels(), "stage: approved") {
		return fmt.Errorf("it is not approved: %v", s.pull.Labels())
	}
	s.wait(5 * time.Minute)
	s.say("A maintainer merges. The branch's push starts the workflow that publishes.")
	s.pull.Merge(s.maintainer)
	s.note(s.maintainer.Login, "merged this pull request")
	if err := s.publish(); err != nil {
		return err
	}
	if !slices.Contains(s.pull.Labels(), "stage: published") {
		return fmt.Errorf("it is not published: %v", s.pull.Labels())
	}
	return nil
}

// applySuggestions does what the button "Commit suggestion" does, with the
// suggestions for the definition.
func (s *stage) applySuggestions() (int, error) {
	s.wait(10 * time.Minute)
	texts := map[string][]string{}
	var remarks []githubtest.Said
	for _, r := range s.pull.Remarks() {
		// One file at a time, as a person does: a mended version can mend the rest.
		if r.Line > 0 && r.Path == definition && suggestion(r.Body) != nil {
			remarks = append(remarks, r)
		}
	}
	// From the end, so that lines above stay where they are.
	slices.SortFunc(remarks, func(a, b githubtest.Said) int { return b.Line - a.Line })
	files := s.repo.Read(s.pull.Head())
	for _, r := range remarks {
		if texts[r.Path] == nil {
			texts[r.Path] = strings.Split(string(files[r.Path].Data), "\n")
		}
		first := r.Line
		if r.StartLine > 0 {
			first = r.StartLine
		}
		lines := texts[r.Path]
		if first < 1 || r.Line > len(lines) {
			return 0, errors.New("a suggestion is for lines that are not there")
		}
		texts[r.Path] = slices.Concat(lines[:first-1], suggestion(r.Body), lines[r.Line:])
	}
	if len(remarks) == 0 {
		return 0, nil
	}
	change := githubtest.Files{}
	for name, lines := range texts {
		change[name] = githubtest.Text(strings.Join(lines, "\n"))
	}
	what := "the suggestion"
	if len(remarks) > 1 {
		what = fmt.Sprintf("%d suggestions", len(remarks))
	}
	s.say("The partner applies " + what + " of the review with a click.")
	s.fork.Push(s.headBranch, s.partner, change)
	s.note(s.partner.Login, "applied "+what)
	return len(remarks), nil
}

// suggestion returns the lines of a suggestion in a remark, nil without one.
func suggestion(body string) []string {
	_, rest, ok := strings.Cut(body, "```suggestion\n")
	text, _, end := strings.Cut(rest, "\n```")
	if !ok || !end {
		return nil
	}
	return strings.Split(text, "\n")
}
