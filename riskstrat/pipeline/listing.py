"""The verb `list`, and what the weekly run publishes: each team's list with its reasons and counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.casefinding import CaseList, Membership, assign_teams, find_cases
from riskstrat.definitions.durations import age_in_years, in_words
from riskstrat.definitions.features import Feature
from riskstrat.documents import CountColumn, TeamCounts, TeamList, ThemeReason, long_date, natural_frequency
from riskstrat.pipeline.explaining import reasons_for
from riskstrat.pipeline.opened import LATEST, Opened, open_workspace
from riskstrat.pipeline.reports import Progress, Report, silent
from riskstrat.pipeline.tables import Scored, score_cohort

PURPOSE = (
    "To help a multi-disciplinary team choose whom to review for proactive care. "
    "It supports clinical judgement and does not replace it."
)
NOT_SIGNED_OFF = "Not for clinical use until the site's DCB0160 and medical-device position are signed."
SIGNED_OFF = "The site has recorded its DCB0160 and medical-device position as signed."
_AGE_BANDS = (0, 18, 40, 50, 65, 75, 85)


@dataclass(frozen=True)
class Listed:
    """The lists of one index date: the scored cohort, each team's cases, and the content of each team's documents."""

    opened: Opened
    scored: Scored
    cases: tuple[CaseList, ...]
    documents: tuple[TeamList, ...]
    without_team: int
    list_date: date


def make_lists(root: Path | None, when: str, recipe: str | None, progress: Progress) -> Listed:
    """Score, choose and explain, for every team, without writing anything."""
    opened = open_workspace(root)
    chosen = opened.recipe(recipe)
    scored = score_cohort(opened, chosen, when, progress)
    list_date = opened.store.data_as_at if when == LATEST else date.fromisoformat(when)
    membership = _membership(opened, scored, list_date)
    people = scored.rows.reset_index(drop=True).join(membership.rows.drop(columns="practice"))
    caseload = opened.store.read("caseload") if "caseload" in opened.store.landed else None
    cases = find_cases(people, membership.teams, caseload, list_date)
    progress("reasons", 0.0)
    details = _details(opened, scored, pd.concat([case.rows["patient_id"] for case in cases]))
    progress("reasons", 1.0)
    documents = tuple(_document(opened, scored, case, details, list_date, when == LATEST) for case in cases)
    return Listed(opened, scored, cases, documents, int(people["team"].isna().sum()), list_date)


def _membership(opened: Opened, scored: Scored, list_date: date) -> Membership:
    settings = opened.workspace.settings
    areas = opened.store.read("areas") if "areas" in opened.store.landed else None
    practices = scored.rows["practice"]
    return assign_teams(practices, areas, settings.teams, settings.lists.default_capacity, list_date)


def _details(opened: Opened, scored: Scored, patients: pd.Series) -> pd.DataFrame:
    """One row per listed patient, indexed by patient_id: themes, sex, age band and the counts behind the reasons."""
    wanted = scored.matrix.keys["patient_id"].isin(set(patients)).to_numpy()
    matrix = scored.matrix.take(wanted)
    details = pd.DataFrame(index=pd.Index(matrix.keys["patient_id"], name="patient_id"))
    details["themes"] = pd.Series(dtype=object)
    if len(matrix):
        themes = reasons_for(opened, scored, patients).groupby("patient_id", sort=False)
        details["themes"] = pd.Series({patient: _themes(rows) for patient, rows in themes})
    people = opened.store.people().iloc[matrix.keys["person"].to_numpy()]
    details["sex"] = people["sex"].fillna("U").to_numpy()
    born = people["date_of_birth"].to_numpy().astype("datetime64[D]")
    details["age_band"] = _age_bands(age_in_years(born, matrix.keys["index_date"].to_numpy()))
    for name in counts_shown(opened, matrix.columns):
        details[name] = matrix.select([name])[:, 0].astype(float)
    return details


def _themes(rows: pd.DataFrame) -> list[ThemeReason]:
    return [
        ThemeReason(row.theme, row.direction, float(row.contribution), tuple(row.sentences))
        for row in rows.itertuples(index=False)
        if row.contribution
    ]


def _age_bands(age: np.ndarray[Any, Any]) -> list[str]:
    names = [f"{low} to {high - 1}" for low, high in pairwise(_AGE_BANDS)]
    names.append(f"{_AGE_BANDS[-1]} and over")
    return [names[place] for place in np.searchsorted(_AGE_BANDS, age, side="right") - 1]


def counts_shown(opened: Opened, columns: tuple[str, ...]) -> dict[str, str]:
    """Features that riskstrat.toml asks to show beside the reasons and that could be built, with their headings."""
    return {name: title for name, title in opened.workspace.settings.lists.counts.items() if name in columns}


def _document(
    opened: Opened, scored: Scored, case: CaseList, details: pd.DataFrame, list_date: date, own_dates: bool
) -> TeamList:
    store, settings = opened.store, opened.workspace.settings
    rows = case.rows.merge(details, left_on="patient_id", right_index=True, how="left", sort=False)
    kept = ["reference", "rank", "risk", "practice", "pcn", "locality", "age_band", "sex", "themes"]
    shown = counts_shown(opened, scored.matrix.columns)
    columns = [*kept, *shown, *(["index_date"] if own_dates else [])]
    counts = TeamCounts(case.eligible, len(rows), case.below_the_line, case.known)
    return TeamList(
        team=case.team.name,
        team_code=case.team.code,
        index_date=list_date,
        data_as_at=store.data_as_at,
        data_as_at_by_table=table_dates(opened),
        model=str(scored.model.recipe["title"]),
        model_version=str(scored.version.version),
        definitions=scored.model.definitions_hash[:12],
        horizon=_horizon(scored, list_date, own_dates),
        counts=counts,
        intended_purpose=PURPOSE,
        clinical_use=SIGNED_OFF if settings.lists.clinical_use == "signed off" else NOT_SIGNED_OFF,
        rows=rows[columns],
        counts_shown=tuple(
            _count_column(name, title, opened.workspace.features[name]) for name, title in shown.items()
        ),
        notes=store.notes + opened.engine.notes,
    )


def _count_column(name: str, title: str, feature: Feature) -> CountColumn:
    absent = feature.wording.absent or "not recorded"
    return CountColumn(name, title, feature.wording.unit, absent.format(lookback=in_words(feature.lookback)))


def _horizon(scored: Scored, list_date: date, own_dates: bool) -> str:
    return str(scored.model.recipe["sentence"]).format(date="the date shown" if own_dates else long_date(list_date))


def table_dates(opened: Opened) -> Mapping[str, date]:
    """For each landed table the last day that its rows were known on, where they have one."""
    tables = opened.store.manifest["tables"]
    dated = {name: table["data_as_at"] for name, table in tables.items() if table.get("data_as_at")}
    return {name: date.fromisoformat(day) for name, day in dated.items()}


def list_(root: Path | None, when: str, recipe: str | None = None, progress: Progress = silent) -> Report:
    """Every team's list, to look at; nothing is published."""
    listed = make_lists(root, when, recipe, progress)
    header = ("team", "reference", "risk", "age", "sex", "main reason")
    rows = [header]
    for document in listed.documents:
        for row in document.ordered().itertuples(index=False):
            first = _main_reason(row.themes)
            rows.append((document.team, row.reference, natural_frequency(row.risk), row.age_band, row.sex, first))
    return Report(summary_of(listed), headline(listed), tuple(rows))


