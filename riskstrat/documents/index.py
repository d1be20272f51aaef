"""The summary page over all teams: where their files are, how fresh each source is, how much each list changed.

Every count on it is fit to leave the teams, and no total stands on it from which a hidden count could be worked out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.notes import purpose, run_line
from riskstrat.documents.person import word_status_day
from riskstrat.documents.rendering import write_html
from riskstrat.documents.words import NOT_LISTED, SUPPORTS, number, printable, sentence, spaced, suppressed
from riskstrat.errors import PublicationError
from riskstrat.publication import TeamList, name_files

SMALL_NUMBERS = (
    "Counts on this page are for all teams to see: 1 to 7 people stand as “1 to 7”, other counts are rounded to the "
    "nearest 5. The size of a list is what the team can take on, and stands as it is. No totals are shown, so that no "
    "small count can be worked out. Exact counts are on each team's own list."
)
COLUMNS = (
    ("Listed", "listed"),
    ("Below the line", "below"),
    ("Known on the caseload", "known"),
    ("Not listed for another reason", "excluded"),
    ("Entered since the last list", "entered"),
    ("Left since the last list", "left"),
)
FILES = (
    (".html", "List", "list for"),
    ("-people.html", "Page for each person", "pages for each person for"),
    (".xlsx", "Excel", "workbook for"),
    (".csv", "CSV", "file for systems for"),
)
PAPER = ((".pdf", "List as PDF", "for"), ("-people.pdf", "Pages as PDF", "for"))


def write_index(team_lists: Sequence[TeamList], path: Path) -> None:
    """Write the page that leads to every team's files, each team's in a folder beside it, by team name.

    A link to a PDF stands where that file is there already. Raises PublicationError for no team, two teams
    with the same code or different index dates; StorageError if the file cannot be written.
    """
    _check_together(team_lists)
    first = team_lists[0]
    ordered = sorted(team_lists, key=lambda team: (team.team, team.team_code))
    write_html(
        "index.html.j2",
        path,
        date=first.index_date.isoformat(),
        index_date=long_date(first.index_date),
        runs=sorted({run_line(team) for team in team_lists}),
        status_checks=sorted({word_status_day(team) for team in team_lists}),
        sources=_tabulate_freshness(team_lists),
        not_listed=NOT_LISTED,
        supports=SUPPORTS,
        purposes=sorted({purpose(team) for team in team_lists}),
        unmoved=_describe_unmoved_sources(ordered),
        small_numbers=SMALL_NUMBERS,
        columns=COLUMNS,
        teams=[_index_row(team, Path(path).parent) for team in ordered],
    )


def _index_row(team: TeamList, folder: Path) -> dict[str, object]:
    counts, stem = team.counts, name_files(team.team_code)
    there = [one for one in PAPER if (folder / stem / f"{stem}{one[0]}").is_file()]
    return {
        "team": printable(team.team),
        "files": [(f"{stem}/{stem}{ending}", words, unseen) for ending, words, unseen in (*FILES, *there)],
        "listed": number(counts.listed),
        "below": suppressed(counts.below_the_line),
        "known": "cannot be told" if team.known is None else suppressed(team.known),
        "excluded": suppressed(sum(counts.excluded.values())),
        "entered": _format_move_count(team, "entered"),
        "left": _format_move_count(team, "left"),
    }


def _format_move_count(team: TeamList, what: str) -> str:
    if team.previous_list is None:
        return "no earlier list"
    return suppressed(sum(move.what == what for move in team.moves))


def _tabulate_freshness(teams: Sequence[TeamList]) -> list[tuple[str, str, str]]:
    """Each source, the day to which it is complete (the earliest, where teams differ) and how long before the list."""
    complete: dict[str, date] = {}
    for team in teams:
        for table, day in team.data_as_at_by_table.items():
            complete[table] = min(day, complete.get(table, day))
    listed = teams[0].index_date
    return [
        (sentence(spaced(table))[:-1], long_date(complete[table]), _format_days_before(complete[table], listed))
        for table in sorted(complete)
    ]


def _format_days_before(complete: date, listed: date) -> str:
    days = (listed - complete).days
    if days <= 0:
        return "up to date"
    return "1 day before" if days == 1 else f"{days:,} days before"


def _describe_unmoved_sources(teams: Sequence[TeamList]) -> str:
    """That no source has moved, where that holds for every team."""
    return "No source has moved since the last list." if all(team.no_source_moved for team in teams) else ""


def _check_together(team_lists: Sequence[TeamList]) -> None:
    if not team_lists:
        raise PublicationError("there is no team to make an index of; name at least one team in riskstrat.toml")
    if len({team.index_date for team in team_lists}) > 1:
        raise PublicationError("the teams of one index must have the same index date; make one index for each date")
    stems = [name_files(team.team_code) for team in team_lists]
    if len(set(stems)) < len(stems):
        raise PublicationError("two teams have the same code, capitals aside; change one in riskstrat.toml")
