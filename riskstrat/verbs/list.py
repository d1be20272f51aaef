"""The verb `list`: each team's list, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents import natural_frequency
from riskstrat.publication import ThemeReason
from riskstrat.site.opening import open_workspace
from riskstrat.trial.standing import require_readable
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store
from riskstrat.weekly.listing import headline, make_lists, summary_of
from riskstrat.weekly.planning import find_list_date


def list_(root: Path | None, when: str, recipe: str | None = None, progress: Progress = silent) -> Report:
    """Every team's list, to look at; nothing is published."""
    opened = open_workspace(root)
    require_readable(opened.workspace.root, find_list_date(opened, when))
    listed = make_lists(opened, when, recipe, progress, open_review_store(opened.workspace))
    header = ("team", "reference", "came", "risk", "age", "sex", "main reason")
    rows = [header]
    for document in listed.documents:
        for person in document.people:
            first = _find_main_reason(person.themes)
            risk = natural_frequency(person.risk)
            rows.append((document.team, person.reference, person.arrival, risk, person.age_band, person.sex, first))
    return Report(summary_of(listed), headline(listed), tuple(rows))


def _find_main_reason(themes: Sequence[ThemeReason]) -> str:
    said = [theme for theme in themes if theme.sentences and theme.direction == "raises"]
    return max(said, key=lambda theme: theme.contribution).sentences[0] if said else ""
