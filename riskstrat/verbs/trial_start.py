"""The verb `trial start`: a silent trial's limits, weeks, model and key, fixed in the audit log before any list."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from riskstrat import audit
from riskstrat.errors import DefinitionError, IndexDateError, PublicationError, StorageError
from riskstrat.publication import find_folders
from riskstrat.registry import champion
from riskstrat.site.opening import Site, open_data
from riskstrat.site.resources import Resource, list_places, write_alone
from riskstrat.storage import compute_digest, write_bytes
from riskstrat.trial.sealing import parse_public_key
from riskstrat.trial.standing import PROTOCOL, Protocol, SilentTrial, find_trial, locate_folder, log_trial
from riskstrat.verbs.report import Report
from riskstrat.verbs.trial_status import describe_protocol, list_limits
from riskstrat.workspace import find, load


def start(
    root: Path | None,
    public_key: Path,
    weeks: int = 12,
    first_list: date | None = None,
    again: str | None = None,
    recipe_name: str | None = None,
    *,
    wait: bool = False,
) -> Report:
    """Fix a trial of so many weekly lists, the first on the next Monday of the data unless given.

    again: why it is begun after another. Raises PublicationError where there was a trial and no reason is given, for a
    file that is no public key, or where a list of its weeks is published; IndexDateError for a first list in the past.
    """
    workspace = load(find(root))
    with write_alone(workspace.root, "trial start", wait=wait):
        opened = open_data(workspace)
        audit.settle(workspace.root)
        before = find_trial(workspace.root)
        reason = _require_allowed(before, again)
        protocol = Protocol(
            number=before.protocol.number + 1 if before else 1,
            first_list=_choose_first(opened, first_list),
            weeks=weeks,
            recipe=_require_calendar(opened, recipe_name),
            version=champion(workspace.root / "registry", opened.recipe(recipe_name).name)[1].version,
            public_key=parse_public_key(_read(public_key), public_key.name).hex(),
            limits=workspace.trial_limits,
            again=reason,
        )
        _write(workspace.root, protocol)
    lines = (
        f"silent trial {protocol.number}: a list each week from {protocol.first_list} to {protocol.list_dates[-1]}, "
        f"sealed by riskstrat weekly; {protocol.recipe} version {protocol.version}",
        *([f"begun after another: {protocol.again}"] if protocol.again else []),
        *list_limits(protocol.limits),
        "fixed in the audit log; a change of registry/trial.toml is refused until the trial is closed",
    )
    return Report(describe_protocol(protocol), lines)


def _require_allowed(before: SilentTrial | None, again: str | None) -> str:
    if before is None:
        if again is not None:
            raise PublicationError("there was no trial before; leave --again out")
        return ""
    if again is None:
        state = "is closed" if before.closed else "runs"
        raise PublicationError(
            f"trial {before.protocol.number}, from {before.protocol.first_list}, {state}; a trial is not begun again "
            'in silence: give --again "why", which its page will say'
        )
    reason = audit.require_reason(again, "--again")
    sealed = len(before.sealed)
    if before.closed or not sealed:
        return reason
    lists = "1 sealed list" if sealed == 1 else f"{sealed} sealed lists"
    return f"{reason.rstrip('. ')}. Trial {before.protocol.number} was left before it was closed, with {lists} unread."


def _choose_first(opened: Site, given: date | None) -> date:
    as_at = opened.store.data_as_at
    first = given or as_at + timedelta(days=-as_at.weekday() % 7)
    if first < as_at:
        raise IndexDateError(
            f"--first-list {first} is before the data, which are as at {as_at}; a trial looks ahead: give a later "
            "date, or look back with riskstrat replay"
        )
    lists = list_places(opened.workspace)[Resource.LISTS]
    standing = [day for day in find_folders(lists) if day >= first]
    if standing:
        raise PublicationError(f"the list of {standing[-1]} is published; a silent trial begins after it")
    return first


def _require_calendar(opened: Site, recipe_name: str | None) -> str:
    recipe = opened.recipe(recipe_name)
    if recipe.cohort.index != "calendar":
        raise DefinitionError(
            f'the index dates of "{recipe.name}" are discharges, which have no weeks; name a recipe of calendar dates'
        )
    return recipe.name


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as refused:
        raise StorageError(f"cannot read {path.name}: {refused.strerror}; give the sponsor's public key") from None


def _write(root: Path, protocol: Protocol) -> None:
    target, content = locate_folder(root, protocol.number) / PROTOCOL, protocol.dump()
    details = describe_protocol(protocol) | {"protocol": compute_digest(content)}
    audit.require_ready(root)
    with log_trial(root, audit.TRIAL_STARTED, details, {target: content}):
        write_bytes(content, target, parents=True)
