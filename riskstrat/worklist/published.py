"""The lists that stand published, read once and kept in memory until another stands in their place.

Whoever a team took up from the reserve of one is on it, after its last rank.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from django.conf import settings
from markupsafe import Markup

from riskstrat.casefinding import EXCLUDED
from riskstrat.documents import AgendaCase, PrintedPerson, build_agenda, people_of
from riskstrat.errors import PublicationError
from riskstrat.publication import (
    ForClinicians,
    PublishedList,
    TeamList,
    WeeklyList,
    compute_manifest_digest,
    find_folders,
)
from riskstrat.publication import open_published as open_folder
from riskstrat.worklist.fetching import list_taken_up

KEPT_LISTS = 8
"""Lists that stay in memory: this week's, and those of the weeks that somebody leafs back to."""


@dataclass(frozen=True)
class CurrentList:
    """One published list as the pages need it. taken: the references of those who were taken up from its reserve."""

    published: PublishedList
    weekly: WeeklyList
    taken: tuple[str, ...] = ()

    @property
    def list_date(self) -> date:
        """The date of the list."""
        return self.weekly.list_date

    @property
    def edition(self) -> int:
        """Which of the lists of that date it is."""
        return self.weekly.edition

    @property
    def name(self) -> str:
        """Date and edition, by which a form tells whether the list that it was opened for still stands."""
        return f"{self.list_date.isoformat()} {self.edition}"

    @cached_property
    def team_names(self) -> dict[str, str]:
        """The name of each team by its code."""
        return {team.team_code: team.team for team in self.weekly.teams}

    @cached_property
    def _people(self) -> dict[str, PrintedPerson]:
        return {one.reference: one for team in self.weekly.teams for one in people_of(team)}

    @cached_property
    def _agendas(self) -> dict[str, tuple[AgendaCase, ...]]:
        return {team.team_code: tuple(build_agenda(team)) for team in self.weekly.teams}

    @cached_property
    def _served(self) -> dict[str, frozenset[str]]:
        everyone = self.published.read_everyone(("patient_id", "team"))
        codes = everyone["team"].map({name: code for code, name in self.team_names.items()})
        return {str(code): frozenset(rows) for code, rows in everyone["patient_id"].groupby(codes)}

    @cached_property
    def _excluded(self) -> dict[str, str]:
        everyone = self.published.read_everyone(("patient_id", "place", "reason"))
        rows = everyone.loc[everyone["place"] == EXCLUDED, ["patient_id", "reason"]]
        return dict(zip(rows["patient_id"], rows["reason"], strict=True))

    @cached_property
    def _patients(self) -> dict[str, dict[str, str]]:
        return {}

    @cached_property
    def _reserved(self) -> dict[str, str]:
        """By reference the patient_id of everybody in reserve when the list was made."""
        return {one.reference: one.patient_id for one in self.published.read_reserve()}

    @cached_property
    def _reserve(self) -> dict[str, PrintedPerson]:
        teams = (team.count_taken_up([one.reference for one in team.reserve]) for team in self.weekly.teams)
        return {one.reference: one for team in teams for one in people_of(team)}

    @cached_property
    def parts(self) -> dict[tuple[str, str], Markup]:
        """What pages have made of the people of this list so far, by template and reference: see `keep_part`."""
        return {}

    def find_team(self, code: str) -> TeamList | None:
        """The list of one team; None where it has none."""
        return next((team for team in self.weekly.teams if team.team_code == code), None)

    def find_person(self, reference: str) -> PrintedPerson | None:
        """A listed person in words; None where nobody of that reference is on the list."""
        return self._people.get(reference)

    def list_people(self, code: str) -> list[PrintedPerson]:
        """The listed people of one team, by rank."""
        team = self.find_team(code)
        return [self._people[one.reference] for one in team.people] if team else []

    def list_agenda(self, code: str) -> list[AgendaCase]:
        """The listed people of one team in the order in which the list proposes to take them."""
        return list(self._agendas.get(code, ()))

    def list_reserve(self, code: str) -> list[PrintedPerson]:
        """Those in reserve of one team who were not taken up, by rank. None of them is listed."""
        team = self.find_team(code)
        return [self._reserve[one.reference] for one in team.reserve] if team else []

    def read_reserve_patients(self, code: str) -> dict[str, str]:
        """The patient_id of each reference in reserve of a team, taken up or not. Raises PublicationError."""
        return {reference: who for reference, who in self._reserved.items() if reference.startswith(f"{code}-")}

    def count_taken_up(self, taken: Sequence[str]) -> CurrentList:
        """The list with people of its reserve as listed, by reference in the order in which they were taken up."""
        teams = tuple(team.count_taken_up(taken) for team in self.weekly.teams)
        return CurrentList(self.published, replace(self.weekly, teams=teams), tuple(taken))

    @cached_property
    def for_clinicians(self) -> ForClinicians:
        """What clinicians alone are shown, as far as the site still allows it. Raises PublicationError."""
        allowed = settings.RISKSTRAT_WORKSPACE.settings.sensitive.shown_to_clinicians
        return self.published.read_for_clinicians().keep_groups(allowed) if allowed else ForClinicians()

    def read_patients(self, code: str) -> dict[str, str]:
        """The patient_id of each reference of a team. Raises PublicationError if they cannot be read."""
        if code not in self._patients:
            own = {reference: self._reserved[reference] for reference in self.taken if reference[:3] == code}
            self._patients[code] = self.published.read_patients(code) | own
        return self._patients[code]

    def find_served(self, code: str) -> frozenset[str]:
        """The patient_id of everybody whom a team serves and may list. Raises PublicationError if it cannot be read."""
        return self._served.get(code, frozenset())

    def find_excluded(self) -> dict[str, str]:
        """By patient_id why somebody who is served is not listed, in the words of the list. Raises as `find_served`."""
        return self._excluded


