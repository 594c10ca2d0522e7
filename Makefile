# The few commands people need. `make` alone lists them.
.PHONY: help run test e2e conformance bench lint dist web setup
.DEFAULT_GOAL := help
TARGET := $(or $(CARGO_TARGET_DIR),target)

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the demo city at http://localhost:8080, with its outside world; Ctrl-C ends it
	@scripts/setup.sh run
	@$(MAKE) --no-print-directory web
	cargo build --workspace --bins
	@scripts/run.sh

test: ## lints, tests on both databases, pages and walks in Chromium
	@scripts/test.sh

e2e: ## only the browser tests
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory web
	cargo build --workspace --bins
	cargo build -p bpmn --example same
	@scripts/e2e.sh

conformance: ## public test suites, one line each: passed/total (MEER_CONFORMANCE names their folder)
	@cargo run -q -p xtask -- conformance

bench: ## the promised figures, measured here
	@scripts/bench.sh

lint: ## format, clippy, tidy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo run -q -p xtask -- tidy

dist: ## release build with the browser side inside: target/release/meer
	@scripts/setup.sh run
	@$(MAKE) --no-print-directory web
	cargo build --release -p meer
	@ls -l $(TARGET)/release/meer

web: ## style sheet, script and fonts of the browser side: web/dist
	@npm --prefix web run build --silent

setup: ## installs what is missing, or says how
	@scripts/setup.sh test
