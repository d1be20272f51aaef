"""Recipes whose outcome is one stay in hospital: what figures of admissions and nights may be made by."""

from __future__ import annotations

from riskstrat.definitions.expressions import rows_of
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import DefinitionError
from riskstrat.workspace import Workspace


def require_stays(workspace: Workspace, recipe: Recipe) -> None:
    """Raises DefinitionError for a recipe of another outcome, or of several events: its risks are of no admission."""
    rows = workspace.outcomes.get(recipe.outcome)
    stream = rows_of(rows).stream if rows is not None else "nothing"
    if stream != "admissions" or recipe.label.least_events > 1:
        raise DefinitionError(
            f'"{recipe.name}" estimates {recipe.label.least_events} or more of "{recipe.outcome}", rows of {stream}; '
            "figures of admissions need a recipe that estimates 1 or more rows of admissions: name such a one"
        )
