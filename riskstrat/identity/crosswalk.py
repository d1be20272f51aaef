"""Other pseudonyms of the same people, so that sources which never held an NHS number can be joined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from riskstrat import audit
from riskstrat.audit import Deed
from riskstrat.errors import IdentityError
from riskstrat.identity.folder import IdentityFolder
from riskstrat.identity.leaks import require_nameless_headings
from riskstrat.identity.leaving import Leaving, find_schema, require_every_row, select_leaving
from riskstrat.identity.nhs_numbers import usable
from riskstrat.identity.private_files import write_private
from riskstrat.identity.pseudonymising import (
    PARTS,
    PSEUDONYM,
    QUARANTINE_HEADING,
    collect_known,
    require_new_table,
)
from riskstrat.identity.said_names import SaidNames, collect_names
from riskstrat.identity.store import Identities, changing
from riskstrat.identity.tables import as_csv, column, plain_name, read_table, table_bytes

if TYPE_CHECKING:
    import pyarrow as pa

NO_SOURCE, NO_PSEUDONYM, NO_PERSON = "no source", "no pseudonym", "no patient_id"
NO_NAME_OF_SOURCE = "the source is not a short name, or is that of a person"
NO_SHAPE_OF_PSEUDONYM = "the patient_id is not a pseudonym: it holds an NHS number, a blank, or no digit"
ANOTHER = "the pseudonym stands for another person already"
NOT_KNOWN = "the pseudonym is not in the crosswalk"

_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,39}")
_PSEUDONYM = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9_.:=+/-]{0,127}")


@dataclass(frozen=True)
class Translated:
    """What came of one file: rows read, rows used, and rows left out by reason, with the file that numbers them.

    `leaving` says what of the rows used did not leave, where they leave at all.
    """

    rows: int
    used: int
    quarantined: Mapping[str, int]
    quarantine: Path
    leaving: Leaving | None = None


def add_crosswalk(folder: IdentityFolder, source: Path, user: str | None = None) -> Translated:
    """Keep the pseudonyms of a file with the columns source, pseudonym, and nhs_number or patient_id.

    A row that contradicts what is kept already is left out, never written over.
    """
    table, unusable = read_table(source)
    names, pseudonyms = (_read_texts(table, name, source) for name in ("source", "pseudonym"))
    people = _resolve_people(folder, table, source)
    refused = dict(unusable)
    with ExitStack() as logged, changing(folder.root, folder.key()) as identities:
        held = collect_names(identities.people.values())
        for row, (name, pseudonym, (person, why)) in enumerate(zip(names, pseudonyms, people, strict=True), start=1):
            reason = refused.get(row) or _keep_pseudonym(identities, held, name, pseudonym, person, why)
            if reason:
                refused[row] = reason
        details = {"rows": table.num_rows, "used": table.num_rows - len(refused)}
        # Left when the store is written.
        logged.enter_context(audit.log_deed(folder.root, Deed("crosswalk", details), user))
    return _report(source, table.num_rows, refused)


def translate(
    folder: IdentityFolder,
    source: Path,
    name: str,
    out: Path,
    key: str = PSEUDONYM,
    user: str | None = None,
    table_name: str | None = None,
) -> Translated:
    """Write what may leave of `source`, whose column `key` has the pseudonyms of the source `name`, under patient_id.

    table_name: which table of docs/data.md the file holds, unless it is named after it. Rows that the crosswalk does
    not know are left out and numbered. Raises IdentityError for an unknown source, or a file with a column
    that says who people are.
    """
    require_new_table(source, out)
    schema = find_schema(source, table_name)
    table, unusable = read_table(source)
    require_every_row(schema, unusable)
    _require_no_identifier(table, source)
    identities = folder.identities()
    known_as, known = _find_source(identities, name), collect_known(identities)
    require_nameless_headings(table.column_names, known.names)
    read_as = plain_name(key)
    if read_as != PSEUDONYM and PSEUDONYM in map(plain_name, table.column_names):
        raise IdentityError(f"the file has a column {PSEUDONYM} beside {key}; take it out, or name it with --column")
    written = _read_texts(table, read_as, source)
    refused = dict(unusable)
    refused |= {
        row: NOT_KNOWN for row, text in enumerate(written, start=1) if text not in known_as and row not in refused
    }
    leaving = select_leaving(
        table,
        schema,
        [None if row in refused else known_as[text] for row, text in enumerate(written, start=1)],
        known,
        folder.key().spell_pseudonym,
        but=[heading for heading in table.column_names if plain_name(heading) == read_as],
        birth=PARTS["date_of_birth"],
        words=folder.settings.words,
    )
    done = _report(source, table.num_rows, refused, leaving)
    details = {"source": name, "rows": done.rows, "used": done.used}
    content = table_bytes(leaving.table, out.suffix)
    with audit.log_writing_out(folder.root, "translated", details, out, content, user):
        write_private(content, out)
    return done


def _resolve_people(folder: IdentityFolder, table: pa.Table, source: Path) -> list[tuple[str, str | None]]:
    """Whom each row is about as (patient_id, None), or ("", why not)."""
    if "nhs_number" in map(plain_name, table.column_names):
        if folder.external:
            raise IdentityError("this install holds no identities (mode external); give patient_id, not nhs_number")
        key = folder.key()
        numbers = [usable(written) for written in column(table, "nhs_number", source.name)]
        return [(key.pseudonym(number) if number else "", why) for number, why in numbers]
    return [_judge_pseudonym(text) for text in _read_texts(table, PSEUDONYM, source)]


def _judge_pseudonym(text: str) -> tuple[str, str | None]:
    """A patient_id as (itself, None), or ("", why it is none)."""
    if not text:
        return "", NO_PERSON
    good = _PSEUDONYM.fullmatch(text) and not audit.is_nhs_number_key(text)
    return (text, None) if good else ("", NO_SHAPE_OF_PSEUDONYM)


def _keep_pseudonym(
    identities: Identities, held: SaidNames, name: str, pseudonym: str, person: str, why: str | None
) -> str | None:
    """Keep one pseudonym; gives why it could not be."""
    if not name or not pseudonym or why:
        return why or (NO_SOURCE if not name else NO_PSEUDONYM)
    # Messages and the log repeat the name of a source.
    if not _SOURCE.fullmatch(name) or audit.holds_long_number(name) or held.has_word_in(name):
        return NO_NAME_OF_SOURCE
    stands = identities.crosswalk.setdefault(name, {}).setdefault(pseudonym, person)
    return None if stands == person else ANOTHER


def _find_source(identities: Identities, name: str) -> dict[str, str]:
    if name not in identities.crosswalk:
        known = ", ".join(sorted(identities.crosswalk)) or "none"
        raise IdentityError(
            f"the crosswalk has no source of that name (there: {known}); add it: riskstrat identity crosswalk"
        )
    return identities.crosswalk[name]


def _require_no_identifier(table: pa.Table, source: Path) -> None:
    kept = {part for parts in PARTS.values() for part in parts} - set(PARTS["date_of_birth"]) - {"town"}
    found = [name for name in table.column_names if plain_name(name) in {*kept, "nhs_number"}]
    if found:
        raise IdentityError(
            f"{source.name} has columns that say who people are: {', '.join(found)}; take them out first"
        )


def _read_texts(table: pa.Table, name: str, source: Path) -> list[str]:
    return [_clean_text(cell) for cell in column(table, name, source.name)]


def _clean_text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _report(source: Path, rows: int, refused: Mapping[int, str], leaving: Leaving | None = None) -> Translated:
    quarantine = source.with_name(source.name + ".quarantine")
    write_private(as_csv(QUARANTINE_HEADING, sorted(refused.items())), quarantine)
    counts = dict(sorted(Counter(refused.values()).items()))
    return Translated(rows, rows - len(refused), counts, quarantine, leaving)
