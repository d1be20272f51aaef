"""From each team's cases to the content of its documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.casefinding import CaseList, FallsGuideline, bands_of, falls_criteria
from riskstrat.cohort.dimensions import AGE_BANDS, AGES
from riskstrat.definitions.durations import age_in_years, in_words
from riskstrat.definitions.features import Feature
from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.documents import (
    CountColumn,
    FallsCheck,
    Suggestion,
    Swap,
    TeamCounts,
    TeamList,
    long_date,
)
from riskstrat.pipeline.finding import Found, pathways_of
from riskstrat.pipeline.memory import EarlierList, trend_of
from riskstrat.pipeline.opened import Opened
from riskstrat.pipeline.persons import (
    Records,
    discreet_reasons,
    discreet_records,
    person_facts,
    printed_counts,
    themes_by_patient,
)
from riskstrat.pipeline.since import Since
from riskstrat.pipeline.tables import Scored

PURPOSE = (
    "To help a multi-disciplinary team choose whom to review for proactive care. "
    "It supports clinical judgement and does not replace it."
)
NOT_SIGNED_OFF = "Not for clinical use until the site's DCB0160 and medical-device position are signed."
SIGNED_OFF = "The site has recorded its DCB0160 and medical-device position as signed."
NOBODY = "nobody"
_OF_THE_LIST = (
    *("reference", "rank", "risk", "risk_low", "risk_high", "status", "weeks_on_list", "escalate"),
    *("practice", "pcn", "locality"),
)


def details_of(
    opened: Opened, scored: Scored, found: Found, list_date: date, earlier: Sequence[EarlierList]
) -> pd.DataFrame:
    """One row per listed patient, indexed by patient_id: what their row and their page say besides place and score."""
    patients = pd.concat([case.rows["patient_id"] for case in found.cases])
    records = discreet_records(opened, scored, patients)
    trend = trend_of(earlier, list(patients))
    details = person_facts(
        opened, scored, patients, list_date, records=records, published=trend, reviews=found.facts.reviews
    )
    themes = themes_by_patient(discreet_reasons(opened, scored, patients, records))
    index = details.index
    details["themes"] = pd.Series([themes.get(str(patient), []) for patient in index], index=index, dtype=object)
    details["falls_check"] = _falls_checks(records, list_date)
    details["pathways"] = _suggestions(opened, records)
    people = opened.store.people().iloc[_person_numbers(scored, index)]
    details["sex"] = people["sex"].fillna("U").to_numpy()
    details["age_band"] = _age_bands(people, records)
    counts = printed_counts(opened, scored, patients, counts_shown(opened, records.matrix.columns), records)
    return details.join(counts)


def _person_numbers(scored: Scored, patients: pd.Index) -> Any:
    return pd.Series(scored.rows["person"].to_numpy(), index=scored.rows["patient_id"])[patients].to_numpy()


def _age_bands(people: pd.DataFrame, records: Records) -> list[str]:
    born = people["date_of_birth"].to_numpy().astype("datetime64[D]")
    age = age_in_years(born, records.rows["index_date"].to_numpy())
    return [AGE_BANDS[place] for place in np.searchsorted(AGES, age, side="right")]


def _falls_checks(records: Records, list_date: date) -> pd.Series:
    reports = records.known("all_falls")
    if len(reports):
        reports = reports[reports["fell_on"] > pd.Timestamp(list_date - timedelta(days=365))]
    values = records.matrix.frame().set_index("patient_id")
    workspace = records.opened.workspace
    scores = {score.name: score for score in workspace.frailty}
    guideline = FallsGuideline(workspace.falls_rules, scores, workspace.roles.age)
    found = falls_criteria(values, guideline, reports)
    return found.map(lambda one: FallsCheck(one.answer, one.why))


def _suggestions(opened: Opened, records: Records) -> pd.Series:
    by_name = {each.name: Suggestion(each.title, each.consider, each.rule) for each in opened.workspace.pathways}
    named = pathways_of(opened, records.matrix)
    index = pd.Index(records.rows["patient_id"], name="patient_id")
    return pd.Series([tuple(by_name[name] for name in names) for names in named], index=index, dtype=object)


def document_of(
    opened: Opened,
    scored: Scored,
    case: CaseList,
    details: pd.DataFrame,
    since: Since,
    list_date: date,
    own_dates: bool,
) -> TeamList:
    """Everything that one team's documents are made of."""
    store, settings = opened.store, opened.workspace.settings
    # What rules read of a person, such as the names of pathways, gives way to what is printed.
    chosen = case.rows.drop(columns=details.columns, errors="ignore")
    rows = chosen.merge(details, left_on="patient_id", right_index=True, how="left", sort=False)
    rows["change"] = pd.Series([since.changes[str(patient)] for patient in rows["patient_id"]], dtype=object)
    rows["index_date"] = pd.Series(rows["index_date"].dt.date, dtype=object)
    rows["band"] = bands_of(rows["risk"], settings.lists.bands)
    shown = counts_shown(opened, scored.matrix.columns)
    columns = [*_OF_THE_LIST, "change", "band", *(name for name in details.columns if name not in shown), *shown]
    return TeamList(
        team=case.team.name,
        team_code=case.team.code,
        index_date=list_date,
        data_as_at=min(store.data_as_at, list_date),
        data_as_at_by_table=table_dates(opened, list_date),
        model=str(scored.model.recipe["title"]),
        model_version=str(scored.version.version),
        definitions=scored.model.definitions_hash[:12],
        horizon=horizon_of(scored, list_date, own_dates),
        counts=TeamCounts(case.eligible, len(rows), case.below_the_line, case.known, case.excluded),
        intended_purpose=PURPOSE,
        clinical_use=SIGNED_OFF if settings.lists.clinical_use == "signed off" else NOT_SIGNED_OFF,
        rows=rows[[*columns, *(["index_date"] if own_dates else [])]],
        counts_shown=tuple(
            _count_column(name, title, opened.workspace.features[name]) for name, title in shown.items()
        ),
        notes=store.notes + opened.engine.notes + _unfilled(case),
        statuses_as_at=_statuses_as_at(opened, list_date),
        previous_list=since.day,
        no_source_moved=since.no_source_moved,
        moves=since.moves.get(case.team.name, ()),
        swaps=tuple(_swap(swap) for swap in case.swaps),
        routed=case.routed,
    )


