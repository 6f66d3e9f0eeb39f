# Everything that a fresh checkout needs: Python 3.11 or newer, make and a way to the package registry.
# `make demo` and `make test` each get the rest themselves. Choose another Python with: make PYTHON=/path/to/python3

.DEFAULT_GOAL := help
.PHONY: help demo console test test-quick test-loaded test-thorough test-unit test-browser test-packaging coverage mutants \
	lint chaos drift bench lock clean

# What is set for some other Python project does not belong in here; and what is compiled once is kept, because the tests start
# many programs.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
# Tests at a time: more than two processors' worth, because some of them wait. On a larger machine: make test JOBS=8
JOBS := 4
PYTEST := $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal
OLD_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(OLD_ENOUGH)' 2>/dev/null && echo $$python && break; done)
endif

# A checkout that was moved, or whose Python is gone, is set up again.
STALE := $(shell [ ! -e $(VENV)/python-ready ] || { [ -x $(BIN)/python ] && [ "$$(cat $(VENV)/python-ready)" = "$(CURDIR)" ]; } \
	|| rm -f $(VENV)/*-ready)

help:  ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/browser-ready  ## Cancel a sample list on a practice Admin and leave a report
	@$(BIN)/countermand demo

console: $(VENV)/browser-ready  ## Serve the console in the browser, on a practice Admin
	@$(BIN)/countermand serve --demo

# In the order and the sample of an earlier run, whose first lines say its seed: make test SEED=123
test: lint $(VENV)/browser-ready  ## Check style and types, and run the tests, of some kinds a sample by the run's seed
	@echo "Tests: $(JOBS) at a time."
	@$(PYTEST) --sample $(if $(SEED),--randomly-seed=$(SEED))

# A test that is much slower than the others belongs to `make test` only: mark it slow, with the reason.
test-quick: $(VENV)/packages-ready  ## Run the quick tests, those of every unit and of the house rules, for every edit
	@$(PYTEST) -m "not slow" --durations 3 --durations-min 2 tests/unit tests/packaging

# In the order of an earlier run, whose first lines say which: make test-loaded SEED=123
test-loaded: lint $(VENV)/browser-ready  ## The same beside busy loops, which shows tests that depend on the machine's speed
	@echo "Tests: $(JOBS) at a time, beside a busy loop for each processor."
	@$(BIN)/python tests/kit/beside_hogs.py $(PYTEST) --sample $(if $(SEED),--randomly-seed=$(SEED))

test-thorough: lint $(VENV)/browser-ready  ## Every test, on every face of the practice Admin, and with two-factor sign-in
	@echo "Tests: all of them, on every face, $(JOBS) at a time."
	@$(PYTEST) --every-face
	@echo "Tests: those with a browser, where the Admin asks for two-factor codes."
	@$(PYTEST) --two-factor tests/browser

test-unit: $(VENV)/packages-ready  ## Run the tests that need no browser
	@$(PYTEST) tests/unit

test-browser: $(VENV)/browser-ready  ## Run the tests that drive the practice Admin
	@$(PYTEST) tests/browser

test-packaging: $(VENV)/browser-ready  ## Run the tests of the package and of the house rules
	@$(PYTEST) tests/packaging

coverage: $(VENV)/browser-ready  ## Run every test, and print which lines and branches they reach, room by room
	@rm -f $(VENV)/coverage $(VENV)/coverage.*
	@COVERAGE_FILE=$(CURDIR)/$(VENV)/coverage $(PYTEST) --cov --cov-report= $(TESTS)
	@COVERAGE_FILE=$(CURDIR)/$(VENV)/coverage $(BIN)/python tests/kit/coverage_of_rooms.py

# One module: make mutants OF='bot.cancel.money*'. docs/mutants.md says what survives, and why.
MUTMUT := mutmut==3.8.1
mutants: $(VENV)/mutants-ready  ## Change the safety kernel in small ways, and list the changes that no test notices
	@$(VENV)/mutants/bin/mutmut run $(if $(OF),"$(OF)")
	@$(VENV)/mutants/bin/mutmut results

# Two at a time: each of them keeps one processor busy.
LINT := lint-types-of-tests lint-types docs lint-style lint-imports
.PHONY: $(filter lint-%,$(LINT))
lint: $(VENV)/packages-ready $(VENV)/docs-ready  ## Check style (ruff), imports (import-linter), types (mypy) and the documentation
	@$(MAKE) --no-print-directory -j2 $(LINT)

lint-style:
	@echo "Style: ruff."
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

lint-imports:
	@echo "Imports: import-linter."
	@said=$$($(BIN)/lint-imports --no-logo --cache-dir .import_linter_cache) || { echo "$$said"; exit 1; }

lint-types:
	@echo "Types: mypy."
	@$(BIN)/python -m mypy --no-error-summary

lint-types-of-tests:
	@echo "Types of the tests: mypy."
	@$(BIN)/python -m mypy --no-error-summary --config-file tests/mypy.ini

# Only the kills at random moments, which can be stopped and go on where they were: make chaos KILLS=1000
chaos: $(VENV)/browser-ready  ## Kill the bot at every step and at 200 random moments, and freeze and wake it
ifdef KILLS
	@echo "Chaos: killed at random moments."
	@$(BIN)/python tests/chaos/random_moments.py --kills $(KILLS)
else
	@echo "Chaos: killed before and after every step."
	@$(PYTEST) --every-kill tests/browser/test_chaos.py
	@echo "Chaos: killed at random moments."
	@$(BIN)/python tests/chaos/random_moments.py
	@echo "Chaos: frozen past its claims, and woken."
	@$(BIN)/python tests/chaos/random_moments.py --frozen
endif

# Fewer, to see whether it works: make chaos-machines ORDERS=100
.PHONY: chaos-machines
chaos-machines: $(VENV)/packages-ready  ## Kill, freeze and wake workers on four machines, and crash their database, every 5 s
	@echo "Chaos: a queue on four machines, with a database server where one is installed."
	@$(BIN)/python tests/chaos/machines.py $(if $(ORDERS),--orders $(ORDERS))
	@echo "Chaos: the same on one file."
	@$(BIN)/python tests/chaos/machines.py --file $(if $(ORDERS),--orders $(ORDERS))

drift: $(VENV)/browser-ready  ## Change the screens in every way of the drift suite, and print what is said of it
	@$(BIN)/python tests/drift/table.py

bench: $(VENV)/browser-ready  ## Measure, and print a table for each benchmark
	@for benchmark in tests/benchmarks/*.py; do \
		case "$$benchmark" in */peers.py|*/workers.py|*/soak.py|*/below_the_fold.py|*/many_workers.py) continue;; esac; \
		echo "Benchmark: $$benchmark."; $(BIN)/python "$$benchmark" || exit; done
	@$(MAKE) --no-print-directory bench-peers

