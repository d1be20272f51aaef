"""Everything that the row and the page of each listed person say besides their place and their score."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.casefinding import GRADED, FallsCriteria, FallsGuideline, falls_criteria
from riskstrat.definitions.ages import AGE_BANDS, AGES
from riskstrat.definitions.durations import age_in_years
from riskstrat.definitions.pathways import Pathway
from riskstrat.definitions.phrases import long_date
from riskstrat.people.by_role import find_sensitive_facts
from riskstrat.people.cohorts import gather_listed, place_in_cohorts
from riskstrat.people.facts import person_facts
from riskstrat.people.in_place import find_care_plans, tell_plan
from riskstrat.people.met import MetFacts
from riskstrat.people.reasons import explain_printable, printed_counts, themes_by_patient
from riskstrat.people.records import Records, gather_records
from riskstrat.people.untold import find_undecided, find_untold
from riskstrat.publication import FallsCheck, Suggestion
from riskstrat.site.opening import Site
from riskstrat.site.pathways import pathways_of
from riskstrat.site.scored import Scored

FOR_CLINICIANS = "for_clinicians"
"""Column of `SensitiveFact`s, which no list is built from."""

NOT_TO_BE_TOLD = FallsCheck("cannot tell", "Not all that the criteria rest on can be told from records shown here.")
"""Where the criteria are answered otherwise by the whole record than by what may be shown of it."""


def describe_people(
    opened: Site,
    scored: Scored,
    patients: pd.Series,
    list_date: date,
    *,
    trend: pd.DataFrame,
) -> pd.DataFrame:
    """One row per patient, indexed by patient_id: what their row and their page say besides place and score.

    `FOR_CLINICIANS` holds what no row and no page but a clinician's may say. A rule is said to be met only if it is by
    the whole record and by what may be shown of it.
    trend: one row per earlier list and patient with patient_id, list_date and risk.
    """
    records = gather_records(opened, scored, patients)
    details = person_facts(opened, scored, patients, list_date, records=records, published=trend)
    themes = themes_by_patient(explain_printable(opened, scored, patients, records))
    index = details.index
    details["themes"] = pd.Series([themes.get(str(patient), []) for patient in index], index=index, dtype=object)
    details["falls_check"] = _compute_falls_checks(records, list_date)
    details["pathways"] = _build_suggestions(opened, records, list_date)
    rules = opened.workspace.cohort_rules
    placed = place_in_cohorts(rules.cohort, gather_listed(records)) if rules else [()] * len(records)
    details["cohorts"] = pd.Series(placed, index=index, dtype=object)
    people = opened.store.people().iloc[_find_person_numbers(scored, index)]
    details["sex"] = people["sex"].fillna("U").to_numpy()
    details["age_band"] = _compute_age_bands(people, records)
    shown = counts_shown(opened, records.matrix.columns)
    untold = find_untold(records, shown, {str(patient): page.timeline for patient, page in details["page"].items()})
    _note_undecided(untold, details["pathways"], find_undecided(records, opened.workspace.pathways))
    details["untold"] = pd.Series(untold, index=index, dtype=object)
    shown_by_role = find_sensitive_facts(records)
    details[FOR_CLINICIANS] = pd.Series([shown_by_role[str(one)] for one in index], index=index, dtype=object)
    return details.join(printed_counts(opened, scored, patients, shown, records))


def _find_person_numbers(scored: Scored, patients: pd.Index) -> npt.NDArray[np.int64]:
    return pd.Series(scored.rows["person"].to_numpy(), index=scored.rows["patient_id"])[patients].to_numpy()


def _compute_age_bands(people: pd.DataFrame, records: Records) -> list[str]:
    born = people["date_of_birth"].to_numpy().astype("datetime64[D]")
    age = age_in_years(born, records.rows["index_date"].to_numpy())
    return [AGE_BANDS[place] for place in np.searchsorted(AGES, age, side="right")]


def _compute_falls_checks(records: Records, list_date: date) -> pd.Series:
    reports = records.known_whole("all_falls")
    if len(reports):
        reports = reports[reports["fell_on"] > pd.Timestamp(list_date - timedelta(days=365))]
    workspace = records.opened.workspace
    scores = {score.name: score for score in workspace.frailty}
    guideline = FallsGuideline(workspace.falls_rules, scores, workspace.roles.age)
    patients, falls = records.rows["patient_id"].astype(str), workspace.falls_rules.falls
    least = {patient: why for patient, why in zip(patients, records.find_least(falls), strict=True) if why}
    said, held = (
        falls_criteria(matrix.frame().set_index("patient_id"), guideline, reports, _word_old_frailty(records), least)
        for matrix in (records.told, records.whole)
    )
    untold = records.untold(falls)
    checks = [_choose_answer(*answers) for answers in zip(said, held, untold, strict=True)]
    return pd.Series(checks, index=said.index, dtype=object)


def _word_old_frailty(records: Records) -> dict[str, str]:
    """By patient the band of a score, with its day, that is too old for the criteria to be met by; the last that is."""
    said = {}
    for score in records.opened.workspace.frailty:
        old = records.old_scores.get(score.feature, ())
        values, days, age = records.value(score.feature), records.when(score.feature), records.value(records.roles.age)
        for row in np.flatnonzero([why is not None for why in old]):
            if score.is_valid(age[row], values[row]):
                recorded = f"{score.band_of(values[row])} on {long_date(days[row].item())}"
                said[str(records.rows["patient_id"].iloc[row])] = (
                    f"{GRADED} {recorded}, and cannot be told from a current score"
                )
    return said


def _choose_answer(said: FallsCriteria, whole: FallsCriteria, untold: str | None) -> FallsCheck:
    """The answer by what may be shown and can be told, unless the whole record answers otherwise."""
    if untold is not None:
        return FallsCheck("cannot tell", f"How often the person fell cannot be told: {untold}.")
    return FallsCheck(said.answer, said.why) if said.answer in (whole.answer, "cannot tell") else NOT_TO_BE_TOLD


def _build_suggestions(opened: Site, records: Records, list_date: date) -> pd.Series:
    plans = find_care_plans(records, list_date)
    rules = {each.name: each for each in opened.workspace.pathways}
    facts = MetFacts(records)
    said, held = (pathways_of(opened, records.bound_discharges(matrix)) for matrix in (records.told, records.whole))
    made = [
        tuple(
            _build_suggestion(rules[name], (*facts.tell(row, rules[name]), *tell_plan(plans, name, str(patient))))
            for name in names
            if name in whole
        )
        for row, (names, whole, patient) in enumerate(zip(said, held, records.rows["patient_id"], strict=True))
    ]
    index = pd.Index(records.rows["patient_id"], name="patient_id")
    return pd.Series(made, index=index, dtype=object)


def _note_undecided(found: list[dict[str, str]], suggested: pd.Series, undecided: list[str | None]) -> None:
    """Note why a pathway may be lacking, of whom none is suggested: that would be read as one that was looked for."""
    for told, pathways, why in zip(found, suggested, undecided, strict=True):
        if why is not None and not pathways:
            told["pathways"] = why


def _build_suggestion(rule: Pathway, met: tuple[str, ...]) -> Suggestion:
    return Suggestion(rule.title, rule.consider, rule.rule, met)


def counts_shown(opened: Site, columns: tuple[str, ...]) -> dict[str, str]:
    """Features that riskstrat.toml asks to show beside the reasons and that could be built, with their headings."""
    return {name: title for name, title in opened.workspace.settings.lists.counts.items() if name in columns}
