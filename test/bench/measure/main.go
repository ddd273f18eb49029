// Command measure runs a command several times and prints a row of a Markdown
// table: the median and the fastest time, how many definitions a second the
// median makes, the processor time and the peak memory. Memory is what the
// kernel reports for the largest process that the command consists of.
//
// Usage: measure -label TEXT -definitions N -runs N -- COMMAND [ARG…]
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

func main() {
	label := flag.String("label", "", "what the row is called")
	definitions := flag.Int("definitions", 1, "how many definitions a run checks")
	runs := flag.Int("runs", 3, "how often to run the command")
	out := flag.String("out", os.DevNull, "where the command's output goes")
	flag.Parse()
	if flag.NArg() == 0 || *runs < 1 {
		log.Fatal("measure: a command and at least one run are needed")
	}
	var times, cpus []time.Duration
	var peak int64
	for range *runs {
		took, cpu, memory, err := once(*out, flag.Args())
		if err != nil {
			log.Fatalf("measure: %s: %v", *label, err)
		}
		times, cpus, peak = append(times, took), append(cpus, cpu), max(peak, memory)
	}
	slices.Sort(times)
	slices.Sort(cpus)
	median := times[len(times)/2]
	fmt.Printf("| %s | %d | %s | %s | %.0f | %s | %.0f MB |\n", *label, *runs, round(median), round(times[0]),
		float64(*definitions)/median.Seconds(), round(cpus[len(cpus)/2]), float64(peak)/1e6)
}

// once runs the command. It must succeed: what fails at once is fast.
func once(out string, command []string) (took, cpu time.Duration, memory int64, err error) {
	f, err := os.Create(out)
	if err != nil {
		return 0, 0, 0, err
	}
	defer f.Close()
	c := exec.Command(command[0], command[1:]...)
	c.Stdout, c.Stderr = f, os.Stderr
	start := time.Now()
	if err := c.Run(); err != nil {
		return 0, 0, 0, err
	}
	took = time.Since(start)
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, 0, fmt.Errorf("the system reports no usage")
	}
	// Linux counts the resident memory in KiB.
	return took, c.ProcessState.UserTime() + c.ProcessState.SystemTime(), usage.Maxrss * 1024, nil
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}