# Fewer orders, to see whether they work: make bench-peers ORDERS=2
.PHONY: bench-peers bench-soak bench-below
bench-peers: $(VENV)/browser-ready  ## Measure the bot beside what people would use instead, and several workers
	@echo "Benchmark: tests/benchmarks/peers.py."
	@$(BIN)/python tests/benchmarks/peers.py $(if $(ORDERS),--orders $(ORDERS))
	@echo "Benchmark: tests/benchmarks/workers.py."
	@$(BIN)/python tests/benchmarks/workers.py $(if $(ORDERS),--orders $(ORDERS))

bench-soak: $(VENV)/browser-ready  ## Measure two thousand orders in one run, which takes about an hour
	@echo "Benchmark: tests/benchmarks/soak.py."
	@$(BIN)/python tests/benchmarks/soak.py $(if $(ORDERS),--orders $(ORDERS))

bench-below: $(VENV)/browser-ready  ## Run a hundred orders, half of them below the fold, on Adobe's own widgets
	@echo "Benchmark: tests/benchmarks/below_the_fold.py."
	@$(BIN)/python tests/benchmarks/below_the_fold.py $(if $(ORDERS),--orders $(ORDERS))

# Node and a way to its package registry are needed for this, and for nothing else.
BUNDLE := build/practice-bundle
.PHONY: practice-bundle
practice-bundle:  ## Build the practice Admin's spectrum face from bot/sandbox/spectrum, with Node
	@echo "Practice Admin: building its spectrum face in $(BUNDLE)."
	@rm -rf $(BUNDLE) && mkdir -p $(BUNDLE) && cp -R bot/sandbox/spectrum/. $(BUNDLE)
	@cd $(BUNDLE) && npm ci --loglevel=error
	@node $(BUNDLE)/build.mjs bot/sandbox/static

