"""Which codes belong to entries of codelists, as DuckDB conditions."""

from __future__ import annotations

from collections.abc import Iterable

from riskstrat.definitions.codelists import BY_PREFIX, PHRASE, Entry


def build_system_test(entries: Iterable[Entry]) -> str:
    """SQL: whether `code`, a code of the row's `system`, belongs to one of the entries."""
    given = tuple(entries)
    systems = sorted({system for entry in given for system in entry.reads})
    tests = [
        f"({build_words_test('system', [system])} AND {build_code_test('code', given, system)})" for system in systems
    ]
    return f"({' OR '.join(tests) or 'false'})"


def build_code_test(column: str, entries: Iterable[Entry], system: str) -> str:
    """SQL: whether the column, a code of `system`, belongs to one of the entries."""
    reading = [entry for entry in entries if system in entry.reads]
    prefixes = [entry.code for entry in reading if entry.system in BY_PREFIX]
    phrases = {entry.code for entry in reading if entry.system == PHRASE}
    whole = {entry.code for entry in reading} - set(prefixes) - phrases
    tests = [starts_with(column, prefixes)] if prefixes else []
    tests += [build_words_test(column, whole)] if whole else []
    # A phrase is words in capitals with single blanks, so none of its characters means anything to the expression.
    tests += [f"regexp_matches({_build_words_sql(column)}, ' ({'|'.join(sorted(phrases))}) ')"] if phrases else []
    return f"({' OR '.join(tests) or 'false'})"


def _build_words_sql(column: str) -> str:
    """The column's words in capitals with blanks around each, as `split_words` has them."""
    return f"(' ' || regexp_replace(upper({column}), '[^A-Z0-9]+', ' ', 'g') || ' ')"


def starts_with(column: str, prefixes: Iterable[str]) -> str:
    """SQL: whether the column starts with one of the prefixes, as one look-up for each length of prefix."""
    by_length: dict[int, set[str]] = {}
    for prefix in prefixes:
        by_length.setdefault(len(prefix), set()).add(prefix)
    tests = [build_words_test(f"left({column}, {length})", by_length[length]) for length in sorted(by_length)]
    return f"({' OR '.join(tests) or 'false'})"


def build_words_test(column: str, words: Iterable[str]) -> str:
    """SQL: whether the column is one of the words; null where it is.

    Written as a function, which DuckDB works out once for each different word of a part of a file; IN is compared for
    each row, and takes three to thirty times as long.
    """
    return f"list_contains([{_quote_words(words)}], {column})"


def build_membership(column: str, codes: tuple[str, ...]) -> str:
    """SQL: whether a column holds one of the codes; false for null, and for no codes."""
    return f"coalesce({build_words_test(column, codes)}, false)" if codes else "false"


def _quote_words(words: Iterable[str]) -> str:
    """SQL: the words as literals, in order, with commas between them."""
    return ", ".join("'" + word.replace("'", "''") + "'" for word in sorted(words))
