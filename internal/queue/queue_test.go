package queue_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/queue"
)

const hostile = "<script>window.hit=1</script>\x1b[31m\u202e"

// list has an entry of every kind.
func list() queue.List {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 9, 0, 0, 0, time.UTC) }
	url := func(n string) string { return "https://github.com/acme/definitions/pull/" + n }
	l := queue.List{Version: 1, Repository: "acme/definitions", At: day(23), Entries: []queue.Entry{
		{Number: 1, URL: url("1"), Author: "ann", Names: []string{"old-one"}, Kind: "update", Stage: "intake", Waiting: "partner", Opened: day(1), Since: day(2), Errors: 1, Warnings: 2},
		{Number: 2, URL: url("2"), Author: "bob", Names: []string{"second"}, Kind: "new", Stage: "qa", Waiting: "reviewer", Opened: day(3), Since: day(9), Ready: day(9), Due: day(24)},
		{Number: 3, URL: url("3"), Author: "cyd", Names: []string{"first"}, Kind: "update", Stage: "approval", Waiting: "reviewer", Opened: day(5), Since: day(8), Ready: day(6), Due: day(20), Warnings: 1},
		{Number: 4, URL: url("4"), Opened: day(22)},
		{Number: 5, URL: "javascript:window.hit=1", Author: hostile, Names: []string{hostile, "b"}, Opened: day(23), Draft: true},
	}}
	l.Sort()
	return l
}

func TestText(t *testing.T) {
	var out bytes.Buffer
	if err := list().Text(&out); err != nil {
		t.Fatal(err)
	}
	want := `PR  SUBMISSION                                           KIND    STAGE         WAITING FOR  OPEN     DUE                   FINDINGS             AUTHOR
3   first                                                update  approval      reviewer     18 days  2026-11-20 (overdue)  1 warning            cyd
2   second                                               new     qa            reviewer     20 days  2026-11-24            none                 bob
1   old-one                                              update  intake        partner      22 days  -                     1 error, 2 warnings  ann
4   unknown                                              -       not reviewed  -            1 day    -                     -                 -
5   <script>window.hit=1</script>\u001b[31m\u202e, b     -       draft         -            today    -                     -                 <script>window.hit=1</script>\u001b[31m\u202e
`
	squeeze := func(s string) string {
		var lines []string
		for l := range strings.Lines(s) {
			lines = append(lines, strings.Join(strings.Fields(l), " "))
		}
		return strings.Join(lines, "\n")
	}
	if diff := cmp.Diff(squeeze(want), squeeze(out.String())); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	out.Reset()
	if err := (queue.List{Repository: "a/b"}).Text(&out); err != nil || out.String() != "no pull request is open in a/b\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if err := list().JSON(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"version": 1`, `"number": 3`, `"due": "2026-11-20T09:00:00Z"`, `"names": [`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %s in\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := (queue.List{}).JSON(&out); err != nil || !strings.Contains(out.String(), `"pull_requests": []`) {
		t.Errorf("%s, %v", out.String(), err)
	}
}

// TestOverdue checks that the day on which something is due is not too late.
func TestOverdue(t *testing.T) {
	due := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	e := queue.Entry{Waiting: "reviewer", Due: due}
	if e.Overdue(due.Add(14*time.Hour)) || !e.Overdue(due.Add(15*time.Hour)) {
		t.Error("the day itself, or the next one, is wrong")
	}
	if e.Waiting = "partner"; e.Overdue(due.AddDate(1, 0, 0)) {
		t.Error("overdue while it waits for the partner")
	}
}

// TestPageEscapes checks that nothing of a submission becomes a part of the page.
func TestPageEscapes(t *testing.T) {
	var out bytes.Buffer
	if err := list().HTML(&out); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for _, bad := range []string{"<script", `href="javascript:`, "\x1b", "\u202e", "src=", "http://", "@import", "url("} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if n := strings.Count(page, "<a href=\"https://github.com/acme/definitions/pull/"); n != 4 {
		t.Errorf("%d links", n)
	}
	var again bytes.Buffer
	if _ = list().HTML(&again); again.String() != page {
		t.Error("the same list gives another page")
	}
}
