# The only list of commands. `make help` shows it; .ci/run calls `make ci` and nothing else.
.NOTPARALLEL:
.DEFAULT_GOAL := help

SOURCE_FOLDERS := native-bindings engine src bench test
FORMATTED := '**/*.{ts,js,cjs,json}' '!**/*.generated.ts' '!package-lock.json' '!docs/reliability-results.json'
RUN_TESTS := node dist/test/helpers/run-tests.js
# TypeScript 7; the package `typescript` is version 6, for the linter alone (docs/adr/0005)
TSC := node node_modules/typescript-native/bin/tsc

# npm leaves this file behind when it has finished; a linked folder belongs to another checkout
node_modules/.package-lock.json: package-lock.json
	@if [ -L node_modules ]; then echo 'node_modules is a link and stays as it is'; else npm ci; fi

.PHONY: setup
setup: node_modules/.package-lock.json ## install what package-lock.json names and load every native module once
	@node --input-type=module --eval "await import('uWebSockets.js'); await import('@duckdb/node-api'); await import('@nxtedition/rocksdb')"

.PHONY: build
build: node_modules/.package-lock.json ## compile to dist/
	@$(TSC) --build

.PHONY: watch
watch: node_modules/.package-lock.json ## compile again whenever a file changes
	@$(TSC) --build --watch

.PHONY: run
run: build ## start the store on 127.0.0.1 with its data in ./data
	@exec node dist/src/main.js serve --data-dir ./data --banner --log-pretty

.PHONY: test
test: build ## run every test, the quick suites first
	@$(RUN_TESTS)

.PHONY: test-unit
test-unit: build ## run unit, contract and property tests
	@$(RUN_TESTS) unit contract property

.PHONY: test-one
test-one: build ## run one test file: make test-one FILE=test/unit/src/config/load-config.test.ts
	@node --test --enable-source-maps dist/$(FILE:.ts=.js)

.PHONY: lint
lint: build ## ESLint with type information
	@npx eslint .

.PHONY: layers
layers: node_modules/.package-lock.json ## direction of imports, by the table in layers.cjs
	@npx depcruise $(SOURCE_FOLDERS)

.PHONY: format
format: node_modules/.package-lock.json ## rewrite files in the agreed format
	@npx prettier --log-level warn --write $(FORMATTED)

.PHONY: format-check
format-check: node_modules/.package-lock.json ## fail when `make format` would change something
	@npx prettier --log-level warn --check $(FORMATTED)

.PHONY: check
check: build format-check lint layers ## everything that judges the code without running it, and the architecture tests
	@$(RUN_TESTS) architecture

.PHONY: generate
generate: build ## write the documents that follow from tables in the code
	@node dist/test/helpers/generate-docs.js

.PHONY: bench
bench: build ## measure the transactions: make bench PEER=orthanc ARGS='--scale full' (ARGS=--help)
	@node dist/bench/run.js $(if $(PEER),--peer $(PEER)) $(ARGS)

.PHONY: bench-micro
bench-micro: build ## measure single functions: make bench-micro ARGS='--only multipart'
	@node dist/bench/micro/run-micro.js $(ARGS)

.PHONY: bench-smoke
bench-smoke: build ## run every transaction with little data, as a test of the answers
	@$(RUN_TESTS) bench

.PHONY: bench-compare
bench-compare: build ## compare the results of a revision with those of the work tree: make bench-compare BASE=main
	@node dist/bench/compare.js --base $(BASE) $(ARGS)

.PHONY: reliability
reliability: build ## kill, cut, flip and soak the store; writes docs/RELIABILITY.md: make reliability ARGS='--kills 1000'
	@node dist/test/reliability/run-reliability.js $(ARGS)

.PHONY: soak
soak: build ## mixed load with slopes of memory, descriptors, disk use, latency: make soak MINUTES=60
	@node dist/test/reliability/run-reliability.js --only soak --minutes $(or $(MINUTES),60)

.PHONY: clean
clean: ## delete what was built (not data, not node_modules)
	@rm -rf dist

.PHONY: ci-setup
ci-setup: ## install tools of the interop and fault tests, where the machine lets us install them
	@if ! { command -v storescu && command -v strace; } >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends dcmtk strace; fi

.PHONY: ci
ci: ci-setup setup build format-check lint layers ## what continuous integration runs; its last line counts the tests
	@$(RUN_TESTS)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
