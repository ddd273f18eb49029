#!/usr/bin/env bash
# Builds the binaries of a release: build.sh VERSION DIR [SYSTEM/ARCHITECTURE…].
# The same source, version and Go make the same bytes, wherever they are built.
set -euo pipefail
version="$1" dir="$(mkdir -p "$2" && cd "$2" && pwd)"
shift 2
[ $# -gt 0 ] || set -- linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
cd "$(dirname "$0")/.."
for target in "$@"; do
	system="${target%/*}" architecture="${target#*/}" suffix=""
	[ "$system" != windows ] || suffix=.exe
	CGO_ENABLED=0 GOOS="$system" GOARCH="$architecture" go build -trimpath -buildvcs=false \
		-ldflags="-s -w -X github.com/karzoun/miniapp-review/internal/cli.release=$version" \
		-o "$dir/miniapp-$system-$architecture$suffix" ./cmd/miniapp
done
