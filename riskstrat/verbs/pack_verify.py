"""The verb `pack verify`: an evidence pack proved unchanged, and its sample worked out again, without any data."""

from __future__ import annotations

from pathlib import Path

from riskstrat import audit
from riskstrat.assurance import (
    SEAL,
    find_changes,
    find_lacking,
    is_safe_to_run,
    is_sample_equal,
    read_manifest,
)
from riskstrat.definitions.progress import Progress, silent
from riskstrat.errors import PublicationError
from riskstrat.storage import find_reason, read_json
from riskstrat.verbs.report import Report

SAID = 10
"""Changes that a refusal spells out; the rest are counted."""


def verify_pack(
    folder: Path, publisher: Path | None = None, *, trust_definitions: bool = False, progress: Progress = silent
) -> Report:
    """Hold every file of a pack against its manifest, the manifest against its seal, and work out the sample again.

    publisher: the file audit/publisher.pub of the site, which alone says who sealed it. trust_definitions: run Python
    files of the pack that are not those of this riskstrat; otherwise the sample is left and the report says so. Raises
    PublicationError naming what was changed.
    """
    held = read_manifest(folder)
    changes = find_changes(folder, held)
    if changes:
        more = f" and {len(changes) - SAID} more" if len(changes) > SAID else ""
        raise PublicationError(f"the pack was changed: {'; '.join(changes[:SAID])}{more}; ask for it again")
    sealed = _judge_seal(folder, held.content, publisher)
    lines = [f"all {len(held.files)} files are as {held.model} version {held.version} was packed", sealed]
    attention = ""
    if lacking := find_lacking(held.files):
        raise PublicationError(f"the pack holds no whole sample: {', '.join(lacking)} is missing; ask for it again")
    if trust_definitions or is_safe_to_run(folder):
        if not is_sample_equal(folder, progress):
            raise PublicationError(
                "the sample of the pack gives other features here: no file was changed, so the software differs; "
                f"install riskstrat {held.riskstrat} from its lock, and verify again"
            )
        lines.append("the sample gives the same features here, to the byte")
    else:
        attention = (
            "the sample was not worked out: features or outcomes in the pack are the site's own Python files, and "
            "working it out runs them; read them, then give --trust-definitions"
        )
    summary = {"model": held.model, "version": held.version, "files": len(held.files), "sample": not attention}
    return Report(summary, tuple(lines), attention=attention)


def _judge_seal(folder: Path, manifest: bytes, publisher: Path | None) -> str:
    """Who sealed the manifest, in a sentence. Raises PublicationError where it was not sealed so."""
    refusal = PublicationError(f"{SEAL} of the pack is missing or damaged; ask for the pack again")
    seal = read_json(folder / SEAL, refusal)
    key = str(seal.get("key"))
    if publisher is not None:
        try:
            key = publisher.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as fault:
            reason = find_reason(fault) if isinstance(fault, OSError) else "it is no text"
            raise PublicationError(
                f"cannot read {publisher.name}: {reason}; give audit/publisher.pub of the site"
            ) from None
    if not audit.is_sealed_by({key}, manifest, seal):
        raise PublicationError("the manifest was not sealed by that key; ask for the pack and the site's key again")
    if publisher is None:
        return f"sealed by the key {key[:16]}...; whose it is, --publisher shows (audit/publisher.pub of the site)"
    return "sealed by the site's key"
