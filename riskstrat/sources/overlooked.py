"""Refuses what lies in a source, would keep somebody off lists, and would not be read for its name or its kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from riskstrat.definitions.column_names import COLUMN_NAMES, TABLE_NAMES
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import TableSchema
from riskstrat.errors import SourceError
from riskstrat.sources.landing import Landed

_JUNK = ("._", "~$", ".~")
"""How the files begin that desktops put beside others."""

_ADDED = frozenset(
    (
        *("copy", "of", "final", "new", "latest", "old", "export", "extract", "v", "version", "january", "february"),
        *("march", "april", "may", "june", "july", "august", "september", "october", "november", "december"),
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"),
    )
)
"""Words that tell one file of a table from another, figures aside."""

_SAID_OF_MUCH = frozenset({"people", "reviews", "status"})
"""Names of tables that many others begin or end with too, such as medication_reviews or smoking_status."""

_DEATHS = ("date_of_death", "died_known_on")


def refuse_overlooked_names(
    where: str, read: Collection[str], others: Collection[str], only: Collection[str], files: Collection[str] | None
) -> None:
    """Raise SourceError for what is named as a table that keeps people off lists and would not be read.

    read: the tables that are made; others: those of the source that nothing reads; only: those that are asked for.
    files: of a folder those that are no tables, which count too, and so does a second file of a table; else None.
    Beside a table any other name is its own; where there is none, one that begins or ends as it does could be meant.
    """
    names = sorted(name for name in {*others, *(files or ())} if not name.startswith(_JUNK))
    wanted = {_fold(called): table for table in only for called in _list_names(table)}
    plain = {_fold(said) for said in _SAID_OF_MUCH}
    missing = {called: table for called, table in wanted.items() if table not in read and called not in plain}
    for name in names:
        table = next((wanted[key] for key in _fold_stem(name) if key in wanted), None)
        table = table or next((missing[key] for key in _fold_ends(name) if key in missing), None)
        if table is None:
            continue
        if table not in read:
            raise SourceError(
                f'{where} holds "{name}" and no {table}: it would not be read, and may keep people off lists; land it '
                f"as {table}.parquet or {table}.csv, name it in source.toml, or move it"
            )
        if files is not None and name in others:
            raise SourceError(
                f'{where} holds "{name}" beside {table}: its rows would not be read, and may keep people off lists; '
                "put them into one file, or move it"
            )


def refuse_overlooked_columns(tables: Collection[Landed]) -> None:
    """Raise SourceError for a column that could be one by which a table keeps people off lists, under another name.

    And for a table of such rows that has none of the columns by which they do.
    """
    for landed in tables:
        schema = SCHEMAS[landed.name]
        deciding = list(_list_deciding(schema))
        for column in (name for name in deciding if name not in landed.columns):
            meant = _find_called(column, landed)
            if meant is not None:
                raise SourceError(
                    f'{landed.name} has no column {column}, and "{meant}" could be it: it would not be read, and may '
                    f"keep people off lists; name it {column}, or take it out"
                )
        if schema.takes_out and deciding and not any(name in landed.columns for name in deciding):
            raise SourceError(
                f"{landed.name} has none of {', '.join(deciding)}, so it says nothing of anybody; name one of its "
                "columns so, or leave the table out"
            )
    _refuse_flag_of_death({landed.name: landed for landed in tables})


def _refuse_flag_of_death(tables: Mapping[str, Landed]) -> None:
    """Raise SourceError for people of whom only a flag that is not read says that they died."""
    people, statuses = tables.get("people"), tables.get("statuses")
    told = (people is None or "date_of_death" in people.columns) or (
        statuses is not None and "died" in statuses.columns
    )
    flag = None if told or people is None else _find_called("died", people)
    if flag is not None:
        raise SourceError(
            f'people has no column date_of_death, and "{flag}" could say who died: it would not be read, and may keep '
            "people off lists; land the day of death as date_of_death, or the flag as died of statuses"
        )


def _find_called(column: str, landed: Landed) -> str | None:
    """The first column that is not read and is called as others call one of ours."""
    known = {_fold(name) for name in (column, *COLUMN_NAMES.get(column, ()))}
    return next((name for name in landed.ignored if _fold(name) in known), None)


def list_deciding_names() -> frozenset[str]:
    """What tables are called, here or elsewhere, that keep people off lists."""
    return frozenset(name for table in SCHEMAS for name in _list_names(table))


def _list_names(table: str) -> Iterator[str]:
    """What a table is called here or elsewhere, if it keeps people off lists."""
    if table == "people":
        yield table
    elif SCHEMAS[table].must_have_effect:
        # Flags may be anything.
        yield from (table, *(name for name in TABLE_NAMES.get(table, ()) if name != "flags"))


def _list_deciding(schema: TableSchema) -> Iterator[str]:
    """The columns that may be absent and by which a row takes somebody off lists."""
    if schema.name == "people":
        yield from _DEATHS
    if schema.ends_by is not None:
        yield schema.ends_by
    if schema.takes_out:
        # A row without its columns of other types has its effect all the same.
        yield from (column.name for column in schema.columns if column.type == "boolean" and column.decides)


def _fold(name: str) -> str:
    """What is left of a name without capitals, blanks, marks, figures and the plural."""
    return re.sub(r"[\W\d_]+", "", name.lower()).removesuffix("s")


def _fold_stem(name: str) -> Iterator[str]:
    """What a name of a file or table may be read as, up to its first ending."""
    stem = name.lower().lstrip(".").split(".")[0]
    yield _fold(stem)
    yield _fold("".join(_split_words(stem)))


def _fold_ends(name: str) -> Iterator[str]:
    """What a name could be read as that says more than that: each beginning and end of its words."""
    words = _split_words(name.lower().lstrip(".").split(".")[0])
    for number in range(1, len(words)):
        yield _fold("".join(words[:number]))
        yield _fold("".join(words[number:]))


def _split_words(stem: str) -> list[str]:
    """The words of a name without those that are added to many, and without figures."""
    words = (word.strip("0123456789") for word in re.split(r"[\W_]+", stem))
    return [word for word in words if word and word not in _ADDED]
