package cli

import (
	"fmt"
	"sync"
	"time"
)

// progress tells on a terminal how far a run is, once it takes longer than a
// second.
type progress struct {
	streams Streams
	start   time.Time

	mu    sync.Mutex
	last  time.Time
	shown bool
}

func newProgress(s Streams) *progress {
	return &progress{streams: s, start: s.Now()}
}

// update is called after each namespace.
func (p *progress) update(done, total int) {
	if !p.streams.ErrTerminal {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.streams.Now()
	if now.Sub(p.start) < time.Second || now.Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.last, p.shown = now, true
	fmt.Fprintf(p.streams.Err, "\r\x1b[Kchecked %d of %d submissions", done, total)
}

// done takes the line away again.
func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.streams.Err, "\r\x1b[K")
	}
}
