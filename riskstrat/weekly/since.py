"""What changed since the last list, in the records that documents print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from riskstrat.cohort import why_not
from riskstrat.definitions.recipes import Recipe
from riskstrat.publication import OTHER_THEME, Cause, Change, Move, PublishedList, round_strength
from riskstrat.registry import kept
from riskstrat.site.opening import Site
from riskstrat.site.scored import Scored
from riskstrat.sources.news import tables_with_news
from riskstrat.weekly.changes import KINDS, Before, causes, data_moved, moves, refresh_moved
from riskstrat.weekly.choosing import ChosenCases
from riskstrat.weekly.memory import remember

FIRST_LIST = Change("No earlier list to compare with")


@dataclass(frozen=True)
class Since:
    """What changed since the list of `day` (None for the first list).

    changes: by patient_id, of everybody listed now. moves: by team. parts: as `causes` gives them, of everybody who
    was or is listed and is scored now. no_source_moved: nothing became known in between.
    """

    day: date | None = None
    changes: dict[str, Change] = field(default_factory=dict)
    moves: dict[str, tuple[Move, ...]] = field(default_factory=dict)
    parts: pd.DataFrame = field(default_factory=pd.DataFrame)
    no_source_moved: bool = False


def since(
    opened: Site,
    recipe: Recipe,
    scored: Scored,
    found: ChosenCases,
    earlier: Sequence[PublishedList],
    list_date: date,
) -> Since:
    """Entries, exits and moves since the last list, with what moved each person's estimate."""
    listed = found.everyone[found.everyone["place"] == "listed"]
    if not earlier:
        return Since(changes={str(patient): FIRST_LIST for patient in listed["patient_id"]})
    last = earlier[0]
    past = remember(last)
    before = past.read_listed()
    patients = pd.concat([listed["patient_id"], before["patient_id"]]).drop_duplicates()
    at_last = Before(last.list_date, _load_last_model(opened, scored, last), past.read_margins())
    told = causes(opened, recipe, at_last, scored, patients)
    why = _group_causes_by_patient(told)
    moved = moves(
        before,
        found.everyone,
        reviews=found.facts.reviews,
        why_absent=_make_absence_explainer(opened, recipe, list_date),
    )
    return Since(
        last.list_date,
        _describe_changes(listed, before, moved, why),
        _group_moves_by_team(moved, why),
        told,
        is_without_news(opened, last, list_date),
    )


def _load_last_model(opened: Site, scored: Scored, last: PublishedList) -> Any:
    if last.version == scored.version.version:
        return scored.model
    return kept(opened.workspace.root / "registry", scored.version.name, last.version).model()


def _make_absence_explainer(opened: Site, recipe: Recipe, list_date: date) -> Callable[[str], str | None]:
    """Why somebody is no longer eligible, in the words of a cohort's counts."""
    people = opened.store.people()["patient_id"]

    def reason(patient: str) -> str | None:
        found = people.index[people == patient]
        if len(found) == 0 or recipe.cohort.index != "calendar":
            return None
        return why_not(opened.store, recipe.cohort, int(found[0]), list_date, opened.opt_outs)

    return reason


def _group_causes_by_patient(told: pd.DataFrame) -> dict[str, tuple[Cause, ...]]:
    return {
        str(row["patient_id"]): tuple(
            Cause(words, float(row[f"part_{kind}"]), _round_themes(row[f"themes_{kind}"]))  # type: ignore[arg-type]
            for kind, words in KINDS.items()
        )
        for row in told[told["why_none"].isna()].to_dict("records")
    }


def _round_themes(themes: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Themes that may be told, each with its strength; with exact sizes the part would give away that of "other"."""
    said = ((theme, round_strength(size)) for theme, size in themes if theme != OTHER_THEME)
    return tuple((theme, strength) for theme, strength in said if strength)


def _describe_changes(
    listed: pd.DataFrame, before: pd.DataFrame, moved: pd.DataFrame, why: dict[str, tuple[Cause, ...]]
) -> dict[str, Change]:
    here = moved[moved["what"] != "left"]  # somebody may leave one team for another
    details = dict(zip(here["patient_id"], here["detail"], strict=True))
    made = {}
    for row in listed.itertuples(index=False):
        patient = str(row.patient_id)
        made[patient] = Change(details.get(patient, f"Stays at rank {row.rank}"), why.get(patient, ()))
    return made


def _group_moves_by_team(moved: pd.DataFrame, why: dict[str, tuple[Cause, ...]]) -> dict[str, tuple[Move, ...]]:
    return {
        str(team): tuple(_build_moves(rows.itertuples(index=False), why))
        for team, rows in moved.groupby("team", sort=True)
    }


def _build_moves(rows: Iterable[Any], why: dict[str, tuple[Cause, ...]]) -> Iterable[Move]:
    for row in rows:
        yield Move(row.reference, row.what, row.detail, why.get(str(row.patient_id), ()))


def is_without_news(opened: Site, last: PublishedList, list_date: date) -> bool:
    """Whether neither another extract was ingested nor anything became known since the last list."""
    if data_moved(last.manifest, opened) or refresh_moved(last.manifest, opened):
        return False
    return not tables_with_news(opened.store, last.list_date, list_date)
