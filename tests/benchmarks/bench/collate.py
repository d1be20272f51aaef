"""The row of the bench beside collate of triage, on a PostgreSQL that it starts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.sources.store import open_store
from tests.benchmarks.bench.borough import make_store
from tests.benchmarks.bench.features import (
    Bench,
    make_environment,
    measure_peer,
    measure_product,
    tabulate_engines,
)
from tests.benchmarks.bench.goals import NotMeasuredError, Section
from tests.benchmarks.bench.job import write_job
from tests.benchmarks.bench.page import describe_versions
from tests.benchmarks.peers.expressions import list_coded
from tests.benchmarks.peers.server_time import PROCESSES
from tests.suite.postgres import SETTINGS, Server, find_programs, start_server

AS_AN_ANALYST_RUNS_IT = {"shared_buffers": "1GB", "work_mem": "256MB", "max_wal_size": "4GB"}


def measure_collate(bench: Bench) -> Section:
    """The equal features by collate, whose values are held against the product's. Raises NotMeasuredError."""
    if find_programs() is None:
        raise NotMeasuredError("no PostgreSQL server is installed")
    if not PROCESSES.is_dir():
        raise NotMeasuredError("what a server's processes use is read on Linux alone")
    python = make_environment(bench.folder, "collate")
    store = make_store(bench.folder, bench.people)
    job = write_job(open_store(store), bench.folder)
    ours = measure_product(store, job, bench.rounds, "equal")
    with start_server(SETTINGS | AS_AN_ANALYST_RUNS_IT) as server:
        _load_job(server, job)
        theirs = measure_peer(python, "collate", job, bench.rounds)
        ((version,),) = server.run("SELECT current_setting('server_version')")
    engines = {"product": ours, "collate": theirs}
    lines = [
        f"## {ours['features']} equal features by collate of triage",
        "",
        "Collate writes SQL, and a PostgreSQL on this machine runs it, whose processor's seconds are counted too. The",
        "stored columns that are read are copied into it before, with the codes that each feature counts, and indexed",
        "by person and by day. For each date collate makes its tables, which are then copied out, as triage does it;",
        f"riskstrat reads the Parquet files. {describe_versions(engines)}, PostgreSQL {version.split()[0]}.",
        "",
        *tabulate_engines(engines),
    ]
    return Section(lines, [])


def _load_job(server: Server, job_file: Path) -> None:
    """Copy what a job reads into a server, with indexes, and tell the job where that is."""
    job = json.loads(job_file.read_text("utf-8"))
    for name, rows in read_tables(job):
        server.load(name, rows)
    for table, columns in list_indexes(job):
        server.run(f"CREATE INDEX ON {table} ({columns})")
    server.run("VACUUM ANALYZE")
    job["server"] = {"address": server.address(), "process": server.read_process()}
    job_file.write_text(json.dumps(job), "utf-8")


def read_tables(job: dict[str, Any]) -> Iterator[tuple[str, pa.Table]]:
    """Each table by its name: the stored columns that are read, the features that count each code, and the cohorts."""
    read: dict[str, set[str]] = defaultdict(set)
    for number, stream in enumerate(job["streams"]):
        for one in stream["sources"]:
            read[one["file"]].update(one["columns"].values())
        for column, codes in enumerate(stream["counted"]):
            if codes:
                flags = {f"k{n}": [n in counted for counted in codes.values()] for n in list_coded(stream, column)}
                yield f"codes_{number}_{column}", pa.table({"code": list(codes), **flags})
    for file, columns in read.items():
        yield Path(file).stem, pq.read_table(file, columns=["person", "valid_from", "valid_to", *sorted(columns)])
    yield "cohort", pa.concat_tables(_read_cohort(*one) for one in job["cohorts"].items())


def _read_cohort(day: str, file: str) -> pa.Table:
    """The people of an index date, under the day after: collate reads what is before its date."""
    people = pq.read_table(file)["person"]
    after = pa.scalar(date.fromisoformat(day) + timedelta(days=1))
    return pa.table({"entity_id": people, "as_of_date": pa.repeat(after, len(people))})


def list_indexes(job: dict[str, Any]) -> list[tuple[str, str]]:
    """By person and by each stored day, and each code."""
    found = {("cohort", "as_of_date, entity_id")}
    for number, stream in enumerate(job["streams"]):
        days = [tree[1] for tree in stream["days"] if tree[0] == "Field"]
        for one in stream["sources"]:
            table = Path(one["file"]).stem
            found |= {(table, "person"), *((table, one["columns"][day]) for day in days)}
        found |= {(f"codes_{number}_{column}", "code") for column, codes in enumerate(stream["counted"]) if codes}
    return sorted(found)
