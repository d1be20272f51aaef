"""Somebody recorded dead who has later activity is neither eligible nor lost: set apart, counted, to be checked."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.casefinding import CaseFacts, ListTeam, Memory, find_cases
from riskstrat.cohort import Cohort, at_dates, at_discharges, latest_discharge, set_doubtful_apart, still_here, why_not
from riskstrat.definitions.deaths import DOUBTFUL_DEATH, LATE_ROWS
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.definitions.settings import OPT_OUT_KINDS, Settings
from riskstrat.sources import tables
from riskstrat.sources.hospital_deaths import find_hospital_deaths
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.weekly.choosing import ChosenCases
from riskstrat.workspace import load
from tests.suite.properties import population_settings

INDEX, EXTRACT = date(2025, 6, 2), date(2025, 12, 31)
DIED = date(2025, 3, 1)
ADULTS = CohortRecipe(min_age=18)
PEOPLE = "patient_id,date_of_birth,sex,date_of_death,died_known_on"
SEEN = {
    "admissions": ("spell_id,admitted_on,method,known_on", "s{number},{day},21,{known}"),
    "attendances": ("attendance_id,attended_on,known_on", "a{number},{day},{known}"),
    "falls": ("fell_on,source,known_on", "{day},ambulance,{known}"),
    "contacts": ("contacted_on,service,known_on", "{day},gp,{known}"),
    "prescriptions": ("issued_on,bnf,known_on", "{day},0212000B0,{known}"),
    "measurements": ("measured_on,measure,value,known_on", "{day},egfr,60,{known}"),
    "social_care": ("started_on,service,known_on", "{day},home_care,{known}"),
    "registrations": ("practice,registered_from,known_on", "N83001,{day},{known}"),
}


def land(folder: Path, given: dict[str, list[str]], quarantine_limit: float = 0) -> Store:
    (folder / "source").mkdir()
    given = {"admissions": ["patient_id,spell_id,admitted_on,method"]} | given
    for name, lines in given.items():
        (folder / "source" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    strict = Settings.model_validate({"data": {"quarantine_limit": quarantine_limit}})
    ingest(folder / "source", folder / "store", strict, as_at=EXTRACT)
    return open_store(folder / "store")


def seen(*given: tuple[str, str, date, date]) -> dict[str, list[str]]:
    """The rows that show each patient alive: patient, table, its day and the day on which it was known."""
    made: dict[str, list[str]] = {}
    for patient, table, day, known in given:
        header, row = SEEN[table]
        lines = made.setdefault(table, [f"patient_id,{header}"])
        lines.append(f"{patient},{row.format(number=len(lines), day=day, known=known)}")
    return made


def seen_later(patient: str = "p1", table: str = "attendances", after: int = 40) -> dict[str, list[str]]:
    day = DIED + timedelta(days=after)
    return seen((patient, table, day, day))


def dead(*patients: str, born: date = date(1950, 1, 1)) -> dict[str, list[str]]:
    return {"people": [PEOPLE, *(f"{one},{born},F,{DIED},{DIED}" for one in patients), "alive,1950-01-01,F,,"]}


def at(store: Store, day: date = INDEX) -> Cohort:
    return set_doubtful_apart(store, at_dates(store, ADULTS, [day], OPT_OUT_KINDS), day)


def test_whatever_shows_somebody_alive_after_their_death_sets_them_apart(tmp_path: Path) -> None:
    later = DIED + timedelta(days=40)
    patients = {f"p{number}": table for number, table in enumerate(SEEN)}
    store = land(tmp_path, dead(*patients, "p99") | seen(*((p, t, later, later) for p, t in patients.items())))
    found = at(store)
    assert set(found.doubtful["patient_id"]) == set(patients)
    assert not set(patients) & set(found.rows["patient_id"])
    counts = dict(found.counts)
    assert (counts[DOUBTFUL_DEATH], counts["dead"]) == (len(SEEN), 1)
    assert counts.pop("candidates") == sum(counts.values())
    person = int(found.doubtful["person"].iloc[0])
    assert why_not(store, ADULTS, person, INDEX, ()) == DOUBTFUL_DEATH


SIGHTINGS = st.tuples(st.sampled_from(sorted(SEEN)), st.integers(-30, 60), st.integers(0, 120), st.booleans())


@given(st.lists(SIGHTINGS, min_size=40, max_size=40))
@population_settings(2)
def test_activity_counts_from_a_week_after_the_death_once_it_is_known(drawn: list[tuple[str, int, int, bool]]) -> None:
    people, rows, doubtful = [PEOPLE], [], set()
    for number, (table, after, late, dated) in enumerate(drawn):
        day, patient = DIED + timedelta(days=after), f"p{number}"
        known = day + timedelta(days=late)
        people.append(f"{patient},1950-01-01,F,{DIED if dated else ''},{DIED}")
        rows.append((patient, table, day, known))
        if after > LATE_ROWS and known <= INDEX:
            doubtful.add(patient)
    with TemporaryDirectory() as folder:
        found = at(land(Path(folder), {"people": people} | seen(*rows)))
    assert set(found.doubtful["patient_id"]) == doubtful


def test_a_missed_appointment_and_a_late_coded_diagnosis_show_nobody_alive(tmp_path: Path) -> None:
    later = DIED + timedelta(days=60)
    missed = {"contacts": ["patient_id,contacted_on,service,attended", f"p1,{later},gp,false"]}
    coded = {"conditions": ["patient_id,system,code,recorded_on", f"p1,register,DIABETES,{later}"]}
    assert at(land(tmp_path, dead("p1") | missed | coded)).doubtful.empty


def test_whom_nobody_would_list_alive_is_not_set_apart(tmp_path: Path) -> None:
    given_rows = dead("p1", born=date(2015, 1, 1)) | seen_later()
    found = at(land(tmp_path, given_rows))
    assert found.doubtful.empty
    assert found.counts["dead"] == 1


def test_an_opt_out_stands_before_a_doubtful_death(tmp_path: Path) -> None:
    out = {"opt_outs": ["patient_id,kind,from_on", "p1,type1,2020-01-01"]}
    found = at(land(tmp_path, dead("p1") | out | seen_later()))
    assert found.doubtful.empty
    assert (found.counts["opted out"], found.counts["dead"]) == (1, 0)


def test_they_keep_the_practice_that_they_last_had(tmp_path: Path) -> None:
    registered = [
        "patient_id,practice,registered_from,registered_to",
        f"p1,N83001,2010-01-01,{DIED}",
        "p1,N83002,2000-01-01,2009-12-31",
    ]
    given_rows = dead("p1") | {"registrations": registered} | seen_later()
    assert at(land(tmp_path, given_rows)).doubtful["practice"].tolist() == ["N83001"]


def test_a_discharge_after_the_death_is_no_index_date_and_its_person_is_set_apart_once(tmp_path: Path) -> None:
    stays = [
        "patient_id,spell_id,admitted_on,method,discharged_on,destination",
        "p1,s1,2025-02-01,21,2025-02-10,19",
        "p1,s2,2025-05-05,21,2025-05-20,19",
        "p2,s3,2025-05-05,21,2025-05-20,19",
    ]
    people = [PEOPLE, f"p1,1950-01-01,F,{DIED},{DIED}", "p2,1950-01-01,F,,"]
    store = land(tmp_path, {"people": people, "admissions": stays})
    recipe = CohortRecipe(min_age=18, index="live_discharge", recent="180d")
    every = at_discharges(store, recipe, tables.admissions, INDEX, ())
    latest = latest_discharge(every, recipe, INDEX)
    for cohort in (latest, still_here(store, latest, INDEX)):
        found = set_doubtful_apart(store, cohort, INDEX)
        assert found.rows["patient_id"].tolist() == ["p2"]
        assert found.doubtful["patient_id"].tolist() == ["p1"]
        counts = dict(found.counts)
        assert counts.pop("candidates") == sum(counts.values()) == 3


# ---- On a team's list ----

MONDAY = date(2026, 11, 16)
OCTOBER = {0: pd.Timestamp("2026-10-01")}
ACTIVE = pd.Series([pd.Timestamp("2026-10-01")], index=[0])


def place(facts: CaseFacts) -> tuple[Any, ...]:
    people = pd.DataFrame(
        {"patient_id": ["a", "b"], "person": [0, 1], "team": "Kirkby", "margin": [1.0, 0.5], "risk": [0.7, 0.6]}
    ).assign(index_date=pd.Timestamp(MONDAY))
    (case,) = find_cases(people, (ListTeam("Kirkby", "KIR", 1),), facts, Memory(), MONDAY, Settings())
    return case.everyone["reason"].iloc[0], case.rows["patient_id"].tolist(), dict(case.excluded)


def status(*rows: tuple[str, bool | None]) -> pd.DataFrame:
    return pd.DataFrame({"person": 0, "as_at": [day for day, _ in rows], "died": [said for _, said in rows]})


def review(day: str, outcome: str) -> pd.DataFrame:
    return pd.DataFrame({"person": [0], "list_date": [day], "outcome": [outcome], "decided_on": [day]})


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (CaseFacts(doubtful=frozenset({0})), DOUBTFUL_DEATH),
        (CaseFacts(statuses=status(("2026-09-01", True)), last_active=ACTIVE), DOUBTFUL_DEATH),
        (CaseFacts(statuses=status(("2026-09-01", True), ("2026-11-16", True)), last_active=ACTIVE), DOUBTFUL_DEATH),
        (CaseFacts(statuses=status(("2026-09-25", True)), last_active=ACTIVE), "died"),
        (CaseFacts(statuses=status(("2026-01-01", True), ("2026-09-20", None), ("2026-11-16", True))), "died"),
        (
            CaseFacts(
                statuses=status(("2026-01-01", True), ("2026-10-02", False), ("2026-11-16", True)), last_active=ACTIVE
            ),
            "died",
        ),
        (CaseFacts(reviews=review("2026-09-07", "Died"), last_active=ACTIVE), DOUBTFUL_DEATH),
        (CaseFacts(reviews=review("2026-09-28", "died"), last_active=ACTIVE), "died"),
        (CaseFacts(reviews=review("2026-09-28", "died")), "died"),
        (CaseFacts(died_in_hospital={0: pd.Timestamp("2026-09-07")}, last_active=ACTIVE), DOUBTFUL_DEATH),
        (CaseFacts(died_in_hospital={0: pd.Timestamp("2026-09-28")}, last_active=ACTIVE), "died"),
        (CaseFacts(died_in_hospital=OCTOBER, statuses=status(("2026-11-16", False))), DOUBTFUL_DEATH),
        (
            CaseFacts(died_in_hospital=OCTOBER, statuses=status(("2026-11-15", False), ("2026-11-16", None))),
            DOUBTFUL_DEATH,
        ),
        (CaseFacts(died_in_hospital=OCTOBER, statuses=status(("2026-10-01", False))), "died"),
        (CaseFacts(died_in_hospital=OCTOBER, statuses=status(("2026-10-09", False), ("2026-11-16", True))), "died"),
        (CaseFacts(died_in_hospital=OCTOBER, disputed_in_hospital=frozenset({0})), DOUBTFUL_DEATH),
        (
            CaseFacts(
                died_in_hospital=OCTOBER,
                disputed_in_hospital=frozenset({0}),
                statuses=status(("2026-11-16", True)),
            ),
            "died",
        ),
    ],
)
def test_a_list_counts_them_to_be_checked_whoever_called_them_dead(facts: CaseFacts, reason: str) -> None:
    assert place(facts) == (reason, ["b"], {reason: 1})


# ---- By a hospital ----


def test_those_kept_off_by_a_hospital_alone_are_counted() -> None:
    everyone = pd.DataFrame({"person": range(5), "reason": ["died", "died", "died", None, "died"]})
    facts = CaseFacts(
        reviews=pd.DataFrame({"person": [2], "outcome": ["Died"]}),
        statuses=pd.DataFrame({"person": [1], "died": pd.Series([True], dtype=object)}),
        died_in_hospital={person: pd.Timestamp("2026-10-01") for person in (0, 1, 2, 4)},
        gone={4: "died"},
    )
    chosen = ChosenCases(cast(Any, None), (cast(Any, SimpleNamespace(everyone=everyone)),), everyone, facts)
    assert chosen.dead_by_hospital_alone == 1


SPELL = "patient_id,spell_id,admitted_on,method,source,discharged_on,discharge_method,destination,settled_known_on"
ENDED = {
    "by_method": ["2025-05-01,21,19,2025-05-09,4,79,"],
    "by_destination": ["2025-05-01,21,19,2025-05-09,,79,"],
    "in_the_last_spell": ["2025-05-01,21,19,2025-05-05,1,51,", "2025-05-05,81,51,2025-05-09,4,79,"],
    "in_a_spell_before": ["2025-05-01,21,19,2025-05-09,4,79,", "2025-05-09,81,51,2025-05-12,1,19,"],
    "twice": ["2025-01-01,21,19,2025-01-02,4,79,", "2025-05-01,21,19,2025-05-09,4,79,"],
    "quarantined": ["2025-05-01,2Z,19,2025-05-09,4,79,"],
    "told_later": ["2025-05-01,21,19,2025-05-09,4,79,2025-06-03"],
    "later": ["2025-05-01,21,19,2025-06-03,4,79,"],
    "quarantined_later": ["2025-05-01,2Z,19,2025-06-03,4,79,"],
    "without_a_day": ["2025-05-01,21,19,,4,79,"],
    "disputed_by_method": ["2025-05-01,21,19,2025-05-09,1,79,"],
    "disputed_by_destination": ["2025-05-01,21,19,2025-05-09,4,19,"],
    "disputed_in_one_of_two": ["2025-01-01,21,19,2025-01-02,1,79,", "2025-05-01,21,19,2025-05-09,4,79,"],
    "neither_known": ["2025-05-01,21,19,2025-05-09,9,79,", "2025-05-01,21,19,2025-05-09,4,99,"],
    "quarantined_without_a_day": ["2025-12-01,2Z,19,unknown,4,79,"],
    "quarantined_far_ahead": ["2025-05-01,2Z,19,2036-05-09,4,79,"],
    "quarantined_told_later": ["2025-05-01,2Z,19,2025-05-09,4,79,2025-06-03"],
    "admitted_later": ["2025-12-01,2Z,19,2025-05-09,4,79,"],
    "alive": ["2025-05-01,21,19,2025-05-09,1,19,"],
    "nobody_knows": ["2025-05-01,21,19,2025-05-09,9,99,"],
}
"""By patient the spells that they had, their ends told of in all ways."""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Store:
    rows = [(name, row) for name, some in ENDED.items() for row in some]
    stays = [f"{name},s{number},{row}" for number, (name, row) in enumerate(rows)]
    people = [PEOPLE, *(f"{name},1950-01-01,F,," for name in ENDED)]
    folder = tmp_path_factory.mktemp("ended")
    return land(folder, {"people": people, "admissions": [SPELL, *stays]}, quarantine_limit=1)


LATER = {"later", "quarantined_later", "quarantined_far_ahead", "quarantined_without_a_day", "without_a_day"}


@pytest.mark.parametrize(
    ("day", "not_yet", "others"),
    [
        (INDEX, LATER | {"told_later", "quarantined_told_later", "admitted_later"}, {}),
        (
            EXTRACT,
            set(),
            {
                "later": date(2025, 6, 3),
                "quarantined_later": date(2025, 6, 3),
                "without_a_day": date(2025, 5, 1),
                "quarantined_without_a_day": date(2025, 12, 1),
                "quarantined_far_ahead": date(2025, 5, 1),
            },
        ),
    ],
)
def test_who_left_hospital_dead_is_known_from_whichever_spell_says_so_and_from_its_day_on(
    ended: Store, day: date, not_yet: set[str], others: dict[str, date]
) -> None:
    codelists = load(Path(__file__).resolve().parents[2]).codelists
    names = dict(zip(ended.people()["person"], ended.people()["patient_id"], strict=True))
    told = find_hospital_deaths(ended, codelists, day)
    found = {names[person]: on.date() for person, on in told.days.items()}
    died = set(ENDED) - {"alive", "nobody_knows"} - not_yet
    assert found == dict.fromkeys(died, date(2025, 5, 9)) | others
    assert {names[person] for person in told.disputed} == {"disputed_by_method", "disputed_by_destination"}
