package marker_test

import (
	"strings"
	"testing"

	"github.com/karzoun/miniapp-review/internal/marker"
)

func TestRoundTrip(t *testing.T) {
	s := marker.Signer{Scope: "o/r#1", Key: []byte("k")}
	body := s.Sign(marker.Remark, "0a1b", "text\nmore")
	for _, stored := range []string{body, strings.ReplaceAll(body, "\n", "\r\n"), body + "\n"} {
		if kind, id, ok := s.Read(stored); !ok || kind != marker.Remark || id != "0a1b" {
			t.Errorf("%q reads as %q %q %v", stored, kind, id, ok)
		}
	}
}

// TestForged checks what must not be taken for a comment of our own.
func TestForged(t *testing.T) {
	s := marker.Signer{Scope: "o/r#1", Key: []byte("k")}
	body := s.Sign(marker.Status, "", "text")
	line := body[strings.LastIndex(body, "\n")+1:]
	for name, forged := range map[string]string{
		"edited":                   strings.Replace(body, "text", "test", 1),
		"copied below other text":  "I quote:\n" + body,
		"copied to the front":      line + "\ntext",
		"text after it":            body + "\nmore",
		"of another pull request":  marker.Signer{Scope: "o/r#2", Key: []byte("k")}.Sign(marker.Status, "", "text"),
		"without the key":          marker.Signer{Scope: "o/r#1"}.Sign(marker.Status, "", "text"),
		"with another key":         marker.Signer{Scope: "o/r#1", Key: []byte("K")}.Sign(marker.Status, "", "text"),
		"of another kind":          strings.Replace(body, " status ", " remark ", 1),
		"with another id":          strings.Replace(body, "status  ", "status x ", 1),
		"a marker alone":           line,
		"nothing":                  "",
		"with upper-case hex":      body[:len(body)-36] + strings.ToUpper(body[len(body)-36:]),
		"two markers, first right": body + "\n<!-- miniapp-review status  00000000000000000000000000000000 -->",
	} {
		if kind, id, ok := s.Read(forged); ok {
			t.Errorf("%s: reads as %q %q", name, kind, id)
		}
	}
}

// FuzzRead checks that what is valid is exactly what Sign wrote.
func FuzzRead(f *testing.F) {
	s := marker.Signer{Scope: "o/r#1"}
	f.Add(s.Sign(marker.Status, "", "text"))
	f.Add(s.Sign(marker.Remark, "a.b-c_d", ""))
	f.Add("\n<!-- miniapp-review status  00000000000000000000000000000000 -->")
	f.Fuzz(func(t *testing.T, body string) {
		kind, id, ok := s.Read(body)
		if !ok {
			return
		}
		normal := strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n"))
		text := normal[:max(strings.LastIndex(normal, "\n"), 0)]
		if again := s.Sign(kind, id, text); strings.TrimSpace(again) != normal {
			t.Fatalf("%q is valid, and signing its text gives %q", body, again)
		}
	})
}