LOOK := build/look-bundle
.PHONY: look-bundle
look-bundle:  ## Build the script that looks at pages from bot/admin/look_source, with Node
	@echo "Looks at pages: building their script in $(LOOK)."
	@rm -rf $(LOOK) && mkdir -p $(LOOK) && cp -R bot/admin/look_source/. $(LOOK)
	@cd $(LOOK) && npm ci --loglevel=error
	@node $(LOOK)/build.mjs bot/admin

# Its folder: build/docs/site. It needs nothing from anywhere else, and can be opened as it is.
.PHONY: docs pictures
docs: $(VENV)/packages-ready $(VENV)/docs-ready  ## Build the documentation as a site, strictly
	@$(BIN)/python docs/site/make_site.py $(VENV)/docs/bin/zensical

.PHONY: dist sbom audit workflows release-check
dist: $(VENV)/packages-ready  ## Build wheel and sdist, twice: both times the same bytes
	@$(BIN)/python .ci/release.py build dist

release-check: $(VENV)/packages-ready
	@$(BIN)/python .ci/release.py check "$(TAG)"

# What the packages need, and what is bundled in them. Node is needed for the second.
RELEASE := $(VENV)/release/bin
BUNDLED := bot/admin/look_source bot/sandbox/spectrum
sbom: $(VENV)/packages-ready $(VENV)/release-ready  ## Write down everything that is in the packages (CycloneDX), in build/sbom
	@rm -rf build/sbom && mkdir -p build/sbom
	@$(BIN)/python .ci/release.py project build/sbom/pyproject.toml
	@$(RELEASE)/cyclonedx-py requirements --pyproject build/sbom/pyproject.toml --output-reproducible --of JSON \
		-o build/sbom/countermand.cdx.json requirements-image.lock 2>/dev/null
	@rm build/sbom/pyproject.toml
	@for folder in $(BUNDLED); do \
		name=$$(basename $$folder); rm -rf build/sbom/$$name; mkdir build/sbom/$$name; \
		cp $$folder/package.json $$folder/package-lock.json build/sbom/$$name; \
		(cd build/sbom/$$name && npm pkg set version=0.0.0 && npm install --package-lock-only --ignore-scripts --offline --loglevel=error \
			>/dev/null && npm sbom --sbom-format cyclonedx --package-lock-only --omit=dev > ../bundled-$$name.cdx.json) || exit; \
		rm -rf build/sbom/$$name; done
	@ls build/sbom

# Strictly: a package that the database could not be asked about is no package without vulnerabilities.
audit: $(VENV)/release-ready  ## Look for known vulnerabilities in every locked package, Python's and Node's
	@failed=0; for lock in requirements*.lock; do echo "Audit: $$lock."; \
		$(RELEASE)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r $$lock || failed=1; done; \
	for folder in $(BUNDLED); do echo "Audit: $$folder."; (cd $$folder && npm audit --package-lock-only) || failed=1; done; \
	exit $$failed

workflows: $(VENV)/release-ready  ## Check the workflows: their form, and what they let strangers do
	@$(RELEASE)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(RELEASE)/zizmor --offline --no-progress .github/workflows

pictures: $(VENV)/browser-ready  ## Make the pictures of the documentation again, from the demo
	@$(BIN)/python docs/site/pictures.py

