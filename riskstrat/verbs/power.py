"""The verb `power`: what the published lists of a site could show, said before anybody promises fewer admissions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from riskstrat import audit
from riskstrat.definitions.durations import days
from riskstrat.documents.figures_page import render_figures_page
from riskstrat.errors import DefinitionError
from riskstrat.impact.detecting import Assumptions
from riskstrat.impact.listings import read_listings
from riskstrat.impact.powering import (
    build_power_page,
    compute_detectable,
    compute_events,
    describe_power,
    word_detectable,
)
from riskstrat.site.outputs import require_free_place
from riskstrat.site.stays import require_stays
from riskstrat.storage import write_bytes
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store
from riskstrat.workspace import find, load

DEFAULT_FOLLOWED = 26
"""Weeks for which each person is followed."""


def power(
    root: Path | None, out: Path, followed_weeks: int = DEFAULT_FOLLOWED, new_a_year: float | None = None
) -> Report:
    """Write the page on what could be found after 3, 6, 12 and 24 months of listing.

    new_a_year: people listed for the first time in a year; None for the pace of the published lists. Raises
    PublicationError where there is no list, or that pace cannot be told.
    """
    require_free_place(out, (".html",))
    workspace = load(find(root))
    told = open_review_store(workspace).take_notices(audit.today() + timedelta(days=1))
    listings = read_listings(workspace.root / workspace.settings.lists.folder, told)
    recipe = workspace.recipes.get(workspace.settings.lists.recipe)
    if recipe is None:
        raise DefinitionError(f'no recipe "{workspace.settings.lists.recipe}" in training; name one that is there')
    require_stays(workspace, recipe)
    people = listings.count_new_a_year() if new_a_year is None else new_a_year
    events = compute_events(listings.firsts["risk"], days(recipe.label.horizon), followed_weeks)
    assumed = Assumptions()
    found = compute_detectable(people, events, assumed)
    given = (listings, found, events, followed_weeks, assumed)
    write_bytes(render_figures_page(build_power_page(*given)), out)
    lines = [word_detectable(one) for one in found]
    return Report({**describe_power(*given), "file": str(out)}, (*lines, str(out)))
