package review

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/command"
	"github.com/karzoun/miniapp-review/internal/marker"
	"github.com/karzoun/miniapp-review/internal/plan"
	"github.com/karzoun/miniapp-review/internal/pull"
	"github.com/karzoun/miniapp-review/internal/qa"
	"github.com/karzoun/miniapp-review/internal/report"
	"github.com/karzoun/miniapp-review/internal/submission"
)

// checklist returns the items of QA, as commands name them: with the namespace
// before each when the pull request has several.
func checklist(changes []*submission.Change) []command.Item {
	var heads []*submission.Package
	for _, c := range changes {
		if c.Head != nil {
			heads = append(heads, c.Head)
		}
	}
	var items []command.Item
	for i, head := range heads {
		prefix := ""
		if len(heads) > 1 {
			prefix = ItemPrefix(head.Folder, i)
		}
		for _, it := range qa.Checklist(head.Definition) {
			items = append(items, command.Item{ID: prefix + it.ID, Text: it.Text})
		}
	}
	return items
}

// ItemPrefix is what comes before the items of a namespace where a pull request
// has several, i being its place among them: its name, or its place when no
// command could say the name.
func ItemPrefix(folder string, i int) string {
	if !folderName.MatchString(folder) {
		return fmt.Sprintf("%d/", i+1)
	}
	return folder + "/"
}

