package github

import (
	"context"
	"sync"
	"time"
)

// burst is how many writes go out as they come. Those of one review fit in it;
// beyond it there is a second between two, as GitHub asks of clients that write
// a lot.
const burst = 20

// pace makes writes serial.
type pace struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	mu    sync.Mutex
	count int
	last  time.Time
}

// turn waits for the turn of a write and returns what ends it.
func (p *pace) turn(ctx context.Context) (done func(), err error) {
	p.mu.Lock()
	if p.count++; p.count > burst {
		if d := p.last.Add(time.Second).Sub(p.now()); d > 0 {
			if err := p.sleep(ctx, d); err != nil {
				p.mu.Unlock()
				return nil, err
			}
		}
	}
	return func() {
		p.last = p.now()
		p.mu.Unlock()
	}, nil
}
