"""The verb `status`: on one screen whether a workspace is well, for whoever schedules it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.casefinding import read_kept_off
from riskstrat.errors import RiskstratError
from riskstrat.publication import PublishedList, find_folders, open_published
from riskstrat.registry import champion
from riskstrat.site.opening import Site, open_data
from riskstrat.site.resources import Resource, list_places, list_running
from riskstrat.sources.refreshed import read_refreshed
from riskstrat.trial.standing import find_running_trial
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store
from riskstrat.verbs.sealed_week import plan_sealed_week
from riskstrat.weekly.planning import count_unread, plan_week
from riskstrat.workspace import Workspace, find, load

PROBLEM = "problem"
"""The key under which a part says why it cannot be told; what stands there needs somebody."""


def status(root: Path | None, when: str | None = None) -> Report:
    """Data, model, last list, reviews, refresh, runs, disk, and what `weekly --if-fresh` would do for a date.

    Whatever is wrong with one part is said there and hides no other. Raises WorkspaceError where no workspace is.
    """
    workspace = load(find(root))
    site = _open(workspace)
    parts = {
        "data": _describe_data(site) if isinstance(site, Site) else {PROBLEM: str(site)},
        "model": _ask(lambda: _describe_model(workspace)),
        "last_list": _ask(lambda: _describe_last_list(workspace)),
        "reviews": _ask(lambda: _describe_reviews(workspace)),
        "refresh": _ask(lambda: _describe_refresh(workspace)),
        "trial": _ask(lambda: _describe_trial(workspace)),
        "week": _plan(site, when) if isinstance(site, Site) else {},
        "disk": _ask(lambda: _describe_disk(workspace)),
    }
    needs = [*_list_needs(parts), *audit.describe_open_deeds(workspace.root)]
    about = {"workspace": str(workspace.root), "today": audit.today(), "running": list_running(workspace.root)}
    summary = {**about, **parts, "well": not needs, "needs": needs}
    return Report(summary, tuple(_word(summary)), attention=_sum_up(needs))


def _open(workspace: Workspace) -> Site | RiskstratError:
    try:
        return open_data(workspace)
    except RiskstratError as problem:
        return problem


def _ask(part: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    try:
        return dict(part())
    except RiskstratError as problem:
        return {PROBLEM: str(problem)}


def _plan(site: Site, when: str | None) -> dict[str, Any]:
    """What `weekly --if-fresh` would do; a refusal where the reviews cannot be had."""
    try:
        store, trial = open_review_store(site.workspace), find_running_trial(site.workspace.root)
        return asdict(plan_sealed_week(site, trial, when) if trial else plan_week(site, store, when))
    except RiskstratError as refused:
        return {"when": when or "", "verdict": "refuse", "why": str(refused)}


def _describe_data(site: Site) -> dict[str, Any]:
    """What was ingested, and how old each table that has a gate is today."""
    store = site.store
    tables = {name: table["data_as_at"] for name, table in store.manifest["tables"].items() if table["data_as_at"]}
    gates = site.workspace.settings.data.freshness
    gated = {name: _describe_gate(date.fromisoformat(tables[name]), gates[name]) for name in gates if name in tables}
    return {"as_at": store.data_as_at, "version": store.version, "tables": tables, "gates": gated}


def _describe_gate(as_at: date, gate: Any) -> dict[str, Any]:
    age = (audit.today() - as_at).days
    return {"days_old_today": age, "at_most": gate.days, "then": gate.then, "late": age > gate.days}


def _describe_model(workspace: Workspace) -> dict[str, Any]:
    _, version = champion(workspace.root / "registry", workspace.settings.lists.recipe)
    return {"name": version.name, "version": version.version}


def _find_last_list(workspace: Workspace) -> PublishedList | None:
    folders = find_folders(list_places(workspace)[Resource.LISTS])
    return open_published(folders[max(folders)]) if folders else None


def _describe_last_list(workspace: Workspace) -> dict[str, Any]:
    last = _find_last_list(workspace)
    if last is None:
        return {}
    return {"date": last.list_date, "edition": last.edition, "teams": len(last.team_names), "version": last.version}


def _describe_reviews(workspace: Workspace) -> dict[str, Any]:
    """How many outcomes have come since the last list that the next one reads, and how many were taken back."""
    last = _find_last_list(workspace)
    if last is None:
        return {}
    came, gone = count_unread(open_review_store(workspace), last, date.max)
    return {"came_since": came, "taken_back_since": gone}


def _describe_refresh(workspace: Workspace) -> dict[str, Any]:
    refreshed = read_refreshed(workspace.root)
    if refreshed is None:
        return {}
    today = audit.today()
    kept_off = len(read_kept_off(workspace.root, today))
    return {"as_at": refreshed.as_at, "days_old": (today - refreshed.as_at).days, "open_cases_kept_off": kept_off}


def _describe_trial(workspace: Workspace) -> dict[str, Any]:
    """The silent trial that runs, and the first day on which it may be closed; nothing without one."""
    trial = find_running_trial(workspace.root)
    if trial is None:
        return {}
    fixed = trial.protocol
    return {"number": fixed.number, "sealed": len(trial.sealed), "weeks": fixed.weeks, "ends": fixed.ends}


def _describe_disk(workspace: Workspace) -> dict[str, Any]:
    """Bytes of each thing that a workspace keeps, and what is free where its data stand."""
    sizes = {resource.name.lower(): _measure(place) for resource, place in list_places(workspace).items()}
    free = shutil.disk_usage(workspace.root).free
    low = free < sizes[Resource.STORE.name.lower()]
    return {"bytes": sizes, "free": free, "low": low}


def _measure(folder: Path) -> int:
    """Bytes of all files below a folder; what another run takes away meanwhile counts nothing."""
    total = 0
    for above, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.stat(os.path.join(above, name)).st_size
    return total


def _list_needs(parts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What somebody must see to, a sentence each."""
    problems = dict.fromkeys(part[PROBLEM] for part in parts.values() if PROBLEM in part)
    yield from problems
    if parts["week"].get("verdict") == "refuse" and parts["week"]["why"] not in problems:
        yield f"the list of {parts['week']['when']} would be refused: {parts['week']['why']}"
    for table, gate in parts["data"].get("gates", {}).items():
        if gate["late"] and gate["then"] == "refuse":
            days, most = gate["days_old_today"], gate["at_most"]
            yield f"{table}: {days} days old today, and at most {most} are accepted; ingest later data"
    if parts["disk"].get("low"):
        yield "less room is free than the data take, so the next ingest may not fit; make room"


