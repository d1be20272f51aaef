"""Value, none, cannot be told: small tables in, the reason for each person and feature out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions import Codelist, active, count, days_since, derive, distinct, exists, latest
from riskstrat.definitions.codelists import Entry
from riskstrat.definitions.features import Columns, Feature
from riskstrat.definitions.settings import CoveredPeriod, EngineSettings, Settings
from riskstrat.features import engine
from riskstrat.features.telling import Telling, tell
from riskstrat.sources.coverage import read_coverage
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.tables import (
    admissions,
    all_falls,
    attendances,
    contacts,
    measurements,
    recorded_conditions,
    social_care,
)

INDEX = date(2026, 9, 30)
WORDS: dict[str, Any] = {"theme": "hospital use", "unit": "times", "says": "{n}", "why": "a test", "sensitive": False}
HEART = Codelist(
    "heart",
    (
        Entry("I50", "heart failure", "", "test", "icd10"),
        Entry("HEART_FAILURE", "heart failure", "", "test", "register"),
    ),
    "test",
)


def twice(columns: Columns) -> Any:
    return 2 * columns["visits"]


def name(declared: Mapping[str, tuple[Feature, ...]]) -> dict[str, Feature]:
    return {key: feature for key, (feature,) in declared.items()}


VISITS = count(attendances, lookback="365d", missing=0, **WORDS)
FEATURES = name(
    {
        "stays": count(admissions, lookback="365d", missing=0, **WORDS),
        "stays_ever": count(admissions, lookback="ever", missing=0, **WORDS),
        "emergencies": count(
            admissions.filter(admissions.method.isin(["21", "22"])), lookback="730d", missing=0, **WORDS
        ),
        "days_since_stay": days_since(admissions, lookback="730d", missing=None, **WORDS),
        "falls": count(all_falls, lookback="365d", missing=0, **WORDS),
        "visits": VISITS,
        "visits_twice": derive({"visits": "visits"}, twice, missing=0, **WORDS),
        "visits_hidden_twice": derive({"visits": VISITS}, twice, missing=0, **WORDS),
        "gp": count(contacts.filter(contacts.service == "gp"), lookback="90d", missing=0, **WORDS),
        "nurse": count(contacts.filter(contacts.service == "district_nursing"), lookback="90d", missing=0, **WORDS),
        "nurse_seen": count(
            contacts.filter(contacts.attended.isnull() | contacts.attended, contacts.service == "district_nursing"),
            lookback="90d",
            missing=0,
            **WORDS,
        ),
        "falls_by_clinic": count(
            all_falls.filter(all_falls.source == "falls_service"), lookback="365d", missing=0, **WORDS
        ),
        "egfr": latest(
            measurements.filter(measurements.measure == "egfr").value, lookback="1095d", missing=None, **WORDS
        ),
        "hba1c": latest(
            measurements.filter(measurements.measure == "hba1c").value, lookback="1095d", missing=None, **WORDS
        ),
        "heart_failure": exists(recorded_conditions, codes=HEART, lookback="ever", missing=0, **WORDS),
        "conditions": distinct(recorded_conditions, "group", codes=HEART, lookback="ever", missing=0, **WORDS),
        "visits_of_years": count(attendances, lookback="1095d", missing=0, **WORDS),
        "visits_of_years_twice": derive({"visits": "visits_of_years"}, twice, missing=0, **WORDS),
        "days_since_visit": days_since(attendances, lookback="1095d", missing=None, **WORDS),
        "home_care": active(social_care.started_on, social_care.ended_on, missing=0, **WORDS),
    }
)
NOBODYS = "these data hold no such record about anybody"
PEOPLE = [f"p{number:02}" for number in range(99)]
SETTLED, NEW, MOVED, SILENT = "p00", "p01", "p02", "p98"
"""Here all along, here for 3 months, moved between two practices here, of a practice that sends nothing."""


def csv(header: str, *rows: str) -> str:
    return "\n".join((header, *rows, ""))


MONTHS = [f"{month:%Y-%m}" for month in pd.date_range("2018-01", "2026-09", freq="MS")]


def monthly(header: str, row: str, since: str = MONTHS[0], until: str = MONTHS[-1]) -> str:
    """A table with 40 rows about p03 in every month, so that it is plain from when to when it goes."""
    days = [f"{month}-{day:02}" for month in MONTHS if since <= month <= until for day in (1, 28)]
    return csv(header, *(f"p03,{day},{row}" for day in days for _ in range(20)))


REGISTRATIONS = csv(
    "patient_id,practice,registered_from,registered_to",
    *(f"{one},{'B10000' if one >= 'p40' else 'A10000'},2010-01-01," for one in PEOPLE if one not in (NEW, MOVED)),
    f"{NEW},A10000,2026-07-01,",
    f"{MOVED},A10000,2010-01-01,2026-05-31",
    f"{MOVED},A10001,2026-06-01,",
)
STAYS = {f"s{month}-{day}-{again}": f"{month}-{day:02}" for month in MONTHS for day in range(1, 29, 3) for again in "a"}
TABLES = {
    "people": csv("patient_id,date_of_birth,sex", *(f"{one},1950-06-15,F" for one in PEOPLE)),
    "registrations": REGISTRATIONS,
    "admissions": csv(
        "patient_id,spell_id,admitted_on,method,discharged_on",
        *(f"p03,{stay},{day},21,{day}" for stay, day in STAYS.items()),
    ),
    "diagnoses": csv("patient_id,spell_id,position,system,code", *(f"p03,{stay},1,icd10,I50" for stay in STAYS)),
    "falls": monthly("patient_id,fell_on,source", "gp"),
    "attendances": monthly("patient_id,attended_on,category,complaint", "1,CHEST_PAIN"),
    "contacts": monthly("patient_id,contacted_on,service", "gp"),
    "measurements": monthly("patient_id,measured_on,measure,value", "egfr,55"),
    "conditions": csv(
        "patient_id,system,code,recorded_on",
        *(f"p03,register,{code},{day}" for day in sorted(set(STAYS.values())) for code in ("HEART_FAILURE", "COPD")),
    ),
    "social_care": monthly("patient_id,started_on,service,ended_on", "home_care,2026-09-29"),
}

GP = TABLES["contacts"].splitlines()[1:]


LANDED: dict[tuple[tuple[str, str], ...], Store] = {}
"""The stores so far by the tables that they hold: the same tables are ingested once for all tests."""


def told(
    folder: Path,
    *,
    manifest: Mapping[str, Any] | None = None,
    stated: Mapping[str, CoveredPeriod] | None = None,
    **changed: str | None,
) -> Telling:
    """What can be told from `TABLES`, with some of them changed, or left out where None."""
    tables = {key: text for key, text in (TABLES | changed).items() if text is not None}
    landed = tuple(sorted(tables.items()))
    store = LANDED[landed] = LANDED.get(landed) or _land(folder, tables)
    store = Store(store.folder, {**store.manifest, **(manifest or {})})
    made = engine(
        store,
        FEATURES,
        {key: one.fingerprint for key, one in FEATURES.items()},
        {},
        EngineSettings(threads=1),
        printable=False,
    )
    people = store.people()
    rows = pd.DataFrame({"patient_id": people["patient_id"], "index_date": pd.Timestamp(INDEX)})
    rows["person"] = people["person"].astype("int32")
    rows = rows.astype({"index_date": "datetime64[s]"}).sort_values("person", ignore_index=True)
    matrix = made.matrix(rows)
    return tell(made, read_coverage(store, stated or {}), matrix, matrix, rows)


def _land(folder: Path, tables: Mapping[str, str]) -> Store:
    (folder / "source").mkdir()
    for key, text in tables.items():
        (folder / "source" / f"{key}.csv").write_text(text, encoding="utf-8")
    ingest(folder / "source", folder / "store", Settings(), as_at=INDEX)
    return open_store(folder / "store")


def reasons(telling: Telling, patient: str, *names: str) -> list[str | None]:
    row = list(telling.matrix.keys["patient_id"]).index(patient)
    return [telling.find_reasons(one)[row] for one in names]


def test_none_is_told_of_somebody_whose_whole_period_is_covered(tmp_path: Path) -> None:
    telling = told(tmp_path)
    held = [one for one in FEATURES if one not in ("nurse", "nurse_seen", "falls_by_clinic", "hba1c")]
    assert reasons(telling, SETTLED, *held) == [None] * len(held)
    assert reasons(telling, MOVED, *held) == [None] * len(held)
    assert reasons(telling, "p03", *held) == [None] * len(held)


def test_a_stay_of_which_nobody_knows_how_it_came_about_may_have_been_an_emergency(tmp_path: Path) -> None:
    days = {"2026-03-04": True, "2024-01-09": False}
    unknown = dict(zip(PEOPLE[10:], itertools.product(("98", "99", "77"), days), strict=False))
    stays = [(patient, *stay) for patient, stay in unknown.items()] + [("p03", *stay) for stay in unknown.values()]
    rows = [f"{patient},unknown{number},{day},{how},{day}" for number, (patient, how, day) in enumerate(stays)]
    telling = told(tmp_path, admissions=TABLES["admissions"] + csv(*rows))
    why = "it is not known how a hospital stay came about"
    for patient, (_, day) in unknown.items():
        assert reasons(telling, patient, "emergencies", "falls") == [why if days[day] else None, None], unknown[patient]
    assert reasons(telling, "p03", "emergencies") == [None]
    assert reasons(telling, "p04", "emergencies") == [None]


def test_what_the_feed_holds_about_nobody_is_no_absence(tmp_path: Path) -> None:
    telling = told(tmp_path)
    for patient in (SETTLED, "p03"):
        assert reasons(telling, patient, "hba1c", "nurse") == ["these data hold no such record about anybody"] * 2


def test_who_came_lately_may_have_a_past_elsewhere(tmp_path: Path) -> None:
    since = "registered here only since 1 July 2026"
    names = ("stays", "stays_ever", "days_since_stay", "falls", "egfr", "conditions", "gp")
    assert reasons(told(tmp_path), NEW, *names) == [*[since] * 6, None]


VISITS_ABSENT = dict.fromkeys(("visits", "visits_twice", "visits_hidden_twice"), "A&E visits are not in these data")


@pytest.mark.parametrize(
    ("absent", "words"),
    [
        (
            ("attendances", "measurements", "social_care"),
            VISITS_ABSENT
            | dict.fromkeys(("egfr", "hba1c"), "measurements from the GP record are not in these data")
            | {"home_care": "social care services are not in these data"},
        ),
        (
            ("falls", "conditions"),
            {
                "falls": "reported falls are not in these data",
                "conditions": "conditions from the GP record are not in these data",
            },
        ),
    ],
)
def test_a_source_that_was_not_landed(tmp_path: Path, absent: tuple[str, ...], words: Mapping[str, str]) -> None:
    telling = told(tmp_path, **dict.fromkeys(absent))
    assert dict(zip(words, reasons(telling, SETTLED, *words), strict=True)) == words
    assert reasons(telling, SETTLED, "stays", "gp") == [None, None]


def test_a_fall_that_is_recorded_stands_also_without_the_reports_of_falls(tmp_path: Path) -> None:
    fell = monthly("patient_id,attended_on,category,complaint", "1,FALL")
    telling = told(tmp_path, falls=None, attendances=fell)
    assert reasons(telling, SETTLED, "falls") == ["reported falls are not in these data"]


@pytest.mark.parametrize(("header", "row"), [("category", "1"), ("category,complaint,diagnosis", "1,,")])
def test_no_fall_is_told_where_no_visit_says_what_it_was_for(tmp_path: Path, header: str, row: str) -> None:
    found = {"system": "category", "rows": 4_200, "understood": 1.0}
    visits = monthly(f"patient_id,attended_on,{header}", row)
    codes = [{"table": "attendances", "column": "category", **found}]
    telling = told(tmp_path, manifest={"codes": codes}, attendances=visits)
    why = "A&E visits in these data do not say what they were for"
    assert reasons(telling, SETTLED, "falls", "visits") == [why, None]
    assert reasons(telling, "p03", "falls") == [None]


@pytest.mark.parametrize(
    ("said", "why"), [(1_000, "most A&E visits in these data do not say what they were for"), (3_000, None)]
)
def test_no_fall_is_told_where_few_visits_say_what_they_were_for(tmp_path: Path, said: int, why: str | None) -> None:
    entries = {"complaint": said - 400, "diagnosis": 400}
    found = [
        {"table": "attendances", "column": name, "system": "complaint", "rows": rows, "understood": 1.0}
        for name, rows in entries.items()
    ]
    assert reasons(told(tmp_path, manifest={"codes": found}), SETTLED, "falls", "visits") == [why, None]


@pytest.mark.parametrize(("source", "why"), [("gp", NOBODYS), ("", "reported falls in these data cannot say")])
def test_what_nobodys_records_hold_says_nothing_where_the_column_for_it_is_empty(
    tmp_path: Path, source: str, why: str
) -> None:
    telling = told(tmp_path, falls=monthly("patient_id,fell_on,source", source))
    assert reasons(telling, SETTLED, "falls_by_clinic", "falls") == [why, None]


@pytest.mark.parametrize("attended", ["true", ""])
def test_a_column_that_may_be_empty_leaves_it_to_the_others(tmp_path: Path, attended: str) -> None:
    telling = told(tmp_path, contacts=monthly("patient_id,contacted_on,service,attended", f"gp,{attended}"))
    assert reasons(telling, SETTLED, "nurse_seen") == [NOBODYS]


def test_falls_cannot_be_told_where_nobody_knows_which_visits_were_planned(tmp_path: Path) -> None:
    entry = {"table": "attendances", "column": "category", "system": "category", "rows": 500, "understood": 0.0}
    (why,) = reasons(told(tmp_path, manifest={"codes": [entry]}), SETTLED, "falls")
    assert str(why).endswith("are not understood here")


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("2026-02", "2026-09", "A&E visits begin on 1 February 2026"),
        ("2018-01", "2026-06", "A&E visits end on 28 June 2026"),
    ],
)
def test_a_source_that_does_not_reach_over_the_period(tmp_path: Path, since: str, until: str, words: str) -> None:
    short = monthly("patient_id,attended_on,category", "1", since, until)
    telling = told(tmp_path, attendances=short)
    assert reasons(telling, SETTLED, "visits", "visits_twice") == [words] * 2
    assert reasons(telling, "p03", "visits", "visits_twice") == [None] * 2
    assert reasons(telling, SETTLED, "falls", "gp") == [words, None]


@pytest.mark.parametrize(
    ("since", "until", "cut"),
    [
        ("2023-10", "2026-09", []),
        ("2023-11", "2026-09", ["visits_of_years", "visits_of_years_twice"]),
        ("2026-02", "2026-09", ["visits", "visits_twice", "visits_of_years", "visits_of_years_twice"]),
        ("2018-01", "2026-06", ["visits", "visits_twice", "visits_of_years", "visits_of_years_twice"]),
    ],
)
def test_a_sum_over_more_time_than_a_source_holds_is_no_number_to_say(
    tmp_path: Path, since: str, until: str, cut: list[str]
) -> None:
    telling = told(tmp_path, attendances=monthly("patient_id,attended_on,category", "1", since, until))
    asked = ("visits", "visits_twice", "visits_of_years", "visits_of_years_twice", "days_since_visit", "stays")
    assert [name for name in asked if telling.find_cut_short(name).all()] == cut
    here_all_along = telling.matrix.keys["patient_id"].to_numpy() != NEW
    assert [name for name in asked if telling.find_cut_short(name)[here_all_along].any()] == cut
    assert reasons(telling, "p03", *asked) == [None] * len(asked)


def test_what_is_worked_out_of_sums_is_not_said_of_somebody_who_came_within_their_time(tmp_path: Path) -> None:
    telling = told(tmp_path)
    people = telling.matrix.keys["patient_id"].to_numpy()
    cut = {name: set(people[telling.find_cut_short(name)]) for name in FEATURES}
    worked_out = ("visits_twice", "visits_hidden_twice", "visits_of_years_twice")
    assert cut == {name: {NEW} if name in worked_out else set() for name in FEATURES}


def test_a_sum_is_cut_for_the_people_of_a_practice_whose_records_begin_late(tmp_path: Path) -> None:
    rows = [
        line.replace("p03", patient)
        for patient, since in (("p03", ""), ("p41", "2026-08"))
        for line in GP
        if (line.split(",")[1] >= since)
    ]
    telling = told(tmp_path, contacts=csv("patient_id,contacted_on,service", *rows))
    people = list(telling.matrix.keys["patient_id"])
    cut = {patient for patient, short in zip(people, telling.find_cut_short("gp"), strict=True) if short}
    assert cut == {patient for patient in people if patient >= "p40"}


def test_what_the_site_states_of_a_source_is_believed(tmp_path: Path) -> None:
    short = monthly("patient_id,attended_on,category,complaint", "1,CHEST_PAIN", "2026-02")
    stated = {"attendances": CoveredPeriod(complete_from=date(2020, 1, 1)), "falls": CoveredPeriod(complete_to=INDEX)}
    assert reasons(told(tmp_path, attendances=short, stated=stated), SETTLED, "visits", "falls") == [None, None]
    other = {"falls": CoveredPeriod(complete_to=date(2026, 3, 31))}
    (tmp_path / "again").mkdir()
    words = ["reported falls end on 31 March 2026"]
    assert reasons(told(tmp_path / "again", stated=other), SETTLED, "falls") == words


def test_a_month_without_rows_is_no_month_without_falls(tmp_path: Path) -> None:
    falls = "\n".join(line for line in TABLES["falls"].splitlines() if "2026-03" not in line)
    assert reasons(told(tmp_path, falls=falls), SETTLED, "falls") == ["reported falls of March 2026 are missing"]


def test_a_practice_that_sends_nothing(tmp_path: Path) -> None:
    telling = told(tmp_path)
    sends = "this practice sends no"
    assert reasons(telling, SILENT, "gp", "egfr") == [
        f"{sends} GP, community and outpatient contacts",
        f"{sends} measurements from the GP record",
    ]
    assert reasons(telling, SILENT, "stays", "falls", "visits") == [None] * 3


def move(*moves: tuple[str, str, str]) -> str:
    """The registrations, with each person in that practice until they came to A10000, on that day, without a break."""
    kept = [line for line in REGISTRATIONS.splitlines() if not line.startswith(tuple(one for one, *_ in moves))]
    moved = [f"{one},{practice},2010-01-01,{on}\n{one},A10000,{on}," for one, practice, on in moves]
    return csv(*kept, *moved)


OTHER_AREA, SENDS_NOTHING = "C10000", "B10000"


def test_a_past_with_a_practice_that_sends_nothing_cannot_be_told_unless_it_moved_along(tmp_path: Path) -> None:
    """Of another area or of this one; and before the lookback it does not matter."""
    left = "2026-08-01"
    telling = told(
        tmp_path,
        registrations=move(
            ("p04", OTHER_AREA, left),
            ("p05", OTHER_AREA, left),
            ("p06", SENDS_NOTHING, left),
            ("p07", SENDS_NOTHING, left),
            ("p08", OTHER_AREA, "2012-06-01"),
        ),
        contacts=TABLES["contacts"] + "p05,2026-05-30,gp\np07,2026-05-30,gp\n",
    )
    lost = "of a practice that the person left on 1 August 2026 did not come"
    contacts, conditions = f"GP, community and outpatient contacts {lost}", f"conditions from the GP record {lost}"
    for bare, along in (("p04", "p05"), ("p06", "p07")):
        assert reasons(telling, bare, "gp", "conditions") == [contacts, conditions]
        assert reasons(telling, along, "gp", "conditions") == [None, conditions]
        assert reasons(telling, bare, "stays", "falls", "visits") == [None] * 3
    assert reasons(telling, "p08", "egfr", "conditions", "gp") == [None] * 3


@pytest.mark.parametrize(
    "found",
    [
        {"codes": [{"table": "conditions", "column": "code", "system": "snomed", "rows": 500, "understood": 0.0}]},
        {"codes": [{"table": "conditions", "column": "code", "system": "snomed", "rows": 500, "understood": 1.0}]},
        {
            "codes": [{"table": "conditions", "column": "code", "system": "register", "rows": 500, "understood": 0.3}],
            "understood": {"conditions": "partly"},
        },
    ],
    ids=["a system that nothing reads", "a system that another codelist reads", "a table that is understood in part"],
)
def test_codes_that_are_not_understood_hide_what_they_say(tmp_path: Path, found: Mapping[str, Any]) -> None:
    telling = told(tmp_path, manifest=found)
    why = "the codes in conditions from the GP record are not understood here"
    assert reasons(telling, SETTLED, "heart_failure", "conditions") == [why, why]
    # What was recognised stands; how many there are does not.
    assert reasons(telling, "p03", "heart_failure", "conditions") == [None, why]
    assert reasons(telling, SETTLED, "stays", "falls") == [None, None]


def test_rules_take_nothing_for_what_cannot_be_told(tmp_path: Path) -> None:
    telling = told(tmp_path, attendances=None)
    values = telling.blank_untold()
    assert values.columns == telling.matrix.columns
    given = dict(zip(values.columns, values.values[list(values.keys["patient_id"]).index(NEW)], strict=True))
    assert np.isnan(given["stays"])
    assert given["gp"] == 0
    assert telling.matrix.values[:, telling.matrix.columns.index("stays")].min() == 0


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([f"p03,{day},home_care," for day in sorted(set(STAYS.values()))[-30:]], "do not say when they ended"),
        # One that ended shows that ends are sent; of a few rows none need have one.
        (
            [
                f"p03,{day},home_care,{'2026-09-29' * (not n)}"
                for n, day in enumerate(sorted(set(STAYS.values()))[-30:])
            ],
            None,
        ),
        (["p03,2026-01-05,home_care,"], None),
    ],
    ids=["never", "once", "few"],
)
def test_a_service_is_not_said_to_run_where_no_row_ever_says_that_one_ended(
    rows: list[str], why: str | None, tmp_path: Path
) -> None:
    telling = told(tmp_path, social_care=csv("patient_id,started_on,service,ended_on", *rows))
    assert reasons(telling, "p03", "home_care") == [why and f"social care services in these data {why}"]
    assert telling.engine.store.tells("social_care", "ended_on") is (why is None)
