"""Versions of a store: each in a folder named by the digest of what is in it, and a small file that says which is read.

    data/current.json           which version is read, and which stood before it
    data/versions/<digest>/     manifest.json with the sha256 of every other file; the tables; what was quarantined;
                                landed/ with the rows as they came, where extracts can be added

A version never changes. Ingest puts a new one beside the others and replaces `current.json`, so that a run which has
read that once reads one version to its end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from riskstrat.errors import SourceError, StorageError
from riskstrat.storage import (
    Reading,
    clear_leftovers,
    compute_digest,
    compute_file_digest,
    compute_folder_digests,
    format_json,
    mark_reading,
    parse_json,
    remove_folder,
    remove_unread_folder,
    write_bytes,
    write_json,
)

POINTER, VERSIONS, MANIFEST, LANDED = "current.json", "versions", "manifest.json", "landed"
FORMAT = 2
"""Of what stands in a store. The first had neither versions nor this number."""

OF_THE_FIRST_FORMAT = ("manifest.json", "quarantine.parquet", "coverage.parquet", "tables")
"""What a store of the first format had where versions stand now."""

SPILLS = ("spill", "spill-excerpts")
"""Roles of the folders beside a version that hold what does not fit into memory while a run lasts."""

_NAME = re.compile("[0-9a-f]{32}")
_TRIES = 5


class Pinned(NamedTuple):
    """One version of a store, marked as read where that can be, and the bytes of its manifest."""

    folder: Path
    manifest: bytes
    reading: Reading | None


def pin_version(store: Path) -> Pinned:
    """The version that the store has now, which stays while it is read. Raises SourceError if there is none."""
    for _ in range(_TRIES):
        folder = store / VERSIONS / _read_pointer(store)[0]
        reading = mark_reading(folder) if folder.is_dir() else None
        with suppress(OSError):
            return Pinned(folder, (folder / MANIFEST).read_bytes(), reading)
    raise SourceError(f"{store.name}/ has lost the version that it reads; {_word_advice()}")


def find_damage(pinned: Pinned, part: str = "files") -> str | None:
    """The first file of a part of a version (LANDED, or all that is read) that is not as written; None if each is."""
    return _find_wrong_file(pinned.folder, pinned.manifest, part)


def require_whole(store: Path, pinned: Pinned) -> None:
    """Raises SourceError unless every file of a version is the one that ingest wrote."""
    wrong = find_damage(pinned)
    if wrong is None:
        return
    table = Path(wrong)
    if table.parent.name == "tables" and not (pinned.folder / wrong).is_file():
        raise SourceError(f"{store.name}/ has lost its table {table.stem}; {_word_advice()}")
    raise SourceError(f"{wrong} in {store.name}/ is not the file that was ingested; {_word_advice()}")


def seal_version(folder: Path, facts: Mapping[str, object]) -> None:
    """Write the manifest of a version that has all its other files: these facts, and the sha256 of each file.

    The landed rows that are kept for later extracts are named apart: nobody who reads a version reads them.
    """
    digests = compute_folder_digests(folder)
    kept = {name: digest for name, digest in digests.items() if name.startswith(f"{LANDED}/")}
    files = {name: digest for name, digest in digests.items() if name not in kept}
    sealed = {**facts, "store_format": FORMAT, "files": files} | ({LANDED: kept} if kept else {})
    write_json(sealed, folder / MANIFEST, strict=True)


def name_version(folder: Path) -> str:
    """The name of a sealed version."""
    return compute_file_digest(folder / MANIFEST)[:32]


def is_whole(folder: Path) -> bool:
    """Whether a version stands there with every file as it was written."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError:
        return False
    return all(_find_wrong_file(folder, manifest, part) is None for part in ("files", LANDED))


def point_to(store: Path, name: str, keep: int) -> None:
    """Make a version the one that is read, and remove what is neither among the last `keep` nor read by anybody."""
    try:
        before = _read_pointer(store)
    except SourceError:
        before = []
    names = [name, *(each for each in before if each != name)][: max(keep, 1)]
    if names != before:
        write_bytes(write_pointer(names), store / POINTER)
    for left in OF_THE_FIRST_FORMAT:
        remove_folder(store / left)
    _prune(store / VERSIONS, names)


