// Package killed kills the built command with SIGKILL, which no program can
// answer, at every moment of its writing, and runs it again.
//
// The tests of each registry do the same with connections that break inside the
// process. Here the process itself is gone: what it had in memory, its locks and
// what it would have cleaned up.
package killed

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/endpoint"
	"github.com/karzoun/miniapp-review/internal/registry/folder"
	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
)

const token = "0123456789abcdef"

// desk is the built command and a clone with two merged MiniApps.
type desk struct {
	*testing.T
	program, clone, home string
}

func newDesk(t *testing.T) *desk {
	dir := t.TempDir()
	d := &desk{t, filepath.Join(dir, "miniapp"), filepath.Join(dir, "clone"), dir}
	run := func(dir, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	run("../..", "go", "build", "-o", d.program, "./cmd/miniapp")
	for _, ns := range []string{"parleo", "taskhub"} {
		if err := os.CopyFS(filepath.Join(d.clone, "definitions", ns), os.DirFS("../../examples/definitions-repo/definitions/"+ns)); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"commit", "-q", "-m", "first"}} {
		run(d.clone, "git", append([]string{"-c", "user.name=P", "-c", "user.email=p@acme.example"}, args...)...)
	}
	return d
}

// command is a run that publishes to a target.
func (d *desk) command(target string) *exec.Cmd {
	cmd := exec.Command(d.program, "publish", "--to", target, d.clone)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.home, "GIT_CONFIG_NOSYSTEM=1", "MINIAPP_REGISTRY_TOKEN=" + token}
	return cmd
}

// must runs a command that must do, with what it says at the end of its output.
func (d *desk) must(cmd *exec.Cmd, last ...string) {
	d.Helper()
	out, err := cmd.CombinedOutput()
	ok := false
	for _, l := range last {
		ok = ok || strings.HasSuffix(string(out), "  "+l+"\n")
	}
	if err != nil || !ok {
		d.Errorf("%v: %v, want %q at its end\n%s", cmd.Args[1:], err, last, out)
	}
}

// again runs what was killed once more, which makes up for all that is missing.
func (d *desk) again(target string) {
	d.Helper()
	d.must(d.command(target), "2 published", "1 published, 1 verified", "2 verified")
}

// TestKilled kills the command at each kind of registry.
func TestKilled(t *testing.T) {
	d := newDesk(t)
	for name, test := range map[string]func(*desk){"folder": testFolder, "endpoint": testEndpoint, "oci": testOCI} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mine := *d
			mine.T = t
			test(&mine)
		})
	}
}

// signaled reports whether a command was killed, and fails for any other end than
// that and a good one.
func (d *desk) signaled(cmd *exec.Cmd, out *strings.Builder) bool {
	d.Helper()
	_ = cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() && status.ExitStatus() != 0 {
		d.Fatalf("%v ends with %d before it was killed\n%s", cmd.Args[1:], status.ExitStatus(), out.String())
	}
	return status.Signaled()
}

// files returns what a folder holds, by path. Folders are in it too.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil || e.IsDir() {
			out[rel+"/"] = ""
			return err
		}
		data, err := os.ReadFile(name)
		out[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// readable checks that what a killed run left is a registry for who reads it:
// what the index names is there as a whole.
func readable(t *testing.T, target registry.Target) {
	t.Helper()
	x, err := target.Index(t.Context())
	if err != nil {
		t.Errorf("the index after a run that was killed: %v", err)
		return
	}
	for _, ns := range x.Namespaces() {
		for _, v := range x.Versions(ns) {
			s, err := target.Read(t.Context(), ns, v.Version)
			if err != nil || s.Release.SHA256() != v.SHA256 {
				t.Errorf("%s %s after a run that was killed: %v", ns, v.Version, err)
			}
		}
	}
}

// testFolder kills the command after each change that can be seen in the folder.
func testFolder(d *desk) {
	t := d.T
	calm := filepath.Join(t.TempDir(), "calm")
	d.must(d.command("static:"+calm), "2 published")
	want := files(t, calm)
	// How a killed run left the folder: the paths in it. The kill comes a moment
	// after the change, so that some moments are met twice and others not.
	left := map[string]bool{}
	killed := 0
	for n := 1; ; n++ {
		dir := filepath.Join(t.TempDir(), "registry")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := d.command("static:" + dir)
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		watch := newWatch(t, dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan int)
		go func() { done <- watch.after(n, func() { _ = cmd.Process.Kill() }) }()
		signaled := d.signaled(cmd, &out)
		watch.close()
		seen := <-done
		now := files(t, dir)
		if signaled {
			killed++
			left[strings.Join(slices.Sorted(maps.Keys(now)), "\n")] = true
		}
		readable(t, folder.Open(dir))
		d.again("static:" + dir)
		if diff := cmp.Diff(want, files(t, dir)); diff != "" {
			t.Errorf("killed after %d changes and run again (-want +got):\n%s", n, diff)
		}
		if seen < n {
			break
		}
	}
	t.Logf("killed %d times, which left the folder in %d different states", killed, len(left))
	if killed < 10 || len(left) < 5 {
		t.Errorf("killed %d times only, which left the folder in %d different states", killed, len(left))
	}
}

// at is a moment of a server at which the command is killed: after it answered
// so many requests that write. The answer never arrives.
type at struct {
	mu   sync.Mutex
	n    int
	kill func()
}

// wrap counts the requests that write to a server, and kills.
func (a *at) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		// A server goes on with a request whose client is gone.
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r.WithContext(context.WithoutCancel(r.Context())))
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.n--; a.n == 0 {
			a.kill()
			<-r.Context().Done() // the connection ends with the process
			return
		}
		for k, v := range answer.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// killAfter runs the command, and kills it after a number of requests that write.
