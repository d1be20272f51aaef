"""The versions there are, and which of them is the champion: read from records, and checked against MLflow.

`champion` and `kept` read plain files and never load MLflow. `promote` opens it; `models` and `reconcile` do where its
database has changed since they last did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskstrat.definitions.baselines import find_own
from riskstrat.definitions.codelists import near
from riskstrat.errors import ModelError, StorageError
from riskstrat.registry import records
from riskstrat.registry.recording import DATA, EVIDENCE, FILES, MODEL, ORIGINS
from riskstrat.registry.records import VersionRecord, Written
from riskstrat.registry.store import ModelVersion, exists, opened
from riskstrat.registry.told import CHAMPION, ToldVersion, ask_mlflow, list_versions
from riskstrat.scoring import RiskModel, load
from riskstrat.scoring.storage import MODEL as MODEL_FILE
from riskstrat.scoring.storage import damaged
from riskstrat.storage import Shape, compute_digest, find_misfit, parse_json

OVERRIDDEN = "promoted_over_gates"
COLUMNS = ("model", "version", "alias", "trained_as_at", "auroc", "definitions", "run_id")


@dataclass(frozen=True)
class Kept:
    """A version as it is kept: its record, and its evidence."""

    record: VersionRecord
    evidence: Mapping[str, Any]

    @property
    def version(self) -> ModelVersion:
        """Its name, number and run."""
        return self.record.version

    @property
    def folder(self) -> Path:
        """Its folder below artifacts/."""
        return self.record.folder

    @property
    def papers(self) -> dict[str, bytes]:
        """The files made for people to read, by their name. Raises ModelError if one is missing or was changed."""
        names = [name for name in self.record.files if name.startswith(f"{FILES}/")]
        return {name.removeprefix(f"{FILES}/"): _read_file(self.record, name) for name in names}

    def evidence_for(self, shape: Shape) -> Mapping[str, Any]:
        """The evidence, in which a use of it needs what `shape` has. Raises ModelError naming what is lacking."""
        misfit = find_misfit(self.evidence, shape)
        if misfit:
            raise ModelError(
                f"the evidence of {self.version.name} version {self.version.version} lacks {misfit}, or has it in "
                f"another form: it was made by an earlier riskstrat; train again: riskstrat train {self.version.name}"
            )
        return self.evidence

    def champion_record(self, registry: Path) -> Written:
        """The record that makes it the champion."""
        return records.build_champion(registry, self.record)

    def model(self) -> RiskModel:
        """The version's own model. Raises ModelError if its files are not whole, or not those that were registered."""
        return _load_model(self.record)

    def origins(self) -> dict[str, RiskModel]:
        """The model of each tested origin, by the day it was made on as 2025-08-31, the oldest first."""
        days = sorted({name.split("/")[1] for name in self.record.files if name.startswith(f"{ORIGINS}/")})
        return {day: _load(self.record, f"{ORIGINS}/{day}") for day in days}


def models(registry: Path) -> list[dict[str, Any]]:
    """One row per model and version, sorted by both. None where nothing was trained yet.

    Columns: model, version, alias ("champion" or ""), trained_as_at, auroc (test slice; None if not measured),
    definitions (first 12 digits of the hash) and run_id.
    """
    if not exists(registry):
        return []
    told = ask_mlflow(registry)
    rows = [_build_row(registry, found, _find_sound_champion(registry, found.name)[0]) for found in told.versions]
    return [dict(zip(COLUMNS, row, strict=True)) for row in sorted(rows, key=lambda row: row[:2])]


