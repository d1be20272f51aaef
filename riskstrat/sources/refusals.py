"""What is said of a source that cannot be read as tables: what lies there, what is read, and what to do."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path

from riskstrat.definitions.schemas import TableSchema
from riskstrat.errors import SourceError

_ALSO_CALLED = {
    "patient_id": ("nhs_pseudo", "pseudo_id", "person_id", "patient", "pseudonym", "token_person_id", "subject_id"),
    "date_of_birth": ("dob", "birth_date", "birthdate", "birth", "mydob"),
    "date_of_death": ("dod", "death_date", "deathdate"),
    "sex": ("gender", "gender_code", "sex_code"),
    "spell_id": ("spell", "provspno", "provspnops", "hadm_id", "visit_id", "encounter"),
    "admitted_on": ("admidate", "admission_date", "admitted", "admit_date"),
    "discharged_on": ("disdate", "discharge_date", "discharged"),
    "method": ("admimeth", "admission_method"),
    "source": ("admisorc", "admission_source"),
    "destination": ("disdest", "discharge_destination"),
    "practice": ("gp_practice", "practice_code", "gpprac"),
    "code": ("icd10", "snomed", "snomed_code", "diagnosis_code", "read_code"),
    "bnf": ("bnf_code",),
}
"""Names that other sources give to a column."""

_OTHER_MODELS = {
    "an OMOP common data model": {"person", "visit_occurrence", "condition_occurrence"},
    "Synthea records": {"patients", "encounters"},
    "a MIMIC-IV extract": {"patients", "admissions", "diagnoses_icd"},
}
"""Tables by which another model is known."""

_HERE = "riskstrat reads a folder of tables or a DuckDB file whose tables have the names of docs/data.md"


def explain_absence(source: Path) -> str:
    """Why a path that is not there cannot be read; of an address of a database no more than its kind is said."""
    if address := re.match(r"^(\w[\w+]*):/", str(source).replace("\\", "/")):
        kind = address[1]
        if len(kind) > 1:
            return (
                f"a {kind} address was given, and databases behind an address are not read; {_HERE}: export the tables"
            )
    return f"{source} does not exist; give a folder of tables or a DuckDB file"


def explain_unreadable(file: Path) -> str:
    """Why a file is no database that can be read."""
    with file.open("rb") as opened:
        beginning = opened.read(16)
    if beginning[8:12] == b"DUCK":
        return (
            f"{file} was made by a newer DuckDB than riskstrat reads; write it again with ATTACH '...' "
            "(STORAGE_VERSION 'v1.0.0'), or land its tables as parquet"
        )
    if beginning.startswith(b"SQLite format 3"):
        return f"{file} is a SQLite database, which is not read; {_HERE}: export the tables"
    return f"{file} is neither a folder of tables nor a DuckDB file that can be read"


def explain_missing_table(source: Path, table: str, others: Collection[str]) -> str:
    """What lies in a source that lacks a table, and what it looks like."""
    found = f"{source} has no table {table}"
    for model, tables in _OTHER_MODELS.items():
        if tables <= set(others) | _list_folder_names(source):
            return f"{found}; it looks like {model}, which is not read as it is: make tables of docs/data.md from it"
    if source.is_dir() and (source / table).is_dir():
        count = sum(1 for file in (source / table).rglob("*") if file.is_file())
        return f"{found} but a folder of that name with {count} files; write them as one {table}.parquet"
    holds = f"; it holds {', '.join(others)}" if others else ""
    return f"{found}; land {table}.parquet or .csv{holds}"


def _list_folder_names(source: Path) -> set[str]:
    """The tables that files of a folder are named as, whether they are read or not."""
    return {file.name.lower().split(".")[0] for file in source.iterdir()} if source.is_dir() else set()


def explain_missing_columns(schema: TableSchema, absent: Sequence[str], found: Sequence[str]) -> str:
    """Which required columns a table lacks, which it has, and which of those could be meant."""
    spare = [name for name in found if name not in schema.names]
    meant = [f"{given} for {name}?" for name in absent if (given := _suggest_column(name, spare))]
    return (
        f"{schema.name} lacks the required column {', '.join(absent)}; it has {', '.join(found)}"
        + (f"; did you mean {' '.join(meant)}" if meant else "")
        + "; name the columns as docs/data.md does"
    )


def _suggest_column(wanted: str, spare: Sequence[str]) -> str | None:
    for name in spare:
        if name in _ALSO_CALLED.get(wanted, ()):
            return name
    close = get_close_matches(wanted, spare, n=1, cutoff=0.7)
    return close[0] if close else None


def refuse_separator(file: Path, header: Sequence[str]) -> None:
    """Raise SourceError for a header of one column that another separator than the comma would part."""
    if header[0].lower().startswith("sep="):
        raise SourceError(f"{file} begins with a line that only names a separator; take that line out")
    if len(header) != 1:
        return
    for separator, name in (("|", "the stroke |"), (";", "the semicolon"), ("\t", "the tab"), ("^", "the caret ^")):
        parts = header[0].split(separator)
        if len(parts) > 1:
            columns = ", ".join(part.strip(' "') for part in parts)
            raise SourceError(
                f"{file} is parted by {name}, not by commas: its columns are {columns}; save it as CSV with commas"
            )