var folderName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,79}$`)

// commands carries out what people wrote. Their order is that of the comments;
// a comment that was edited lets nothing pass, since what it said is not known.
// It can still stop: a corrected reason must not lift a hold.
func (r *reviewer) commands() {
	r.items = nil
	if r.config.QA {
		r.items = checklist(r.changes)
	}
	r.state = map[string]report.ItemState{}
	refusedOnce := map[int64]bool{}
	for _, c := range r.snapshot.Comments {
		if c.User.ID == r.snapshot.Self.ID {
			r.trial(c)
			continue
		}
		for _, cmd := range command.Parse(c.Body) {
			why, answer := r.carryOut(c, cmd)
			switch {
			case why == "":
				r.accept(c, answer)
			case r.refusal(c.User) != "" && refusedOnce[c.User.ID]:
				// Strangers are told once, so that they cannot make us talk.
			default:
				refusedOnce[c.User.ID] = true
				r.refuse(c, cmd, why)
			}
		}
	}
	r.count()
}

// carryOut carries out one command, and returns why not. answer is set when the
// command asks for one.
func (r *reviewer) carryOut(c pull.Comment, cmd command.Command) (why string, answer bool) {
	refusal := r.refusal(c.User)
	stops := slices.Contains([]command.Verb{command.Hold, command.QAFail, command.QAReset}, cmd.Verb)
	if stops {
		refusal = r.refusalToStop(c.User)
	}
	author := c.User.ID != 0 && c.User.ID == r.snapshot.Author.ID
	switch {
	case cmd.Verb == command.Help && cmd.Wrong == "" && (refusal == "" || author):
		return "", true
	case cmd.Verb == command.Recheck && cmd.Wrong == "" && (refusal == "" || author):
		return "", false // the run that reads it is the one that it asks for
	case refusal != "":
		return refusal, false
	case !c.UpdatedAt.Equal(c.CreatedAt) && !stops:
		return "the comment was edited; write a new one", false
	case cmd.Wrong != "":
		return cmd.Wrong, false
	}
	switch cmd.Verb {
	case command.Hold:
		r.heldBy = append(r.heldBy, fmt.Sprintf("%q holds it: %q", c.User.Login, cmd.Reason))
		return "", false
	case command.Unhold:
		r.heldBy = nil
		return "", false
	case command.Visibility:
		r.result.Visibility = cmd.Value
		return "", false
	}
	// What follows is about a content, and counts for the present one only.
	if !r.afterSeen(c.CreatedAt) {
		if len(c.Reactions) > 0 {
			if cmd.Verb == command.QAPass || cmd.Verb == command.QAFail {
				r.voided = true
			}
			return "", false // it was carried out when it was written
		}
		return "it was written before the present content was first seen; look at that, and write it again", false
	}
	switch cmd.Verb {
	case command.OK:
		if !r.maintains(c.User) {
			return "/ok is for those who maintain this repository", false
		}
		r.letThrough = true
		return "", false
	case command.QAReset:
		clear(r.state)
		return "", false
	case command.QARun:
		return r.request(c), false
	}
	return r.record(c, cmd), false
}

// record writes down what passed or failed.
func (r *reviewer) record(c pull.Comment, cmd command.Command) string {
	if len(r.items) == 0 {
		return "no QA is asked for here"
	}
	ids := make([]string, 0, len(cmd.Items))
	for _, word := range cmd.Items {
		id, err := command.Match(r.items, word)
		if err != nil {
			return err.Error()
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		if why := r.overruled(id, cmd); why != "" {
			return why
		}
	}
	if cmd.Verb == command.QAPass && len(ids) == 0 {
		for _, it := range r.items {
			if !r.state[it.ID].Failed {
				ids = append(ids, it.ID)
			}
		}
	}
	for _, id := range ids {
		r.state[id] = report.ItemState{Passed: cmd.Verb == command.QAPass, Failed: cmd.Verb == command.QAFail,
			By: c.User.Login, At: c.CreatedAt, Reason: cmd.Reason}
	}
	return ""
}

// count takes the checklist into the facts.
func (r *reviewer) count() {
	f := &r.result.Facts
	f.QAItems = len(r.items)
	for _, it := range r.items {
		s := r.state[it.ID]
		if s.Passed {
			f.QAPassed++
		}
		if s.Failed {
			f.QAFailed++
		}
		r.result.QA = append(r.result.QA, report.Item{ID: it.ID, Text: it.Text, ItemState: s})
	}
}

// accept plans what tells that a command was carried out.
func (r *reviewer) accept(c pull.Comment, answer bool) {
	if answer {
		r.refuse(c, command.Command{Verb: command.Help}, "")
		return
	}
	if len(r.reactions) < maxReactions && !slices.Contains(c.Reactions, "+1") && !slices.ContainsFunc(r.reactions, func(op plan.Operation) bool { return op.ID == c.ID }) {
		r.reactions = append(r.reactions, plan.Operation{Kind: plan.React, ID: c.ID, Reaction: "+1"})
	}
}

// reply is something to be said about a command: why it was refused, or the
// list of commands.
type reply struct {
	comment int64
	text    string
}

// refuse plans an answer to a command, unless there is one.
func (r *reviewer) refuse(c pull.Comment, cmd command.Command, why string) {
	id := fmt.Sprint(c.ID)
	for _, a := range r.snapshot.Comments {
		if ids, ok := r.own(a.User, a.Body, marker.Answer); ok && slices.Contains(strings.Split(ids, "."), id) {
			return
		}
	}
	if len(r.replies) >= maxReplies {
		return
	}
	text := "These are the commands, each on a line of its own:\n\n" + report.Commands(command.Usages())
	if cmd.Verb != command.Help || why != "" {
		text = fmt.Sprintf("%s of %s was not carried out: %s.", report.Code(cmd.Text), report.Code(c.User.Login), report.Prose(why))
	}
	r.replies = append(r.replies, reply{c.ID, text})
}

// maxReplies is how many commands one run answers, and maxReactions how many it
// marks as carried out, since each takes a second. The next run goes on.
const (
	maxReplies   = 10
	maxReactions = 20
)

// answers makes one comment of all replies.
func (r *reviewer) answers() []plan.Operation {
	ops := slices.Clone(r.reactions)
	if len(r.replies) == 0 {
		return ops
	}
	var ids, texts []string
	for _, p := range r.replies {
		if id := fmt.Sprint(p.comment); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		if !slices.Contains(texts, p.text) {
			texts = append(texts, p.text)
		}
	}
	return append(ops, plan.Operation{Kind: plan.CreateComment, Body: r.signer.Sign(marker.Answer, strings.Join(ids, "."), strings.Join(texts, "\n\n"))})
}
