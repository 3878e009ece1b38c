# `make run` and `make test` need Python 3.11 or later and nothing else: each sets up its own
# virtual environment first.
MAKEFLAGS += --no-print-directory
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
READY   = $(VENV)/.ready

.PHONY: run test test-queued check docs picture screenshots bench soak abuse fuzz audit clean

run: $(READY)
	@$(BIN)/chatd launch $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest $(ARGS)

# The whole suite again, with every server's writes queued instead of sent at once.
test-queued: $(READY)
	PYTHONPATH="$(CURDIR):$(CURDIR)/tests/queued" $(BIN)/python -m pytest $(ARGS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

# First what is generated from the code, then the site. A warning is an error.
docs: $(READY)
	@$(BIN)/python -c 'import sphinx, furo' 2>/dev/null || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]' >&2
	$(BIN)/python docs/generate.py
	@$(MAKE) docs/lifecycle.svg
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "The site is docs/_build/html/index.html"

docs/lifecycle.svg: docs/lifecycle.dot
	@command -v dot >/dev/null && dot -Tsvg $< -o $@ || echo "$@ stays as it is: it needs graphviz" >&2

picture: $(READY)
	PYTHONPATH=. $(BIN)/python docs/picture.py

# The page, in chromium.
screenshots: $(READY)
	PYTHONPATH=. $(BIN)/python docs/screenshots.py

# The servers it compares chatd with are those it finds; it names the others, and their packages.
bench: $(READY)
	@$(BIN)/python -c 'import matplotlib' 2>/dev/null || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]' >&2 || \
	  echo "matplotlib could not be installed: there will be no plot" >&2
	@$(BIN)/python -m benchmarks $(ARGS)

# Each target for so many minutes, one after the other; what is found stays in .fuzz/TARGET/.
fuzz: $(READY)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]' >&2
	@for target in $(or $(TARGETS),$$($(BIN)/python -m fuzz.targets)); do \
	  $(BIN)/python -m fuzz $$target --minutes $(or $(MINUTES),10) || exit 1; done

# Known mistakes in the code, and in the packages that it uses; the latter needs the Internet.
audit: $(READY)
	@$(BIN)/python -c 'import bandit, pip_audit' 2>/dev/null || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[audit]' >&2
	$(BIN)/bandit --quiet --recursive chatd twisted
	$(BIN)/pip-audit --skip-editable

# 2,000 people for MINUTES. What is wrong is said, and the exit status is 1.
soak: $(READY)
	@$(BIN)/python -m benchmarks.abuse.soak --minutes $(or $(MINUTES),15) $(ARGS)

# Floods, readers who stop, no more descriptors, an ending under load; each one to two minutes.
abuse: $(READY)
	@$(BIN)/python -m benchmarks.abuse.floods
	@$(BIN)/python -m benchmarks.abuse.stopped
	@$(BIN)/python -m benchmarks.abuse.files
	@$(BIN)/python -m benchmarks.abuse.ending

# Everything here goes to stderr: the standard output of `make run` is the chat.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "chatd needs Python 3.11 or later; name one with: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >&2 || \
	  { echo "Python could not make a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV), once …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' >&2
	@touch $@

clean:
	rm -rf $(VENV) build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/browser/node_modules
