"""Cohorts: small tables in, where every person stands by every rule out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from numpy.testing import assert_array_equal

from riskstrat.definitions.cohorts import CohortRules, RecordCondition
from riskstrat.definitions.declared import read
from riskstrat.errors import WorkspaceError
from riskstrat.people.cohorts import MAY_LIVE_IN_HOME, describe_cohorts, place_in_cohorts
from riskstrat.people.recorded import RecordedFacts
from riskstrat.sources.tables import STREAMS
from riskstrat.storage.files import keep_file
from riskstrat.workspace.cohort_rules import find_cohort_problems
from riskstrat.workspace.loading import COHORTS_FILE
from tests.suite.cohort_site import (
    FILLER,
    MONTHS,
    SHIPPED,
    gather_facts,
    list_rows,
    make_sensitive,
    make_tables,
    open_site,
)

NEVER_READ = frozenset({"care_plans", "circumstances"})
OLD, YOUNG = "1940-01-15", "1966-01-15"
FRAIL, HOME, HOUSEBOUND, SEVERAL = "older_and_frail", "care_home", "housebound_or_end_of_life", "several_conditions"
NO_SCORE = "no frailty score is recorded"
PEOPLE = {
    **dict.fromkeys(("efi_moderate", "efi_fit", "scale_6", "no_score", "efi_old", "efi_old_scale_3"), OLD),
    **dict.fromkeys(("home", "nursing", "left_home", "housebound", "no_longer", "dying", "on_register"), YOUNG),
    **dict.fromkeys(("four", "three", "young_and_frail"), YOUNG),
}
ROWS = {
    "people": f"home,{YOUNG},F,2024-02-01",
    "measurements": """
        efi_moderate,2026-05-01,efi,0.30
        efi_fit,2026-05-01,efi,0.10
        scale_6,2026-06-01,frailty_scale,6
        efi_old,2025-01-01,efi,0.30
        efi_old_scale_3,2025-01-01,efi,0.30
        efi_old_scale_3,2026-06-01,frailty_scale,3
        young_and_frail,2026-05-01,efi,0.40
    """,
    "social_care": """
        nursing,nursing,2026-01-01,
        left_home,residential,2025-01-01,2026-03-01
    """,
    "circumstances": """
        housebound,2026-03-01,yes,,
        no_longer,2025-03-01,yes,,
        no_longer,2026-03-01,no,,
        no_longer,2026-04-01,,yes,pl
        z,2024-01-01,no,,
    """,
    "conditions": """
        dying,register,PALLIATIVE_CARE,2026-02-01,
        four,register,HEART_FAILURE,2020-01-01,
        four,register,DEMENTIA,2020-01-01,
        four,register,COPD,2020-01-01,
        four,register,DIABETES,2020-01-01,
        three,register,HEART_FAILURE,2020-01-01,
        three,register,DEMENTIA,2020-01-01,
        three,register,COPD,2020-01-01,
    """,
    "statuses": "on_register,2026-09-28,no,no,no,yes",
}


def stand(opened: Any, rules: CohortRules | None = None) -> dict[str, dict[str, str]]:
    """By rule and person the answer, with the reason where it cannot be told; `not in` is left out."""
    facts, made = gather_facts(opened), rules or opened.workspace.cohort_rules
    found: dict[str, dict[str, str]] = {rule.name: {} for rule in made.cohort}
    placed = place_in_cohorts(made.cohort, facts)
    for patient, standings in zip(facts.telling.matrix.keys["patient_id"], placed, strict=True):
        for one in standings:
            if one.answer != "not in":
                found[one.name][patient] = one.why or one.answer
    return found


def test_everybody_is_in_not_in_or_cannot_be_told_by_each_shipped_rule(tmp_path: Path) -> None:
    assert stand(open_site(tmp_path, make_tables(PEOPLE, **ROWS))) == {
        FRAIL: {
            "efi_moderate": "in",
            "scale_6": "in",
            "no_score": NO_SCORE,
            "efi_old": "the latest frailty score is of 1 January 2025",
        },
        HOME: {"home": "in", "nursing": "in"},
        HOUSEBOUND: {"housebound": "in", "dying": "in", "on_register": "in"},
        SEVERAL: {"four": "in"},
    }


def without(table: str) -> dict[str, str]:
    return {name: text for name, text in make_tables(PEOPLE, **ROWS).items() if name != table}


def test_without_circumstances_only_those_near_the_end_of_life_are_in_and_of_nobody_else_it_is_told(
    tmp_path: Path,
) -> None:
    told = stand(open_site(tmp_path, without("circumstances")))[HOUSEBOUND]
    why = "recorded circumstances are not in these data"
    assert told == {**dict.fromkeys((*PEOPLE, FILLER), why), "dying": "in", "on_register": "in"}


def test_a_column_that_was_not_landed_tells_of_nobody(tmp_path: Path) -> None:
    tables = {**without("statuses"), "circumstances": "patient_id,recorded_on,carer\nhousebound,2026-03-01,yes\n"}
    told = stand(open_site(tmp_path, tables))[HOUSEBOUND]
    assert told == {**dict.fromkeys((*PEOPLE, FILLER), "these data do not say who is housebound"), "dying": "in"}


def test_a_count_that_a_missing_source_may_cut_short_is_in_or_cannot_be_told_and_never_not_in(tmp_path: Path) -> None:
    told = stand(open_site(tmp_path, without("diagnoses")))[SEVERAL]
    why = "hospital diagnoses are not in these data"
    assert told == {**dict.fromkeys((*PEOPLE, FILLER), why), "four": "in"}


def test_a_rule_whose_only_proof_may_not_be_shown_is_said_of_nobody(tmp_path: Path) -> None:
    opened = open_site(tmp_path, make_tables(PEOPLE, **ROWS), codelists=make_sensitive(SHIPPED, "Dementia"))
    assert stand(opened)[SEVERAL] == {}
    whole = stand(open_site(tmp_path / "whole", make_tables(PEOPLE, **ROWS)))[SEVERAL]
    assert whole == {"four": "in"}


def make_rules(*rules: dict[str, Any]) -> CohortRules:
    given = [{"title": "A cohort", "tag": "Tag", "source": "A source", **rule} for rule in rules]
    return CohortRules.model_validate({"high_risk": ["high"], "cohort": given})


def test_none_of_takes_people_out_and_a_plan_counts_until_it_ends(tmp_path: Path) -> None:
    plans = """
        efi_moderate,care_plan,2026-01-01,
        efi_fit,care_plan,2025-01-01,2026-01-01
        no_score,care_plan,2026-09-30,2026-10-01
        home,care_plan,2026-10-01,
        nursing,respect,2026-01-01,
        housebound,care_plan,2026-01-01,
    """
    rules = make_rules(
        {"name": "planned", "all": [{"record": "care_plan", "says": "a plan"}]},
        {
            "name": "at_home",
            "all": [{"record": "care_plan", "says": "a plan"}],
            "none": [{"record": "housebound", "says": "housebound"}],
        },
    )
    told = stand(open_site(tmp_path, make_tables(PEOPLE, **ROWS, care_plans=plans)), rules)
    planned = dict.fromkeys(("efi_moderate", "no_score", "housebound"), "in")
    assert told == {"planned": planned, "at_home": {one: "in" for one in planned if one != "housebound"}}


@pytest.mark.parametrize(
    "record", [{"record": "frailty_scale", "at_least": 6, "says": "{n} or more"}, "palliative_care", "carer", "respect"]
)
def test_of_nobody_every_record_answers_nothing(tmp_path: Path, record: Any) -> None:
    asked = {"record": record, "says": "so"} if isinstance(record, str) else record
    opened = open_site(tmp_path, make_tables({"a": OLD}))
    rows = list_rows(opened).head(0)
    nobody = RecordedFacts(gather_facts(opened, rows).telling, SHIPPED.codelists)
    assert len(nobody.answer(RecordCondition.model_validate(asked)).holds) == 0


def test_a_status_tells_of_its_own_person_alone_and_its_no_only_while_it_is_recent(tmp_path: Path) -> None:
    statuses = """
        old_no,2024-09-28,no,no,no,no
        new_no,2026-09-01,no,no,no,no
        old_yes,2024-09-28,no,no,no,yes
        silent,2026-09-01,no,no,no,
    """
    people = dict.fromkeys(("old_no", "new_no", "old_yes", "silent", "none"), YOUNG)
    rules = make_rules({"name": "dying", "all": [{"record": "palliative_care", "says": "on the register"}]})
    tables = make_tables(people, statuses=statuses)
    unread = "no palliative care register is in these data"
    told = stand(open_site(tmp_path / "uncoded", tables), rules)["dying"]
    assert told == {"old_yes": "in", **dict.fromkeys(("old_no", "silent", "none", FILLER), unread)}
    del tables["conditions"]
    lacking = "conditions from the GP record are not in these data"
    told = stand(open_site(tmp_path / "without", tables), rules)["dying"]
    assert told == {"old_yes": "in", **dict.fromkeys(("old_no", "silent", "none", FILLER), lacking)}
    coded = make_tables(people, statuses=statuses, conditions="none,register,PALLIATIVE_CARE,2026-02-01,")
    told = stand(open_site(tmp_path / "coded", coded), rules)["dying"]
    assert told == {"old_yes": "in", "none": "in"}


RECORDED_RULES = (
    {"name": "plan", "all": [{"record": "care_plan", "says": "a plan"}]},
    {"name": "carer", "all": [{"record": "carer", "says": "a carer"}]},
)


def test_a_source_that_began_last_month_or_a_person_who_came_last_month_tells_no_absence(tmp_path: Path) -> None:
    tables = make_tables(
        {"stayed": YOUNG, "came": YOUNG, "carer": YOUNG},
        care_plans="z,care_plan,2026-08-20,",
        circumstances="z,2024-01-01,no,no,\ncarer,2026-09-20,,yes,",
    )
    tables["registrations"] = tables["registrations"].replace("came,A10000,2010-01-01", "came,A10000,2026-09-01")
    told = stand(open_site(tmp_path, tables), make_rules(*RECORDED_RULES))
    begin = "care plans begin on 20 August 2026"
    assert told == {
        "plan": {**dict.fromkeys(("stayed", "came", "carer"), begin), FILLER: "in"},
        "carer": {"came": "registered here only since 1 September 2026", "carer": "in"},
    }


def test_a_month_of_circumstances_that_did_not_come_tells_no_absence(tmp_path: Path) -> None:
    days = [f"{month}-{day:02}" for month in MONTHS if month != "2026-03" for day in range(1, 29)]
    tables = make_tables(
        {"a": YOUNG},
        circumstances="\n".join(f"{one},{day},no,no," for day in days for one in "az"),
        care_plans="\n".join(f"{one},respect,{day}," for day in days for one in "az"),
    )
    told = stand(open_site(tmp_path, tables), make_rules(*RECORDED_RULES))
    assert told == {
        "plan": dict.fromkeys(("a", FILLER), "care plans of March 2026 are missing"),
        "carer": dict.fromkeys(("a", FILLER), "recorded circumstances of March 2026 are missing"),
    }


def test_somebody_who_moved_is_told_of_by_records_that_moved_along(tmp_path: Path) -> None:
    days = [f"{month}-{day:02}" for month in MONTHS for day in range(1, 29)]
    filler = [f"z,{day},no,no," for day in days]
    tables = make_tables({"bare": YOUNG, "along": YOUNG}, circumstances="\n".join([*filler, "along,2025-01-01,no,no,"]))
    tables["registrations"] = "patient_id,practice,registered_from,registered_to\nz,A10000,2010-01-01,\n" + "".join(
        f"{one},B20000,2010-01-01,2026-06-01\n{one},A10000,2026-06-01,\n" for one in ("bare", "along")
    )
    told = stand(open_site(tmp_path, tables), make_rules(RECORDED_RULES[1]))
    left = "recorded circumstances of a practice that the person left on 1 June 2026 did not come"
    assert told == {"carer": {"bare": left}}


@pytest.mark.parametrize("lacking", ["social_care", "care_home_from"])
def test_nobody_is_said_to_live_elsewhere_by_one_source_of_care_homes_alone(tmp_path: Path, lacking: str) -> None:
    spread = "\n".join(f"z,equipment,{month}-{day:02},{month}-{day:02}" for month in MONTHS for day in range(10, 13))
    people = {"home": f"home,{YOUNG},F,2024-02-01"}
    tables = make_tables({"other": YOUNG}, people=people["home"], social_care=f"other,nursing,2026-01-01,\n{spread}")
    tables["registrations"] += "home,A10000,2010-01-01,\n"
    if lacking == "social_care":
        del tables["social_care"]
    else:
        rows = tables["people"].splitlines()
        tables["people"] = "\n".join(row.rsplit(",", 1)[0] for row in rows) + "\n"
    told = stand(open_site(tmp_path, tables))[HOME]
    assert told.pop("home" if lacking == "social_care" else "other") == "in"
    assert set(told) == {"home", "other", FILLER} - {"home" if lacking == "social_care" else "other"}
    assert all(one not in ("in", "not in") for one in told.values())


def test_somebody_whose_place_in_a_care_home_cannot_be_read_is_never_said_to_live_elsewhere(tmp_path: Path) -> None:
    tables = make_tables(
        dict.fromkeys(("residential", "over", "known", "equipment", "to_come"), YOUNG),
        people=f"unread,{YOUNG},F,last spring\nto_come,{YOUNG},F,2026-12-01\nresident,{YOUNG},F,2024-02-01",
        social_care="""
            residential,residential,soon,
            over,nursing,soon,2026-01-01
            known,nursing,soon,
            known,nursing,2026-01-01,
            equipment,equipment,soon,
            z,nursing,2025-01-01,2025-02-01
            z,residential,2025-02-01,2025-03-01
        """
        + "\n".join(f"z,equipment,{month}-{day:02},{month}-{day:02}" for month in MONTHS for day in range(10, 13)),
    )
    tables["registrations"] += "unread,A10000,2010-01-01,\n"
    opened = open_site(tmp_path, tables)
    doubted = dict.fromkeys(("residential", "unread", "to_come"), MAY_LIVE_IN_HOME)
    assert stand(opened)[HOME] == {**doubted, **dict.fromkeys(("known", "resident"), "in")}
    elsewhere = {
        "name": "elsewhere",
        "all": [{"feature": "age", "at_least": 18, "says": "{n} or over"}],
        "none": [{"feature": "nursing_care_running", "recorded": True, "says": "nursing care"}],
    }
    told = stand(opened, make_rules(elsewhere))["elsewhere"]
    assert told == {**doubted, **dict.fromkeys(("over", "equipment", "resident", FILLER), "in")}


ASKED = (
    {"feature": "days_since_fall", "at_most": 90, "says": "a fall in the last {n} days"},
    {"feature": "days_since_fall", "more_than": 90, "says": "more than {n} days since a fall"},
    {"feature": "bmi_latest", "at_least": 30, "says": "body mass index {n} or more"},
    {"feature": "bmi_latest", "less_than": 30, "says": "body mass index below {n}"},
)


def stand_by_latest(folder: Path, *, until: str) -> list[dict[str, str]]:
    """What is told by `ASKED` where falls and measurements, from 2025 on, end with a month."""
    days = [f"{month}-{day:02}" for month in MONTHS if "2025-01" <= month <= until for day in range(1, 29)]
    falls = [*(f"{one},{day}" for day in days for one in "yz"), "old,2025-12-01", "new,2026-07-20"]
    heights = [
        *(f"{one},{day},bmi,24" for day in days for one in "yz"),
        "old,2025-12-01,bmi,24",
        "new,2026-09-01,bmi,31",
    ]
    tables = make_tables(dict.fromkeys(("old", "new", "y"), YOUNG), falls="\n".join(falls))
    tables["measurements"] = "\n".join(["patient_id,measured_on,measure,value", *heights]) + "\n"
    opened = open_site(folder, tables, also=("days_since_fall", "bmi_latest"))
    told = stand(opened, make_rules(*({"name": f"r{at}", "all": [one]} for at, one in enumerate(ASKED))))
    return [{one: why for one, why in told[rule].items() if one in ("old", "new")} for rule in told]


def test_an_old_value_tells_where_nothing_later_is_lacking(tmp_path: Path) -> None:
    assert stand_by_latest(tmp_path, until="2026-09") == [{"new": "in"}, {"old": "in"}, {"new": "in"}, {"old": "in"}]


def test_an_old_value_hides_no_source_that_has_ended(tmp_path: Path) -> None:
    falls, missing = "reported falls end on 20 July 2026", "measurements from the GP record of June 2026 are missing"
    by_falls, by_measurements = ([{"old": why, "new": "in"}, {"old": why}] for why in (falls, missing))
    assert stand_by_latest(tmp_path, until="2026-05") == [*by_falls, *by_measurements]


DERIVED = "days_since_emergency_discharge"


@pytest.mark.parametrize(("until", "told"), [("2026-09", ["", "in"]), ("2026-05", ["admissions", "admissions"])])
def test_days_that_a_formula_gives_hide_no_source_that_has_ended(tmp_path: Path, until: str, told: list[str]) -> None:
    """Somebody discharged long ago may have been in hospital since, where stays of the last months did not come."""
    days = [f"{month}-{day:02}" for month in MONTHS if "2025-01" <= month <= until for day in range(1, 28)]
    tables = make_tables({"old": YOUNG, "y": YOUNG})
    del tables["diagnoses"]
    stays = [*(f"{one},{one}{day},{day},11,{day}" for day in days for one in "yz"), "old,s1,2025-12-01,21,2025-12-02"]
    tables["admissions"] = "\n".join(["patient_id,spell_id,admitted_on,method,discharged_on", *stays]) + "\n"
    opened = open_site(tmp_path, tables, also=(DERIVED,))
    asked = (
        {"feature": DERIVED, "at_most": 90, "says": "left hospital in the last {n} days"},
        {"feature": DERIVED, "more_than": 90, "says": "more than {n} days since leaving hospital"},
    )
    found = stand(opened, make_rules(*({"name": f"r{at}", "all": [one]} for at, one in enumerate(asked))))
    said = [found[rule].get("old", "") for rule in found]
    assert [one if one in ("", "in") else "admissions" if "admissions" in one else one for one in said] == told


def test_what_nobodys_record_holds_is_not_said_to_be_none(tmp_path: Path) -> None:
    """The column of carers came and says nothing of anybody; no plan of a kind was ever made."""
    days = [f"{month}-{day:02}" for month in MONTHS for day in range(1, 8)]
    tables = make_tables(
        {"a": YOUNG},
        circumstances="\n".join(f"{one},{day},no,," for day in days for one in "az"),
        care_plans="\n".join(f"{one},respect,{day}," for day in days for one in "az"),
    )
    housebound = {"name": "housebound", "all": [{"record": "housebound", "says": "housebound"}]}
    told = stand(open_site(tmp_path, tables), make_rules(*RECORDED_RULES, housebound))
    held_by_nobody = dict.fromkeys(("a", FILLER), "these data hold no such record about anybody")
    assert told == {"plan": held_by_nobody, "carer": held_by_nobody, "housebound": {}}


def test_a_plan_or_circumstance_that_cannot_be_read_is_never_said_to_be_none(tmp_path: Path) -> None:
    people = ("maybe", "maybe_first", "maybe_last", "undated", "other", "unread", "ended", "backwards", "kept", "kind")
    days = [f"{month}-{day:02}" for month in MONTHS for day in range(1, 8)]
    circumstances = """
        maybe,2026-03-01,,maybe,
        maybe_first,2026-03-01,,maybe,
        maybe_first,2026-04-01,,no,
        maybe_last,2026-03-01,,yes,
        maybe_last,2026-04-01,,maybe,
        undated,spring,,yes,
        other,2026-03-01,maybe,no,
    """
    plans = """
        unread,care_plan,2026-01-01,soon
        ended,care_plan,soon,2026-02-01
        backwards,care_plan,2026-01-01,2025-01-01
        kept,care_plan,2026-01-01,soon
        kept,care_plan,2026-02-01,
        kind,plan of care,2026-01-01,
        other,respect,2026-01-01,soon
    """
    tables = make_tables(
        dict.fromkeys(people, YOUNG),
        circumstances="\n".join([*(f"z,{day},no,no," for day in days), *circumstances.split()]),
        care_plans="\n".join([*(f"z,advance_care_plan,{day}," for day in days), plans.strip()]),
    )
    told = stand(open_site(tmp_path, tables), make_rules(*RECORDED_RULES))
    carer = dict.fromkeys(("maybe", "maybe_last", "undated"), "the latest record of being a carer cannot be read")
    unread = dict.fromkeys(("unread", "backwards", "kind"), "a plan on record cannot be read")
    assert told == {"plan": {**unread, "kept": "in"}, "carer": carer}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"name": "a"}, "needs conditions under all or any"),
        ({"name": "a", "all": [{"says": "x"}]}, "a condition asks one of feature, score and record"),
        ({"name": "a", "all": ["age"]}, "a condition asks one of feature, score and record"),
        ({"name": "a", "any": [75]}, "a condition asks one of feature, score and record"),
        (
            {"name": "a", "all": [{"record": "housebound", "at_least": 3, "says": "{n} or more"}]},
            "at_least is the grade",
        ),
        ({"name": "a", "all": [{"record": "frailty_scale", "says": "frail"}]}, "which needs it"),
        ({"name": "a", "all": [{"record": "frailty_scale", "at_least": 6, "says": "frail"}]}, '"{n} or more"'),
        ({"name": "a", "all": [{"record": "hospice", "says": "x"}]}, "care_plan"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_what_it_takes(rule: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match="cohort") as refused:
        make_rules(rule)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("condition", "known"),
    [
        ({"feature": "age", "at_leest": 75, "says": "{n} or over"}, "at_least"),
        ({"feature": "age", "recorded": True, "says": "aged", "note": ""}, "more_than"),
        ({"score": "efi", "bands": ["severe"], "says": "frail", "note": ""}, "bands"),
        ({"record": "frailty_scale", "at_leest": 6, "says": "{n} or more"}, "record, says, at_least"),
    ],
)
def test_a_misspelt_key_of_a_condition_is_refused_with_the_keys_of_its_kind(
    condition: dict[str, Any], known: str
) -> None:
    rule = {"name": "a", "title": "A", "tag": "Tag", "source": "A source"}
    with pytest.raises(WorkspaceError) as refused:
        read(CohortRules, {"cohort": [{**rule, "all": [condition]}]}, "training/cohorts.toml", WorkspaceError)
    assert str(refused.value).startswith('training/cohorts.toml: unknown key "cohort.0.all.0.')
    assert known in str(refused.value).partition("(known: ")[2]


def test_a_rule_is_unconfirmed_until_the_site_says_where_it_agreed() -> None:
    asked = {"name": "a", "caution": "Look first.", "all": [{"record": "carer", "says": "a carer"}]}
    confirmed = {"reference": "Board paper 7", "on": "2026-11-30"}
    assert describe_cohorts(make_rules(asked, {**asked, "name": "b", "confirmed": confirmed})) == (
        "Cohort “Tag”: a carer. Unconfirmed: A source. Look first",
        "Cohort “Tag”: a carer. Confirmed on 30 November 2026: Board paper 7. Look first",
    )


@pytest.mark.parametrize(
    ("was", "is_now", "says"),
    [
        ('feature = "age"', 'feature = "agee"', 'older_and_frail asks for a feature "agee" that does not exist'),
        ('score = "efi"', 'score = "efy"', 'asks for a score "efy" that is not in training/frailty.toml'),
        ('"moderate", "severe"]', '"moderat"]', 'asks for a band "moderat" that efi does not have'),
        ('high_risk = ["very high"', 'high_risk = ["vry high"', 'high_risk: "vry high" is no band of lists.bands'),
        ("number_of_conditions", "days_since_emergency_discharge", "waits for a discharge to be received"),
    ],
)
def test_check_names_what_a_rule_asks_for_in_vain(tmp_path: Path, was: str, is_now: str, says: str) -> None:
    text = (SHIPPED.root / COHORTS_FILE).read_text(encoding="utf-8")
    assert was in text
    (tmp_path / "training").mkdir()
    (tmp_path / COHORTS_FILE).write_text(text.replace(was, is_now), encoding="utf-8")
    kept = {**SHIPPED.kept, COHORTS_FILE: keep_file(tmp_path, COHORTS_FILE)}
    assert any(says in problem for problem in find_cohort_problems(replace(SHIPPED, kept=kept)))
    assert list(find_cohort_problems(SHIPPED)) == []


def test_no_feature_moves_by_a_plan_or_a_circumstance_and_none_can_ask_for_them(tmp_path: Path) -> None:
    tables = make_tables(PEOPLE, **ROWS, care_plans="home,care_plan,2026-01-01,")
    with_them = open_site(tmp_path / "with", tables, every_feature=True)
    bare = {name: text for name, text in tables.items() if name not in NEVER_READ}
    without_them = open_site(tmp_path / "without", bare, every_feature=True)
    assert with_them.engine.plan.names == without_them.engine.plan.names
    assert len(with_them.engine.plan.names) > 100
    rows = list_rows(with_them)
    assert_array_equal(with_them.engine.matrix(rows).values, without_them.engine.matrix(rows).values)
    assert NEVER_READ.isdisjoint(STREAMS)
