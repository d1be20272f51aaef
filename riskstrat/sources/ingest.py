"""Ingest: landed tables in, a store of accepted rows and a list of quarantined ones out, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources import coverage, doubtful, quarantine, staging, versions
from riskstrat.sources.adapting import land
from riskstrat.sources.cleaning import list_converted
from riskstrat.sources.codes import CodesTable, KnownCodes, compare_with_before, describe_codes, require_understood
from riskstrat.sources.connecting import connect_beside, remove_work, require_basis, stage_table
from riskstrat.sources.continuous_stays import SPELLS, build_spells_query, make_stays, report_joined
from riskstrat.sources.dressed import report_twins
from riskstrat.sources.extract_day import UNDATED, Arrivals, find_first_day
from riskstrat.sources.extracts import Manner, build_quarantine_query, keep_rows, name_row, read_before, require_later
from riskstrat.sources.landing import Extract, Landed, Landing
from riskstrat.sources.mapping import SourceMapping, map_format
from riskstrat.sources.notes import notes_on
from riskstrat.sources.store_versions import OF_THE_FIRST_FORMAT, POINTER, VERSIONS, read_facts, seal_version
from riskstrat.sources.unnamed import find_unnamed
from riskstrat.sources.writing import incoming, write_parquet

CODES_PAGE = "codes.html"
"""What the verb adds to the store for people to read."""

_QUARANTINE = pa.schema([("table", pa.string()), ("row", pa.int64()), ("rule", pa.string()), ("message", pa.string())])

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class TableReport:
    """What became of one landed table. `landed` = `accepted` + `quarantined` landed rows; `stored` counts versions.

    `emptied` and `recoded` count by column the accepted rows whose value was read as empty, or as another code;
    `converted` counts by way those whose measured number was read as another: "bound" or "unit". `limit_rows` are the
    rows of which quarantine_limit is a share.
    """

    landed: int
    limit_rows: int
    accepted: int
    quarantined: int
    rules: dict[str, int]
    null_dates: int
    emptied: dict[str, int]
    recoded: dict[str, int]
    converted: dict[str, int]
    data_as_at: str | None
    columns: tuple[str, ...]
    stored: int
    sha256: str


@dataclass(frozen=True)
class IngestReport:
    """What one ingest did, as its manifest keeps it. Dates are ISO text.

    `mapping` is the sha256 of source.toml and its SQL, empty where tables had our names; `outcomes` counts rows of the
    source as (mapped, guessed or lost; what; rows). `extracts` are those whose landed rows are kept, by name.
    """

    format: str
    mapping: str
    outcomes: tuple[tuple[str, str, int], ...]
    comparable_dates: bool
    data_as_at: str
    records_from: str | None
    people: int
    tables: dict[str, TableReport]
    absent_tables: tuple[str, ...]
    absent_columns: dict[str, tuple[str, ...]]
    ignored_tables: tuple[str, ...]
    ignored_columns: dict[str, tuple[str, ...]]
    null_dates: int
    quarantined: dict[str, dict[str, int]]
    codes: CodesTable
    understood: dict[str, str]
    notes: tuple[str, ...]
    continuous_stays: str
    simulated: bool = False
    extracts: tuple[Extract, ...] = ()
    unread_parts: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything in it, ready for JSON."""
        return json.loads(json.dumps(asdict(self)))


