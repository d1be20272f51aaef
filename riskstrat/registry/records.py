"""What is read of the registry without MLflow: a record of each version, and which version is champion.

They lie beside the versions' files, as registry/artifacts/<model>/versions/<number>.json and champion.json. Each is
written whole, names its format and carries a digest of itself; a version's record has the digest of each of its files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskstrat.errors import ModelError, StorageError
from riskstrat.registry.store import ARTIFACTS, ModelVersion
from riskstrat.storage import compute_digest, compute_folder_digests, write_text

FORMAT = 1
VERSIONS, CHAMPION_FILE = "versions", "champion.json"

RECORDED = "recorded"
"""The tag in MLflow of a version that was recorded when it was registered; those of an earlier riskstrat have none."""


@dataclass(frozen=True)
class VersionRecord:
    """One registered version: its folder, and the sha256 of each file in it by its path from there.

    `digest` is that of the record itself: two records with the same digest describe the same files.
    """

    version: ModelVersion
    folder: Path
    files: Mapping[str, str]
    digest: str


def write_version(registry: Path, version: ModelVersion, folder: Path) -> None:
    """Record a version whose files lie whole in `folder`, below the registry."""
    facts = {"folder": folder.relative_to(registry).as_posix(), "files": compute_folder_digests(folder)}
    _write(_build_version_path(registry, version.name, version.version), version, facts)


def write_champion(registry: Path, name: str, number: int) -> None:
    """Make a recorded version the champion of its name. Raises ModelError if its record is missing or damaged."""
    record = read_version(registry, name, number)
    _write(_build_champion_path(registry, name), record.version, {"record": record.digest})


def find_recorded_models(registry: Path) -> tuple[str, ...]:
    """The names of the models of which at least one version is recorded."""
    return tuple(sorted({path.parents[1].name for path in (registry / ARTIFACTS).glob(f"*/{VERSIONS}/*.json")}))


def find_recorded_versions(registry: Path, name: str) -> tuple[int, ...]:
    """The numbers of the recorded versions of a model, ascending."""
    folder = registry / ARTIFACTS / name / VERSIONS
    return tuple(sorted(int(path.stem) for path in folder.glob("*.json") if path.stem.isdecimal()))


def read_version(registry: Path, name: str, number: int) -> VersionRecord:
    """The record of a version. Raises ModelError if it is missing, damaged or of another format."""
    what = f"the record of {name} version {number}"
    facts = _read(_build_version_path(registry, name, number), what, 'run "riskstrat models", which writes it again')
    if facts is None:
        raise ModelError(f'{what} is missing; restore its files if they are gone, and run "riskstrat models" once')
    version = ModelVersion(name, number, str(facts["run_id"]))
    return VersionRecord(version, registry / str(facts["folder"]), facts["files"], str(facts["sha256"]))


def read_champion(registry: Path, name: str) -> VersionRecord | None:
    """The record of the champion of `name`, None where nothing was promoted.

    Raises ModelError if either file is damaged or of another format, or if the version is no longer what was promoted.
    """
    advice = f'run "riskstrat promote {name}" again'
    facts = _read(_build_champion_path(registry, name), f"the record of the champion of {name}", advice)
    if facts is None:
        return None
    record = read_version(registry, name, int(facts["version"]))
    if record.digest != facts["record"]:
        raise ModelError(
            f"{name} version {record.version.version} is no longer what was promoted: its record has changed since; "
            f'restore it, or run "riskstrat promote {name} {record.version.version}" again'
        )
    return record


def _build_version_path(registry: Path, name: str, number: int) -> Path:
    return registry / ARTIFACTS / name / VERSIONS / f"{number}.json"


def _build_champion_path(registry: Path, name: str) -> Path:
    return registry / ARTIFACTS / name / CHAMPION_FILE


def _write(path: Path, version: ModelVersion, facts: Mapping[str, Any]) -> None:
    whole = {"format": FORMAT, "model": version.name, "version": version.version, "run_id": version.run_id, **facts}
    text = json.dumps({**whole, "sha256": _digest_of_facts(whole)}, sort_keys=True, indent=1, ensure_ascii=False)
    write_text(text + "\n", path, parents=True)


def _read(path: Path, what: str, advice: str) -> dict[str, Any] | None:
    """What `_write` wrote, None where there is no such file."""
    try:
        facts = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as failed:
        raise StorageError(f"{what} cannot be read: {failed.strerror}; allow reading {path.name}") from None
    except ValueError:
        facts = None
    if isinstance(facts, dict) and facts.get("format", FORMAT) != FORMAT:
        raise ModelError(f"{what} is of format {facts['format']}, this version of riskstrat reads {FORMAT}; {advice}")
    if not isinstance(facts, dict) or facts.get("sha256") != _digest_of_facts(facts):
        raise ModelError(f"{what} is damaged; restore {path.name}, or {advice}")
    return facts


def _digest_of_facts(facts: Mapping[str, Any]) -> str:
    bare = {name: value for name, value in facts.items() if name != "sha256"}
    return compute_digest(json.dumps(bare, sort_keys=True, separators=(",", ":")).encode())
