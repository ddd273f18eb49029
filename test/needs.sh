#!/usr/bin/env bash
# Installs what the tests need beside Go and is not there yet, with apt: git, a
# C compiler for the race detector, Node.js with npm for the peer validators, and
# what else they hold the project against: Chromium, Debian's docker-registry, and
# curl, jq and skopeo, which pull from it.
set -euo pipefail
missing=()
for need in git:git gcc:gcc node:nodejs npm:npm chromium:chromium docker-registry:docker-registry curl:curl jq:jq skopeo:skopeo; do
	command -v "${need%%:*}" >/dev/null || missing+=("${need#*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
command -v apt-get >/dev/null || { echo "please install: ${missing[*]}" >&2; exit 1; }
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
"${sudo[@]}" apt-get update -qq
# The C library's headers are only recommended by gcc.
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" libc6-dev
