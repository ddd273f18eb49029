#!/usr/bin/env bash
# Measures publishing to registries of 20,000 versions, and prints the table of
# docs/benchmarks.md: registry.sh [static|branch|http|oci]. NAMESPACES=10 makes a
# shorter run, of 20 versions each.
set -euo pipefail
cd "$(dirname "$0")/../.."
namespaces="${NAMESPACES:-1000}"
raw="$(mktemp)"
trap 'rm -f "$raw"' EXIT
load="$(cut -d ' ' -f 1-3 /proc/loadavg 2>/dev/null || echo unknown)"
MINIAPP_BENCH_NAMESPACES="$namespaces" go test ./internal/publish -run '^$' -bench "Registry/${1:-}" -benchtime 1x -timeout 60m | tee "$raw" >&2
echo
echo "- Commit: $(git rev-parse --short HEAD)"
echo "- Machine: $(nproc) processors, $(awk -F ': *' '/^cpu:/ { print $2 }' "$raw"), $(uname -sr), $(go env GOVERSION)"
echo "- Load before the run (1, 5 and 15 minutes): $load"
echo "- Versions: $((namespaces * 20)), in $namespaces namespaces"
echo
# A line is: name, rounds, time in nanoseconds, "ns/op", and maybe requests.
awk '
	function cell(target, run, s, r) {
		if (!((target, run) in time)) return run == "rebuild" ? "by the server itself" : "not measured"
		s = time[target, run] / 1e9
		r = requests[target, run]
		return (s < 1 ? sprintf("%.0f ms", s * 1e3) : sprintf(s < 10 ? "%.1f s" : "%.0f s", s)) (r == "" ? "" : sprintf(", %d request%s", r, r == 1 ? "" : "s"))
	}
	/^BenchmarkRegistry\// {
		split($1, name, "/")
		sub(/-[0-9]+$/, "", name[3])
		if (!(name[2] in seen)) { seen[name[2]] = 1; order[++n] = name[2] }
		time[name[2], name[3]] = $3
		for (i = 4; i < NF; i++) if ($(i + 1) == "requests/op") requests[name[2], name[3]] = $i
	}
	END {
		print "| Target | Nothing to do | One new version | Index made again |"
		print "| --- | ---: | ---: | ---: |"
		for (i = 1; i <= n; i++) printf "| `%s` | %s | %s | %s |\n", order[i], cell(order[i], "nothing"), cell(order[i], "one"), cell(order[i], "rebuild")
		if (n == 0) exit 1
	}' "$raw"
