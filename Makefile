# Every command of the project: `make` lists them, CONTRIBUTING.md says when to use which.

# The first Python on the path that the pinned packages support.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
	&& echo $$python && break; done)
UV ?= $(shell command -v uv 2>/dev/null)

BIN := .venv/bin
READY := .venv/.ready
PYTEST := $(BIN)/python -m pytest -ra
# A notebook's cells run in order in one process; the default distribution would part them.
PARALLEL := -n 2 --dist loadfile
ifneq ($(UV),)
VENV := $(UV) venv --quiet --python '$(PYTHON)'
INSTALL := $(UV) pip install --compile-bytecode --python $(BIN)/python
else
VENV := $(PYTHON) -m venv
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

.PHONY: help setup book test coverage lab notebooks dist lite bench load oracle hub clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s%s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv with every package at its pinned version

$(READY): requirements.txt constraints.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed: install it, or name it with make PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(VENV) .venv || { rm -rf .venv; exit 1; }
	$(INSTALL) -r requirements.txt
	@touch $@

book: $(READY) ## build the book, say where it is, and open it where there is a display
	$(BIN)/python tools/build_book.py --open

test: $(READY) ## run every test: unit, docstrings, notebooks, figures and book in a browser, repository rules
	$(BIN)/python tools/build_book.py
	$(PYTEST) $(PARALLEL)

# In one process: what notebooks reach is lost when parallel processes combine their data.
coverage: $(READY) ## run every test and list the lines of cnnmath that none reached, notebooks included
	$(BIN)/python tools/build_book.py
	$(PYTEST) --cov=cnnmath --cov-config=pyproject.toml --cov-report=term-missing:skip-covered

lab: $(READY) ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab book $(ARGS)

notebooks: $(READY) ## run every notebook anew and store its outputs in the committed form
	$(BIN)/jupyter execute --inplace --timeout=120 book/*.ipynb
	$(BIN)/python tools/normalise_notebooks.py

dist: $(READY) ## put the built book and the project into one zip, dist/cnnmath-book-VERSION.zip
	$(BIN)/python tools/make_dist.py

lite: $(READY) ## build _build/site, where the notebooks run in the browser (PYODIDE=folder: without internet)
	$(BIN)/python tools/make_lite.py $(if $(PYODIDE),--pyodide '$(PYODIDE)')

bench: $(READY) ## install PyTorch and scipy into .venv, time cnnmath beside them, write docs/benchmarks.md
	$(INSTALL) -c constraints.txt -e '.[oracle,bench]'
	$(BIN)/python -m benchmarks.report

load: $(READY) ## serve the built book by nginx to 64 connections of wrk for 30 s and say what came of it
	$(BIN)/python tools/build_book.py
	$(BIN)/python -m benchmarks.load

oracle: $(READY) ## install PyTorch into .venv and run the tests that compare with it
	$(INSTALL) -c constraints.txt -e '.[oracle]'
	$(PYTEST) $(PARALLEL) -m oracle tests

# Node.js comes as a Python package, so no system's own is needed; npm brings the hub's proxy.
hub: $(READY) ## install JupyterHub into .venv and run the tests of its configuration
	$(INSTALL) -c constraints.txt -e '.[hub]'
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm install --global --prefix .venv --no-audit --no-fund --loglevel=error configurable-http-proxy@5.3.0
	$(PYTEST) -m hub tests/deploy

clean: ## remove the built book and the executed notebooks
	rm -rf _build
