# The Action's image: one static binary and the certificates that it needs.
#
# The builder is an argument, so that a build without a registry can bring its
# own. No USER: the runner mounts the workspace as root. No WORKDIR: the runner
# sets it. See https://docs.github.com/actions for both.
ARG GO_IMAGE=golang:1.26
FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /miniapp ./cmd/miniapp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /miniapp /miniapp
ENTRYPOINT ["/miniapp"]
