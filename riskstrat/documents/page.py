"""The list as a page that stands alone (no script, no outside file), and the index page over teams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from riskstrat.documents.columns import count_cell, place_text
from riskstrat.documents.content import CountColumn, TeamList
from riskstrat.documents.files import file_stem, write_bytes
from riskstrat.documents.notes import PLACE_TITLES, accounting, nobody, purpose, risk_meaning, run_line, sections, title
from riskstrat.documents.words import (
    NOT_LISTED,
    SEX,
    SUPPORTS,
    ReasonLine,
    count_heading,
    dates_by_table,
    long_date,
    natural_frequency,
    no_reason,
    number,
    printable,
    reason_lines,
    suppressed,
)
from riskstrat.errors import PublicationError


@dataclass(frozen=True)
class Person:
    """One listed person as the page prints them; every text is ready to show."""

    reference: str
    rank: int
    risk: str
    facts: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, str], ...]
    raises: list[ReasonLine]
    lowers: list[ReasonLine]


def write_page(team_list: TeamList, path: Path) -> None:
    """Write one team's page: readable on a phone, printable on A4 landscape.

    Raises StorageError if the file cannot be written.
    """
    people = [_person(team_list, row) for row in team_list.ordered().to_dict("records")]
    html = (
        _templates()
        .get_template("list.html.j2")
        .render(
            title=title(team_list),
            team=printable(team_list.team),
            index_date=long_date(team_list.index_date),
            run_line=run_line(team_list),
            sources=dates_by_table(team_list.data_as_at_by_table),
            not_listed=NOT_LISTED,
            supports=SUPPORTS,
            purpose=purpose(team_list),
            accounting=accounting(team_list),
            risk_meaning=risk_meaning(team_list),
            nobody=nobody(team_list),
            people=people,
            no_reason={"raises": no_reason("raises"), "lowers": no_reason("lowers")},
            sections=sections(team_list),
        )
    )
    write_bytes(html.encode("utf-8"), Path(path))


def write_index(team_lists: Sequence[TeamList], path: Path) -> None:
    """Write the page that leads to every team's files, in the same folder, by team name.

    Its counts are fit to leave a team. Raises PublicationError for no team, two teams with the same code
    or different index dates; StorageError if the file cannot be written.
    """
    _check_together(team_lists)
    first = team_lists[0]
    html = (
        _templates()
        .get_template("index.html.j2")
        .render(
            index_date=long_date(first.index_date),
            runs=sorted({run_line(team) for team in team_lists}),
            sources=sorted({dates_by_table(team.data_as_at_by_table) for team in team_lists}),
            not_listed=NOT_LISTED,
            supports=SUPPORTS,
            purposes=sorted({purpose(team) for team in team_lists}),
            teams=[_index_row(team) for team in sorted(team_lists, key=lambda team: (team.team, team.team_code))],
        )
    )
    write_bytes(html.encode("utf-8"), Path(path))


@cache
def _templates() -> Environment:
    """The templates of the package: everything escaped, an unknown name is an error."""
    return Environment(
        loader=PackageLoader("riskstrat.documents", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _person(team: TeamList, row: dict[Any, Any]) -> Person:
    own_date = [("Index date", long_date(row["index_date"]))] if team.own_index_dates() else []
    return Person(
        reference=printable(row["reference"]),
        rank=int(row["rank"]),
        risk=natural_frequency(row["risk"]),
        facts=(
            *own_date,
            ("Age band", printable(row["age_band"])),
            ("Sex", SEX[row["sex"]]),
            *((PLACE_TITLES[name], place_text(row[name])) for name in team.places_shown()),
        ),
        counts=tuple((count_heading(count), _count_text(row[count.name], count)) for count in team.counts_shown),
        raises=reason_lines(row["themes"], "raises"),
        lowers=reason_lines(row["themes"], "lowers"),
    )


def _count_text(value: Any, count: CountColumn) -> str:
    cell = count_cell(value, count)
    return printable(cell) if isinstance(cell, str) else number(cell)


def _index_row(team: TeamList) -> dict[str, str]:
    counts = team.counts
    return {
        "team": printable(team.team),
        "stem": file_stem(team),
        "eligible": suppressed(counts.eligible),
        "listed": suppressed(counts.listed),
        "below": suppressed(counts.below_the_line),
        "known": suppressed(counts.known_on_caseload),
        "excluded": suppressed(sum(counts.excluded.values())),
    }


def _check_together(team_lists: Sequence[TeamList]) -> None:
    if not team_lists:
        raise PublicationError("there is no team to make an index of; name at least one team in riskstrat.toml")
    if len({team.index_date for team in team_lists}) > 1:
        raise PublicationError("the teams of one index must have the same index date; make one index for each date")
    stems = [file_stem(team) for team in team_lists]
    if len(set(stems)) < len(stems):
        raise PublicationError("two teams have the same code, capitals aside; change one in riskstrat.toml")
