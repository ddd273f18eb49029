package pull

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/submission"
)

// Digest identifies the content of namespaces: the paths, modes and blobs of all
// their files. Two commits with the same digest hold the same submission,
// whatever else they hold and however they came to be. files are sorted by path.
func Digest(files []File, namespaces []string) string {
	h := sha256.New()
	for _, f := range files {
		if slices.ContainsFunc(namespaces, func(ns string) bool { return within(f.Path, submission.Dir(ns)) }) {
			fmt.Fprintf(h, "%06o %s %q\n", f.Mode, f.SHA, f.Path)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// within reports whether a path is a folder, or what stands in its place, or
// below it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
