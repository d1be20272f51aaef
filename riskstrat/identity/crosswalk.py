"""Other pseudonyms of the same people, so that sources which never held an NHS number can be joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from riskstrat import audit
from riskstrat.errors import IdentityError
from riskstrat.identity.folder import IdentityFolder
from riskstrat.identity.nhs_numbers import usable
from riskstrat.identity.private_files import write_private
from riskstrat.identity.pseudonymising import NEVER_OUT, PARTS, PSEUDONYM, QUARANTINE_HEADING
from riskstrat.identity.store import Identities, changing
from riskstrat.identity.tables import as_csv, column, plain_name, read_table, require_ending, table_bytes

NO_SOURCE, NO_PSEUDONYM, NO_PERSON = "no source", "no pseudonym", "no patient_id"
ANOTHER = "the pseudonym stands for another person already"
NOT_KNOWN = "the pseudonym is not in the crosswalk"


@dataclass(frozen=True)
class Translated:
    """What came of one file: rows read, rows used, and rows left out by reason, with the file that numbers them."""

    rows: int
    used: int
    quarantined: Mapping[str, int]
    quarantine: Path


def add_crosswalk(folder: IdentityFolder, source: Path, user: str | None = None) -> Translated:
    """Keep the pseudonyms of a file with the columns source, pseudonym, and nhs_number or patient_id.

    A row that contradicts what is kept already is left out, never written over.
    """
    table, unusable = read_table(source)
    names, pseudonyms = (_read_texts(table, name, source) for name in ("source", "pseudonym"))
    people = _resolve_people(folder, table, source)
    refused = dict(unusable)
    with changing(folder.root, folder.key()) as identities:
        for row, (name, pseudonym, (person, why)) in enumerate(zip(names, pseudonyms, people, strict=True), start=1):
            reason = refused.get(row) or _keep_pseudonym(identities, name, pseudonym, person, why)
            if reason:
                refused[row] = reason
        audit.append(folder.root, "crosswalk", {"rows": table.num_rows, "used": table.num_rows - len(refused)}, user)
    return _report(source, table.num_rows, refused)


def translate(
    folder: IdentityFolder, source: Path, name: str, out: Path, key: str = PSEUDONYM, user: str | None = None
) -> Translated:
    """Write the rows of `source`, whose column `key` has the pseudonyms of the source `name`, under this patient_id.

    Rows that the crosswalk does not know are left out and numbered. Raises IdentityError for an unknown source, or
    a file with a column of identifiers.
    """
    require_ending(out)
    if out.resolve() == source.resolve():
        raise IdentityError("--out is the file itself; give another, nothing is written over")
    table, unusable = read_table(source)
    _require_no_identifier(table, source)
    known = _find_source(folder.identities(), name)
    written = _read_texts(table, plain_name(key), source)
    refused = dict(unusable)
    refused |= {row: NOT_KNOWN for row, text in enumerate(written, start=1) if text not in known and row not in refused}
    good = pa.array([row - 1 for row in range(1, table.num_rows + 1) if row not in refused], pa.int64())
    result = _replace_key_column(table, plain_name(key), [known.get(text) for text in written]).take(good)
    done = _report(source, table.num_rows, refused)
    details = {"source": name, "rows": done.rows, "used": done.used}
    content = table_bytes(result, out.suffix)
    write_private(content, out, before=lambda: audit.append(folder.root, "translated", details, user))
    return done


def _resolve_people(folder: IdentityFolder, table: pa.Table, source: Path) -> list[tuple[str, str | None]]:
    """Whom each row is about as (patient_id, None), or ("", why not)."""
    if "nhs_number" in map(plain_name, table.column_names):
        if folder.external:
            raise IdentityError("this install holds no identities (mode external); give patient_id, not nhs_number")
        key = folder.key()
        numbers = [usable(written) for written in column(table, "nhs_number", source.name)]
        return [(key.pseudonym(number) if number else "", why) for number, why in numbers]
    return [(text, None if text else NO_PERSON) for text in _read_texts(table, PSEUDONYM, source)]


def _keep_pseudonym(identities: Identities, name: str, pseudonym: str, person: str, why: str | None) -> str | None:
    """Keep one pseudonym; gives why it could not be."""
    if not name or not pseudonym or why:
        return why or (NO_SOURCE if not name else NO_PSEUDONYM)
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
    never = {*NEVER_OUT, *(part for parts in PARTS.values() for part in parts)} - {"date_of_birth", "town"}
    found = [name for name in table.column_names if plain_name(name) in never]
    if found:
        raise IdentityError(
            f"{source.name} has columns that say who people are: {', '.join(found)}; take them out first"
        )


def _replace_key_column(table: pa.Table, key: str, people: list[str | None]) -> pa.Table:
    (place,) = [place for place, name in enumerate(table.column_names) if plain_name(name) == key]
    if key != PSEUDONYM and PSEUDONYM in map(plain_name, table.column_names):
        raise IdentityError(f"the file has a column {PSEUDONYM} beside {key}; take it out, or name it with --column")
    return table.set_column(place, PSEUDONYM, pa.array(people, pa.string()))


def _read_texts(table: pa.Table, name: str, source: Path) -> list[str]:
    return [_clean_text(cell) for cell in column(table, name, source.name)]


def _clean_text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _report(source: Path, rows: int, refused: Mapping[int, str]) -> Translated:
    quarantine = source.with_name(source.name + ".quarantine")
    write_private(as_csv(QUARANTINE_HEADING, sorted(refused.items())), quarantine)
    counts = dict(sorted(Counter(refused.values()).items()))
    return Translated(rows, rows - len(refused), counts, quarantine)
