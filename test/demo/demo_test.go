package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemo plays the demo twice: it ends well, with the same page.
func TestDemo(t *testing.T) {
	var pages [2]string
	for i := range pages {
		out := t.TempDir()
		if err := run("../../examples/definitions-repo", out); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(out, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		pages[i] = string(data)
		if _, err := os.Stat(filepath.Join(out, "registry", "parleo", "2.0.0", "miniapp.json")); err != nil {
			t.Error(err)
		}
	}
	if pages[0] != pages[1] {
		t.Error("two runs leave two pages")
	}
	for _, want := range []string{"stage: published", "language-suggestion", "miniapps/parleo/oauth2", "impact: breaking"} {
		if !strings.Contains(pages[0], want) {
			t.Errorf("the page does not have %q", want)
		}
	}
}

// TestRenderIsTame checks that nothing of a comment's HTML but folds gets into
// the page.
func TestRenderIsTame(t *testing.T) {
	got, err := render("<details>\n<summary>More <b>x</b></summary>\n\n<script>alert(1)</script> and <img src=x onerror=alert(1)>\n\n[a](javascript:alert(1))\n\n<!-- hidden -->\n\n</details>\n\n<details open onclick=\"x\">\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "href=\"javascript", "hidden", "<b>", "<details open"} {
		if strings.Contains(string(got), bad) {
			t.Errorf("the page has %q:\n%s", bad, got)
		}
	}
	if !strings.Contains(string(got), "<details>") || !strings.Contains(string(got), "<summary>More ") {
		t.Errorf("the fold is gone:\n%s", got)
	}
}
