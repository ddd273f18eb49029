// Command check looks at the files of a release before they are published: that
// every binary is there, for the right system, static, of the right version and
// small enough for the image; that the checksums are right and complete; and
// that the bill of materials names what the binaries are made of.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// maxImageBytes is how large the binary of the image may be, compressed. The
// rest of the image is some 150 kB of certificates.
const maxImageBytes = 12_000_000 - 300_000

func main() {
	version := flag.String("version", "", "the version of the release")
	flag.Parse()
	if flag.NArg() != 1 || *version == "" {
		fmt.Fprintln(os.Stderr, "usage: check -version VERSION DIR")
		os.Exit(2)
	}
	if err := check(flag.Arg(0), *version); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

func check(dir, version string) error {
	var problems []error
	var names []string
	var made *debug.BuildInfo
	for _, system := range []string{"darwin", "linux", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			name := "miniapp-" + system + "-" + arch
			if system == "windows" {
				name += ".exe"
			}
			names = append(names, name)
			info, err := binary(filepath.Join(dir, name), system, arch)
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", name, err))
				continue
			}
			if system == "linux" && arch == "amd64" {
				made = info
			}
		}
	}
	problems = append(problems, size(filepath.Join(dir, "miniapp-linux-amd64")), size(filepath.Join(dir, "miniapp-linux-arm64")),
		runs(dir, version), checksums(dir, append(names, "miniapp.cdx.json")))
	if made != nil {
		problems = append(problems, materials(filepath.Join(dir, "miniapp.cdx.json"), version, made))
	}
	return errors.Join(problems...)
}

// binary checks what a binary was built as.
func binary(path, system, arch string) (*debug.BuildInfo, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	want := map[string]string{"GOOS": system, "GOARCH": arch, "CGO_ENABLED": "0", "-trimpath": "true"}
	for _, s := range info.Settings {
		if v, ok := want[s.Key]; ok && v == s.Value {
			delete(want, s.Key)
		}
	}
	if len(want) > 0 {
		return nil, fmt.Errorf("it was not built with %v", want)
	}
	if system == "linux" {
		f, err := elf.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
			return nil, errors.New("it is not static: it names an interpreter")
		}
	}
	return info, nil
}

// size checks that a binary fits into the image.
func size(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	fmt.Printf("%s: %.1f MB, %.1f MB compressed\n", filepath.Base(path), float64(len(data))/1e6, float64(packed.Len())/1e6)
	if packed.Len() > maxImageBytes {
		return fmt.Errorf("%s has %d bytes when compressed, more than %d", filepath.Base(path), packed.Len(), maxImageBytes)
	}
	return nil
}

// runs starts the binary of this machine, which has to know its version.
func runs(dir, version string) error {
	name := "miniapp-" + runtime.GOOS + "-" + runtime.GOARCH
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	out, err := exec.Command(filepath.Join(dir, name), "version").Output()
	if err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	if want := "miniapp " + version + " "; !strings.HasPrefix(string(out), want) {
		return fmt.Errorf("%s says %q, not %q", name, out, want)
	}
	return nil
}

// checksums checks SHA256SUMS, and that it has a line for each of the names.
func checksums(dir string, names []string) error {
	f, err := os.Open(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		return err
	}
	defer f.Close()
	sums := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		sum, name, _ := strings.Cut(s.Text(), "  ")
		sums[name] = sum
	}
	if len(sums) != len(names) {
		return fmt.Errorf("SHA256SUMS has %d lines for %d files", len(sums), len(names))
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(data); sums[name] != hex.EncodeToString(sum[:]) {
			return fmt.Errorf("SHA256SUMS has %q for %s", sums[name], name)
		}
	}
	return nil
}

// materials checks that the bill of materials is CycloneDX, and has each module
// that the binary was linked from, in its version.
func materials(path, version string, made *debug.BuildInfo) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var bill struct {
		BOMFormat   string `json:"bomFormat"`
		SpecVersion string `json:"specVersion"`
		Metadata    struct {
			Component struct{ Name, Version string }
		}
		Components []struct {
			Name, Version, PURL string
			Hashes              []struct{ Alg, Content string }
		}
	}
	if err := json.Unmarshal(data, &bill); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if bill.BOMFormat != "CycloneDX" || bill.SpecVersion == "" || bill.Metadata.Component.Name != made.Main.Path || bill.Metadata.Component.Version != version {
		return fmt.Errorf("%s is %s %s of %+v", filepath.Base(path), bill.BOMFormat, bill.SpecVersion, bill.Metadata.Component)
	}
	has := map[string]bool{}
	for _, c := range bill.Components {
		if strings.HasPrefix(c.PURL, "pkg:golang/") {
			has[c.Name+"@"+c.Version] = true
		}
	}
	for _, d := range made.Deps {
		if !has[d.Path+"@"+d.Version] {
			return fmt.Errorf("%s does not name %s@%s", filepath.Base(path), d.Path, d.Version)
		}
	}
	fmt.Printf("%s: CycloneDX %s, %d components\n", filepath.Base(path), bill.SpecVersion, len(bill.Components))
	return nil
}
