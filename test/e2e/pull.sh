#!/usr/bin/env bash
# What was published to a real OCI registry, pulled by programs that nobody here
# wrote: publishes the example repository to Debian's docker-registry and to a
# folder, pulls every tag with curl and with skopeo, takes the digests with
# sha256sum, and holds the files against those of the folder. Then it damages one
# byte of the folder, which must be found.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "pull: $*" >&2; exit 1; }
for tool in docker-registry curl jq sha256sum skopeo git; do
	command -v "$tool" >/dev/null || fail "$tool is missing: test/needs.sh installs what the tests need"
done
work="$(mktemp -d)"
server=""
cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	[ -z "$server" ] || wait "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

# The registry takes a free port and writes which one into its log.
cat >"$work/config.yml" <<'CONF'
version: 0.1
log: {level: info, formatter: json, accesslog: {disabled: true}}
storage: {inmemory: {}}
http: {addr: "127.0.0.1:0"}
CONF
docker-registry serve "$work/config.yml" >"$work/registry.log" 2>&1 &
server=$!
host=""
for _ in $(seq 100); do
	host="$(sed -n 's/.*listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$work/registry.log" | head -n 1)"
	[ -z "$host" ] || break
	kill -0 "$server" 2>/dev/null || break
	sleep 0.1
done
[ -n "$host" ] || { cat "$work/registry.log" >&2; fail "docker-registry does not start"; }
ask() { curl --silent --show-error --fail --noproxy '*' --max-time 30 "$@"; }

# The same merged versions go to both, by the command as people run it.
go build -trimpath -o "$work/miniapp" ./cmd/miniapp
mkdir "$work/repository"
cp -R examples/definitions-repo/. "$work/repository/"
commit() {
	git -C "$work/repository" add --all
	git -C "$work/repository" -c user.name=e2e -c user.email=e2e@example.com commit --quiet --message "$1"
}
git -C "$work/repository" init --quiet --initial-branch main
commit 'Start'
targets=(--to "static:$work/static" --to "oci:$host/market/apps")
"$work/miniapp" publish "${targets[@]}" "$work/repository"
# A second version of one, and one that is yanked.
file="$work/repository/definitions/taskhub/miniapp.json"
first="$(jq -r .version "$file")"
sed -i.old "s|\"version\": \"$first\"|\"version\": \"9.1.0\"|" "$file"
rm "$file.old"
[ "$(jq -r .version "$file")" = 9.1.0 ] || fail "the version of taskhub did not change"
commit 'Next'
"$work/miniapp" publish "${targets[@]}" "$work/repository"
"$work/miniapp" registry yank taskhub "$first" --reason 'It loses orders.' "${targets[@]}"

readonly manifest_type=application/vnd.oci.image.manifest.v1+json
readonly kind=application/vnd.karzoun.miniapp

# manifest REPOSITORY TAG FILE: pulls the manifest at a tag. Its media type, its
# digest and what skopeo pulls must agree.
manifest() {
	local sum
	ask --header "Accept: $manifest_type" --dump-header "$3.head" --output "$3" "http://$host/v2/$1/manifests/$2" || return
	sum="sha256:$(sha256sum <"$3" | cut -d ' ' -f 1)"
	tr -d '\r' <"$3.head" | grep -qix "content-type: $manifest_type" || { echo "$1:$2 has another media type than $manifest_type"; return 1; }
	tr -d '\r' <"$3.head" | grep -qix "docker-content-digest: $sum" || { echo "$1:$2 has another digest than $sum"; return 1; }
	jq -e --arg t "$manifest_type" '.schemaVersion == 2 and .mediaType == $t' "$3" >/dev/null || { echo "$1:$2 is no manifest"; return 1; }
	skopeo inspect --tls-verify=false --raw "docker://$host/$1:$2" | cmp - "$3"
}

