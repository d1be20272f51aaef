"""A sample of made-up people in a pack, and their features: worked out again wherever the pack is read."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from datetime import date
from pathlib import Path

from riskstrat.definitions.continuous_stays import STAY_RULES
from riskstrat.definitions.progress import Progress, silent
from riskstrat.simulation import simulate
from riskstrat.site.opening import build_matrix, cohort_at, open_workspace
from riskstrat.sources.codes import KnownCodes
from riskstrat.sources.ingest import ingest
from riskstrat.sources.mapping import choose_mapping
from riskstrat.storage import make_folder, write_bytes
from riskstrat.workspace import (
    SETTINGS_FILE,
    Workspace,
    find_compared_words,
    list_decisions,
    list_shipped_decisions,
    load,
)

SAMPLE, DEFINITIONS = "sample", "definitions"
SOURCE, FEATURES = "source", "features.csv"
PEOPLE, SEED, YEARS, UNTIL = 200, 1, 6, date(2026, 3, 31)


def write_sample(workspace: Workspace, folder: Path, progress: Progress = silent) -> None:
    """Write the definitions, a small simulated borough and its features by them into the folder of a pack.

    Settings of the site stay at home: they may name places and people. What decides a feature among them is written.
    """
    stays = workspace.settings.admissions.continuous_stays
    _write_file(folder / DEFINITIONS / SETTINGS_FILE, _write_settings(stays))
    for name, content in list_decisions(workspace.root).items():
        _write_file(folder / DEFINITIONS / name, content)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / SOURCE
        simulate(PEOPLE, SEED, source, years=YEARS, until=UNTIL)
        for path in sorted(source.iterdir()):
            _write_file(folder / SAMPLE / SOURCE / path.name, path.read_bytes())
    write_bytes(run_sample(folder, progress), folder / SAMPLE / FEATURES)


def run_sample(folder: Path, progress: Progress = silent) -> bytes:
    """The features of the sample in a pack by the definitions in it, as CSV: one row per person.

    It runs Python files of the pack. Raises DefinitionError and SourceError as loading and ingesting do.
    """
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "workspace"
        for path in sorted((folder / DEFINITIONS).rglob("*")):
            if path.is_file():
                _write_file(root / path.relative_to(folder / DEFINITIONS), path.read_bytes())
        loaded = load(root)
        ingest(
            choose_mapping(folder / SAMPLE / SOURCE, "canonical", root / "source.toml"),
            root / loaded.settings.data.store,
            loaded.settings,
            as_at=UNTIL,
            known=KnownCodes(loaded.codelists, find_compared_words(loaded)),
            progress=progress,
        )
        opened = open_workspace(root)
        recipe = opened.recipe(None)
        frame = build_matrix(opened, cohort_at(opened, recipe, UNTIL), progress).frame()
    return frame.to_csv(index=False, float_format="%.10g", lineterminator="\n").encode("utf-8")


def find_lacking(files: Collection[str]) -> list[str]:
    """What a sample cannot do without and is not among the files of a pack."""
    return sorted({f"{DEFINITIONS}/{SETTINGS_FILE}", f"{SAMPLE}/{FEATURES}"}.difference(files))


def is_sample_equal(folder: Path, progress: Progress = silent) -> bool:
    """Whether the features of the sample come out here as they stand in the pack, to the byte."""
    return run_sample(folder, progress) == (folder / SAMPLE / FEATURES).read_bytes()


def is_safe_to_run(folder: Path) -> bool:
    """Whether the sample runs nothing but what came with this riskstrat, by settings that lead nowhere else."""
    place = folder / DEFINITIONS
    shipped = list_shipped_decisions()
    programs = [path for path in place.rglob("*") if path.is_file() and path.suffix.lower().startswith(".py")]
    settings = (place / SETTINGS_FILE).read_bytes() in map(_write_settings, STAY_RULES)
    return settings and all(shipped.get(path.relative_to(place).as_posix()) == path.read_bytes() for path in programs)


def _write_settings(stays: str) -> bytes:
    return f'[admissions]\ncontinuous_stays = "{stays}"\n'.encode()


def _write_file(path: Path, content: bytes) -> None:
    make_folder(path.parent)
    write_bytes(content, path)
