"""The weekly list while a silent trial runs: made, sealed to the sponsor's key, logged, and seen by nobody."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from riskstrat import audit
from riskstrat.definitions.progress import Progress
from riskstrat.errors import ModelError, NothingToDoError, PublicationError, RiskstratError
from riskstrat.registry import champion
from riskstrat.reviews import ReviewStore
from riskstrat.site.dates import find_latest_monday
from riskstrat.site.opening import Site, require_not_future
from riskstrat.storage import compute_digest, write_bytes
from riskstrat.trial.content import SealedFacts, pack_list
from riskstrat.trial.sealing import seal_content
from riskstrat.trial.standing import SilentTrial, log_trial
from riskstrat.verbs.report import Report
from riskstrat.weekly.listing import Listed, make_lists
from riskstrat.weekly.planning import WeekPlan
from riskstrat.weekly.publishing import build_weekly_list
from riskstrat.weekly.replaying import ASSUMED
from riskstrat.weekly.source_checks import check_freshness
from riskstrat.weekly.team_lists import table_dates


def seal_week(
    opened: Site,
    trial: SilentTrial,
    when: str,
    recipe: str | None,
    progress: Progress,
    store: ReviewStore,
    *,
    if_fresh: bool,
) -> Report:
    """Seal the list of a date of the trial; a second run on the same inputs changes nothing.

    Raises PublicationError for another date, and where a list of the date is sealed and would be another now;
    ModelError for another model; NothingToDoError with if_fresh for what would be refused so.
    """
    day = _require_week(trial, when, if_fresh=if_fresh)
    _require_model(opened, trial, recipe)
    listed = make_lists(opened, when, recipe, progress, store, remembers=False)
    content = pack_list(listed.everyone, build_weekly_list(listed), _gather_facts(listed))
    sealed = seal_content(content, bytes.fromhex(trial.protocol.public_key), trial.describe_context(day))
    digest, target = compute_digest(sealed), trial.locate_list(day)
    if day in trial.sealed:
        _require_same_list(trial, day, digest, target)
        return _report(trial, target, digest, "already sealed from the same inputs; nothing changed")
    root = opened.workspace.root
    audit.require_ready(root)
    details = {"trial": trial.protocol.number, "week": day.isoformat(), "sealed": digest}
    with log_trial(root, audit.SEALED, details, {target: sealed}):
        write_bytes(sealed, target)
    return _report(trial, target, digest, "sealed; nobody can read it before the close")


def plan_sealed_week(opened: Site, trial: SilentTrial, when: str | None = None) -> WeekPlan:
    """What `weekly --if-fresh` would do for a date while a trial runs, the latest Monday of the data unless given."""
    wanted = when or find_latest_monday(opened.store.data_as_at).isoformat()
    try:
        if why := _find_nothing_to_seal(trial, wanted):
            return WeekPlan(wanted, "nothing", why)
        require_not_future(date.fromisoformat(wanted), opened.store)
        _require_model(opened, trial, None)
        check_freshness(opened, date.fromisoformat(wanted))
    except RiskstratError as refused:
        return WeekPlan(wanted, "refuse", str(refused))
    return WeekPlan(wanted, "publish", f"the list of {wanted} would be sealed")


def _find_nothing_to_seal(trial: SilentTrial, when: str) -> str:
    """Why there is nothing to seal for a date; blank where there is."""
    day = next((one for one in trial.protocol.list_dates if one.isoformat() == when), None)
    if day is None:
        return f"{when} is no week of the silent trial"
    return f"the list of {day} is sealed" if day in trial.sealed else ""


def _require_week(trial: SilentTrial, when: str, *, if_fresh: bool) -> date:
    dates = trial.protocol.list_dates
    day = next((one for one in dates if one.isoformat() == when), None)
    if if_fresh and (why := _find_nothing_to_seal(trial, when)):
        raise NothingToDoError(f"nothing to do: {why}")
    if day is None:
        raise PublicationError(
            f"a silent trial runs with a list each week from {dates[0]} to {dates[-1]}, and {when} is none of them; "
            "give one, or close the trial: riskstrat trial close"
        )
    return day


def _require_model(opened: Site, trial: SilentTrial, recipe: str | None) -> None:
    wanted = opened.recipe(recipe).name
    _, version = champion(opened.workspace.root / "registry", wanted)
    if (wanted, version.version) != (trial.protocol.recipe, trial.protocol.version):
        raise ModelError(
            f"the trial is of {trial.protocol.recipe} version {trial.protocol.version}, and this would be {wanted} "
            f"version {version.version}; promote that version again, or begin another trial"
        )


def _require_same_list(trial: SilentTrial, day: date, digest: str, target: Path) -> None:
    if trial.sealed[day] != digest:
        raise PublicationError(
            f"the list of {day} is sealed, and its inputs have changed since; it stays as it was sealed"
        )
    if not target.is_file():
        raise PublicationError(f"the sealed list of {day} is missing; restore {target.name} from a backup")


def _gather_facts(listed: Listed) -> SealedFacts:
    rules = listed.opened.workspace.settings.casefinding
    rest = {case.team.name: float(rules.rest_after(ASSUMED, case.team.rest_weeks)) for case in listed.cases}
    as_at = listed.opened.store.data_as_at
    return SealedFacts(as_at, table_dates(listed.opened, listed.list_date), rest, listed.found.without_team)


def _report(trial: SilentTrial, target: Path, digest: str, what: str) -> Report:
    """Of the list itself nothing is said, not even how long it is."""
    summary = {"trial": trial.protocol.number, "file": str(target), "digest": digest, "status": what}
    return Report(summary, (f"{target}: {what}", f"digest {digest}"))