def list_earlier_versions(store: Path) -> list[Path]:
    """The folder of every version but the one that is read, by name; none where nothing was ingested."""
    try:
        current = _read_pointer(store)[0]
    except SourceError:
        return []
    return [folder for folder in _list_versions(store / VERSIONS) if folder.name != current]


def drop_versions(store: Path, names: Sequence[str]) -> None:
    """Remove earlier versions; what has gone is passed over. Raises StorageError for one that somebody still reads."""
    if not names:
        return
    kept = [name for name in _read_pointer(store) if name not in names]
    write_bytes(write_pointer(kept), store / POINTER)
    for name in names:
        remove_unread_folder(store / VERSIONS / name)
        if (store / VERSIONS / name).exists():
            raise StorageError(
                f"a version of the data ({name[:8]}...) is still read by another run; run this again after it"
            )


def write_pointer(names: Sequence[str]) -> bytes:
    """What `current.json` says where the first of these versions is read and the others stood before it."""
    return format_json({"format": FORMAT, "version": names[0], "earlier": list(names[1:])}, strict=True).encode("utf-8")


def clear_spills(store: Path) -> None:
    """Remove what killed runs spilled beside the versions of a store, and what they left of a new version."""
    clear_leftovers(store, *SPILLS)
    for folder in _list_versions(store / VERSIONS):
        clear_leftovers(folder, *SPILLS)


def read_facts(store: Path) -> Mapping[str, Any] | None:
    """What the manifest of the version that is read says; None where none can be read."""
    try:
        name = _read_pointer(store)[0]
        folder = store / VERSIONS / name
        return parse_json((folder / MANIFEST).read_bytes()) if name_version(folder) == name else None
    except (SourceError, OSError, ValueError):
        return None


def _read_pointer(store: Path) -> list[str]:
    """The names of the version that is read and of those before it, the latest first. Raises SourceError."""
    try:
        content = (store / POINTER).read_bytes()
    except FileNotFoundError:
        raise SourceError(_explain_absence(store)) from None
    except OSError as refused:
        raise SourceError(f"{store.name}/{POINTER} cannot be read ({refused.strerror}); mend its permissions") from None
    try:
        told = parse_json(content)
        number, names = told["format"], [told["version"], *told["earlier"]]
        if isinstance(number, int) and number > FORMAT:
            raise SourceError(f"{store.name}/ was ingested by a later riskstrat; upgrade this one, or ingest again")
        if number == FORMAT and all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
            return names
    except (ValueError, KeyError, TypeError):
        pass
    raise SourceError(f"{store.name}/{POINTER} cannot be read; {_word_advice()}")


def _explain_absence(store: Path) -> str:
    if (store / MANIFEST).is_file():
        return (
            f"{store.name}/ was ingested by an earlier riskstrat, whose tables this one does not read; "
            f"{_word_advice()}: lists, reviews and models stay as they are"
        )
    return f'no ingested data in {store.name}/; run "riskstrat ingest SOURCE" first'


def _find_wrong_file(folder: Path, manifest: bytes, part: str) -> str | None:
    """The first file of a part of a version that is missing or not the one that was written, from its folder on."""
    if compute_digest(manifest)[:32] != folder.name:
        return MANIFEST
    for name, digest in parse_json(manifest).get(part, {}).items():
        try:
            found = compute_file_digest(folder / name)
        except OSError:
            found = ""
        if found != digest:
            return str(name)
    return None


def _prune(versions: Path, kept: list[str]) -> None:
    for folder in _list_versions(versions):
        if folder.name not in kept:
            remove_unread_folder(folder)


def _list_versions(versions: Path) -> list[Path]:
    try:
        return sorted(path for path in versions.iterdir() if _NAME.fullmatch(path.name) and path.is_dir())
    except OSError:
        return []


def _word_advice() -> str:
    return 'run "riskstrat ingest SOURCE" again'
