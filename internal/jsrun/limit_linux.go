package jsrun

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// limitProcess sets the limits of the operating system: no file and no socket
// can be opened, nothing can be written to a file, and the process can have that
// many bytes of addresses more than it has now. Go reserves addresses before it
// uses them, in steps of 64 MB. (RLIMIT_DATA would not do: the kernel does not
// look at it when reserved addresses are put to use.)
func limitProcess(memory uint64) error {
	used, err := size()
	if err != nil {
		return err
	}
	if err := setLimit(syscall.RLIMIT_AS, used+memory); err != nil {
		return err
	}
	return limitFiles()
}

// size returns how many bytes of addresses the process has.
func size() (uint64, error) {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("reading how much memory is used: %w", err)
	}
	total, _, _ := strings.Cut(string(data), " ")
	pages, err := strconv.ParseUint(total, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading how much memory is used: %w", err)
	}
	return pages * uint64(os.Getpagesize()), nil
}
