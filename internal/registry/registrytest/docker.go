package registrytest

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// DockerRegistry starts Debian's docker-registry, which nobody here wrote, and
// returns its host. It keeps everything in memory, and ends with the test. At a
// desk without it the test is left out; in CI, and for make test, it fails. more
// is added to its configuration.
func DockerRegistry(t testing.TB, more string) string {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		if os.Getenv("CI") != "" || os.Getenv("MINIAPP_PEER") != "" {
			t.Fatal("there is no docker-registry: install it (apt-get install docker-registry)")
		}
		t.Skip("there is no docker-registry; make test needs it")
	}
	dir := t.TempDir()
	// The port is taken and let go: between the two, somebody else may take it.
	for range 5 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		host := l.Addr().String()
		l.Close()
		config := filepath.Join(dir, "config.yml")
		text := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {inmemory: {}}\nhttp: {addr: %s}\n%s", host, more)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, "serve", config)
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		if up(host, ended) {
			t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
			return host
		}
		_ = cmd.Process.Kill()
		<-ended
		if !strings.Contains(said.String(), "address already in use") {
			t.Fatalf("docker-registry does not start: %s", said.String())
		}
	}
	t.Fatal("no port for docker-registry")
	return ""
}

// up waits until a server answers.
func up(host string, ended <-chan struct{}) bool {
	deadline := time.After(time.Minute)
	for {
		if resp, err := http.Get("http://" + host + "/v2/"); err == nil {
			resp.Body.Close()
			return true
		}
		select {
		case <-ended:
			return false
		case <-deadline:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}
