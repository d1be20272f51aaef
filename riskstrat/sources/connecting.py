"""The database that landed tables are judged in, and what is asked of them whoever lands them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources import staging
from riskstrat.sources.landing import Landed, Landing
from riskstrat.sources.literal import quote_text
from riskstrat.sources.writing import disk_refused

MEMORY_LIMIT = "4GB"
"""What DuckDB may hold in memory; more is spilled beside the store."""

FEW_BYTES = 16 * 2**20
"""Of a source whose rows one thread judges sooner than two share them."""

_SLOW_TO_WRITE = "fsst,dict_fsst,zstd"
"""Compressions of text that each column would be tried with, for a tenth less of a file that is soon removed."""


def connect_beside(
    work: Path, settings: Settings, source: Path | None, readable: Sequence[Path] = ()
) -> duckdb.DuckDBPyConnection:
    """A database that stands in the folder `work`, which it makes, and reads nothing but the folder around it, the
    source and the folders `readable`."""
    work.mkdir()
    connection = duckdb.connect()
    # A log of what is written would be named wrongly beside a path with a question mark, and nobody would read it.
    staging_file = quote_text(str(work / "staging.duckdb"))
    connection.execute(f"ATTACH {staging_file} AS staging (TYPE DUCKDB, RECOVERY_MODE NO_WAL_WRITES)")
    connection.execute("USE staging")
    connection.execute(f"SET disabled_compression_methods = '{_SLOW_TO_WRITE}'")
    read = [*readable, *list_readable(source)]
    threads = 1 if source is not None and _is_small([source, *readable]) else settings.engine.threads
    _limit(connection, threads, [work.parent, *read], work / "spill")
    connection.execute("PRAGMA disable_checkpoint_on_shutdown")
    return connection


def connect_in_memory(readable: Sequence[Path], spill: Path) -> duckdb.DuckDBPyConnection:
    """A database for few rows, which leaves no file; what does not fit into memory is spilled to `spill`."""
    connection = duckdb.connect()
    _limit(connection, 1, readable, spill)
    return connection


def list_readable(source: Path | None) -> list[Path]:
    """The folder of a source, where it is one: what SQL of the source may read of this machine."""
    return [source.resolve()] if source is not None and source.is_dir() else []


def _is_small(places: Sequence[Path]) -> bool:
    """Whether folders and files hold few bytes in all; False where that cannot be read."""
    held = 0
    try:
        for place in places:
            for file in place.rglob("*") if place.is_dir() else [place]:
                held += file.stat().st_size
                if held > FEW_BYTES:
                    return False
    except OSError:
        return False
    return True


def _limit(connection: duckdb.DuckDBPyConnection, threads: int, readable: Sequence[Path], spill: Path) -> None:
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    connection.execute(f"SET threads = {threads}")
    connection.execute(f"SET temp_directory = {quote_text(str(spill))}")
    connection.execute(f"SET allowed_directories = [{', '.join(quote_text(str(folder)) for folder in readable)}]")
    connection.execute("SET enable_progress_bar = false")


def remove_work(work: Path) -> None:
    """Remove the folder of a database that was closed."""
    for file in sorted(work.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    work.rmdir()


def require_basis(landing: Landing, legal_basis: Mapping[str, str] | None) -> None:
    """Support under section 251 covers GP and hospital records and not social care, so each table is asked.

    Raises SourceError for a landed table without a basis; None asks for none.
    """
    without = [] if legal_basis is None else sorted(set(landing.tables) - set(legal_basis))
    if without:
        raise SourceError(
            f"no legal basis is stated for {', '.join(without)}; write each into riskstrat.toml under "
            "[data.legal_basis], or leave the table out of the source"
        )


@contextmanager
def read_or_refuse(table: str) -> Iterator[None]:
    """Raises SourceError where a scan of landed rows fails in the block."""
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
        raise
    except (duckdb.Error, pa.ArrowException) as error:
        if disk_refused(error):
            raise
        raise SourceError(
            f"{table} cannot be read ({type(error).__name__}); land it again, as parquet or CSV in UTF-8"
        ) from error


def stage_table(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Make `clean_<table>` of a landed table, people before any other. Raises SourceError where it cannot be read."""
    with read_or_refuse(landed.name):
        if landed.name == "people":
            staging.stage_people(connection, landed)
        else:
            staging.stage(connection, landed)
    staging.refuse_month_first(connection, landed)
