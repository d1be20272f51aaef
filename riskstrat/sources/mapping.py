"""A mapping as it is used: source.toml and its SQL read whole, an adapter's joined with what the site adds.

The SQL of file sources and of adapters is DuckDB's; it sees what lies in the source as `source.<table>` and what
earlier steps made as `step.<name>`. The SQL of a server is in that server's own dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from riskstrat.definitions.codelists import near
from riskstrat.definitions.declared import read
from riskstrat.definitions.source_mapping import (
    ADAPTERS,
    SERVERS,
    Answer,
    CsvForm,
    GivenFile,
    GivenTable,
    Input,
    Question,
    Source,
    list_answers,
)
from riskstrat.errors import SourceError
from riskstrat.sources import SOURCE_FILE
from riskstrat.sources.answers import answer_questions, read_rows
from riskstrat.sources.refusals import explain_absence
from riskstrat.storage import compute_digest, describe_strange
from riskstrat.storage.files import read_text, read_toml

FORMATS = ("canonical", *ADAPTERS, "mimic")

_SHIPPED = Path(__file__).parent / "adapters"
_ENDINGS = (".csv.gz", ".csv", ".parquet")
_BEGINNINGS = {"duckdb": (8, b"DUCK"), "sqlite": (0, b"SQLite format 3")}


@dataclass(frozen=True)
class Statement:
    """One SELECT, and the file that it stands in as the user knows it."""

    file: str
    sql: str


@dataclass(frozen=True)
class TableOrigin:
    """What one table of ours is made of; `statement` is the SQL where it is made by SQL."""

    given: GivenTable
    statement: Statement | None = None


@dataclass(frozen=True)
class SourceMapping:
    """Where the rows lie and how they become tables. `where` names it to the user, `digest` is empty without a file.

    `storage` is "folder", "duckdb", "sqlite" or a server; `kind` may be an adapter's name or "canonical" instead.
    `connection` says where the address of a server is to be found, from `folder` on if in a file.
    """

    where: str
    kind: str
    storage: str
    location: Path | None = None
    connection: str | None = None
    folder: Path = Path()
    schema: str | None = None
    form: CsvForm = field(default_factory=CsvForm)
    files: Mapping[str, GivenFile] = field(default_factory=dict)
    header: bool = True
    digest: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    declared: Mapping[str, pa.Table] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    steps: Mapping[str, Statement] = field(default_factory=dict)
    tables: Mapping[str, TableOrigin] = field(default_factory=dict)
    counts: Statement | None = None

    @property
    def place(self) -> str:
        """The source as a message may name it; never an address with a password."""
        return str(self.location) if self.location is not None else f"the {self.storage} source of {self.where}"

    def get_form(self, table: str) -> CsvForm:
        """How the CSV file of a table of the source is written."""
        given = self.files.get(table, GivenFile())
        return CsvForm(given.separator or self.form.separator, given.encoding or self.form.encoding, table)

    @property
    def runs_on_server(self) -> bool:
        """Whether the SQL of tables is the server's to run."""
        return self.kind in SERVERS

    @property
    def has_sql(self) -> bool:
        """Whether SQL of the mapping runs in ingest's own database."""
        made = any(origin.statement for origin in self.tables.values())
        return not self.runs_on_server and (made or bool(self.steps) or self.counts is not None)

    @property
    def comparable_dates(self) -> bool:
        """Whether days of two people are days of one calendar; an adapter asks where they may have been shifted."""
        return self.answers.get("dates") != "shifted"

    @property
    def lags(self) -> dict[str, int]:
        """Days from event to knowledge by table, where the mapping states them."""
        known = {name: origin.given.known_on for name, origin in self.tables.items()}
        return {name: day.lag_days for name, day in known.items() if day is not None and day.lag_days is not None}


def has_ending(file: str) -> bool:
    """Whether a name is that of a file which can be a table."""
    return file.lower().endswith(_ENDINGS)


def strip_ending(file: str) -> str:
    """The table that a file is named as, in lower case."""
    lower = file.lower()
    ending = next((ending for ending in _ENDINGS if lower.endswith(ending)), "")
    return lower.removesuffix(ending)


def choose_mapping(source: Path | None, format: str, site: Path) -> SourceMapping:
    """What `ingest SOURCE --format FORMAT` reads, or without a source the file `site`. Raises SourceError."""
    if source is not None:
        return map_format(source, format)
    if not site.is_file():
        raise SourceError(
            f"no source is given and {site} is not there; name a folder or file, or write one with "
            "`riskstrat source describe`"
        )
    return read_mapping(site)


def map_format(source: Path, format: str = "canonical") -> SourceMapping:
    """The mapping of a folder or file in one of FORMATS. Raises SourceError if there is no such format or source."""
    if format not in FORMATS:
        raise SourceError(f'"{format}" is not a format; the formats are {", ".join(FORMATS)}{near(format, FORMATS)}')
    storage = find_storage(source)
    if format not in ADAPTERS:
        return SourceMapping(where=str(source), kind=format, storage=storage, location=source)
    # A path of a source.toml goes from its folder on, one that is given here from where the command runs.
    given = {"kind": format, "location": str(source.absolute())}
    return replace(_join(f"--format {format}", given, source.parent, format, {}), location=source)


