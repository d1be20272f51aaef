"""Whose practice counts, which facts are known, and what a source without optional tables means for eligibility."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from riskstrat.cohort import Cohort, at_dates, at_discharges, still_here
from riskstrat.definitions.recipes import CohortRecipe, LabelRecipe
from riskstrat.definitions.settings import OPT_OUT_KINDS, Settings
from riskstrat.errors import IndexDateError
from riskstrat.labels import label, require_complete
from riskstrat.sources import tables
from riskstrat.sources.ingest import ingest
from riskstrat.sources.selection import find_first_days, find_latest_days, known_rows
from riskstrat.sources.store import Store, open_store

INDEX, EXTRACT = date(2025, 1, 1), date(2025, 12, 31)
EVERYBODY = CohortRecipe(min_age=0)
PEOPLE = "patient_id,date_of_birth,sex\np1,1950-01-01,F\np2,2001-02-28,M\n"
ADMISSIONS = "patient_id,spell_id,admitted_on,method\n"
REGISTRATIONS = "patient_id,practice,registered_from,registered_to,known_on\n"


def land(folder: Path, *, as_at: date = EXTRACT, **given: str) -> Store:
    (folder / "source").mkdir()
    for name, text in ({"people": PEOPLE, "admissions": ADMISSIONS} | given).items():
        (folder / "source" / f"{name}.csv").write_text(text, encoding="utf-8")
    strict = Settings.model_validate({"data": {"quarantine_limit": 0}})
    ingest(folder / "source", folder / "store", strict, as_at=as_at)
    return open_store(folder / "store")


def practices(store: Store, when: date = INDEX) -> dict[str, str]:
    rows = at_dates(store, EVERYBODY, [when], OPT_OUT_KINDS).rows
    return dict(zip(rows["patient_id"], rows["practice"], strict=True))


def test_without_registrations_everybody_counts_as_registered_with_no_practice(tmp_path: Path) -> None:
    cohort = at_dates(land(tmp_path), EVERYBODY, [INDEX], OPT_OUT_KINDS)
    given = cohort.rows.sort_values("patient_id")[["patient_id", "practice"]]
    assert given.to_numpy().tolist() == [["p1", None], ["p2", None]]
    assert cohort.counts["not registered"] == 0


def test_a_landed_but_empty_registrations_table_registers_nobody(tmp_path: Path) -> None:
    cohort = at_dates(land(tmp_path, registrations=REGISTRATIONS), EVERYBODY, [INDEX], OPT_OUT_KINDS)
    assert cohort.rows.empty
    assert list(cohort.rows.columns) == ["patient_id", "index_date", "person", "spell", "practice"]
    assert dict(cohort.counts) == {
        "candidates": 2,
        "opted out": 0,
        "dead": 0,
        "not registered": 2,
        "too young": 0,
        "too old": 0,
        "eligible": 0,
    }


STANDING = {
    date(2019, 12, 31): None,
    date(2020, 1, 1): "N00001",
    date(2024, 6, 30): "N00001",
    date(2024, 7, 1): "N00002",
    date(2024, 8, 31): "N00002",
    date(2024, 9, 1): "N00003",
    date(2024, 9, 14): "N00003",
    date(2024, 9, 15): "N00001",
    date(2024, 9, 30): "N00001",
    date(2024, 10, 1): None,
    date(2024, 11, 1): None,
    date(2024, 11, 2): "N00004",
}
"""N00001 ends on 1 October; N00002 and N00003 begin inside it; N00004 is known a day late."""


def test_of_several_practices_the_latest_to_begin_counts_while_it_lasts(tmp_path: Path) -> None:
    spells = (
        "p1,N00003,2024-09-01,2024-09-15,\np1,N00001,2020-01-01,2024-10-01,\n"
        "p1,N00002,2024-07-01,2024-09-01,\np1,N00004,2024-11-01,,2024-11-02\n"
    )
    store = land(tmp_path, registrations=REGISTRATIONS + spells)
    found = {when: practices(store, when) for when in STANDING}
    assert found == {when: {"p1": practice} if practice else {} for when, practice in STANDING.items()}


def test_of_two_practices_that_begin_on_one_day_it_is_always_the_same_one(tmp_path: Path) -> None:
    rows = ["p1,N00002,2020-01-01,,\n", "p1,N00009,2020-01-01,,\n", "p1,N00005,2020-01-01,,\n"]
    for number, order in enumerate((rows, rows[::-1])):
        (tmp_path / str(number)).mkdir()
        store = land(tmp_path / str(number), registrations=REGISTRATIONS + "".join(order))
        assert practices(store) == {"p1": "N00009"}


@pytest.mark.parametrize(
    ("when", "young_enough"),
    [(date(2026, 2, 27), True), (date(2026, 2, 28), False), (date(2001, 2, 28), True)],
)
def test_a_birthday_makes_a_year_on_the_day_itself(tmp_path: Path, when: date, young_enough: bool) -> None:
    store = land(tmp_path, as_at=date(2026, 12, 31))
    recipe = CohortRecipe(min_age=0, max_age=24)
    assert ("p2" in set(at_dates(store, recipe, [when], ()).rows["patient_id"])) == young_enough


def test_nobody_is_eligible_before_being_born(tmp_path: Path) -> None:
    cohort = at_dates(land(tmp_path), EVERYBODY, [date(2001, 2, 27)], ())
    assert cohort.rows["patient_id"].tolist() == ["p1"]
    assert cohort.counts["too young"] == 1


@pytest.mark.parametrize(
    ("died_known_on", "date_of_death", "first_day_out"),
    [
        ("", "2024-05-10", date(2024, 5, 10)),
        ("2024-05-20", "2024-05-10", date(2024, 5, 20)),
        ("2024-05-01", "2024-05-10", date(2024, 5, 10)),
        ("2024-05-20", "", date(2024, 5, 20)),
    ],
)
def test_a_death_counts_from_the_day_it_is_both_past_and_known(
    tmp_path: Path, died_known_on: str, date_of_death: str, first_day_out: date
) -> None:
    people = (
        f"patient_id,date_of_birth,sex,died_known_on,date_of_death\np1,1950-01-01,F,{died_known_on},{date_of_death}\n"
    )
    store = land(tmp_path, people=people)
    before = (pd.Timestamp(first_day_out) - pd.Timedelta(days=1)).date()
    rows = at_dates(store, EVERYBODY, [first_day_out, before], ()).rows
    assert rows["index_date"].dt.date.tolist() == [before]


def test_opt_outs_are_those_of_the_day_the_data_are_as_at_whatever_the_index_date(tmp_path: Path) -> None:
    opt_outs = "patient_id,kind,from_on,to_on\np1,type1,2025-12-31,\np2,type1,2020-01-01,2025-12-31\n"
    store = land(tmp_path, opt_outs=opt_outs)
    for when in (date(2022, 1, 1), INDEX, EXTRACT):
        assert set(practices(store, when)) == {"p2"}
    assert at_dates(store, EVERYBODY, [INDEX], ("national",)).counts["opted out"] == 0


def test_an_opt_out_landed_after_the_latest_activity_stands(tmp_path: Path) -> None:
    """Opt-outs do not date the data, so one recorded yesterday may lie after data-as-at."""
    opt_outs = "patient_id,kind,from_on,to_on\np1,national,2026-01-05,\np2,national,2020-01-01,2026-01-05\n"
    assert practices(land(tmp_path, opt_outs=opt_outs)) == {}


def test_each_person_counts_under_the_first_reason_that_applies(tmp_path: Path) -> None:
    people = (
        "patient_id,date_of_birth,sex,died_known_on,date_of_death\n"
        "all,2020-01-01,F,2024-01-01,2024-01-01\ndead,2020-01-01,F,2024-01-01,2024-01-01\n"
        "left,2020-01-01,F,,\nyoung,2020-01-01,F,,\nold,1930-01-01,F,,\n"
    )
    registrations = "young,N00001,2020-01-01,,\nold,N00001,2020-01-01,,\nall,N00001,2020-01-01,,\n"
    opt_outs = "patient_id,kind,from_on\nall,type1,2020-01-01\n"
    store = land(tmp_path, people=people, registrations=REGISTRATIONS + registrations, opt_outs=opt_outs)
    cohort = at_dates(store, CohortRecipe(min_age=18, max_age=90), [INDEX], OPT_OUT_KINDS)
    assert dict(cohort.counts) == {
        "candidates": 5,
        "opted out": 1,
        "dead": 1,
        "not registered": 1,
        "too young": 1,
        "too old": 1,
        "eligible": 0,
    }


def test_a_source_without_discharges_gives_no_index_dates(tmp_path: Path) -> None:
    admissions = ADMISSIONS + "p1,s1,2024-01-01,21\n"
    cohort = at_discharges(land(tmp_path, admissions=admissions), EVERYBODY, tables.admissions, EXTRACT, ())
    assert (len(cohort.rows), dict(cohort.counts)["candidates"]) == (0, 0)


def test_discharges_are_sorted_by_person_day_and_spell(tmp_path: Path) -> None:
    admissions = "patient_id,spell_id,admitted_on,method,discharged_on\n" + "".join(
        f"{patient},{spell},2024-0{month}-01,21,2024-0{left}-05\n"
        for patient, spell, month, left in [
            ("p1", "s9", 1, 6),
            ("p2", "s3", 3, 3),
            ("p1", "s2", 4, 4),
            ("p1", "s1", 2, 6),
        ]
    )
    cohort = at_discharges(land(tmp_path, admissions=admissions), EVERYBODY, tables.admissions, EXTRACT, ())
    rows = cohort.rows
    assert rows.equals(rows.sort_values(["person", "index_date", "spell"], ignore_index=True))
    of_p1 = rows[rows["patient_id"] == "p1"]
    assert of_p1["index_date"].dt.strftime("%m-%d").tolist() == ["04-05", "06-05", "06-05"]
    assert (of_p1["spell"].nunique(), of_p1["spell"].min() >= 0) == (3, True)


def test_an_empty_cohort_stays_empty(tmp_path: Path) -> None:
    store = land(tmp_path, registrations=REGISTRATIONS)
    empty = at_dates(store, EVERYBODY, [INDEX], ())
    here = still_here(store, empty, EXTRACT)
    assert here.rows.empty
    assert dict(here.counts) == dict(empty.counts) | {"died since": 0, "left since": 0}
    labels = label(store, empty.rows, tables.admissions, LabelRecipe(), EXTRACT)
    decided = ["outcome", "reason", "event_on", "censored_on", "action_on"]
    assert list(labels.rows.columns) == ["patient_id", "index_date", *decided]
    assert (len(labels.rows), dict(labels.counts)) == (0, {})


def test_people_who_stayed_are_all_still_here(tmp_path: Path) -> None:
    store = land(tmp_path)
    cohort = at_dates(store, EVERYBODY, [INDEX], ())
    here = still_here(store, cohort, EXTRACT)
    assert isinstance(here, Cohort)
    assert here.rows.equals(cohort.rows)


# ---- Windows that are not complete ----


@pytest.mark.parametrize(
    ("recipe", "latest"),
    [
        (LabelRecipe(horizon="365d", delay="75d"), "2024-10-17"),
        (LabelRecipe(horizon="365d", gap_days=30, delay="75d"), "2024-09-17"),
        (LabelRecipe(horizon="30d", includes_index_day=True, delay="75d"), "2025-09-18"),
        (LabelRecipe(horizon="1d", delay="1d"), "2025-12-29"),
    ],
)
def test_the_latest_complete_index_date_is_accepted_and_the_next_day_refused_naming_it(
    recipe: LabelRecipe, latest: str
) -> None:
    day = np.datetime64(latest, "D")
    require_complete(np.array([day - 400, day]), recipe, EXTRACT)
    require_complete(np.array([], "datetime64[D]"), recipe, EXTRACT)
    with pytest.raises(IndexDateError, match=f"data as at 2025-12-31 the latest index date is {latest}$"):
        require_complete(np.array([day, day + 1]), recipe, EXTRACT)


# ---- Rows as known ----


def test_known_rows_gives_one_version_a_day_and_every_version_without_one(tmp_path: Path) -> None:
    admissions = (
        "patient_id,spell_id,admitted_on,method,known_on,discharged_on,settled_known_on\n"
        "p1,s1,2024-01-10,21,2024-01-12,2024-01-20,2024-02-01\n"
    )
    store = land(tmp_path, admissions=admissions)
    columns = ("discharged_on", "valid_from")

    def read(as_at: date | None) -> list[tuple[str, ...]]:
        rows, _ = known_rows(store, tables.admissions, columns, as_at)
        return list(zip(*(rows[name].astype(str) for name in columns), strict=True))

    opened, settled = ("NaT", "2024-01-12"), ("2024-01-20", "2024-02-01")
    assert read(date(2024, 1, 11)) == []
    assert read(date(2024, 1, 12)) == read(date(2024, 1, 31)) == [opened]
    assert read(date(2024, 2, 1)) == read(EXTRACT) == [settled]
    assert sorted(read(None)) == sorted([opened, settled])


def test_known_rows_says_which_filters_it_left_out(tmp_path: Path) -> None:
    store = land(tmp_path, admissions=ADMISSIONS + "p1,s1,2024-01-10,21\np1,s2,2024-01-11,11\n")
    rows = tables.admissions.filter(tables.admissions.method == "21", tables.admissions.specialty != "501")
    found, notes = known_rows(store, rows, ("admitted_on",), EXTRACT)
    assert found["admitted_on"].astype(str).tolist() == ["2024-01-10"]
    assert notes == ("no column admissions.specialty: filters on it are left out",)


def test_known_rows_of_another_store_ask_what_that_store_can_tell(tmp_path: Path) -> None:
    rows = tables.admissions.filter(tables.admissions.provider != "RX1")
    told = "patient_id,spell_id,admitted_on,method,provider\np1,s1,2024-01-10,21,RX1\np1,s2,2024-01-11,21,RX2\n"
    without = ADMISSIONS + "p1,s1,2024-01-10,21\np1,s2,2024-01-11,21\n"
    found = []
    for name, text in (("without", without), ("with", told), ("again", without)):
        (tmp_path / name).mkdir()
        columns, _ = known_rows(land(tmp_path / name, admissions=text), rows, ("admitted_on",), EXTRACT)
        found.append(columns["admitted_on"].astype(str).tolist())
    assert found == [["2024-01-10", "2024-01-11"], ["2024-01-11"], ["2024-01-10", "2024-01-11"]]


def test_first_and_latest_days_are_those_of_rows_that_stood_on_the_day_of_the_people_asked_for(tmp_path: Path) -> None:
    text = "patient_id,spell_id,admitted_on,method,known_on\n"
    text += "p1,s1,2024-01-10,21,2024-01-12\np1,s2,2024-02-10,11,2024-02-12\np2,s3,2024-01-20,21,2024-01-20\n"
    store = land(tmp_path, admissions=text)
    numbers = store.people().set_index("patient_id")["person"]
    asked, at = numbers[["p2", "p1"]].to_numpy(np.int32), date(2024, 2, 11)
    emergencies = tables.admissions.filter(tables.admissions.method == "21")

    def read(rows: ir.Table, when: date, persons: npt.NDArray[np.int32] = asked) -> list[list[str]]:
        latest = find_latest_days(store, [(rows, "admitted_on"), (tables.falls, "fell_on")], persons, when)
        return [found.astype(str).tolist() for found in (find_first_days(store, rows, persons, when), latest)]

    assert read(tables.admissions, at) == [["2024-01-20", "2024-01-10"]] * 2
    assert read(tables.admissions, EXTRACT) == [["2024-01-20", "2024-01-10"], ["2024-01-20", "2024-02-10"]]
    assert read(emergencies, EXTRACT) == [["2024-01-20", "2024-01-10"]] * 2
    assert read(tables.admissions, date(2024, 1, 11)) == [["NaT", "NaT"]] * 2
    assert read(tables.admissions, at, asked[1:]) == [["2024-01-10"]] * 2