def _main_reason(themes: list[ThemeReason]) -> str:
    said = [theme for theme in themes if theme.sentences and theme.direction == "raises"]
    return max(said, key=lambda theme: theme.contribution).sentences[0] if said else ""


def headline(listed: Listed) -> tuple[str, ...]:
    """One line on the lists as a whole."""
    total = sum(len(case.rows) for case in listed.cases)
    version = listed.scored.version
    said = (
        f"{total} people on {len(listed.cases)} lists at {listed.list_date}, {version.name} version {version.version}"
    )
    return (said, *([f"{listed.without_team:,} eligible people have no team"] if listed.without_team else []))


def summary_of(listed: Listed) -> dict[str, Any]:
    """Counts per team, and the listed people by reference."""
    teams = [
        {
            "team": case.team.name,
            "code": case.team.code,
            "capacity": case.team.capacity,
            "eligible": case.eligible,
            "known_on_caseload": case.known,
            "listed": len(case.rows),
            "below_the_line": case.below_the_line,
            "people": case.rows[["reference", "rank", "patient_id", "risk", "index_date"]]
            .assign(index_date=case.rows["index_date"].dt.date)
            .to_dict("records"),
        }
        for case in listed.cases
    ]
    return {
        "index_date": listed.list_date,
        "data_as_at": listed.opened.store.data_as_at,
        "model": listed.scored.version.name,
        "version": listed.scored.version.version,
        "cohort": dict(listed.scored.cohort.counts),
        "without_team": listed.without_team,
        "teams": teams,
    }
