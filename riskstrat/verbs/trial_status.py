"""The verb `trial status`: what was fixed, which weeks are sealed, and when a trial may be closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from riskstrat.definitions.trial import TrialLimits
from riskstrat.errors import PublicationError
from riskstrat.trial.standing import Protocol, SilentTrial, find_trial, require_same_limits
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, load


def status(root: Path | None) -> Report:
    """Say where the newest trial stands; nothing of a list is told.

    Raises PublicationError without a trial, or where its limits were changed.
    """
    workspace = load(find(root))
    trial = find_trial(workspace.root)
    if trial is None:
        raise PublicationError("there is no trial; begin one: riskstrat trial start --public-key FILE")
    if not trial.closed:
        require_same_limits(trial, workspace.trial_limits)
    return Report(describe_protocol(trial.protocol) | _describe_standing(trial), tuple(_word(trial)))


def describe_protocol(protocol: Protocol) -> dict[str, Any]:
    """What was fixed, as the log has it."""
    return {
        "trial": protocol.number,
        "first_list": protocol.first_list.isoformat(),
        "weeks": protocol.weeks,
        "recipe": protocol.recipe,
        "version": protocol.version,
        "public_key": protocol.public_key,
        "limits": protocol.limits.model_dump(mode="json"),
        "again": protocol.again,
    }


def list_limits(limits: TrialLimits) -> Iterator[str]:
    """Each limit as it stands in the file."""
    for name, values in limits.model_dump(mode="json").items():
        yield f"{name}: {', '.join(f'{key} {value}' for key, value in values.items())}"


def _describe_standing(trial: SilentTrial) -> dict[str, Any]:
    return {
        "state": "closed" if trial.closed else "running",
        "sealed": {day.isoformat(): digest for day, digest in sorted(trial.sealed.items())},
        "not_sealed": [day.isoformat() for day in trial.protocol.list_dates if day not in trial.sealed],
        "unsealed_early": list(trial.unsealed),
    }


def _word(trial: SilentTrial) -> Iterator[str]:
    protocol = trial.protocol
    state = "closed" if trial.closed else "running"
    yield (
        f"silent trial {protocol.number}, {state}: {len(trial.sealed)} of {protocol.weeks} lists sealed, from "
        f"{protocol.first_list} to {protocol.list_dates[-1]}; {protocol.recipe} version {protocol.version}"
    )
    for reason in trial.unsealed:
        yield f"opened before the close: {reason}"
    yield from list_limits(protocol.limits)
