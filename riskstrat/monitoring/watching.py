"""Everything that is watched, looked at on one day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from riskstrat import audit
from riskstrat.definitions.monitoring import MonitoringPlan
from riskstrat.definitions.phrases import long_date
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.recipes import Recipe
from riskstrat.monitoring.drift import judge_features, judge_risks
from riskstrat.monitoring.findings import Finding
from riskstrat.monitoring.reading import (
    find_lists,
    find_pair,
    find_ripe_day,
    read_features,
    read_ripe,
    read_risks,
    read_worked,
    select_monthly,
)
from riskstrat.monitoring.recency import judge_recency, judge_sources
from riskstrat.monitoring.ripened import RipeMonth, judge_ripe, tabulate_months
from riskstrat.monitoring.work import judge_work
from riskstrat.publication import PublishedList
from riskstrat.reviews import ReviewStore
from riskstrat.site.opening import Site
from riskstrat.sources.coverage import read_coverage
from riskstrat.sources.doubts import find_doubts


@dataclass(frozen=True)
class Watched:
    """What was found on `day`: the findings in the order of the plan, and what came of each ripe month.

    held_against: the first list of the version that made the newest one; None without two. understood: for each column
    of codes, in words, the share of its rows that is understood.
    """

    day: date
    plan: MonitoringPlan
    model: str
    findings: tuple[Finding, ...]
    months: tuple[RipeMonth, ...]
    held_against: date | None
    understood: tuple[tuple[str, float], ...]

    @property
    def alerts(self) -> tuple[Finding, ...]:
        """The findings that are alerts."""
        return tuple(found for found in self.findings if found.state == "alert")


def watch_lists(opened: Site, recipe: Recipe, store: ReviewStore, today: date, progress: Progress) -> Watched:
    """Look at everything that is watched. Raises PublicationError for a list that was changed or cannot be read."""
    plan = opened.workspace.monitoring
    told = store.take_notices(today + timedelta(days=1))
    found = find_lists(opened, recipe, today)
    lists = [one.count_taken_up(told.find_taken_up(one.list_date)) for one in found]
    reviews = store.take_snapshot(date.max).reviews
    pair = find_pair(lists) if lists else None
    findings = [*_watch_recency(opened, lists, today, plan), *_watch_drift(opened, recipe, lists, plan, progress)]
    progress("outcomes", 0.0)
    ripe = read_ripe(opened, recipe, lists, reviews) if recipe.cohort.index == "calendar" else []
    monthly = select_monthly(lists)
    ripens = find_ripe_day(monthly[0], recipe) if monthly else None
    findings += judge_ripe(ripe[-1] if ripe else None, ripens, plan)
    findings += judge_work(read_worked(opened, lists, reviews, today, plan), today, plan)
    progress("outcomes", 1.0)
    order = [name for name, _ in plan.list_watches()]
    return Watched(
        day=today,
        plan=plan,
        model=recipe.title,
        findings=tuple(sorted(findings, key=lambda found: order.index(found.watch))),
        months=tabulate_months(ripe),
        held_against=pair.first.list_date if pair else None,
        understood=tuple(_list_understood(opened)),
    )


def _watch_recency(opened: Site, lists: Sequence[PublishedList], today: date, plan: MonitoringPlan) -> list[Finding]:
    store = opened.store
    tables = {name: table["data_as_at"] for name, table in sorted(store.manifest["tables"].items())}
    sources = {name: date.fromisoformat(day) for name, day in tables.items() if day}
    doubts = find_doubts(store, read_coverage(store, opened.workspace.settings.data.coverage))
    unfinished = audit.describe_open_deeds(opened.workspace.root)
    return [
        *judge_recency([one.list_date for one in lists], sources, today, plan),
        *judge_sources(doubts, tuple(unfinished)),
    ]


def _watch_drift(
    opened: Site, recipe: Recipe, lists: Sequence[PublishedList], plan: MonitoringPlan, progress: Progress
) -> list[Finding]:
    pair = find_pair(lists) if lists else None
    if pair is None:
        said = "no two lists of the champion's version yet"
        watches = {"risk_drift": "risks", "feature_drift": "features"}
        return [Finding(key, about, "nothing yet", said) for key, about in watches.items()]
    risks = [read_risks(one) for one in (pair.first, pair.newest)]
    names = pair.newest.team_names
    first, later = (rows.assign(team=rows["team"].replace(names)) for rows in risks)
    found = judge_risks(first, later, plan)
    features = [read_features(opened, recipe, one, progress) for one in (pair.first, pair.newest)]
    return found + judge_features(features[0][0], features[1][0], features[1][1], plan)


def _list_understood(opened: Site) -> Iterator[tuple[str, float]]:
    for entry in opened.store.manifest["codes"]:
        yield f"{entry['column']} in {entry['table']}", float(entry["understood"])


def describe_reference(watched: Watched) -> str:
    """Which list the newest one is held against, and why."""
    if watched.held_against is None:
        return "The newest list is the only one of its version of the model, so nothing is compared."
    return (
        f"The newest list is held against that of {long_date(watched.held_against)}, the first that this version of "
        "the model made: the people whom it was promoted for. The version's own papers say what it was trained on."
    )
