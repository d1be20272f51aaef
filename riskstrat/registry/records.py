"""What is read of the registry without MLflow: a record of each version, and which version is champion.

They lie beside the versions' files, as registry/artifacts/<model>/versions/<number>.json and champion.json. Each is
written whole, names its format and carries a digest of itself; a version's record has the digest of each of its files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskstrat.errors import ModelError, StorageError
from riskstrat.registry.store import ARTIFACTS, ModelVersion
from riskstrat.storage import (
    EACH,
    Shape,
    compute_digest,
    compute_folder_digests,
    find_misfit,
    format_canonical_json,
    format_json,
    list_folder,
    parse_json,
    write_text,
)

FORMAT = 1
VERSIONS, CHAMPION_FILE, CARDS = "versions", "champion.json", "cards"

RECORDED = "recorded"
"""The tag in MLflow of a version that was recorded when it was registered; those of an earlier riskstrat have none."""


_OF_BOTH = {"format": int, "model": str, "version": int, "run_id": str, "sha256": str}
_VERSION: Shape = {**_OF_BOTH, "folder": str, "files": {EACH: str}}
_CHAMPION: Shape = {**_OF_BOTH, "record": str}


@dataclass(frozen=True)
class VersionRecord:
    """One registered version: its folder, and the sha256 of each file in it by its path from there.

    `digest` is that of the record itself: two records with the same digest describe the same files.
    """

    version: ModelVersion
    folder: Path
    files: Mapping[str, str]
    digest: str


@dataclass(frozen=True)
class Written:
    """A record before it is written: where, and what."""

    path: Path
    text: str

    @property
    def digest(self) -> str:
        """sha256 of the file."""
        return compute_digest(self.text)

    def write(self) -> None:
        """Write it whole. Raises StorageError."""
        write_text(self.text, self.path, parents=True)


def build_version(registry: Path, version: ModelVersion, folder: Path) -> Written:
    """The record of a version whose files lie whole in `folder`, below the registry."""
    facts = {"folder": folder.relative_to(registry).as_posix(), "files": compute_folder_digests(folder)}
    return Written(locate_version(registry, version.name, version.version), _format(version, facts))


def build_champion(registry: Path, record: VersionRecord) -> Written:
    """The record that makes a recorded version the champion of its name."""
    text = _format(record.version, {"record": record.digest})
    return Written(locate_champion(registry, record.version.name), text)


def find_recorded_models(registry: Path) -> tuple[str, ...]:
    """The names of the models of which at least one version is recorded."""
    folders = [folder for folder in list_folder(registry / ARTIFACTS) if folder.is_dir()]
    return tuple(folder.name for folder in folders if list_folder(folder / VERSIONS, ".json"))


def find_recorded_versions(registry: Path, name: str) -> tuple[int, ...]:
    """The numbers of the recorded versions of a model, ascending."""
    records = list_folder(registry / ARTIFACTS / name / VERSIONS, ".json")
    return tuple(sorted(int(path.stem) for path in records if path.stem.isdecimal()))


def read_version(registry: Path, name: str, number: int) -> VersionRecord:
    """The record of a version. Raises ModelError if it is missing, damaged or of another format."""
    what = f"the record of {name} version {number}"
    path, advice = locate_version(registry, name, number), 'run "riskstrat models", which writes it again'
    facts = _read(path, what, _VERSION, advice)
    if facts is None:
        raise ModelError(f'{what} is missing; restore its files if they are gone, and run "riskstrat models" once')
    version = ModelVersion(name, number, facts["run_id"])
    return VersionRecord(version, registry / facts["folder"], facts["files"], facts["sha256"])


def read_champion(registry: Path, name: str) -> VersionRecord | None:
    """The record of the champion of `name`, None where nothing was promoted.

    Raises ModelError if either file is damaged or of another format, or if the version is no longer what was promoted.
    """
    advice = f'run "riskstrat promote {name}" again'
    facts = _read(locate_champion(registry, name), f"the record of the champion of {name}", _CHAMPION, advice)
    if facts is None:
        return None
    record = read_version(registry, name, facts["version"])
    if record.digest != facts["record"]:
        raise ModelError(
            f"{name} version {record.version.version} is no longer what was promoted: its record has changed since; "
            f'restore it, or run "riskstrat promote {name} {record.version.version}" again'
        )
    return record


def locate_version(registry: Path, name: str, number: int) -> Path:
    """Where the record of a version stands."""
    return registry / ARTIFACTS / name / VERSIONS / f"{number}.json"


def locate_champion(registry: Path, name: str) -> Path:
    """Where the record of the champion of a model stands."""
    return registry / ARTIFACTS / name / CHAMPION_FILE


def locate_papers(registry: Path, name: str, number: int) -> Path:
    """The folder that the papers of a version are laid out in when it is promoted."""
    return registry / CARDS / f"{name}-{number}"


def _format(version: ModelVersion, facts: Mapping[str, object]) -> str:
    whole = {"format": FORMAT, "model": version.name, "version": version.version, "run_id": version.run_id, **facts}
    return format_json({**whole, "sha256": _digest_of_facts(whole)}, indent=1, strict=True)


def _read(path: Path, what: str, shape: Shape, advice: str) -> dict[str, Any] | None:
    """What `_format` made, None where there is no such file."""
    try:
        facts = parse_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as failed:
        raise StorageError(f"{what} cannot be read: {failed.strerror}; allow reading {path.name}") from None
    except ValueError:
        facts = {}
    number = facts.get("format")
    if type(number) is int and number != FORMAT:
        raise ModelError(f"{what} is of format {number}, this version of riskstrat reads {FORMAT}; {advice}")
    if find_misfit(facts, shape) or facts["sha256"] != _digest_of_facts(facts):
        raise ModelError(f"{what} is damaged; restore {path.name}, or {advice}")
    return facts


def _digest_of_facts(facts: Mapping[str, object]) -> str:
    bare = {name: value for name, value in facts.items() if name != "sha256"}
    return compute_digest(format_canonical_json(bare))
