#!/usr/bin/env bash
# Does every step of a release that needs no GitHub: dry-run.sh [VERSION]. It
# leaves in dist/ what a release consists of, checked.
set -euo pipefail
cd "$(dirname "$0")/.."
version="${1:-v0.0.0-dry-run}"
[[ "$version" =~ ^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$ ]] || {
	echo "dry-run.sh: \"$version\" is no version: expected v1.2.3 or v1.2.3-rc.1" >&2
	exit 2
}
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

echo "== binaries"
rm -rf dist
./release/build.sh "$version" dist

echo "== the same bytes from another folder"
mkdir "$work/source"
cp -R go.mod go.sum cmd internal release "$work/source/"
"$work/source/release/build.sh" "$version" "$work/again" linux/amd64
cmp dist/miniapp-linux-amd64 "$work/again/miniapp-linux-amd64"

echo "== software bill of materials"
CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOFLAGS=-buildvcs=false go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0 \
	bin -json -noserial -version "$version" -output dist/miniapp.cdx.json dist/miniapp-linux-amd64

echo "== checksums"
(cd dist && sha256sum miniapp* >SHA256SUMS && sha256sum --check --strict --quiet SHA256SUMS)

echo "== the release is what it should be"
go run ./release/check -version "$version" dist

echo "== action.yml with the image"
cp action.yml "$work/action.yml"
digest="sha256:$(sha256sum <dist/miniapp-linux-amd64 | cut -d ' ' -f 1)"
./release/pin-image.sh "$work/action.yml" "ghcr.io/karzoun/miniapp-review@$digest"
diff action.yml "$work/action.yml" >"$work/diff" && exit 1
printf '%s\n' "< ""  image: Dockerfile" --- "> ""  image: docker://ghcr.io/karzoun/miniapp-review@$digest" | diff - <(tail -n +2 "$work/diff")
if ./release/pin-image.sh "$work/action.yml" "ghcr.io/karzoun/miniapp-review@$digest" 2>/dev/null ||
	./release/pin-image.sh action.yml ghcr.io/karzoun/miniapp-review:v1 2>/dev/null; then
	echo "dry-run.sh: pin-image.sh took what it has to refuse" >&2
	exit 1
fi
echo "dist/ holds the release $version"
