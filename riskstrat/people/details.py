"""Everything that the row and the page of each listed person say besides their place and their score."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.casefinding import FallsGuideline, falls_criteria
from riskstrat.cohort.dimensions import AGE_BANDS, AGES
from riskstrat.definitions.durations import age_in_years
from riskstrat.people.facts import person_facts
from riskstrat.people.reasons import explain_redacted, printed_counts, themes_by_patient
from riskstrat.people.records import Records, redact_records
from riskstrat.publication import FallsCheck, Suggestion
from riskstrat.site.opening import Site
from riskstrat.site.pathways import pathways_of
from riskstrat.site.scored import Scored


def describe_people(
    opened: Site,
    scored: Scored,
    patients: pd.Series,
    list_date: date,
    *,
    trend: pd.DataFrame,
    reviews: pd.DataFrame | None,
) -> pd.DataFrame:
    """One row per patient, indexed by patient_id: what their row and their page say besides place and score.

    trend: one row per earlier list and patient with patient_id, list_date and risk. reviews: one row per decision.
    """
    records = redact_records(opened, scored, patients)
    details = person_facts(opened, scored, patients, list_date, records=records, published=trend, reviews=reviews)
    themes = themes_by_patient(explain_redacted(opened, scored, patients, records))
    index = details.index
    details["themes"] = pd.Series([themes.get(str(patient), []) for patient in index], index=index, dtype=object)
    details["falls_check"] = _compute_falls_checks(records, list_date)
    details["pathways"] = _build_suggestions(opened, records)
    people = opened.store.people().iloc[_find_person_numbers(scored, index)]
    details["sex"] = people["sex"].fillna("U").to_numpy()
    details["age_band"] = _compute_age_bands(people, records)
    counts = printed_counts(opened, scored, patients, counts_shown(opened, records.matrix.columns), records)
    return details.join(counts)


def _find_person_numbers(scored: Scored, patients: pd.Index) -> Any:
    return pd.Series(scored.rows["person"].to_numpy(), index=scored.rows["patient_id"])[patients].to_numpy()


def _compute_age_bands(people: pd.DataFrame, records: Records) -> list[str]:
    born = people["date_of_birth"].to_numpy().astype("datetime64[D]")
    age = age_in_years(born, records.rows["index_date"].to_numpy())
    return [AGE_BANDS[place] for place in np.searchsorted(AGES, age, side="right")]


def _compute_falls_checks(records: Records, list_date: date) -> pd.Series:
    reports = records.known("all_falls")
    if len(reports):
        reports = reports[reports["fell_on"] > pd.Timestamp(list_date - timedelta(days=365))]
    values = records.matrix.frame().set_index("patient_id")
    workspace = records.opened.workspace
    scores = {score.name: score for score in workspace.frailty}
    guideline = FallsGuideline(workspace.falls_rules, scores, workspace.roles.age)
    found = falls_criteria(values, guideline, reports)
    return found.map(lambda one: FallsCheck(one.answer, one.why))


def _build_suggestions(opened: Site, records: Records) -> pd.Series:
    by_name = {each.name: Suggestion(each.title, each.consider, each.rule) for each in opened.workspace.pathways}
    named = pathways_of(opened, records.matrix)
    index = pd.Index(records.rows["patient_id"], name="patient_id")
    return pd.Series([tuple(by_name[name] for name in names) for names in named], index=index, dtype=object)


def counts_shown(opened: Site, columns: tuple[str, ...]) -> dict[str, str]:
    """Features that riskstrat.toml asks to show beside the reasons and that could be built, with their headings."""
    return {name: title for name, title in opened.workspace.settings.lists.counts.items() if name in columns}
