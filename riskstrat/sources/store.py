"""One version of the store that ingest made, read back: its manifest, people, and streams as views."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.continuous_stays import ContinuousStays
from riskstrat.errors import SourceError
from riskstrat.sources.refreshed import ROWS_KEPT, Refreshed
from riskstrat.sources.store_engine import StoreEngine
from riskstrat.sources.store_versions import OF_THE_FIRST_FORMAT, POINTER, clear_spills, pin_version, require_whole
from riskstrat.sources.versions import stored_schema
from riskstrat.storage import Reading, compute_digest, name_beside, parse_json

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection


_ENGINES = count()
_STARTING = Lock()
"""Threads that ask a store at once share one engine."""

FEW_ROWS = 2_000_000
"""Of a store that one thread reads with a sixth less of processor time than two."""

ENOUGH_ROWS = 30
"""Rows of a table from which on it is no chance that a column that may be empty is so in all of them."""


@dataclass(frozen=True)
class Store:
    """One version of an ingested store, in its folder; nothing in it changes, and it stays while this is held.

    refreshed: what came since of who is kept off lists; `read` gives it with the tables that it is of.
    only_persons: the first and last person whose rows streams give, where they do not give everybody's.
    """

    folder: Path
    manifest: Mapping[str, Any]
    refreshed: Refreshed | None = field(default=None, kw_only=True, repr=False)
    reading: Reading | None = field(default=None, kw_only=True, repr=False, compare=False)
    only_persons: tuple[int, int] | None = field(default=None, kw_only=True)

    @property
    def data_as_at(self) -> date:
        """The day up to which the data go; the engine's today."""
        return date.fromisoformat(self.manifest["data_as_at"])

    @property
    def records_from(self) -> date | None:
        """The day by which the first thousandth of admissions had happened; none where there are no admissions."""
        day = self.manifest["records_from"]
        return date.fromisoformat(day) if day else None

    @property
    def comparable_dates(self) -> bool:
        """Whether dates of two people may be compared; false where they are shifted per person."""
        return bool(self.manifest["comparable_dates"])

    @property
    def simulated(self) -> bool:
        """Whether the people were made up; a store that does not say so holds real ones."""
        return bool(self.manifest.get("simulated", False))

    @property
    def landed(self) -> frozenset[str]:
        """Names of the tables that were landed, whole or by a refresh."""
        refreshed = self.refreshed.rows if self.refreshed is not None else {}
        return frozenset({*self.manifest["tables"], *(name for name in ROWS_KEPT if refreshed.get(name))})

    @property
    def absent_columns(self) -> Mapping[str, tuple[str, ...]]:
        """Optional columns that were not landed, by table; they are stored as nulls."""
        return {table: tuple(columns) for table, columns in self.manifest["absent_columns"].items()}

    @property
    def continuous_stays(self) -> ContinuousStays:
        """Name of the rule by which spells were joined into stays."""
        rule: ContinuousStays = self.manifest["continuous_stays"]
        return rule

    @property
    def people_count(self) -> int:
        """Number of people; persons are numbered from 0 to one less."""
        return int(self.manifest["people"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What ingest said about the source, one sentence each."""
        return tuple(self.manifest["notes"])

    @property
    def version(self) -> str:
        """The name of the version: a digest of its manifest, which has that of every file."""
        return self.folder.name

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the stored tables' own hashes and data-as-at: the same for the same rows."""
        hashes = {name: table["sha256"] for name, table in self.manifest["tables"].items()}
        facts = json.dumps([self.manifest["data_as_at"], self.manifest["comparable_dates"], hashes], sort_keys=True)
        return compute_digest(facts)

    def file(self, table: str) -> Path:
        """The parquet file of a landed table. Raises SourceError if it was not landed."""
        if table not in self.manifest["tables"]:
            raise SourceError(
                f"no {table} table was landed; the store has {', '.join(sorted(self.manifest['tables']))}"
            )
        return self.folder / "tables" / f"{table}.parquet"

    def holds(self, table: str, column: str, values: Collection[str]) -> bool:
        """Whether any row of a table that was ingested has one of these values; False where it was not landed."""
        if table not in self.manifest["tables"]:
            return False
        chosen = pc.is_in(pc.field(column), pa.array(sorted(values)))
        return bool(pq.read_table(self.file(table), columns=[column], filters=chosen).num_rows)

    def tells(self, table: str, column: str) -> bool:
        """Whether a column of a table says anything: not if it was not landed, nor if enough rows lack a value."""
        if column in self.absent_columns.get(table, ()) or table not in self.manifest["tables"]:
            return False
        values = pq.read_table(self.file(table), columns=[column]).column(0)
        return len(values) < ENOUGH_ROWS or values.null_count < len(values)

    def read_spells(
        self,
        persons: Sequence[int] | None = None,
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
    ) -> pa.Table:
        """One row per spell of these persons, or of all, in order: the stored `spells`, which stays are joined from."""
        filters = where if persons is None else pc.is_in(pc.field("person"), pa.array(persons, pa.int32()))
        given = None if columns is None else list(columns)
        return pq.read_table(self.folder / "tables" / "spells.parquet", columns=given, filters=filters)

    @contextmanager
    def connect(
        self, codelists: Mapping[str, Codelist] | None = None, *, printable: bool = False, apart: bool = False
    ) -> Iterator[DuckDBPyConnection]:
        """A connection to one view per available stream, under the stream's name; closed at the end.

        `codelists` gives those of `STREAM_CODELISTS`; without them falls of hospital stays and A&E are left out.
        printable: without what is sensitive (printable.py). apart: with views that no other connection has, for whoever
        makes tables or views beside them. Raises DefinitionError where no codelist says what is sensitive.
        """
        given = codelists or {}
        same = frozenset((name, codelist.fingerprint) for name, codelist in given.items())
        wanted = (printable, same, object() if apart else None)
        with _STARTING:
            engine = self._engine
        with engine.connect(wanted, partial(self._make_views, given, printable=printable)) as connection:
            yield connection

    @cached_property
    def _engine(self) -> StoreEngine:
        """A query too large for memory is spilled beside the version, each engine's to a folder of its own."""
        first = name_beside(self.folder.resolve(), "spill")
        stored = sum(table["stored"] for table in self.manifest["tables"].values())
        spill = first.with_name(f"{first.name}-{next(_ENGINES)}")
        return StoreEngine(spill=spill, threads=1 if stored <= FEW_ROWS else None)

    def _make_views(self, codelists: Mapping[str, Codelist], connection: DuckDBPyConnection, *, printable: bool) -> str:
        """The schema in which there is now one view per available stream."""
        from riskstrat.sources.printable import MAIN, create_views

        create_views(connection, self._build_views(codelists), codelists if printable else None)
        return MAIN

    def _build_views(self, codelists: Mapping[str, Codelist]) -> dict[str, str]:
        """The CREATE VIEW statement of each available stream, base tables first."""
        from riskstrat.sources.streams import views

        files = {table: self.file(table) for table in self.manifest["tables"]}
        absent = {(table, column) for table, columns in self.absent_columns.items() for column in columns}
        return {statement.split()[2]: statement for statement in views(files, absent, codelists, self.only_persons)}

    def people(self) -> pd.DataFrame:
        """One row per person, in the order of person numbers."""
        return self.read("people")

    def read(self, table: str) -> pd.DataFrame:
        """One row per stored row of a landed table, whole; for small tables. Raises SourceError if not landed."""
        return self.read_table(table).to_pandas(date_as_object=False)

    def read_table(self, table: str) -> pa.Table:
        """The same as `read`, as Arrow has it."""
        if self.refreshed is None or not self.refreshed.rows.get(table):
            return pq.read_table(self.file(table))
        ingested = table in self.manifest["tables"]
        stored = pq.read_table(self.file(table)) if ingested else stored_schema(table).empty_table()
        people = pq.read_table(self.file("people"), columns=["patient_id", "person"]).to_pydict()
        persons = dict(zip(people["patient_id"], people["person"], strict=True))
        return self.refreshed.join(table, stored, persons)


def open_store(folder: Path) -> Store:
    """The version that the store in `folder` has now. Whatever is ingested later, this stays as it is.

    Raises SourceError if nothing was ingested there, or not every file of it is the one that was written.
    """
    folder = Path(folder).resolve()
    clear_spills(folder)
    pinned = pin_version(folder)
    require_whole(folder, pinned)
    return Store(pinned.folder, parse_json(pinned.manifest), reading=pinned.reading)


def is_ingested(folder: Path) -> bool:
    """Whether anything was ever ingested into the store in `folder`, in whatever format."""
    return any((folder / name).exists() for name in (POINTER, *OF_THE_FIRST_FORMAT))
