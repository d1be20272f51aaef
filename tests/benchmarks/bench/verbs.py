"""Rows of the bench about whole verbs, each as a process of its own, and about the PDFs that one of them prints."""

from __future__ import annotations

import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from riskstrat.simulation import MARK
from riskstrat.sources.store import open_store
from riskstrat.sources.store_versions import read_facts
from riskstrat.storage import write_folder_atomically
from tests.benchmarks.bench.borough import make_store
from tests.benchmarks.bench.features import MILLION, Bench, make_environment
from tests.benchmarks.bench.goals import Held, Section
from tests.benchmarks.bench.page import find_median, format_gigabytes, tabulate
from tests.benchmarks.bench.processes import Took, read_figures, run_whole
from tests.suite.quick import leave_out_pdf

PEERS = Path(__file__).parents[1] / "peers"
VERB = (sys.executable, "-m", "riskstrat")
MODEL = "emergency_admission_12m"
MONDAY = "2026-11-16"
DEMO_PEOPLE = 3_000
SOURCES = {"parquet": ("a copy by DuckDB", 2.5), "csv": ("read_csv by DuckDB", 3.0)}
PROCESS = ["CPU s", "clock s", "memory GB"]


def measure_ingest(bench: Bench) -> Section:
    """`ingest` beside DuckDB, which copies the same files sorted by person and first date; rows are held equal."""
    make_store(bench.folder, bench.people)
    python = make_environment(bench.folder, "peers")
    rows, held = [], []
    for kind, (peer, limit) in SOURCES.items():
        source = _find_source(bench, kind)
        copied = bench.folder / "copied"
        theirs = run_whole([python, PEERS / "copy_sorted.py", source, copied], bench.rounds)
        workspace = _make_workspace(bench.folder / "ingest")
        ours = run_whole([*VERB, "ingest", source, "-w", workspace], bench.rounds)
        counted = read_figures([python, PEERS / "copy_sorted.py", source, copied])["rows"]
        equal = sum(_count_rows(workspace)[name] == number for name, number in counted.items())
        over = ours.processor / theirs.processor
        rows.append([kind, *_format_took(ours), f"{theirs.processor:.2f}", f"{over:.2f}", f"{equal} of {len(counted)}"])
        held.append(Held(f"`ingest` of {kind}, over {peer}", over, limit))
    lines = [
        "## `ingest`",
        "",
        "Beside DuckDB reading the same files and writing them as Parquet, sorted by person and first date: it checks",
        "nothing. Both are whole processes.",
        "",
        *tabulate(["files", *PROCESS, "DuckDB CPU s", "over DuckDB", "tables with equal rows"], rows),
    ]
    return Section(lines, held)


def measure_train(bench: Bench) -> Section:
    """`train` of the shipped model, once."""
    took = run_whole([*VERB, "train", MODEL, "-w", _make_site(bench)])
    held = [
        Held("`train`", took.processor, 150, "CPU s", of=(100_000,)),
        Held("`train`: memory", took.peak / 2**30, 2.5, "GB", of=(100_000,)),
        Held("`train`: memory", took.peak / 2**30, 12, "GB", of=(MILLION,)),
    ]
    return Section(["## `train`, once", "", *tabulate(PROCESS, [_format_took(took)])], held)


def measure_weekly(bench: Bench) -> Section:
    """`weekly` without PDFs, once."""
    site = _make_trained_site(bench)
    monday = _find_monday(site)
    if (site / "lists" / monday).is_dir():
        run_whole([*VERB, "withdraw", monday, "--reason", "Measured again.", "-w", site])
    took = run_whole([*VERB, "weekly", "--index-date", monday, "-w", site])
    held = [
        Held("`weekly` without PDFs", took.processor, 40, "CPU s", of=(MILLION,)),
        Held("`weekly`: memory", took.peak / 2**30, 1.5, "GB", of=(MILLION,)),
    ]
    return Section(["## `weekly` without PDFs, once", "", *tabulate(PROCESS, [_format_took(took)])], held)


def measure_replay(bench: Bench) -> Section:
    """`replay` of 52 weeks, once; and features of its 52 dates over those of one."""
    site = _make_trained_site(bench)
    page = bench.folder / "replay.html"
    page.unlink(missing_ok=True)
    took = run_whole([*VERB, "replay", "--weeks", "52", "--out", page, "-w", site])
    weeks = read_figures([sys.executable, "-m", "tests.benchmarks.bench.weeks", site, "52", str(bench.rounds)])
    one, many = (find_median(weeks, what) for what in ("one", "many"))
    passes = "1 pass" if weeks["runs"] == 1 else f"{weeks['runs']} passes"
    lines = [
        "## `replay --weeks 52`, once",
        "",
        *tabulate(PROCESS, [_format_took(took)]),
        "",
        f"Features of its 52 dates take {many:.2f} CPU s in {passes}, those of one date {one:.2f}.",
    ]
    return Section(lines, [Held("features of 52 weeks over one", many / one, 8)])


