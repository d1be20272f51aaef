"""Facts about a person: small tables as they stood at the index date in, sentences and events out."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
import pytest

from riskstrat.casefinding import tells_caseload_ends
from riskstrat.people import conditions, limits, timeline
from riskstrat.people.comparison import Typical, outcome_in_words, reliability, typical_risks
from riskstrat.people.conditions import STATUS_WORDS
from riskstrat.people.in_place import on_caseloads, running_services, select_named, services_in_contact, tell_plan
from riskstrat.people.services import SERVICE_WORDS
from riskstrat.people.timeline import SERVICES
from riskstrat.workspace import load

CODES = timeline.HospitalCodes(
    emergency=("21", "22", "2A"),
    planned=("11", "12", "13"),
    day_case=("2",),
    regular=("3", "4"),
    follow_up=("4",),
    same_day=("05",),
    ambulance=("1",),
    home=("19",),
    care_home=("54",),
    hospital=("51",),
    died=("79",),
    method_died=("4",),
)
SHIPPED = load(Path(__file__).resolve().parents[2])
INDEX = pd.Timestamp("2026-11-16")
LIST_DATE = INDEX.date()


def table(text: str) -> pd.DataFrame:
    """Rows as they stood at the index date: a heading and lines, comma-separated; columns of days end in _on or _to."""
    head, *lines = [[cell.strip() for cell in line.split(",")] for line in text.strip().splitlines()]
    made = pd.DataFrame(lines, columns=head, dtype=object).replace("", None)
    for name in head:
        if name.endswith(("_on", "_to", "_from", "from_on", "list_date")):
            made[name] = pd.to_datetime(made[name])
        if name in ("injury", "attended"):
            made[name] = made[name].map({"true": True, "false": False})
    return made.assign(index_date=INDEX)


def told(events: pd.DataFrame) -> list[tuple[Any, ...]]:
    days = events.assign(start=events["start"].dt.strftime("%Y-%m-%d"), end=events["end"].dt.strftime("%Y-%m-%d"))
    rows = days[["patient_id", "start", "end", "label"]].astype(object)
    return [tuple(row) for row in rows.where(rows.notna(), None).itertuples(index=False)]


def test_stays_are_told_by_how_they_began_and_emergencies_by_what_for_how_long_and_where_to() -> None:
    stays = table("""
        patient_id , admitted_on , method , patient_class , discharged_on , destination , discharge_method , reason
        a          , 2026-01-05  , 21     , 1             , 2026-01-09    , 19          , 1                , hip
        a          , 2026-02-05  , 2A     ,               , 2026-02-05    , 54          , 1                , another
        a          , 2026-03-05  , 11     , 1             , 2026-03-09    , 19          , 1                ,
        a          , 2026-04-05  , 12     , 2             , 2026-04-05    , 19          , 1                ,
        a          , 2026-05-05  , 31     , 1             , 2026-05-06    , 19          , 1                ,
        a          , 2026-06-05  , 21     , 1             , 2026-06-06    , 38          , 1                ,
        a          , 2026-07-05  , 21     , 1             , 2026-07-15    ,             , 1                , infection
        a          , 2026-08-05  , 21     , 1             , 2026-08-15    , 51          ,                  , infection
        a          , 2026-09-05  , 21     , 1             , 2026-09-15    , 51          , 4                , infection
        a          , 2026-10-05  , 21     , 1             , 2026-10-06    , 98          , 1                , infection
        a          , 2026-10-15  , 21     , 1             , 2026-10-16    , 99          , 1                , infection
        a          , 2026-10-25  , 21     , 1             , 2026-10-26    , 11          , 1                , infection
        a          , 2026-11-01  , 22     , 1             ,               ,             ,                  , another
        b          , 2026-11-02  , 13     , 3             , 2026-11-02    , 19          , 1                ,
        b          , 2026-11-05  , 13     , 3             , 2026-11-05    , 19          , 1                ,
        b          , 2026-07-05  , 13     , 4             , 2026-07-05    , 19          , 1                ,
    """)
    assert told(timeline.hospital_stays(stays.assign(ended_by=stays["discharged_on"]), CODES)) == [
        ("a", "2026-01-05", "2026-01-09", "Emergency hospital stay: hip; 4 nights; went home"),
        ("a", "2026-02-05", "2026-02-05", "Emergency hospital stay: another; no night; went to a care home"),
        ("a", "2026-03-05", "2026-03-09", "Planned hospital stay"),
        ("a", "2026-04-05", "2026-04-05", "Planned day in hospital"),
        ("a", "2026-05-05", "2026-05-06", "Hospital stay"),
        ("a", "2026-06-05", "2026-06-06", "Emergency hospital stay; 1 night; went elsewhere"),
        ("a", "2026-07-05", "2026-07-15", "Emergency hospital stay: infection; 10 nights"),
        ("a", "2026-08-05", "2026-08-15", "Emergency hospital stay: infection; 10 nights; went to another hospital"),
        ("a", "2026-09-05", "2026-09-15", "Emergency hospital stay: infection; 10 nights; died"),
        ("a", "2026-10-05", "2026-10-06", "Emergency hospital stay: infection; 1 night"),
        ("a", "2026-10-15", "2026-10-16", "Emergency hospital stay: infection; 1 night"),
        ("a", "2026-10-25", "2026-10-26", "Emergency hospital stay: infection; 1 night"),
        ("a", "2026-11-01", "2026-11-16", "Emergency hospital stay: another; no end recorded"),
        ("b", "2026-08-18", "2026-11-16", "2 regular hospital attendances"),
        ("b", "2026-05-19", "2026-08-17", "1 regular hospital attendance"),
    ]


def test_visits_to_ae_leave_planned_follow_up_out() -> None:
    visits = table("""
        patient_id , attended_on , department_type , category , arrival_mode , reason
        a          , 2026-01-05  , 01              , 1        , 1            , chest pain
        a          , 2026-01-06  , 05              ,          ,              ,
        a          , 2026-01-07  , 01              , 4        , 1            , fall
        a          , 2026-01-08  , 01              , 1        , 2            , another reason
        a          , 2026-01-09  , 01              , 1        , 9            , another reason
        a          , 2026-01-10  , 01              , 1        , 7            , another reason
    """)
    assert told(timeline.emergency_visits(visits, CODES)) == [
        ("a", "2026-01-05", None, "A&E visit: chest pain; came by ambulance"),
        ("a", "2026-01-06", None, "Same-day emergency care visit"),
        ("a", "2026-01-08", None, "A&E visit: another reason; came another way"),
        ("a", "2026-01-09", None, "A&E visit: another reason"),
        ("a", "2026-01-10", None, "A&E visit: another reason"),
    ]


def test_reports_within_three_days_of_the_first_are_one_fall() -> None:
    reports = table("""
        patient_id , fell_on    , injury
        a          , 2026-01-05 , false
        a          , 2026-01-08 , true
        a          , 2026-01-09 ,
        b          , 2026-01-05 ,
    """)
    assert told(timeline.falls(reports)) == [
        ("a", "2026-01-05", None, "Fall with an injury"),
        ("a", "2026-01-09", None, "Fall"),
        ("b", "2026-01-05", None, "Fall"),
    ]


def test_services_that_run_are_drawn_to_the_index_date() -> None:
    services = table("""
        patient_id , service    , started_on , ended_on
        a          , home_care  , 2026-01-05 ,
        a          , reablement , 2026-02-05 , 2026-03-01
        a          , equipment  , 2026-02-06 ,
    """)
    assert told(timeline.social_care(services)) == [
        ("a", "2026-01-05", "2026-11-16", "Home care; no end recorded"),
        ("a", "2026-02-05", "2026-03-01", "Reablement"),
        ("a", "2026-02-06", None, "Equipment supplied"),
    ]
    assert running_services(services) == {
        "a": ("Home care since 5 January 2026", "Equipment supplied on 6 February 2026")
    }


def test_without_a_column_of_ends_no_service_is_said_to_run() -> None:
    services = table("""
        patient_id , service    , started_on , ended_on
        a          , home_care  , 2020-06-12 ,
        a          , home_care  , 2026-01-05 ,
        a          , home_care  , 2025-03-01 ,
        a          , reablement , 2019-09-18 ,
        a          , equipment  , 2026-02-06 ,
    """)
    unknown = "; these data do not say whether it has ended"
    assert told(timeline.social_care(services, ends_told=False))[-2:] == [
        ("a", "2019-09-18", None, f"Reablement{unknown}"),
        ("a", "2026-02-06", None, "Equipment supplied"),
    ]
    assert running_services(services, ends_told=False) == {
        "a": (f"Home care from 5 January 2026{unknown}", "Equipment supplied on 6 February 2026")
    }


def test_a_care_plan_on_record_is_told_beside_the_suggestion_of_one() -> None:
    plans = {"a": ("Care plan of 26 September 2025",)}
    said = ("Care plan of 26 September 2025 is on record: look at it first.",)
    assert tell_plan(plans, "personalised_care_support_plan", "a") == said
    assert tell_plan(plans, "personalised_care_support_plan", "b") == ()
    assert tell_plan(plans, "falls_service", "a") == ()


@pytest.mark.parametrize(("day", "told"), [("2024-11-15", False), ("2024-11-16", True)])
def test_equipment_is_in_place_for_two_years_after_it_was_supplied(day: str, told: bool) -> None:
    services = table(f"patient_id , service , started_on , ended_on\na , equipment , {day} ,")
    assert bool(running_services(services)) is told


def test_contacts_are_counted_by_quarter_and_service_without_the_missed() -> None:
    contacts = table("""
        patient_id , contacted_on , service       , attended
        a          , 2026-11-16   , gp            , true
        a          , 2026-08-18   , gp            ,
        a          , 2026-08-17   , mental_health , true
        a          , 2026-08-16   , outpatient    , true
        a          , 2026-11-01   , gp            , false
        a          , 2024-11-18   , gp            , true
    """)
    assert told(timeline.contacts(contacts)) == [
        ("a", "2026-08-18", "2026-11-16", "2 GP contacts"),
        ("a", "2026-05-19", "2026-08-17", "1 mental health team contact, 1 outpatient clinic contact"),
    ]


def test_a_timeline_begins_two_years_before_the_index_date() -> None:
    stays = table("""
        patient_id , admitted_on , method , patient_class , discharged_on , destination , discharge_method , reason
        a          , 2024-11-01  , 21     , 1             , 2024-11-15    ,             ,                  ,
        a          , 2024-11-02  , 21     , 1             , 2024-11-16    ,             ,                  ,
    """)
    kept = timeline._inside(
        timeline.hospital_stays(stays.assign(ended_by=stays["discharged_on"]), CODES), pd.Series({"a": INDEX})
    )
    assert told(kept) == [("a", "2024-11-02", "2024-11-16", "Emergency hospital stay; 14 nights")]


def test_each_service_that_saw_the_person_in_90_days_is_named_with_its_last_contact() -> None:
    contacts = table("""
        patient_id , contacted_on , service          , attended
        a          , 2026-11-10   , gp               , true
        a          , 2026-11-12   , gp               , false
        a          , 2026-11-02   , community_matron ,
        a          , 2026-08-19   , heart_failure_nurse , true
        a          , 2026-08-18   , district_nursing , true
        b          , 2026-10-01   , outpatient       , true
        b          , 2026-10-01   , mental_health    , true
    """)
    assert services_in_contact(contacts) == {
        "a": (
            "GP, last contact 10 November 2026",
            "Community matron, last contact 2 November 2026",
            "Heart failure nurse, last contact 19 August 2026",
        ),
        "b": ("Mental health team, last contact 1 October 2026", "Outpatient clinic, last contact 1 October 2026"),
    }


def test_a_caseload_is_told_as_the_lists_read_it() -> None:
    caseload = table("""
        patient_id , person , team  , status           , from_on    , to_on      , referred_in
        a          , 1      , North , active           , 2025-01-06 , 2025-05-06 ,
        a          , 1      , South , accepted         , 2026-01-06 , 2026-11-17 ,
        b          , 2      , South , accepted         , 2026-02-06 ,            ,
        b          , 2      , South , monitored        , 2026-03-06 ,            ,
        shut       , 3      , South , active           , 2026-02-06 ,            ,
        shut       , 3      , South , closed           , 2026-09-01 ,            ,
        only_shut  , 4      , South , closed           , 2026-09-01 ,            ,
        asked      , 5      , South , awaiting contact , 2026-10-01 ,            , true
        no         , 6      , South , Awaiting contact , 2026-08-01 ,            , true
        no         , 6      , South , declined         , 2026-10-01 ,            ,
        dropped    , 7      , South , identified       , 2026-08-01 , 2026-09-01 , true
        taken_on   , 8      , South , identified       , 2026-08-01 ,            , true
        taken_on   , 8      , South , active           , 2026-09-01 ,            ,
        again      , 9      , South , active           , 2025-02-06 , 2025-03-06 ,
        again      , 9      , South , active           , 2026-02-06 ,            ,
        both       , 10     , South , active           , 2025-01-01 ,            ,
        both       , 10     , South , active           , 2026-01-01 , 2026-03-01 ,
        still      , 11     , South , identified       , 2026-01-01 ,            , true
        still      , 11     , South , declined         , 2026-02-01 , 2026-03-01 ,
        let_go     , 12     , South , identified       , 2026-01-01 ,            , true
        let_go     , 12     , South , closed           , 2026-03-01 ,            ,
        twice      , 13     , South , active           , 2026-01-01 , 2026-03-01 ,
        twice      , 13     , South , closed           , 2026-03-01 ,            ,
        unasked    , 14     , South , declined         , 2026-03-01 ,            ,
        left       , 15     , South , active           , 2026-01-01 ,            ,
        left       , 15     , South , declined         , 2026-03-01 ,            ,
        seen       , 16     , South , not suitable     , 2026-01-01 , 2026-03-01 ,
    """).assign(referred_in=lambda rows: rows["referred_in"].eq("true"))
    held = {
        "a": (
            "Was on the caseload of North from 6 January 2025 to 6 May 2025",
            "On the caseload of South since 6 January 2026",
        ),
        "b": ("On the caseload of South since 6 February 2026",),
        "shut": ("Was on the caseload of South from 6 February 2026 to 1 September 2026",),
        "only_shut": ("Was on the caseload of South until 1 September 2026",),
        "asked": ("Put forward to South on 1 October 2026, not taken on yet",),
        "no": ("Put forward to South on 1 August 2026, declined",),
        "dropped": ("Put forward to South on 1 August 2026, not taken on",),
        "taken_on": ("On the caseload of South since 1 September 2026",),
        "again": (
            "Was on the caseload of South from 6 February 2025 to 6 March 2025",
            "On the caseload of South since 6 February 2026",
        ),
        "both": (
            "On the caseload of South since 1 January 2025",
            "Was on the caseload of South from 1 January 2026 to 1 March 2026",
        ),
        "still": (
            "Put forward to South on 1 January 2026, not taken on yet",
            "Recorded by South as declined on 1 February 2026",
        ),
        "let_go": ("Was on the caseload of South until 1 March 2026",),
        "twice": ("Was on the caseload of South from 1 January 2026 to 1 March 2026",),
        "unasked": ("Recorded by South as declined on 1 March 2026",),
        "left": (
            "Was on the caseload of South from 1 January 2026 to 1 March 2026",
            "Recorded by South as declined on 1 March 2026",
        ),
        "seen": ("Looked at by South from 1 January 2026 to 1 March 2026, not taken on",),
    }
    assert on_caseloads(caseload, LIST_DATE) == held
    assert on_caseloads(caseload.iloc[::-1], LIST_DATE) == held


def test_a_caseload_without_ends_says_of_nobody_since_when_they_are_held_nor_until_when() -> None:
    rows = """
        patient_id , person , team  , status , from_on    , to_on , referred_in
        held       , 1      , South , active , 2025-02-06 ,       ,
        shut       , 2      , South , closed , 2025-06-09 ,       ,
    """
    told = {
        "held": ("On the caseload of South from 6 February 2025; these data do not say whether it has ended",),
        "shut": ("Was on the caseload of South; these data do not say from when to when",),
    }
    caseload = table(rows).assign(referred_in=False)
    assert not tells_caseload_ends(caseload)
    assert on_caseloads(caseload, LIST_DATE, ends_told=False) == told
    ended = table(f"{rows}\n        gone , 3 , South , active , 2025-02-06 , 2025-03-06 , ")
    closed = table(f"{rows}\n        held , 1 , South , closed , 2025-03-06 , , ")
    assert tells_caseload_ends(ended)
    assert tells_caseload_ends(closed)


def test_typical_risk_needs_fifty_people_of_the_same_sex_and_age() -> None:
    groups = [("75 to 84", "female", 50, 0.2), ("75 to 84", "male", 49, 0.4), ("75 to 84", "not recorded", 1, 0.9)]
    members = pd.DataFrame([(band, sex) for band, sex, n, _ in groups for _ in range(n)], columns=["age_band", "sex"])
    risk = np.array([risk for *_, n, risk in groups for _ in range(n)])
    found = typical_risks(members, risk, np.array([0, 50, 99]))
    assert len(found) == 3
    assert found[0].risk == pytest.approx(0.2)
    assert found[0].group == "women aged 75 to 84 here"
    assert found[1] == Typical(None, "men aged 75 to 84 here")
    assert found[2].risk == pytest.approx((50 * 0.2 + 49 * 0.4 + 0.9) / 100)
    assert found[2].group == "people aged 75 to 84 here"


EVIDENCE = {
    "calibration_curve": [
        {"risk": 0.1, "observed": 0.11, "people": 500},
        {"risk": 0.3, "observed": 0.3149, "people": 60},
        {"risk": None, "observed": 0.5, "people": 60},
    ],
    "subgroups": [
        {"dimension": "age_band", "group": "75 to 84", "reason": None, "mean_risk": 0.227, "prevalence": 0.238},
        {"dimension": "sex", "group": "female", "reason": "few", "mean_risk": None, "prevalence": None},
        {"dimension": "conditions", "group": "none", "reason": None, "mean_risk": 0.004, "prevalence": 0.012},
    ],
}


def test_reliability_is_told_at_this_risk_and_for_people_like_this_one() -> None:
    member = {"age_band": "75 to 84", "sex": "female", "conditions": "none"}
    assert reliability(EVIDENCE, member, 0.31, "an emergency admission in 12 months") == (
        "Of 100 people whom the model gave about 31 in 100, about 31 had an emergency admission in 12 months.",
        "For people aged 75 to 84 the model gave about 23 in 100 on average, and about 24 in 100 had an emergency "
        "admission in 12 months.",
        "For people with no long-term condition the model gave fewer than 1 in 100 on average, and about 1 in 100 had "
        "an emergency admission in 12 months.",
    )


def test_of_what_was_not_tested_nothing_is_said() -> None:
    member = {"age_band": "18 to 39", "sex": "indeterminate", "conditions": "not recorded"}
    assert reliability(EVIDENCE, member, 0.9, "x") == ()
    assert reliability({}, {}, 0.9, "x") == ()


@pytest.mark.parametrize(
    ("listed", "had", "words"),
    [
        (
            320,
            262,
            ("Lists of 8 people, tried on earlier dates: of 100 people on them, about 82 had x (between 77 and 86).",),
        ),
        (29, 20, ()),
        (40, 33, ()),
        (40, 7, ()),
        (0, 0, ()),
    ],
)
def test_first_it_is_told_what_happened_to_people_whom_lists_would_have_held(
    listed: int, had: int, words: tuple[str, ...]
) -> None:
    found = {
        "capacity": 8,
        "listed": listed,
        "listed_events": had,
        "rate": had / max(listed, 1),
        "low": 0.772,
        "high": 0.857,
    }
    assert reliability({"at_capacity": found}, {}, 0.9, "x") == words


def test_the_outcome_reads_in_a_sentence() -> None:
    assert outcome_in_words("Emergency admission in 12 months") == "an emergency admission in 12 months"
    assert outcome_in_words("Readmission in 30 days") == "a readmission in 30 days"


@pytest.mark.parametrize(
    ("services", "without"),
    [
        (("gp", "district_nursing"), {"nursed", "nobody"}),
        (("practice_nurse",), {"seen", "nobody"}),
        (("district_nursing", "outpatient"), set()),  # a feed of community contacts alone is no GP record
    ],
)
def test_who_has_no_gp_record_is_told_where_such_records_were_landed(
    services: tuple[str, ...], without: set[str]
) -> None:
    contacts = table("""
        patient_id , contacted_on , service
        seen       , 2026-10-01   , gp
        nursed     , 2026-10-01   , practice_nurse
        nursed     , 2026-10-01   , district_nursing
    """)
    held = contacts[contacts["service"].isin(services)]
    store = SimpleNamespace(landed={"contacts"}, holds=lambda *_: set(limits.BY_GP) & set(services))
    people = pd.DataFrame({"patient_id": ["seen", "nursed", "nobody"]})
    records = SimpleNamespace(
        store=store, opened=SimpleNamespace(store=store), rows=people, known_whole=lambda table: held
    )
    assert limits.no_gp_record(cast(Any, records)).keys() == without


def test_a_new_registration_and_a_gap_are_cautions() -> None:
    registrations = table("""
        patient_id , registered_from , registered_to
        new        , 2025-11-17      ,
        old        , 2025-11-16      ,
        gap        , 2010-01-01      , 2025-01-31
        gap        , 2025-03-01      ,
        moved      , 2010-01-01      , 2025-01-31
        moved      , 2025-02-28      ,
        visitor    , 2010-01-01      ,
        visitor    , 2026-06-01      , 2026-09-01
        within     , 2010-01-01      , 2025-01-31
        within     , 2012-01-01      , 2013-01-31
        within     , 2025-01-31      ,
        long       , 2010-01-01      , 2019-01-31
        long       , 2024-11-16      ,
        twice      , 2010-01-01      , 2024-01-31
        twice      , 2024-03-31      , 2025-01-31
        twice      , 2025-04-01      ,
    """)
    assert limits.new_registrations(registrations) == {
        "new": "Registered with this practice less than 12 months ago, so the record may be short."
    }
    assert limits.registration_gaps(registrations) == {
        "gap": "There is a gap in the record: about 4 weeks without a practice here in the last 3 years.",
        "long": "There is a gap in the record: about 12 months without a practice here in the last 3 years.",
        "twice": "There is a gap in the record: about 4 months without a practice here in the last 3 years.",
    }


def test_a_stay_of_long_ago_without_a_discharge_says_of_nobody_that_they_are_in_hospital() -> None:
    day = pd.to_datetime(["2026-11-16"] * 3).astype("datetime64[s]")
    begun = np.array(["2025-11-16", "2025-11-17", "NaT"], "datetime64[D]")
    records = cast(Any, SimpleNamespace(rows=pd.DataFrame({"index_date": day}), when=lambda name: begun))
    asked = SimpleNamespace(feature="stay_open", until_status_is_known=True)
    assert conditions._mark_long_ago(records, cast(Any, asked)).tolist() == [True, False, False]
    asked.until_status_is_known = False
    assert not conditions._mark_long_ago(records, cast(Any, asked)).any()


def test_a_stay_without_diagnoses_is_a_caution_for_a_year() -> None:
    stays = table("""
        patient_id , admitted_on , spell
        coded      , 2026-10-01  , 1
        moved      , 2026-10-02  , 5
        open       , 2026-09-01  , 2
        open       , 2026-11-01  , 3
        long_ago   , 2025-11-16  , 4
    """)
    # Of a stay that went on in another hospital, the one where it began may code nothing.
    diagnoses = pd.DataFrame({"spell": ["1", "6"], "stay": ["1", "5"]})
    said = "The hospital stay from 1 November 2026 has no diagnoses yet, so the estimate does not know what it was for."
    assert limits.stays_without_diagnoses(stays, diagnoses) == {"open": said}


class Landed(NamedTuple):
    """A store of statuses on some days; None where they were not landed."""

    days: tuple[str, ...] | None

    @property
    def landed(self) -> frozenset[str]:
        return frozenset() if self.days is None else frozenset({"statuses"})

    def read(self, table: str) -> pd.DataFrame:
        return pd.DataFrame({"as_at": pd.to_datetime(list(self.days or ()))}).assign(died=False)


@pytest.mark.parametrize(
    ("days", "latest"),
    [
        (("2026-11-16",), LIST_DATE),
        (None, None),
        (("2026-11-17",), None),
        (("2026-11-09", "2026-11-17"), date(2026, 11, 9)),
    ],
)
def test_the_latest_day_of_statuses_is_none_after_the_list(days: tuple[str, ...] | None, latest: date | None) -> None:
    assert limits.find_day_of_statuses(Landed(days), LIST_DATE) == latest  # type: ignore[arg-type]


def fixed_words() -> list[str]:
    """Everything these pages say that does not depend on the person."""
    return [
        *limits.CANNOT_SEE,
        limits.WITHOUT_SOCIAL_CARE,
        *(f"{words}: not available here." for words in limits.NOT_AVAILABLE.values()),
        *STATUS_WORDS.values(),
        *SERVICES.values(),
        *SERVICE_WORDS.values(),
        *(rule.says for rule in SHIPPED.changeable),
        *reliability(EVIDENCE, {"age_band": "75 to 84", "sex": "female", "conditions": "none"}, 0.31, "an admission"),
    ]


def test_what_is_said_is_plain_english() -> None:
    banned = r"because of|\bcause|frequent flyer|frequent attender|diabetic|suffer|victim|elderly|non-?complian|landed"
    assert [text for text in fixed_words() if re.search(banned, text, re.IGNORECASE)] == []
    assert [text for text in fixed_words() if len(text.split()) > 25] == []
    assert [text for text in fixed_words() if reading_age(text) > 15] == []


def reading_age(text: str) -> float:
    """Flesch-Kincaid grade plus five years: the age at which most people can read it; short labels count as a line."""
    words = re.findall(r"[A-Za-z&']+", text)
    sentences = max(len(re.findall(r"[.!?:]", text)), 1)
    syllables = sum(max(len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e"))), 1) for word in words)
    return 0.39 * max(len(words), 8) / sentences + 11.8 * syllables / max(len(words), 8) - 15.59 + 5


def test_every_service_has_words() -> None:
    from riskstrat.definitions.schemas import SERVICES as LANDED

    assert set(SERVICES) == set(LANDED)


def test_a_caseload_is_not_told_of_whose_team_says_what_is_sensitive() -> None:
    teams = ["Drug and Alcohol Team", "Sexual health clinic", "Kirkby", "CGL substance misuse service", "Heart failure"]
    held = pd.DataFrame({"team": teams, "status": "active"})
    assert select_named(held, SHIPPED.codelists)["team"].tolist() == ["Kirkby", "Heart failure"]
