// Command measure runs a command several times and prints a row of a Markdown
// table: the median and the fastest time, how many definitions a second the
// median makes, the processor time, the peak memory, and what was read from the
// disk. Memory is what the kernel reports for the largest process that the
// command consists of.
//
// A run before those that count brings the files into the page cache, unless
// -cold names a folder: its files are then taken out of the cache before each.
// What was read tells whether that is where they were: some machines keep them
// for less than a minute.
//
// Usage: measure -label TEXT -definitions N -runs N [-cold DIR] -- COMMAND [ARG…]
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	label := flag.String("label", "", "what the row is called")
	definitions := flag.Int("definitions", 1, "how many definitions a run checks")
	runs := flag.Int("runs", 3, "how often to run the command")
	out := flag.String("out", os.DevNull, "where the command's output goes")
	cold := flag.String("cold", "", "a folder whose files are to be read from the disk in each run")
	flag.Parse()
	if flag.NArg() == 0 || *runs < 1 {
		log.Fatal("measure: a command and at least one run are needed")
	}
	if *cold == "" {
		if _, err := once(*out, flag.Args()); err != nil {
			log.Fatalf("measure: %s: %v", *label, err)
		}
	}
	var all []cost
	for range *runs {
		if *cold != "" {
			if err := evict(*cold); err != nil {
				log.Fatalf("measure: %s: %v", *label, err)
			}
		}
		c, err := once(*out, flag.Args())
		if err != nil {
			log.Fatalf("measure: %s: %v", *label, err)
		}
		all = append(all, c)
	}
	middle := func(of func(cost) int64) int64 { return sorted(all, of)[len(all)/2] }
	took := func(c cost) int64 { return int64(c.took) }
	median := time.Duration(middle(took))
	fmt.Printf("| %s | %d | %s | %s | %.0f | %s | %.0f MB | %.0f MB |\n", *label, *runs, round(median), round(time.Duration(sorted(all, took)[0])),
		float64(*definitions)/median.Seconds(), round(time.Duration(middle(func(c cost) int64 { return int64(c.cpu) }))),
		float64(sorted(all, func(c cost) int64 { return c.memory })[len(all)-1])/1e6, float64(middle(func(c cost) int64 { return c.read }))/1e6)
}

// cost is what one run took. Memory and what was read from the disk are in
// bytes.
type cost struct {
	took, cpu    time.Duration
	memory, read int64
}

// sorted returns one figure of all runs, smallest first.
func sorted(all []cost, of func(cost) int64) []int64 {
	var list []int64
	for _, c := range all {
		list = append(list, of(c))
	}
	slices.Sort(list)
	return list
}

// evict takes the files of a folder out of the page cache. Its directories stay
// there: to take them out too would need the rights of root.
func evict(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		const dontNeed = 4 // POSIX_FADV_DONTNEED
		if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); errno != 0 {
			return fmt.Errorf("taking %q out of the page cache: %w", name, errno)
		}
		return nil
	})
}

// once runs the command. It must succeed: what fails at once is fast.
func once(out string, command []string) (cost, error) {
	f, err := os.Create(out)
	if err != nil {
		return cost{}, err
	}
	defer f.Close()
	c := exec.Command(command[0], command[1:]...)
	c.Stdout, c.Stderr = f, os.Stderr
	start := time.Now()
	if err := c.Run(); err != nil {
		return cost{}, err
	}
	took := time.Since(start)
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return cost{}, fmt.Errorf("the system reports no usage")
	}
	// Linux counts the resident memory in KiB, and what is read in blocks of 512.
	return cost{took, c.ProcessState.UserTime() + c.ProcessState.SystemTime(), usage.Maxrss * 1024, usage.Inblock * 512}, nil
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}
