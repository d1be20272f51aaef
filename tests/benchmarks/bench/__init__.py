"""`python -m tests.benchmarks.bench`, which is `make bench`: speed beside other engines, and docs/benchmarks.md."""
