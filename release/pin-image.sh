#!/usr/bin/env bash
# Makes an action.yml run a published image: pin-image.sh FILE NAME@sha256:DIGEST.
set -euo pipefail
file="$1" image="$2"
[[ "$image" =~ ^[a-z0-9.:/_-]+@sha256:[0-9a-f]{64}$ ]] || {
	echo "pin-image.sh: \"$image\" is no image with a digest: expected NAME@sha256:DIGEST" >&2
	exit 2
}
[ "$(grep -c '^  image: Dockerfile$' "$file")" = 1 ] || {
	echo "pin-image.sh: $file does not have the one line \"  image: Dockerfile\"" >&2
	exit 1
}
pinned="$(sed "s|^  image: Dockerfile\$|  image: docker://$image|" "$file")"
printf '%s\n' "$pinned" >"$file"
