"""Counts the records of a CSV file before any parser reads it, and refuses what no parser can be trusted with.

A record is a line, unless a quoted field holds line ends. Quotes mean something only where a field begins; such a field
ends with a quote before a comma or the end of the line, and a quote within it is doubled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from riskstrat.definitions.source_mapping import CsvForm
from riskstrat.errors import SourceError
from riskstrat.sources.encodings import DAMAGED, find_encoding, open_as_utf8
from riskstrat.sources.refusals import name_form

LONGEST = 1 << 24
"""The bytes that a line may have."""

_AT_A_TIME = 1 << 18
"""Bytes that are looked at together: as many as a processor keeps at hand."""

_QUOTE, _COMMA, _FEED, _RETURN = b'",\n\r'
_FIELD = rb'(?:"(?:[^"]|"")*+"|(?!")[^,\r\n]*+)'
_REST = rb"(?:," + _FIELD + rb")*+"
_OPEN = rb'"(?:[^"]|"")*+'
_WHOLE = re.compile(_FIELD + _REST)
_OPENS = re.compile(rb"(?:" + _FIELD + rb",)*?" + _OPEN)
_QUOTES = re.compile(rb"(?:" + _FIELD + rb",)*?" + _OPEN + rb'"(?:,|$)')
_CLOSES = re.compile(rb'(?:[^"]|"")*+"' + _REST)
_CLOSES_AND_OPENS = re.compile(rb'(?:[^"]|"")*+",(?:' + _FIELD + rb",)*?" + _OPEN)
_STAYS_OPEN = re.compile(rb'(?:[^"]|"")*+')
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MARK = b"\xef\xbb\xbf"


def count_records(file: Path, form: CsvForm = CsvForm(), *, header: bool = True) -> int:  # noqa: B008
    """The records of a CSV file after its header, if it has one, empty lines among them.

    Raises SourceError, with file and line, for a file that is no text in its encoding, is cut short, holds a zero byte,
    a quote that nothing closes, text behind a closing quote, or a line end in a field though the file does not quote.
    """
    counter = _Counter(file, form)
    separator = form.separator
    swap = bytes.maketrans(f"{separator},".encode(), f",{separator}".encode())
    try:
        with open_as_utf8(file, form.encoding) as opened:
            for lines in _read_whole_lines(opened, counter):
                # With another separator the comma is text: each stands for the other.
                counter.take(lines if separator == "," else lines.translate(swap))
    except UnicodeDecodeError:
        raise SourceError(f"{file} is not written in {form.encoding}; mend its encoding in source.toml") from None
    except DAMAGED as error:
        raise SourceError(f"{file} is cut short or damaged: it cannot be unpacked whole; pack and land it again") from (
            error
        )
    return counter.finish() if header else counter.finish_without_header()


def _read_whole_lines(opened: BinaryIO, counter: _Counter) -> Iterator[bytes]:
    kept = b""
    while chunk := opened.read(_AT_A_TIME):
        kept += chunk
        # A return at the end may be half of a line end.
        end = max(kept.rfind(b"\n"), kept.rfind(b"\r", 0, len(kept) - 1)) + 1
        if end:
            yield kept[:end]
            kept = kept[end:]
        elif len(kept) > LONGEST:
            raise counter.refuse(1, f"is longer than {LONGEST:,} bytes; end each row with a line end")
    if kept:
        yield kept


def _count_line_ends(lines: bytes) -> int:
    returns = lines.count(b"\r")
    return lines.count(b"\n") + (returns - lines.count(b"\r\n") if returns else 0)


class _Counter:
    """Counts records in blocks of whole lines; keeps what one block leaves to the next."""

    def __init__(self, file: Path, form: CsvForm) -> None:
        self.file = file
        self.form = form
        self.lines = 0
        self.records = 0
        self.quotes = False
        self.opened_in: int | None = None
        self.last = b"\n"

    def take(self, lines: bytes) -> None:
        """Count the records that end in a block; what the file is refused for is refused by line."""
        if not self.lines:
            lines = self._begin(lines)
        self._require_text(lines)
        if self.opened_in is None and (b'"' not in lines or _are_closed_on_their_lines(lines)):
            count = _count_line_ends(lines) + (lines[-1:] not in (b"\n", b"\r", b""))
            self.lines, self.records = self.lines + count, self.records + count
        else:
            self._take_line_by_line(lines)

    def finish(self) -> int:
        """The records after the header, once the last block was taken."""
        return max(self.finish_without_header() - 1, 0)

    def finish_without_header(self) -> int:
        """The records of a file that begins with one."""
        if self.opened_in is not None:
            raise self._refuse_open(self.opened_in)
        return self.records

    def refuse(self, line: int, why: str) -> SourceError:
        """The refusal of the line that lies so many lines after the last one counted."""
        return SourceError(f"{self.file}: line {self.lines + line} {why}")

    def _begin(self, lines: bytes) -> bytes:
        if lines.startswith(_UTF16):
            raise SourceError(f"{self.file} is UTF-16; {self._name_form('utf-16')}")
        lines = lines.removeprefix(_MARK)
        header, *rest = [match[0] for _, match in zip(range(2), _LINE.finditer(lines), strict=False)]
        if _OPENS.fullmatch(header.rstrip(b"\r\n")):
            raise self.refuse(1, "names the columns, and a quote in it is not closed; close it or take it out")
        # A file quotes if a field of its column names or of its first row stands in quotes.
        self.quotes = any(_QUOTES.match(line.rstrip(b"\r\n")) for line in (header, *rest))
        return lines

    def _require_text(self, lines: bytes) -> None:
        at = lines.find(b"\0")
        if at >= 0:
            line = _count_line_ends(lines[:at]) + 1
            raise self.refuse(line, "holds a zero byte, which is no text; write the file again as CSV UTF-8")
        try:
            lines.isascii() or lines.decode("utf-8")
        except UnicodeDecodeError as error:
            line = _count_line_ends(lines[: error.start]) + 1
            raise self.refuse(line, f"is not UTF-8; {self._name_form(find_encoding(self.file))}") from None

    def _name_form(self, encoding: str) -> str:
        return name_form(self.file, replace(self.form, encoding=encoding), self.form)

    def _take_line_by_line(self, lines: bytes) -> None:
        for match in _LINE.finditer(lines):
            if match[0]:
                self._take_line(match[0].rstrip(b"\r\n"))

    def _take_line(self, line: bytes) -> None:
        if self.opened_in is None:
            ends, goes_on = _WHOLE, _OPENS
        else:
            ends, goes_on = _CLOSES, _CLOSES_AND_OPENS
        if ends.fullmatch(line):
            self.opened_in = None
            self.records += 1
        elif goes_on.fullmatch(line):
            self.opened_in = self.lines + 1
            if not self.quotes:
                raise self._refuse_open(self.opened_in)
        elif self.opened_in is None or not _STAYS_OPEN.fullmatch(line):
            opened = "" if self.opened_in is None else f" that was opened in line {self.opened_in}"
            raise self.refuse(
                1, f"has text behind the quote that closes a field{opened}; double a quote that is part of the text"
            )
        self.lines += 1

    def _refuse_open(self, line: int) -> SourceError:
        return SourceError(
            f"{self.file}: line {line} opens a quote that is not closed on it"
            + ("" if self.quotes else ", and the file does not quote its fields")
            + "; close it, double it or take it out, and write text with line ends only in a file that quotes"
        )


def _are_closed_on_their_lines(lines: bytes) -> bool:
    """Whether every quote of the block opens or closes a field, or is doubled in one, and no field holds a line end.

    Where it says no, only the regular expressions tell whether the block is well-formed.
    """
    block = np.frombuffer(b"\n" + lines + b"\n", np.uint8)
    quotes = np.flatnonzero(block == _QUOTE)
    if len(quotes) % 2:
        return False
    before, after = block[quotes[0::2] - 1], block[quotes[1::2] + 1]
    if not (_is_end(before) | (before == _QUOTE)).all() or not (_is_end(after) | (after == _QUOTE)).all():
        return False
    ends = np.flatnonzero((block == _FEED) | (block == _RETURN))
    return not (np.searchsorted(quotes, ends) % 2).any()


def _is_end(byte: np.ndarray) -> np.ndarray:
    return (byte == _COMMA) | (byte == _FEED) | (byte == _RETURN)
