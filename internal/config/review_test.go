package config

import (
	"strings"
	"testing"
)

func TestReviewAndLabels(t *testing.T) {
	c, err := Parse([]byte(`review: {max_remarks: 0}
labels:
  intake: {name: "state: intake", color: 006175}
  qa: {color: "1e1000", description: Ours.}
  approval:
`), testRules())
	if err != nil {
		t.Fatal(err)
	}
	if c.Review.MaxRemarks != 0 {
		t.Errorf("review is %+v", c.Review)
	}
	d := defaultLabels()
	want := d[RoleIntake]
	want.Name, want.Color = "state: intake", "006175"
	if c.Labels[RoleIntake] != want {
		t.Errorf("intake is %+v", c.Labels[RoleIntake])
	}
	want = d[RoleQA]
	want.Color, want.Description = "1e1000", "Ours."
	if c.Labels[RoleQA] != want || c.Labels[RoleApproval] != d[RoleApproval] {
		t.Errorf("qa is %+v, approval %+v", c.Labels[RoleQA], c.Labels[RoleApproval])
	}
}

func TestStages(t *testing.T) {
	c, err := Parse([]byte("qa: none\napprovals: {new: 2, breaking: 3}\nreviewers: [Rita, octo-cat]\n"), testRules())
	if err != nil {
		t.Fatal(err)
	}
	if c.QA || c.Approvals != (Approvals{New: 2, Update: 1, Breaking: 3}) || strings.Join(c.Reviewers, " ") != "rita octo-cat" {
		t.Errorf("%v %+v %q", c.QA, c.Approvals, c.Reviewers)
	}
	if c, err = Parse([]byte("qa:\napprovals:\nreviewers:\n"), testRules()); err != nil || !c.QA || c.Approvals.Breaking != 2 || c.Reviewers != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestQA(t *testing.T) {
	for word, want := range map[string][2]bool{"none": {false, false}, "commands": {true, false}, "machine": {true, true}} {
		c, err := Parse([]byte("qa: "+word+"\n"), testRules())
		if err != nil || c.QA != want[0] || c.QAMachine != want[1] {
			t.Errorf("%s: %v %v, %v", word, c.QA, c.QAMachine, err)
		}
	}
}

func TestReviewAndLabelsRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"review: {max_remarks: -1}":               `1:23: max_remarks must be a whole number from 0 to 100, not -1`,
		"review: {max_remarks: 2.5}":              `1:23: max_remarks must be a whole number from 0 to 100, not 2.5`,
		"review: {max_remarks: all}":              `1:23: max_remarks must be a whole number from 0 to 100, not "all"`,
		"review: {max_remark: 1}":                 `1:10: review has no key "max_remark": did you mean "max_remarks"?`,
		"qa: commnds":                             `1:5: qa cannot be "commnds": did you mean "commands"?`,
		"qa: true":                                `1:5: qa cannot be "true": expected one of none, commands or machine`,
		"approvals: {new: 99}":                    `1:18: new must be a whole number from 0 to 10, not 99`,
		"approvals: 2":                            `approvals must be a mapping of keys and values, not a number`,
		"reviewers: [\"@rita\"]":                  `"@rita" cannot be in reviewers: expected a GitHub login such as octocat, without @, or a team such as acme/reviewers`,
		"labels: {intak: {name: x}}":              `1:10: labels has no key "intak": did you mean "intake"?`,
		"labels: {intake: {name: \"\"}}":          `1:25: "" cannot be the name of a label: expected 1 to 50 characters without commas, and no space at its ends`,
		"labels: {intake: {color: FF0000}}":       `1:26: "FF0000" cannot be the color of a label: expected six hexadecimal digits in small letters such as "1d76db"`,
		"labels: {intake: {name: \"STAGE: qa\"}}": `1:9: the labels intake and qa have the same name "stage: qa": give each its own`,
		"labels: {intake: {description: \"" + strings.Repeat("x", 101) + "\"}}": "at most 100 characters on one line",
	} {
		_, err := Parse([]byte(text), testRules())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

// TestDefaultLabels checks the defaults by what is asked of configured ones.
func TestDefaultLabels(t *testing.T) {
	for _, role := range Roles() {
		l := defaultLabels()[role]
		if checkLabelName(l.Name) != "" || checkColor(l.Color) != "" || checkLabelDescription(l.Description) != "" || l.Description == "" {
			t.Errorf("%s: %+v", role, l)
		}
	}
	if len(defaultLabels()) != len(Roles()) {
		t.Error("a role has no label, or a label has no role")
	}
}
