"""Published lists, read back: only as they were published, and only in a format that this version knows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskstrat.errors import PublicationError, StorageError
from riskstrat.publication.clinicians import ForClinicians, parse_for_clinicians
from riskstrat.publication.layout import (
    EVERYONE,
    FOR_CLINICIANS,
    LIST,
    MANIFEST,
    REFERENCES,
    RESERVE,
    WITHDRAWN,
    name_references,
)
from riskstrat.publication.reserve import Reserved, parse_reserve
from riskstrat.publication.weekly_list import FORMAT, READ, WeeklyList, parse_list
from riskstrat.storage import (
    EACH,
    Shape,
    compute_digest,
    compute_file_digest,
    find_misfit,
    format_json,
    list_folder,
    parse_json,
)

if TYPE_CHECKING:
    import pandas as pd

_MANIFEST: Shape = {
    "index_date": str,
    "model": str,
    "version": int,
    "teams": [{"code": str, "team": str}],
    "files": {EACH: str},
}
"""What every reader needs of a manifest, so that a damaged one is named once."""

SEAL = "seal"
"""In the manifest: whose list it is, over everything else that the manifest says."""

WEEKS = 52
"""How far back a list is remembered."""


@dataclass(frozen=True)
class PublishedList:
    """One published list: its folder, its date, its manifest, and `digest`, the sha256 of the manifest.

    `taken_up`: by patient_id the day on which a team took somebody up from the reserve; they count as listed.
    """

    folder: Path
    list_date: date
    manifest: Mapping[str, Any]
    digest: str
    taken_up: Mapping[str, date] = field(default_factory=dict, kw_only=True)

    @property
    def model(self) -> str:
        """The name of the model that scored everybody."""
        return str(self.manifest["model"])

    @property
    def version(self) -> int:
        """The version of the model."""
        return int(self.manifest["version"])

    @property
    def edition(self) -> int | None:
        """Which of the lists published for its date it is, from 1; None where an earlier version published it."""
        return int(self.manifest["edition"]) if "edition" in self.manifest else None

    @property
    def holds_data(self) -> bool:
        """Whether it was published as data of the format that this version reads."""
        return LIST in self.manifest["files"] and int(self.manifest.get("format", 0)) >= READ[0]

    @property
    def team_names(self) -> dict[str, str]:
        """The name of each team by its code."""
        return {str(team["code"]): str(team["team"]) for team in self.manifest["teams"]}

    def read_file(self, name: str) -> bytes:
        """The bytes of a file. Raises PublicationError if it is missing, or is not the one that was published."""
        digests = self.manifest["files"]
        content = self._load(name) if name in digests else None
        if content is None:
            raise PublicationError(
                f"{name} of the list of {self.list_date} is missing; copy or restore its folder whole"
            )
        if compute_digest(content) != digests[name]:
            raise PublicationError(f"{name} of the list of {self.list_date} was changed after publication")
        return content

    def _load(self, name: str) -> bytes | None:
        """The bytes that stand there under that name, whatever they are; None if nothing does."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as refused:
            raise PublicationError(
                f"{name} of the list of {self.list_date} cannot be read: {refused.strerror}; allow reading it"
            ) from None

    def read_list(self) -> WeeklyList:
        """Every team's list as data. Raises PublicationError where it was published without."""
        if not self.holds_data:
            raise PublicationError(
                f"the list of {self.list_date} was published by an earlier version, whose {LIST} this one does not "
                "read; withdraw it and publish it again to read it as data"
            )
        try:
            return parse_list(self.read_file(LIST))
        except PublicationError as damaged:
            raise PublicationError(f"{LIST} of the list of {self.list_date} {damaged}") from None

    def read_for_clinicians(self) -> ForClinicians:
        """What clinicians alone are shown; nothing where it was published without. Raises PublicationError."""
        if FOR_CLINICIANS not in self.manifest["files"]:
            return ForClinicians()
        try:
            return parse_for_clinicians(self.read_file(FOR_CLINICIANS))
        except PublicationError as damaged:
            raise PublicationError(f"{FOR_CLINICIANS} of the list of {self.list_date} {damaged}") from None

    def read_patients(self, team_code: str) -> dict[str, str]:
        """The patient_id of each reference of one team, by rank. Raises PublicationError if a reference stands twice.

        A list of an earlier version has one file of references for all teams; those of the others are passed over.
        """
        name = name_references(team_code)
        if name not in self.manifest["files"] and REFERENCES in self.manifest["files"]:
            name = REFERENCES
        try:
            text = self.read_file(name).decode("utf-8-sig")
            rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        except (ValueError, csv.Error):
            rows = [{}]
        if any(find_misfit(row, {"reference": str, "patient_id": str}) for row in rows):
            raise PublicationError(f"{name} needs the columns reference and patient_id, and both in every row")
        own = [row for row in rows if row["reference"].startswith(f"{team_code}-")]
        patients = {row["reference"]: row["patient_id"] for row in own}
        if len(patients) < len(own):
            raise PublicationError(f"{name} has a reference twice; withdraw the list and publish it anew")
        return patients

    def read_reserve(self) -> tuple[Reserved, ...]:
        """Whom each team may take up, by team and rank; nobody where no reserve is kept. Raises PublicationError."""
        if RESERVE not in self.manifest["files"]:
            return ()
        try:
            return parse_reserve(self.read_file(RESERVE))
        except PublicationError as damaged:
            raise PublicationError(f"{RESERVE} of the list of {self.list_date}: {damaged}") from None

    def count_taken_up(self, taken_up: Mapping[tuple[str, str, int], date]) -> PublishedList:
        """The same list with the people of its reserve who were taken up, by `Reserved.key` the day, counted as listed.

        Whoever is not in its reserve under that number is passed over. Raises PublicationError where the reserve cannot
        be read.
        """
        if not taken_up:
            return self
        own = {one.patient_id: taken_up[one.key] for one in self.read_reserve() if one.key in taken_up}
        return replace(self, taken_up=own)

    def read_counted_list(self) -> WeeklyList:
        """Every team's list as data, those taken up at its end as listed. Raises as `read_list` and `read_reserve`."""
        weekly, reserve = self.read_list(), self.read_reserve() if self.taken_up else ()
        own = [one for one in reserve if one.patient_id in self.taken_up]
        own.sort(key=lambda one: (self.taken_up[one.patient_id], one.rank))
        references = [one.reference for one in own]
        return replace(weekly, teams=tuple(team.count_taken_up(references) for team in weekly.teams))

    def read_everyone(self, columns: Sequence[str]) -> pd.DataFrame:
        """Columns of `EVERYONE_COLUMNS`; one row per eligible person with a team. Whoever was taken up is listed.

        Raises PublicationError if the file is missing, or is not the one that was published.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        content = io.BytesIO(self.read_file(EVERYONE))
        try:
            table = pq.read_table(content)
            wanted = dict.fromkeys([*columns, *(["patient_id"] if self.taken_up else [])])
            frame: pd.DataFrame = table.select(list(wanted)).to_pandas()
        except (pa.ArrowException, OSError, KeyError):
            raise PublicationError(
                f"{EVERYONE} of the list of {self.list_date} is not one that this version reads; withdraw that list"
            ) from None
        return self._list_taken_up(frame)[list(columns)] if self.taken_up else frame

    def _list_taken_up(self, everyone: pd.DataFrame) -> pd.DataFrame:
        """Everybody with those taken up as listed, after the last rank, since the day on which they were taken up."""
        import pandas as pd

        own = {one.patient_id: one for one in self.read_reserve() if one.patient_id in self.taken_up}
        here = everyone["patient_id"].isin(list(own))
        patients = [str(patient) for patient in everyone.loc[here, "patient_id"]]
        told: dict[str, list[Any]] = {
            "place": ["listed"] * len(patients),
            "reason": [None] * len(patients),
            "reference": [own[patient].reference for patient in patients],
            "rank": [own[patient].rank for patient in patients],
            "arrival": [own[patient].arrival for patient in patients],
            "listed_since": [pd.Timestamp(self.taken_up[patient]) for patient in patients],
            "weeks_on_list": [1] * len(patients),
        }
        for name, values in told.items():
            if name in everyone:
                everyone.loc[here, name] = values
        return everyone

    @property
    def seal(self) -> object:
        """The seal that the manifest holds, whatever it is; None without one."""
        return self.manifest.get(SEAL)

    def sealed_bytes(self) -> bytes:
        """What the seal of the manifest is of."""
        return format_sealed(self.manifest)

    def require_unchanged(self) -> None:
        """Raises PublicationError if a file is missing or was changed after publication."""
        for name in self.manifest["files"]:
            self.read_file(name)


@dataclass(frozen=True)
class SentList(PublishedList):
    """A published list of which some files were sent and none stand: `sent` has their bytes by name."""

    sent: Mapping[str, bytes]

    def _load(self, name: str) -> bytes | None:
        return self.sent.get(name)


def format_sealed(manifest: Mapping[str, object]) -> bytes:
    """The bytes of a manifest that are sealed: everything but the seal, digests of all files among it."""
    return format_json({name: value for name, value in manifest.items() if name != SEAL}).encode("utf-8")


def open_published(folder: Path) -> PublishedList:
    """The published list in a folder.

    Raises PublicationError for a folder without a manifest that can be read, or of a format that is not known.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError:
        raise PublicationError(f"no {MANIFEST} that can be read there") from None
    when, manifest = _parse_manifest(content)
    return PublishedList(folder, when, manifest, compute_digest(content))


