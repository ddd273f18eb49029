// Command demo plays the life of a first submission and of a breaking update,
// with the real Action against a GitHub in memory. It prints each step as it
// happens, and leaves a page with what the partner sees, and the catalogue
// beside it. Two runs leave the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("out", "out/demo", "the folder to write to")
	examples := flag.String("examples", "examples/definitions-repo", "the definitions repository to start from")
	flag.Parse()
	if err := run(*examples, *out); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(examples, out string) error {
	s, err := newStage(examples)
	if err != nil {
		return err
	}
	defer s.gh.Close()
	for _, scene := range []func() error{s.firstSubmission, s.breakingUpdate} {
		if err := scene(); err != nil {
			return err
		}
	}
	if err := s.writeRegistry(out); err != nil {
		return err
	}
	if err := s.writePage(out); err != nil {
		return err
	}
	fmt.Printf("\nOpen %s/index.html: what the partner sees, and the catalogue beside it.\n", out)
	return nil
}
