package practice

import (
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/outbound"
)

// syncBody answers a request of an import, or returns nil.
func (p *Provider) syncBody(string, outbound.Request) *jsondoc.Node { return nil }
