"""The lists of all teams at one date as data: one file with a format number, read back exactly or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from riskstrat.errors import PublicationError
from riskstrat.publication.records import TeamList

FORMAT = 5
"""Of `list.json` and of the manifest that names it. A list without a format number is older and holds no data file; one
of format 1 had a status for each person, three conditions and no edition, and is not read as data."""

READ = (3, 4, FORMAT)
"""The formats that are read as data."""

_NO_ENDS = {"conditions": {"__all__": {"ended"}}}
_LACKS: Mapping[int, Any] = {
    3: {"reserve": True, "people": {"__all__": {"cohorts": True, **_NO_ENDS}}},
    4: {"reserve": {"__all__": _NO_ENDS}, "people": {"__all__": _NO_ENDS}},
}
"""What a team's list of an earlier format does not hold, by that format: each part has a default."""


@dataclass(frozen=True)
class WeeklyList:
    """Every team's list of one date.

    `edition` counts the lists published for the date, withdrawn ones too: 1 for the first. `model` and `version` name
    the champion that scored everybody. `teams` stand in the order of riskstrat.toml, each of the same edition.
    """

    list_date: date
    edition: int
    model: str
    version: int
    teams: tuple[TeamList, ...]

    def __post_init__(self) -> None:
        """Refuse a team's list of another edition."""
        if any(team.edition != self.edition for team in self.teams):
            raise PublicationError(f"every team's list of {self.list_date} must be of edition {self.edition}")

    def team(self, code: str) -> TeamList:
        """The list of one team by its code. Raises PublicationError if there is none."""
        for team in self.teams:
            if team.team_code == code:
                return team
        codes = ", ".join(sorted(team.team_code for team in self.teams))
        raise PublicationError(f"the list of {self.list_date} has no team {code}; its teams: {codes}")


@dataclass(frozen=True)
class _File:
    """The whole file."""

    format: int
    list: WeeklyList


def dump_list(weekly: WeeklyList) -> bytes:
    """The bytes of `list.json`: UTF-8, two spaces of indent, fields in the order of the records; dates as ISO text."""
    return _dump_as(FORMAT, weekly)


def parse_list(content: bytes) -> WeeklyList:
    """The list that `dump_list` wrote, in this format or an earlier one of `READ`.

    Raises PublicationError for any other content, and names another format.
    """
    try:
        found = _build_adapter().validate_json(content)
    except (ValidationError, PublicationError):
        raise PublicationError("is damaged or of another format; restore it, or withdraw that list") from None
    # Whatever the records do not hold (an unknown key, a rounded number) would be lost without a word.
    if found.format not in READ or _dump_as(found.format, found.list) != content:
        raise PublicationError("is damaged or of another format; restore it, or withdraw that list")
    return found.list


def describe_format() -> dict[str, Any]:
    """The JSON schema of `list.json`."""
    return _build_adapter().json_schema()


def _dump_as(number: int, weekly: WeeklyList) -> bytes:
    """The bytes of `list.json` in a format of `READ`."""
    left_out = {"list": {"teams": {"__all__": _LACKS[number]}}} if number in _LACKS else None
    return _build_adapter().dump_json(_File(number, weekly), indent=2, exclude=left_out) + b"\n"


@cache
def _build_adapter() -> TypeAdapter[_File]:
    return TypeAdapter(_File)
