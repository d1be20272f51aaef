"""The verb `cohorts`: how large each cohort of a neighbourhood is, who has a care plan, and who is at risk in none."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from riskstrat import audit
from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents.figures_page import render_figures_page
from riskstrat.errors import DefinitionError, PublicationError
from riskstrat.neighbourhoods.counting import count_cohorts, count_risk, read_people
from riskstrat.neighbourhoods.listed import gather_references
from riskstrat.neighbourhoods.page import (
    CohortsFound,
    build_cohorts_page,
    describe_cohorts_found,
    format_cohorts_csv,
    summarise_cohorts,
)
from riskstrat.publication import PublishedList, find_folders, find_published
from riskstrat.site.opening import Site, open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.site.resources import Resource, list_places
from riskstrat.site.scored import score_cohort
from riskstrat.storage import format_json, write_bytes
from riskstrat.trial.standing import require_readable
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store
from riskstrat.workspace.loading import COHORTS_FILE


def cohorts(
    root: Path | None,
    out: Path,
    list_date: date | None = None,
    recipe_name: str | None = None,
    progress: Progress = silent,
    *,
    references: bool = False,
) -> Report:
    """Write the cohorts as at a published list, None for the latest, as page, CSV or JSON by the ending of `out`.

    references: name listed people, and those taken up since, by reference, for the teams alone. Raises
    DefinitionError without training/cohorts.toml, PublicationError without a published list of that date.
    """
    require_free_place(out, (".html", ".csv", ".json"))
    opened = open_workspace(root)
    rules = opened.workspace.cohort_rules
    if rules is None or not rules.cohort:
        raise DefinitionError(f"{COHORTS_FILE} names no cohort; take it from a new workspace: riskstrat init FOLDER")
    recipe = opened.recipe(recipe_name)
    published = _find_list(opened, recipe.name, list_date)
    scored = score_cohort(opened, recipe, published.list_date.isoformat(), progress)
    progress("cohorts", 0.0)
    people = read_people(opened, scored, rules, published)
    found = CohortsFound(
        published.list_date,
        len(people),
        rules.high_risk,
        count_cohorts(people, rules),
        count_risk(people, rules),
        gather_references(count_taken_up_so_far(opened, published).read_counted_list(), rules) if references else None,
    )
    write_bytes(_format(found, out.suffix), out)
    return Report({**describe_cohorts_found(found), "file": str(out)}, (*summarise_cohorts(found), str(out)))


def _find_list(opened: Site, model: str, list_date: date | None) -> PublishedList:
    lists = list_places(opened.workspace)[Resource.LISTS]
    days = [list_date] if list_date else sorted(find_folders(lists), reverse=True)
    for day in days:
        require_readable(opened.workspace.root, day)
        if published := find_published(lists, model, day):
            return published
    wanted = f"of {list_date} " if list_date else ""
    raise PublicationError(f"no list {wanted}of {model} is published; publish one: riskstrat weekly --index-date DATE")


def count_taken_up_so_far(opened: Site, published: PublishedList) -> PublishedList:
    """The list with whoever teams took up from its reserve so far."""
    told = open_review_store(opened.workspace).take_notices(audit.today() + timedelta(days=1))
    return published.count_taken_up(told.find_taken_up(published.list_date))


def _format(found: CohortsFound, ending: str) -> bytes:
    if ending == ".csv":
        return format_cohorts_csv(found)
    if ending == ".json":
        return format_json(describe_cohorts_found(found)).encode("utf-8")
    return render_figures_page(build_cohorts_page(found))
