package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
)

// endpoint is what the requests of sync have beside their own fields.
type endpoint struct {
	base, headers *jsondoc.Node
	// id is what "{id}" stands for; "" leaves it as it is.
	id string
	// page are the parameters of pagination.
	page []pair
}

// url joins the base with the URL of an endpoint, and adds the parameters of the
// page that are not there yet.
func (e *endpoint) url(s *scope, req definition.Request) string {
	text, _ := s.resolve(req.URL, e.withID)
	address := s.escaped(req.URL, text)
	whole := isWhole(address)
	if e.base != nil {
		base, _ := s.url(e.base)
		if whole || strings.HasSuffix(base, "/") || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") {
			s.r.choose(endpointURL, req.URL)
		}
		if !whole {
			address = strings.TrimRight(base, "/") + "/" + strings.TrimLeft(address, "/")
		}
	}
	address = addQuery(address, s.pairs(req.QueryParams))
	var there url.Values
	if _, query, ok := strings.Cut(address, "?"); ok {
		there, _ = url.ParseQuery(query)
	}
	return addQuery(address, slices.DeleteFunc(slices.Clone(e.page), func(p pair) bool { return there.Has(p.name) }))
}

// isWhole reports whether a URL starts with a scheme.
func isWhole(address string) bool {
	lower := strings.ToLower(address[:min(len(address), len("https://"))])
	return strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "http://")
}

// withID puts the id into a part of a URL, so that it stays within one segment
// or parameter.
func (e *endpoint) withID(text string) string {
	if e.id == "" {
		return text
	}
	return strings.ReplaceAll(text, "{id}", strings.ReplaceAll(url.QueryEscape(e.id), "+", "%20"))
}

// header returns the shared headers and those of the request, which come first
// where both have one.
func (e *endpoint) header(s *scope, req definition.Request) []outbound.Header {
	own := s.headers(req.Headers)
	shared := slices.DeleteFunc(s.headers(e.headers), func(h outbound.Header) bool {
		return slices.ContainsFunc(own, func(o outbound.Header) bool { return strings.EqualFold(o.Name, h.Name) })
	})
	return append(shared, own...)
}

// Limits on what an import may take, whatever its definition says.
const (
	maxRequests = 100
	// maxPause is the longest wait between two requests.
	maxPause = 10 * time.Second
)

// paced is a provider that gets requests no faster than the definition allows.
type paced struct {
	r        *recorder
	interval time.Duration
	timeout  time.Duration // zero for that of the provider
	last     time.Time
	sent     int
}

// newPaced reads rateLimitPerSecond and timeout. It ignores what no number above
// zero is.
func (r *recorder) newPaced(config *jsondoc.Node) *paced {
	p := &paced{r: r}
	if rate, ok := config.Get("rateLimitPerSecond").Float(); ok && rate > 0 {
		p.interval = time.Duration(min(float64(time.Second)/rate, float64(maxPause)))
	}
	if ms, ok := config.Get("timeout").Float(); ok && ms > 0 {
		p.timeout = time.Duration(min(ms*float64(time.Millisecond), float64(time.Hour)))
	}
	return p
}

// Do implements Provider.
func (p *paced) Do(ctx context.Context, req outbound.Request) (outbound.Response, error) {
	m := p.r.m
	if m.Sleep != nil && p.sent > 0 {
		if wait := p.interval - m.Now().Sub(p.last); wait > 0 {
			if err := m.Sleep(ctx, wait); err != nil {
				return outbound.Response{}, fmt.Errorf("while waiting for the next request: %w", err)
			}
		}
	}
	p.last = m.Now()
	p.sent++
	req.Timeout = p.timeout
	response, err := m.Provider.Do(ctx, req)
	if errors.Is(err, outbound.ErrTimeout) && p.timeout > 0 {
		p.r.choose(timeoutInMillis, p.r.m.Definition.Sync.Config.Get("timeout"))
	}
	return response, err
}
