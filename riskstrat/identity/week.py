"""One published week, as it was copied over from the analytics workspace: used only as it was published."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from riskstrat.errors import IdentityError
from riskstrat.identity.private_files import read_bytes
from riskstrat.storage import compute_digest, parse_json

MANIFEST, REFERENCES, WITHDRAWAL = "manifest.json", "references.csv", "withdrawal.json"
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Week:
    """A published week: its folder, its date, the sha256 of its manifest and of each file in it."""

    folder: Path
    list_date: str
    manifest: str
    files: Mapping[str, str]

    def content(self, name: str) -> bytes:
        """The bytes of a file. Raises IdentityError if it is missing, or is not the one that was published."""
        if name not in self.files or not (self.folder / name).is_file():
            raise IdentityError(f"the week has no {name}; copy the whole folder of the published week, or check --team")
        content = read_bytes(self.folder / name, "the list's file")
        if compute_digest(content) != self.files[name]:
            raise IdentityError(f"{name} was changed after publication; copy the published week's folder anew")
        return content

    def people(self) -> dict[str, str]:
        """The patient_id of each reference. Raises IdentityError if one reference stands twice."""
        rows = list(csv.DictReader(io.StringIO(self.content(REFERENCES).decode("utf-8-sig"), newline="")))
        if rows and not {"reference", "patient_id"} <= set(rows[0]):
            raise IdentityError(f"{REFERENCES} needs the columns reference and patient_id")
        people = {row["reference"]: row["patient_id"] for row in rows}
        if len(people) < len(rows):
            raise IdentityError(f"{REFERENCES} has a reference twice; withdraw the list and publish it anew")
        return people


def open_week(path: Path, latest: bool = False) -> Week:
    """The published week in `path`; with `latest`, `path` may hold weeks by date and the last is taken.

    Raises IdentityError for a folder without a manifest, or a list that was withdrawn.
    """
    folder = path.resolve()
    if latest and not (folder / MANIFEST).is_file():
        folder = _last(folder)
    if (folder / WITHDRAWAL).exists():
        raise IdentityError("this list was withdrawn; nobody is named from it")
    content = _manifest(folder)
    try:
        fields = parse_json(content)
        when = str(fields.get("list_date", fields["index_date"]))
        files = {str(name): str(digest) for name, digest in fields["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise IdentityError(f"{MANIFEST} cannot be read; copy the whole folder of the published week") from None
    return Week(folder, when if _DATED.fullmatch(when) else folder.name, compute_digest(content), files)


def _manifest(folder: Path) -> bytes:
    if not (folder / MANIFEST).is_file():
        raise IdentityError(f"no {MANIFEST} there; give the folder of one published week, copied whole")
    return read_bytes(folder / MANIFEST, "the manifest")


def _last(folder: Path) -> Path:
    weeks = sorted(path for path in folder.glob("*") if path.is_dir() and _DATED.fullmatch(path.name))
    if not weeks:
        raise IdentityError("no published week there; copy the folder of a published week to it")
    return weeks[-1]
