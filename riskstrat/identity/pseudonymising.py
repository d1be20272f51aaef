"""Identified rows in, pseudonymised rows out: identifiers stay in the encrypted store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from riskstrat import audit
from riskstrat.errors import IdentityError
from riskstrat.identity.births import read_birth
from riskstrat.identity.folder import IdentityFolder
from riskstrat.identity.leaks import require_nameless_headings
from riskstrat.identity.leaving import Known, Leaving, find_schema, require_day_first, require_every_row, select_leaving
from riskstrat.identity.nhs_numbers import usable
from riskstrat.identity.private_files import write_private
from riskstrat.identity.restrictions import RESTRICTED, RESTRICTED_COLUMNS, add_known, require_known_headings
from riskstrat.identity.said_names import collect_names
from riskstrat.identity.store import Identities, changing
from riskstrat.identity.tables import as_csv, column, plain_name, read_table, require_ending, table_bytes

PSEUDONYM = "patient_id"
QUARANTINE_HEADING = ["row", "reason"]

PARTS: dict[str, tuple[str, ...]] = {
    "name": (
        *("name", "full_name", "patient_name", "title", "forename", "first_name", "given_name", "middle_name"),
        *("surname", "last_name", "family_name"),
    ),
    "date_of_birth": ("date_of_birth", "dob", "birth_date", "birthdate", "dateofbirth"),
    "contact": (
        *("contact", "address", "address1", "address2", "address3", "address4"),
        *("address_line_1", "address_line_2", "address_line_3", "address_line_4", "town"),
        *("postcode", "post_code", "postal_code", "telephone", "phone", "phone_number", "home_phone"),
        *("mobile", "mobile_number", "mobile_tel", "email", "email_address"),
    ),
    "interpreter_needs": ("interpreter_needs", "interpreter"),
    "communication_needs": ("communication_needs",),
    "named_gp": ("named_gp",),
    "key_worker": ("key_worker",),
    "lone_visit_warning": ("lone_visit_warning",),
    "contact_safely": ("contact_safely", "how_to_contact_safely", "safe_contact"),
    RESTRICTED: RESTRICTED_COLUMNS,
}
"""What is kept about a person, and the columns it is put together from. Of these the month of birth alone can leave."""


@dataclass(frozen=True)
class Pseudonymised:
    """What came of one file. `quarantined` counts rows by reason; `kept` are headings.

    `two_names` counts the people who stand in the file under more than one name: the last is kept. `births_not_read`
    counts the rows whose date of birth says no day. `leaving` says what did not leave of the rows that did.
    """

    rows: int
    written: int
    people: int
    new_or_changed: int
    two_names: int
    births_not_read: int
    quarantined: Mapping[str, int]
    quarantine: Path
    kept: tuple[str, ...]
    leaving: Leaving


def pseudonymise(
    folder: IdentityFolder,
    source: Path,
    out: Path,
    number_column: str = "nhs_number",
    birth_month: bool = False,
    user: str | None = None,
    table_name: str | None = None,
) -> Pseudonymised:
    """Write to `out` what may leave of `source`, under patient_id; the same file gives the same bytes.

    table_name: which table of docs/data.md the file holds, unless it is named after it. With `birth_month` the first
    day of the month of birth leaves in the column date_of_birth; the day never does. Rows without a usable number go to
    `source`.quarantine as row number and reason. Raises IdentityError for a site that holds no identities, a
    column that is missing, or a heading that says who somebody is.
    """
    if folder.external:
        raise IdentityError("this install holds no identities (mode external); pseudonyms come from the region")
    require_new_table(source, out)
    schema = find_schema(source, table_name)
    table, unusable = _read_identified(source)
    require_every_row(schema, unusable)
    read_as = plain_name(number_column)
    numbers, refused = _read_numbers(column(table, read_as, source.name), unusable)
    names = _collect_kept_parts(table)
    known = collect_known(folder.identities(), numbers, names)
    require_nameless_headings(table.column_names, known.names)
    key = folder.key()
    pseudonyms = {number: key.pseudonym(number) for number in {*numbers} if number}
    leaving = select_leaving(
        table,
        schema,
        [pseudonyms[number] if number else None for number in numbers],
        known,
        key.spell_pseudonym,
        but=[name for name in table.column_names if not _may_leave(name, read_as, birth_month)],
        birth=PARTS["date_of_birth"] if birth_month else (),
        words=folder.settings.words,
    )
    changed = _learn(folder, numbers, names)
    quarantine = source.with_name(source.name + ".quarantine")
    write_private(as_csv(QUARANTINE_HEADING, sorted(refused.items())), quarantine)
    done = Pseudonymised(
        rows=table.num_rows,
        written=leaving.table.num_rows,
        people=len(pseudonyms),
        new_or_changed=changed,
        two_names=_count_name_conflicts(numbers, names),
        births_not_read=sum(bool(one.get("date_of_birth")) and _is_unread(one["date_of_birth"]) for one in names),
        quarantined=dict(sorted(Counter(refused.values()).items())),
        quarantine=quarantine,
        kept=tuple(name for name in table.column_names if _is_part(name)),
        leaving=leaving,
    )
    _write_logged(folder, done, out, user)
    return done


def _read_identified(source: Path) -> tuple[pa.Table, Mapping[int, str]]:
    """The rows of an identified file, and why single rows cannot be used. Raises IdentityError for its headings."""
    table, unusable = read_table(source)
    require_known_headings(table.column_names, source.name)
    if PSEUDONYM in map(plain_name, table.column_names):
        raise IdentityError(f"{source.name} has a column {PSEUDONYM} already; translate it, or take that column out")
    for name in table.column_names:
        if plain_name(name) in PARTS["date_of_birth"]:
            require_day_first(table[name].to_pylist())
    return table, unusable


def _write_logged(folder: IdentityFolder, done: Pseudonymised, out: Path, user: str | None) -> None:
    details = {"rows": done.rows, "written": done.written, "people": done.people}
    content = table_bytes(done.leaving.table, out.suffix)
    with audit.log_writing_out(folder.root, "pseudonymised", details, out, content, user):
        write_private(content, out)


def require_new_table(source: Path, out: Path) -> None:
    """Raises IdentityError unless `out` is a table by its name, and not the file itself."""
    require_ending(out)
    if out.resolve() == source.resolve():
        raise IdentityError("--out is the file itself; give another, the identified file is not written over")


def collect_known(
    identities: Identities, numbers: Iterable[str | None] = (), names: Iterable[Mapping[str, str]] = ()
) -> Known:
    """The names and numbers of everybody who is held, and those of a file."""
    held = identities.people.values()
    known = frozenset(person["nhs_number"] for person in held if "nhs_number" in person)
    return Known(collect_names((*held, *names)), known | {number for number in numbers if number})


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


def _may_leave(heading: str, number_column: str, birth_month: bool) -> bool:
    """Whether a column is neither the number nor kept in the store; the month of birth may leave all the same."""
    month = birth_month and plain_name(heading) in PARTS["date_of_birth"]
    return plain_name(heading) != number_column and (month or not _is_part(heading))


def _collect_kept_parts(table: pa.Table) -> list[dict[str, str]]:
    """For each row what is kept of the person, put together from the columns that stand."""
    headings = {plain_name(name): name for name in table.column_names}
    rows: list[dict[str, str]] = [{} for _ in range(table.num_rows)]
    for kept, parts in PARTS.items():
        columns = [table[headings[part]].to_pylist() for part in parts if part in headings]
        between = " " if kept == "name" else ", "
        for row, cells in zip(rows, zip(*columns, strict=True), strict=False):
            write = _write_birth if kept == "date_of_birth" else _clean_text
            said = [part for part in map(write, cells) if part]
            # Two columns that say the same day say it once.
            said = list(dict.fromkeys(said)) if kept == "date_of_birth" else said
            if said:
                row[kept] = between.join(said)
    return rows


def _clean_text(cell: object) -> str:
    if isinstance(cell, datetime):
        cell = cell.date()
    return "" if cell is None else str(cell).strip()


def _write_birth(cell: object) -> str:
    """A date of birth as 1952-03-04; as it was written where no day can be read."""
    day = read_birth(cell if not isinstance(cell, int | float) else _clean_text(cell)) if _clean_text(cell) else None
    return day.isoformat() if day else _clean_text(cell)


def _is_unread(born: str) -> bool:
    return read_birth(born) is None


def _learn(folder: IdentityFolder, numbers: list[str | None], names: list[dict[str, str]]) -> int:
    """Keep who each number is; gives for how many people something was new."""
    key = folder.key()
    people: dict[str, dict[str, str]] = {}
    for number, known in zip(numbers, names, strict=True):
        if number:
            add_known(people.setdefault(number, {"nhs_number": number}), known)
    with changing(folder.root, key) as identities:
        return sum(identities.learn(key.pseudonym(number), known) for number, known in people.items())


def _count_name_conflicts(numbers: list[str | None], names: list[dict[str, str]]) -> int:
    said: dict[str, set[str]] = {}
    for number, known in zip(numbers, names, strict=True):
        if number and "name" in known:
            said.setdefault(number, set()).add(" ".join(known["name"].casefold().split()))
    return sum(len(each) > 1 for each in said.values())
