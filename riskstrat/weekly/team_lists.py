"""From each team's cases to its list as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from riskstrat.casefinding import CaseList, bands_of
from riskstrat.definitions.durations import in_words
from riskstrat.definitions.features import Feature
from riskstrat.definitions.hold_out_settings import HoldOutSettings
from riskstrat.definitions.purpose import PURPOSE, describe_clinical_use
from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.documents import long_date
from riskstrat.people import counts_shown, describe_cohorts, find_day_of_statuses
from riskstrat.publication import PLACES, Change, CountColumn, ListedPerson, Swap, TeamCounts, TeamList
from riskstrat.site.opening import Site
from riskstrat.site.scored import Scored
from riskstrat.weekly.case_history import describe_known_before, find_last_decision, find_rise
from riskstrat.weekly.since import Since

NOBODY = "nobody"
FROM_RESERVE = Change("Was in reserve below the line when this list was made")
"""What is told of somebody in reserve, who was not listed and so neither entered nor moved."""

_WORDS = ("reference", "band", "arrival", "age_band", "sex", "frailty", "falls_check", "caution", "page", "untold")
_HISTORY = ("change", "known_before", "rising", "last_decision", "opened_on")
_SEVERAL = ("themes", "conditions", "flags", "pathways", "support", "cohorts")


@dataclass(frozen=True)
class TeamFacts:
    """What is told of listed people besides their cases, of all teams.

    details: one row per person, indexed by patient_id. reviews: by patient_id the rows of their reviews. doubts:
    sentences on the sources. not_whole: what a list of a past date lacks that there was then.
    ends_told: whether the caseload says of anybody when a team let them go.
    """

    details: pd.DataFrame
    since: Since
    reviews: Mapping[str, pd.DataFrame]
    doubts: tuple[str, ...]
    not_whole: tuple[str, ...] = ()
    ends_told: bool = True


def build_team_list(
    opened: Site, scored: Scored, case: CaseList, facts: TeamFacts, edition: tuple[date, int], own_dates: bool
) -> TeamList:
    """One team's list: everything that its documents are made of. edition: date of the list, and number for it."""
    store, settings, (list_date, number) = opened.store, opened.workspace.settings, edition
    details, since = facts.details, facts.since
    shown = counts_shown(opened, scored.matrix.columns)

    def build_people(given: pd.DataFrame) -> tuple[ListedPerson, ...]:
        # What rules read of a person, such as the names of pathways, gives way to what is printed.
        chosen = given.drop(columns=details.columns, errors="ignore").sort_values("rank", kind="stable")
        rows = chosen.merge(details, left_on="patient_id", right_index=True, how="left", sort=False)
        rows["band"] = bands_of(rows["risk"], settings.lists.bands)
        quiet = settings.casefinding.caseload_quiet_months
        told = (row | _tell_history(row, case, facts, quiet) for row in rows.to_dict("records"))
        return tuple(_build_listed_person(row, tuple(shown), own_dates) for row in told)

    people = build_people(case.rows)
    return TeamList(
        team=case.team.name,
        team_code=case.team.code,
        index_date=list_date,
        edition=number,
        data_as_at=min(store.data_as_at, list_date),
        data_as_at_by_table=table_dates(opened, list_date),
        model=str(scored.model.recipe["title"]),
        model_version=str(scored.version.version),
        definitions=scored.model.definitions_hash[:12],
        horizon=horizon_of(scored, list_date, own_dates),
        counts=TeamCounts(case.eligible, len(people), case.below_the_line, case.known_as_told, case.excluded),
        intended_purpose=str(scored.model.recipe.get("purpose") or PURPOSE),
        clinical_use=describe_clinical_use(settings.lists.clinical_use),
        people=people,
        counts_shown=tuple(
            _count_column(name, title, opened.workspace.features[name]) for name, title in shown.items()
        ),
        notes=(
            *(*facts.not_whole, *describe_later_training(scored.model.trained.get("as_at"), list_date)),
            *case.unchecked,
            *describe_cohorts(opened.workspace.cohort_rules),
            *(*store.notes, *opened.engine.notes, *_describe_unfilled_places(case)),
            *describe_lot(case, settings.lists.hold_out),
        ),
        statuses_as_at=find_day_of_statuses(store, list_date),
        not_checked=case.unchecked,
        doubts=facts.doubts,
        previous_list=since.day,
        no_source_moved=since.no_source_moved,
        moves=since.moves.get(case.team.name, ()),
        swaps=tuple(_swap(swap) for swap in case.swaps),
        routed=case.routed,
        reserve=build_people(case.reserve) if len(case.reserve) else (),
    )


