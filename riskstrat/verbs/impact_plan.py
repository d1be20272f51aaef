"""The verb `impact plan`: what will be judged, by which method and when, into the audit log before any result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from riskstrat import audit
from riskstrat.definitions.durations import days
from riskstrat.errors import DefinitionError
from riskstrat.impact.comparing import require_followed_lists
from riskstrat.impact.measuring import PRIMARY
from riskstrat.impact.planning import ImpactPlan, read_plan, require_complete_looks
from riskstrat.site.opening import open_workspace
from riskstrat.verbs.report import Report


def plan_impact(
    root: Path | None,
    looks: Sequence[date],
    outcome: str = PRIMARY[0],
    since: date | None = None,
    followed_weeks: int = 26,
    least_fall: int = 10,
    reason: str | None = None,
    recipe_name: str | None = None,
    most_caught_up: int = 50,
) -> Report:
    """Log the plan, or say that it stands. looks: the last is the analysis date. since: today where None.

    most_caught_up: in percent.

    Raises DefinitionError for an outcome or a recipe that cannot be planned, IndexDateError for looks that would see
    nobody, and AuditError where another plan stands and no reason is given.
    """
    if outcome not in PRIMARY:
        raise DefinitionError(f'"{outcome}" is no outcome of a plan; choose one of {", ".join(PRIMARY)}')
    opened = open_workspace(root)
    recipe = opened.recipe(recipe_name)
    require_followed_lists(opened, recipe)
    begins = since or audit.today()
    terms = (recipe.name, outcome, begins, followed_weeks, tuple(looks), least_fall)
    plan = ImpactPlan(*terms, most_caught_up=most_caught_up)
    require_complete_looks(plan, days(recipe.label.delay))
    circumstances = {"data_as_at": opened.store.data_as_at.isoformat()}
    line = audit.log_plan(opened.workspace.root, plan.describe_terms(), circumstances, reason)
    logged = read_plan(opened.workspace.root)
    summary = {**plan.describe_terms(), "line": line.number, "after_the_fact": logged.after_the_fact}
    return Report(summary, (*logged.describe_origin(), f"Line {line.number} of the audit log."))
