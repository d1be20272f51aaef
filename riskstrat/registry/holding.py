"""What a log must speak of in a registry: champions, versions that were logged when trained, and their files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from riskstrat.errors import ModelError, StorageError
from riskstrat.registry import records
from riskstrat.registry.records import VersionRecord
from riskstrat.storage import list_files, list_folder

Logged = Iterable[tuple[str, int]]
"""Names and numbers of the versions that a log has; those of an earlier riskstrat it has not."""


def state_version_files(registry: Path, logged: Logged) -> dict[Path, str]:
    """The sha256 of each file of a logged version, and of each champion, as its record has it.

    Of a version whose record cannot be read none is given; the record itself is for the log to hold. A champion's
    record that is not the one that was promoted has a digest that no file has.
    """
    stated: dict[Path, str] = {}
    for record in _read_records(registry, logged):
        stated |= {record.folder / name: digest for name, digest in record.files.items()}
    for name in records.find_recorded_models(registry):
        try:
            records.read_champion(registry, name)
        except (ModelError, StorageError):
            stated[records.locate_champion(registry, name)] = ""
    return stated


def find_version_files(registry: Path, logged: Logged) -> Iterator[Path]:
    """Every file in the folders of those versions and of the champions, and every file beside them.

    A record of a version from before the first logged one of its model is passed over.
    """
    for record in _read_records(registry, logged):
        yield from list_files(record.folder)
    first: dict[str, int] = {}
    for name, number in logged:
        first[name] = min(number, first.get(name, number))
    for name in records.find_recorded_models(registry):
        champion = records.locate_champion(registry, name)
        beside = [*list_folder(champion.parent), *list_folder(records.locate_version(registry, name, 1).parent)]
        unlogged = {
            records.locate_version(registry, name, number)
            for number in records.find_recorded_versions(registry, name)
            if number not in range(first.get(name, number + 1), number + 1)
        }
        yield from (path for path in beside if path.is_file() and path not in unlogged)


def _read_records(registry: Path, logged: Logged) -> Iterator[VersionRecord]:
    """The records that can be read, of those versions and of the champions."""
    wanted = set(logged)
    for name in records.find_recorded_models(registry):
        try:
            champion = records.read_champion(registry, name)
        except (ModelError, StorageError):
            continue
        wanted |= {(name, champion.version.version)} if champion else set()
    for name, number in sorted(wanted):
        try:
            yield records.read_version(registry, name, number)
        except (ModelError, StorageError):
            continue
