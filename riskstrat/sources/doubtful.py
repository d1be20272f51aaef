"""What quarantined rows and unreadable cells still say of who is kept off lists, and of whom a cohort cannot tell.

No feature reads them, and no page says what they hold. A row may keep somebody off lists, and then it must not lose
that with its fault; whether it does is decided long after ingest, by the codelists and teams of the site.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.definitions.placeholders import POSSIBLE
from riskstrat.definitions.schemas import CARE_HOMES
from riskstrat.definitions.schemas import SCHEMAS as LANDED
from riskstrat.sources.landing import Landed
from riskstrat.sources.staging import list_odd
from riskstrat.sources.store import Store
from riskstrat.sources.validation import EVENT_BEFORE_BIRTH, HARMLESS, SPELL_USED_AGAIN

CONDITIONS, STAYS, HOMES = "doubtful_conditions", "doubtful_stays", "doubtful_homes"
PLANS, CIRCUMSTANCES = "doubtful_plans", "doubtful_circumstances"
"""The stored tables: quarantined codes, quarantined spells, rows that may say that somebody lives in a care home,
quarantined care plans, and rows of circumstances, where a circumstance is true if what the row says of it is not known.

Each has one row per such row, with what of it could be read; a date outside what is possible, or an event before the
person's birth, could not.
"""


def _make_schema(*columns: tuple[str, pa.DataType], dates: Collection[str]) -> pa.Schema:
    return pa.schema([("person", pa.int32()), *columns, *((name, pa.date32()) for name in dates)])


SCHEMAS: Mapping[str, pa.Schema] = {
    CONDITIONS: _make_schema(
        ("system", pa.string()), ("code", pa.string()), dates=("recorded_on", "ended_on", "known_on")
    ),
    STAYS: _make_schema(
        *((name, pa.string()) for name in ("patient_class", "discharge_method", "destination")),
        dates=("admitted_on", "discharged_on", "known_on", "settled_known_on"),
    ),
    HOMES: _make_schema(dates=("started_on", "ended_on", "known_on")),
    PLANS: _make_schema(("kind", pa.string()), dates=("made_on", "ended_on")),
    CIRCUMSTANCES: _make_schema(("housebound", pa.bool_()), ("carer", pa.bool_()), dates=("recorded_on",)),
}

_HARMLESS = ", ".join(f"'{rule}'" for rule in HARMLESS)

_SAME_SPELL_DAYS = 31
"""Days within which two rows of one spell_id of one person are of one spell."""


def build_doubtful_queries(tables: Mapping[str, Landed], as_at: date) -> dict[str, str]:
    """SQL of the rows of each stored table, in their order, once every table is judged and people are numbered."""
    parts = {
        CONDITIONS: [_select_faulty("conditions", CONDITIONS, "code IS NOT NULL")] if "conditions" in tables else [],
        STAYS: [_select_faulty("admissions", STAYS, _build_open_test())] if "admissions" in tables else [],
        HOMES: list(_select_homes(tables, as_at)),
        PLANS: [_select_faulty("care_plans", PLANS, "true")] if "care_plans" in tables else [],
        CIRCUMSTANCES: [_select_circumstances(tables["circumstances"])] if "circumstances" in tables else [],
    }
    return {name: f"{' UNION ALL '.join(some)} ORDER BY ALL" for name, some in parts.items() if some}


def _select_faulty(table: str, stored: str, says: str) -> str:
    """The quarantined rows of a table that still name a person who can be listed, and say something."""
    columns = _list_columns(stored, LANDED[table].event)
    return (
        f"SELECT {columns} FROM clean_{table} c JOIN fault_{table} USING (landed_row) "
        f"JOIN numbered USING (person_row) WHERE rule NOT IN ({_HARMLESS}) AND {says}"
    )


def _select_circumstances(landed: Landed) -> str:
    """The rows that say something of a circumstance in a cell that cannot be read, or in a quarantined row."""
    odd = list_odd(landed)
    unread = {
        name: f"({f'odd_{name} OR ' if name in odd else ''}(rule IS NOT NULL AND {name} IS NOT NULL))"
        for name in ("housebound", "carer")
    }
    said = ", ".join(f"{test} AS {name}" for name, test in unread.items())
    day = f"CASE WHEN recorded_on BETWEEN DATE '{POSSIBLE[0]}' AND DATE '{POSSIBLE[1]}' THEN recorded_on END"
    return (
        f"SELECT person, {said}, {day} AS recorded_on FROM clean_circumstances "
        "LEFT JOIN fault_circumstances USING (landed_row) JOIN numbered USING (person_row) "
        f"WHERE coalesce(rule NOT IN ({_HARMLESS}), true) AND ({' OR '.join(unread.values())})"
    )


def _list_columns(stored: str, event: str | None) -> str:
    columns = []
    for field in SCHEMAS[stored]:
        test = f"{field.name} BETWEEN DATE '{POSSIBLE[0]}' AND DATE '{POSSIBLE[1]}'"
        test += f" AND rule <> '{EVENT_BEFORE_BIRTH}'" if field.name == event else ""
        read = f"CASE WHEN {test} THEN {field.name} END AS {field.name}"
        columns.append(read if field.type == pa.date32() else field.name)
    return ", ".join(columns)


def _build_open_test() -> str:
    """Whether no accepted row is of the same spell, which would say how it went on."""
    same = f"a.spell_id = c.spell_id AND coalesce(abs(a.admitted_on - c.admitted_on) <= {_SAME_SPELL_DAYS}, true)"
    return (
        f"(rule = '{SPELL_USED_AGAIN}' OR NOT EXISTS "
        f"(FROM accepted_admissions a WHERE a.person_row = c.person_row AND {same}))"
    )


def _select_homes(tables: Mapping[str, Landed], as_at: date) -> Iterator[str]:
    """A date in people that cannot be read or is to come, and quarantined rows of places in a care home."""
    if "care_home_from" in tables["people"].columns:
        yield (
            "SELECT person, NULL::DATE AS started_on, NULL::DATE AS ended_on, "
            f"CASE WHEN NOT odd_care_home_from THEN DATE '{as_at}' END AS known_on "
            "FROM clean_people JOIN numbered ON person_row = landed_row "
            f"WHERE odd_care_home_from OR care_home_from > DATE '{as_at}'"
        )
    if "social_care" in tables:
        homes = ", ".join(f"'{service}'" for service in CARE_HOMES)
        yield _select_faulty("social_care", HOMES, f"service IN ({homes})")


_SAID: Mapping[str, str] = {
    STAYS: "admissions: {n} of a stay that may not have ended {verb} quarantined; whoever could still be in hospital "
    "is not listed",
    HOMES: "people.care_home_from and social_care: {n} of a place in a care home cannot be read, or {verb} to come; "
    "whoever is meant counts as living there",
}
"""What is said of each table; what a quarantined condition says is for the site's codelists, and not known here."""


