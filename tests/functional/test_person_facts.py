"""The facts about listed people of a small borough: whole, in plain words, and without a trace of hidden stays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskstrat.documents import long_date
from riskstrat.explanation import contributions, theme_reasons
from riskstrat.people import Records, explain_redacted, person_facts, printed_counts, redact_records
from riskstrat.publication import PersonPage
from riskstrat.site.opening import Site, open_workspace
from riskstrat.site.scored import Scored, score_cohort

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
    records = redact_records(opened, scored, patients)
    when = date.fromisoformat(monday)
    facts = person_facts(opened, scored, patients, when, records=records)
    return Told(opened, scored, patients, records, facts, explain_redacted(opened, scored, patients, records), when)


def spells(told: Told) -> pd.DataFrame:
    """One row per stay of the listed people as the whole store has it, and whether the redacted one keeps it."""
    stays = told.opened.store.read("admissions")
    stays = stays[stays["patient_id"].isin(set(told.patients))]
    stays = stays.groupby(["patient_id", "spell"], as_index=False)[["admitted_on", "discharged_on"]].max()
    return stays.assign(kept=stays["spell"].isin(set(told.records.store.read("admissions")["spell"])))


def printed(told: Told, patient: str) -> list[str]:
    """Everything that is said of one person, one text each."""
    sentences = told.reasons.loc[told.reasons["patient_id"] == patient, "sentences"].sum()
    row = told.facts.loc[patient]
    page: PersonPage = row["page"]
    events = [f"{e.label} {long_date(e.start)} {long_date(e.end) if e.end else ''}" for e in page.timeline]
    facts = (*row["top_conditions"], row["frailty"], *row["flags"], *row["support"], row["caution"], row["last_review"])
    return [*sentences, *facts, *page.changeable, *page.fixed, *page.missing, *page.reliability, *events]


def test_everybody_asked_for_has_every_fact(told: Told) -> None:
    assert sorted(told.facts.index) == sorted(told.patients)
    assert told.facts.notna().all(axis=None)
    assert (told.facts["frailty"] != "").all()
    pages = told.facts["page"]
    assert all(page.fixed and page.cannot_see and len(page.reliability) == 4 for page in pages)
    assert all(page.typical_risk is None or 0 < page.typical_risk < 1 for page in pages)
    assert sum(page.typical_risk is not None for page in pages) > LISTED / 2


def test_themes_and_base_add_up_to_the_margin_of_the_whole_record(told: Told) -> None:
    margin = told.scored.rows.set_index("patient_id")["margin"]
    sums = told.reasons.groupby("patient_id")["contribution"].sum() + told.records.explained[0, -1]
    assert np.abs(sums - margin[sums.index]).max() < 1e-6


def test_some_stays_are_hidden_and_none_of_their_dates_is_printed(told: Told) -> None:
    stays = spells(told)
    shown = pd.concat([stays.loc[stays["kept"], name] for name in ("admitted_on", "discharged_on")])
    # A day on which something else is printed too, such as a prescription, tells nothing of the stay.
    hidden = stays[~stays["kept"] & ~stays["admitted_on"].isin(set(shown))]
    recent = hidden[hidden["admitted_on"] > pd.Timestamp(told.when) - pd.Timedelta(days=730)]
    assert len(recent) > 3
    starts = {
        (patient, event.start)
        for patient, page in told.facts["page"].items()
        for event in page.timeline
        if event.lane in ("Hospital", "A&E", "Falls")
    }
    days = {(row.patient_id, row.admitted_on.date()) for row in recent.itertuples(index=False)}
    assert days & starts == set()
    urgent = re.compile(r"admission|admitted|hospital|A&E|\bfall\b")
    told_of = [
        text
        for row in recent.itertuples(index=False)
        for text in printed(told, row.patient_id)
        if urgent.search(text) and re.search(rf"(?<!\d){long_date(row.admitted_on.date())}", text)
    ]
    assert told_of == []


def reasons_of_the_whole_record(told: Told, patients: set[str]) -> pd.DataFrame:
    whole = told.scored.matrix.take(told.scored.matrix.keys["patient_id"].isin(patients).to_numpy())
    matrix = told.scored.model.narrow(whole)
    evidence = told.opened.engine.evidence(whole.keys)[:, [whole.columns.index(name) for name in matrix.columns]]
    features = {name: told.opened.workspace.features[name] for name in matrix.columns}
    return theme_reasons(contributions(told.scored.model, matrix), matrix, features, evidence, top=3)


def test_where_no_row_is_hidden_nothing_differs_from_the_whole_record(told: Told) -> None:
    whole = told.scored.matrix.frame().set_index("patient_id").loc[list(told.records.rows["patient_id"])]
    kept = told.records.matrix.frame().set_index("patient_id")
    same = whole.drop(columns="index_date").eq(kept.drop(columns="index_date")) | whole.isna() & kept.isna()
    alike = same.all(axis=1)
    assert 0.3 < alike.mean() < 1
    plain = reasons_of_the_whole_record(told, set(alike.index[alike]))
    mine = told.reasons[told.reasons["patient_id"].isin(set(alike.index[alike]))].reset_index(drop=True)
    pd.testing.assert_frame_equal(plain.reset_index(drop=True), mine, atol=1e-9)


def test_the_counts_printed_are_never_above_those_of_the_whole_record(told: Told) -> None:
    names = list(told.opened.workspace.settings.lists.counts)
    counts = printed_counts(told.opened, told.scored, told.patients, names, told.records)
    whole = told.scored.matrix.frame().set_index("patient_id").loc[counts.index, names]
    falling = [name for name in names if not name.startswith("days_since")]
    assert (counts[falling] <= whole[falling]).all(axis=None)
    assert (counts[falling] < whole[falling]).any(axis=None)


def test_events_lie_in_the_two_years_before_the_index_date(told: Told) -> None:
    events = [event for page in told.facts["page"] for event in page.timeline]
    assert {event.lane for event in events} == {"Hospital", "A&E", "Falls", "Care and contacts"}
    assert all((told.when - event.start).days <= 730 and event.start <= told.when for event in events)
    assert all(event.end is None or event.start <= event.end <= told.when for event in events)


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
    assert explain_redacted(told.opened, told.scored, nobody).empty