def ingest(
    source: Path | SourceMapping,
    store: Path,
    settings: Settings,
    *,
    as_at: date | None = None,
    legal_basis: Mapping[str, str] | None = None,
    known: KnownCodes | None = None,
    leave_out: Collection[str] = (),
    sample: int | None = None,
    manner: Manner = Manner.WHOLE,
    progress: Progress | None = None,
) -> IngestReport:
    """Read `source`, judge every row, and make what came of it the version of the store that is read.

    `source` is a mapping, or the folder or file of tables that have our names.

    `as_at` is the date of the extract; without it, the day up to which rows arrive as usual. `leave_out` names tables
    that take people out and whose rows may be left out where they cannot be read. `legal_basis` has the basis of each
    table that may be used, `known` what its codes are understood by; None asks for none, as the people are made up.
    `manner` says whether the extract stands in place of all before or is added to those that were kept.
    Raises SourceError, before anything is written, for a source that cannot be used, a table without a basis, one with
    too many quarantined rows or with one that would take nobody out, dates that leave data-as-at uncertain, or a column
    of codes that nothing understands; StorageError when the store cannot be written. Either way the version that
    was read before still is.
    """
    mapping, store = map_format(source) if isinstance(source, Path) else source, Path(store).resolve()
    settings = _add_lags(settings, mapping)
    _check_places(mapping.location, store)
    before = None
    if manner is not Manner.WHOLE:
        before = read_before(store, mapping, manner, simulated=legal_basis is None)
        require_later(as_at, before)
    files = list(before.files.values()) if before else []
    with incoming(store, settings.data.keep_versions) as folder:
        connection = connect_beside(folder / "work", settings, mapping.location, [file.parent for file in files[:1]])
        try:
            only = SCHEMAS if files else None
            with land(connection, mapping, settings.data.quarantine_limit, sample, only) as landing:
                if before is not None:
                    landing = keep_rows(connection, landing, folder, before)
                require_basis(landing, legal_basis)
                run = _IngestRun(connection, landing, settings, known, progress or (lambda step, share: None))
                report = run.build(folder, mapping, as_at, leave_out)
        finally:
            connection.close()
        # What an addition is compared with would hang on the order in which extracts came.
        codes = report.codes if manner is Manner.ADDED else _compare_codes(report, store)
        report = replace(report, codes=codes, simulated=legal_basis is None)
        remove_work(folder / "work")
        seal_version(folder, report.to_dict())
    return report


def _add_lags(settings: Settings, mapping: SourceMapping) -> Settings:
    """The settings with the days from event to knowledge that the mapping states for its tables."""
    data = settings.data.model_copy(update={"lag_days": settings.data.lag_days | mapping.lags})
    return settings.model_copy(update={"data": data})


def _compare_codes(report: IngestReport, store: Path) -> CodesTable:
    """The codes beside those of the store that stood before, where there is one that can be read."""
    before = read_facts(store)
    if before is None:
        return report.codes
    hashes, earlier = {name: table["sha256"] for name, table in before["tables"].items()}, before["codes"]
    same = hashes == {name: table.sha256 for name, table in report.tables.items()}
    return compare_with_before(report.codes, earlier, same_rows=same)


def _check_places(source: Path | None, store: Path) -> None:
    if source is not None and source.exists() and store in (source.resolve(), *source.resolve().parents):
        raise SourceError(f"{source} lies inside the store {store}, which is ingest's own; land it elsewhere")
    if store.exists() and not store.is_dir():
        raise SourceError(f"{store} is a file; name a folder for the store in riskstrat.toml")
    ours = {POINTER, VERSIONS, CODES_PAGE, *OF_THE_FIRST_FORMAT}
    strange = (
        [
            p.name
            for p in store.iterdir()
            if p.name.partition(".incoming-")[0] not in ours and not p.name.startswith(".")
        ]
        if store.exists()
        else []
    )
    if strange:
        raise SourceError(
            f"{store} holds {sorted(strange)[0]}, which ingest did not write; move it elsewhere, or name another folder"
        )