def measure_pdf(bench: Bench) -> Section:
    """The pages of the demo's teams as PDF, by one browser and each by its own; bytes are held equal."""
    lists = _make_demo(bench.folder) / "lists" / MONDAY
    told = read_figures([sys.executable, "-m", "tests.benchmarks.bench.printing", lists, str(bench.rounds)])
    together, alone = (find_median(told, what) for what in ("together", "alone"))
    pages = told["pages"]
    heading = ["one browser CPU s", "a browser each CPU s", "times less", "equal bytes"]
    cells = [f"{together:.2f}", f"{alone:.2f}", f"{alone / together:.1f}", f"{told['equal']} of {pages}"]
    held = [Held(f"{pages} PDFs", together, 2.5, "CPU s")]
    return Section([f"## {pages} PDFs", "", *tabulate(heading, [cells])], held)


def measure_verbs(bench: Bench) -> Section:
    """Verbs that are asked for at once, as whole processes on the demo."""
    workspace = _make_demo(bench.folder)
    everyone = pd.read_parquet(workspace / "lists" / MONDAY / "internal" / "everyone.parquet")
    patient = everyone.loc[everyone["place"] == "listed", "patient_id"].iloc[0]
    asked: dict[str, tuple[float, list[str]]] = {
        "models": (1, ["models"]),
        "check": (0.9, ["check"]),
        "explain": (3, ["explain", patient, "--index-date", MONDAY]),
        "why": (1.5, ["why", patient, "--index-date", MONDAY]),
    }
    taken = {name: run_whole([*VERB, *given, "-w", workspace], bench.rounds) for name, (_, given) in asked.items()}
    rows = [[f"`{name}`", *_format_took(took)] for name, took in taken.items()]
    lines = [
        "## Verbs as whole processes",
        "",
        f"A demo of {DEMO_PEOPLE:,} people.",
        "",
        *tabulate(["verb", *PROCESS], rows),
    ]
    held = [Held(f"`{name}`", took.processor, asked[name][0], "CPU s") for name, took in taken.items()]
    return Section(lines, held)


def _format_took(took: Took) -> list[str]:
    return [f"{took.processor:.2f}", f"{took.clock:.2f}", format_gigabytes(took.peak)]


def _find_source(bench: Bench, kind: str) -> Path:
    """The folder of the borough's tables as files of that kind."""
    source = bench.folder / f"borough-{bench.people}"
    if kind == "parquet":
        return source
    made = bench.folder / f"borough-{bench.people}-{kind}"
    if not made.exists():
        with write_folder_atomically(made) as incoming:
            for file in sorted(source.glob("*.parquet")):
                duckdb.sql(f"COPY (SELECT * FROM '{file}') TO '{incoming / file.stem}.csv'")
            shutil.copy(source / MARK, incoming)
    return made


def _count_rows(workspace: Path) -> dict[str, Any]:
    """By table its rows, those in quarantine too: of a large borough a stay or two stand under two spell ids."""
    tables = open_store(workspace / "data").manifest["tables"]
    return {name: told["accepted"] + told["quarantined"] for name, told in tables.items()}


def _make_workspace(folder: Path) -> Path:
    if not folder.exists():
        run_whole([*VERB, "init", folder])
        leave_out_pdf(folder)
    return folder


def _make_site(bench: Bench) -> Path:
    """A workspace of the borough, ingested once and used again."""
    make_store(bench.folder, bench.people)
    site = _make_workspace(bench.folder / f"site-{bench.people}")
    if read_facts(site / "data") is None:
        run_whole([*VERB, "ingest", bench.folder / f"borough-{bench.people}", "-w", site])
    return site


def _make_trained_site(bench: Bench) -> Path:
    """The same with a champion: the first version trained, whatever its gates say."""
    site = _make_site(bench)
    if not (site / "promoted").exists():
        if not list((site / "registry" / "cards").glob(f"{MODEL}-*")):
            run_whole([*VERB, "train", MODEL, "-w", site])
        reason = ["--override", "--by", "A. Bench", "--reason", "To be measured."]
        run_whole([*VERB, "promote", MODEL, "1", *reason, "-w", site])
        (site / "promoted").touch()
    return site


def _find_monday(site: Path) -> str:
    """The latest Monday of the data."""
    last: date = open_store(site / "data").data_as_at
    return (last - timedelta(days=last.weekday())).isoformat()


def _make_demo(folder: Path) -> Path:
    """The workspace of a demo, made once and used again."""
    workspace = folder / "demo"
    if not (workspace / "lists" / MONDAY).is_dir():
        run_whole([*VERB, "init", workspace])
        run_whole([*VERB, "demo", "--people", str(DEMO_PEOPLE), "-w", workspace])
    return workspace