def open_sent(manifest: bytes, sent: Mapping[str, bytes]) -> SentList:
    """The published list whose manifest was sent, with some of its files by name. Raises as `open_published` does."""
    when, parsed = _parse_manifest(manifest)
    return SentList(Path(), when, parsed, compute_digest(manifest), sent)


def _parse_manifest(content: bytes) -> tuple[date, Mapping[str, Any]]:
    """The date of a list, and its manifest."""
    try:
        manifest = parse_json(content)
        when = date.fromisoformat(str(manifest["index_date"]))
        number = manifest.get("format", 0)
        misfit = find_misfit(manifest, _MANIFEST) or find_misfit([number, manifest.get("edition", 1)], [int])
    except (ValueError, KeyError, TypeError):
        misfit = "what it must"
    if misfit:
        raise PublicationError(f"its {MANIFEST} cannot be read")
    if number > FORMAT:
        raise PublicationError(
            f"it was published by a later version (format {number}, this one reads up to {FORMAT}); upgrade riskstrat"
        )
    return when, manifest


def holds_file(folder: Path, name: str) -> bool:
    """Whether a list holds a file, or has lost one that its manifest names: that must be missed, not taken for none."""
    if (folder / name).is_file():
        return True
    try:
        return name in open_published(folder).manifest["files"]
    except PublicationError:
        return False


