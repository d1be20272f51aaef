"""Labels beside a recorded death, and what is recorded after it: small tables in, every label out, by eye.

The index date is 2 June 2025 and the window the 90 days after it, to 31 August. Labels are made on 31 December 2025.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from riskstrat.cohort import at_dates
from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.recipes import CohortRecipe, LabelRecipe
from riskstrat.definitions.settings import OPT_OUT_KINDS, Settings
from riskstrat.labels import label
from riskstrat.sources import tables
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store

INDEX, AS_AT, EXTRACT = date(2025, 6, 2), date(2025, 12, 31), date(2026, 6, 30)
OUTCOME = tables.admissions.filter(tables.admissions.method == "21")
DEAD_THEN = "dead by the index date, not known then"
NONE = float("nan")

# patient, died, known on; stays as "day" or "day known"; what must come of it as negative, composite
PEOPLE = """
no_death              ,            ,            , 2025-07-01            , event   , 1   , 1
dies_after            , 2025-09-01 , 2025-09-02 , 2025-07-01            , event   , 1   , 1
dies_in_the_window    , 2025-07-10 , 2025-07-12 ,                       , died    , 0   , 1
admitted_then_dies    , 2025-07-10 , 2025-07-12 , 2025-07-01            , event   , 1   , 1
admitted_on_the_day   , 2025-07-10 , 2025-07-12 , 2025-07-10            , event   , 1   , 1
admitted_the_day_after, 2025-07-10 , 2025-07-12 , 2025-07-11            , died    , 0   , 1
a_week_after          , 2025-07-10 , 2025-07-12 , 2025-07-17            , died    , 0   , 1
eight_days_after      , 2025-07-10 , 2025-07-12 , 2025-07-18            , doubted ,     ,
before_and_long_after , 2025-07-10 , 2025-07-12 , 2025-07-01;2025-08-18 , event   , 1   , 1
after_the_window      , 2025-07-10 , 2025-07-12 , 2025-11-18            , doubted ,     ,
window_ends_before    , 2025-09-01 , 2025-09-02 , 2025-11-18            , no event, 0   , 0
seen_after_labels     , 2025-07-10 , 2025-07-12 , 2026-03-01            , died    , 0   , 1
told_after_labels     , 2025-07-10 , 2025-07-12 , 2025-08-18 2026-03-01 , died    , 0   , 1
dead_long_since       , 2019-07-10 , 2025-07-12 ,                       , dead    ,     ,
and_alive             , 2019-07-10 , 2025-07-12 , 2025-07-01            , doubted ,     ,
known_after_labels    , 2025-07-10 , 2026-03-01 , 2025-08-18            , event   , 1   , 1
"""
REASONS = {"doubted": DOUBTFUL_DEATH, "dead": DEAD_THEN}


def read_people() -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in PEOPLE.strip().splitlines()]


def land(folder: Path, more: dict[str, list[str]]) -> Store:
    rows: dict[str, list[str]] = {
        "people": ["patient_id,date_of_birth,sex,date_of_death,died_known_on"],
        "admissions": ["patient_id,spell_id,admitted_on,method,known_on"],
    }
    for patient, died, known, stays, *_ in read_people():
        rows["people"].append(f"{patient},1950-01-01,F,{died},{known}")
        for stay in filter(None, stays.split(";")):
            day, _, known_on = stay.partition(" ")
            rows["admissions"].append(f"{patient},s{len(rows['admissions'])},{day},21,{known_on or day}")
    (folder / "source").mkdir()
    for name, lines in (rows | more).items():
        (folder / "source" / f"{name}.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    ingest(folder / "source", folder / "store", Settings(), as_at=EXTRACT)
    return open_store(folder / "store")


def find_labels(store: Store, death: str = "negative") -> pd.DataFrame:
    cohort = at_dates(store, CohortRecipe(min_age=18), [INDEX], OPT_OUT_KINDS)
    recipe = LabelRecipe(horizon="90d", gap_days=0, includes_index_day=False, death=death, delay="30d")  # type: ignore[arg-type]
    return label(store, cohort.rows, OUTCOME, recipe, AS_AT).rows.set_index("patient_id")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return land(tmp_path_factory.mktemp("deaths"), {})


@pytest.mark.parametrize(("death", "column"), [("negative", 5), ("composite", 6)])
def test_an_event_counts_up_to_the_day_of_death_and_a_doubtful_death_leaves_the_label_open(
    store: Store, death: str, column: int
) -> None:
    found = find_labels(store, death)
    said = {str(patient): (row["reason"], row["outcome"]) for patient, row in found.iterrows()}
    expected = {cells[0]: (REASONS.get(cells[4], cells[4]), float(cells[column] or "nan")) for cells in read_people()}
    assert {patient: (reason, str(outcome)) for patient, (reason, outcome) in said.items()} == {
        patient: (reason, str(outcome)) for patient, (reason, outcome) in expected.items()
    }


def test_the_event_of_a_label_is_never_after_a_death_and_that_of_a_composite_is_the_death(store: Store) -> None:
    died = pd.Series({cells[0]: cells[1] for cells in read_people() if cells[1] and cells[2] < "2026"})
    events = find_labels(store, "composite")["event_on"].dropna()
    both = events.index.intersection(died.index)
    assert len(both) > 4
    assert (events[both] <= pd.to_datetime(died[both])).all()
    assert events["a_week_after"] == pd.Timestamp("2025-07-10")


@pytest.mark.parametrize(
    ("table", "header", "row", "doubted"),
    [
        ("prescriptions", "issued_on,bnf,known_on", "2025-07-18,0212000B0,2025-07-19", True),
        ("contacts", "contacted_on,service,attended,known_on", "2025-07-18,gp,true,2025-07-19", True),
        ("contacts", "contacted_on,service,attended,known_on", "2025-07-18,gp,false,2025-07-19", False),
        ("conditions", "recorded_on,system,code,known_on", "2025-07-18,icd10,I10,2025-07-19", False),
    ],
)
def test_what_shows_somebody_alive_for_a_list_does_so_for_a_label(
    table: str, header: str, row: str, doubted: bool, tmp_path: Path
) -> None:
    store = land(tmp_path, {table: [f"patient_id,{header}", f"dies_in_the_window,{row}"]})
    reason = find_labels(store).loc["dies_in_the_window", "reason"]
    assert reason == (DOUBTFUL_DEATH if doubted else "died")
