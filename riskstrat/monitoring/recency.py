"""Whether lists and sources are recent, weeks are missing, and sources hold what they should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from riskstrat.definitions.monitoring import MonitoringPlan
from riskstrat.definitions.phrases import long_date
from riskstrat.definitions.vocabulary import SOURCE_WORDS
from riskstrat.monitoring.findings import Finding, State

WEEK = 7


def judge_recency(
    lists: Sequence[date], sources: Mapping[str, date], today: date, plan: MonitoringPlan
) -> list[Finding]:
    """The findings on the age of the newest list, weeks without one, and the age of each source.

    lists: the dates of those that stand, the oldest first. sources: by table the day up to which it goes.
    """
    watch = plan.freshness
    found = [*_judge_lists(lists, today, plan)]
    for table, day in sources.items():
        most = watch.oldest_days_of.get(table, watch.oldest_source_days)
        found.append(_judge_age(SOURCE_WORDS.get(table, table.replace("_", " ")), day, today, most))
    return found


def judge_sources(doubts: Sequence[str], unfinished: Sequence[str]) -> list[Finding]:
    """One alert for each doubt about a source and each run that did not end; one finding where there is none."""
    alerts = [Finding("sources", "a source", "alert", doubt) for doubt in doubts]
    alerts += [Finding("sources", "a run", "alert", said) for said in unfinished]
    return alerts or [Finding("sources", "every source and run", "well", "no source is doubtful, and every run ended")]


def _judge_lists(lists: Sequence[date], today: date, plan: MonitoringPlan) -> Iterator[Finding]:
    watch = plan.freshness
    if not lists:
        yield Finding("freshness", "lists", "nothing yet", "no list is published yet")
        return
    yield _judge_age("the newest list", lists[-1], today, watch.oldest_list_days)
    missing = find_missing_weeks(lists, today, watch.weeks_looked_back)
    said = "no week is without a list"
    if missing:
        number = "1 week is" if len(missing) == 1 else f"{len(missing)} weeks are"
        said = f"{number} without a list, the latest that of {long_date(missing[-1])}"
    state: State = "alert" if len(missing) > watch.most_missing_weeks else "well"
    yield Finding("freshness", "weeks", state, said, {"missing_weeks": len(missing)})


def find_missing_weeks(lists: Sequence[date], today: date, weeks: int) -> list[date]:
    """The Mondays of weeks without a list between the first list and the newest, of the last `weeks` weeks."""
    held = {day - timedelta(days=day.weekday()) for day in lists}
    first = max(min(held), today - timedelta(days=today.weekday() + WEEK * weeks))
    return [
        first + timedelta(days=ahead)
        for ahead in range(0, (max(held) - first).days, WEEK)
        if first + timedelta(days=ahead) not in held
    ]


def _judge_age(about: str, day: date, today: date, most: int) -> Finding:
    age = (today - day).days
    said = f"{long_date(day)}, {age} {'day' if age == 1 else 'days'} old; at most {most} are accepted"
    return Finding("freshness", about, "alert" if age > most else "well", said, {"days": age, "at_most": most})
