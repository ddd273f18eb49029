package jsrun

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The arguments with which the test binary is a child: one as it should be, and
// one that does something else.
const (
	child      = "child-of-jsrun"
	wrongChild = "wrong-child-of-jsrun"
)

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == child:
		if err := Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
	case len(os.Args) == 3 && os.Args[1] == wrongChild:
		misbehave(os.Args[2])
	default:
		os.Exit(m.Run())
	}
}

func misbehave(how string) {
	switch how {
	case "ends":
		fmt.Fprint(os.Stderr, "it has ended\x1b[2J\nand so on")
		os.Exit(3)
	case "dies":
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		time.Sleep(time.Minute)
	case "half":
		fmt.Print("\n{\"result\":{")
	case "babbles":
		fmt.Print("\n")
		for {
			if _, err := fmt.Print(strings.Repeat("x", 1<<16)); err != nil {
				return
			}
		}
	case "chats":
		fmt.Print("hello\n")
		time.Sleep(time.Minute)
	case "array":
		fmt.Print("\n{\"result\":[1]}\n")
	case "garbage":
		fmt.Print("\n\x1b{}\n")
	case "huge":
		fmt.Printf("\n{\"result\":{\"a\":%q}}\n", strings.Repeat("x", MaxResult))
	case "panics":
		panic("out of \x1b order")
	case "looks":
		fmt.Printf("\n{\"result\":%s}\n", look())
	case "hangs":
		fmt.Print("\n")
		time.Sleep(time.Minute)
	}
}