def read_mapping(file: Path) -> SourceMapping:
    """A site's source.toml, joined with the adapter that it names. Raises SourceError in one line."""
    given = read_toml(file, file.name, SourceError)
    unknown = [key for key in given if key != "source"]
    if unknown or not isinstance(given.get("source"), dict):
        what = f'unknown key "{unknown[0]}"{near(unknown[0], ("source",))}' if unknown else "[source] is missing"
        raise SourceError(f"{file.name}: {what} (known: source)")
    digests = {file.name: read_text(file, file.name, SourceError)}
    return _join(file.name, given["source"], file.parent, str(given["source"].get("kind", "")), digests)


def _join(where: str, given: dict[str, Any], folder: Path, kind: str, read_texts: dict[str, str]) -> SourceMapping:
    """The mapping of a section [source] as given, on top of the adapter's of that kind, if it is one."""
    shipped, base = _read_shipped(kind, read_texts) if kind in ADAPTERS else (None, folder)
    asks = shipped.asks if shipped else {}
    rows = shipped.rows if shipped else {}
    answers = {key: value for key, value in list_answers(given).items() if key in asks or key in rows}
    source = read(Source, {k: v for k, v in given.items() if k not in answers}, where, SourceError)
    location = _find_location(source, folder)
    parts = [(part, at) for part, at in ((shipped, base), (source, folder)) if part is not None]
    counts = [_read_sql(at, part.counts, read_texts) for part, at in parts if part.counts]
    return SourceMapping(
        where=where,
        kind=source.kind,
        storage=_name_storage(source, location),
        location=location,
        connection=source.connection,
        folder=folder,
        schema=source.schema_,
        form=CsvForm(source.separator, source.encoding),
        files={strip_ending(name): given for name, given in source.files.items()},
        header=source.header,
        answers=answer_questions(where, asks, answers),
        declared={name: read_rows(where, name, declared, answers.get(name)) for name, declared in rows.items()},
        inputs={name: table for part, _ in parts for name, table in part.inputs.items()},
        steps={name: _read_sql(at, file, read_texts) for part, at in parts for name, file in part.steps.items()},
        tables={
            name: TableOrigin(table, _read_sql(at, table.from_, read_texts) if table.is_sql else None)
            for part, at in parts
            for name, table in part.tables.items()
        },
        counts=counts[-1] if counts else None,
        digest=compute_digest("\0".join(f"{name}\0{text}" for name, text in sorted(read_texts.items()))),
    )


def _read_shipped(kind: str, read_texts: dict[str, str]) -> tuple[Source, Path]:
    folder = _SHIPPED / kind
    name = f"{kind}/{SOURCE_FILE}"
    read_texts[name] = read_text(folder / SOURCE_FILE, name, SourceError)
    given = read_toml(folder / SOURCE_FILE, name, SourceError)
    return read(Source, given["source"], name, SourceError, context="shipped"), folder


def _read_sql(folder: Path, file: str, read_texts: dict[str, str]) -> Statement:
    name = f"{folder.name}/{file}" if folder.parent == _SHIPPED else file
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise SourceError(f"{name} lies outside the folder of {SOURCE_FILE}; put the SQL below it, as mapping/NAME.sql")
    if not (folder / file).is_file():
        raise SourceError(f"{name} is not there; {SOURCE_FILE} names it, so write it or take the name out")
    read_texts[name] = read_text(folder / file, name, SourceError)
    return Statement(name, read_texts[name])


def _find_location(source: Source, folder: Path) -> Path | None:
    return None if source.location is None else folder / Path(source.location).expanduser()


def _name_storage(source: Source, location: Path | None) -> str:
    if source.storage is not None:
        return source.storage
    if source.kind in SERVERS or location is None:
        return source.kind
    found = find_storage(location)
    if source.kind not in (*ADAPTERS, found):
        raise SourceError(f'{location} is a {found} source, and kind says "{source.kind}"; mend one of them')
    return found


def read_questions(adapter: str) -> Mapping[str, Question]:
    """What an adapter asks of a site. Raises SourceError if there is no such adapter."""
    return _read_shipped(adapter, {})[0].asks


def find_storage(source: Path) -> str:
    """ "folder", "duckdb" or "sqlite", by what lies there. Raises SourceError for anything else."""
    strange = describe_strange(source)
    if not source.is_dir() and strange:
        raise SourceError(f"{source} is {strange}; give a folder of tables, or a DuckDB file")
    if not source.exists():
        raise SourceError(explain_absence(source))
    if source.is_dir():
        return "folder"
    with source.open("rb") as opened:
        beginning = opened.read(16)
    found = (kind for kind, (at, mark) in _BEGINNINGS.items() if beginning[at : at + len(mark)] == mark)
    return next(found, "duckdb")
