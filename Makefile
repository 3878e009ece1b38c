# `make run` and `make test` need Python 3.11 or later and nothing else: each sets up its own
# virtual environment first, and `make run` installs only what running needs.
MAKEFLAGS += --no-print-directory
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
RUN     = $(VENV)/.run-ready
DEV     = $(VENV)/.dev-ready
PIP     = $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST  = $(BIN)/python -m pytest --dist worksteal

# How many tests run at once: one for each processor.
WORKERS ?= $(shell getconf _NPROCESSORS_ONLN)

.PHONY: run cluster test test-all test-queued check docs picture screenshots icons bench soak links chaos load fuzz \
  audit clean

run: $(RUN)
	@$(BIN)/python -m chatd launch $(ARGS)

# A cluster of three nodes and a client each, on this machine; it needs etcd.
cluster: $(DEV)
	@$(BIN)/python -m tests.cluster.one_machine $(ARGS)

# Before each commit: every unit and integration test, and the end-to-end tests marked "smoke".
test: $(DEV)
	$(PYTEST) -n $(WORKERS) -m "not slow" $(ARGS)

# Everything, with many examples for each property. CONTRIBUTING.rst says what this needs. There are
# two tests for each processor, since most of the slow ones wait: for a timeout, or another program.
test-all: $(DEV)
	HYPOTHESIS_PROFILE=thorough $(PYTEST) -n $$((2 * $(WORKERS))) $(ARGS)

# `make test` with `--writes queued` on every server: no test may notice the difference.
test-queued: $(DEV)
	CHATD_WRITES=queued $(PYTEST) -n $(WORKERS) -m "not slow" $(ARGS)

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

# First what is generated from the code, then the site. A warning is an error.
docs: $(DEV)
	@$(BIN)/python -c 'import sphinx, furo' 2>/dev/null || $(PIP) --group docs >&2
	$(BIN)/python docs/generate.py
	@$(MAKE) docs/lifecycle.svg
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "The site is docs/_build/html/index.html"

docs/lifecycle.svg: docs/lifecycle.dot
	@command -v dot >/dev/null && dot -Tsvg $< -o $@ || echo "$@ stays as it is: it needs graphviz" >&2

picture: $(DEV)
	PYTHONPATH=. $(BIN)/python docs/picture.py

# The page, in chromium.
screenshots: $(DEV)
	PYTHONPATH=. $(BIN)/python docs/screenshots.py

# The icons of the page, in chromium.
icons: $(DEV)
	PYTHONPATH=. $(BIN)/python docs/icons.py

# Compares chatd with those of the other servers that are installed; ARGS=--help explains the rest.
bench: $(DEV)
	@$(BIN)/python -c 'import websockets' 2>/dev/null || $(PIP) --group bench >&2
	@$(BIN)/python -m benchmarks $(ARGS)

# Each target for so many minutes, one after the other; what is found stays in .fuzz/TARGET/.
fuzz: $(DEV)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || \
	  $(PIP) --group fuzz >&2
	@for target in $(or $(TARGETS),$$($(BIN)/python -m fuzz.targets)); do \
	  $(BIN)/python -m fuzz $$target --minutes $(or $(MINUTES),10) || exit 1; done

# Known mistakes in the code, and in the packages that it uses; the latter needs the Internet.
audit: $(DEV)
	@$(BIN)/python -c 'import bandit, pip_audit' 2>/dev/null || \
	  $(PIP) --group audit >&2
	$(BIN)/bandit --quiet --recursive chatd twisted
	$(BIN)/pip-audit --skip-editable

# 2,000 members chat for MINUTES; the exit status is 1 if a message was lost or memory grew.
soak: $(DEV)
	@$(BIN)/python -m tests.load.soak --minutes $(or $(MINUTES),15) $(ARGS)

# 20 clients chat for MINUTES on links that lose 5 % and then 30 % of all packets, and break every few
# seconds; the exit status is 1 if a line was lost, doubled or out of order. It needs root.
links: $(DEV)
	@$(BIN)/python -m tests.load.broken_links --minutes $(or $(MINUTES),10) $(ARGS)

# 12 clients chat for MINUTES on a cluster whose nodes and servers of etcd are killed, stopped and cut off;
# the exit status is 1 if a line was lost, doubled or out of order, or the nodes differ. It needs root and etcd.
chaos: $(DEV)
	@$(BIN)/python -m tests.load.chaos --minutes $(or $(MINUTES),30) $(ARGS)

# Flooders, members that stop reading, no free descriptors, a stop under load: 1 to 2 minutes each.
load: $(DEV)
	@for test in floods datagram_floods dearest_frames stopped_readers descriptors ending; do \
	  $(BIN)/python -m tests.load.$$test || exit 1; done

# Setting up writes to stderr: the standard output of `make run` is the chat.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "chatd needs Python 3.11 or later; name one with: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "Setting up $(VENV), once …" >&2
	@$(PYTHON) -m venv $(VENV) >&2 || \
	  { echo "Python could not make a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; }

# The checkout runs as it is, with the packages that it needs beside it. Python compiles those that
# it imports, which are few of all.
$(RUN): pyproject.toml | $(BIN)/pip
	@$(PIP) --no-compile $$($(BIN)/python -c 'import tomllib; \
	  print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"])') >&2
	@touch $@

# pip knows dependency groups from version 25.1 on. All is compiled here, since a warning of the
# compiler would be an error in a test.
$(DEV): pyproject.toml | $(BIN)/pip
	@$(PIP) --upgrade 'pip>=25.1' >&2
	@$(PIP) --no-compile -e '.[accounts]' --group dev >&2
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib >&2 || true
	@touch $(RUN) $@

clean:
	rm -rf $(VENV) build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/browser/node_modules
