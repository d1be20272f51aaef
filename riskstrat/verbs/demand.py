"""The verb `demand`: how many people each place must expect to be admitted, the caseload in 12 months, and how both did
a year back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from riskstrat.definitions.durations import days
from riskstrat.definitions.progress import Progress, silent
from riskstrat.definitions.recipes import Recipe
from riskstrat.documents.figures_page import render_figures_page
from riskstrat.errors import CohortError, ModelError
from riskstrat.planning.caseload_page import CaseloadFound
from riskstrat.planning.demand import ExpectedAdmissions, compute_expected, follow_people, place_people
from riskstrat.planning.demand_page import DemandFound, build_demand_page, describe_demand
from riskstrat.planning.held import forecast_back, forecast_from
from riskstrat.planning.used import choose_past_date
from riskstrat.site.dates import find_latest_monday
from riskstrat.site.opening import Site, open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.site.scored import score_cohort, score_then
from riskstrat.storage import write_bytes
from riskstrat.verbs.report import Report


def demand(
    root: Path | None,
    out: Path,
    when: date | None = None,
    recipe_name: str | None = None,
    progress: Progress = silent,
) -> Report:
    """Write the page. when: the date that it counts from, None for the latest Monday of the data.

    A year back is told where a model of that time is kept. Raises DefinitionError for a recipe whose index dates are
    discharges, IndexDateError for a date in the future, ModelError without a champion.
    """
    require_free_place(out, (".html",))
    opened = open_workspace(root)
    recipe = opened.recipe(recipe_name)
    past_day = choose_past_date(opened, recipe, None)
    day = when or find_latest_monday(opened.store.data_as_at)
    scored = score_cohort(opened, recipe, day.isoformat(), progress)
    places = compute_expected(place_people(opened, scored, day))
    model = f"{scored.version.name} version {scored.version.version}"
    past, why = _expect_then(opened, recipe, past_day, progress)
    caseload = CaseloadFound(day, *forecast_from(opened, day), *forecast_back(opened, day))
    found = DemandFound(day, days(recipe.label.horizon), model, places, past_day, caseload, past, why)
    write_bytes(render_figures_page(build_demand_page(found)), out)
    told = describe_demand(found)
    return Report({**told, "file": str(out)}, (*told["sentences"], str(out)))


def _expect_then(
    opened: Site, recipe: Recipe, day: date, progress: Progress
) -> tuple[tuple[ExpectedAdmissions, ...], str]:
    """The places of a past day with what came of them, or none and why it cannot be told."""
    try:
        then = score_then(opened, recipe, day, progress)
        return compute_expected(follow_people(opened, recipe, place_people(opened, then, day))), ""
    except (ModelError, CohortError) as missing:
        return (), str(missing)
