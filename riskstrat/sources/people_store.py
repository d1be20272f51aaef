"""The records of a few people out of a store, in memory: every row of theirs, to be read whole or printable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from riskstrat.definitions.codelists import Codelist
from riskstrat.errors import SourceError
from riskstrat.sources.printable import create_views
from riskstrat.sources.store import Store
from riskstrat.sources.store_engine import StoreEngine
from riskstrat.sources.streams import views
from riskstrat.sources.tables import STREAMS

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

HELD = "held"
"""Schema of the rows of each stream."""

OF_A_PERSON = ("caseload", "reviews", "statuses", "care_plans", "circumstances")
"""Tables about people that are no streams: what services and teams wrote."""


@dataclass(frozen=True, eq=False)
class PeopleStore(Store):
    """A store of some people, in memory. Persons are numbered anew; `persons` has their numbers in the whole store."""

    tables: Mapping[str, pa.Table]
    persons: npt.NDArray[np.int32]

    @cached_property
    def _engine(self) -> StoreEngine:
        return StoreEngine(threads=1)

    def _make_views(self, codelists: Mapping[str, Codelist], connection: DuckDBPyConnection, *, printable: bool) -> str:
        """The schema in which there is now one table per stream: to work a stream out takes longer than to read it."""
        for name, table in self.tables.items():
            connection.register(f"given_{name}", table)
        made = self._build_views(codelists)
        create_views(connection, made, codelists if printable else None)
        connection.execute(f"CREATE SCHEMA {HELD}")
        for name in made:
            connection.execute(f"CREATE TABLE {HELD}.{name} AS SELECT * FROM {name}")
        return HELD

    def _build_views(self, codelists: Mapping[str, Codelist]) -> dict[str, str]:
        absent = {(table, column) for table, columns in self.absent_columns.items() for column in columns}
        files = {table: Path(table) for table in self.landed}
        made = {statement.split()[2]: statement for statement in views(files, absent, codelists)}
        taken = {name: f"CREATE VIEW {name} AS SELECT * FROM given_{name}" for name in made if name in self.tables}
        return made | taken

    def file(self, table: str) -> Path:
        """Raises SourceError: these tables have no file, and the whole store's must not be read in their place."""
        raise SourceError(f"the table {table} of a few people has no file; read it with read()")

    def read(self, table: str) -> pd.DataFrame:
        """One row per row of `people` or of a table that is no stream. Raises SourceError for any other, or none such.

        What may be sensitive is read by `streams` alone, which says whether it is wanted whole.
        """
        allowed = sorted(self.tables.keys() & {"people", *OF_A_PERSON})
        if table not in allowed:
            raise SourceError(f"no {table} table to read of a few people; there are {', '.join(allowed)}")
        return self.tables[table].to_pandas(date_as_object=False)

    def read_streams(self, codelists: Mapping[str, Codelist], *, printable: bool) -> dict[str, pd.DataFrame]:
        """By name every version of the rows of each stream, one row each; empty where its tables were not landed."""
        read: dict[str, pa.Table] = {}
        with self.connect(codelists, printable=printable) as connection:
            for name, stream in STREAMS.items():
                if stream.available(self.landed):
                    read[name] = connection.execute(f"SELECT * FROM {name}").to_arrow_table()
                else:
                    read[name] = stream.table.schema().to_pyarrow().empty_table()
        return {name: table.to_pandas(date_as_object=False) for name, table in read.items()}

    def renumbered(self, persons: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
        """The numbers here of people by their numbers in the whole store; all must be among `persons`."""
        return np.searchsorted(self.persons, persons).astype(np.int32)


def take_people(store: Store, persons: npt.NDArray[Any]) -> PeopleStore:
    """Every record of `persons` in `store`. Nothing is written to disk."""
    numbers = np.unique(np.asarray(persons, np.int32))
    tables = {
        name: _replace_person_numbers(table, numbers) for name, table in _read_people_rows(store, numbers).items()
    }
    manifest = {**store.manifest, "people": len(numbers)}
    return PeopleStore(store.folder, manifest, tables, numbers, refreshed=store.refreshed)


def _read_people_rows(store: Store, persons: npt.NDArray[np.int32]) -> dict[str, pa.Table]:
    """Every stream and table that has rows about people, cut to these."""
    chosen = ", ".join(map(str, persons)) or "NULL"
    with store.connect() as connection:
        read = {
            name: connection.execute(f"SELECT * FROM {name} WHERE person IN ({chosen})").to_arrow_table()
            for name, stream in STREAMS.items()
            if stream.needs and stream.available(store.landed)
        }
    for name in sorted(store.landed.intersection(OF_A_PERSON)):
        read[name] = store.read_table(name).filter(pc.is_in(pc.field("person"), pa.array(persons)))
    return read


def _replace_person_numbers(table: pa.Table, persons: npt.NDArray[np.int32]) -> pa.Table:
    numbers = np.searchsorted(persons, table["person"].to_numpy()).astype(np.int32)
    return table.set_column(table.column_names.index("person"), "person", pa.array(numbers, pa.int32()))