def counts_shown(opened: Opened, columns: tuple[str, ...]) -> dict[str, str]:
    """Features that riskstrat.toml asks to show beside the reasons and that could be built, with their headings."""
    return {name: title for name, title in opened.workspace.settings.lists.counts.items() if name in columns}


def _count_column(name: str, title: str, feature: Feature) -> CountColumn:
    absent = feature.wording.absent or "not recorded"
    return CountColumn(name, title, feature.wording.unit, absent.format(lookback=in_words(feature.lookback)))


def _swap(swap: Any) -> Swap:
    left_out = NOBODY if swap.left_out_order is None else f"rank {swap.left_out_order}"
    return Swap(left_out, swap.taken_reference or NOBODY, swap.given_up)


def _unfilled(case: CaseList) -> tuple[str, ...]:
    free = [f"{OUTCOME_WORDS.get(name, name)}: {places}" for name, places in sorted(case.unfilled.items()) if places]
    return (f"Places of services that nobody on this list can take: {', '.join(free)}",) if free else ()


def _statuses_as_at(opened: Opened, list_date: date) -> date | None:
    """The latest day of a same-day status by the date of the list."""
    if "statuses" not in opened.store.landed:
        return None
    days = pd.to_datetime(opened.store.read("statuses")["as_at"])
    days = days[days <= pd.Timestamp(list_date)]
    return None if days.empty else days.max().date()


def horizon_of(scored: Scored, list_date: date, own_dates: bool) -> str:
    """What the risk is the chance of, with the day it counts from."""
    return str(scored.model.recipe["sentence"]).format(date="the date shown" if own_dates else long_date(list_date))


def table_dates(opened: Opened, list_date: date) -> Mapping[str, date]:
    """For each landed table the last day that its rows were known on by the date of the list, where they have one."""
    tables = opened.store.manifest["tables"]
    dated = {name: table["data_as_at"] for name, table in tables.items() if table.get("data_as_at")}
    return {name: min(date.fromisoformat(day), list_date) for name, day in dated.items()}