class _IngestRun:
    """One ingest: the steps from landed tables to files, each reporting its share of the work."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        landing: Landing,
        settings: Settings,
        known: KnownCodes | None,
        progress: Progress,
    ) -> None:
        self.connection = connection
        self.landing = landing
        self.tables = {name: landing.tables[name] for name in SCHEMAS if name in landing.tables}
        self.settings = settings
        self.known = known
        self.codes: CodesTable = []
        self.doubtful: Mapping[str, str] = {}
        self.progress = progress

    def build(
        self, folder: Path, mapping: SourceMapping, as_at: date | None, leave_out: Collection[str]
    ) -> IngestReport:
        """Judge every row, then write the tables, the quarantine and what the report needs."""
        self._stage()
        self._require_people("clean_people WHERE fault IS NULL")
        comparable = self.landing.comparable_dates
        day = as_at or quarantine.data_as_at(self.connection, self.tables, comparable=comparable)
        quarantine.judge(
            self.connection, self.tables, day, comparable_dates=comparable, lags=self.settings.data.lag_days
        )
        for name in self.tables:
            if SCHEMAS[name].must_have_effect and name not in leave_out:
                self._require_effect(name)
        counts = {name: self._count_landed_rows(landed) for name, landed in self.tables.items()}
        for name, count in counts.items():
            behind = self.tables[name].made_of or (name, count)
            quarantine.check_limit(self.connection, name, behind, self.settings.data.quarantine_limit, day)
        if self.landing.extracts:
            self._check_added(day)
        self._require_people("accepted_people")
        self._judge_codes()
        people = versions.number_people(self.connection)
        versions.number_spells(self.connection, self._get_lag("admissions"))
        make_stays(self.connection, self.settings.admissions.continuous_stays)
        self.doubtful = doubtful.build_doubtful_queries(self.tables, day)
        reports = self._write(folder, counts, day)
        return self._report(mapping, day, people, reports)

    def _require_effect(self, name: str) -> None:
        if not self.landing.extracts:
            quarantine.require_effect(self.connection, name)
            quarantine.require_known(self.connection, name)
            return
        named = name_row(name, self.landing.added)
        quarantine.require_effect(self.connection, name, named, f"JOIN origin_{name} USING (landed_row)")
        quarantine.require_known(self.connection, name, self._select_added(name))

    def _check_added(self, day: date) -> None:
        """What is asked of all rows is asked of the extract that was added too, or many good ones would hide it."""
        (extract,) = (each for each in self.landing.extracts if each.name == self.landing.added)
        for name, rows in extract.rows.items():
            limit, among = self.settings.data.quarantine_limit, self._select_added(name)
            quarantine.check_limit(self.connection, name, (f"{name} of the extract", rows), limit, day, among)

    def _select_added(self, name: str) -> str:
        return f"landed_row IN (SELECT landed_row FROM origin_{name} WHERE extract = '{self.landing.added}')"

    def _stage(self) -> None:
        for number, (name, landed) in enumerate(self.tables.items()):
            self.progress(f"reading {name}", 0.5 * number / len(self.tables))
            stage_table(self.connection, landed)
        staging.check_strangers(self.connection, [name for name in self.tables if name != "people"])

    def _judge_codes(self) -> None:
        if self.known is not None:
            data = self.settings.data
            self.codes = describe_codes(self.connection, self.tables, self.known)
            require_understood(self.codes, data.unmatched_limit, data.understood)

    def _require_people(self, accepted: str) -> None:
        if not self._count(accepted):
            why = quarantine.explain_refusal(self.connection, "people") or "no row of people is accepted"
            raise SourceError(f"{why}: mend the source")

    def _count_landed_rows(self, landed: Landed) -> int:
        return self._count(f"clean_{landed.name}") + len(landed.unreadable) + len(landed.withheld)

    def _count(self, relation: str) -> int:
        row = self.connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
        return row[0] if row else 0

    def _find_records_start(self) -> str | None:
        """The day by which the first thousandth of admissions had happened, of those that arrive at a usual rate."""
        query = "SELECT admitted_on, count(*) FROM accepted_admissions GROUP BY 1 ORDER BY 1"
        rows = self.connection.execute(query).fetchall()
        if not rows:
            return None
        arrivals = Arrivals(np.array([day.toordinal() for day, _ in rows]), np.array([count for _, count in rows]))
        first = date.fromordinal(find_first_day(arrivals))
        query = "SELECT quantile_disc(admitted_on, 0.001) FROM accepted_admissions WHERE admitted_on >= ?"
        return str(*self.connection.execute(query, [first]).fetchone() or ())

    def _count_discharges(self) -> tuple[int, int]:
        """Accepted discharges without a known destination, and all of them."""
        ended = "accepted_admissions WHERE discharged_on IS NOT NULL"
        return self._count(f"{ended} AND destination IS NULL"), self._count(ended)

    def _get_lag(self, table: str) -> int:
        return versions.lag_of(SCHEMAS[table], self.settings.data.lag_days)

    def _write(self, folder: Path, counts: dict[str, int], day: date) -> dict[str, TableReport]:
        (folder / "tables").mkdir()
        reports = {}
        for number, name in enumerate(self.tables):
            self.progress(f"writing {name}", 0.5 + 0.5 * number / len(self.tables))
            reports[name] = self._write_table(folder / "tables" / f"{name}.parquet", name, counts[name])
        write_parquet(self.connection, build_spells_query(), SPELLS, folder / "tables" / "spells.parquet")
        for name, query in self.doubtful.items():
            file = folder / "tables" / f"{name}.parquet"
            write_parquet(self.connection, query, doubtful.SCHEMAS[name], file)
        faults = " UNION ALL ".join(
            f"SELECT {number} AS place, '{name}' AS \"table\", landed_row AS row, rule, message FROM fault_{name}"
            for number, name in enumerate(self.tables)
        )
        query = f'SELECT "table", row, rule, message FROM ({faults}) ORDER BY place, row'
        if self.landing.extracts:
            query = build_quarantine_query(faults, self.tables)
        schema = _QUARANTINE.append(pa.field("extract", pa.string())) if self.landing.extracts else _QUARANTINE
        write_parquet(self.connection, query, schema, folder / "quarantine.parquet")
        coverage.write_coverage(self.connection, folder, self.tables, day)
        self.progress("done", 1.0)
        return reports

    def _write_table(self, file: Path, name: str, landed: int) -> TableReport:
        schema = versions.stored_schema(name)
        digest = write_parquet(self.connection, versions.stored(name, self._get_lag(name)), schema, file)
        rules = self.connection.execute(f"SELECT rule, count(*) FROM fault_{name} GROUP BY 1 ORDER BY 1").fetchall()
        nulled = self.connection.execute(f"SELECT coalesce(sum(nulled), 0) FROM clean_{name}").fetchone()
        latest = quarantine.latest_dates(self.connection, name, f"accepted_{name}")
        dated = name not in UNDATED or SCHEMAS[name].known in self.tables[name].columns
        return TableReport(
            landed=landed,
            limit_rows=(self.tables[name].made_of or (name, landed))[1],
            accepted=self._count(f"accepted_{name}"),
            quarantined=sum(count for _, count in rules),
            rules=dict(rules),
            null_dates=int(nulled[0]) if nulled else 0,
            emptied=self._count_flags(name, "odd", staging.list_odd(self.tables[name])),
            recoded=self._count_flags(name, "recoded", staging.list_read_back(self.tables[name])),
            converted=self._count_flags(name, "converted", list_converted(SCHEMAS[name], self.tables[name].columns)),
            data_as_at=latest.isoformat() if latest and dated else None,
            columns=tuple(schema.names),
            stored=pq.read_metadata(file).num_rows,
            sha256=digest,
        )

    def _count_flags(self, table: str, flag: str, columns: Sequence[str]) -> dict[str, int]:
        """Accepted rows with the flag set, by column; columns without one are left out."""
        if not columns:
            return {}
        counts = ", ".join(f"count(*) FILTER (WHERE {flag}_{column})" for column in columns)
        row = self.connection.execute(
            f"SELECT {counts} FROM clean_{table} ANTI JOIN fault_{table} USING (landed_row)"
        ).fetchone()
        return {column: count for column, count in zip(columns, row or (), strict=True) if count}

    def _report(self, mapping: SourceMapping, day: date, people: int, reports: dict[str, TableReport]) -> IngestReport:
        absent = {
            name: tuple(c.name for c in SCHEMAS[name].columns if c.stored and c.name not in landed.columns)
            for name, landed in self.tables.items()
        }
        empty = {name: landed.empty for name, landed in self.tables.items()}
        ignored = {name: landed.ignored for name, landed in self.tables.items()}
        unsettled = {name: versions.unsettled(self.connection, SCHEMAS[name]) for name in self.tables}
        return IngestReport(
            format=mapping.kind,
            mapping=mapping.digest,
            outcomes=(*self.landing.outcomes, *find_unnamed(self.connection, self.tables)),
            comparable_dates=self.landing.comparable_dates,
            data_as_at=day.isoformat(),
            records_from=self._find_records_start(),
            people=people,
            tables=reports,
            absent_tables=tuple(name for name in SCHEMAS if name not in self.tables),
            absent_columns={name: columns for name, columns in absent.items() if columns},
            ignored_tables=self.landing.ignored,
            ignored_columns={name: columns for name, columns in ignored.items() if columns},
            null_dates=sum(report.null_dates for report in reports.values()),
            quarantined={name: report.rules for name, report in reports.items() if report.rules},
            codes=self.codes,
            understood=dict(self.settings.data.understood),
            notes=(
                *self.landing.notes,
                *notes_on(absent, empty, unsettled, self._count_discharges(), reports, self.settings.data.lag_days),
                *quarantine.report_ahead(self.connection, self.tables, day),
                *doubtful.report_doubtful(self.connection, self.doubtful, day),
                *report_twins(self.connection),
                *report_joined(self.connection),
            ),
            continuous_stays=self.settings.admissions.continuous_stays,
            extracts=self.landing.extracts,
            unread_parts=self.landing.unread_parts,
        )
