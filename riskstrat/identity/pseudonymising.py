"""Identified rows in, pseudonymised rows out: identifiers stay in the encrypted store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from riskstrat import audit
from riskstrat.errors import IdentityError
from riskstrat.identity.folder import IdentityFolder
from riskstrat.identity.leaks import require_clean
from riskstrat.identity.nhs_numbers import usable
from riskstrat.identity.private_files import write_private
from riskstrat.identity.store import changing
from riskstrat.identity.tables import as_csv, column, plain_name, read_table, require_ending, table_bytes

PSEUDONYM = "patient_id"
QUARANTINE_HEADING = ["row", "reason"]

PARTS: dict[str, tuple[str, ...]] = {
    "name": (
        "name",
        "full_name",
        "title",
        "forename",
        "first_name",
        "given_name",
        "surname",
        "last_name",
        "family_name",
    ),
    "date_of_birth": ("date_of_birth", "dob", "birth_date"),
    "contact": (
        *("contact", "address", "address_line_1", "address_line_2", "address_line_3", "address_line_4", "town"),
        *(
            "postcode",
            "post_code",
            "telephone",
            "phone",
            "phone_number",
            "home_phone",
            "mobile",
            "mobile_number",
            "email",
        ),
    ),
    "interpreter_needs": ("interpreter_needs", "interpreter"),
    "communication_needs": ("communication_needs",),
    "named_gp": ("named_gp",),
    "key_worker": ("key_worker",),
    "lone_visit_warning": ("lone_visit_warning",),
}
"""What is kept about a person, and the columns it is put together from. None of these columns is ever put out."""

NEVER_OUT = ("nhs_number", "nhs_no", "nhsnumber", "next_of_kin", "maiden_name", "previous_name", "uprn")
"""Columns that are neither kept nor put out."""


@dataclass(frozen=True)
class Pseudonymised:
    """What came of one file. `quarantined` counts rows by reason; `kept` and `dropped` are headings.

    `two_names` counts the people who stand in the file under more than one name: the last is kept.
    """

    rows: int
    written: int
    people: int
    new_or_changed: int
    two_names: int
    quarantined: Mapping[str, int]
    quarantine: Path
    kept: tuple[str, ...]
    dropped: tuple[str, ...]


def pseudonymise(
    folder: IdentityFolder,
    source: Path,
    out: Path,
    number_column: str = "nhs_number",
    birth_month: bool = False,
    user: str | None = None,
) -> Pseudonymised:
    """Write `source` to `out` under patient_id, with no identifier; the same file gives the same bytes.

    With `birth_month` the first day of the month of birth stays in the column date_of_birth; the day never does.
    Rows without a usable number go to `source`.quarantine as row number and reason. Raises IdentityError for a site
    that holds no identities, a column that is missing, or an identifier in a column that would go out.
    """
    if folder.external:
        raise IdentityError("this install holds no identities (mode external); pseudonyms come from the region")
    require_ending(out)
    if out.resolve() == source.resolve():
        raise IdentityError("--out is the file itself; give another, the identified file is not written over")
    table, unusable = read_table(source)
    if PSEUDONYM in map(plain_name, table.column_names):
        raise IdentityError(f"{source.name} has a column {PSEUDONYM} already; translate it, or take that column out")
    read_as = plain_name(number_column)
    numbers, refused = _read_numbers(column(table, read_as, source.name), unusable)
    names = _collect_kept_parts(table)
    good = [place for place, number in enumerate(numbers) if number]
    result = _remove_identifiers(table, numbers, read_as, folder, birth_month).take(pa.array(good, pa.int64()))
    require_clean(result, [numbers[place] or "" for place in good], [names[place].get("name", "") for place in good])
    changed = _learn(folder, numbers, names)
    quarantine = source.with_name(source.name + ".quarantine")
    write_private(as_csv(QUARANTINE_HEADING, sorted(refused.items())), quarantine)
    done = Pseudonymised(
        rows=table.num_rows,
        written=len(good),
        people=len({number for number in numbers if number}),
        new_or_changed=changed,
        two_names=_count_name_conflicts(numbers, names),
        quarantined=dict(sorted(Counter(refused.values()).items())),
        quarantine=quarantine,
        kept=tuple(name for name in table.column_names if _is_part(name)),
        dropped=tuple(
            name for name in table.column_names if plain_name(name) in NEVER_OUT and plain_name(name) != read_as
        ),
    )
    _write_logged(folder, result, out, done, user)
    return done


def _read_numbers(written: list[Any], unusable: Mapping[int, str]) -> tuple[list[str | None], dict[int, str]]:
    """The usable number of each row or None, and why not, by row number."""
    numbers: list[str | None] = []
    refused = dict(unusable)
    for row, value in enumerate(written, start=1):
        number, reason = (None, refused[row]) if row in refused else usable(value)
        numbers.append(number)
        if reason:
            refused[row] = reason
    return numbers, refused


def _is_part(heading: str) -> bool:
    return any(plain_name(heading) in parts for parts in PARTS.values())


def _collect_kept_parts(table: pa.Table) -> list[dict[str, str]]:
    """For each row what is kept of the person, put together from the columns that stand."""
    headings = {plain_name(name): name for name in table.column_names}
    rows: list[dict[str, str]] = [{} for _ in range(table.num_rows)]
    for kept, parts in PARTS.items():
        columns = [table[headings[part]].to_pylist() for part in parts if part in headings]
        between = " " if kept == "name" else ", "
        for row, cells in zip(rows, zip(*columns, strict=True), strict=False):
            text = between.join(part for part in (_clean_text(cell) for cell in cells) if part)
            if text:
                row[kept] = text
    return rows


def _clean_text(cell: Any) -> str:
    if isinstance(cell, datetime):
        cell = cell.date()
    return "" if cell is None else str(cell).strip()


def _remove_identifiers(
    table: pa.Table, numbers: list[str | None], read_as: str, folder: IdentityFolder, birth_month: bool
) -> pa.Table:
    """The table under pseudonyms; the rows without a usable number are still in it, with none."""
    key = folder.key()
    pseudonyms = {number: key.pseudonym(number) for number in {*numbers} if number}
    columns: dict[str, pa.Array] = {}
    for name in table.column_names:
        plain = plain_name(name)
        if plain == read_as:
            columns[PSEUDONYM] = pa.array([pseudonyms[number] if number else None for number in numbers], pa.string())
        elif plain in PARTS["date_of_birth"] and birth_month:
            columns["date_of_birth"] = pa.array(
                [_parse_birth_month(cell) for cell in table[name].to_pylist()], pa.date32()
            )
        elif not _is_part(name) and plain not in NEVER_OUT:
            columns[name] = table[name]
    return pa.table(columns)


def _parse_birth_month(cell: Any) -> date | None:
    """The first day of the month of birth; None for what is not a date."""
    text = _clean_text(cell)
    try:
        return date.fromisoformat(text).replace(day=1)
    except ValueError:
        pass
    for form in ("%d/%m/%Y", "%d-%b-%Y"):
        try:
            return datetime.strptime(text, form).date().replace(day=1)
        except ValueError:
            continue
    return None


def _learn(folder: IdentityFolder, numbers: list[str | None], names: list[dict[str, str]]) -> int:
    """Keep who each number is; gives for how many people something was new."""
    key = folder.key()
    people: dict[str, dict[str, str]] = {}
    for number, known in zip(numbers, names, strict=True):
        if number:
            people.setdefault(number, {"nhs_number": number}).update(known)
    with changing(folder.root, key) as identities:
        return sum(identities.learn(key.pseudonym(number), known) for number, known in people.items())


def _count_name_conflicts(numbers: list[str | None], names: list[dict[str, str]]) -> int:
    said: dict[str, set[str]] = {}
    for number, known in zip(numbers, names, strict=True):
        if number and "name" in known:
            said.setdefault(number, set()).add(" ".join(known["name"].casefold().split()))
    return sum(len(each) > 1 for each in said.values())


def _write_logged(folder: IdentityFolder, table: pa.Table, out: Path, done: Pseudonymised, user: str | None) -> None:
    details = {"rows": done.rows, "written": done.written, "people": done.people}
    content = table_bytes(table, out.suffix)
    write_private(content, out, before=lambda: audit.append(folder.root, "pseudonymised", details, user))
