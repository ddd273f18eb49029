#!/usr/bin/env bash
# The real Action, from end to end: builds the image from the Dockerfile, and runs
# the workflow that definitions repositories get with act, against a GitHub in
# memory. Prints what it does, and how long that took.
#
# With a Docker engine, only act and a runner image are needed. Without one,
# podman serves instead. It is installed here, with settings under which it
# starts even as root in a container of its own, without cgroup v2 and without
# the right to raise limits:
#   - default_ulimits=[]: else every container fails to set its limits
#   - runc: crun refuses hybrid cgroups
#   - vfs: the overlay driver needs a file system below that has none itself
# Images cannot be pulled everywhere, so those that are needed are made here: a
# runner out of busybox (act only needs a shell and something that waits), and a
# builder out of this machine's own Go.
set -euo pipefail
cd "$(dirname "$0")/../.."
root="$PWD"
work="$(mktemp -d)"
service=""
cleanup() {
	[ -z "$service" ] || kill "$service" 2>/dev/null || true
	[ -z "$service" ] || wait "$service" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
step() { echo "== $* (after ${SECONDS}s)"; }

need() { # need COMMAND PACKAGE
	command -v "$1" >/dev/null && return
	echo "installing $2"
	{ apt-get update -qq && apt-get install -y -qq --no-install-recommends "$2"; } >"$work/apt.log" 2>&1 || {
		cat "$work/apt.log" >&2
		echo "e2e: $1 is missing, try: sudo apt-get install $2" >&2
		exit 1
	}
}

step act
export GOBIN="$root/bin"
if [ ! -x "$GOBIN/act-v0.2.89" ]; then
	go install github.com/nektos/act@v0.2.89 || {
		echo "e2e: act is missing, try: go install github.com/nektos/act@v0.2.89" >&2
		exit 1
	}
	mv "$GOBIN/act" "$GOBIN/act-v0.2.89"
fi

builder=() runner="node:22-bookworm-slim"
if docker info >/dev/null 2>&1; then
	engine=(docker)
	pull=true
else
	step podman
	need podman podman
	need buildah buildah
	need runc runc
	need busybox busybox-static
	export CONTAINERS_CONF="$work/containers.conf"
	cat >"$CONTAINERS_CONF" <<-'CONF'
		[containers]
		default_ulimits = []
		[engine]
		runtime = "runc"
	CONF
	engine=(podman --storage-driver vfs --root "$work/storage" --runroot "$work/run")
	pull=false
	# No layers between: vfs copies the whole file system for each.
	builder=(--network host --layers=false --build-arg GO_IMAGE=localhost/miniapp-go:latest
		--volume "$(go env GOMODCACHE):/root/go/pkg/mod" --volume "$(go env GOCACHE):/root/.cache/go-build")
	runner=localhost/miniapp-runner:latest

	step "images of the runner and of the builder"
	busybox="$(command -v busybox)"
	mkdir -p "$work/runner/bin" "$work/runner/tmp" "$work/runner/etc"
	chmod 1777 "$work/runner/tmp"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$work/runner/etc/passwd"
	cp "$busybox" "$work/runner/bin/busybox"
	for name in sh bash cat cp ls mkdir tail sleep echo env tar chmod chown rm which uname id true; do
		ln -s busybox "$work/runner/bin/$name"
	done
	tar -C "$work/runner" -c . | "${engine[@]}" import --quiet --change 'ENV PATH=/bin' - "$runner" >/dev/null
	# The builder: this Go. It shares this machine's caches, whose entries are named
	# by what they are made of, so that little is fetched and compiled twice.
	mkdir -p "$work/go/usr/local" "$work/go/etc/ssl/certs"
	cp -R "$work/runner/." "$work/go/"
	mkdir "$work/go/usr/local/go"
	tar -C "$(go env GOROOT)" --exclude ./test --exclude ./doc --exclude ./api -c . | tar -C "$work/go/usr/local/go" -x
	cp /etc/ssl/certs/ca-certificates.crt "$work/go/etc/ssl/certs/"
	changes=(--change 'ENV PATH=/bin:/usr/local/go/bin' --change 'ENV GOTOOLCHAIN=local' --change 'ENV HOME=/root')
	for name in GOPROXY GONOSUMDB GONOSUMCHECK GOFLAGS GOSUMDB; do
		value="$(go env "$name" 2>/dev/null || true)"
		[ -z "$value" ] || changes+=(--change "ENV $name=$value")
	done
	tar -C "$work/go" -c . | "${engine[@]}" import --quiet "${changes[@]}" - localhost/miniapp-go:latest >/dev/null
	rm -rf "$work/go" "$work/runner"
fi

step "image of the Action, from the Dockerfile"
"${engine[@]}" build --quiet --tag localhost/miniapp-review:e2e "${builder[@]}" . >"$work/build.log" 2>&1 || {
	tail -50 "$work/build.log" >&2
	echo "e2e: the Dockerfile does not build" >&2
	exit 1
}
"${engine[@]}" save localhost/miniapp-review:e2e | gzip -c | wc -c | awk '{ printf "the image has %.1f MB, compressed\n", $1 / 1e6; exit $1 > 12e6 }'
"${engine[@]}" run --rm localhost/miniapp-review:e2e version

if [ "$pull" = false ]; then
	step "the engine's service"
	"${engine[@]}" system service --time=0 "unix://$work/engine.sock" 2>"$work/service.log" &
	service=$!
	for _ in $(seq 50); do [ -S "$work/engine.sock" ] && break || sleep 0.2; done
	export DOCKER_HOST="unix://$work/engine.sock"
fi

step "the workflow of definitions repositories, on a pull request"
# The Action as a release has it: the image instead of the Dockerfile.
mkdir "$work/action"
sed 's|^  image: Dockerfile$|  image: docker://localhost/miniapp-review:e2e|' action.yml >"$work/action/action.yml"
mkdir "$work/repository"
cp -R examples/definitions-repo/. "$work/repository/"
git -C "$work/repository" init --quiet --initial-branch main
git -C "$work/repository" add --all
git -C "$work/repository" -c user.name=e2e -c user.email=e2e@example.com commit --quiet --message 'Start'
go run ./test/e2e/review -act "$GOBIN/act-v0.2.89" -repository "$work/repository" -action "$work/action" -runner "$runner" -pull="$pull"
step done