_lock = threading.Lock()
_kept: dict[tuple[Path, str], CurrentList] = {}
_counted: dict[tuple[Path, str], CurrentList] = {}
"""Lists with those taken up, as they were when somebody last asked."""


def find_current() -> CurrentList | None:
    """The latest list that stands; None where none does. Raises PublicationError if it cannot be read."""
    days = list_dates()
    return find_list(days[-1]) if days else None


def list_dates() -> list[date]:
    """The dates of the lists that stand, the oldest first."""
    return list(find_folders(settings.RISKSTRAT_LISTS))


def find_newest() -> CurrentList | None:
    """The same as it was published, without those who were taken up since: nothing is asked of the database."""
    days = list_dates()
    found = _find_published(days[-1]) if days else None
    return found[1] if found else None


def find_list(day: date) -> CurrentList | None:
    """The list that stands for a date; None where none does. Raises PublicationError if it cannot be read."""
    standing = _find_published(day)
    if standing is None:
        return None
    key, found = standing
    reserve = {one.reference for team in found.weekly.teams for one in team.reserve}
    # Of an edition that was withdrawn since, somebody may have been taken up who is not in this one's reserve.
    taken = tuple(one for one in list_taken_up(day) if one in reserve) if reserve else ()
    return _count_taken_up(key, found, taken) if taken else found


def _find_published(day: date) -> tuple[tuple[Path, str], CurrentList] | None:
    """A list as it was published, with its folder and digest. Raises as `find_list` does."""
    folder = Path(settings.RISKSTRAT_LISTS) / day.isoformat()
    digest = compute_manifest_digest(folder)
    if not digest:
        return None
    key = (folder, digest)
    with _lock:
        found = _kept.pop(key, None)
        if found is None:
            published = open_folder(folder)
            if published.digest != digest:
                raise PublicationError(f"the list of {day} was replaced while it was read; open the page again")
            found = CurrentList(published, published.read_list())
        # At the end again, so that what was asked for longest ago goes first.
        _kept[key] = found
        _drop_old_lists()
    return key, found


def _drop_old_lists() -> None:
    """Keep the newest list, which every page asks for, and those that somebody asked for last."""
    newest = max(_kept, key=lambda one: one[0].name)
    newest = next(one for one in reversed(_kept) if one[0] == newest[0])
    others = [one for one in _kept if one != newest]
    for old in others[: max(0, len(others) + 1 - KEPT_LISTS)]:
        del _kept[old]
        _counted.pop(old, None)


def _count_taken_up(key: tuple[Path, str], found: CurrentList, taken: tuple[str, ...]) -> CurrentList:
    """A list with those taken up, made anew only where that is somebody else than when somebody last asked."""
    with _lock:
        kept = _counted.get(key)
        if kept is None or kept.taken != taken:
            kept = _counted[key] = found.count_taken_up(taken)
        return kept