def read_held(folder: Path, name: str) -> bytes | None:
    """The bytes of a file of a list as it was published; None where the list never had it.

    Raises PublicationError where its manifest names the file and it is gone, changed or cannot be read, and OSError
    for one that no manifest names.
    """
    try:
        found = open_published(folder)
    except PublicationError:
        found = None
    if found is not None and name in found.manifest["files"]:
        return found.read_file(name)
    return (folder / name).read_bytes() if (folder / name).is_file() else None


def find_published(lists: Path, model: str, day: date) -> PublishedList | None:
    """The list of a model that stands published for that date in the folder of lists, if there is one."""
    folder = lists / day.isoformat()
    if not holds_file(folder, EVERYONE):
        return None
    found = _open_remembered(folder)
    return found if found.model == model else None


def find_earlier(lists: Path, model: str, before: date) -> tuple[PublishedList, ...]:
    """The lists of a model that stand published for dates up to a year before, the latest first; none withdrawn."""
    folders = [
        folder
        for day, folder in sorted(find_folders(lists).items(), reverse=True)
        if before - timedelta(weeks=WEEKS) <= day < before and holds_file(folder, EVERYONE)
    ]
    return tuple(found for found in map(_open_remembered, folders) if found.model == model)


def find_folders(lists: Path) -> dict[date, Path]:
    """The folder of each list that stands, by its date, the oldest first.

    Raises PublicationError where the folder of lists cannot be read.
    """
    found = {}
    for folder in _list_matching(lists, "????-??-??"):
        try:
            found[date.fromisoformat(folder.name)] = folder
        except ValueError:
            continue
    return {day: folder for day, folder in found.items() if folder.is_dir()}


def find_withdrawn(lists: Path, day: date | None = None) -> list[Path]:
    """What stands below `withdrawn/` of lists of all dates, or of one: by date, the first that was withdrawn first.

    Raises PublicationError where that folder cannot be read.
    """
    pattern = f"{day or '????-??-??'}-*"
    found = _list_matching(lists / WITHDRAWN, pattern)
    return sorted(found, key=lambda path: (path.name[:10], len(path.name), path.name))


def _list_matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return [path for path in list_folder(folder) if path.match(pattern)]
    except StorageError as refused:
        raise PublicationError(str(refused)) from None


def compute_manifest_digest(folder: Path) -> str:
    """The sha256 of the manifest of one list; "" if it has none."""
    path = folder / MANIFEST
    return compute_file_digest(path) if path.is_file() else ""


def _open_remembered(folder: Path) -> PublishedList:
    try:
        found = open_published(folder)
        if found.list_date.isoformat() != folder.name:
            raise PublicationError(f"its {MANIFEST} is of the list of {found.list_date}")
        return found
    except PublicationError as refused:
        raise PublicationError(
            f"the list of {folder.name} cannot be read, and this list would forget it ({refused}): restore it, or "
            f'withdraw that list: riskstrat withdraw {folder.name} --reason "..."'
        ) from None
