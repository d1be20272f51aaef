"""Ingest: landed tables in, a store of accepted rows and a list of quarantined ones out, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources import coverage, quarantine, staging, versions
from riskstrat.sources.cleaning import list_recoded
from riskstrat.sources.codes import CodesTable, KnownCodes, compare_with_before, describe_codes, require_understood
from riskstrat.sources.continuous_stays import SPELLS, build_spells_query, make_stays, report_joined
from riskstrat.sources.landing import Landed, Landing, land
from riskstrat.sources.notes import notes_on
from riskstrat.sources.writing import disk_refused, incoming, write_parquet
from riskstrat.storage import write_bytes, write_json

MEMORY_LIMIT = "4GB"
"""What DuckDB may hold in memory; more is spilled beside the store."""

CODES_PAGE = "codes.html"
"""What the verb adds to the store for people to read."""

_STANDING = ("registrations",)
"""Tables of what lasts for years: their latest event says nothing of how fresh they are, only `known_on` does."""

_QUARANTINE = pa.schema([("table", pa.string()), ("row", pa.int64()), ("rule", pa.string()), ("message", pa.string())])

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class TableReport:
    """What became of one landed table. `landed` = `accepted` + `quarantined` landed rows; `stored` counts versions.

    `emptied` and `recoded` count by column the accepted rows whose value was read as empty, or as another code.
    """

    landed: int
    accepted: int
    quarantined: int
    rules: dict[str, int]
    null_dates: int
    emptied: dict[str, int]
    recoded: dict[str, int]
    data_as_at: str | None
    columns: tuple[str, ...]
    stored: int
    sha256: str


@dataclass(frozen=True)
class IngestReport:
    """What one ingest did, as its manifest keeps it. Dates are ISO text."""

    format: str
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

    def to_dict(self) -> dict[str, Any]:
        """Everything in it, ready for JSON."""
        return json.loads(json.dumps(asdict(self)))


def ingest(
    source: Path,
    store: Path,
    settings: Settings,
    *,
    format: str = "canonical",
    as_at: date | None = None,
    legal_basis: Mapping[str, str] | None = None,
    known: KnownCodes | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Read `source`, judge every row, and put the store in place.

    `as_at` is the date of the extract; without it, the latest date on which a row happened or became known.
    `legal_basis` has the basis of each table that may be used, `known` what its codes are understood by; None asks for
    none, as the people are made up. Raises SourceError, before anything is written, for a source that cannot be used, a
    table without a basis, one with too many quarantined rows, or a column of codes that nothing understands;
    StorageError when the store cannot be written. Either way the store that stood before is unchanged.
    """
    source, store = Path(source), Path(store).resolve()
    _check_places(source, store)
    with incoming(store) as folder:
        connection = _connect(folder / "work", settings)
        try:
            landing = land(connection, source, format)
            _require_basis(landing, legal_basis)
            run = _IngestRun(connection, landing, settings, known, progress or (lambda step, share: None))
            report = replace(run.build(folder, format, as_at), simulated=legal_basis is None)
        finally:
            connection.close()
        report = replace(report, codes=_compare_codes(report, store))
        _keep_markers(store, folder)
        _remove_work(folder / "work")
        write_json(report.to_dict(), folder / "manifest.json", strict=True)
    return report