# layers REPOSITORY TAG ARTIFACT FOLDER NAME=TYPE…: pulls an artifact, and holds
# its layers, all of them and in any order, against the files of a folder.
layers() {
	local repository="$1" tag="$2" artifact="$3" folder="$4" at="$work/pulled" name digest type size
	shift 4
	rm -rf "$at"
	mkdir "$at"
	manifest "$repository" "$tag" "$at/manifest.json" || return
	jq -e --arg t "$artifact" '.artifactType == $t and .config.mediaType == "application/vnd.oci.empty.v1+json"' "$at/manifest.json" >/dev/null || { echo "$repository:$tag is no $artifact"; return 1; }
	[ "$(printf '%s\n' "$@" | LC_ALL=C sort)" = "$(jq -r '.layers[] | .annotations["org.opencontainers.image.title"] + "=" + .mediaType' "$at/manifest.json" | LC_ALL=C sort)" ] || { echo "$repository:$tag has other layers than $*"; return 1; }
	skopeo --insecure-policy copy --quiet --src-tls-verify=false "docker://$host/$repository:$tag" "dir:$at/skopeo" || return
	while IFS=$'\t' read -r name digest size; do
		ask --output "$at/blob" "http://$host/v2/$repository/blobs/$digest" || return
		[ "sha256:$(sha256sum <"$at/blob" | cut -d ' ' -f 1)" = "$digest" ] || { echo "$name of $repository:$tag has another digest than $digest"; return 1; }
		[ "$(wc -c <"$at/blob")" -eq "$size" ] || { echo "$name of $repository:$tag has another size than $size"; return 1; }
		cmp "$at/blob" "$at/skopeo/${digest#sha256:}" || return
		cmp "$at/blob" "$folder/$name" || return
		count=$((count + 1))
	done < <(jq -r '.layers[] | [.annotations["org.opencontainers.image.title"], .digest, .size] | @tsv' "$at/manifest.json")
}

# compare FOLDER: holds everything in the registry against a static one. Prints
# what differs, and counts the files.
compare() {
	local static="$1" ns version tag range latest want
	count=0
	while read -r ns version; do
		layers "market/apps/$ns" "${version//+/_}" "$kind.release.v1+json" "$static/$ns/$version" "miniapp.json=$kind.definition.v1+json" "listing.json=$kind.listing.v1+json" \
			"CHANGELOG.md=text/markdown" "provenance.json=$kind.provenance.v1+json" || return
		[ "$(jq -r --arg n "$ns" --arg v "$version" '.miniapps[$n].versions[$v].sha256' "$static/index.json")" = "$(sha256sum <"$static/$ns/$version/miniapp.json" | cut -d ' ' -f 1)" ] || { echo "the index has another digest for $ns $version"; return 1; }
		[ ! -e "$static/$ns/$version/yanked.json" ] || layers "market/apps/$ns" "yanked-${version//+/_}" "$kind.yank.v1+json" "$static/$ns/$version" "yanked.json=$kind.yank.v1+json" || return
	done < <(jq -r '.miniapps | to_entries[] | .key as $n | .value.versions | keys[] | $n + " " + .' "$static/index.json")
	# The tags that move stand for the latest version.
	while read -r ns latest; do
		manifest "market/apps/$ns" "$latest" "$work/latest.json" || return
		range="${latest%.*}"
		for tag in latest "${range%.*}" "$range"; do
			manifest "market/apps/$ns" "$tag" "$work/moving.json" && cmp "$work/moving.json" "$work/latest.json" || return
		done
	done < <(jq -r '.miniapps | to_entries[] | .key + " " + .value.latest' "$static/index.json")
	layers market/apps index "$kind.index.v1+json" "$static" "index.json=$kind.index.v1+json" || return
	want="$(jq '[.miniapps[].versions | length] | add' "$static/index.json")"
	[ "$count" -eq $((4 * want + 2)) ] || { echo "$count files were compared: expected four of each of $want versions, a mark and the index"; return 1; }
}

compare "$work/static" || fail "what is in the registry is not what is in the folder"
echo "pull: $count files are the same in docker-registry, by curl and by skopeo, and in a folder"
latest="$(jq -r '.miniapps.taskhub.latest' "$work/static/index.json")"
[ "$latest" = 9.1.0 ] || fail "the latest version of taskhub is $latest"

# The comparison finds a single byte.
printf x | dd of="$work/static/taskhub/9.1.0/listing.json" bs=1 seek=10 conv=notrunc status=none
if said="$(compare "$work/static" 2>&1)"; then
	fail "a byte that was changed in the folder is not found"
fi
grep -q 'taskhub/9.1.0/listing.json differ' <<<"$said" || fail "another difference than the byte that was changed: $said"
