# Everything a newcomer, a developer and CI do. `make demo` and `make test` set up what they need by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

export PYTHONDONTWRITEBYTECODE :=  # tests start hundreds of processes, which need not compile everything each time

.PHONY: setup demo test check fix unit bench peers docs browser ray clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)

demo: setup  ## the story of next-purchase on real data, then the pages (on a terminal)
	$(BIN)/python -m demo.story

check: setup  ## formatting, lint, strict types, import contracts
	$(BIN)/ruff format --check src tests demo bench
	$(BIN)/ruff check src tests demo bench
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

fix: setup
	$(BIN)/ruff format src tests demo bench
	$(BIN)/ruff check --fix src tests demo bench

unit: setup
	$(BIN)/python -m pytest -q tests/unit src/shipworthy

test: check browser  ## everything
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --ignore=tests/e2e/pages  # long files first
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/e2e/pages  # apart: a browser's driver holds its process's event loop

browser:  ## pages are tested in a real browser: Debian's
ifeq ($(CHROMIUM),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && apt-get install -y -qq chromium chromium-driver >/dev/null; \
	else echo "The pages are tested in a real browser. Install it: sudo apt-get install chromium chromium-driver"; exit 1; fi
endif

bench: setup  ## figures, recorded and compared; never a timed test
	for file in bench/*.py; do $(BIN)/python $$file || exit 1; done

peers:  ## other servers and monitors, each in an environment of its own, for bench/serving and bench/monitors
	for list in bench/*/peers/*.txt; do name=.venv-peers/$$(basename $$list .txt); \
	  test -x $$name/bin/python || $(PYTHON) -m venv $$name || exit 1; \
	  $$name/bin/python -m pip install --quiet --requirement $$list || exit 1; done

ray: setup  ## the same list on a local Ray cluster and on the plain engine, in an environment of its own
	test -x .venv-ray/bin/python || $(PYTHON) -m venv .venv-ray
	.venv-ray/bin/python -m pip install --quiet --requirement requirements.lock
	.venv-ray/bin/python -m pip install --quiet --editable ".[ray]"
	PYTHONPATH=tests .venv-ray/bin/python -m e2e.voyage.on_ray

docs: setup
	$(BIN)/python -m shipworthy.plan.reference > docs/reference/product-yaml.md

clean:
	rm -rf $(VENV) .venv-ray .mypy_cache .ruff_cache .pytest_cache .import_linter_cache demo-run
