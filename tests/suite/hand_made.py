"""A tiny workspace with one of everything that a log speaks of, made by the product's own rooms in a moment."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from riskstrat import audit
from riskstrat.audit import log_deed
from riskstrat.casefinding import CaseRegister
from riskstrat.publication import (
    EVERYONE,
    EVERYONE_COLUMNS,
    WeeklyList,
    dump_cases,
    name_references,
    publish,
    withdraw_list,
)
from riskstrat.publication.layout import CASES
from riskstrat.registry import ModelVersion, kept
from riskstrat.registry.records import build_version
from riskstrat.reviews import FileReviewStore, Review
from riskstrat.scoring import Linear, RiskModel, Term, Weights
from riskstrat.scoring.calibrator import Platt
from riskstrat.storage import compute_digest, write_bytes, write_json
from tests.browser.listed_team import team_list

THREE_FEATURES = Path(__file__).resolve().parents[1] / "three_features"
MODEL, VERSION = "a_stay_next_year", 1
STANDING, WITHDRAWN = date(2026, 11, 16), date(2026, 11, 9)
EVIDENCE = {
    "verdict": "It beats nothing.",
    "title": "A stay next year",
    "definitions_hash": "d" * 64,
    "test_dates": ["2025-09-02"],
    "left_out": {"champion": "there was none"},
    "models": {
        name: {"events": 900, "auroc": 0.7, "ici": 0.01, "ici_of_top_5_percent": 0.02} for name in ("stack", "lightgbm")
    },
    "intervals": [
        {"metric": name, "model": "stack", "versus": None, "estimate": one, "low": one - 0.1, "high": one + 0.1}
        for name, one in (("auroc", 0.7), ("calibration_slope", 1.0))
    ],
    "at_capacity": {"lift": 3.0},
    "subgroups": [],
    "leakage": {"alarms": [], "warnings": []},
    "recipe": {"outcome": "stay", "cohort": {}, "label": {}},
    "origins": [],
}


def make_workspace(root: Path) -> Path:
    """A workspace of three features with a list, a withdrawn list, reviews and a champion, each logged."""
    shutil.copytree(THREE_FEATURES, root, ignore=shutil.ignore_patterns("__pycache__"))
    publish_list(root, WITHDRAWN)
    withdraw_list(root / "lists", WITHDRAWN, "Late.", partial(audit.log_withdrawing, root, f"{WITHDRAWN}", "Late."))
    publish_list(root, STANDING)
    import_reviews(root)
    register_champion(root)
    return root


def publish_list(
    root: Path,
    day: date,
    cases: CaseRegister | None = None,
    more: Mapping[str, Any] | None = None,
    everyone: pd.DataFrame | None = None,
) -> None:
    """Publish a list of one team, with a CSV in place of its documents. cases: those that it hands on.

    more: what its manifest says instead. everyone: one row per eligible person, `EVERYONE_COLUMNS`.
    """
    team = team_list()
    facts = {
        "index_date": day,
        "model": MODEL,
        "version": VERSION,
        "teams": [{"code": team.team_code, "team": team.team}],
        "inputs": {"data": "d1"},
        **(more or {}),
    }

    def logging(manifest: Path, digest: str):  # type: ignore[no-untyped-def]
        return audit.log_publishing(root, manifest, day.isoformat(), digest)

    with publish(root / "lists" / day.isoformat(), WeeklyList(day, 1, MODEL, VERSION, (team,)), facts, logging) as part:
        references = (person.reference for person in team.people)
        rows = "".join(f"{one},p{place},{day}\n" for place, one in enumerate(references))
        (part / name_references(team.team_code)).write_text(f"reference,patient_id,index_date\n{rows}", "utf-8")
        (part / EVERYONE).parent.mkdir()
        rows_of_all = pd.DataFrame({name: ["p0"] for name in EVERYONE_COLUMNS}) if everyone is None else everyone
        rows_of_all.to_parquet(part / EVERYONE)
        (part / CASES).write_bytes(dump_cases(cases or CaseRegister()))


def import_reviews(root: Path) -> None:
    """Keep one review of the list that stands."""
    one = Review("p0", STANDING, team_list().team, "monitor", None, None, STANDING, None, None, None)
    details = {"list_date": f"{STANDING}", "team": team_list().team_code, "reviews": 1, "correction": None}
    store = FileReviewStore(root)
    store.add((STANDING, team_list().team_code), [one], None, lambda *file: audit.log_importing(root, *file, details))


def register_champion(root: Path) -> None:
    """Keep a version whose model is one small tree, and make it champion, without MLflow."""
    registry = root / "registry"
    folder = registry / "artifacts" / MODEL / "run1" / "artifacts"
    make_model().save(folder / "model/data/riskstrat_model")
    write_json(EVIDENCE, folder / "evidence.json")
    write_bytes(b"# Card\n", folder / "files/card.md", parents=True)
    record = build_version(registry, ModelVersion(MODEL, VERSION, "run1"), folder)
    with audit.log_training(root, f"{MODEL} {VERSION}", record.path, record.digest):
        record.write()
    champion = kept(registry, MODEL, VERSION).champion_record(registry)
    paper = registry / "cards" / f"{MODEL}-{VERSION}" / "card.md"
    leaves = {champion.path: champion.digest, paper: compute_digest(b"# Card\n")}
    with log_deed(root, audit.build_promoting(root, f"{MODEL} {VERSION}", None, leaves)):
        champion.write()
        write_bytes(b"# Card\n", paper, parents=True)


def make_model() -> RiskModel:
    """A stack of three columns."""
    draw = np.random.default_rng(1)
    values = draw.normal(size=(300, 3))
    data = lightgbm.Dataset(values, (values[:, 0] > 0).astype(float))
    settings = {"objective": "binary", "verbose": -1, "num_leaves": 4, "num_threads": 1, "deterministic": True}
    text = lightgbm.train(settings, data, 3).model_to_string()
    columns = ("one", "two", "three")
    model = RiskModel(text, columns, dict.fromkeys(columns, "f" * 64), Platt(1.0, 0.0), {"name": MODEL}, {})
    linear = Linear(-1.0, (Term("one", 0.0, -2.0, 2.0, log=False, weight=0.5),))
    return replace(model, linear=linear, weights=Weights(0.6, 0.4))
