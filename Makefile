# make demo   a week on a simulated borough, from source tables to each team's list
# make test   style, types and tests, about 15 minutes on two quiet cores
# make test-fast  style, types, and the tests that run no verb: what to run each minute
# make test-all   every test at full size, on random examples, with coverage
# make spark  add Apache Spark to the tests, half a gigabyte in .venv-spark; it needs Java 17 or 21 (docs/spark.md)
# make bench  speed beside other engines and beside the goals, written to docs/benchmarks.md; BENCH="--people 100000
#             1000000" for another size and for growth to a second, BENCH="--rows peers pdf" for some of its rows
# make lock   remake the locks from pyproject.toml and of the benchmark's peers (needs uv)
# make sbom   write dist/sbom.cdx.json, a CycloneDX bill of materials of what runs the product
# make clean  remove .venv, .venv-spark and what the tools left behind; never a workspace's data, lists or models
#
# The first run builds .venv from a hash-checked lock: requirements.lock holds what runs the product, its worklist too,
# and requirements-dev.lock the same pins and what tests it. requirements-engine.lock is for a site without the worklist. Another Python: make clean test PYTHON=python3.12

PYTHON ?= python3
UV ?= uv
VENV := .venv
PY := $(VENV)/bin/python
SPARK := .venv-spark
# Three stamps: a changed runtime lock builds the environment anew, a changed pyproject.toml only installs the project
# again, and what tests need is added when tests first run.
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
TESTABLE := $(VENV)/.testable
# Extras stay in the locks: pips before 26 ask for a pin of `coverage[toml]` itself once a newer coverage is out.
COMPILE := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-header --no-annotate
PEERS := tests/benchmarks/requirements-peers
FEATURETOOLS := tests/benchmarks/requirements-featuretools
COLLATE := tests/benchmarks/requirements-collate
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

# Whole files are handed to three workers, in the order of tests/suite/order.py: on two cores one computes while
# another waits for a browser, a server or the disk. Bytecode is kept whatever the machine's
# habit: tests start processes, and each would compile every module anew.
PYTEST := PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder
# What test-all draws its examples by: another number each time, or one that was printed.
SEED := $(or $(SEED),$(shell date +%s))

.PHONY: demo style suite test test-fast test-all install spark bench lock sbom clean
.DEFAULT_GOAL := demo

demo: $(READY)
	@$(PY) -m riskstrat demo --workspace .

style: $(TESTABLE)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# Types take one core for a minute: the tests begin beside them.
test: $(TESTABLE)
	@$(MAKE) --no-print-directory -j 2 style suite

suite: $(TESTABLE)
	$(PYTEST) -m "not exhaustive"

test-fast: style
	$(PYTEST) -m "not exhaustive" tests/unit tests/spec

test-all: style
	@echo "Random examples by seed $(SEED); the same ones again: make test-all SEED=$(SEED)"
	$(PYTEST) --hypothesis-profile=random --hypothesis-seed=$(SEED) --cov --cov-report=term

install: $(TESTABLE)

$(LOCKED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "riskstrat needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Building $(VENV) from requirements.lock: a minute or two, once." >&2
	@$(PYTHON) -m venv --clear $(VENV)
# Wheels only: a source package would run a build whose own requirements no hash covers. A lock names all that its
# packages ask for (tests/unit/test_locks.py): pip has nothing to work out.
	@$(PIP) --require-hashes --no-deps --only-binary :all: -r requirements.lock
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(PY) -c 'from riskstrat.scoring import lightgbm; lightgbm()' 2>/dev/null || { echo "LightGBM needs the" \
		"system's OpenMP runtime: install libomp (Homebrew) or libgomp1 (Debian, Ubuntu), then run make again" >&2; exit 1; }
	@touch $@

$(TESTABLE): $(READY) requirements-dev.lock
	@echo "Adding what the tests need, from requirements-dev.lock: about a minute, once." >&2
	@$(PIP) --require-hashes --no-deps --only-binary :all: -r requirements-dev.lock
	@touch $@

spark: $(SPARK)/.ready

# A source package: what builds it is in a lock too, and is not fetched by the build, which runs in a folder of its own:
# so its path is whole.
$(SPARK)/.ready: requirements-spark-build.lock requirements-spark.lock | $(READY)
	@echo "Adding Apache Spark from requirements-spark.lock to $(SPARK): a minute, once." >&2
	@rm -rf $(SPARK)
	@$(PIP) --require-hashes --only-binary :all: --target $(SPARK)/build -r requirements-spark-build.lock
	@PYTHONPATH="$(CURDIR)/$(SPARK)/build" $(PIP) --require-hashes --no-deps --no-build-isolation --no-compile --target $(SPARK) \
		-r requirements-spark.lock
	@rm -rf $(SPARK)/build
	@touch $@

bench: $(TESTABLE)
	$(PY) -m tests.benchmarks.bench $(BENCH)

lock:
	@command -v $(UV) >/dev/null || { echo "make lock needs uv on the path, or UV=/path/to/uv" >&2; exit 1; }
	$(COMPILE) --group install -o requirements-engine.lock
	$(COMPILE) --group install --extra worklist -c requirements-engine.lock -o requirements.lock
	$(COMPILE) --group dev --extra worklist -c requirements.lock -o requirements-dev.lock
	$(subst pyproject.toml,,$(COMPILE)) --group spark-build -o requirements-spark-build.lock
	$(subst pyproject.toml,,$(COMPILE)) --group spark -c requirements.lock -o requirements-spark.lock
	$(subst pyproject.toml,$(PEERS).in,$(COMPILE)) -c requirements.lock -o $(PEERS).lock
	$(subst pyproject.toml,$(FEATURETOOLS).in,$(COMPILE)) -o $(FEATURETOOLS).lock
	$(subst pyproject.toml,$(COLLATE).in,$(COMPILE)) --no-deps -o $(COLLATE).lock

sbom: $(TESTABLE)
	$(PY) docs/sbom.py dist/sbom.cdx.json

clean:
	rm -rf $(VENV) $(SPARK) build dist htmlcov .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find riskstrat features training tests -name __pycache__ -type d -prune -exec rm -rf {} +
