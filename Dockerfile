# The Action's image: one static binary, and the certificates that it needs.
#
# The builder is an argument, so that a build without a registry can bring its
# own. It runs on the machine's own platform and cross-compiles, so that no
# emulation is needed for an image of another one.
#
# No USER: the runner's files belong to root. No WORKDIR: the runner sets it. See
# https://docs.github.com/en/actions/reference/workflows-and-actions/dockerfile-support
ARG GO_IMAGE=golang:1.26
FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY . .
ARG TARGETOS
ARG TARGETARCH
# What "miniapp version" says. A release sets it.
ARG VERSION=
# Calls in other modules are not inlined, which makes the image a megabyte smaller:
# every run pulls it, and waits for GitHub more than for them.
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
	-gcflags=all=-l -gcflags=std= -gcflags=github.com/karzoun/miniapp-review/...= \
	-ldflags="-s -w -X github.com/karzoun/miniapp-review/internal/cli.release=$VERSION" -o /miniapp ./cmd/miniapp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /miniapp /miniapp
ENTRYPOINT ["/miniapp"]
