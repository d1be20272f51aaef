"""Faults injected on purpose: the ledger names each, and ingest finds them all and nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.simulation import simulate
from riskstrat.sources.ingest import IngestReport, ingest
from tests.suite.stores import find_version

UNTIL = date(2026, 11, 16)
FOLLOWERS = {"person quarantined", "spell quarantined"}


def _ingested(source: Path) -> tuple[IngestReport, pd.DataFrame]:
    store = source.parent / "store"
    settings = Settings.model_validate({"data": {"quarantine_limit": 0.5}})
    report = ingest(source, store, settings, as_at=UNTIL)
    return report, pq.read_table(find_version(store) / "quarantine.parquet").to_pandas()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("dirty") / "borough"
    simulate(5_000, 7, source, years=4, faults=0.02)
    return source


@pytest.fixture(scope="module")
def scored(source: Path) -> tuple[IngestReport, pd.DataFrame, pd.DataFrame]:
    ledger = pq.read_table(source.parent / "borough_truth" / "faults.parquet").to_pandas()
    return *_ingested(source), ledger


def test_a_clean_borough_is_accepted_whole(tmp_path: Path) -> None:
    simulate(3_000, 7, tmp_path / "borough", years=4)
    report, quarantined = _ingested(tmp_path / "borough")
    assert quarantined.empty
    assert report.data_as_at == UNTIL.isoformat()
    assert report.null_dates == 0


def test_every_injected_fault_is_found(scored: tuple[IngestReport, pd.DataFrame, pd.DataFrame]) -> None:
    report, quarantined, ledger = scored
    found = ledger.merge(quarantined, on=["table", "row"], how="left")
    null_dates = found["fault"] == "null date"
    print("\n" + pd.crosstab(found["fault"], found["rule"].fillna("accepted")).to_string())
    as_named = (found["rule"] == found["fault"]) | found["rule"].isin(FOLLOWERS)
    assert as_named[~null_dates].all()
    assert found.loc[null_dates, "rule"].isin(FOLLOWERS).sum() + report.null_dates >= null_dates.sum()


def test_nothing_is_quarantined_that_is_neither_faulty_nor_follows_a_faulty_row(
    scored: tuple[IngestReport, pd.DataFrame, pd.DataFrame], source: Path
) -> None:
    _, quarantined, ledger = scored
    extra = quarantined.merge(ledger, on=["table", "row"], how="left")
    clean = extra[extra["fault"].isna()]
    again = clean[clean["rule"] == "duplicate"]
    assert set(clean["rule"]) <= {*FOLLOWERS, "duplicate"}
    # By chance two stays of one day are alike in all but their ids and when they were known: they are read as one.
    assert set(again["table"]) <= {"admissions", "diagnoses"}
    stays = pq.read_table(source / "admissions.parquet").to_pandas()
    alike = stays.duplicated(
        [name for name in stays if name not in ("spell_id", "known_on", "settled_known_on")], keep=False
    )
    taken = again.loc[again["table"] == "admissions", "row"] - 1
    assert alike.iloc[taken].all()
    assert len(taken) <= 3


def test_faults_of_every_kind_are_injected_at_about_the_share_asked_for(
    scored: tuple[IngestReport, pd.DataFrame, pd.DataFrame],
) -> None:
    report, _, ledger = scored
    assert set(ledger["fault"]) == {
        "duplicate",
        "ends before it starts",
        "event after the extract",
        "event before birth",
        "implausible age",
        "implausible value",
        "null date",
        "unknown code",
        "unknown person",
    }
    rows = sum(table.landed for name, table in report.tables.items() if name in SCHEMAS and name != "areas")
    assert 0.018 < len(ledger) / rows < 0.022


@pytest.mark.exhaustive
@pytest.mark.parametrize(("borough", "seed"), [("knowsley", 11), ("wirral", 12)])
def test_a_ledger_of_one_row_in_twenty_is_met_with_recall_and_precision(
    borough: str, seed: int, tmp_path: Path
) -> None:
    simulate(20_000, seed, tmp_path / "borough", borough=borough, faults=0.05)
    ledger = pq.read_table(tmp_path / "borough_truth" / "faults.parquet").to_pandas()
    report, quarantined = _ingested(tmp_path / "borough")
    found = ledger.merge(quarantined, on=["table", "row"], how="left")
    null_dates = found["fault"] == "null date"
    met = found.loc[~null_dates, "rule"].notna().sum()
    # An end that is emptied leaves its row where it is, and is counted.
    emptied = min(null_dates.sum(), found.loc[null_dates, "rule"].isin(FOLLOWERS).sum() + report.null_dates)
    own = quarantined[~quarantined["rule"].isin(FOLLOWERS)].merge(ledger, on=["table", "row"], how="left")
    recall, precision = (met + emptied) / len(ledger), own["fault"].notna().mean()
    print(f"\n{borough}: {len(ledger):,} faults, recall {recall:.5f}; {len(own):,} own rows, precision {precision:.5f}")
    # An opt-out of an unknown kind is no loss: it has its effect, so its row stays.
    assert set(found.loc[~null_dates & found["rule"].isna(), "table"]) <= {"opt_outs"}
    assert recall >= 0.995
    assert precision >= 0.99
