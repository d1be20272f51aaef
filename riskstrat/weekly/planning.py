"""Whether there is a list to make for a date, before anything is scored: for schedulers, and for `status`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from riskstrat.definitions.phrases import long_date
from riskstrat.errors import PublicationError, RiskstratError
from riskstrat.publication import NOTICES, REVIEWS, PublishedList, find_earlier, find_unfinished_withdrawal
from riskstrat.registry import champion
from riskstrat.reviews import Notices, ReviewStore, Snapshot, count_changes, parse_notices, parse_snapshot
from riskstrat.site.dates import find_latest_monday, written_date
from riskstrat.site.opening import LATEST, Site, index_date
from riskstrat.weekly.since import is_without_news
from riskstrat.weekly.source_checks import check_freshness

Verdict = Literal["publish", "nothing", "refuse"]


@dataclass(frozen=True)
class WeekPlan:
    """What `weekly --if-fresh` would do for a date, and why in a sentence."""

    when: str
    verdict: Verdict
    why: str


def plan_week(opened: Site, store: ReviewStore, when: str | None = None, recipe: str | None = None) -> WeekPlan:
    """Whether a list would be made for a date, the latest Monday of the data unless given.

    There is nothing to do where a list of the date stands, or where since the last one nothing was ingested or
    refreshed, nothing became known, no outcome or notice of a team came and no other version became champion. Settings
    and definitions are not looked at. A source that a gate refuses comes before that: somebody must hear of it.
    """
    wanted = when or find_latest_monday(opened.store.data_as_at).isoformat()
    try:
        why = find_nothing_to_do(opened, store, wanted, recipe)
        if why is None:
            _require_ready(opened, wanted, recipe)
    except RiskstratError as refused:
        return WeekPlan(wanted, "refuse", str(refused))
    return WeekPlan(wanted, "nothing", why) if why else WeekPlan(wanted, "publish", f"a list of {wanted} would be made")


def find_nothing_to_do(opened: Site, store: ReviewStore, when: str, recipe: str | None = None) -> str | None:
    """Why there is nothing to do for a date; None where there may be something. Raises SourceError as the gates do.

    store: what teams decided so far.
    """
    day = find_list_date(opened, when)
    lists = _locate_lists(opened)
    if (lists / day.isoformat()).exists():
        return f"the list of {long_date(day)} stands"
    check_freshness(opened, day)
    earlier = find_earlier(lists, opened.recipe(recipe).name, day)
    if not earlier or not _is_without_change(opened, store, earlier[0], day):
        return None
    return f"no source has moved and no outcome has come since the list of {long_date(earlier[0].list_date)}"


def find_list_date(opened: Site, when: str) -> date:
    """The date of the list that is asked for. Raises IndexDateError for what is no date."""
    return opened.store.data_as_at if when == LATEST else written_date(when, "index date")


def _is_without_change(opened: Site, store: ReviewStore, last: PublishedList, day: date) -> bool:
    _, version = champion(opened.workspace.root / "registry", last.model)
    if version.version != last.version or not is_without_news(opened, last, day):
        return False
    read = parse_notices(last.read_file(NOTICES)) if NOTICES in last.manifest["files"] else Notices()
    return not any(count_unread(store, last, day)) and store.take_notices(day) == read


def count_unread(store: ReviewStore, last: PublishedList, day: date) -> tuple[int, int]:
    """How many outcomes a list of a day would read that an earlier one did not, and how many of that one's no more."""
    read = parse_snapshot(last.read_file(REVIEWS)) if REVIEWS in last.manifest["files"] else Snapshot(())
    return count_changes(read, store.take_snapshot(day))


def _require_ready(opened: Site, when: str, recipe: str | None) -> None:
    """Raises RiskstratError for what `weekly` would refuse before it scores."""
    chosen = opened.recipe(recipe)
    day = index_date(when, chosen, opened.store) or opened.store.data_as_at
    champion(opened.workspace.root / "registry", chosen.name)
    if find_unfinished_withdrawal(_locate_lists(opened), day) is not None:
        raise PublicationError(f"a withdrawal of the list of {day} was cut short; run riskstrat withdraw for it again")


def _locate_lists(opened: Site) -> Path:
    return opened.workspace.root / opened.workspace.settings.lists.folder
