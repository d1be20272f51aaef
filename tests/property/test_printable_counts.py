"""What a page counts of stays, visits and falls is what plain pandas counts in the landed source.

Sensitive codes stand anywhere in it: as main and as further diagnoses, as complaints, as specialties.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.features import engine
from riskstrat.simulation import simulate
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.workspace import Workspace, load
from tests.suite.properties import population_settings

ROOT = Path(__file__).resolve().parents[2]
PLANTED = ("F102", "X601", "Y049", "B24", "O049", "T391X2A")
EMERGENCY = {"21", "22", "23", "24", "25", "28", "2A", "2D"}
COUNTS = ("emergency_admissions_365d", "ae_attendances_365d", "falls_365d", "days_since_emergency_admission")


@dataclass(frozen=True)
class Borough:
    """The landed tables, as they were written, and the store made of them."""

    tables: dict[str, pd.DataFrame]
    store: Store


def land(workspace: Workspace, folder: Path, seed: int) -> Borough:
    source = folder / "source"
    simulate(700, seed, source, years=3)
    tables = {path.stem: pd.read_parquet(path) for path in sorted(source.glob("*.parquet"))}
    plant(tables, np.random.default_rng(seed))
    for name in ("admissions", "diagnoses", "attendances"):
        tables[name].to_parquet(source / f"{name}.parquet")
    ingest(source, folder / "store", workspace.settings)
    return Borough(tables, open_store(folder / "store"))


def plant(tables: dict[str, pd.DataFrame], rng: np.random.Generator) -> None:
    """Sensitive codes in a fifth of diagnoses and complaints, and a sensitive specialty in a tenth of stays."""
    for table, column, words, share in (
        ("diagnoses", "code", PLANTED, 0.2),
        ("attendances", "complaint", ("OVERDOSE", "INTOXICATED", "X60"), 0.2),
        ("admissions", "specialty", ("360",), 0.1),
    ):
        rows = rng.random(len(tables[table])) < share
        rows &= tables[table][column].notna().to_numpy()
        tables[table][column] = tables[table][column].astype(object)
        tables[table].loc[rows, column] = rng.choice(words, int(rows.sum()))


def count_plainly(tables: dict[str, pd.DataFrame], day: pd.Timestamp) -> pd.DataFrame:
    """One row per person: the counts as anybody would make them from the landed tables."""
    made = {name: [] for name in COUNTS}
    stays, visits, falls = find_stays(tables, day), find_visits(tables, day), find_falls(tables, day)
    people = sorted(tables["people"]["patient_id"])
    for patient in people:
        mine = [days.get(patient, []) for days in (stays, visits, falls)]
        stay_days, visit_days, fall_days = ([(day - when).days for when in days] for days in mine)
        made["emergency_admissions_365d"].append(sum(ago < 365 for ago in stay_days))
        made["ae_attendances_365d"].append(sum(ago < 365 for ago in visit_days))
        made["falls_365d"].append(count_falls([ago for ago in fall_days if ago < 365]))
        ago = min(stay_days, default=9999)
        made["days_since_emergency_admission"].append(ago if ago < 1825 else np.nan)
    return pd.DataFrame(made, index=people).astype(float)


def gather(rows: pd.DataFrame, column: str) -> dict[str, list[pd.Timestamp]]:
    return {str(patient): list(days) for patient, days in rows.groupby("patient_id")[column]}


def select_known(rows: pd.DataFrame, event: str, day: pd.Timestamp) -> pd.DataFrame:
    rows = rows.assign(**{event: pd.to_datetime(rows[event]), "known_on": pd.to_datetime(rows["known_on"])})
    return rows[(rows[event] <= day) & (rows["known_on"] <= day)]


def find_stays(tables: dict[str, pd.DataFrame], day: pd.Timestamp) -> dict[str, list[pd.Timestamp]]:
    rows = select_known(tables["admissions"], "admitted_on", day)
    settled = (pd.to_datetime(rows["discharged_on"]) <= day) & (pd.to_datetime(rows["settled_known_on"]) <= day)
    urgent = rows["method"].isin(EMERGENCY) & (rows["patient_class"].fillna("1") == "1")
    urgent &= ~rows["source"].isin(["49", "51", "52", "53", "87"])
    urgent &= ~(rows["specialty"].isin(["501", "560"]) & settled)
    return gather(rows[urgent], "admitted_on")


def find_visits(tables: dict[str, pd.DataFrame], day: pd.Timestamp) -> dict[str, list[pd.Timestamp]]:
    rows = select_known(tables["attendances"], "attended_on", day)
    planned = (rows["category"] == "4") | rows["department_type"].isin(["05", "5"])
    return gather(rows[~planned], "attended_on")


def find_falls(tables: dict[str, pd.DataFrame], day: pd.Timestamp) -> dict[str, list[pd.Timestamp]]:
    reports = select_known(tables["falls"], "fell_on", day)[["patient_id", "fell_on"]]
    visits = select_known(tables["attendances"], "attended_on", day)
    fell = (visits["complaint"] == "FALL") & (visits["category"] != "4")
    visits = visits[fell][["patient_id", "attended_on"]].set_axis(["patient_id", "fell_on"], axis=1)
    with (ROOT / "features/codelists/falls_hospital.csv").open(encoding="utf-8") as file:
        listed = [row for row in csv.DictReader(file) if row["system"] == "icd10"]
    injuries = tuple(row["code"] for row in listed if row["group"] == "injury")
    causes = tuple(row["code"] for row in listed if row["group"] == "external cause")
    stays = select_known(tables["admissions"], "admitted_on", day)
    stays = stays[stays["method"].isin(EMERGENCY) & (stays["patient_class"].fillna("1") == "1")]
    coded = tables["diagnoses"].assign(known_on=pd.to_datetime(tables["diagnoses"]["known_on"]))
    coded = coded[coded["known_on"] <= day]
    injured = coded[(coded["position"] == 1) & coded["code"].str.startswith(injuries)]["spell_id"]
    fell = coded[(coded["position"] > 1) & coded["code"].str.startswith(causes)]["spell_id"]
    stays = stays[stays["spell_id"].isin(injured) & stays["spell_id"].isin(fell)]
    hospital = stays[["patient_id", "admitted_on"]].set_axis(["patient_id", "fell_on"], axis=1)
    return gather(pd.concat([reports, visits, hospital]), "fell_on")


def count_falls(days_ago: list[int]) -> int:
    """Reports within 3 days of the first of a fall are of the same fall."""
    first, falls = None, 0
    for ago in sorted(days_ago, reverse=True):
        if first is None or first - ago > 3:
            first, falls = ago, falls + 1
    return falls


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(ROOT)


def test_every_persons_counts_are_those_of_the_landed_source(workspace: Workspace) -> None:
    hidden = []

    @population_settings(1, drawn=2)
    @given(st.integers(1, 10_000))
    def holds(seed: int) -> None:
        with TemporaryDirectory() as folder:
            made = land(workspace, Path(folder), seed)
            day = pd.Timestamp(made.store.data_as_at)
            cohort = made.store.people()[["person", "patient_id"]].assign(index_date=day)
            features = {name: workspace.features[name] for name in COUNTS}
            engines = [
                engine(
                    made.store, features, workspace.fingerprints, workspace.codelists, workspace.settings.engine,
                    printable=printable,
                )
                for printable in (True, False)
            ]  # fmt: skip
            found, whole = (one.matrix(cohort).frame().set_index("patient_id")[list(COUNTS)] for one in engines)
            with made.store.connect(workspace.codelists, printable=True) as backend:
                shown = len(backend.execute("SELECT * FROM diagnoses").to_arrow_table())
            hidden.append(shown < 0.9 * len(made.tables["diagnoses"]))
        pd.testing.assert_frame_equal(found.astype(float), whole.astype(float))
        expected = count_plainly(made.tables, day)
        found = found.astype(float).sort_index()
        differing = ~(found.eq(expected) | (found.isna() & expected.isna()))
        assert not differing.any(axis=None), (seed, differing.sum().to_dict())
        assert (expected.sum() > 20).all()

    holds()
    assert all(hidden)