def promote(registry: Path, kept: Kept, overridden: str | None = None) -> None:
    """Make a kept version the champion of its name, in MLflow and for lists.

    overridden: who promoted it over its gates and why, kept with it. Raises ModelError if its files are not whole, or
    if MLflow no longer has the version.
    """
    kept.model()
    name, number = kept.version.name, kept.version.version
    with opened(registry) as client:
        there = [int(each.version) for each in list_versions(client) if each.name == name]
        if number not in there:
            raise ModelError(
                f"MLflow no longer has {name} version {number}; it has: {_format_numbers(there) or 'none'}"
            )
        if overridden:
            client.set_model_version_tag(name, str(number), OVERRIDDEN, overridden)
        client.set_registered_model_alias(name, CHAMPION, str(number))
        # Last: what lists are made with changes only when everything else is done.
        kept.champion_record(registry).write()


def reconcile(registry: Path) -> tuple[str, ...]:
    """Write the records that are missing, and say in a line for each model where MLflow names another champion.

    A version that an earlier riskstrat registered has no record: it gets one, and where it was champion it stays so. An
    alias that somebody sets in MLflow changes no list: only `promote` holds a version against its gates.
    """
    if not exists(registry):
        return ()
    told = ask_mlflow(registry)
    aliases = told.aliases
    there: dict[str, list[int]] = {}
    for found in told.versions:
        if _is_unrecorded(registry, found):
            _record(registry, found, aliases.get(found.name))
        there.setdefault(found.name, []).append(found.version)
    names = sorted({*there, *records.find_recorded_models(registry)})
    lines = (_describe_disagreement(registry, name, aliases.get(name), there.get(name, [])) for name in names)
    return tuple(line for line in lines if line)


def kept(registry: Path, name: str, version: int | None = None) -> Kept:
    """What the registry keeps of a version (None: the latest).

    Raises ModelError if the model or version does not exist, or its evidence cannot be read.
    """
    _refuse_unknown(registry, name)
    there = records.find_recorded_versions(registry, name)
    chosen = max(there) if version is None else version
    if chosen not in there:
        raise ModelError(f"{name} has no version {chosen}; it has: {_format_numbers(there)}")
    record = records.read_version(registry, name, chosen)
    return Kept(record, _read_evidence(record))


def champion_version(registry: Path, name: str) -> int | None:
    """The number of the champion of `name`, None where there is none."""
    record = records.read_champion(registry, name)
    return None if record is None else record.version.version


def champion(registry: Path, name: str) -> tuple[RiskModel, ModelVersion]:
    """The champion of `name` with its version. Raises ModelError if there is none, or if its files are not whole."""
    record = records.read_champion(registry, name)
    if record is None:
        _refuse_unknown(registry, name)
        raise ModelError(f'no champion for {name}; run "riskstrat promote {name}"')
    return _load_model(record), record.version


def _find_sound_champion(registry: Path, name: str) -> tuple[int | None, str | None]:
    """The number of the champion, or why its record cannot be used: what mends a record must run where one is bad."""
    try:
        return champion_version(registry, name), None
    except ModelError as fault:
        return None, str(fault)


def _load_model(record: VersionRecord) -> RiskModel:
    return _load(record, f"{MODEL}/data/{DATA}")


def _load(record: VersionRecord, name: str) -> RiskModel:
    """The model in a folder of the version. Raises ModelError if it is not the one that was registered."""
    folder = record.folder / name
    model = load(folder)
    # model.json holds the digests of the members, so this one holds all files.
    if compute_digest((folder / MODEL_FILE).read_bytes()) != record.files.get(f"{name}/{MODEL_FILE}"):
        raise damaged(folder)
    return model


def _read_file(record: VersionRecord, name: str) -> bytes:
    """A file of the version. Raises ModelError if it is missing or not as it was when the version was registered."""
    path = record.folder / name
    content = path.read_bytes() if path.is_file() else b""
    if compute_digest(content) != record.files.get(name):
        version = record.version
        raise ModelError(
            f"{path.name} of {version.name} version {version.version} is missing or was changed since it was "
            "registered; restore it from a backup, or train again"
        )
    return content


