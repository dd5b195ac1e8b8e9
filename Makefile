# The commands of this repository; `make` alone lists them. Everything is installed that is missing, see scripts/setup.
export DRISHTIKSHA_HOME ?= $(CURDIR)/.drishtiksha
# What Python measures with ONNX Runtime does not report to its makers either.
export ORT_DISABLE_TELEMETRY := 1
# Where scripts/setup puts Node.js on machines that have none, or an old one.
export PATH := $(DRISHTIKSHA_HOME)/node/bin:$(PATH)
BIN := target/debug/drishtiksha
# Faster and with time limits when it is there; the tests are the same without it.
NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)
SCRIPTS := $(filter-out %.txt %/check-traces %/walkthrough,$(wildcard scripts/*)) .ci/run deploy/check deploy/make-secrets deploy/web/start.sh $(wildcard bench/*.sh bench/*/*.sh training/*/*.sh)

.PHONY: help setup fresh-machine web web-dev web-check build weights run stop services services-stop test traces bench bench-service capacity convert-check fmt lint deploy-check scale-check quality evidence diagrams walkthroughs sbom audit clean

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1: /p' $(MAKEFILE_LIST)

setup:
	@scripts/setup

web: setup ## Build the web app into web/dist
	@scripts/web

web-dev: setup ## Serve the web app on port 5173 with changes at once, for a service on port 3000
	@scripts/web packages
	@cd web && npm run --silent dev

web-check: web
	@cd web && npm run --silent check

build: web
	@# The same selection as the tests, so that nothing is built twice.
	@cargo build --locked --workspace --bin drishtiksha

weights: build
	@$(BIN) models pull --all

run: weights ## Set up, build, start the service and have it judge the bundled media
	@scripts/run

stop: ## End the service that `make run` started
	@scripts/run stop

services: ## Start PostgreSQL, Redis and an S3 server for development, in .drishtiksha/services
	@scripts/setup tests
	@scripts/services start

services-stop: ## End the servers that `make services` started
	@scripts/services stop

test: weights ## Set up, build, and run every test
	@scripts/setup tests
ifdef NEXTEST
	@cargo nextest run --locked --workspace
	@cargo test --locked --workspace --doc --quiet
else
	@cargo test --locked --workspace --no-fail-fast
endif
	@scripts/walkthrough --quick docs/develop/add-a-storage-provider.md docs/develop/add-an-api-route.md
	@cd web && npm run --silent check && npm test --silent && npm run --silent e2e
	@python3 -B -m unittest discover --start-directory bench
	@deploy/check

deploy-check: setup ## Look at images, compose files, chart, units and nginx without an engine or a cluster
	@deploy/check

scale-check: weights ## Run the layout of deploy/README.md as processes, kill some of them among 500 uploads, and look that all end right
	@scripts/setup tests
	@SCALE=whole cargo test --locked --workspace --test service scale:: -- --nocapture

traces: weights ## Look whether traces for OpenTelemetry really leave the program
	@cargo build --locked --workspace --bin drishtiksha --features drishtiksha/otel
	@scripts/check-traces $(BIN)

quality: weights ## Measure the models on the labelled media that DRISHTIKSHA_MEDIA names; writes docs/quality.md
	@scripts/quality

evidence: weights ## Count what is found of notes, credentials and marks, and what is seen by mistake; writes docs/evidence.md
	@scripts/evidence

diagrams: ## Draw the diagrams of the documents anew, from their sources and the measured figures
	@scripts/web packages
	@npm --prefix tools/diagrams ci --silent --ignore-scripts
	@node tools/diagrams/render.mjs

walkthroughs: weights ## Follow the pages of docs/develop to their ends, in a copy of the sources; takes minutes
	@CHECKOUT=$(CURDIR) scripts/walkthrough docs/develop/add-a-storage-provider.md
	@CHECKOUT=$(CURDIR) scripts/walkthrough docs/develop/add-an-api-route.md

fresh-machine: ## Run `make run` and `make test` on a bare Debian 12 in a temporary folder; needs root, 15 GB and about an hour
	@scripts/fresh-machine

sbom: setup ## Write what the program and the web app are made of, as CycloneDX, into out/
	@scripts/sbom

audit: setup ## Ask for known weaknesses in what the program and the web app are made of
	@scripts/audit

bench: weights ## Compare speed and memory with Python; writes docs/benchmarks.md
	@bench/run.sh

bench-service: weights ## Compare the service with a Node baseline; writes docs/benchmarks-service.md
	@scripts/setup tests
	@bench/service/run.sh

capacity: web ## Measure throughput and waiting by the number of workers, ML servers and API servers; writes docs/benchmarks-capacity.md
	@scripts/setup tests
	@bench/capacity/run.sh

convert-check: build ## Compare the converters of tools/convert with reference implementations (fetches 3 GB once)
	@scripts/convert-check

fmt: ## Format the code
	@cargo fmt --all

lint: web-check ## Check the format, clippy, licences, scripts and the web app
	@cargo fmt --all --check
	@cargo clippy --locked --workspace --all-targets -- --deny warnings
	@cargo clippy --locked --workspace --bin drishtiksha --features drishtiksha/otel -- --deny warnings
	@if command -v cargo-deny >/dev/null; then cargo deny --all-features check; else echo "skipped: cargo-deny is not installed (cargo install cargo-deny --locked)"; fi
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else echo "skipped: shellcheck is not installed"; fi

clean: ## Remove what was built; weights and libraries stay
	@cargo clean