func (d *desk) killAfter(n int, target string, moment *at) (signaled bool) {
	d.Helper()
	cmd := d.command(target)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	moment.mu.Lock()
	moment.n, moment.kill = n, func() { _ = cmd.Process.Kill() }
	err := cmd.Start()
	moment.mu.Unlock()
	if err != nil {
		d.Fatal(err)
	}
	return d.signaled(cmd, &out)
}

// testEndpoint kills the command after each request that writes to an endpoint.
func testEndpoint(d *desk) {
	t := d.T
	serve := func() (string, *httptest.Server, *at) {
		dir := t.TempDir()
		moment := &at{}
		h := httptest.NewServer(moment.wrap((&endpoint.Server{Target: folder.Open(dir), Files: os.DirFS(dir), Tokens: []string{token}}).Handler()))
		t.Cleanup(h.Close)
		return dir, h, moment
	}
	calm, h, _ := serve()
	d.must(d.command("http:"+h.URL), "2 published")
	want := files(t, calm)
	for n := 1; ; n++ {
		dir, h, moment := serve()
		signaled := d.killAfter(n, "http:"+h.URL, moment)
		readable(t, folder.Open(dir))
		d.again("http:" + h.URL)
		if diff := cmp.Diff(want, files(t, dir)); diff != "" {
			t.Errorf("killed after %d requests and run again (-want +got):\n%s", n, diff)
		}
		if !signaled {
			if n <= 2 {
				t.Errorf("a run makes %d requests that write", n-1)
			}
			break
		}
	}
}

// testOCI kills the command after each request that writes to a real OCI
// registry.
func testOCI(d *desk) {
	t := d.T
	behind, err := url.Parse("http://" + registrytest.DockerRegistry(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	moment := &at{}
	// The host stays that of the proxy, so that what the registry leads to is too.
	h := httptest.NewServer(moment.wrap(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(behind); r.Out.Host = r.In.Host }}))
	defer h.Close()
	host := strings.TrimPrefix(h.URL, "http://")
	d.must(d.command("oci:"+host+"/calm"), "2 published")
	want := tags(t, h.URL, "calm")
	for n := 1; ; n++ {
		name := fmt.Sprintf("killed-%d", n)
		signaled := d.killAfter(n, "oci:"+host+"/"+name, moment)
		d.again("oci:" + host + "/" + name)
		if diff := cmp.Diff(want, tags(t, h.URL, name)); diff != "" {
			t.Errorf("killed after %d requests and run again (-want +got):\n%s", n, diff)
		}
		if !signaled {
			if n < 20 {
				t.Errorf("a run makes %d requests that write", n-1)
			}
			break
		}
	}
}

// tags returns the manifest at every tag of a registry's repositories. It has
// the digests of all that the tag stands for.
func tags(t *testing.T, address, name string) map[string]string {
	t.Helper()
	get := func(path string) []byte {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, address+"/v2/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %v %s", path, resp.StatusCode, err, data)
		}
		return data
	}
	out := map[string]string{}
	for _, repository := range []string{"", "/parleo", "/taskhub"} {
		var list struct{ Tags []string }
		if err := json.Unmarshal(get(name+repository+"/tags/list"), &list); err != nil {
			t.Fatal(err)
		}
		for _, tag := range list.Tags {
			out[repository+":"+tag] = string(get(name + repository + "/manifests/" + tag))
		}
	}
	return out
}

// watch tells of the changes in a folder, and in those below it that are made
// while it is watched.
type watch struct {
	t     *testing.T
	fd    int
	file  *os.File
	dirs  map[int32]string
	ended chan struct{}
}

const changes = syscall.IN_CREATE | syscall.IN_CLOSE_WRITE | syscall.IN_MOVED_TO | syscall.IN_DELETE

func newWatch(t *testing.T, dir string) *watch {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{t: t, fd: fd, file: os.NewFile(uintptr(fd), "inotify"), dirs: map[int32]string{}, ended: make(chan struct{})}
	w.add(dir)
	return w
}

// add watches one more folder, if it is still there.
func (w *watch) add(dir string) {
	if id, err := syscall.InotifyAddWatch(w.fd, dir, changes); err == nil {
		w.dirs[int32(id)] = dir
	}
}

// close ends the watching; what was not read by then is lost.
func (w *watch) close() {
	_ = w.file.SetReadDeadline(time.Now())
	<-w.ended
	_ = w.file.Close()
}

// after calls do after n changes. It returns how many there were until the watch
// was closed, or n.
func (w *watch) after(n int, do func()) (seen int) {
	defer close(w.ended)
	buffer := make([]byte, 64<<10)
	for {
		size, err := w.file.Read(buffer)
		if err != nil {
			return seen
		}
		for rest := buffer[:size]; len(rest) >= syscall.SizeofInotifyEvent; {
			id, mask := int32(binary.NativeEndian.Uint32(rest[0:])), binary.NativeEndian.Uint32(rest[4:])
			name := strings.TrimRight(string(rest[syscall.SizeofInotifyEvent:syscall.SizeofInotifyEvent+binary.NativeEndian.Uint32(rest[12:])]), "\x00")
			rest = rest[syscall.SizeofInotifyEvent+binary.NativeEndian.Uint32(rest[12:]):]
			if mask&(syscall.IN_CREATE|syscall.IN_MOVED_TO) != 0 && mask&syscall.IN_ISDIR != 0 {
				w.add(filepath.Join(w.dirs[id], name))
			}
			if mask&changes == 0 {
				continue
			}
			if seen++; seen == n {
				do()
				return seen
			}
		}
	}
}
