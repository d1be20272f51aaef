"""The facts about listed people of a small borough: whole, in plain words, and without anything sensitive."""

from __future__ import annotations

import collections
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.phrases import capitalise_first, lower_first
from riskstrat.documents import long_date
from riskstrat.explanation import contributions, theme_reasons
from riskstrat.features.whole_record import search_whole_record
from riskstrat.people import (
    Records,
    explain_printable,
    gather_records,
    person_facts,
    printed_counts,
    themes_by_patient,
)
from riskstrat.people.falls import date_by_first_report
from riskstrat.people.services import name_service
from riskstrat.publication import PersonPage
from riskstrat.site.opening import Site, open_workspace
from riskstrat.site.scored import Scored, score_cohort, score_person

LISTED = 150


@dataclass(frozen=True)
class Told:
    opened: Site
    scored: Scored
    patients: pd.Series
    records: Records
    facts: pd.DataFrame
    reasons: pd.DataFrame
    when: date


@pytest.fixture(scope="module")
def told(demo_workspace: Path, monday: str) -> Told:
    opened = open_workspace(demo_workspace)
    scored = score_cohort(opened, opened.recipe(), monday, lambda *done: None)
    patients = scored.rows.sort_values("margin", ascending=False)["patient_id"].head(LISTED)
    records = gather_records(opened, scored, patients)
    when = date.fromisoformat(monday)
    facts = person_facts(opened, scored, patients, when, records=records)
    return Told(opened, scored, patients, records, facts, explain_printable(opened, scored, patients, records), when)


def printed(told: Told, patient: str) -> list[str]:
    """Everything that is said of one person, one text each."""
    sentences = told.reasons.loc[told.reasons["patient_id"] == patient, "sentences"].sum()
    row = told.facts.loc[patient]
    page: PersonPage = row["page"]
    events = [f"{e.label} {long_date(e.start)} {long_date(e.end) if e.end else ''}" for e in page.timeline]
    facts = (*row["flags"], row["frailty"], *row["support"], row["caution"])
    named = [f"{one.name} {one.since}" for one in row["conditions"]] + [kind for kind, _ in page.medicines]
    return [*sentences, *facts, *named, *page.changeable, *page.missing, *page.reliability, *events]


def test_everybody_asked_for_has_every_fact(told: Told) -> None:
    assert sorted(told.facts.index) == sorted(told.patients)
    assert told.facts.notna().all(axis=None)
    assert (told.facts["frailty"] != "").all()
    pages = told.facts["page"]
    assert all(page.cannot_see and 1 <= len(page.reliability) <= 5 for page in pages)
    assert sum(bool(page.changeable) for page in pages) > LISTED / 10
    assert all(page.typical_risk is None or 0 < page.typical_risk < 1 for page in pages)
    assert sum(page.typical_risk is not None for page in pages) > LISTED / 2


def test_themes_and_base_add_up_to_the_margin_of_the_whole_record(told: Told) -> None:
    margin = told.scored.rows.set_index("patient_id")["margin"]
    sums = told.reasons.groupby("patient_id")["contribution"].sum() + told.records.explained[0, -1]
    assert np.abs(sums - margin[sums.index]).max() < 1e-6


def test_every_emergency_stay_and_visit_stands_on_the_timeline_and_no_sensitive_planned_stay_does(told: Told) -> None:
    earliest, when = pd.Timestamp(told.when) - pd.Timedelta(days=730), pd.Timestamp(told.when)
    stays = told.opened.store.read("admissions")
    stays = stays[stays["patient_id"].isin(set(told.patients)) & stays["admitted_on"].between(earliest, when)]
    stays = stays[(stays["valid_from"] <= when).to_numpy()].drop_duplicates("spell")
    urgent = stays[stays["method"].isin(["21", "22", "23", "24", "25", "28", "2A", "2D"])]
    shown = collections.Counter(
        (patient, pd.Timestamp(event.start))
        for patient, page in told.facts["page"].items()
        for event in page.timeline
        if event.label.startswith("Emergency hospital stay") and pd.Timestamp(event.start) >= earliest
    )
    dated = collections.Counter(zip(urgent["patient_id"], urgent["admitted_on"], strict=True))
    assert len(urgent) > LISTED
    assert dated - shown == collections.Counter()


