"""The bytes of a text file as UTF-8, whatever it was written in, and how a CSV file is likely written."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from riskstrat.definitions.source_mapping import CsvForm
from riskstrat.errors import SourceError
from riskstrat.sources.refusals import find_separator

DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)
"""What is raised while a packed file is read that was cut short or is none."""

_AT_A_TIME = 1 << 18
_LOOKED_AT = 1 << 12
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def open_packed(file: Path) -> BinaryIO:
    """The bytes of a file, unpacked where its name ends in .gz."""
    return cast(BinaryIO, gzip.open(file, "rb")) if file.suffix.lower() == ".gz" else file.open("rb")


def open_as_utf8(file: Path, encoding: str = "utf-8") -> BinaryIO:
    """The unpacked bytes of a text file as UTF-8. Reading raises UnicodeDecodeError where it is in another encoding."""
    opened = open_packed(file)
    return opened if encoding == "utf-8" else cast(BinaryIO, io.BufferedReader(_Recoded(opened, encoding)))


def find_form(file: Path) -> CsvForm:
    """How a CSV file is likely written; as it must be by default where that cannot be told."""
    try:
        encoding = find_encoding(file)
        with io.TextIOWrapper(open_as_utf8(file, encoding), encoding="utf-8-sig", newline="") as lines:
            return CsvForm(find_separator(next(csv.reader(lines), [])), encoding)
    except (*DAMAGED, UnicodeDecodeError, csv.Error):
        return CsvForm()


def find_encoding(file: Path) -> str:
    """UTF-16 by its mark, UTF-8 if all of it is; else what most systems write that write neither, if it can be."""
    with open_packed(file) as opened:
        if opened.read(2) in _UTF16:
            return "utf-16"
    return next((encoding for encoding in ("utf-8", "windows-1252") if _is_written_in(file, encoding)), "latin-1")


def require_mark(file: Path) -> None:
    """Raise SourceError for a file that is likely UTF-16, by its zero bytes, and does not begin with the mark of it."""
    with open_packed(file) as opened:
        beginning = opened.read(_LOOKED_AT)
    if beginning[:2] not in _UTF16 and 4 * beginning.count(0) > len(beginning):
        raise SourceError(
            f"{file} is likely UTF-16 without the byte-order mark that it must begin with; write it again with its "
            'mark and name encoding = "utf-16" for it in source.toml, or write it as CSV UTF-8'
        )


def _is_written_in(file: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with open_packed(file) as opened:
        try:
            while chunk := opened.read(_AT_A_TIME):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


class _Recoded(io.RawIOBase):
    """Bytes of one encoding, read as UTF-8."""

    def __init__(self, opened: BinaryIO, encoding: str) -> None:
        self._opened = opened
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._kept = b""
        self._ended = False

    def readable(self) -> bool:
        """True: it is there to be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as what is at hand goes; 0 at the end."""
        while not self._kept and not self._ended:
            chunk = self._opened.read(_AT_A_TIME)
            self._ended = not chunk
            self._kept = self._decoder.decode(chunk, final=self._ended).encode("utf-8")
        taken = self._kept[: len(buffer)]
        buffer[: len(taken)] = taken
        self._kept = self._kept[len(taken) :]
        return len(taken)

    def close(self) -> None:
        """Close the file below too."""
        self._opened.close()
        super().close()
