"""The files of a workspace as bytes, text and tables of TOML; errors name the file as the user knows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from riskstrat.errors import RiskstratError, StorageError
from riskstrat.storage import compute_digest, parse_toml


def read_bytes(path: Path, where: str) -> bytes:
    """The contents of `path` with Unix line endings. Raises StorageError naming `where`."""
    try:
        return path.read_bytes().replace(b"\r\n", b"\n")
    except OSError as wrong:
        raise StorageError(f"{where} cannot be read ({wrong.strerror}); check the file and its permissions") from None


def read_text(path: Path, where: str, error: type[RiskstratError]) -> str:
    """The text of `path`. Raises `error` if it is not UTF-8."""
    try:
        return read_bytes(path, where).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise error(f"{where} is not UTF-8 text; save it as UTF-8") from None


def read_toml(path: Path, where: str, error: type[RiskstratError]) -> dict[str, Any]:
    """The TOML of `path`. Raises `error` naming `where` and the line."""
    try:
        return parse_toml(read_text(path, where, error))
    except ValueError as broken:
        raise error(f"{where} is not TOML: {broken}") from None


def sha256_of(path: Path, where: str) -> str:
    """sha256 of `path` with Unix line endings, so that a checkout on Windows has the same."""
    return compute_digest(read_bytes(path, where))
