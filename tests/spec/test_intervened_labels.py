"""Hand-made reviews and caseloads, read by eye: what an action of an MDT in the label window does to a label.

The index date is 1 January 2024 and the window 10 days: its first day is 2 January, its last 11 January. With the index
day taken in, the first day is 1 January and the last 10 January. Labels are made on 31 March 2024.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskstrat.cohort import at_dates
from riskstrat.definitions.recipes import CohortRecipe, LabelRecipe
from riskstrat.definitions.settings import Settings
from riskstrat.labels import Intervened, Labels, intervened, label
from riskstrat.labels.outcomes import DEAD
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.tables import admissions

INDEX, AS_AT, EXTRACT = date(2024, 1, 1), date(2024, 3, 31), date(2024, 12, 31)
EMERGENCY = admissions.filter(admissions.method == "21")
SHORT: dict[str, Any] = {"horizon": "10d", "delay": "30d"}

REVIEWS = """
on_index_day        , 2024-01-01 , case_management
on_first_day        , 2024-01-02 , falls_service
on_last_day         , 2024-01-11 , medication_review
after_the_window    , 2024-01-12 , medication_review
no_action           , 2024-01-05 , no_action_well_supported
known_already       , 2024-01-05 , already_known_to_service
put_off             , 2024-01-05 , deferred
only_watched        , 2024-01-05 , monitor
said_no             , 2024-01-05 , declined
not_reached         , 2024-01-05 , could_not_contact
put_off_then_seen   , 2024-01-05 , deferred
put_off_then_seen   , 2024-01-08 , reablement
in_words_of_a_site  , 2024-01-05 , Telehealth
event_before        , 2024-01-06 , ltc_review
event_the_same_day  , 2024-01-05 , ltc_review
event_after         , 2024-01-04 , ltc_review
twice               , 2024-01-07 , ltc_review
twice               , 2024-01-03 , social_prescribing
twice               , 2024-01-09 , telecare
died_before         , 2024-01-06 , advance_care_plan
died_the_same_day   , 2024-01-05 , palliative_care
died_after          , 2024-01-04 , palliative_care
left_after          , 2024-01-04 , carer_support
dead_unknown        , 2024-01-04 , carer_support
months_later        , 2024-04-01 , carer_support
"""

CASELOAD = """
taken_on            , 2024-01-06 , active
taken_on_earlier    , 2023-12-20 , active
closed_since        , 2024-01-06 , closed
only_screened       , 2024-01-06 , screened
twice               , 2024-01-04 , active
"""

EVENTS = """
event_before        , 2024-01-05
event_the_same_day  , 2024-01-05
event_after         , 2024-01-05
no_action           , 2024-01-05
"""

DEATHS = {"died_before": 5, "died_the_same_day": 5, "died_after": 5}
NOT_KNOWN_DEAD = "dead_unknown"
LEFT = "left_after"

# ---- With `treat` nothing changes ----

TREAT = """
after_the_window    , 0    , no event     ,            ,            ,
closed_since        , 0    , no event     ,            ,            , 2024-01-06
dead_unknown        ,      , dead already ,            ,            , 2024-01-04
died_after          , 0    , died         ,            ,            , 2024-01-04
died_before         , 0    , died         ,            ,            , 2024-01-06
died_the_same_day   , 0    , died         ,            ,            , 2024-01-05
event_after         , 1    , event        , 2024-01-05 ,            , 2024-01-04
event_before        , 1    , event        , 2024-01-05 ,            , 2024-01-06
event_the_same_day  , 1    , event        , 2024-01-05 ,            , 2024-01-05
in_words_of_a_site  , 0    , no event     ,            ,            , 2024-01-05
known_already       , 0    , no event     ,            ,            ,
left_after          ,      , deregistered ,            , 2024-01-08 , 2024-01-04
months_later        , 0    , no event     ,            ,            ,
no_action           , 1    , event        , 2024-01-05 ,            ,
not_reached         , 0    , no event     ,            ,            ,
on_first_day        , 0    , no event     ,            ,            , 2024-01-02
on_index_day        , 0    , no event     ,            ,            ,
on_last_day         , 0    , no event     ,            ,            , 2024-01-11
only_screened       , 0    , no event     ,            ,            ,
only_watched        , 0    , no event     ,            ,            ,
put_off             , 0    , no event     ,            ,            ,
put_off_then_seen   , 0    , no event     ,            ,            , 2024-01-08
said_no             , 0    , no event     ,            ,            ,
taken_on            , 0    , no event     ,            ,            , 2024-01-06
taken_on_earlier    , 0    , no event     ,            ,            ,
twice               , 0    , no event     ,            ,            , 2024-01-03
"""
"""patient, outcome, reason, event_on, censored_on, action_on."""

# ---- What the other modes change: every other row is as above ----

CENSOR = """
closed_since        ,      , MDT action first ,        , 2024-01-06 , 2024-01-06
died_after          ,      , MDT action first ,        , 2024-01-04 , 2024-01-04
event_after         ,      , MDT action first ,        , 2024-01-04 , 2024-01-04
in_words_of_a_site  ,      , MDT action first ,        , 2024-01-05 , 2024-01-05
on_first_day        ,      , MDT action first ,        , 2024-01-02 , 2024-01-02
on_last_day         ,      , MDT action first ,        , 2024-01-11 , 2024-01-11
put_off_then_seen   ,      , MDT action first ,        , 2024-01-08 , 2024-01-08
taken_on            ,      , MDT action first ,        , 2024-01-06 , 2024-01-06
twice               ,      , MDT action first ,        , 2024-01-03 , 2024-01-03
"""

EXCLUDE = """
closed_since        ,      , MDT action in the window , , , 2024-01-06
died_after          ,      , MDT action in the window , , , 2024-01-04
died_before         ,      , MDT action in the window , , , 2024-01-06
died_the_same_day   ,      , MDT action in the window , , , 2024-01-05
event_after         ,      , MDT action in the window , , , 2024-01-04
event_before        ,      , MDT action in the window , , , 2024-01-06
event_the_same_day  ,      , MDT action in the window , , , 2024-01-05
in_words_of_a_site  ,      , MDT action in the window , , , 2024-01-05
on_first_day        ,      , MDT action in the window , , , 2024-01-02
on_last_day         ,      , MDT action in the window , , , 2024-01-11
put_off_then_seen   ,      , MDT action in the window , , , 2024-01-08
taken_on            ,      , MDT action in the window , , , 2024-01-06
twice               ,      , MDT action in the window , , , 2024-01-03
"""

# ---- How it is run ----


def written(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in text.strip().splitlines()]


def land(folder: Path, without: tuple[str, ...] = (), decided: bool = True) -> Store:
    names = sorted({row[0] for row in written(REVIEWS + CASELOAD + EVENTS)})
    deaths = {name: f"2024-01-{day:02},2024-01-{day:02}" for name, day in DEATHS.items()}
    deaths[NOT_KNOWN_DEAD] = "2024-02-01,2023-12-30"
    left = {LEFT: "2024-01-08"}
    day = "decided_on" if decided else "due_on"
    tables = {
        "people": ["patient_id,date_of_birth,sex,died_known_on,date_of_death"]
        + [f"{name},1950-01-01,F,{deaths.get(name, ',')}" for name in names],
        "registrations": ["patient_id,practice,registered_from,registered_to"]
        + [f"{name},N83001,2010-01-01,{left.get(name, '')}" for name in names],
        "admissions": ["patient_id,spell_id,admitted_on,method"]
        + [f"{name},s{number},{when},21" for number, (name, when) in enumerate(written(EVENTS))],
        "reviews": [f"patient_id,list_date,team,outcome,{day}"]
        + [
            f"{name},{'2023-12-25' if decided else when},T,{outcome},{when}" for name, when, outcome in written(REVIEWS)
        ],
        "caseload": ["patient_id,team,status,from_on"]
        + [f"{name},T,{status},{when}" for name, when, status in written(CASELOAD)],
    }
    (folder / "source").mkdir(parents=True)
    for name, lines in tables.items():
        if name not in without:
            (folder / "source" / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    strict = Settings.model_validate({"data": {"quarantine_limit": 0.1}})
    ingest(folder / "source", folder / "store", strict, as_at=EXTRACT)
    return open_store(folder / "store")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return land(tmp_path_factory.mktemp("acted"))


def labelled(store: Store, **recipe: Any) -> Labels:
    rows = at_dates(store, CohortRecipe(), [INDEX], ()).rows
    return label(store, rows, EMERGENCY, LabelRecipe.model_validate(SHORT | recipe), AS_AT)


def table(labels: Labels) -> list[list[str]]:
    columns = ["patient_id", "outcome", "reason", "event_on", "censored_on", "action_on"]
    rows = labels.rows[columns].sort_values("patient_id").replace({"reason": {DEAD: "dead already"}})
    return [[_cell(cell) for cell in row] for row in rows.astype(object).to_numpy()]


def _cell(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)


def changed(by: str) -> list[list[str]]:
    rows = {row[0]: row for row in written(TREAT)}
    return list((rows | {row[0]: row for row in written(by)}).values())


# ---- The tests ----


@pytest.mark.parametrize(("mode", "by"), [("treat", ""), ("censor", CENSOR), ("exclude", EXCLUDE)])
def test_what_an_action_in_the_window_does_to_a_label(store: Store, mode: str, by: str) -> None:
    labels = labelled(store, intervened=mode)
    expected = changed(by) if by else written(TREAT)
    assert table(labels) == expected
    assert labels.notes == ()
    assert intervened(labels.rows) == Intervened(26, 15, len(written(by)) if by else 0)


def test_the_count_of_a_slice_is_that_of_its_rows(store: Store) -> None:
    rows = labelled(store, intervened="censor").rows
    assert intervened(rows[rows["patient_id"].str.startswith("event_")]) == Intervened(3, 3, 1)
    assert intervened(rows.iloc[:0]) == Intervened(0, 0, 0)


def test_with_the_index_day_taken_in_an_action_on_it_counts_and_the_last_day_is_one_earlier(store: Store) -> None:
    rows = labelled(store, includes_index_day=True, intervened="censor").rows.set_index("patient_id")
    assert rows.loc["on_index_day", ["reason", "action_on"]].tolist() == ["MDT action first", pd.Timestamp(2024, 1, 1)]
    assert rows.loc["on_last_day", "reason"] == "no event"
    assert pd.isna(rows.loc["on_last_day", "action_on"])


def test_a_gap_moves_the_window_of_actions_with_that_of_the_outcome(store: Store) -> None:
    rows = labelled(store, gap_days=4).rows
    acted = rows[rows["action_on"].notna()].sort_values("patient_id")[["patient_id", "action_on"]]
    assert [[_cell(cell) for cell in row] for row in acted.to_numpy(object)] == written(
        """
        after_the_window  , 2024-01-12
        closed_since      , 2024-01-06
        died_before       , 2024-01-06
        event_before      , 2024-01-06
        on_last_day       , 2024-01-11
        put_off_then_seen , 2024-01-08
        taken_on          , 2024-01-06
        twice             , 2024-01-07
        """
    )


def test_a_review_without_a_day_of_decision_counts_on_the_day_of_its_list(tmp_path: Path) -> None:
    found = labelled(land(tmp_path, decided=False))
    assert table(found) == written(TREAT)


@pytest.mark.parametrize(
    ("without", "notes", "acted"),
    [
        (("reviews",), ("no reviews table: decisions of the teams are not known",), 3),
        (("caseload",), ("no caseload table: people whom the teams took on are not known",), 13),
        (
            ("caseload", "reviews"),
            (
                "no caseload table: people whom the teams took on are not known",
                "no reviews table: decisions of the teams are not known",
            ),
            0,
        ),
    ],
)
def test_a_table_that_was_not_landed_has_no_actions_and_is_said(
    tmp_path: Path, without: tuple[str, ...], notes: tuple[str, ...], acted: int
) -> None:
    labels = labelled(land(tmp_path, without), intervened="censor")
    assert labels.notes == notes
    assert intervened(labels.rows).with_action == acted


def test_an_excluded_period_comes_before_an_action(store: Store) -> None:
    period = [["2024-01-11", "2024-01-20"]]
    labels = labelled(store, intervened="exclude", exclude_periods=period)
    assert dict(labels.counts) == {"window in an excluded period": 26}
    assert intervened(labels.rows) == Intervened(26, 15, 0)


def test_a_composite_outcome_that_came_first_stands(store: Store) -> None:
    rows = labelled(store, death="composite", intervened="censor").rows.set_index("patient_id")
    assert rows.loc[["died_before", "died_the_same_day"], "outcome"].tolist() == [1, 1]
    assert rows.loc["died_after", "reason"] == "MDT action first"