def test_some_reasons_are_told_and_some_are_not(told: Told) -> None:
    labels = [
        event.label
        for page in told.facts["page"]
        for event in page.timeline
        if event.label.startswith(("Emergency hospital stay", "A&E visit"))
    ]
    untold = [": another reason" in label for label in labels if ": " in label]
    assert len(untold) > len(labels) / 2
    assert 0.2 < sum(untold) / len(untold) < 0.9


def reasons_of_the_whole_record(told: Told, patients: set[str]) -> pd.DataFrame:
    whole = told.scored.matrix.take(told.scored.matrix.keys["patient_id"].isin(patients).to_numpy())
    matrix = told.scored.model.narrow(whole)
    features = {name: told.opened.workspace.features[name] for name in matrix.columns}
    evidence = told.opened.engine.evidence(whole.keys)[:, [whole.columns.index(name) for name in matrix.columns]]
    reports = told.records.known("all_falls")
    chosen = told.records.rows["patient_id"].isin(patients).to_numpy()
    evidence = date_by_first_report(evidence, features, whole.keys["patient_id"], reports)
    return theme_reasons(
        contributions(told.scored.model, matrix),
        matrix,
        features,
        evidence,
        top=3,
        untold=told.records.narrow_untold[chosen],
        least=told.records.narrow_least[chosen],
    )


def test_the_model_sees_what_is_printed_so_every_reason_is_its_own(told: Told) -> None:
    whole = told.scored.matrix.frame().set_index("patient_id").loc[list(told.records.rows["patient_id"])]
    kept = told.records.matrix.frame().set_index("patient_id")
    same = whole.drop(columns="index_date").eq(kept.drop(columns="index_date")) | whole.isna() & kept.isna()
    alike = same.all(axis=1)
    assert alike.all()
    assert (told.records.whole.values != told.records.matrix.values).any()
    plain = reasons_of_the_whole_record(told, set(alike.index[alike]))
    mine = told.reasons[told.reasons["patient_id"].isin(set(alike.index[alike]))].reset_index(drop=True)
    # What is left for "other" is nothing but rounding, so its sign means nothing.
    assert (mine.loc[mine["theme"] == "other", "contribution"].abs() < 1e-9).all()
    said = [each[each["theme"] != "other"].reset_index(drop=True) for each in (plain, mine)]
    pd.testing.assert_frame_equal(*said, atol=1e-9)


def test_stays_visits_and_falls_are_counted_whole_and_nothing_is_counted_twice(told: Told) -> None:
    names = list(told.opened.workspace.settings.lists.counts)
    counts = printed_counts(told.opened, told.scored, told.patients, names, told.records)
    whole = told.records.whole.frame().set_index("patient_id").loc[counts.index, names]
    always = [name for name in names if name not in ("number_of_conditions", "different_medicines_90d")]
    assert len(always) == 4
    pd.testing.assert_frame_equal(counts[always], whole[always], check_dtype=False)
    assert (counts <= whole.fillna(np.inf)).where(counts.notna(), True).all(axis=None)


def test_events_lie_in_the_two_years_before_the_index_date(told: Told) -> None:
    events = [event for page in told.facts["page"] for event in page.timeline]
    assert {event.lane for event in events} == {"Hospital", "A&E", "Falls", "Care", "Contacts"}
    assert all((told.when - (event.end or event.start)).days <= 730 for event in events)
    assert all(event.start <= told.when for event in events)
    assert all(event.end is None or event.start <= event.end <= told.when for event in events)


def test_conditions_are_those_of_the_record_in_order_each_since_its_first_known_entry(told: Told) -> None:
    roles, codelists = told.opened.workspace.roles, told.opened.workspace.codelists
    groups = {group: codelists["long_term_conditions"].only(group) for group in roles.conditions_in_order}
    rows = told.records.known("recorded_conditions")
    for patient, given in told.facts["conditions"].items():
        own = rows[rows["patient_id"] == patient]
        first = {
            group: own.loc[
                [bool(codes.find(*pair)) for pair in zip(own["code"], own["system"], strict=True)], "recorded_on"
            ].min()
            for group, codes in groups.items()
        }
        expected = [(lower_first(group), day.date()) for group, day in first.items() if not pd.isna(day)]
        ended = {one.name for one in given if one.ended}
        assert [(one.name, one.since) for one in given] == sorted(expected, key=lambda one: one[0] in ended)