def _compare_codes(report: IngestReport, store: Path) -> CodesTable:
    """The codes beside those of the store that stood before, where there is one that can be read."""
    try:
        before = json.loads((store / "manifest.json").read_text(encoding="utf-8"))
        hashes = {name: table["sha256"] for name, table in before["tables"].items()}
        earlier = before["codes"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return report.codes
    same = hashes == {name: table.sha256 for name, table in report.tables.items()}
    return compare_with_before(report.codes, earlier, same_rows=same)


def _require_basis(landing: Landing, legal_basis: Mapping[str, str] | None) -> None:
    """Support under section 251 covers GP and hospital records and not social care, so each table is asked."""
    without = [] if legal_basis is None else sorted(set(landing.tables) - set(legal_basis))
    if without:
        raise SourceError(
            f"no legal basis is stated for {', '.join(without)}; write each into riskstrat.toml under "
            "[data.legal_basis], or leave the table out of the source"
        )


def _check_places(source: Path, store: Path) -> None:
    if source.exists() and store in (source.resolve(), *source.resolve().parents):
        raise SourceError(f"{source} lies inside the store {store}, which ingest replaces; land it elsewhere")
    if store.exists() and not store.is_dir():
        raise SourceError(f"{store} is a file; name a folder for the store in riskstrat.toml")
    ours = {"manifest.json", "quarantine.parquet", coverage.FILE, "tables", CODES_PAGE}
    strange = (
        [p.name for p in store.iterdir() if p.name not in ours and not p.name.startswith(".")] if store.exists() else []
    )
    if strange:
        raise SourceError(
            f"{store} holds {sorted(strange)[0]}, which ingest did not write and would remove; move it elsewhere"
        )


def _connect(work: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    work.mkdir()
    connection = duckdb.connect(str(work / "staging.duckdb"))
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    connection.execute(f"SET threads = {settings.engine.threads}")
    connection.execute("SET temp_directory = '" + str(work / "spill").replace("'", "''") + "'")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("PRAGMA disable_checkpoint_on_shutdown")
    return connection


def _keep_markers(store: Path, folder: Path) -> None:
    """Carry the store folder's own dot files (.gitignore, .gitkeep) over."""
    for marker in store.glob(".*") if store.exists() else ():
        if marker.is_file():
            write_bytes(marker.read_bytes(), folder / marker.name)


def _remove_work(work: Path) -> None:
    for file in sorted(work.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    work.rmdir()


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
        self.progress = progress

    def build(self, folder: Path, format: str, as_at: date | None) -> IngestReport:
        """Judge every row, then write the tables, the quarantine and what the report needs."""
        self._stage()
        self._require_people("clean_people WHERE fault IS NULL")
        day = as_at or quarantine.data_as_at(self.connection, list(self.tables))
        comparable = self.landing.comparable_dates
        quarantine.judge(
            self.connection, self.tables, day, comparable_dates=comparable, lags=self.settings.data.lag_days
        )
        counts = {name: self._count_landed_rows(landed) for name, landed in self.tables.items()}
        for name, count in counts.items():
            quarantine.check_limit(self.connection, name, count, self.settings.data.quarantine_limit, day)
        self._require_people("accepted_people")
        self._judge_codes()
        people = versions.number_people(self.connection)
        versions.number_spells(self.connection, self._get_lag("admissions"))
        make_stays(self.connection, self.settings.admissions.continuous_stays)
        reports = self._write(folder, counts)
        return self._report(format, day, people, reports)

    def _stage(self) -> None:
        for number, (name, landed) in enumerate(self.tables.items()):
            self.progress(f"reading {name}", 0.5 * number / len(self.tables))
            try:
                if name == "people":
                    staging.stage_people(self.connection, landed)
                else:
                    staging.stage(self.connection, landed)
            except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
                raise
            except (duckdb.Error, pa.ArrowException) as error:
                if disk_refused(error):
                    raise
                raise SourceError(
                    f"{name} cannot be read ({type(error).__name__}); land it again, as parquet or CSV in UTF-8"
                ) from error
            staging.refuse_month_first(self.connection, landed)
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
        return self._count(f"clean_{landed.name}") + len(landed.unreadable)

    def _count(self, relation: str) -> int:
        row = self.connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
        return row[0] if row else 0

    def _find_records_start(self) -> str | None:
        """The day by which the first thousandth of admissions had happened: a few wrong dates do not move it."""
        query = "SELECT quantile_disc(admitted_on, 0.001) FROM accepted_admissions"
        row = self.connection.execute(query).fetchone()
        return row[0].isoformat() if row and row[0] else None

    def _count_discharges(self) -> tuple[int, int]:
        """Accepted discharges without a known destination, and all of them."""
        ended = "accepted_admissions WHERE discharged_on IS NOT NULL"
        return self._count(f"{ended} AND destination IS NULL"), self._count(ended)

    def _get_lag(self, table: str) -> int:
        return versions.lag_of(SCHEMAS[table], self.settings.data.lag_days)

    def _write(self, folder: Path, counts: dict[str, int]) -> dict[str, TableReport]:
        (folder / "tables").mkdir()
        reports = {}
        for number, name in enumerate(self.tables):
            self.progress(f"writing {name}", 0.5 + 0.5 * number / len(self.tables))
            reports[name] = self._write_table(folder / "tables" / f"{name}.parquet", name, counts[name])
        write_parquet(self.connection, build_spells_query(), SPELLS, folder / "tables" / "spells.parquet")
        faults = " UNION ALL ".join(
            f"SELECT {number} AS place, '{name}' AS \"table\", landed_row AS row, rule, message FROM fault_{name}"
            for number, name in enumerate(self.tables)
        )
        query = f'SELECT "table", row, rule, message FROM ({faults}) ORDER BY place, row'
        write_parquet(self.connection, query, _QUARANTINE, folder / "quarantine.parquet")
        coverage.write_coverage(self.connection, folder, self.tables)
        self.progress("done", 1.0)
        return reports

    def _write_table(self, file: Path, name: str, landed: int) -> TableReport:
        schema = versions.stored_schema(name)
        digest = write_parquet(self.connection, versions.stored(name, self._get_lag(name)), schema, file)
        rules = self.connection.execute(f"SELECT rule, count(*) FROM fault_{name} GROUP BY 1 ORDER BY 1").fetchall()
        nulled = self.connection.execute(f"SELECT coalesce(sum(nulled), 0) FROM clean_{name}").fetchone()
        latest = quarantine.latest_dates(self.connection, name, f"accepted_{name}")
        dated = name not in _STANDING or SCHEMAS[name].known in self.tables[name].columns
        return TableReport(
            landed=landed,
            accepted=self._count(f"accepted_{name}"),
            quarantined=sum(count for _, count in rules),
            rules=dict(rules),
            null_dates=int(nulled[0]) if nulled else 0,
            emptied=self._count_flags(name, "odd", staging.list_odd(self.tables[name])),
            recoded=self._count_flags(name, "recoded", list_recoded(SCHEMAS[name], self.tables[name].columns)),
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

    def _report(self, format: str, day: date, people: int, reports: dict[str, TableReport]) -> IngestReport:
        absent = {
            name: tuple(c for c in SCHEMAS[name].names if c not in landed.columns)
            for name, landed in self.tables.items()
        }
        ignored = {name: landed.ignored for name, landed in self.tables.items()}
        unsettled = {name: versions.unsettled(self.connection, SCHEMAS[name]) for name in self.tables}
        return IngestReport(
            format=format,
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
                *notes_on(absent, unsettled, self._count_discharges(), reports, self.settings.data.lag_days),
                *report_joined(self.connection, self.settings.admissions.continuous_stays),
            ),
            continuous_stays=self.settings.admissions.continuous_stays,
        )
