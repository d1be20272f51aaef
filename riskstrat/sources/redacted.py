"""The records of a few people without a trace of anything sensitive: what every sentence about a person is made from.

Hidden are stays with a sensitive diagnosis (whenever it was coded), A&E attendances with a sensitive code or complaint,
and conditions, prescriptions, contacts and measurements that carry one. So is what would give them away: stays that
touch a hidden stay, and attendances and reported falls from the day before it to its last day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import DefinitionError, SourceError
from riskstrat.sources.store import Store
from riskstrat.sources.streams import starts_with, views
from riskstrat.sources.tables import STREAMS

if TYPE_CHECKING:
    import pandas as pd
    from ibis.backends.duckdb import Backend

SENSITIVE = "sensitive"
"""Name of the codelist of what is never printed."""

SENSITIVE_WORDS = (
    *("abortion", "abuse", "addict", "alcohol", "assault", "custod", "detox", "drug", "fertil", "gender"),
    *("genitourin", "gum", "hiv", "intoxic", "ivf", "overdose", "prison", "rape", "self.?harm", "sexual", "substance"),
    *("suicid", "terminat", "violence"),
)
"""Beginnings of words that mark a service, measure or complaint as sensitive where a source writes words for codes."""

_IN_WORDS = {"contacts": ("service",), "measurements": ("measure",), "attendances": ("complaint", "diagnosis")}
_OF_A_PERSON = ("caseload", "reviews", "statuses")


@dataclass(frozen=True, eq=False)
class RedactedStore(Store):
    """A store of some people, in memory. Persons are numbered anew; `persons` has their numbers in the whole store."""

    tables: Mapping[str, pa.Table]
    persons: npt.NDArray[np.int32]

    @contextmanager
    def connect(self, codelists: Mapping[str, Codelist] | None = None, threads: int | None = None) -> Iterator[Backend]:
        """An in-memory DuckDB backend with one view per available stream, as `Store.connect` gives it."""
        import ibis

        backend = ibis.duckdb.connect(**({"threads": threads} if threads else {}))
        with closing(backend.con):
            for name, table in self.tables.items():
                backend.con.register(name, table)
            absent = {(table, column) for table, columns in self.absent_columns.items() for column in columns}
            files = {table: Path(table) for table in self.landed}
            for statement in views(files, absent, codelists or {}):
                if statement.split()[2] not in self.tables:
                    backend.raw_sql(statement)
            yield backend

    def file(self, table: str) -> Path:
        """Raises SourceError: these tables have no file, and the whole store's must not be read in their place."""
        raise SourceError(f"the table {table} of a redacted store has no file; read it with read()")

    def read(self, table: str) -> pd.DataFrame:
        """One row per kept row of a landed table. Raises SourceError if it was not landed or is not about people."""
        if table not in self.tables:
            raise SourceError(f"no {table} table in the redacted store; it has {', '.join(sorted(self.tables))}")
        return self.tables[table].to_pandas(date_as_object=False)

    def stream(self, name: str, codelists: Mapping[str, Codelist]) -> pd.DataFrame:
        """Every version of the rows of a stream, one row each; empty where its tables were not landed."""
        stream = STREAMS[name]
        if name in self.tables:
            return self.read(name)
        if not stream.available(self.landed):
            return stream.table.schema().to_pyarrow().empty_table().to_pandas(date_as_object=False)
        with self.connect(codelists) as backend:
            read: pa.Table = backend.raw_sql(f"SELECT * FROM {name}").to_arrow_table()
        return read.to_pandas(date_as_object=False)

    def renumbered(self, persons: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
        """The numbers here of people by their numbers in the whole store; all must be among `persons`."""
        return np.searchsorted(self.persons, persons).astype(np.int32)


def redact(store: Store, persons: npt.NDArray[Any], codelists: Mapping[str, Codelist]) -> RedactedStore:
    """The records of `persons` in `store`, without what is sensitive. Nothing is written to disk.

    Raises DefinitionError where the workspace has no codelist `sensitive`: then nobody can say what may be printed.
    """
    if SENSITIVE not in codelists:
        raise DefinitionError(
            f"there is no codelist {SENSITIVE} in features/codelists, so nothing can be printed about a person; "
            f"restore {SENSITIVE}.csv from the package"
        )
    numbers = np.unique(np.asarray(persons, np.int32))
    given = _read_people_rows(store, numbers)
    kept = _drop_hidden_rows(given, codelists[SENSITIVE])
    tables = {name: _replace_person_numbers(table, numbers) for name, table in kept.items()}
    return RedactedStore(store.folder, {**store.manifest, "people": len(numbers)}, tables, numbers)


def _read_people_rows(store: Store, persons: npt.NDArray[np.int32]) -> dict[str, pa.Table]:
    """Every stream and table that has rows about people, cut to these."""
    chosen = ", ".join(map(str, persons)) or "NULL"
    with store.connect() as backend:
        read = {
            name: backend.raw_sql(f"SELECT * FROM {name} WHERE person IN ({chosen})").to_arrow_table()
            for name, stream in STREAMS.items()
            if stream.needs and stream.available(store.landed)
        }
    for name in sorted(store.landed.intersection(_OF_A_PERSON)):
        read[name] = pq.read_table(store.file(name), filters=pc.is_in(pc.field("person"), pa.array(persons)))
    return read


def _replace_person_numbers(table: pa.Table, persons: npt.NDArray[np.int32]) -> pa.Table:
    numbers = np.searchsorted(persons, table["person"].to_numpy()).astype(np.int32)
    return table.set_column(table.column_names.index("person"), "person", pa.array(numbers, pa.int32()))


def _drop_hidden_rows(given: Mapping[str, pa.Table], sensitive: Codelist) -> dict[str, pa.Table]:
    import ibis

    connection = ibis.duckdb.connect().con
    for name, table in given.items():
        connection.register(f"whole_{name}", table)
    connection.execute(_HIDDEN_DAYS.format(**_build_hidden_queries(given, sensitive)))
    return {
        name: connection.execute(
            f"SELECT * FROM whole_{name} t WHERE NOT ({_build_hidden_test(name, sensitive)})"
        ).to_arrow_table()
        for name in given
    }


_HIDDEN_DAYS = """
    CREATE TEMP TABLE visits AS {visits};
    CREATE TEMP TABLE stays AS {stays};
    CREATE TEMP TABLE gone AS
    WITH RECURSIVE touched AS (
        SELECT * FROM stays s WHERE spell IN ({coded}) OR EXISTS (
            SELECT 1 FROM visits v WHERE v.person = s.person AND s.first_day BETWEEN v.day AND v.day + 1
        )
        UNION
        SELECT s.* FROM stays s JOIN touched t
        ON s.person = t.person AND s.first_day <= t.last_day AND s.last_day >= t.first_day
    )
    SELECT * FROM touched;
    CREATE TEMP TABLE hidden_days AS
    SELECT person, first_day - 1 AS first_day, last_day FROM gone
    UNION ALL SELECT person, day, day + 1 FROM visits
"""
"""Sensitive visits to A&E, the hidden stays (`gone`), and the days on which nothing of urgent care is shown."""


def _build_hidden_queries(given: Mapping[str, pa.Table], sensitive: Codelist) -> dict[str, str]:
    """The queries of `_HIDDEN_DAYS`; empty ones for what was not landed."""
    visits = "SELECT NULL::INTEGER AS person, NULL::DATE AS day WHERE false"
    if "attendances" in given:
        marked = _build_sensitive_test("attendances", sensitive)
        visits = f"SELECT DISTINCT person, attended_on AS day FROM whole_attendances t WHERE {marked}"
    stays = "SELECT NULL::INTEGER AS person, NULL::INTEGER AS spell, NULL::DATE AS first_day, NULL::DATE AS last_day "
    stays += "WHERE false"
    if "admissions" in given:
        stays = (
            "SELECT person, spell, min(admitted_on) AS first_day, "
            "greatest(min(admitted_on), max(discharged_on)) AS last_day FROM whole_admissions GROUP BY person, spell"
        )
    coded = "SELECT NULL::INTEGER AS spell WHERE false"
    if "diagnoses" in given:
        coded = f"SELECT spell FROM whole_diagnoses t WHERE {_build_sensitive_test('diagnoses', sensitive)}"
    return {"visits": visits, "stays": stays, "coded": coded}


def _build_hidden_test(table: str, sensitive: Codelist) -> str:
    """SQL: whether a row of the table is hidden."""
    if table in ("admissions", "diagnoses"):
        return "t.spell IN (SELECT spell FROM gone)"
    day = {"attendances": "attended_on", "falls": "fell_on"}.get(table)
    if day is None:
        return _build_sensitive_test(table, sensitive)
    near = f"EXISTS (SELECT 1 FROM hidden_days h WHERE h.person = t.person AND t.{day} BETWEEN first_day AND last_day)"
    return f"{near} OR ({_build_sensitive_test(table, sensitive)})"


def _build_sensitive_test(table: str, sensitive: Codelist) -> str:
    """SQL: whether a row itself carries a sensitive code or word."""
    tests = [_build_word_test(column) for column in _IN_WORDS.get(table, ())]
    columns = {column.name for column in SCHEMAS[table].columns}
    if table == "attendances":
        # An ICD-10 code begins with a letter, so it is never the beginning of a SNOMED code; an ICD-9 code might be.
        codes = _select_codes(sensitive, ("icd10", "snomed", "complaint"))
        tests += [starts_with(column, codes) for column in ("complaint", "diagnosis")]
    elif table == "prescriptions":
        tests.append(starts_with("bnf", _select_codes(sensitive, ("bnf",))))
    elif {"system", "code"} <= columns:
        systems = sorted({entry.system for entry in sensitive.entries})
        tests += [
            f"(system = '{each}' AND {starts_with('code', _select_codes(sensitive, (each,)))})" for each in systems
        ]
    return " OR ".join(f"coalesce({test}, false)" for test in tests) or "false"


def _build_word_test(column: str) -> str:
    return f"regexp_matches(lower({column}), '(^|[^a-z])({'|'.join(SENSITIVE_WORDS)})')"


def _select_codes(sensitive: Codelist, systems: Iterable[str]) -> list[str]:
    return [entry.code for entry in sensitive.entries if entry.system in systems]
