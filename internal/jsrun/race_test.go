//go:build race

package jsrun

// raced says whether the race detector is on.
const raced = true
