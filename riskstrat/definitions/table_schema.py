"""What a schema says of a source table: columns, grain and key, what settles late, what must have its effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ColumnType = Literal["text", "date", "integer", "number", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column: its type, whether a source must have it, and which values pass validation."""

    name: str
    type: ColumnType = "text"
    required: bool = False
    allowed: tuple[str, ...] = ()
    pattern: str | None = None
    between: tuple[float, float] | None = None
    code: bool = False
    """Codes are trimmed, upper-cased and lose their dots; ICD-10 codes lose HES fillers and marks."""
    decides: bool = False
    """What a row means hangs on the column though it may be empty: a value that cannot be read takes the row."""
    stored: bool = True
    """Otherwise it only helps to find what its row belongs to."""


@dataclass(frozen=True)
class Settling:
    """A group of columns that reads as null until `date` has come and was known.

    `known` names the column with the date it became known; without it the settling date itself is that date.
    """

    date: str
    columns: tuple[str, ...]
    known: str | None = None


@dataclass(frozen=True)
class TableSchema:
    """One source table. `event` dates a row; `key` is unique, or empty where identical rows are legal.

    `takes_out` says that its rows keep people off lists: one that names a person has its effect, or the run stops.
    `ends_by` names a column of which that holds where it is filled in: by it what a row says of a person is over.
    `acts_from` has the dates of a row of such a table that may not lie far ahead of the extract.
    """

    name: str
    title: str
    grain: str
    key: tuple[str, ...]
    event: str | None
    columns: tuple[Column, ...]
    settles: Settling | None = None
    known: str | None = "known_on"
    required: bool = False
    takes_out: bool = False
    ends_by: str | None = None
    acts_from: tuple[str, ...] = ()
    lag_days: int = 0
    """Days from event to knowledge where a source has no `known_on`; riskstrat.toml may set another."""
    names: dict[str, Column] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.names.update({column.name: column for column in self.columns})

    @property
    def must_have_effect(self) -> bool:
        """Whether some rows of the table must have their effect, or stop the run."""
        return self.takes_out or self.ends_by is not None

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns that a source must have."""
        return tuple(column.name for column in self.columns if column.required)

    def hangs_on(self, column: Column) -> bool:
        """Whether a row means something else, or is seen on other days, without what the column says."""
        settles = (self.settles.date, self.settles.known) if self.settles else ()
        return column.required or column.decides or column.name in (self.known, *settles)
