# SPDX-License-Identifier: Apache-2.0
# Every target installs the Debian packages it needs (packages only), then says what it does.
.PHONY: help build demo test test-quick test-vm sim bench format lint fuzz coverage docs install clean
.DEFAULT_GOAL := help
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
JOBS ?= $(shell nproc)

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

build: ## build the programs into build/bin
	@scripts/install build
	@echo "==> building into build/bin"
	@cmake --preset dev >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }; rm -f build-configure.log
	@cmake --build build -j$(JOBS); status=$$?; [ "$$(id -u)" != 0 ] || scripts/give-back build; exit $$status

demo: ## show two flows, two accesses, one address, and a flow that moves
	@scripts/install build run demo
	@$(MAKE) --no-print-directory build
	@echo "==> the demo: network namespaces on this machine, nothing else is touched"
	@$(SUDO) build/bin/flowmob lab demo --output build/demo; status=$$?; scripts/give-back build/demo; exit $$status

test: ## all tests: unit and simulator under ASan+UBSan, data plane, end to end
	@scripts/install build run test demo
	@scripts/test all

test-quick: ## unit and simulator tests only, without sanitizers
	@scripts/install build
	@scripts/test quick

test-vm: ## the domain on Debian 12's stock kernel, in emulated machines, MACHINES=N at a time (about 40 minutes on two cores)
	@scripts/install build run vm
	@$(MAKE) --no-print-directory build
	@$(SUDO) env MACHINES='$(MACHINES)' scripts/test-vm

sim: ## simulated lives: SEEDS=N (default 2000) from FIRST on, or SEED=n alone, with its shortest failing trace; or NODES=n in one domain
	@scripts/install build
	@scripts/sim '$(SEED)' '$(SEEDS)' '$(FIRST)' '$(NODES)'

fuzz: ## run every fuzzer for SECONDS (default 30) each
	@scripts/install build fuzz
	@scripts/fuzz $(or $(SECONDS),30)

bench: ## time what the project is held to, beside plain forwarding and the kernel's SRv6 tunnel: build/bench/report.json (about 10 minutes)
	@scripts/install build run test bench
	@scripts/bench

format: ## rewrite the sources in the project's format
	@scripts/install lint
	@echo "==> clang-format"
	@git ls-files '*.cc' '*.h' '*.c' | xargs clang-format-14 -i

lint: ## check format, licence lines and shell syntax, and run clang-tidy
	@scripts/install build lint
	@scripts/lint --tidy

coverage: ## line coverage of the unit and simulator tests
	@scripts/install build coverage
	@scripts/coverage

docs: build ## write the generated pages anew: configuration, command line, RFC coverage
	@scripts/docs

install: ## build optimised; programs, systemd units, documentation below DESTDIR and PREFIX (default /usr/local)
	@scripts/install build run
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install-release

clean: ## remove everything that was built
	rm -rf build
