"""What a sealed list holds: everybody's estimate and place, each team's list as data, and facts about the run.

It is made as if there had been no list before it, so that a run needs to remember nothing that it could not seal. What
a list owes to the lists before it is worked out when all are opened, in their order (sequence.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from riskstrat.errors import PublicationError
from riskstrat.publication import WeeklyList, dump_list, parse_list
from riskstrat.storage import format_canonical_json, parse_json

TYPES = dict.fromkeys(("patient_id", "team", "place", "reason", "reference"), "string") | {
    "margin": "float64",
    "risk": "float64",
}
COLUMNS = tuple(TYPES)


@dataclass(frozen=True)
class SealedFacts:
    """About the run: the day that its data were as at, sources by the day up to which they go, and by team the weeks of
    rest after a review."""

    as_at: date
    sources: Mapping[str, date]
    rest_weeks: Mapping[str, float]
    without_team: int


@dataclass(frozen=True)
class OpenedList:
    """One list of a trial: its date, everybody with `COLUMNS`, each team's list, and facts."""

    day: date
    everyone: pd.DataFrame
    weekly: WeeklyList
    facts: SealedFacts

    @property
    def is_of_its_week(self) -> bool:
        """Whether it was made before the next was due, and not when its outcomes could be known."""
        return self.facts.as_at < self.day + timedelta(weeks=1)

    @property
    def sizes(self) -> dict[str, int]:
        """People on each team's list."""
        listed = self.everyone[self.everyone["place"] == "listed"]
        return {str(team): len(rows) for team, rows in listed.groupby("team")}


def pack_list(everyone: pd.DataFrame, weekly: WeeklyList, facts: SealedFacts) -> bytes:
    """What is sealed; the same list gives the same bytes."""
    columns = {name: everyone[name].astype(object).where(everyone[name].notna(), None).tolist() for name in COLUMNS}
    plain: dict[str, Any] = {
        "everyone": columns,
        "list": dump_list(weekly).decode("utf-8"),
        "as_at": facts.as_at.isoformat(),
        "sources": {name: day.isoformat() for name, day in sorted(facts.sources.items())},
        "rest_weeks": dict(sorted(facts.rest_weeks.items())),
        "without_team": facts.without_team,
    }
    return format_canonical_json(plain)


def unpack_list(content: bytes, day: date) -> OpenedList:
    """The list that was sealed. Raises PublicationError where this version does not read it."""
    try:
        plain = parse_json(content)
        everyone = pd.DataFrame({name: plain["everyone"][name] for name in COLUMNS}, dtype=object)
        sources = {name: date.fromisoformat(when) for name, when in plain["sources"].items()}
        as_at = date.fromisoformat(plain["as_at"])
        facts = SealedFacts(as_at, sources, dict(plain["rest_weeks"]), int(plain["without_team"]))
        return OpenedList(day, everyone.astype(TYPES), parse_list(plain["list"].encode("utf-8")), facts)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PublicationError(
            f"the sealed list of {day} was made by another version of riskstrat; open it with that one"
        ) from None
