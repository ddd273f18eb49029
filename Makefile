# What people and CI run. Each target installs what it needs.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

# A checker of workflows, pinned by the checksum database of Go modules.
ACTIONLINT ?= $(GO) run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

.PHONY: help demo build test vet lint fuzz bench bench-registry bench-review bench-sandbox docs serve-picture e2e release-dry-run clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/miniapp
	$(GO) build -trimpath -o bin/miniapp ./cmd/miniapp

test: vet ## run every test: race detector, peer validators, other clients, the Action in containers
	./test/needs.sh
	npm ci --prefix test/peer --silent --no-audit --no-fund
	MINIAPP_PEER=1 $(GO) test -race -timeout 15m -skip '^TestBulk$$' ./...
	@# What is allocated can only be measured without the race detector.
	$(GO) test -run '^TestBulk$$' ./internal/intake
	@# The detector itself needs more memory than a function may have.
	$(GO) test -run '^TestHostile$$' ./internal/jsrun
	./test/e2e/pull.sh
	./test/e2e/run.sh

vet: ## check formatting, code and workflows
	@test -z "$$(gofmt -l cmd internal test)" || { echo "run gofmt -w on:"; gofmt -l cmd internal test; exit 1; }
	$(GO) vet ./...
	$(ACTIONLINT) -color .github/workflows/*.yml examples/definitions-repo/.github/workflows/*.yml

lint: vet ## and run staticcheck
	$(GO) run $(STATICCHECK) -checks inherit,-SA1019 ./...

fuzz: ## fuzz each reader of hostile input for 20 seconds
	./test/fuzz.sh 20s

bench: ## measure, beside ajv-cli, and print the figures
	./test/bench/run.sh

bench-registry: ## measure publishing to a registry of 20,000 versions; TARGET=branch measures one kind
	./test/bench/registry.sh $(TARGET)

bench-review: ## measure reviews on a GitHub in memory that answers after 100 ms
	$(GO) test ./internal/cli -run '^$$' -bench BenchmarkReview -benchtime 3x

bench-sandbox: ## measure what the interpreter of definitions costs on one core, and how fast serve starts
	$(GO) test ./internal/sandbox -run '^$$' -bench . -cpu 1
	$(GO) test ./internal/cli -run '^$$' -bench 'Function|ServeStart' -benchtime 20x

docs: ## write what is generated from the code
	$(GO) test ./internal/rules -run TestDocs -update
	$(GO) test ./internal/compat -run TestDocumentation -update
	$(GO) test ./internal/sandbox -run TestDocs -update
	$(GO) test ./internal/secrets -run TestKeywords -update
	$(GO) test ./internal/registry/folder -run TestExample -update
	cp internal/definition/miniapp.schema.json schema/miniapp.schema.json

demo: ## play a submission from the pull request to the registry, and leave a page of it
	@$(GO) run ./test/demo

serve-picture: ## take the picture of the page of miniapp serve for its documentation
	MINIAPP_PICTURE=$(CURDIR)/docs/serve.png $(GO) test ./internal/cli -count 1 -run TestServePicture

e2e: ## pull what was published with other programs, and run the real Action in containers
	./test/needs.sh
	./test/e2e/pull.sh
	./test/e2e/run.sh

release-dry-run: ## do every step of a release that needs no GitHub
	./release/dry-run.sh

clean: ## remove what was built
	rm -rf bin dist out
