"""Many files as one archive that proves itself: a zip with the sha256 of each file in its last entry."""

from __future__ import annotations

import hashlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any

from riskstrat.errors import StorageError
from riskstrat.storage.atomic import write_atomically
from riskstrat.storage.folders import make_folder, write_folder_atomically
from riskstrat.storage.json_text import format_json, parse_json
from riskstrat.storage.private import PRIVATE_FILE

CONTENTS = "contents.json"
"""The last entry: a format number, what the caller says of the archive, and the sha256 of every other entry."""

FORMAT = 1
_DAMAGED = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, KeyError, NotImplementedError, OverflowError, RuntimeError, ValueError),
)
"""What reading a zip raises where it is not as it was written."""

_WHEN = (1980, 1, 1, 0, 0, 0)
_PIECE = 1 << 20
_COMPRESSED = (".parquet", ".xlsx", ".pdf", ".png", ".gz")

Source = Path | Callable[[], bytes]
"""Where the content of an entry comes from, when its turn has come."""


def write_archive(sources: Mapping[str, Source], facts: Mapping[str, object], target: Path) -> None:
    """Write the entries by name, in order, to `target`: whole or not at all, for its owner alone. Raises StorageError.

    The same contents give the same bytes.
    """
    strange = next((name for name in sources if not _is_below(name)), None)
    if strange is not None:
        raise StorageError(f'"{strange}" cannot be backed up: give it a name without \\ and :')
    with write_atomically(target) as part, zipfile.ZipFile(part, "w") as archive:
        digests = {name: _add(archive, name, sources[name]) for name in sorted(sources)}
        contents = {"format": FORMAT, "facts": dict(facts), "files": digests}
        archive.writestr(zipfile.ZipInfo(CONTENTS, _WHEN), format_json(contents, strict=True))


def _add(archive: zipfile.ZipFile, name: str, source: Source) -> str:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.external_attr = PRIVATE_FILE << 16
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(_COMPRESSED) else zipfile.ZIP_DEFLATED
    digest = hashlib.sha256()
    with archive.open(entry, "w", force_zip64=True) as written:
        if isinstance(source, Path):
            with source.open("rb") as read:
                _copy(read, written, digest)
        else:
            content = source()
            digest.update(content)
            written.write(content)
    return digest.hexdigest()


def _copy(read: IO[bytes], written: IO[bytes], digest: Any) -> None:
    while piece := read.read(_PIECE):
        digest.update(piece)
        written.write(piece)


def restore_archive(file: Path, target: Path, wanted: Mapping[str, object] | None = None) -> Mapping[str, Any]:
    """Unpack an archive into a new or empty folder, and give its facts; all of it as it was written, or nothing.

    wanted: facts that it must have. Raises StorageError for what is no such archive, for one that is damaged, lacks an
    entry or has another, and for a folder that holds anything.
    """
    target = target.resolve()  # so that "." has a name to write beside
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StorageError(f"{target} is not empty; give a new or empty folder, so that nothing is written over")
    try:
        with zipfile.ZipFile(file) as archive:
            contents = _read_contents(archive, file)
            if any(contents["facts"].get(name) != value for name, value in (wanted or {}).items()):
                raise _refuse(file, "is a backup of something else")
            with write_folder_atomically(target) as folder:
                for name, digest in contents["files"].items():
                    _unpack(archive, name, digest, folder, file)
    except _DAMAGED:
        raise _refuse(file, "is damaged, or no backup") from None
    except OSError as refused:
        raise StorageError(f"{file.name} cannot be read: {refused.strerror}; check the path and its rights") from None
    facts: Mapping[str, Any] = contents["facts"]
    return facts


def read_archive_facts(file: Path) -> Mapping[str, Any] | None:
    """What an archive says of itself; None for what is no such archive, or cannot be read."""
    try:
        with zipfile.ZipFile(file) as archive:
            facts: Mapping[str, Any] = _read_contents(archive, file)["facts"]
            return facts
    except (*_DAMAGED, OSError, StorageError):
        return None


def _read_contents(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    names = archive.namelist()
    if CONTENTS not in names:
        raise _refuse(file, "is no backup")
    contents = parse_json(archive.read(CONTENTS))
    number, files, facts = contents.get("format"), contents.get("files"), contents.get("facts")
    if isinstance(number, int) and number > FORMAT:
        raise StorageError(f"{file.name} was made by a later riskstrat; upgrade this one, then restore it")
    if number != FORMAT or not isinstance(files, dict) or not isinstance(facts, dict):
        raise _refuse(file, "is damaged, or no backup")
    if sorted(names) != sorted([*files, CONTENTS]):
        raise _refuse(file, "has not the files that it says")
    if not all(map(_is_below, files)):
        raise _refuse(file, "has a file that would stand outside its folder")
    return contents


def _is_below(name: str) -> bool:
    """Whether a name is a plain path below a folder, on every system."""
    parts = PurePosixPath(name).parts
    return (
        bool(parts)
        and "/".join(parts) == name
        and ".." not in parts
        and not set(name) & set("\\:\0")
        and parts[0] != "/"
    )


def _unpack(archive: zipfile.ZipFile, name: str, digest: str, folder: Path, file: Path) -> None:
    target, found = folder / name, hashlib.sha256()
    make_folder(target.parent)
    with archive.open(name) as read, target.open("xb") as written:
        _copy(read, written, found)
    target.chmod(PRIVATE_FILE)
    if found.hexdigest() != digest:
        raise _refuse(file, f"is damaged: {name} in it is not what was backed up")


def _refuse(file: Path, what: str) -> StorageError:
    return StorageError(f"{file.name} {what}; nothing was restored: take another copy of it, or another backup")
