"""A small store of some people out of a large one, whole or as it would read had time stopped earlier.

Two ways to stop: nothing that became known after a day (`known_by`), or nothing that happened after a day though later
news of earlier happenings stays (`happened_by`). Between the two lies what was told late.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import TableSchema
from riskstrat.errors import StorageError
from riskstrat.sources.continuous_stays import (
    SPELLS,
    build_diagnoses_query,
    build_known_diagnoses_query,
    build_spells_query,
    build_stays_query,
    make_stays,
)
from riskstrat.sources.literal import read_literally
from riskstrat.sources.store import Store
from riskstrat.sources.tables import STREAMS
from riskstrat.sources.versions import ALWAYS, FAR, late_columns, stored_schema
from riskstrat.sources.writing import write_parquet
from riskstrat.storage import name_beside

KEPT_WHOLE = ("opt_outs",)
"""Tables that no feature reads but a cohort does: whoever opted out is out of every past too."""


def excerpt(
    store: Store,
    persons: Sequence[int],
    folder: Path,
    *,
    known_by: date | None = None,
    happened_by: date | None = None,
) -> Store:
    """The store of `persons` (row numbers) alone, written to `folder`; they keep their numbers, the others are blank.

    known_by: at any index date, engines see what they would have seen on that day at the latest. happened_by: rows of
    later events are gone, and what settled later never settles; what became known later about the rest stays.
    Tables that neither features nor eligibility read are left out. Raises StorageError where `folder` refuses.
    """
    _make(folder / "tables")
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        cut = _Cut(_build_row_queries(store, sorted(set(persons))), store.people_count, known_by, happened_by)
        make_cut_spells(connection, store.read_spells(sorted(set(persons))), known_by, happened_by)
        make_stays(connection, store.continuous_stays)
        write_parquet(connection, build_spells_query(), SPELLS, folder / "tables" / "spells.parquet")
        written = {}
        for table in cut.rows:
            file = folder / "tables" / f"{table}.parquet"
            digest = write_parquet(connection, _order_rows(table, cut.table(table)), stored_schema(table), file)
            written[table] = dict(store.manifest["tables"][table]) | {"sha256": digest}
    return Store(folder, dict(store.manifest) | {"tables": written}, refreshed=store.refreshed)


@contextmanager
def beside_the_store(store: Store) -> Iterator[Path]:
    """An empty folder beside the store, gone when the block ends; what a killed run leaves the next ingest removes.

    Where nothing may be written there, it is one of the system's temporary folders.
    """
    folder = name_beside(store.folder.resolve(), "spill-excerpts")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700)
    except OSError:
        with TemporaryDirectory(prefix="riskstrat-") as elsewhere:
            yield Path(elsewhere)
        return
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except OSError as refused:
        raise StorageError(
            f"cannot make {folder.name} for an excerpt of the store ({refused.strerror}); make room, or allow writing"
        ) from None


def _build_row_queries(store: Store, persons: Sequence[int]) -> dict[str, str]:
    """For each table that is kept, the query for the rows of these persons."""
    chosen = ", ".join(str(int(person)) for person in persons) or "NULL"
    kept = [name for name in store.manifest["tables"] if name in STREAMS or name in KEPT_WHOLE]
    return {name: f"SELECT * FROM {read_literally(store.file(name))} WHERE person IN ({chosen})" for name in kept}


@dataclass(frozen=True)
class _Cut:
    """The rows of each table, and where time stops: the last day of knowledge and the last of happening, if any."""

    rows: Mapping[str, str]
    people: int
    known_by: date | None
    happened_by: date | None

    def table(self, name: str) -> str:
        """The query for the rows of one table as they then read."""
        rows = self.rows[name]
        if name == "people":
            return self._build_people_query(rows)
        if name in KEPT_WHOLE:
            return rows
        if name == "admissions":
            return build_stays_query()
        if name == "diagnoses":
            return build_diagnoses_query(self._filter_diagnoses(rows))
        if self.happened_by is not None:
            rows = self._filter_happened(name, rows, self.happened_by)
        return rows if self.known_by is None else _filter_known(rows, self.known_by)

    def _filter_happened(self, name: str, rows: str, day: date) -> str:
        schema = SCHEMAS[name]
        return f"SELECT * FROM ({_rebuild_versions(schema, rows, day)}) WHERE {schema.event} <= DATE '{day}'"

    def _filter_diagnoses(self, rows: str) -> str:
        """Each diagnosis once, from the day on which it was known; those of spells that are open then are gone."""
        once = build_known_diagnoses_query(rows)
        if self.happened_by:
            once = f"SELECT * FROM ({once}) SEMI JOIN (FROM spells WHERE settle_day IS NOT NULL) USING (spell)"
        return f"SELECT * FROM ({once}) WHERE valid_from <= DATE '{self.known_by}'" if self.known_by else once

    def _build_people_query(self, rows: str) -> str:
        """One row per person of the whole store, in order; of those not asked for nothing but the number."""
        read = build_cut_people(self.known_by, self.happened_by)
        read |= {"valid_from": f"coalesce(valid_from, {ALWAYS})", "valid_to": f"coalesce(valid_to, {FAR})"}
        columns = [f"{read[name]} AS {name}" if name in read else name for name in stored_schema("people").names]
        everybody = f"SELECT range::INTEGER AS person FROM range({self.people})"
        return f"SELECT {', '.join(columns)} FROM ({everybody}) LEFT JOIN ({rows}) USING (person)"


def make_cut_spells(
    connection: duckdb.DuckDBPyConnection,
    spells: pa.Table,
    known_by: date | None = None,
    happened_by: date | None = None,
) -> None:
    """Make `spells` as they then read: what was not known, had not happened or had not ended is not there."""
    gone = [f"admitted_on > DATE '{happened_by}'"] if happened_by else []
    gone += [f"known_from > DATE '{known_by}'"] if known_by else []
    open_ = [f"discharged_on > DATE '{happened_by}'"] if happened_by else []
    open_ += [f"settle_day > DATE '{known_by}'"] if known_by else []
    late = (*late_columns(SCHEMAS["admissions"]), "settle_day")
    unsaid = ", ".join(f"CASE WHEN {_word_any(open_)} THEN NULL ELSE {name} END AS {name}" for name in late)
    connection.register("given_spells", spells)
    connection.execute(
        f"CREATE TABLE spells AS SELECT * REPLACE ({unsaid}) FROM given_spells WHERE NOT {_word_any(gone)}"
    )


def build_cut_people(known_by: date | None = None, happened_by: date | None = None) -> dict[str, str]:
    """SQL of the columns of `people` that time empties: a later death, and a later move to a care home."""
    unseen = dict.fromkeys(("date_of_death", "died_known_on"), _build_death_tests(known_by, happened_by))
    unseen["care_home_from"] = [f"care_home_from > DATE '{day}'" for day in (known_by, happened_by) if day]
    return {name: f"CASE WHEN NOT {_word_any(tests)} THEN {name} END" for name, tests in unseen.items() if tests}


def _build_death_tests(known_by: date | None, happened_by: date | None) -> list[str]:
    """A death is known from the later of its two dates; it happened on its date, or undated when it was told."""
    told, died = "greatest(date_of_death, died_known_on)", "coalesce(date_of_death, died_known_on)"
    cuts = ((told, known_by), (died, happened_by))
    return [f"{when} > DATE '{day}'" for when, day in cuts if day]


def _word_any(tests: Sequence[str]) -> str:
    """SQL: whether one of the tests holds; an unknown one does not."""
    return f"coalesce({' OR '.join(tests) or 'false'}, false)"


def _filter_known(rows: str, day: date) -> str:
    """Versions known by the day; the one that stood on it stands for ever."""
    stands = f"CASE WHEN valid_to > DATE '{day}' THEN {FAR} ELSE valid_to END AS valid_to"
    return f"SELECT * REPLACE ({stands}) FROM ({rows}) WHERE valid_from <= DATE '{day}'"


def _rebuild_versions(schema: TableSchema, rows: str, day: date) -> str:
    """The versions of rows again, as ingest makes them, had what settled after `day` not settled.

    Rows that differ in their late columns alone were known from the same day: the first day of any of their versions.
    """
    if schema.settles is None:
        return rows
    late = late_columns(schema)
    own = [name for name in stored_schema(schema.name).names if name not in (*late, "valid_from", "valid_to")]
    settled = f"coalesce({schema.settles.date} <= DATE '{day}', false)"
    null = ", ".join(f"NULL AS {name}" for name in late)
    return f"""
        WITH first AS (
            SELECT *, min(valid_from) OVER (PARTITION BY {", ".join(own)}) AS known_from FROM ({rows})
        ), last AS (SELECT *, {settled} AS settles FROM first WHERE valid_to = {FAR})
        SELECT * EXCLUDE (known_from, settles) REPLACE ({null}, known_from AS valid_from,
            CASE WHEN settles THEN valid_from ELSE {FAR} END AS valid_to) FROM last
        WHERE NOT settles OR valid_from > known_from
        UNION ALL SELECT * EXCLUDE (known_from, settles) FROM last WHERE settles
    """


def _order_rows(table: str, query: str) -> str:
    """The rows in the order in which ingest stores them: person, event date, then every other column."""
    columns = stored_schema(table).names
    event = STREAMS[table].event if table in STREAMS else None
    first = [column for column in ("person", event) if column in columns]
    order = [*first, *(column for column in columns if column not in first)]
    return f"SELECT {', '.join(columns)} FROM ({query}) ORDER BY {', '.join(order)}"
