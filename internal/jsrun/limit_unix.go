//go:build linux || darwin

package jsrun

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// maxProcessor is how many seconds of processor time a child may use on all
// processors, garbage collection included. It is there for the case that the
// process runs on when all else has failed.
const maxProcessor = 15

// limitFiles keeps the process from opening files and sockets, from writing to
// files, and from running for long.
func limitFiles() error {
	for _, limit := range []struct {
		resource int
		value    uint64
	}{
		{syscall.RLIMIT_CORE, 0},
		{syscall.RLIMIT_FSIZE, 0},
		{syscall.RLIMIT_CPU, maxProcessor},
		{syscall.RLIMIT_NOFILE, 0},
	} {
		if err := setLimit(limit.resource, limit.value); err != nil {
			return err
		}
	}
	return nil
}

// setLimit lowers a limit for good. One that is lower already stays.
func setLimit(resource int, value uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(resource, &limit); err != nil {
		return fmt.Errorf("getting limit %d: %w", resource, err)
	}
	limit.Max = min(limit.Max, value)
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(resource, &limit); err != nil {
		return fmt.Errorf("setting limit %d to %d: %w", resource, value, err)
	}
	return nil
}

// ownGroup puts the child into a process group of its own, which the signals of
// a terminal do not reach, and kills it as a group.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		// Asked first, since the number of a process that has ended may be another's.
		if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
			return os.ErrProcessDone
		}
		return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
