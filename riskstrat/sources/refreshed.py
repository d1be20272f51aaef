"""What came of who is kept off lists since the last whole ingest, beside the store, and the store's tables with it.

`refreshed/current.json` is replaced whole by each refresh. A row stays until a whole ingest has data of a later day
than the one on which the row was known, so that no older extract takes back what it says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import SourceError
from riskstrat.storage import EACH, Shape, compute_digest, find_misfit, format_canonical_json, parse_json

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER, CURRENT = "refreshed", "current.json"
FORMAT = 1

DEATHS, DEPARTURES = "deaths", "departures"
"""Who died by a row of people, and who is registered nowhere any more: patient_id and since, which may be empty."""

ROWS_KEPT = ("opt_outs", "caseload", "statuses")
"""Tables whose accepted rows are kept as they came."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    DEATHS: ("patient_id", "since"),
    DEPARTURES: ("patient_id", "since"),
    **{name: tuple(SCHEMAS[name].names) for name in ROWS_KEPT},
}
"""The columns of each table of a refresh, beside `known_on`: the day of the refresh that first had the row."""

RefreshRow = Mapping[str, Any]
"""One row by column, as JSON has it: dates as ISO text."""

_SHAPE: Shape = {
    "format": int,
    "number": int,
    "as_at": str,
    "rows": {name: [{"patient_id": str, "known_on": str}] for name in COLUMNS},
    "tables": {EACH: {"landed": int, "quarantined": int}},
}


@dataclass(frozen=True)
class Refreshed:
    """What refreshes have brought: the number and day of the last, and the rows of all that count, by table."""

    number: int
    as_at: date
    rows: Mapping[str, tuple[RefreshRow, ...]]

    def keep_later(self, data_as_at: date) -> Refreshed:
        """Without the rows that data of a later day have taken over."""
        kept = {
            name: tuple(row for row in rows if date.fromisoformat(row["known_on"]) >= data_as_at)
            for name, rows in self.rows.items()
        }
        return Refreshed(self.number, self.as_at, kept)

    def list_patients(self) -> list[str]:
        """Everybody of whom a row says something, each once, in order."""
        return sorted({str(row["patient_id"]) for rows in self.rows.values() for row in rows})

    @property
    def digest(self) -> str:
        """sha256 of the rows; "" where there are none."""
        rows = {name: list(map(dict, rows)) for name, rows in self.rows.items() if rows}
        return compute_digest(format_canonical_json(rows)) if rows else ""

    def join(self, table: str, stored: pa.Table, persons: Mapping[str, int]) -> pa.Table:
        """A stored table of `ROWS_KEPT` with the rows of it that came since, of people whom the store knows."""
        import pyarrow as pa

        rows = [
            dict(row, person=persons[row["patient_id"]]) for row in self.rows[table] if row["patient_id"] in persons
        ]
        if not rows:
            return stored
        columns = {name: pa.array([row.get(name) for row in rows]) for name in stored.schema.names}
        more = pa.table({name: column.cast(stored.schema.field(name).type) for name, column in columns.items()})
        if table == "caseload":
            stored = _drop_ended(stored, more)
        joined = pa.concat_tables([stored, more])
        return _join_days(joined) if table == "statuses" else joined


def add_rows(
    before: Refreshed | None, rows: Mapping[str, Sequence[RefreshRow]], day: date, data_as_at: date
) -> Refreshed:
    """What refreshes have brought with the rows of one more, known on `day`; a row that came before keeps its day."""
    earlier = before.keep_later(data_as_at).rows if before is not None else {}
    made = {}
    for name, columns in COLUMNS.items():
        known = {_find_key(row, columns): row for row in earlier.get(name, ())}
        for row in rows.get(name, ()):
            known.setdefault(
                _find_key(row, columns), {column: row[column] for column in columns} | {"known_on": f"{day}"}
            )
        made[name] = tuple(known[key] for key in sorted(known))
    return Refreshed(before.number + 1 if before else 1, day, made)


def _find_key(row: RefreshRow, columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in columns)


def _drop_ended(stored: pa.Table, more: pa.Table) -> pa.Table:
    """Without the rows of a caseload of which a later row of the same key says when they ended."""
    import pyarrow.compute as pc

    key = [name for name in SCHEMAS["caseload"].key if name in stored.schema.names]
    ended = more.filter(pc.is_valid(more["to_on"])).select(key)
    return stored.join(ended, keys=key, join_type="left anti").select(stored.schema.names).cast(stored.schema)


def _join_days(statuses: pa.Table) -> pa.Table:
    """One row per person and day: what any of its rows says is so is so."""
    truths = [column.name for column in SCHEMAS["statuses"].columns if column.type == "boolean"]
    keys = [name for name in statuses.schema.names if name not in truths]
    joined = statuses.group_by(keys, use_threads=False).aggregate([(name, "any") for name in truths])
    named = joined.rename_columns([name.removesuffix("_any") for name in joined.schema.names])
    return named.select(statuses.schema.names).sort_by([("person", "ascending"), ("as_at", "ascending")])


def read_refreshed(root: Path) -> Refreshed | None:
    """What refreshes have brought to the workspace at `root`; None where none has run.

    Raises SourceError where it cannot be read: who is kept off lists would be forgotten.
    """
    found = read_current(root)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found["as_at"])
        for rows in found["rows"].values():
            for row in rows:
                date.fromisoformat(row["known_on"])
    except ValueError:
        raise _refuse_damage() from None
    return Refreshed(found["number"], day, {name: tuple(found["rows"][name]) for name in COLUMNS})


def read_current(root: Path) -> dict[str, Any] | None:
    """The whole of `refreshed/current.json`; None where none stands. Raises SourceError as `read_refreshed` does."""
    try:
        found = parse_json((root / FOLDER / CURRENT).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise _refuse_damage() from None
    if isinstance(found.get("format"), int) and found["format"] > FORMAT:
        raise SourceError(f"{FOLDER}/{CURRENT} was written by a later riskstrat; upgrade this one")
    if find_misfit(found, _SHAPE):
        raise _refuse_damage()
    return found


def describe_refresh(refreshed: Refreshed, tables: Mapping[str, Mapping[str, object]]) -> dict[str, Any]:
    """What `refreshed/current.json` says of a refresh. tables: by table that came `landed`, `quarantined`, `rules`."""
    return {
        "format": FORMAT,
        "number": refreshed.number,
        "as_at": refreshed.as_at.isoformat(),
        "rows": {name: list(map(dict, rows)) for name, rows in refreshed.rows.items()},
        "tables": {name: dict(table) for name, table in tables.items()},
    }


def locate_refreshed(root: Path) -> Path:
    """Where `refreshed/current.json` stands."""
    return root / FOLDER / CURRENT


def _refuse_damage() -> SourceError:
    return SourceError(
        f"{FOLDER}/{CURRENT} cannot be read, and without it people would be listed again who are kept off since; "
        "restore it from a backup, or ingest a whole source of a day after the last refresh and move it away"
    )
