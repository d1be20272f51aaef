"""features/codelists: one CSV a list, and codelists.toml that says where each comes from."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import Field

from riskstrat.definitions.codelists import BY_PREFIX, PHRASE, Codelist, Entry, near, split_words
from riskstrat.definitions.declared import Declared, read
from riskstrat.definitions.snomed import is_concept
from riskstrat.errors import DefinitionError
from riskstrat.storage import list_folder
from riskstrat.storage.files import read_text, read_toml

FOLDER = "features/codelists"
SYSTEMS = (*BY_PREFIX, "snomed", "register", "complaint", PHRASE, "specialty", "value")
"""Code systems of an entry; `value` marks whole values of one column, which feature files compare themselves."""
REQUIRED = ("code", "group", "description", "source")
OPTIONAL = ("system", "weight", "tier", "owner")
"""Columns that a list may have. `tier` decides for the list of what is sensitive alone; `owner` is for readers."""
SHORTEST_SNOMED = 6


class Provenance(Declared):
    """What codelists.toml says of one list. `scale` turns its whole-number weights into the published ones.

    `extends` names another list that the entries belong to as well: the same groups by the codes of another system.
    """

    title: str
    source: str
    version: str
    licence: str
    clinical_owner: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scale: int = Field(1, ge=1)
    extends: str | None = None


def read_codelists(root: Path) -> tuple[dict[str, Codelist], dict[str, Provenance]]:
    """Every codelist of the workspace and its provenance, by name. Raises DefinitionError for what cannot be read."""
    folder = root / FOLDER
    tables = {path.stem: path for path in list_folder(folder, ".csv")}
    provenance = _read_provenance(folder)
    for name in sorted(tables.keys() - provenance.keys()):
        raise DefinitionError(f"{FOLDER}/{name}.csv: codelists.toml does not say where it comes from; add [{name}]")
    for name in sorted(provenance.keys() - tables.keys()):
        raise DefinitionError(f"{FOLDER}/codelists.toml: there is no {name}.csv{near(name, tuple(tables))}")
    codelists = {name: _read_one(path, provenance[name]) for name, path in tables.items()}
    return _extend_lists(codelists, provenance), provenance


def _extend_lists(codelists: dict[str, Codelist], provenance: dict[str, Provenance]) -> dict[str, Codelist]:
    """The lists, those that another one extends with its entries at their end. Raises DefinitionError."""
    extended = dict(codelists)
    for name, facts in provenance.items():
        if facts.extends is None:
            continue
        where, base = f"{FOLDER}/codelists.toml [{name}]", facts.extends
        if base not in codelists or base == name or provenance[base].extends:
            whole = tuple(one for one, facts in provenance.items() if facts.extends is None)
            raise DefinitionError(f'{where}: extends "{base}", which is no list of its own{near(base, whole)}')
        for group in codelists[name].groups:
            if group not in codelists[base].groups:
                raise DefinitionError(f'{where}: {base} has no group "{group}"{near(group, codelists[base].groups)}')
        extended[base] = replace(extended[base], entries=(*extended[base].entries, *codelists[name].entries))
    return extended


def _read_provenance(folder: Path) -> dict[str, Provenance]:
    path, where = folder / "codelists.toml", f"{FOLDER}/codelists.toml"
    if not path.exists():
        return {}
    given = read_toml(path, where, DefinitionError)
    return {name: read(Provenance, facts, f"{where} [{name}]", DefinitionError) for name, facts in given.items()}


def _read_one(path: Path, provenance: Provenance) -> Codelist:
    where = f"{FOLDER}/{path.name}"
    # strict: a quote that nothing closes would take all rows after it into its own.
    rows = csv.DictReader(io.StringIO(read_text(path, where, DefinitionError), newline=""), restkey="", strict=True)
    try:
        _refuse_other_columns(tuple(rows.fieldnames or ()), where)
        entries = tuple(_parse_entry(row, f"{where} line {rows.line_num}") for row in rows)
    except csv.Error as broken:
        raise DefinitionError(
            f"{where} line {rows.line_num} is not CSV: {broken}; look for a quote left open"
        ) from None
    if not entries:
        raise DefinitionError(f"{where} has no entries, so nothing would ever be found by it; add them, or remove it")
    return Codelist(path.stem, entries, provenance.source, provenance.scale)


def _refuse_other_columns(found: tuple[str, ...], where: str) -> None:
    for name in REQUIRED:
        if name not in found:
            known = ", ".join(REQUIRED + OPTIONAL)
            raise DefinitionError(f'{where}: column "{name}" is missing; the columns are {known}')
    for name in found:
        if found.count(name) > 1:
            raise DefinitionError(f'{where}: column "{name}" stands {found.count(name)} times; take the others out')
        if name not in REQUIRED + OPTIONAL:
            raise DefinitionError(f'{where}: unknown column "{name}"{near(name, REQUIRED + OPTIONAL)}')


def _parse_entry(row: dict[str, str], where: str) -> Entry:
    for problem in _find_row_problems(row):
        raise DefinitionError(f"{where}: {problem}")
    facts = {name: row[name].strip() for name in REQUIRED}
    return Entry(
        **facts, system=row.get("system") or "icd10", weight=int(row.get("weight") or 1), tier=row.get("tier") or ""
    )


def _find_row_problems(row: dict[str, str]) -> Iterator[str]:
    if "" in row or None in row.values():
        yield "not one value for each column; put values that hold a comma in quotes"
        return
    for name in REQUIRED:
        if not row[name].strip():
            yield f'"{name}" is empty'
    if (system := row.get("system") or "icd10") not in SYSTEMS:
        yield f'system "{system}" is not one of {", ".join(SYSTEMS)}{near(system, SYSTEMS)}'
    if not re.fullmatch(r"-?[0-9]+", row.get("weight") or "1"):
        yield f'weight "{row["weight"]}" is not a whole number; write the weight times the scale of codelists.toml'


def find_code_problem(entry: Entry, *, any_character: bool = False) -> str | None:
    """What is wrong with an entry's code for its system, as the rest of a sentence that names it; None if nothing.

    any_character: the list may write `?` for any one character, as that of what is hidden does.
    """
    if entry.system == PHRASE:
        return None if entry.code == split_words(entry.code) else "is not words in capitals with single blanks"
    if not re.fullmatch(r"[A-Z0-9_?]+" if any_character else r"[A-Z0-9_]+", entry.code):
        return "is not upper case without dots or spaces; a range is written as one row for each code"
    numbered = entry.code.isdigit() and len(entry.code) >= SHORTEST_SNOMED
    if entry.system == "snomed" or (numbered and entry.system in ("complaint", "value")):
        return None if is_concept(entry.code) else "is not a whole SNOMED CT concept; a beginning of one names nothing"
    return None
