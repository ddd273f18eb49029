package github

import (
	"sync"
	"time"
)

// budget bounds the wall time that a Client may lose to limits and failures.
// Requests that wait at the same time lose that time once.
type budget struct {
	mu   sync.Mutex
	left time.Duration
	// counted is up to when lost time was taken from left.
	counted time.Time
	// closed is until when GitHub asked for no requests.
	closed time.Time
}

// take pays for the time from one moment to another, and reports whether there
// was enough left. Nothing is paid when there was not.
func (b *budget) take(from, to time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pay(from, to)
}

func (b *budget) pay(from, to time.Time) bool {
	if from.Before(b.counted) {
		from = b.counted
	}
	d := to.Sub(from)
	if d <= 0 {
		return true
	}
	if d > b.left {
		return false
	}
	b.left -= d
	b.counted = to
	return true
}

// close makes all requests wait until a moment, if the budget allows it.
func (b *budget) close(now, until time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.pay(now, until) {
		return false
	}
	if until.After(b.closed) {
		b.closed = until
	}
	return true
}

// closedFor says how long requests have to wait from now on.
func (b *budget) closedFor(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed.Sub(now)
}
