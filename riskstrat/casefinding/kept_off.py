"""Who is kept off lists since they were published, as a refresh found it: for pages that show a list between lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat.errors import SourceError
from riskstrat.sources.refreshed import read_current
from riskstrat.storage import Shape, find_misfit

KNOWN = "known to another team"
"""Of a person whom one team holds, for the cases and places in reserve that others have of them."""

_TEXT = (str, type(None))
_OF_ONE: Shape = {
    "patient_id": str,
    "reference": _TEXT,
    "team": _TEXT,
    "what": str,
    "since": _TEXT,
    "known_on": str,
    "until": _TEXT,
}
_SHAPE: Shape = {"kept_off": [_OF_ONE]}


@dataclass(frozen=True)
class KeptOff:
    """That a person is kept off lists, for one case or place in reserve (reference, team), or with neither.

    what: the reason, in the words of the lists. since: the day from which it was so, None where that is not told.
    known_on: the day of the refresh that first knew. until: the day from which it no longer holds, None for no end.
    """

    patient_id: str
    reference: str | None
    team: str | None
    what: str
    since: date | None
    known_on: date
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day: that somebody is in hospital does so for a week."""
        return self.until is None or day < self.until

    def describe(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: str(value) if isinstance(value, date) else value for name, value in asdict(self).items()}


def read_kept_off(root: Path, on: date) -> Mapping[str, KeptOff]:
    """By reference of an open case, or place in reserve, of any list: why its person is kept off on a day.

    Empty where no refresh has run. Raises SourceError where what the last one left cannot be read.
    """
    return {each.reference: each for each in _read_kept_off(root) if each.reference and each.holds_on(on)}


def read_kept_off_patients(root: Path, on: date) -> Mapping[str, KeptOff]:
    """By patient_id, with an open case or without one: why a person is kept off lists on a day.

    For people who are put forward; one who is known to a team may be on that team's list. Raises SourceError as
    `read_kept_off` does.
    """
    return {each.patient_id: each for each in _read_kept_off(root) if each.holds_on(on)}


def read_every_kept_off(root: Path) -> tuple[KeptOff, ...]:
    """Everybody whom the last refresh found kept off, by case. Raises SourceError as `read_kept_off` does."""
    return tuple(_read_kept_off(root))


def _read_kept_off(root: Path) -> Iterator[KeptOff]:
    found = read_current(root)
    if found is None:
        return
    if find_misfit(found, _SHAPE):
        raise _refuse()
    for each in found["kept_off"]:
        try:
            days = {name: date.fromisoformat(each[name]) if each[name] else None for name in ("since", "until")}
            known_on = date.fromisoformat(each["known_on"])
        except ValueError:
            raise _refuse() from None
        case = (each["patient_id"], each["reference"], each["team"], each["what"])
        yield KeptOff(*case, days["since"], known_on, days["until"])


def _refuse() -> SourceError:
    return SourceError(
        "refreshed/current.json does not say who is kept off; restore it from a backup, or refresh again"
    )