lock: $(VENV)/packages-ready  ## Write the locks again from pyproject.toml
	@echo "Locks: the newest versions that pyproject.toml allows, with their hashes."
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/python -m venv "$$folder" && \
	"$$folder/bin/python" -m pip install -qq --disable-pip-version-check uv && \
	"$$folder/bin/uv" pip compile --universal --generate-hashes --python-version 3.11 pyproject.toml --group dev \
		--no-emit-index-url --no-annotate --upgrade --quiet -o requirements.lock --custom-compile-command "make lock" && \
	"$$folder/bin/uv" pip compile --universal --generate-hashes --python-version 3.11 --group build --constraint requirements.lock \
		--no-emit-index-url --no-annotate --upgrade --quiet -o requirements-build.lock --custom-compile-command "make lock" && \
	"$$folder/bin/uv" pip compile --universal --generate-hashes --python-version 3.11 --group docs --constraint requirements.lock \
		--no-emit-index-url --no-annotate --upgrade --quiet -o requirements-docs.lock --custom-compile-command "make lock" && \
	"$$folder/bin/uv" pip compile --universal --generate-hashes --python-version 3.11 --group release \
		--no-emit-index-url --no-annotate --upgrade --quiet -o requirements-release.lock --custom-compile-command "make lock" && \
	"$$folder/bin/uv" pip compile --universal --generate-hashes --python-version 3.11 pyproject.toml \
		--extra notify --extra oidc --extra postgresql --extra s3 \
		--constraint requirements.lock --no-emit-index-url --no-annotate --upgrade --quiet -o requirements-image.lock \
		--custom-compile-command "make lock"

clean:  ## Remove what make has made; the folders of runs stay
	rm -rf $(VENV) build dist mutants test-results .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .bench
	find bot flows tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A Python that cannot make a virtual environment is Debian's without its venv package.
$(VENV)/python-ready:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Countermand needs Python 3.11 or newer, which was not found here. Install it, or say where it is:" \
			"make PYTHON=/path/to/python3" >&2; exit 2; fi
	@"$(PYTHON)" -c '$(OLD_ENOUGH)' || { \
		echo "Countermand needs Python 3.11 or newer, and $(PYTHON) is not. Say where one is:" \
			"make PYTHON=/path/to/python3" >&2; exit 2; }
	@if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
		package=$$("$(PYTHON)" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
		if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
			echo "$(PYTHON) has no venv module. On Debian or Ubuntu, as root: apt-get install $$package" >&2; exit 2; fi; \
		echo "Python: installing $$package, which $(PYTHON) lacks."; \
		log=$$(apt-get update 2>&1 && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y --no-install-recommends "$$package" 2>&1) || { \
			echo "$$log" | tail -n 5 >&2; echo "That did not work: install $$package, then try again." >&2; exit 2; }; fi
	@echo "Python: making a virtual environment in $(VENV) with $$("$(PYTHON)" --version)."
	@"$(PYTHON)" -m venv --clear $(VENV)
	@echo "$(CURDIR)" > $@

$(VENV)/packages-ready: $(VENV)/python-ready requirements.lock pyproject.toml
	@echo "Packages: installing the exact versions of requirements.lock, about 150 MB the first time."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@echo "Packages: installing Countermand itself, from this folder."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# An environment of its own, so that what builds pages is in no other's way.
$(VENV)/docs-ready: $(VENV)/python-ready requirements-docs.lock
	@echo "Packages: installing Zensical, which builds the documentation, into $(VENV)/docs, about 90 MB."
	@$(BIN)/python -m venv --clear --without-pip $(VENV)/docs
	@$(BIN)/python -m pip --python $(VENV)/docs/bin/python install -qq --disable-pip-version-check --require-hashes \
		-r requirements-docs.lock
	@touch $@

$(VENV)/release-ready: $(VENV)/python-ready requirements-release.lock
	@echo "Packages: installing what audits and releases need into $(VENV)/release, about 100 MB."
	@$(BIN)/python -m venv --clear --without-pip $(VENV)/release
	@$(BIN)/python -m pip --python $(VENV)/release/bin/python install -qq --disable-pip-version-check --require-hashes \
		-r requirements-release.lock
	@touch $@

# An environment of its own, which borrows the packages that the tests need from the other one.
$(VENV)/mutants-ready: $(VENV)/packages-ready
	@echo "Packages: installing $(MUTMUT) into $(VENV)/mutants."
	@$(BIN)/python -m venv --clear --without-pip $(VENV)/mutants
	@folder() { "$$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; } && \
		folder $(BIN)/python > "$$(folder $(VENV)/mutants/bin/python)/borrowed.pth"
	@$(BIN)/python -m pip --python $(VENV)/mutants/bin/python install -qq --disable-pip-version-check $(MUTMUT)
	@touch $@

$(VENV)/browser-ready: $(VENV)/packages-ready
	@$(BIN)/python tests/kit/get_browser.py
	@touch $@
