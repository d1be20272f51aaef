"""Files that people wrote, as bytes, text and tables of TOML; errors name the file as the user knows it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskstrat.errors import RiskstratError, StorageError
from riskstrat.storage.digests import compute_digest
from riskstrat.storage.toml_text import parse_toml


@dataclass(frozen=True)
class KeptFile:
    """A file as it stood when its workspace was loaded; parsed when it is wanted, so that only then it can be wrong.

    `contents` is None where there is no such file, and the error where it could not be read.
    """

    where: str
    contents: bytes | StorageError | None

    def get_text(self, error: type[RiskstratError]) -> str:
        """Raises StorageError if it is not there or could not be read, `error` if it is not UTF-8."""
        if self.contents is None:
            raise _refuse_reading(self.where, "No such file or directory")
        if isinstance(self.contents, StorageError):
            raise self.contents
        return _decode(self.contents, self.where, error)

    def get_toml(self, error: type[RiskstratError]) -> dict[str, Any]:
        """Raises as `get_text`, and `error` naming the file and the line if it is not TOML."""
        return _parse(self.get_text(error), self.where, error)


def keep_file(root: Path, where: str) -> KeptFile:
    """The file `where` of a workspace as it is now."""
    path = root / where
    # A link that leads nowhere is a file that cannot be read, and not none.
    if not os.path.lexists(path):
        return KeptFile(where, None)
    try:
        return KeptFile(where, read_bytes(path, where))
    except StorageError as refused:
        return KeptFile(where, refused)


def read_bytes(path: Path, where: str) -> bytes:
    """The contents of `path` with Unix line endings. Raises StorageError naming `where`."""
    try:
        return path.read_bytes().replace(b"\r\n", b"\n")
    except OSError as wrong:
        raise _refuse_reading(where, wrong.strerror) from None


def read_text(path: Path, where: str, error: type[RiskstratError]) -> str:
    """The text of `path`. Raises `error` if it is not UTF-8."""
    return _decode(read_bytes(path, where), where, error)


def read_toml(path: Path, where: str, error: type[RiskstratError]) -> dict[str, Any]:
    """The TOML of `path`. Raises `error` naming `where` and the line."""
    return _parse(read_text(path, where, error), where, error)


def _refuse_reading(where: str, why: str | None) -> StorageError:
    return StorageError(f"{where} cannot be read ({why}); check the file and its permissions")


def _decode(contents: bytes, where: str, error: type[RiskstratError]) -> str:
    try:
        return contents.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise error(f"{where} is not UTF-8 text; save it as UTF-8") from None


def _parse(text: str, where: str, error: type[RiskstratError]) -> dict[str, Any]:
    try:
        return parse_toml(text)
    except ValueError as broken:
        raise error(f"{where} is not TOML: {broken}") from None


def sha256_of(path: Path, where: str) -> str:
    """sha256 of `path` with Unix line endings, so that a checkout on Windows has the same."""
    return compute_digest(read_bytes(path, where))