def report_doubtful(connection: duckdb.DuckDBPyConnection, queries: Mapping[str, str], as_at: date) -> Iterator[str]:
    """A sentence for each table with rows that may keep people off lists though they cannot be read whole.

    Counted are those that hold on the day of the extract, as `select_holding` has it.
    """
    for name, sentence in _SAID.items():
        began, ended = ("admitted_on", "discharged_on") if name == STAYS else ("started_on", "ended_on")
        over = f"{ended} <= DATE '{as_at}' AND coalesce({ended} >= {began}, true)"
        query = f"SELECT count(*) FROM ({queries[name]}) WHERE ({over}) IS NOT TRUE" if name in queries else "SELECT 0"
        (count,) = connection.execute(query).fetchone() or (0,)
        if count:
            plural = count > 1
            yield sentence.format(n=f"{count:,} row{'s' * plural}", verb="are" if plural else "is")


def read_doubtful(store: Store, name: str) -> pd.DataFrame:
    """The rows of a table as stored; none of a store that an earlier version ingested, which kept none.

    A column that an earlier version did not keep is empty.
    """
    file = store.folder / "tables" / f"{name}.parquet"
    table = pq.read_table(file) if file.is_file() else SCHEMAS[name].empty_table()
    rows = table.to_pandas(date_as_object=False).reindex(columns=SCHEMAS[name].names)
    days = [field.name for field in SCHEMAS[name] if field.type == pa.date32() and field.name not in table.column_names]
    return rows.astype(dict.fromkeys(days, "datetime64[s]"))


def select_holding(rows: pd.DataFrame, at: date, data_as_at: date, began: str, ended: str) -> pd.DataFrame:
    """The rows that hold on a day: from ever, unless a list of the past could not know, until an end that is past.

    began, ended: columns of the beginning and the end. An end before the beginning is none.
    """
    now, last = pd.Timestamp(at), pd.Timestamp(data_as_at)
    later = [(rows[day] > now) & (rows[day] <= last) for day in (began, "known_on")]
    over = (rows[ended] <= now) & ~(rows[ended] < rows[began])
    return rows[~(later[0] | later[1] | over)]
