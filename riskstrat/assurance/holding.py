"""The manifest of a pack: which files, by which version, with the digest of each; what differs from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskstrat import __version__
from riskstrat.errors import PublicationError, StorageError
from riskstrat.storage import (
    EACH,
    compute_folder_digests,
    find_misfit,
    find_reason,
    format_json,
    list_below,
    parse_json,
)

FORMAT = 1
MANIFEST, SEAL = "manifest.json", "seal.json"
NOT_HELD = frozenset({MANIFEST, SEAL})
SHAPE: Mapping[str, Any] = {"format": int, "riskstrat": str, "model": str, "version": str, "files": {EACH: str}}


@dataclass(frozen=True)
class Held:
    """A manifest as it was read: its bytes, which the seal is over, and what it says."""

    content: bytes
    riskstrat: str
    model: str
    version: str
    files: Mapping[str, str]


def write_manifest(folder: Path, model: str, version: str) -> bytes:
    """The manifest of what stands in a folder, which it does not write; the same files give the same bytes."""
    facts = {
        "format": FORMAT,
        "riskstrat": __version__,
        "model": model,
        "version": version,
        "files": {name: digest for name, digest in compute_folder_digests(folder).items() if name not in NOT_HELD},
    }
    return format_json(facts, strict=True).encode("utf-8")


def read_manifest(folder: Path) -> Held:
    """The manifest of a pack. Raises PublicationError where it is none, or one of a later riskstrat."""
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as fault:
        raise PublicationError(
            f"{folder.name} is no evidence pack: {MANIFEST} cannot be read ({find_reason(fault)}); give the folder "
            "that riskstrat pack make wrote"
        ) from None
    try:
        facts = parse_json(content)
    except ValueError:
        facts = {}
    misfit = find_misfit(facts, SHAPE)
    if misfit or facts["format"] != FORMAT:
        raise PublicationError(
            f"{MANIFEST} of {folder.name} is damaged or of another riskstrat; ask for the pack again, or install the "
            "riskstrat that made it"
        )
    return Held(content, facts["riskstrat"], facts["model"], facts["version"], facts["files"])


def find_changes(folder: Path, held: Held) -> list[str]:
    """Each file that is not as the manifest says, in one line; none where all are. Raises StorageError.

    A link holds nothing itself: what it leads to is not of the pack, and may be something else on another computer.
    """
    try:
        found = compute_folder_digests(folder)
    except OSError as fault:
        raise StorageError(f"cannot read {folder.name}: {find_reason(fault)}; copy the whole pack again") from None
    odd = {path.relative_to(folder).as_posix() for path in list_below(folder) if _is_odd(path)}
    found = {name: digest for name, digest in found.items() if name not in NOT_HELD | odd}
    return [
        *_list(odd, "is a link or no file, which no pack holds"),
        *_list(held.files.keys() - found.keys() - odd, "is missing"),
        *_list(_find_changed(held.files, found), "was changed"),
        *_list(found.keys() - held.files.keys(), "does not belong to it"),
    ]


def _is_odd(path: Path) -> bool:
    return path.is_symlink() or not (path.is_file() or path.is_dir())


def _find_changed(expected: Mapping[str, str], found: Mapping[str, str]) -> set[str]:
    return {name for name in expected.keys() & found.keys() if expected[name] != found[name]}


def _list(names: Iterable[str], said: str) -> list[str]:
    return [f"{name} {said}" for name in sorted(names)]
