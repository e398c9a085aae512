# Two commands matter: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
export CARGO_TERM_COLOR ?= auto

.PHONY: help run web pictures build test conformance simulate fuzz soak sbom image check lint fmt deny bench engines-up engines-down clean

help: ## Lists these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## Builds everything and serves on 127.0.0.1:8080, data in ./data
	./target/release/chinwag serve

web: ## Builds the web client, which becomes part of the binary
	scripts/web

pictures: ## Makes the pictures of the README anew, by the browser tests
	CHINWAG_PICTURES=docs/images scripts/browser tests/pictures.test.js

build: web ## Builds the binary: target/release/chinwag
	cargo build --release --locked --bin chinwag

test: ## Installs what the tests need and runs every test; prints minutes by suite
	scripts/test

conformance: ## Runs every named case on every real engine; closes with a table, ports × engines
	scripts/conformance

simulate: ## Plays the whole cluster in a time of its own, by seeds; SEEDS=0..500
	cargo build --workspace --release --locked --bin chinwag-simulation
	target/release/chinwag-simulation $(or $(SEEDS),0..500)

fuzz: ## Makes up what strangers send, for each way in; SECONDS_EACH=60
	scripts/fuzz $(or $(SECONDS_EACH),60)

soak: ## Breaks nodes and engines for as long as in the field, again and again; SOAK_MINUTES=60
	scripts/soak

check: lint deny ## What must hold before a commit, apart from the tests

lint: ## Formatting, clippy and documentation, warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --workspace --no-deps --locked

fmt: ## Formats all code
	cargo fmt --all

deny: ## Licences, sources and duplicates of what we depend on
	scripts/tool cargo-deny
	cargo fetch --locked --quiet
	target/tools/bin/cargo-deny --offline check licenses bans sources

image: build ## Makes the container image around the built binary and tries it without rights (root, Debian)
	scripts/image

sbom: ## Writes what the binary is made of, for a release: target/sbom/chinwag.cdx.json
	scripts/sbom

bench: ## Measures in minutes what docs/performance.md tells
	scripts/bench

engines-up: ## Starts the real engines below target/engines, without Docker; ENGINES="redis kafka" for some
	scripts/engines/up $(ENGINES)

engines-down: ## Stops them
	scripts/engines/down $(ENGINES)

clean: ## Removes what was built
	cargo clean
