"""Continuous stays as DuckDB tables: each version of a stay, and the stay that each spell belonged to.

A person who is moved lies in one stay. What that stay was is known only as far as its spells and their ends were, so
it has versions as any row has.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskstrat.definitions.continuous_stays import STAY_RULES, ContinuousStays, StayRule
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.sources.tables import SPELL_COLUMNS, STREAMS
from riskstrat.sources.writing import ARROW_TYPES

SPELLS = pa.schema(
    [
        *((column.name, ARROW_TYPES[column.type]) for column in SCHEMAS["admissions"].columns),
        *((name, pa.int32()) for name in ("person", "spell", "stay")),
        *((name, pa.date32()) for name in ("known_from", "settle_day")),
    ]
)
"""The stored table `spells`, one row per spell: as it reads in the end, the first spell of the stay that it is in then,
the day from which it was known, and that from which its end was, null where it has none."""


class StayTables(NamedTuple):
    """stays: one row per version of a stay, by numbers of spells: first_spell, last_spell, first_settled, last_settled,
    ended_by (null while it runs), valid_from, valid_to. members: one row per spell and period: spell, stay,
    valid_from, valid_to."""

    stays: pa.Table
    members: pa.Table


def join_spells(spells: pa.Table, rule_name: ContinuousStays) -> StayTables:
    """The continuous stays of spells by a rule, as they were known.

    spells: one row per spell by person, admitted_on and spell: these, discharged_on, known_from, settle_day (null while
    it has not come), method, source, patient_class and destination.
    """
    # Importing the kernel compiles it, and most commands need no stays.
    from riskstrat.sources import stay_kernel as kernel

    rule = STAY_RULES[rule_name]
    marked = _mark_spells(spells, rule)
    person = spells["person"].to_numpy()
    start = np.append(np.flatnonzero(np.diff(person, prepend=-1)), len(person)).astype(np.int64)
    room = 4 * len(marked) + 16
    while True:
        state = np.zeros(len(marked), kernel.STATE)
        for name in ("stay", "last", "whole_first", "whole_stay"):
            state[name] = -1
        rows, members = np.empty((room, len(kernel.ROW)), np.int32), np.empty((room, len(kernel.MEMBER)), np.int32)
        used, order = np.zeros(2, np.int64), np.arange(len(marked))
        kernel.tell_stays(start, marked, rule.days, state, order, rows, members, used)
        if used.max() <= room:
            break
        room = int(used.max())
    number = spells["spell"].to_numpy()
    return StayTables(_build_stays_table(rows[: used[0]], number), _build_members_table(members[: used[1]], number))


def _mark_spells(spells: pa.Table, rule: StayRule) -> npt.NDArray[np.void]:
    """The spells as the kernel reads them."""
    from riskstrat.sources.stay_kernel import SPELL

    made = np.zeros(spells.num_rows, SPELL)
    for name, column in {
        "admitted": "admitted_on",
        "discharged": "discharged_on",
        "known": "known_from",
        "settled": "settle_day",
    }.items():
        made[name] = _read_days(spells[column])
    day = spells["person"].to_numpy().astype(np.int64) * 10_000_000 + made["admitted"]
    made["same_first"] = np.searchsorted(day, day, "left")
    made["same_last"] = np.searchsorted(day, day, "right") - 1
    made["comes"] = _is_one_of(spells["source"], rule.sources) | _is_one_of(spells["method"], rule.methods)
    made["leaves"] = _is_one_of(spells["destination"], rule.destinations)
    made["apart"] = _is_one_of(spells["patient_class"], rule.apart)
    if rule.home_source_method:
        home, source, method = rule.home_source_method
        made["home"] = _is_one_of(spells["destination"], (home,))
        made["anew"] = _is_one_of(spells["source"], (source,)) & _is_one_of(spells["method"], (method,))
    return made


def _read_days(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    from riskstrat.sources.stay_kernel import FOREVER

    return column.combine_chunks().cast(pa.int32()).fill_null(FOREVER).to_numpy()


def _is_one_of(column: pa.ChunkedArray, codes: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    import pyarrow.compute as pc

    return pc.is_in(column, value_set=pa.array(codes, pa.string())).to_numpy()


def _build_stays_table(rows: npt.NDArray[np.int32], number: npt.NDArray[Any]) -> pa.Table:
    first, last, first_settled, last_settled, ended_by, valid_from, valid_to = rows.T
    from riskstrat.sources.stay_kernel import FOREVER

    return pa.table(
        {
            "first_spell": number[first],
            "last_spell": number[last],
            "first_settled": first_settled.astype(bool),
            "last_settled": last_settled.astype(bool),
            "ended_by": pa.array(ended_by, pa.int32(), mask=ended_by == FOREVER).cast(pa.date32()),
            "valid_from": pa.array(valid_from, pa.int32()).cast(pa.date32()),
            "valid_to": pa.array(valid_to, pa.int32()).cast(pa.date32()),
        }
    )


def _build_members_table(rows: npt.NDArray[np.int32], number: npt.NDArray[Any]) -> pa.Table:
    spell, stay, valid_from, valid_to = rows.T
    return pa.table(
        {
            "spell": number[spell],
            "stay": number[stay],
            "valid_from": pa.array(valid_from, pa.int32()).cast(pa.date32()),
            "valid_to": pa.array(valid_to, pa.int32()).cast(pa.date32()),
        }
    )


def make_stays(connection: duckdb.DuckDBPyConnection, rule: ContinuousStays) -> None:
    """Make `told_stays` and `stay_members` as `StayTables` has them, from `spells`."""
    columns = "person, spell, admitted_on, discharged_on, known_from, settle_day, method, source, patient_class"
    query = f"SELECT {columns}, destination FROM spells ORDER BY person, admitted_on, spell"
    made = join_spells(connection.execute(query).to_arrow_table(), rule)
    for name, table in (("told_stays", made.stays), ("stay_members", made.members)):
        connection.register(f"given_{name}", table)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given_{name}")
        connection.unregister(f"given_{name}")


def report_joined(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """A sentence on how many spells continue another, where any do."""
    row = connection.execute(f"SELECT count(*) FROM ({build_spells_query()}) WHERE stay <> spell").fetchone()
    joined = row[0] if row else 0
    if not joined:
        return ()
    said = "1 spell continues another and is" if joined == 1 else f"{joined:,} spells continue another and are"
    return (f"admissions: {said} counted as one stay with it",)


def build_spells_query() -> str:
    """The rows of the stored table `spells`, in their order."""
    columns = ", ".join(f"m.{name}" if name == "stay" else f"s.{name}" for name in SPELLS.names)
    return (
        f"SELECT {columns} FROM spells s JOIN (SELECT spell, arg_max(stay, valid_from) FILTER (valid_from < valid_to) "
        "AS stay FROM stay_members GROUP BY spell) m USING (spell) ORDER BY s.spell"
    )


def build_known_diagnoses_query(rows: str) -> str:
    """Rows of the stream `diagnoses`, each once with the day from which it was known, to be given their stays anew."""
    periods = ("stay", "valid_from", "valid_to")
    columns = [name for name in STREAMS["diagnoses"].table.columns if name not in periods]
    return f"SELECT {', '.join(columns)}, min(valid_from) AS valid_from FROM ({rows}) GROUP BY ALL"


def build_diagnoses_query(rows: str) -> str:
    """Diagnoses with the stay of their spell, from `rows` with the day from which each was known as valid_from.

    A row lasts as long as its spell was known to be in that stay.
    """
    return f"""
        SELECT * FROM (
            SELECT r.* REPLACE (greatest(r.valid_from, m.valid_from) AS valid_from), m.stay, m.valid_to
            FROM ({rows}) r JOIN stay_members m USING (spell)
        ) WHERE valid_from < valid_to OR valid_to = DATE '9999-12-31'
    """


def build_stays_query() -> str:
    """The rows of the stream `admissions` from `told_stays` and `spells`.

    How somebody came is the first spell's to tell, how they left the last's.
    """
    settles = SCHEMAS["admissions"].settles
    assert settles is not None
    ending = {*settles.columns, settles.known} - set(SPELL_COLUMNS)
    told = {name: f"CASE WHEN t.last_settled THEN l.{name} END AS {name}" for name in ending}
    told |= {
        name: f"CASE WHEN t.first_settled THEN f.{name} END AS {name}" for name in settles.columns if name not in ending
    }
    told |= {name: f"t.{name}" for name in ("last_spell", "ended_by", "valid_from", "valid_to")}
    told["last_admitted_on"] = "l.admitted_on AS last_admitted_on"
    columns = [told.get(name, f"f.{name}") for name in STREAMS["admissions"].table.columns]
    return (
        f"SELECT {', '.join(columns)} FROM told_stays t "
        "JOIN spells f ON f.spell = t.first_spell JOIN spells l ON l.spell = t.last_spell"
    )
