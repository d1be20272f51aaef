"""Taking away what is no longer kept, so that a run that was killed in the middle is completed by the next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskstrat.site.resources import Resource, list_places
from riskstrat.sources.store_versions import drop_versions
from riskstrat.storage import compute_digest, discard, format_json, list_folder, write_bytes

if TYPE_CHECKING:
    from riskstrat.workspace import Workspace

FOLDER = "retention"
"""Beside riskstrat.toml: what each deletion took."""

_RECORD = re.compile(r"([1-9]\d*)\.json", re.ASCII)


@dataclass(frozen=True)
class DeletionRecord:
    """What one deletion takes, as the audit log and the file of the record say it; `details` names nobody.

    The note beside the record says that everything has gone.
    """

    root: Path
    details: Mapping[str, Any]

    @property
    def path(self) -> Path:
        """Where the record stands."""
        return self.root / FOLDER / f"{self.details['number']}.json"

    @property
    def done(self) -> Path:
        """Where the note stands."""
        return self.path.with_name(f"{self.details['number']}-done.json")

    @property
    def leaves(self) -> dict[Path, str]:
        """The sha256 of both files, the record first."""
        return {self.path: compute_digest(self._dump()), self.done: compute_digest(self._dump_note())}

    def write(self) -> None:
        """Write the record, before anything goes. Raises StorageError."""
        write_bytes(self._dump(), self.path, parents=True)

    def write_done(self) -> None:
        """Write the note, after everything has gone. Raises StorageError."""
        write_bytes(self._dump_note(), self.done)

    def _dump(self) -> bytes:
        return format_json(self.details).encode("utf-8")

    def _dump_note(self) -> bytes:
        return format_json({"record": self.path.name, "sha256": compute_digest(self._dump())}).encode("utf-8")


def name_next_record(root: Path) -> int:
    """The number of the next record."""
    numbers = [int(found[1]) for path in find_records(root) if (found := _RECORD.fullmatch(path.name))]
    return max(numbers, default=0) + 1


def find_records(root: Path) -> list[Path]:
    """Every file beside the records of a workspace, whatever it is."""
    return [path for path in list_folder(root / FOLDER) if path.is_file()]


def delete_files(workspace: Workspace, gone: Iterable[tuple[str, str]]) -> None:
    """Take away files and folders (path below the workspace, digest); what has gone already is passed over.

    Each vanishes whole. Raises StorageError for one that the system does not let go; run again, the rest goes.
    """
    store = list_places(workspace)[Resource.STORE]
    versions = []
    for path, digest in gone:
        place = workspace.root / path
        if place.resolve().parent.parent == store.resolve() and place.name == digest:
            versions.append(digest)
        else:
            discard(place)
    drop_versions(store, versions)
