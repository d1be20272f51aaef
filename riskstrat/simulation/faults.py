"""Faults put into the tables on purpose, with a ledger of each, so that validation can be scored.

The ledger has one row per fault: table, row (number of the row in the landed file, from 1) and the fault, named as the
rule that should catch it. `null date` marks dates that stand for "no date": they are to be read as null, not refused.
Rows that merely follow a faulty person or spell are not in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskstrat.definitions.placeholders import NULL_DATES
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import TableSchema

BEFORE_ANYBODY = date(1880, 3, 4)
"""Before the birth of everybody, and no date that means none."""

LEDGER = pa.schema([("table", pa.string()), ("row", pa.int64()), ("fault", pa.string())])
UNTOUCHED = frozenset({"areas"})
UNKNOWN_CODES = {
    "people": ("sex", "Q"),
    "registrations": ("practice", "PRACTICE?"),
    "admissions": ("method", "2Z"),
    "diagnoses": ("code", "??"),
    "conditions": ("code", "9"),
    "social_care": ("service", "gardening"),
    "opt_outs": ("kind", "verbal"),
}
"""Table to a column and a value that is none of the allowed ones."""

Fault = Callable[["FaultInjector", TableSchema, pa.Table, np.ndarray], pa.Table]


class FaultInjector:
    """Soils each batch of rows on its way to the files, and keeps the ledger."""

    def __init__(self, seed: int, share: float, until: date) -> None:
        self.rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, 2**31])))
        self.share, self.until = share, until
        self._rows: dict[tuple[str, str], list[np.ndarray]] = {}
        """By table and fault, so that a fault costs the memory of one number."""

    def soil(self, name: str, batch: pa.Table, first: int) -> pa.Table:
        """`batch` with faults; its first row is row `first` of the file. Duplicates are added at the end."""
        if name in UNTOUCHED or not self.share:
            return batch
        schema = SCHEMAS[name]
        rows = np.flatnonzero(self.rng.random(batch.num_rows) < self.share)
        options = self._list_faults(schema, batch)
        chosen = self._choose(options, rows)
        for number, (fault, _, inject) in enumerate(options):
            hit = rows[chosen == number]
            if not len(hit):
                continue
            before = batch.num_rows
            batch = inject(self, schema, batch, hit)
            where = np.arange(before, batch.num_rows) if batch.num_rows > before else hit
            self._record_fault(name, where + first, fault)
        return batch

    def _choose(self, options: list[tuple[str, np.ndarray, Fault]], rows: np.ndarray) -> np.ndarray:
        """One option per row; where that one cannot be, one of those that always can."""
        always = np.array([number for number, (_, allowed, _) in enumerate(options) if allowed.all()])
        chosen = self.rng.integers(0, len(options), len(rows))
        can = np.array([allowed[rows] for _, allowed, _ in options]).reshape(len(options), len(rows))
        return np.where(can[chosen, np.arange(len(rows))], chosen, self.rng.choice(always, len(rows)))

    def _list_faults(self, schema: TableSchema, batch: pa.Table) -> list[tuple[str, np.ndarray, Fault]]:
        anyone = np.ones(batch.num_rows, dtype=bool)
        options: list[tuple[str, np.ndarray, Fault]] = []
        if schema.name == "people":
            options.append(("implausible age", anyone, _set_implausible_birth))
            options.append(("null date", _is_empty(batch, "care_home_from"), _set_null_date))
        else:
            options.append(("unknown person", anyone, _set_unknown_person))
        if schema.key:
            options.append(("duplicate", anyone, _copy_rows))
        if schema.name in UNKNOWN_CODES:
            options.append(("unknown code", anyone, _set_unknown_code))
        if schema.name == "measurements":
            options.append(
                (
                    "implausible value",
                    np.asarray(pc.equal(batch["measure"].cast(pa.string()), "bmi")),
                    _set_implausible_bmi,
                )
            )
        if schema.event in schema.names:
            options += self._list_date_faults(schema, batch, anyone)
        return options

    def _list_date_faults(
        self, schema: TableSchema, batch: pa.Table, anyone: np.ndarray
    ) -> list[tuple[str, np.ndarray, Fault]]:
        options: list[tuple[str, np.ndarray, Fault]] = [
            ("event before birth", anyone, _set_date_before_birth),
            ("event after the extract", anyone, _set_date_after_extract),
        ]
        if schema.settles:
            ended = ~_is_empty(batch, schema.settles.date)
            options.append(("ends before it starts", ended, _set_end_before_start))
            options.append(("null date", ~ended, _set_null_date))
        return options

    def _record_fault(self, table: str, rows: np.ndarray, fault: str) -> None:
        self._rows.setdefault((table, fault), []).append(rows.astype(np.int64))

    def write(self, path: Path) -> None:
        """The ledger as Parquet, ordered by table and row."""
        with pq.ParquetWriter(path, LEDGER) as writer:
            for table in sorted({table for table, _ in self._rows}):
                faults = [fault for named, fault in self._rows if named == table]
                found = [np.concatenate(self._rows[table, fault]) for fault in faults]
                rows = np.concatenate(found)
                order = np.argsort(rows, kind="stable")
                which = np.repeat(np.arange(len(faults)), [len(each) for each in found])[order]
                said = pa.array(np.array(faults)[which])
                writer.write_table(pa.table([pa.repeat(table, len(rows)), rows[order], said], schema=LEDGER))


def replaced(batch: pa.Table, column: str, rows: np.ndarray, values: list[Any]) -> pa.Table:
    """`batch` with other values of a column in `rows`."""
    at = batch.schema.get_field_index(column)
    kind = batch.schema.field(at).type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    mask = np.zeros(batch.num_rows, dtype=bool)
    mask[rows] = True
    whole = batch.column(at).combine_chunks().cast(plain)
    changed = pc.replace_with_mask(whole, pa.array(mask), pa.array(values, plain))
    coded = changed.dictionary_encode() if plain is not kind else changed
    return batch.set_column(at, batch.schema.field(at), coded)


def _is_empty(batch: pa.Table, column: str) -> np.ndarray:
    return np.asarray(pc.is_null(batch[column]))


def _get_event_column(schema: TableSchema) -> str:
    assert schema.event is not None
    return schema.event


def _set_implausible_birth(injector: FaultInjector, schema: TableSchema, batch: pa.Table, rows: np.ndarray) -> pa.Table:
    return replaced(batch, "date_of_birth", rows, [date(1886, 5, 1)] * len(rows))


def _set_null_date(injector: FaultInjector, schema: TableSchema, batch: pa.Table, rows: np.ndarray) -> pa.Table:
    column = schema.settles.date if schema.settles else "care_home_from"
    stands = [date.fromisoformat(NULL_DATES[i]) for i in injector.rng.integers(0, 2, len(rows))]
    return replaced(batch, column, rows, stands)


def _set_unknown_person(injector: FaultInjector, schema: TableSchema, batch: pa.Table, rows: np.ndarray) -> pa.Table:
    return replaced(
        batch, "patient_id", rows, [f"NOBODY{number:010d}" for number in injector.rng.integers(0, 10**9, len(rows))]
    )


def _copy_rows(injector: FaultInjector, schema: TableSchema, batch: pa.Table, rows: np.ndarray) -> pa.Table:
    return pa.concat_tables([batch, batch.take(pa.array(rows))])


def _set_unknown_code(injector: FaultInjector, schema: TableSchema, batch: pa.Table, rows: np.ndarray) -> pa.Table:
    column, value = UNKNOWN_CODES[schema.name]
    return replaced(batch, column, rows, [value] * len(rows))


def _set_implausible_bmi(injector: FaultInjector, schema: TableSchema, batch: pa.Table, rows: np.ndarray) -> pa.Table:
    return replaced(batch, "value", rows, [640.0] * len(rows))


def _set_date_before_birth(injector: FaultInjector, schema: TableSchema, batch: pa.Table, rows: np.ndarray) -> pa.Table:
    return replaced(batch, _get_event_column(schema), rows, [BEFORE_ANYBODY] * len(rows))


def _set_date_after_extract(
    injector: FaultInjector, schema: TableSchema, batch: pa.Table, rows: np.ndarray
) -> pa.Table:
    """A year mistyped; the end of a stay moves along, so that only this rule is broken."""
    late = [injector.until + timedelta(days=int(days)) for days in injector.rng.integers(2, 400, len(rows))]
    batch = replaced(batch, _get_event_column(schema), rows, late)
    return replaced(batch, schema.settles.date, rows, [None] * len(rows)) if schema.settles else batch


def _set_end_before_start(injector: FaultInjector, schema: TableSchema, batch: pa.Table, rows: np.ndarray) -> pa.Table:
    assert schema.settles is not None
    began = batch[_get_event_column(schema)].take(pa.array(rows)).to_pylist()
    return replaced(batch, schema.settles.date, rows, [day - timedelta(days=3) for day in began])
