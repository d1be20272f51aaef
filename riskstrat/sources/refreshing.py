"""A partial landing: new rows of the tables that keep people off lists, judged by ingest's rules beside its people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources import quarantine, staging
from riskstrat.sources.adapting import land
from riskstrat.sources.connecting import connect_in_memory, list_readable, require_basis, stage_table
from riskstrat.sources.dressed import SAME_BUT_FOR_DRESS
from riskstrat.sources.landing import Landed, land_parquet
from riskstrat.sources.mapping import SourceMapping
from riskstrat.sources.refreshed import DEATHS, DEPARTURES, ROWS_KEPT, RefreshRow
from riskstrat.sources.store import Store
from riskstrat.sources.validation import DUPLICATE, END_NOT_READ
from riskstrat.storage import name_beside, remove_folder

REFRESHED = ("people", "registrations", "opt_outs", "caseload", "statuses")
"""The tables that are read: of people the deaths, of registrations who left."""

_STORED = "stored_{}"
"""Name under which a table of the store is landed beside the one that came."""


@dataclass(frozen=True)
class RefreshedTable:
    """What became of the rows of one table. `landed` = `accepted` + `quarantined`; `rules` counts those by rule."""

    landed: int
    accepted: int
    quarantined: int
    rules: Mapping[str, int]


@dataclass(frozen=True)
class LandedRefresh:
    """What one partial landing says of whom: rows by `refreshed.COLUMNS`, counts by table, and sentences."""

    rows: Mapping[str, tuple[RefreshRow, ...]]
    tables: Mapping[str, RefreshedTable]
    notes: tuple[str, ...]


def land_refresh(
    mapping: SourceMapping,
    store: Store,
    settings: Settings,
    day: date,
    *,
    legal_basis: Mapping[str, str] | None = None,
    leave_out: Collection[str] = (),
) -> LandedRefresh:
    """The rows of `REFRESHED` in a source, as on `day`, of people whom the store knows.

    They are staged and judged as ingest does, with its refusals: raises SourceError for a source that holds none of
    the tables, a row that would take nobody out, too many quarantined rows, or a table without a legal basis.
    """
    if not store.comparable_dates:
        raise SourceError(
            "the dates of this source are shifted from person to person, so none of it is of today; ingest it whole"
        )
    # Beside the store's folders, as ingest's own spills, which the next opening clears.
    spill = name_beside(store.folder, "spill")
    connection = connect_in_memory([store.folder, *list_readable(mapping.location)], spill)
    try:
        with land(connection, mapping, settings.data.quarantine_limit, only=REFRESHED) as landing:
            if not landing.tables:
                raise SourceError(f"{mapping.place} holds none of {', '.join(REFRESHED)}; land at least one of them")
            require_basis(landing, legal_basis)
            run = _RefreshRun(connection, store, settings, day)
            return run.judge({name: landing.tables[name] for name in REFRESHED if name in landing.tables}, leave_out)
    finally:
        connection.close()
        remove_folder(spill)


class _RefreshRun:
    """One partial landing: the tables that came, each judged beside the people of the store."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, store: Store, settings: Settings, day: date) -> None:
        self.connection, self.store, self.settings, self.day = connection, store, settings, day
        self.tables: dict[str, RefreshedTable] = {}

    def judge(self, landed: dict[str, Landed], leave_out: Collection[str]) -> LandedRefresh:
        """Stage and judge: people first, by themselves; then everything else by the people of the store."""
        rows: dict[str, tuple[RefreshRow, ...]] = {}
        people = landed.pop("people", None)
        if people is not None:
            self._judge_tables({"people": people}, leave_out)
            self._set_deaths_apart()
        self._judge_tables({"people": self._land_stored("people")} | landed, leave_out)
        if people is not None:
            rows[DEATHS] = self._find_deaths(self.tables["people"].landed)
        if "registrations" in landed:
            rows[DEPARTURES] = self._find_departures()
        rows |= {name: self._read_rows(name) for name in ROWS_KEPT if name in landed}
        return LandedRefresh(rows, self.tables, tuple(quarantine.report_ahead(self.connection, landed, self.day)))

    def _land_stored(self, table: str) -> Landed:
        landed = land_parquet(self.connection, _STORED.format(table), [self.store.file(table)])
        return replace(landed, name=table)

    def _judge_tables(self, tables: dict[str, Landed], leave_out: Collection[str]) -> None:
        for landed in tables.values():
            stage_table(self.connection, landed)
        staging.check_strangers(self.connection, [name for name in tables if name != "people"])
        lags = self.settings.data.lag_days
        quarantine.judge(self.connection, tables, self.day, comparable_dates=True, lags=lags)
        for name, landed in tables.items():
            if SCHEMAS[name].must_have_effect and name not in leave_out:
                quarantine.require_effect(self.connection, name)
                quarantine.require_known(self.connection, name)
            if not landed.relation.startswith("landed_stored_"):
                self._count_table(name, landed)

    def _count_table(self, name: str, landed: Landed) -> None:
        count = self._ask(f"SELECT count(*) FROM clean_{name}")[0][0] + len(landed.unreadable)
        behind = landed.made_of or (name, count)
        quarantine.check_limit(self.connection, name, behind, self.settings.data.quarantine_limit, self.day)
        rules = dict(self._ask(f"SELECT rule, count(*) FROM fault_{name} GROUP BY 1 ORDER BY 1"))
        quarantined = sum(rules.values())
        self.tables[name] = RefreshedTable(count, count - quarantined, quarantined, rules)

    def _set_deaths_apart(self) -> None:
        """Make `deaths` of the rows of people that record one, faulty or not, and clear the way for the store's."""
        self.connection.execute(
            "CREATE TABLE deaths AS SELECT patient_id, date_of_birth, sex, reduced, breaks, "
            "coalesce(date_of_death, died_known_on) AS died_on FROM clean_people WHERE says_death"
        )
        self.connection.execute("DROP VIEW accepted_people")
        for table in ("clean_people", "persons", "texts_people", "fault_people"):
            self.connection.execute(f"DROP TABLE {table}")

    def _find_deaths(self, landed: int) -> tuple[RefreshRow, ...]:
        """One row per person of the store of whom a row records a death, whatever else is wrong with that row."""
        same = f"d.date_of_birth = p.date_of_birth AND d.sex = p.sex AND {SAME_BUT_FOR_DRESS.format('d', 'p')}"
        found = self._ask(
            "SELECT p.patient_id, min(d.died_on) FROM clean_people p "
            f"JOIN deaths d ON d.patient_id = p.patient_id OR ({same}) GROUP BY 1 ORDER BY 1"
        )
        ((told,),) = self._ask("SELECT count(*) FROM deaths")
        if told >= quarantine.FEWEST_STRANGERS and not found:
            raise SourceError(
                f"none of the {told:,} deaths in {landed:,} rows of people is of anybody in the data, so nobody would "
                "be taken out; land it with the pseudonyms of the last whole ingest"
            )
        return tuple(
            {"patient_id": patient, "since": _write(min(died_on, self.day) if died_on else None)}
            for patient, died_on in found
        )

    def _find_departures(self) -> tuple[RefreshRow, ...]:
        """One row per person who is registered nowhere any more: by a row that ends, or whose end cannot be read, the
        open registrations that it may be about are over, and no other stands open."""
        found = self._ask(
            f"""
            WITH told AS (
                SELECT c.person_row, c.practice, c.registered_to, f.rule = $unread AS unread
                FROM clean_registrations c LEFT JOIN fault_registrations f USING (landed_row)
                WHERE c.person_row IS NOT NULL AND f.rule IS DISTINCT FROM $duplicate
            ), ended AS (SELECT * FROM told WHERE registered_to <= $day OR unread),
            stored AS ({self._build_open_query()}),
            still AS (
                SELECT person_row FROM stored o WHERE NOT EXISTS (
                    FROM ended e WHERE e.person_row = o.person_row AND (e.practice IS NULL OR e.practice = o.practice)
                    AND (e.registered_to IS NULL OR o.registered_from <= e.registered_to)
                ) UNION ALL
                SELECT person_row FROM accepted_registrations
                WHERE registered_from <= $day AND (registered_to IS NULL OR registered_to > $day)
            )
            SELECT p.patient_id, max(e.registered_to) FROM ended e JOIN accepted_people p ON p.landed_row = e.person_row
            WHERE e.person_row NOT IN (SELECT person_row FROM still) GROUP BY 1 ORDER BY 1
            """,
            {"unread": END_NOT_READ, "duplicate": DUPLICATE, "day": self.day},
        )
        return tuple({"patient_id": patient, "since": _write(ended_on)} for patient, ended_on in found)

    def _build_open_query(self) -> str:
        """SQL: the registrations of the store that are open on the day, as known by then."""
        if "registrations" not in self.store.manifest["tables"]:
            return "SELECT 0 AS person_row, NULL AS practice, NULL AS registered_from WHERE false"
        stored = self._land_stored("registrations")
        return (
            "SELECT p.landed_row AS person_row, r.practice, r.registered_from "
            f"FROM {stored.relation} r JOIN landed_stored_people p USING (person) "
            "WHERE r.valid_from <= $day AND r.valid_to > $day AND r.registered_from <= $day "
            "AND (r.registered_to IS NULL OR r.registered_to > $day)"
        )

    def _read_rows(self, table: str) -> tuple[RefreshRow, ...]:
        """The accepted rows of a table that is kept as it came, by person and then every column."""
        columns = [column.name for column in SCHEMAS[table].columns if column.name != "patient_id"]
        listed = ", ".join(f"a.{column}" for column in columns)
        found = self._ask(
            f"SELECT p.patient_id, {listed} FROM accepted_{table} a "
            f"JOIN accepted_people p ON p.landed_row = a.person_row ORDER BY ALL"
        )
        return tuple(dict(zip(("patient_id", *columns), map(_write, row), strict=True)) for row in found)

    def _ask(self, query: str, given: object = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, given).fetchall()


def _write(value: object) -> Any:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, date) else value
