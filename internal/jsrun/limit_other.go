//go:build !linux && !darwin

package jsrun

import "os/exec"

// limitProcess sets no limits: here only watch bounds the memory, and nothing
// but the lack of a way to open a file keeps a function from doing so.
func limitProcess(uint64) error { return nil }

// ownGroup changes nothing: the child is killed alone, and starts no processes.
func ownGroup(*exec.Cmd) {}
