"""The cases that lists opened, as each hands them on: kept with it, read from all that stand or were withdrawn."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from riskstrat.casefinding import CASE_COLUMNS, REFERRED, CaseRegister
from riskstrat.errors import PublicationError
from riskstrat.publication.layout import CASES, RESERVE
from riskstrat.publication.published import find_folders, find_withdrawn, read_held
from riskstrat.publication.reserve import parse_reserve


def read_case_register(lists: Path) -> CaseRegister:
    """Every case of the lists below a folder, withdrawn ones too: their numbers may not be given again either.

    Raises PublicationError if a list's cases cannot be read.
    """
    folders = list(_find_every_folder(lists))
    rows = [row for folder in folders for row in _read_cases(folder)]
    reserved = [row for folder in folders for row in _read_reserved(folder)]
    return CaseRegister(*(pd.DataFrame(each, columns=list(CASE_COLUMNS)) for each in (rows, reserved)))


def require_same_register(lists: Path, register: CaseRegister) -> None:
    """Raises PublicationError if a list was published or withdrawn since the register was read."""
    now = read_case_register(lists)
    if not (now.rows.equals(register.rows) and now.reserved.equals(register.reserved)):
        raise PublicationError(
            "another list was published while this one was made, and both would give the same references; run it again"
        )


def find_last_numbers(folder: Path) -> dict[tuple[str, bool], int]:
    """The highest number that a list gave a case or somebody in reserve, or knew of, by team and whether somebody was
    put forward.

    Raises PublicationError if its cases cannot be read.
    """
    found: dict[tuple[str, bool], int] = {}
    for team_code, number, *_ in (*_read_cases(folder), *_read_reserved(folder)):
        key = (str(team_code), number in REFERRED)
        found[key] = max(number, found.get(key, 0))
    return found


def dump_cases(register: CaseRegister) -> bytes:
    """The cases as CSV, one row per case."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CASE_COLUMNS)
    writer.writerows(register.rows[list(CASE_COLUMNS)].itertuples(index=False, name=None))
    return text.getvalue().encode("utf-8")


def _find_every_folder(lists: Path) -> Iterator[Path]:
    """Withdrawn editions in their order, then what stands: of one date the last counts."""
    yield from (path for path in find_withdrawn(lists) if path.is_dir())
    yield from find_folders(lists).values()


def _read_reserved(folder: Path) -> Iterator[tuple[Any, ...]]:
    """The numbers that one list kept for people in reserve, as `CASE_COLUMNS`; none where it kept no reserve."""
    try:
        content = read_held(folder, RESERVE)
        day, reserve = date.fromisoformat(folder.name[:10]), parse_reserve(content) if content is not None else ()
    except (OSError, PublicationError):
        raise _refuse(folder, RESERVE) from None
    yield from ((one.team_code, one.number, one.patient_id, day, day) for one in reserve)


def _refuse(folder: Path, name: str) -> PublicationError:
    return PublicationError(
        f"{name} of the list in {folder.parent.name}/{folder.name} cannot be read or was changed after publication, "
        "and without it a reference might be given to a second person; restore that folder from a backup"
    )


def _read_cases(folder: Path) -> Iterator[tuple[Any, ...]]:
    """The rows of one list; none of a list of an earlier version, which opened no cases."""
    try:
        content = read_held(folder, CASES) or b""
        for row in csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True):
            days = (date.fromisoformat(row[name]) for name in ("opened_on", "listed_on"))
            yield (row["team_code"], int(row["number"]), row["patient_id"], *days)
    except (OSError, PublicationError, ValueError, KeyError, TypeError, csv.Error):
        raise _refuse(folder, CASES) from None
