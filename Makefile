# What people and CI run. Each target installs what it needs.

GO ?= go

# A checker of workflows, pinned by the checksum database of Go modules.
ACTIONLINT ?= $(GO) run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

.PHONY: help build test fuzz bench docs lint release-dry-run clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/miniapp
	$(GO) build -trimpath -o bin/miniapp ./cmd/miniapp

test: lint ## run every test, with the race detector and the peer validators
	npm ci --prefix test/peer --silent
	MINIAPP_PEER=1 $(GO) test -race ./...

lint: ## check formatting and vet
	@test -z "$$(gofmt -l cmd internal)" || { echo "run gofmt -w on:"; gofmt -l cmd internal; exit 1; }
	$(GO) vet ./...
	$(ACTIONLINT) -color .github/workflows/*.yml examples/definitions-repo/.github/workflows/*.yml

fuzz: ## fuzz each reader of hostile input for 20 seconds
	./test/fuzz.sh 20s

bench: build ## measure, beside ajv-cli, and print the figures
	./test/bench/run.sh

docs: ## write what is generated from the code
	$(GO) test ./internal/rules -run TestDocs -update
	cp internal/definition/miniapp.schema.json schema/miniapp.schema.json

release-dry-run: ## do every step of a release that needs no GitHub
	./release/dry-run.sh

clean: ## remove what was built
	rm -rf bin dist out
