"""What a site answers to an adapter: one word or several to a question, and rows where a table is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from riskstrat.definitions.codelists import near
from riskstrat.definitions.source_mapping import Answer, DeclaredColumn, DeclaredRows, Question
from riskstrat.errors import SourceError

_ARROW = {"text": pa.string(), "integer": pa.int64()}


def answer_questions(where: str, asks: Mapping[str, Question], given: Mapping[str, Any]) -> dict[str, Answer]:
    """The answer to every question. Raises SourceError for one that is missing or not allowed."""
    answers: dict[str, Answer] = {}
    for name, ask in asks.items():
        answer = given.get(name, ask.default)
        choice = f" ({', '.join(ask.allowed)})" if ask.allowed else ""
        if answer is None:
            raise SourceError(f'{where}: write "{name}" under [source] of source.toml: {ask.question}{choice}')
        if isinstance(answer, list) and not ask.several:
            raise SourceError(f'{where}: "{name}" takes one word{choice}, not a list')
        words = [str(word) for word in answer] if isinstance(answer, list) else [str(answer)]
        for word in words:
            _require_allowed(where, f'answer to "{name}"', word, ask.allowed)
        answers[name] = list(words) if ask.several else answer
    return answers


def read_rows(where: str, name: str, declared: DeclaredRows, given: object) -> pa.Table:
    """The rows of [[source.NAME]] with a column for each declared key, null where a row does not have it.

    Raises SourceError for a missing table that is required, and for a key or word that is not declared.
    """
    if given is None and declared.required:
        raise SourceError(f"{where}: write [[source.{name}]] in source.toml: {declared.question}")
    rows = given or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(f"{where}: {name} is written as [[source.{name}]], one for each row")
    known = tuple(declared.columns)
    for number, row in enumerate(rows, start=1):
        at = f"{where}: row {number} of [[source.{name}]]"
        for key in row:
            if key not in declared.columns:
                raise SourceError(f'{at}: unknown key "{key}"{near(key, known)} (known: {", ".join(known)})')
        for key, column in declared.columns.items():
            _check_cell(at, key, column, row.get(key))
        if declared.one_of and sum(key in row for key in declared.one_of) != 1:
            raise SourceError(f"{at}: write one of {', '.join(declared.one_of)}")
    schema = pa.schema([(key, _ARROW[column.type]) for key, column in declared.columns.items()])
    return pa.Table.from_pylist([{key: row.get(key) for key in known} for row in rows], schema=schema)


def _check_cell(at: str, key: str, column: DeclaredColumn, cell: object) -> None:
    if cell is None:
        if column.required:
            raise SourceError(f'{at}: key "{key}" is missing')
        return
    kind = int if column.type == "integer" else str
    if not isinstance(cell, kind) or isinstance(cell, bool):
        raise SourceError(f'{at}: "{key}" takes {"a whole number" if kind is int else "a text in quotes"}')
    _require_allowed(at, f'"{key}"', str(cell), column.allowed)


def _require_allowed(at: str, what: str, word: str, allowed: tuple[str, ...]) -> None:
    if allowed and word not in allowed:
        raise SourceError(f'{at}: "{word}" is no {what} ({", ".join(allowed)}){near(word, allowed)}')
