"""features/codelists: one CSV a list, and codelists.toml that says where each comes from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from riskstrat.definitions.codelists import Codelist, Entry, near
from riskstrat.definitions.declared import Declared, read
from riskstrat.errors import DefinitionError
from riskstrat.workspace.files import read_text, read_toml

FOLDER = "features/codelists"
SYSTEMS = ("icd10", "icd9", "snomed", "register", "bnf", "complaint", "value")
"""Code systems of an entry; `value` marks whole values of one column, which feature files compare themselves."""
REQUIRED = ("code", "group", "description", "source")
OPTIONAL = ("system", "weight")


class Provenance(Declared):
    """What codelists.toml says of one list. `scale` turns its whole-number weights into the published ones."""

    title: str
    source: str
    version: str
    licence: str
    clinical_owner: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scale: int = Field(1, ge=1)


def read_codelists(root: Path) -> tuple[dict[str, Codelist], dict[str, Provenance]]:
    """Every codelist of the workspace and its provenance, by name. Raises DefinitionError for what cannot be read."""
    folder = root / FOLDER
    tables = {path.stem: path for path in sorted(folder.glob("*.csv"))}
    provenance = _read_provenance(folder)
    for name in sorted(tables.keys() - provenance.keys()):
        raise DefinitionError(f"{FOLDER}/{name}.csv: codelists.toml does not say where it comes from; add [{name}]")
    for name in sorted(provenance.keys() - tables.keys()):
        raise DefinitionError(f"{FOLDER}/codelists.toml: there is no {name}.csv{near(name, tuple(tables))}")
    codelists = {name: _read_one(path, provenance[name]) for name, path in tables.items()}
    return codelists, provenance


def _read_provenance(folder: Path) -> dict[str, Provenance]:
    path, where = folder / "codelists.toml", f"{FOLDER}/codelists.toml"
    if not path.exists():
        return {}
    given = read_toml(path, where, DefinitionError)
    return {name: read(Provenance, facts, f"{where} [{name}]", DefinitionError) for name, facts in given.items()}


def _read_one(path: Path, provenance: Provenance) -> Codelist:
    where = f"{FOLDER}/{path.name}"
    rows = csv.DictReader(io.StringIO(read_text(path, where, DefinitionError)), restkey="")
    _refuse_other_columns(tuple(rows.fieldnames or ()), where)
    entries = tuple(_parse_entry(row, f"{where} line {rows.line_num}") for row in rows)
    return Codelist(path.stem, entries, provenance.source, provenance.scale)


def _refuse_other_columns(found: tuple[str, ...], where: str) -> None:
    for name in REQUIRED:
        if name not in found:
            known = ", ".join(REQUIRED + OPTIONAL)
            raise DefinitionError(f'{where}: column "{name}" is missing; the columns are {known}')
    for name in found:
        if name not in REQUIRED + OPTIONAL:
            raise DefinitionError(f'{where}: unknown column "{name}"{near(name, REQUIRED + OPTIONAL)}')


def _parse_entry(row: dict[str, str], where: str) -> Entry:
    for problem in _find_row_problems(row):
        raise DefinitionError(f"{where}: {problem}")
    facts = {name: row[name].strip() for name in REQUIRED}
    return Entry(**facts, system=row.get("system") or "icd10", weight=int(row.get("weight") or 1))


def _find_row_problems(row: dict[str, str]) -> Iterator[str]:
    if "" in row or None in row.values():
        yield "not one value for each column; put values that hold a comma in quotes"
        return
    for name in REQUIRED:
        if not row[name].strip():
            yield f'"{name}" is empty'
    if (system := row.get("system") or "icd10") not in SYSTEMS:
        yield f'system "{system}" is not one of {", ".join(SYSTEMS)}{near(system, SYSTEMS)}'
    if not (row.get("weight") or "1").lstrip("-").isdigit():
        yield f'weight "{row["weight"]}" is not a whole number; write the weight times the scale of codelists.toml'
