"""Numbers that say who a person is, however they are written: NHS numbers and telephone numbers.

Every door asks here: ingest, the identity verbs, reasons, reviews and the log itself. A number is an NHS number if it
has ten digits and passes modulus 11 (NHS Data Dictionary, NHS NUMBER), as one in eleven numbers does by chance. Digits
of every script count; characters that print as nothing do not. In text the ten digits stand

- together, or in the usual groups (3, 3, 4 and the like) with the same sign between them, or
- in any groups, if the same sign joins them and another stands around, or if no other digits are joined to them.

At most `_WIDEST` signs join two groups, and a letter parts them. Zeros in front, the point of a float and powers of ten
are taken off; dates and times of day are no numbers. Letters that touch the digits part of a hexadecimal digest.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from numbers import Integral
from typing import NamedTuple

from stdnum.gb import nhs

LENGTH = 10
_WIDEST = 4
_USUAL = frozenset({(3, 3, 4), (4, 3, 3), (3, 7), (4, 6), (6, 4), (5, 5), (2,) * 5, (1,) * 10})

_INVISIBLE = ("Cf", "Mn", "Me")
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"
_TOKEN = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"([^\W\d_]*)([0-9]+)([^\W\d_]*)")
_HEXADECIMAL = re.compile("[a-f]+", re.IGNORECASE)
_DIGEST = re.compile("[0-9a-f]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_WORD = "(?:nhs|number|num|nbr|no|nr|identifier|id|patient|chi|hcn)"
_LABEL = re.compile(f"{_WORD}+", re.IGNORECASE)
_LABELLED = re.compile(rf"[\W_]*(?:{_WORD}[\W_]*)+:")
_TELEPHONE = re.compile("00[1-9][0-9]{9,13}|(?:44|0)[1235789][0-9]{8,9}")
_LONGEST_TELEPHONE = 15
_LONG = re.compile("[0-9]{9}")
_JOINERS = re.compile(r"[\W_]+")
_WITH_POINT = re.compile("([0-9]{10,})[.,]0+")
_POINTED = re.compile(r"[\W_]*([0-9]+)(?:\.0+|,00?)[\W_]*")
_POWER = re.compile(r"(?<![0-9.,])([0-9]+[.,][0-9]+)e\+?([0-9]{1,2})(?![0-9])", re.IGNORECASE)
_POWER_ALONE = re.compile(rf"(?<![^\W_]){_POWER.pattern}(?![^\W_])", re.IGNORECASE)

_DAY, _MONTH, _YEAR = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])", "(?:1[89]|2[01])[0-9]{2}"
_TIME = r"[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_DATES = re.compile(
    rf"(?<![0-9])(?<![0-9][-/.])(?:{_YEAR}([-/.]){_MONTH}\1{_DAY}(?:{_TIME})?|{_DAY}([-/.]){_MONTH}\2{_YEAR}(?:{_TIME})?"
    rf"|{_DAY}([-/.]){_MONTH}\3[0-9]{{2}}{_TIME})(?![0-9]|[^A-Za-z0-9\s,;][0-9])"
)

MAY_BE_NHS_NUMBER = (
    r"regexp_matches({0}, '[^\x00-\x7F]|([0-9][^0-9A-Za-z]{{0,4}}){{9}}[0-9]|[0-9][.,][0-9]+[eE][+]?[0-9]') "
    r"AND NOT (regexp_full_match({0}, '[0-9A-Fa-f]+|[0-9A-Fa-f]{{8}}(-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}') "
    r"AND regexp_matches({0}, '[A-Fa-f]'))"
)
"""SQL, to be formatted with a column: true for every text of which `is_nhs_number_key` is, and for few others."""

IS_BARE_KEY = "regexp_full_match({0}, '[0-9A-Za-z]+')"
BARE_KEY = (
    "CASE WHEN regexp_full_match({0}, '[0-9]+') THEN coalesce(nullif(ltrim({0}, '0'), ''), '0') ELSE lower({0}) END"
)
"""SQL, to be formatted with a column: where the first is true, the second is what `reduce_key` gives."""


class _Piece(NamedTuple):
    """Some digits of a text, and the signs between them and the word or digits before."""

    digits: str
    gap: str


class _Found(NamedTuple):
    """Ten digits; `plain` if they are grouped as people write such numbers."""

    digits: str
    plain: bool


def numbers_in(text: str) -> list[str]:
    """The ten digits of each number in `text` that could be an NHS number; the check digit is not looked at."""
    return list(dict.fromkeys(found.digits for found in _find_numbers(text)))


def holds_nhs_number(value: object) -> bool:
    """Whether a number that passes modulus 11 stands in `value`, in any text or number inside it, or in a key."""
    if isinstance(value, Mapping):
        return any(holds_nhs_number(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return any(holds_nhs_number(part) for part in value)
    return any(map(is_valid, numbers_in(write_value(value))))


def is_nhs_number_key(identifier: str) -> bool:
    """Whether a key of people is an NHS number in some dress; letters but a label make another key of the digits.

    A hexadecimal digest and a UUID with a letter in them are none, whatever stands in them.
    """
    if _DIGEST.fullmatch(identifier) and any(map(str.isalpha, identifier)):
        return False
    return any(is_valid(found.digits) for found in _find_numbers(identifier, labels_only=True))


def holds_telephone_number(text: str) -> bool:
    """Whether a telephone number with its area code stands in `text`: from 0, 0044, +44, or + and another country."""
    return any(
        _is_telephone(pieces[place : place + _LONGEST_TELEPHONE])
        for pieces in _find_runs(_DATES.sub("x", fold(text)))
        for place in range(len(pieces))
    )


def holds_long_number(text: str) -> bool:
    """Whether a number stands in `text` that is long enough to say who a person is.

    That is nine digits or more, a telephone number, or ten digits that are grouped as an NHS number or pass its check.
    """
    found = _find_numbers(text)
    long = _LONG.search(fold(text)) is not None or any(one.plain or is_valid(one.digits) for one in found)
    return long or holds_telephone_number(text)


def read_digits(written: object) -> str | None:
    """The digits of a cell that holds one number, whatever stands between and around them; "" for an empty cell.

    None for a cell that holds something else. Zeros in front are taken off where they make more than ten digits.
    """
    if isinstance(written, float | Decimal) and isfinite(written) and written != int(written):
        return None
    text = _expand_powers(fold(write_value(written)))
    bare = _JOINERS.sub("", _WITH_POINT.sub(r"\1", text))
    label = _LABEL.match(bare)
    digits = bare[label.end() :] if label else bare
    if not re.fullmatch("[0-9]+", digits):
        return None if bare else ""
    return _cut_zeros(digits)


def reduce_key(identifier: str) -> str:
    """A key of people without what spreadsheets, forms and systems change of how it is written; "" if nothing is left.

    So without signs, blanks, case, widths and scripts, without a label and its colon, the point of a float and a power
    of ten, and where it is a number without zeros in front. Two keys that give the same may name the same person; they
    name two where `find_breaks` gives each something else.
    """
    bare = _JOINERS.sub("", _undress(identifier))
    return (bare.lstrip("0") or bare[-1:]) if re.fullmatch("[0-9]+", bare) else bare


def find_breaks(identifier: str) -> str:
    """Where signs part the digits of a key, counted from its end, as "1,4"; "" where none does.

    So 1-23 and 12-3 are told apart, which `reduce_key` gives the same for. Zeros in front are in no group.
    """
    groups = [group for group in _JOINERS.split(_undress(identifier)) if group]
    length, found, end = len(reduce_key(identifier)), [], 0
    for before, after in reversed(list(itertools.pairwise(groups))):
        end += len(after)
        if (before[-1] + after[0]).isdigit() and end < length:
            found.append(str(end))
    return ",".join(found)


def _undress(identifier: str) -> str:
    """A key of people as it is written, without case, widths, a label and its colon, and the signs of a number."""
    # Letters that touch a number are part of the key, as in a hexadecimal one.
    text = _LABELLED.sub("", _expand_powers(fold(identifier), _POWER_ALONE).casefold())
    pointed = _POINTED.fullmatch(text)
    return pointed[1] if pointed else text


def is_valid(number: str) -> bool:
    """Whether ten digits pass modulus 11."""
    return bool(nhs.is_valid(number))


def fold(text: str) -> str:
    """The text with digits of every script as 0 to 9, forms of a letter as the letter, and nothing invisible."""
    return text if text.isascii() else "".join(map(_fold_character, text))


def write_value(value: object) -> str:
    """A value as text: a whole number in a floating column without its point; other floats and nothing as "".

    The digits of a fraction are no number of a person.
    """
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, Integral | float | Decimal):
        return str(int(value)) if isfinite(value) and value == int(value) else ""
    return str(value)


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if unicodedata.category(character) in _INVISIBLE or character in _BLANK_LETTERS:
        return ""
    return unicodedata.normalize("NFKC", character)


def _find_numbers(text: str, labels_only: bool = False) -> Iterator[_Found]:
    for pieces in _find_runs(_DATES.sub("x", _expand_powers(fold(text))), labels_only):
        yield from _find_in_run(pieces)


def _find_in_run(pieces: list[_Piece]) -> Iterator[_Found]:
    """The numbers of ten digits among digits that are joined."""
    whole = _cut_zeros("".join(piece.digits for piece in pieces))
    for first in range(len(pieces)):
        count = 0
        for last in range(first, min(len(pieces), first + LENGTH)):
            count += len(pieces[last].digits)
            if count >= LENGTH:
                break
        window = pieces[first : last + 1]
        digits = _cut_zeros("".join(piece.digits for piece in window))
        if len(digits) == LENGTH and _is_one_number(pieces, first, last):
            yield _Found(digits, _is_usual(window))
    if len(whole) == LENGTH:
        yield _Found(whole, _is_usual(pieces))


def _is_one_number(pieces: list[_Piece], first: int, last: int) -> bool:
    """Whether the groups belong together: the same sign between them, and they are usual or another sign is around."""
    inside = {piece.gap for piece in pieces[first + 1 : last + 1]}
    around = {piece.gap for piece in (*pieces[first : first + 1 if first else 0], *pieces[last + 1 : last + 2])}
    return len(inside) <= 1 and (_is_usual(pieces[first : last + 1]) or not inside & around)


def _is_usual(pieces: list[_Piece]) -> bool:
    sizes = tuple(len(piece.digits) for piece in pieces)
    return len(sizes) == 1 or sizes in _USUAL


def _find_runs(folded: str, labels_only: bool = False) -> Iterator[list[_Piece]]:
    """The runs of joined digits in a text."""
    run: list[_Piece] = []
    end = 0
    for token in _TOKEN.finditer(folded):
        piece = _PIECE.fullmatch(token[0])
        if piece is not None and not all(_may_touch(letters, labels_only) for letters in (piece[1], piece[3])):
            piece = None
        gap = folded[end : token.start()]
        if run and (piece is None or piece[1] or len(gap) > _WIDEST):
            yield run
            run = []
        if piece is not None:
            run.append(_Piece(piece[2], gap))
            if piece[3]:
                yield run
                run = []
        end = token.end()
    if run:
        yield run


def _may_touch(letters: str, labels_only: bool) -> bool:
    """Whether letters may touch the digits of a number."""
    if not letters:
        return True
    return _LABEL.fullmatch(letters) is not None if labels_only else _HEXADECIMAL.fullmatch(letters) is None


def _is_telephone(pieces: list[_Piece]) -> bool:
    """Whether the first of the joined groups make a telephone number."""
    digits, plus = "", "+" in pieces[0].gap
    for place, piece in enumerate(pieces):
        if place and set(piece.gap) & set(":;,"):
            return False
        digits += piece.digits
        abroad = plus and LENGTH <= len(digits) <= _LONGEST_TELEPHONE
        if abroad or _TELEPHONE.fullmatch(digits):
            return True
    return False


def _expand_powers(folded: str, power: re.Pattern[str] = _POWER) -> str:
    """The text with numbers such as 9.434765919E9 written out."""
    return power.sub(lambda found: _write_out(found[0], found[1], int(found[2])), folded)


def _write_out(written: str, mantissa: str, power: int) -> str:
    value = Decimal(mantissa.replace(",", ".")).scaleb(power)
    return str(int(value)) if value == value // 1 else written


def _cut_zeros(digits: str) -> str:
    """The digits without zeros in front where there are more than ten."""
    return digits if len(digits) <= LENGTH else digits.lstrip("0").rjust(LENGTH, "0")
