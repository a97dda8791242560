# Every command sets up what it needs first (.ci/setup.sh: quiet, and nothing when nothing is missing).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export PATH := $(CURDIR)/target/tools/bin:$(PATH)

# `tauri build` sets it: the window shows the pages inside the binary and never looks for a development server.
APP_FEATURES := custom-protocol
RELEASE := cargo build --release --locked --package reprise --package reprise-session --features $(APP_FEATURES)
UI_SOURCES := $(shell find ui -path ui/node_modules -prune -o -path ui/dist -prune -o -type f -print)

.PHONY: help run build test test-long lint bench soak package setup-build setup-test setup-lint setup-bench setup-package ui

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

run: ## build, and open the window
	@.ci/display.sh
	@$(MAKE) --no-print-directory build
	@exec target/release/reprise

build: setup-build ui ## target/release/reprise and target/release/reprise-session
	@$(RELEASE)

test: setup-test ui ## every test, the real window and the real Claude Code among them
	@.ci/test.sh default

test-long: setup-test ui ## the same with the long variants
	@.ci/test.sh long

lint: setup-lint ui ## format, clippy, licences and sources of dependencies, svelte-check, eslint, prettier
	@cargo fmt --all --check
	@cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
	@cargo fetch --quiet --locked # of every target: cargo-deny reads all of them
	@cargo deny --log-level error --locked --offline check licenses bans sources
	@cd ui && npm run --silent check && npm run --silent lint

bench: setup-bench package ## what Reprise costs and how fast it is, beside other terminals; ARGS=cat for one part
	@.ci/bench.sh $(ARGS)

soak: setup-bench package ## whether memory grows in two hours of full redraws in five sessions; SOAK_MINUTES=20 for a shorter time
	@.ci/bench.sh soak

package: setup-package build ## target/package/reprise_<version>_<arch>.deb
	@.ci/package.sh

setup-build setup-test setup-lint setup-bench setup-package:
	@.ci/setup.sh build $(filter-out build,$(patsubst setup-%,%,$@))

ui: ui/dist/index.html

ui/dist/index.html: $(UI_SOURCES)
	@test -d ui/node_modules || .ci/setup.sh build
	@cd ui && npm run --silent build -- --logLevel warn
	@touch $@