def _tell_history(row: Mapping[Any, object], case: CaseList, facts: TeamFacts, quiet_months: int) -> dict[str, Any]:
    """What is told of one listed person's past and of what changed since the last list, by field."""
    reviews = facts.reviews.get(str(row["patient_id"]))
    return {
        "change": facts.since.changes.get(str(row["patient_id"]), FROM_RESERVE),
        "known_before": describe_known_before(row, reviews, quiet_months, ends_told=facts.ends_told),
        "rising": find_rise(row),
        "last_decision": find_last_decision(reviews, case.team.name),
    }


def _build_listed_person(row: Mapping[Any, Any], counts: Sequence[str], own_date: bool) -> ListedPerson:
    """One row of cases, details and history as a record: plain numbers, None for what is not recorded."""
    words: dict[str, Any] = {name: row[name] for name in (*_WORDS, *_HISTORY)}
    words |= {name: tuple(row[name]) for name in _SEVERAL}
    words |= {place: None if pd.isna(row[place]) else str(row[place]) for place in PLACES}
    return ListedPerson(
        **words,
        rank=int(row["rank"]),
        risk=float(row["risk"]),
        risk_low=float(row["risk_low"]),
        risk_high=float(row["risk_high"]),
        weeks_on_list=int(row["weeks_on_list"]),
        escalate=bool(row["escalate"]),
        counts={name: None if pd.isna(row[name]) else float(row[name]) for name in counts},
        index_date=row["index_date"].date() if own_date else None,
    )


def _count_column(name: str, title: str, feature: Feature) -> CountColumn:
    absent = feature.wording.absent or "not recorded"
    return CountColumn(name, title, feature.wording.unit, absent.format(lookback=in_words(feature.lookback)))


def _swap(swap: Any) -> Swap:
    left_out = NOBODY if swap.left_out_order is None else f"rank {swap.left_out_order}"
    return Swap(left_out, swap.taken_reference or NOBODY, swap.given_up)


def describe_later_training(trained_as_at: str | None, list_date: date) -> tuple[str, ...]:
    """That a model knew what came after the date of its list, where it was trained on later data."""
    if trained_as_at is None or date.fromisoformat(str(trained_as_at)) <= list_date:
        return ()
    trained = long_date(date.fromisoformat(str(trained_as_at)))
    return (
        f"This list is dated before its model was made: the model was trained on data as at {trained}, so it knew what "
        f"came after {long_date(list_date)}",
    )


def _describe_unfilled_places(case: CaseList) -> tuple[str, ...]:
    free = [f"{OUTCOME_WORDS.get(name, name)}: {places}" for name, places in sorted(case.unfilled.items()) if places]
    return (f"Places of services that nobody on this list can take: {', '.join(free)}",) if free else ()


def describe_lot(case: CaseList, rules: HoldOutSettings | None) -> tuple[str, ...]:
    """Of a list on which a lot decided of anybody: how many it left off, and the words that were approved for it."""
    if rules is None or not case.has_lot:
        return ()
    who = {0: "nobody", 1: "1 person"}.get(case.left_off, f"{case.left_off} people")
    return (
        f"Research: a random draw left {who} near the line off this list. Nobody with a risk above "
        f"{100 * rules.never_above:g} in 100 is left off, nor anybody who was put forward, is on a list or was on one "
        f"within a year: put forward whoever needs the team now. Approved as {rules.approval.strip()}, until "
        f"{long_date(rules.ends)}",
        f"What was approved: {' '.join(rules.ethics.split())}",
    )


def horizon_of(scored: Scored, list_date: date, own_dates: bool) -> str:
    """What the risk is the chance of, with the day it counts from."""
    return str(scored.model.recipe["sentence"]).format(date="the date shown" if own_dates else long_date(list_date))


def table_dates(opened: Site, list_date: date) -> Mapping[str, date]:
    """For each landed table the last day that its rows were known on by the date of the list, where they have one."""
    tables = opened.store.manifest["tables"]
    dated = {name: table["data_as_at"] for name, table in tables.items() if table.get("data_as_at")}
    return {name: min(date.fromisoformat(day), list_date) for name, day in dated.items()}
