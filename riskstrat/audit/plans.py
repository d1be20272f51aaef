"""Plans of what is to be judged later, and each look at it: in the log before any result, so that none is chosen after.

A plan is not a deed that leaves files: the line is the plan. One that is changed stands beside the first, with why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from riskstrat.audit.lines import Line
from riskstrat.audit.log import append, hold_log, read
from riskstrat.audit.reasons import require_reason
from riskstrat.errors import AuditError

PLANNED, LOOKED = "impact planned", "impact looked at"


def log_plan(
    folder: Path, terms: Mapping[str, object], circumstances: Mapping[str, object], reason: str | None
) -> Line:
    """The line of the newest plan, which says just `terms`: the one that stands, or a new one.

    circumstances: what was so when it was made, which makes no other plan of it. Raises AuditError where another plan
    stands and no reason is given, or a thin one; and as `append` does.
    """
    why = None if reason is None else require_reason(reason, "--reason")
    with hold_log(folder) as log:
        plans = find_plans(read(folder))
        if plans and plans[-1].details["terms"] == dict(terms):
            return plans[-1]
        if plans and why is None:
            raise AuditError(
                f"a plan stands since {plans[-1].at[:10]} (line {plans[-1].number} of the audit log); keep to it, "
                'or change it for all to see: --reason "..."'
            )
        details = {"terms": dict(terms), "circumstances": dict(circumstances), "reason": why if plans else None}
        return log.add(PLANNED, details)


def find_plans(lines: Sequence[Line]) -> list[Line]:
    """The lines of plans, the oldest first."""
    return [line for line in lines if line.action == PLANNED]


def count_looks(lines: Sequence[Line], before: int | None = None) -> int:
    """How many looks were taken, of those before the line of that number."""
    return sum(line.action == LOOKED for line in lines[: None if before is None else before - 1])


def log_looking(folder: Path, plan: int, details: Mapping[str, object]) -> Line:
    """Log a look at what became of the plan of that line, before anybody sees what it found."""
    return append(folder, LOOKED, {"plan": plan, **details})
