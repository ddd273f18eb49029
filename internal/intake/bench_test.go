package intake

import (
	"context"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/config"
	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/secrets"
	"github.com/karzoun/miniapp-review/internal/source"
)

// BenchmarkCheck checks the example repository, reading from disk, all rules
// on, with one worker.
func BenchmarkCheck(b *testing.B) {
	dir, err := source.OpenDir("../../examples/definitions-repo")
	if err != nil {
		b.Fatal(err)
	}
	schema, err := definition.NewValidator()
	if err != nil {
		b.Fatal(err)
	}
	in := Input{Head: dir, Config: config.Default(), Schema: schema, Secrets: secrets.New(), Workers: 1,
		Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	n := 0
	for b.Loop() {
		res, err := Check(context.Background(), in)
		if err != nil || len(res.Findings) > 0 {
			b.Fatalf("%d findings, %v", len(res.Findings), err)
		}
		n += res.Definitions
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "definitions/s")
	b.ReportAllocs()
}
