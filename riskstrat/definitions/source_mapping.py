"""source.toml: where a site's rows lie, and which of its columns and codes are which of ours.

An adapter is the same declaration, shipped with its SQL. What it asks of a site is answered by further keys of the
site's own [source].
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from riskstrat.definitions.codelists import near
from riskstrat.definitions.declared import Declared
from riskstrat.definitions.schemas import SCHEMAS

FILES = ("folder", "duckdb", "sqlite")
SERVERS = ("postgres", "sqlserver", "databricks", "snowflake")
ADAPTERS = ("hes", "omop", "synthea", "meds")
STORAGES = (*FILES, *SERVERS)
KINDS = (*STORAGES, *ADAPTERS)
ENCODINGS = ("utf-8", "windows-1252", "latin-1", "utf-16")

NAME = r"[a-z][a-z0-9_]*"
"""What steps, inputs, their columns and questions may be called, as SQL reads them without quotes."""

InputType = Literal["text", "date", "moment", "integer", "number"]
Answer = str | int | bool | list[str | int]


def _read_short_form(key: str) -> BeforeValidator:
    """A text in place of a table says that table's one key."""
    return BeforeValidator(lambda given: {key: given} if isinstance(given, str) else given)


def _check_name(name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise ValueError(f'"{name}" is no name of small letters, figures and _')
    return name


Name = Annotated[str, AfterValidator(_check_name)]


class GivenColumn(Declared):
    """What one column of ours is made of: a column of theirs, its codes each with one of ours, or one value for all."""

    from_: str | None = Field(None, alias="from")
    codes: dict[str, str] | None = Field(None, min_length=1)
    value: str | None = None

    @model_validator(mode="after")
    def _check_one_origin(self) -> Self:
        if (self.from_ is None) == (self.value is None):
            raise ValueError('give "from", or "value" for one value in every row')
        if self.codes is not None and self.from_ is None:
            raise ValueError('"codes" are read in a column, which "from" names')
        trimmed = [code.strip() for code in self.codes or ()]
        for code in trimmed:
            if trimmed.count(code) > 1:
                raise ValueError(f'"codes" names "{code}" more than once')
        return self


class Knowledge(Declared):
    """When a row was known: in a column of theirs, or so many days after it happened."""

    from_: str | None = Field(None, alias="from")
    lag_days: int | None = Field(None, ge=0, le=3660)

    @model_validator(mode="after")
    def _check_one_origin(self) -> Self:
        if (self.from_ is None) == (self.lag_days is None):
            raise ValueError('give "from", or "lag_days"')
        return self


@dataclass(frozen=True)
class CsvForm:
    """How a CSV file is written: what parts its columns, and in which encoding. `table`: its key in [source.files]."""

    separator: str = ","
    encoding: str = "utf-8"
    table: str = field(default="", compare=False)


def _check_separator(given: str | None) -> str | None:
    if given is not None and (len(given) != 1 or given.isalnum() or given in "\"'\r\n "):
        raise ValueError('give one character such as ",", ";", "|" or a tab')
    return given


class GivenFile(Declared):
    """How one CSV file is written, or the parts of one; what is not given is as [source] says."""

    separator: Annotated[str | None, AfterValidator(_check_separator)] = None
    encoding: Literal[ENCODINGS] | None = None  # type: ignore[valid-type]


class GivenTable(Declared):
    """What one table of ours is made of: a table or file of theirs, or the SQL of a file ending in .sql."""

    from_: str = Field(alias="from", min_length=1)
    columns: dict[str, Annotated[GivenColumn, _read_short_form("from")]] = Field(default_factory=dict)
    system: str | None = None
    known_on: Annotated[Knowledge, _read_short_form("from")] | None = None
    gives_way: bool = False
    """Whether a table of our name that lies beside wins."""
    replaces: bool = False
    """Whether a table of our name that lies beside is something else, and is not to be read."""
    needs: str | None = None
    """The input without which the table is not made, so that what it would hold cannot be told."""
    counted_in: str | None = None
    """The input of whose rows `quarantine_limit` is a share, where one row of ours is made of several of its rows."""
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_form(cls, given: object) -> Any:
        key = next((key for key in ("separator", "encoding") if isinstance(given, dict) and key in given), None)
        if key is not None:
            raise ValueError(f'"{key}" is of a file, not of a table: write it under [source.files.NAME], NAME its file')
        return given

    @property
    def is_sql(self) -> bool:
        """Whether the table is the rows of an SQL file."""
        return self.from_.lower().endswith(".sql")


class InputColumn(Declared):
    """A column that SQL can rely on: its type, and further names that a source may give it."""

    type: InputType
    also: tuple[str, ...] = ()
    required: bool = False


class Input(Declared):
    """A table that SQL can rely on, there or not.

    orders: how its columns may follow each other in a file without a header; else as `columns` has them. files: the
    patterns of its parquet files within a folder, the first that matches any, where it does not lie under its name.
    """

    required: bool = False
    also: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    orders: tuple[tuple[str, ...], ...] = ()
    columns: dict[Name, Annotated[InputColumn, _read_short_form("type")]] = Field(min_length=1)

    def list_orders(self) -> tuple[tuple[str, ...], ...]:
        """The orders in which columns may stand in a file without a header."""
        return self.orders or (tuple(self.columns),)


class DeclaredColumn(Declared):
    """A key of the rows that a site writes: its type, and the words that it may have."""

    type: Literal["text", "integer"] = "text"
    allowed: tuple[str, ...] = ()
    required: bool = False


class DeclaredRows(Declared):
    """Rows that a site writes into its own source.toml as [[source.NAME]]; SQL reads `source.declared_NAME`.

    Of the keys `one_of` each row has exactly one.
    """

    question: str
    required: bool = False
    one_of: tuple[Name, ...] = ()
    columns: dict[Name, Annotated[DeclaredColumn, _read_short_form("type")]] = Field(min_length=1)


class Question(Declared):
    """What an adapter cannot know and a site must answer."""

    question: str
    allowed: tuple[str, ...] = ()
    several: bool = False
    default: Answer | None = None


class Source(Declared):
    """The section [source]: where the rows lie, and how they become tables of ours."""

    kind: Literal[KINDS]  # type: ignore[valid-type]
    location: str | None = None
    connection: str | None = None
    storage: Literal[SERVERS] | None = None  # type: ignore[valid-type]
    """The server that an adapter reads from, where it reads from one."""
    schema_: str | None = Field(None, alias="schema")
    separator: Annotated[str, AfterValidator(_check_separator)] = ","
    encoding: Literal[ENCODINGS] = "utf-8"  # type: ignore[valid-type]
    """Of CSV files, where [source.files] says nothing else of one."""
    files: dict[str, GivenFile] = Field(default_factory=dict)
    header: bool = True
    """Whether the first line of each CSV file names its columns; else they are in the order of [source.inputs]."""
    counts: str | None = None
    asks: dict[Name, Question] = Field(default_factory=dict)
    rows: dict[Name, DeclaredRows] = Field(default_factory=dict)
    inputs: dict[Name, Input] = Field(default_factory=dict)
    steps: dict[Name, str] = Field(default_factory=dict)
    tables: dict[str, GivenTable] = Field(default_factory=dict)

    @field_validator("connection")
    @classmethod
    def _check_no_secret(cls, given: str | None) -> str | None:
        if given is not None and not re.fullmatch(r"\$[A-Za-z_][A-Za-z0-9_]*|file:.+", given):
            raise ValueError(
                'name an environment variable as "$RISKSTRAT_SOURCE", or a file as "file:NAME"; an address with its '
                "password does not belong in here"
            )
        return given

    @field_validator("tables")
    @classmethod
    def _check_tables(cls, given: dict[str, GivenTable]) -> dict[str, GivenTable]:
        for name, table in given.items():
            if name not in SCHEMAS:
                raise ValueError(f'"{name}" is not a table{near(name, tuple(SCHEMAS))}')
            _check_columns(name, table)
        return given

    @model_validator(mode="after")
    def _check_place(self, info: ValidationInfo) -> Self:
        if info.context == "shipped":
            return self
        reads_server = self.kind in SERVERS or self.storage is not None
        if self.storage is not None and self.kind not in ADAPTERS:
            raise ValueError(f'"storage" is for an adapter; kind = "{self.kind}" already says what is read')
        if reads_server and self.connection is None:
            raise ValueError('a server needs "connection"')
        if not reads_server and self.location is None:
            raise ValueError('"location" is missing: name the folder or file to read')
        if reads_server and self.location is not None:
            raise ValueError('a server has a "connection" and no "location"')
        return self


def _check_columns(name: str, table: GivenTable) -> None:
    schema = SCHEMAS[name]
    for column in table.columns:
        if column not in schema.names:
            raise ValueError(f'"{column}" is not a column of {name}{near(column, tuple(schema.names))}')
    for key, given in (("system", table.system), ("known_on", table.known_on)):
        if given is not None and key not in schema.names:
            raise ValueError(f"{name} has no column {key}")
        if given is not None and key in table.columns:
            raise ValueError(f"{name}.{key} is given twice; take one out")
    if table.is_sql and table.columns:
        raise ValueError(f"{name} is made by SQL, which names its columns itself; take its columns out")


def list_answers(given: dict[str, Any]) -> dict[str, Any]:
    """The keys of a site's [source] that are no keys of the section: answers to an adapter's questions, or slips."""
    known = {field.alias or name for name, field in Source.model_fields.items()}
    return {key: value for key, value in given.items() if key not in known}
