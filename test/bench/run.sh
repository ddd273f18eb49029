#!/usr/bin/env bash
# Measures the whole check, all rules on, beside ajv-cli doing the schema alone
# on the same files, and prints Markdown. docs/benchmarks.md has the figures of
# one such run.
#
# Usage: test/bench/run.sh [SMALL [LARGE]]: numbers of definitions, by default
# 10000 and 50000. RUNS=N is the number of runs, and OUT=DIR where the
# repositories are made: in a file system in memory, no disk has a part in it.
set -euo pipefail
cd "$(dirname "$0")/../.."
small=${1:-10000} large=${2:-50000} runs=${RUNS:-5}
out=${OUT:-out/bench}
mkdir -p "$out"
go build -trimpath -o "$out/miniapp" ./cmd/miniapp
go build -o "$out/generate" ./test/bench/generate
go build -o "$out/measure" ./test/bench/measure
[ -d test/peer/node_modules ] || npm ci --prefix test/peer --silent
ajv=test/peer/node_modules/.bin/ajv

repository() { # repository N: a definitions repository in Git with N submissions
	[ -d "$out/$1/.git" ] && return
	rm -rf "${out:?}/$1"
	"$out/generate" -n "$1" -out "$out/$1"
	git -C "$out/$1" init -q -b main
	git -C "$out/$1" add -A
	git -C "$out/$1" -c user.name=bench -c user.email=bench@localhost commit -q -m generated
	sync -f "$out/$1" # what is not written yet cannot leave the page cache
}

row() { # row LABEL DEFINITIONS RUNS COMMAND…
	local label=$1 definitions=$2 times=$3
	shift 3
	"$out/measure" -label "$label" -definitions "$definitions" -runs "$times" ${cold:+-cold "$cold"} -- "$@"
}

for n in "$small" "$large"; do repository "$n"; done
one=$(find "$out/$small/definitions" -mindepth 1 -maxdepth 1 | sort | sed -n 1p)

echo "- Commit: $(git describe --always --dirty)"
echo "- Machine: $(nproc) × $(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(awk '/^MemTotal/ { printf "%.0f GB", $2 / 1e6 }' /proc/meminfo), $(uname -sr)"
echo "- $(go version | cut -d' ' -f3), Node.js $(node --version), ajv-cli $(node -p 'require("./test/peer/node_modules/ajv-cli/package.json").version')"
echo "- Load before the run (1, 5 and 15 minutes): $(cut -d' ' -f1-3 /proc/loadavg)"
echo "- Size of the definitions: $(find "$out/$small/definitions" -name miniapp.json -printf '%s\n' | sort -n |
	awk '{ a[NR] = $1 } END { printf "%d bytes in the median, %d at the 90th percentile, %d at most", a[int((NR + 1) / 2)], a[int(NR * 0.9)], a[NR] }')"
echo
echo "| Run | Times | Median | Fastest | Definitions/s | Processor time | Peak memory | From disk |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
row "\`miniapp check\`, $small definitions, all rules" "$small" "$runs" "$out/miniapp" check "$out/$small"
row "ajv-cli, the same $small files, schema alone" "$small" "$runs" "$ajv" validate --spec=draft7 --strict=false -c ajv-formats \
	-s schema/miniapp.schema.json -d "$out/$small/definitions/*/miniapp.json"
row "\`miniapp check\`, $large definitions, all rules" "$large" "$((runs < 3 ? runs : 3))" "$out/miniapp" check "$out/$large"
cold="$out/$small/definitions" row "\`miniapp check\`, $small definitions, not in the page cache" "$small" "$((runs < 3 ? runs : 3))" "$out/miniapp" check "$out/$small"
cold="$out/$large/definitions" row "\`miniapp check\`, $large definitions, not in the page cache" "$large" "$((runs < 3 ? runs : 3))" "$out/miniapp" check "$out/$large"
row "\`miniapp check\`, one submission among $small" 1 20 "$out/miniapp" check "$one"
row "\`miniapp check\`, one submission among $large" 1 20 "$out/miniapp" check "$out/$large/definitions/$(basename "$(find "$out/$large/definitions" -mindepth 1 -maxdepth 1 | sort | sed -n 1p)")"
