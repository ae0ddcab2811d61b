# Every target sets up what it needs: a fresh clone and Python >= 3.11 are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.DEFAULT_GOAL := help
.PHONY: help demo test check docs bench bench-run coverage chaos clean

help:  ## say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/run.stamp: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -e . && touch $@

$(VENV)/dev.stamp: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -e '.[dev]' && touch $@ $(VENV)/run.stamp

$(VENV)/tools.stamp: tests/tools.txt $(VENV)/dev.stamp
	@test -x $(VENV)/tools/bin/python || $(PYTHON) -m venv $(VENV)/tools
	@$(VENV)/tools/bin/python -m pip --disable-pip-version-check -q install -r tests/tools.txt && touch $@

$(VENV)/bench.stamp: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -e '.[dev,bench]' && touch $@ $(VENV)/run.stamp $(VENV)/dev.stamp

demo: $(VENV)/run.stamp  ## make a day of an account with an attack in it, find the attack, show the alerts
	@$(BIN)/vedette demo

test: $(VENV)/dev.stamp $(VENV)/tools.stamp  ## run the tests
	@$(BIN)/python -m pytest -n auto

check: $(VENV)/dev.stamp  ## lint, types, layers, detections, documentation
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vedette detections check
	@$(BIN)/vedette detections test
	@$(BIN)/python docs/build.py --check

coverage: $(VENV)/dev.stamp $(VENV)/tools.stamp  ## measure what the tests reach
	@$(BIN)/coverage erase
	@$(BIN)/python -m pytest -n auto --cov --cov-report=term

docs: $(VENV)/dev.stamp  ## write the generated reference pages
	@$(BIN)/python docs/build.py

bench: $(VENV)/bench.stamp  ## compare the engine with its floor and its peers, and measure the live monitor
	@$(BIN)/python bench/run.py
	@$(BIN)/python bench/run_monitor.py

bench-run: $(VENV)/dev.stamp  ## measure the live monitor: file to message, records a second, a tick
	@$(BIN)/python bench/run_monitor.py

chaos: $(VENV)/dev.stamp $(VENV)/tools.stamp  ## kill the monitor 200 times over 10,000 files, as often over a queue, and count what is left
	@VEDETTE_CHAOS_KILLS=$${VEDETTE_CHAOS_KILLS:-200} VEDETTE_CHAOS_FILES=$${VEDETTE_CHAOS_FILES:-10000} \
		$(BIN)/python -m pytest tests/chaos -s

clean:  ## remove what was made here
	@rm -rf $(VENV) build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