def test_a_fall_has_one_date_in_sentences_and_on_the_timeline(told: Told) -> None:
    for patient, page in told.facts["page"].items():
        falls = {event.start for event in page.timeline if event.lane == "Falls"}
        texts = [text for text in printed(told, str(patient)) if re.search(r"recorded fall", text)]
        days = {day for text in texts for day in re.findall(r"on (\d+ \w+ 20\d\d)", text)}
        recent = {long_date(day) for day in falls}
        assert {day for day in days if int(day[-4:]) >= 2025} <= recent, patient


def test_kinds_of_medicine_are_those_issued_in_90_days_each_with_its_last_day(told: Told) -> None:
    feature = told.records.features[told.opened.workspace.roles.named_medicines or ""]
    assert feature.codes is not None
    issued = told.records.known("prescriptions")
    issued = issued[(issued["index_date"] - issued["issued_on"]).dt.days < 90]
    groups = {group: feature.codes.only(group) for group in feature.codes.groups}
    made = [
        (row.patient_id, lower_first(group), row.issued_on.date())
        for row in issued.itertuples(index=False)
        for group, codes in groups.items()
        if codes.find(row.bnf, "bnf")
    ]
    last = pd.DataFrame(made, columns=["patient_id", "kind", "day"]).groupby(["patient_id", "kind"])["day"].max()
    printed_kinds = [(patient, *each) for patient, page in told.facts["page"].items() for each in page.medicines]
    assert sorted(printed_kinds) == sorted((*key, day) for key, day in last.items())


def test_who_is_involved_are_the_services_seen_in_90_days_by_name(told: Told) -> None:
    contacts = told.records.known("contacts")
    seen = contacts[contacts["attended"].astype("boolean").fillna(True).to_numpy(bool)]
    seen = seen[(seen["index_date"] - seen["contacted_on"]).dt.days < 90]
    latest = seen.groupby(["patient_id", "service"])["contacted_on"].max()
    for patient, support in told.facts["support"].items():
        own = latest[latest.index.get_level_values("patient_id") == patient]
        expected = {
            f"{capitalise_first(name_service(service))}, last contact {long_date(day.date())}"
            for (_, service), day in own.items()
        }
        assert {text for text in support if "last contact" in text} == expected


def test_what_is_said_is_plain_and_complete(told: Told) -> None:
    text = " ".join(each for patient in told.facts.index for each in printed(told, str(patient)))
    assert not re.search(r"\bnan\b|NaT|None|\{|because of|\bcauses?\b|frequent flyer|_", text)
    assert not re.search(r"alcohol|substance|self-harm|HIV|prison", text, re.IGNORECASE)


def test_the_same_people_give_the_same_facts_whatever_their_order(told: Told) -> None:
    turned = told.patients.iloc[::-1].iloc[-20:]
    again = person_facts(told.opened, told.scored, turned, told.when)
    assert again.astype(str).to_dict() == told.facts.loc[again.index].astype(str).to_dict()


def test_nobody_to_tell_of_gives_no_rows(told: Told) -> None:
    nobody = told.patients.iloc[:0]
    assert person_facts(told.opened, told.scored, nobody, told.when).empty
    assert explain_printable(told.opened, told.scored, nobody).empty


def test_one_person_scored_alone_is_told_the_same_as_among_everybody(told: Told) -> None:
    among = themes_by_patient(told.reasons)
    for patient in told.patients[:5]:
        alone = score_person(told.opened, told.opened.recipe(), patient, f"{told.when}", lambda *done: None)
        assert alone is not None
        row = told.scored.rows[told.scored.rows["patient_id"] == patient].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone.rows, row, check_exact=True)
        reasons = explain_printable(told.opened, alone, alone.rows["patient_id"])
        assert themes_by_patient(reasons) == {patient: among[patient]}


def test_nobody_is_scored_who_is_not_eligible(told: Told) -> None:
    assert score_person(told.opened, told.opened.recipe(), "nobody", f"{told.when}", lambda *done: None) is None


def test_whether_anybody_has_such_rows_is_searched_for_every_feature_that_is_told(told: Told) -> None:
    # What is not searched for counts as held, and a number is told where nobody can know it.
    telling, features = told.records.telling, told.opened.workspace.features
    leaves = {leaf.fingerprint: leaf for one in features.values() for leaf in telling._list_leaves(one)}
    assert set(search_whole_record(telling.engine, leaves, telling.eligible)) == set(leaves)