def _read_evidence(record: VersionRecord) -> Mapping[str, Any]:
    version = record.version
    what = f"the evidence of {version.name} version {version.version}"
    try:
        found = parse_json(_read_file(record, EVIDENCE))
    except (OSError, ValueError, ModelError):
        raise ModelError(f"{what} is missing or damaged; restore {EVIDENCE}, or train again") from None
    return found


def _refuse_unknown(registry: Path, name: str) -> None:
    """Raises ModelError, naming what exists, if no version of `name` is recorded."""
    known = records.find_recorded_models(registry)
    if name in known:
        return
    if not known and not exists(registry):
        raise ModelError(f'no model was trained yet; run "riskstrat train {name}", then "riskstrat promote {name}"')
    if not known:
        raise ModelError(
            f'no version of {name} is recorded; run "riskstrat models", which records what an earlier riskstrat '
            f'registered, or "riskstrat train {name}" to make one'
        )
    there, advice = f"the registry has {', '.join(known)}", f'run "riskstrat train {name}" to make one'
    raise ModelError(f'no model named "{name}"; {there}{near(name, known)}; {advice}'.replace("?;", "? Or"))


def _is_unrecorded(registry: Path, found: ToldVersion) -> bool:
    """Whether a version of MLflow has no readable record, or one of another run with the same number."""
    try:
        record = records.read_version(registry, found.name, found.version)
    except ModelError:
        return True
    return record.version.run_id != found.run_id


def _record(registry: Path, found: ToldVersion, alias: int | None) -> None:
    """Record a version of MLflow whose files are there, as champion where an earlier riskstrat promoted it."""
    tag = found.tags.get("folder")
    folder = (registry / tag).parents[2] if tag else None
    if folder is None or not folder.is_dir():
        return
    version = ModelVersion(found.name, found.version, found.run_id)
    records.build_version(registry, version, folder).write()
    if alias == version.version and records.RECORDED not in found.tags:
        records.build_champion(registry, records.read_version(registry, *version[:2])).write()


def _describe_disagreement(registry: Path, name: str, alias: int | None, there: list[int]) -> str | None:
    """What to say where MLflow's alias and the champion that lists are made with are not the same version."""
    ours, fault = _find_sound_champion(registry, name)
    if fault or ours == alias:
        return fault
    if ours is None:
        return (
            f"MLflow's alias names {name} version {alias} champion, but nobody promoted it here, so no list is made "
            f'with it; run "riskstrat promote {name} {alias}" to hold it against its gates and use it'
        )
    used = f"lists of {name} are made with version {ours}"
    if ours not in there:
        others = _format_numbers(there) or "train one first"
        return f"{used}, which MLflow no longer has; promote one that it has: {others}"
    back = f'"riskstrat promote {name} {ours}" to set the alias back'
    if alias is None:
        return f"{used}, but MLflow's alias names no champion; run {back}"
    return (
        f"{used}, but MLflow's alias names version {alias} champion; run "
        f'"riskstrat promote {name} {alias}" to hold that against its gates and use it, or {back}'
    )


def _build_row(registry: Path, found: ToldVersion, champion: int | None) -> tuple[Any, ...]:
    alias = CHAMPION if champion == found.version else ""
    auroc = _find_kept_auroc(registry, found) if found.run_is_lost else found.auroc
    told = (found.tags.get("trained_as_at", ""), auroc, found.tags.get("definitions", "")[:12])
    return (found.name, found.version, alias, *told, found.run_id)


def _find_kept_auroc(registry: Path, found: ToldVersion) -> float | None:
    """The AUROC of a version by the evidence kept beside the model, for one whose run MLflow has lost."""
    try:
        evidence = kept(registry, found.name, found.version).evidence
    except (ModelError, StorageError):
        return None
    if find_misfit(evidence, {"models": dict}):
        return None
    own = find_own(evidence["models"])
    return (
        None if find_misfit(evidence, {"models": {own: {"auroc": float}}}) else float(evidence["models"][own]["auroc"])
    )


def _format_numbers(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in sorted(numbers))