def _sum_up(needs: list[str]) -> str:
    if not needs:
        return ""
    return "1 thing needs somebody" if len(needs) == 1 else f"{len(needs)} things need somebody"


def _word(summary: Mapping[str, Any]) -> Iterator[str]:
    """The screen: a line for each part, then what needs somebody."""
    yield _word_part("data", summary["data"], "as at {as_at}, version {version:.12}")
    for table, gate in summary["data"].get("gates", {}).items():
        yield f"  {table}: {gate['days_old_today']} days old, at most {gate['at_most']} ({gate['then']})"
    yield _word_part("model", summary["model"], "{name} version {version}")
    yield _word_part("last list", summary["last_list"], "{date}, edition {edition}, {teams} teams, version {version}")
    yield _word_part(
        "reviews", summary["reviews"], "since that list {came_since:,} came, {taken_back_since:,} were taken back"
    )
    yield _word_part(
        "refresh",
        summary["refresh"],
        "as at {as_at}, open cases and people in reserve who are kept off lists: {open_cases_kept_off:,}",
    )
    yield _word_part("silent trial", summary["trial"], "{number}, {sealed} of {weeks} lists sealed, ends {ends}")
    yield _word_part("week", summary["week"], "{when}: {verdict}; {why}")
    yield f"running: {'; '.join(summary['running']) or 'nothing'}"
    disk = summary["disk"]
    if PROBLEM not in disk:
        used = sum(disk["bytes"].values())
        yield f"disk: {used / 1e6:,.1f} MB used, {disk['free'] / 1e6:,.0f} MB free"
    yield from (f"needs somebody: {need}" for need in summary["needs"])
    if summary["well"]:
        yield "all is well"


def _word_part(name: str, part: Mapping[str, object], words: str) -> str:
    if PROBLEM in part:
        return f"{name}: cannot be told"
    return f"{name}: {words.format(**part) if part else 'none'}"
