package artifact

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karzoun/miniapp-review/internal/publish"
	"github.com/karzoun/miniapp-review/internal/registry"
	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
)

// windows counts the publishers that are between reading the tag of a version
// and setting it. Sleeping lasts until there is none: it is the moment that
// publishers need to see each other, whatever the load of the machine is.
type windows struct{ open atomic.Int32 }

var versionManifest = regexp.MustCompile(`/manifests/\d+\.\d+\.\d+[^/]*$`)

func (w *windows) roundTrip(r *http.Request) (*http.Response, error) {
	if !versionManifest.MatchString(r.URL.Path) || r.Method == http.MethodGet {
		return http.DefaultTransport.RoundTrip(r)
	}
	if r.Method == http.MethodHead {
		w.open.Add(1)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if r.Method == http.MethodPut || err != nil || resp.StatusCode != http.StatusNotFound {
		w.open.Add(-1)
	}
	return resp, err
}

func (w *windows) sleep(ctx context.Context, _ time.Duration) error {
	for range 30_000 {
		if w.open.Load() == 0 {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("a publisher does not set its tag")
}

// beforeTag does something before the tag of a version is set.
func beforeTag(do func()) tripper {
	return func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPut && versionManifest.MatchString(r.URL.Path) {
			do()
		}
		return http.DefaultTransport.RoundTrip(r)
	}
}

func one(t *testing.T, target *Target, r *registry.Release) registry.Result {
	t.Helper()
	results, err := target.Publish(context.WithoutCancel(t.Context()), []*registry.Release{r})
	if err != nil || len(results) != 1 {
		t.Errorf("publishing: %v, %v", results, err)
		return registry.Result{}
	}
	return results[0]
}

// TestReplacedInTime has two publishers who both read that there is no tag. The
// one whose tag is replaced sees it when it reads it again.
func TestReplacedInTime(t *testing.T) {
	name := registrytest.DockerRegistry(t, "") + "/apps"
	a, b := registrytest.Release(t, "acme", "1.0.0", "A"), registrytest.Release(t, "acme", "1.0.0", "B")
	asleep, set, first := make(chan bool), make(chan bool), make(chan registry.Result, 1)
	release := sync.OnceFunc(func() { close(set) })
	early := open(t, name, Options{Sleep: func(context.Context, time.Duration) error {
		close(asleep)
		<-set
		return nil
	}})
	late := open(t, name, Options{
		Transport: beforeTag(func() {
			go func() { first <- one(t, early, a) }()
			select {
			case <-asleep:
			case got := <-first: // it did not wait
				first <- got
			}
		}),
		Sleep: func(context.Context, time.Duration) error { release(); return nil },
	})
	if got := one(t, late, b); got.Err != nil || !got.Added {
		t.Errorf("the one that set the tag last has %+v", got)
	}
	release()
	if got := <-first; got.Added || !errors.Is(got.Err, registry.ErrConflict) || !strings.Contains(got.Err.Error(), b.SHA256()) {
		t.Errorf("the one whose tag was replaced has %+v", got)
	}
	s, err := open(t, name, Options{}).Read(t.Context(), "acme", "1.0.0")
	if err != nil || cmp.Diff(b, s.Release) != "" {
		t.Errorf("it holds %+v, %v", s, err)
	}
	if got := tags(t, open(t, name, Options{}), "acme")["latest"]; got != "1.0.0" {
		t.Errorf("latest is %q", got)
	}
	registrytest.MustVerify(t, open(t, name, Options{}))
	if got := one(t, open(t, name, Options{}), a); !errors.Is(got.Err, registry.ErrConflict) {
		t.Errorf("the next run of the one that lost has %+v", got)
	}
}

// TestReplacedLate has a publisher who stops between reading the tag and setting
// it, until another one has ended. No registry without a conditional write can
// prevent that. It is a conflict for the late one, the index keeps the content
// that it named, and verifying tells.
func TestReplacedLate(t *testing.T) {
	name := registrytest.DockerRegistry(t, "") + "/apps"
	a, b := registrytest.Release(t, "acme", "1.0.0", "A"), registrytest.Release(t, "acme", "1.0.0", "B")
	late := open(t, name, Options{Transport: beforeTag(func() { registrytest.MustPublish(t, open(t, name, Options{}), a) })})
	if got := one(t, late, b); got.Added || !errors.Is(got.Err, registry.ErrConflict) || !strings.Contains(got.Err.Error(), a.SHA256()) {
		t.Errorf("the late one has %+v", got)
	}
	again := open(t, name, Options{})
	x, err := again.Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := x.Entry("acme").Find("1.0.0"); v.SHA256 != a.SHA256() || x.Entry("acme").Summary.ShortDescription != "A" {
		t.Errorf("the index names %+v, %+v", v, x.Entry("acme").Summary)
	}
	report, err := publish.Verify(t.Context(), again)
	if err != nil || len(report.Faults) == 0 || !strings.Contains(report.Faults[0].Message, b.SHA256()) {
		t.Errorf("verifying finds %+v, %v", report, err)
	}
	if got := one(t, again, b); !errors.Is(got.Err, registry.ErrConflict) {
		t.Errorf("the next run of the late one has %+v", got)
	}
	// A yank says so in the index, and leaves the content that it names.
	if err := again.Yank(t.Context(), "acme", "1.0.0", registrytest.Mark("bad")); err != nil {
		t.Fatal(err)
	}
	if x, err = again.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, _ := x.Entry("acme").Find("1.0.0"); v.SHA256 != a.SHA256() || v.State != registry.Yanked || v.Reason != "bad" {
		t.Errorf("after a yank the index names %+v", v)
	}
}
