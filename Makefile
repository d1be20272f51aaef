# make demo   a week on a simulated borough, from source tables to each team's list
# make test   style, types and tests
# make lock   remake requirements.lock from pyproject.toml (needs uv)
# make clean  remove .venv and what the tools left behind; never a workspace's data, lists or models
#
# The first run builds .venv from the hash-checked lock. Another Python: make clean test PYTHON=python3.12

PYTHON ?= python3
UV ?= uv
VENV := .venv
PY := $(VENV)/bin/python
# Two stamps: a changed lock builds the environment anew, a changed pyproject.toml only installs the project again.
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

.PHONY: demo test install lock clean
.DEFAULT_GOAL := demo

demo: $(READY)
	@$(PY) -m riskstrat demo --workspace .

test: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pytest -n 2 --dist loadfile --cov --cov-report=term

install: $(READY)

$(LOCKED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "riskstrat needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Building $(VENV) from requirements.lock: a few minutes, once." >&2
	@$(PYTHON) -m venv --clear $(VENV)
# Wheels only: a source package would run a build whose own requirements no hash covers.
	@$(PIP) --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(PY) -c 'from riskstrat.scoring import lightgbm; lightgbm()' 2>/dev/null || { echo "LightGBM needs the" \
		"system's OpenMP runtime: install libomp (Homebrew) or libgomp1 (Debian, Ubuntu), then run make again" >&2; exit 1; }
	@touch $@

lock:
	@command -v $(UV) >/dev/null || { echo "make lock needs uv on the path, or UV=/path/to/uv" >&2; exit 1; }
	$(UV) pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate -o requirements.lock

clean:
	rm -rf $(VENV) build dist htmlcov .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find riskstrat features training tests -name __pycache__ -type d -prune -exec rm -rf {} +
