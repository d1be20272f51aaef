"""The verb `capacity`: by length of list how much its people used in a year, and what an assumed effect would free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from riskstrat.definitions.durations import days
from riskstrat.definitions.progress import Progress, silent
from riskstrat.definitions.recipes import Recipe
from riskstrat.documents.figures_page import render_figures_page
from riskstrat.errors import DefinitionError
from riskstrat.planning.capacity import choose_lengths, compute_carried
from riskstrat.planning.capacity_page import EFFECTS, CapacityFound, build_capacity_page, describe_capacity
from riskstrat.planning.used import choose_past_date, count_used
from riskstrat.publication import find_folders
from riskstrat.site.opening import Site, open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.site.scored import name_model, score_then
from riskstrat.storage import write_bytes
from riskstrat.verbs.report import Report


def capacity(
    root: Path | None,
    out: Path,
    when: date | None = None,
    people: Sequence[int] = (),
    effects: Sequence[float] = (),
    recipe_name: str | None = None,
    progress: Progress = silent,
) -> Report:
    """Write the page. when: a date whose window is over, None for the latest Monday of such; scored by the model of
    that time.

    Raises IndexDateError for a later date, ModelError where no model was made by it, DefinitionError for a length or
    an effect that is none.
    """
    require_free_place(out, (".html",))
    _require_effects(effects)
    opened = open_workspace(root)
    recipe = opened.recipe(recipe_name)
    day = choose_past_date(opened, recipe, when)
    scored = score_then(opened, recipe, day, progress)
    used = count_used(opened, recipe, scored.rows, day)
    lengths = choose_lengths(len(scored.rows), people)
    found = CapacityFound(
        day=day,
        window_days=days(recipe.label.horizon),
        everybody=len(scored.rows),
        model=name_model(scored),
        lines=compute_carried(scored.rows["margin"].to_numpy(), used, lengths),
        effects=tuple(sorted(set(effects))) or EFFECTS,
        published=_count_published(opened, day, recipe),
    )
    write_bytes(render_figures_page(build_capacity_page(found)), out)
    told = describe_capacity(found)
    return Report({**told, "file": str(out)}, (*told["sentences"], str(out)))


def _require_effects(effects: Sequence[float]) -> None:
    for one in effects:
        if not 0 < one < 1:
            raise DefinitionError(f"--effect {one:g} is no share; give one above 0 and below 1, such as 0.1")


def _count_published(opened: Site, day: date, recipe: Recipe) -> int:
    """How many lists stand that were published in the window."""
    lists = opened.workspace.root / opened.workspace.settings.lists.folder
    last = day + timedelta(days=recipe.label.last_day)
    return sum(day <= one <= last for one in find_folders(lists))
