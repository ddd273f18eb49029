//go:build linux || darwin

package jsrun

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// looked is what a child finds out about itself.
type looked struct {
	Environment     []string
	Folder          string
	OwnGroup        bool
	Reads, Connects bool
}

// look is done in a child, under the limits of one.
func look() []byte {
	time.AfterFunc(time.Minute, func() {})
	if err := limitProcess(MaxMemory + slack); err != nil {
		return []byte("null")
	}
	dir, _ := os.Getwd()
	_, reading := os.Open("/")
	_, connecting := net.Dial("udp", "127.0.0.1:9")
	data, _ := json.Marshal(looked{os.Environ(), dir, syscall.Getpgrp() == os.Getpid(),
		!errors.Is(reading, syscall.EMFILE), !errors.Is(connecting, syscall.EMFILE)})
	return data
}

func lookWant() string {
	return `{"Environment":[],"Folder":"/","OwnGroup":true,"Reads":false,"Connects":false}`
}
