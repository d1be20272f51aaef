"""The verb `why`: where one person stands at one list, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.casefinding import LEFT_OFF
from riskstrat.cohort import registration_known_on, why_not
from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.progress import Progress, silent
from riskstrat.definitions.recipes import Recipe
from riskstrat.documents import long_date, natural_frequency
from riskstrat.publication import EVERYONE_COLUMNS, find_published
from riskstrat.site.apart import set_apart
from riskstrat.site.opening import LATEST, Site, build_matrix, cohort_at, index_date, open_workspace
from riskstrat.trial.standing import require_readable
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store

NOT_AVAILABLE = "Not available."
"""For people who opted out, and for whoever is not in the data: the answer must not tell one from the other."""

OPTED_OUT = "opted out"
"""As the counts of a cohort say it."""

_NOT_ELIGIBLE = {
    "dead": "Not listed: recorded by then as having died.",
    DOUBTFUL_DEATH: f"Not listed: {DOUBTFUL_DEATH}.",
    "not registered": "Not listed: not registered with a practice at that date.",
    "too young": "Not listed: too young at that date, the model is for people aged {recipe.cohort.min_age} and over.",
    "too old": "Not listed: over {recipe.cohort.max_age} at that date, the oldest age the model is for.",
}


def why(
    root: Path | None,
    patient: str,
    when: str,
    recipe: str | None = None,
    progress: Progress = silent,
    purpose: str | None = None,
) -> Report:
    """Whether one person is listed at a date, and if not, why not; that it was asked, and for what, is logged.

    Reads the published list of that date where there is one, else makes the list without publishing it. Raises
    AuditError where the records are real and no purpose is given.
    """
    opened = open_workspace(root)
    chosen = opened.recipe(recipe)
    wanted = index_date(when, chosen, opened.store)
    require_readable(opened.workspace.root, wanted)
    audit.log_look(opened.workspace.root, "why", patient, when, purpose, simulated=opened.store.simulated)
    person, at = _find_person(opened, patient), wanted or opened.store.data_as_at
    # Asked first: whoever opted out after a list was published must not be told of from it.
    reason = None if person is None else why_not(opened.store, chosen.cohort, person, at, opened.opt_outs)
    if person is None or reason == OPTED_OUT:
        return Report({"index_date": when, "place": "not available", "sentence": NOT_AVAILABLE}, (NOT_AVAILABLE,))
    place = _place(opened, patient, when, chosen, progress)
    said = explain_place(place) if place else _explain_unplaced_person(opened, chosen, person, reason, at)
    summary: dict[str, Any] = {"index_date": when, "place": place.get("place", "not eligible"), "sentence": said}
    return Report(summary, (said,))


def _place(opened: Site, patient: str, when: str, recipe: Recipe, progress: Progress) -> dict[str, Any]:
    """The person's row of everybody eligible at that list; empty where they are not among them."""
    settings = opened.workspace.settings.lists
    published = None
    if when != LATEST:
        published = find_published(opened.workspace.root / settings.folder, recipe.name, date.fromisoformat(when))
    if published is not None:
        told = open_review_store(opened.workspace).take_notices(audit.today() + timedelta(days=1))
        counted = published.count_taken_up(told.find_taken_up(published.list_date))
        everyone = counted.read_everyone([name for name in EVERYONE_COLUMNS if name != "arrival"])
    else:
        # Not above: only where no list was published does anything have to be computed.
        from riskstrat.weekly.listing import make_lists

        everyone = make_lists(opened, when, recipe.name, progress, open_review_store(opened.workspace)).everyone
    row = everyone[everyone["patient_id"] == patient]
    if row.empty:
        return {}
    team = everyone[(everyone["team"] == row["team"].iloc[0]) & (everyone["place"] == "listed")]
    return {"listed": len(team)} | {str(name): row[name].iloc[0] for name in row.columns}


def explain_place(place: Mapping[str, Any]) -> str:
    """Where somebody stands, by their row of everybody eligible and how many are `listed` by their team."""
    team = place["team"]
    if place["place"] == "listed":
        weeks = int(place["weeks_on_list"])
        on = f", on the list for {weeks} weeks" if weeks > 1 else ""
        return (
            f"Listed for {team}: rank {int(place['rank'])} of {place['listed']}{on}, "
            f"{natural_frequency(place['risk'])}."
        )
    if place["place"] == "below the line":
        why = _explain_below(place["reason"])
        return (
            f"Not listed: below the line at rank {int(place['order'])} for {team}, whose list has {place['listed']} "
            f"people.{why} Not being listed does not mean low risk."
        )
    if place["place"] == "known":
        return f"Not listed for {team}: known already, on the caseload."
    return f"Not listed for {team}: {place['reason']}."


def _explain_below(reason: object) -> str:
    """A sentence on somebody below the line for another reason than their estimate; blank for others."""
    if not isinstance(reason, str):
        return ""
    if reason == LEFT_OFF:
        return " They were left off by lot, for research; whoever a team puts forward has a place before others."
    return f" There was {reason}."


def _is_apart(opened: Site, recipe: Recipe, person: int, at: date) -> bool:
    """Whether one person who is eligible is set apart, as known then."""
    cohort = cohort_at(opened, recipe, at)
    own = replace(cohort, rows=cohort.rows[cohort.rows["person"] == person].reset_index(drop=True))
    return not set_apart(recipe, own, build_matrix(opened, own, silent))[2].all()


def _find_person(opened: Site, patient: str) -> int | None:
    """The row number of a patient among people, None for whoever is not in the data."""
    people = opened.store.people()["patient_id"]
    found = people.index[people == patient]
    return int(found[0]) if len(found) else None


def _explain_unplaced_person(opened: Site, recipe: Recipe, person: int, reason: str | None, at: date) -> str:
    if reason == "not registered":
        known = registration_known_on(opened.store, person, at)
        if known:
            return f"Not listed: the data came late; that they were registered was known from {long_date(known)}."
    if reason in _NOT_ELIGIBLE:
        return _NOT_ELIGIBLE[reason].format(recipe=recipe)
    already = recipe.cohort.already
    if already is not None and _is_apart(opened, recipe, person, at):
        return f"Not listed: this list is of people who may come to it, and they {already.says}."
    if recipe.cohort.index != "calendar":
        return "Not listed: no discharge from hospital that counts at that date."
    return "Not listed: eligible, but no team serves their practice."
