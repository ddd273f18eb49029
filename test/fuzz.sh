#!/usr/bin/env bash
# Runs every fuzz test for the given time. Minimising is off, since it stops the
# fuzzing for a minute at each new input.
set -euo pipefail
cd "$(dirname "$0")/.."
for pkg in $(go list ./...); do
	for fuzz in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
		echo "$pkg $fuzz"
		go test "$pkg" -run '^$' -fuzz "^$fuzz\$" -fuzztime "${1:-20s}" -fuzzminimizetime 1x
	done
done
