package compat_test

import (
	"testing"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/definition"
)

// BenchmarkDiff compares the example definitions with edits of them, parsed
// before, on one core. It reports comparisons for each second, and the size of
// the documents.
func BenchmarkDiff(b *testing.B) {
	type pair struct{ base, head *definition.Definition }
	var pairs []pair
	size := 0
	for _, name := range []string{"mailbeam", "parleo", "sheetwise", "shopkeep", "taskhub"} {
		text := example(b, name)
		size += len(text)
		for _, edits := range [][]string{
			{`/title = "Another"`},
			{`/actions/0/requests/0/url = "https://api.elsewhere.example/v2"`, `/actions/1/title = "Another"`},
			{`/actions/0/name = "renamed"`, `/actions/2 -`, `/description = "Another"`},
			{`/actions/1/parameters/properties/fresh = {"type": "string"}`, `/auth/type = "other"`, `/price = 1`,
				`/actions/0/parameters/required = []`, `/actions/0 ^`},
		} {
			v := decode(b, text)
			for _, line := range edits {
				var err error
				if v, err = edit(v, line); err != nil {
					b.Fatal(err)
				}
			}
			pairs = append(pairs, pair{parse(b, text), parse(b, encode(b, v))})
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		p := pairs[i%len(pairs)]
		if len(compat.Diff(p.base, p.head)) == 0 {
			b.Fatal("no change")
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "comparisons/s")
	b.ReportMetric(float64(size)/5/1000, "KB/document")
}
