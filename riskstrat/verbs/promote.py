"""The verb `promote`: the gates in front of the champion's place."""

from __future__ import annotations

from pathlib import Path

from riskstrat import audit, registry
from riskstrat.errors import PromotionError
from riskstrat.registry import Gate, Kept
from riskstrat.storage import write_bytes, write_folder_atomically, write_json
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, load

CARDS = "cards"
SAID = 3
"""Failed gates that a refusal spells out; the rest are counted."""


def promote(
    root: Path | None,
    name: str,
    version: int | None = None,
    *,
    override: bool = False,
    by: str | None = None,
    reason: str | None = None,
) -> Report:
    """Make a version (the latest, if none is given) the champion that the weekly list uses, and lay out its papers.

    Raises PromotionError where a gate of registry/promotion.toml does not let it pass, unless a person overrides it
    with a name and a reason; ModelError if there is no such version.
    """
    _refuse_nameless(override, by, reason)
    workspace = load(find(root))
    folder = workspace.root / "registry"
    registry.reconcile(folder)
    kept = registry.kept(folder, name, version)
    held = registry.gates(workspace.promotion, kept.evidence)
    failed = [gate for gate in held if not gate.passed]
    if failed and not override:
        raise PromotionError(_describe_failed_gates(kept, failed))
    overridden = f"by {by}: {reason}" if failed else None
    audit.require_loggable(overridden or "", "--by or --reason")
    audit.require_ready(workspace.root)
    registry.promote(folder, kept, overridden)
    card = _write_papers(folder, kept, held, overridden)
    made = kept.version
    audit.log_promoted(workspace.root, f"{made.name} {made.version}", [gate.name for gate in failed], by, reason)
    lines = [f"{made.name} version {made.version} is champion", str(kept.evidence["verdict"])]
    lines += [f"{len(held) - len(failed)} of {len(held)} gates passed; its papers: {card}"]
    lines += [f"promoted over: {gate.sentence}" for gate in failed]
    lines += [f"warning: {warning}" for warning in kept.evidence["leakage"]["warnings"]]
    lines += registry.reconcile(folder)
    summary = {
        "model": made.name,
        "version": made.version,
        "gates": [_describe_gate(gate) for gate in held],
        "overridden": overridden,
        "papers": str(card),
    }
    return Report(summary, tuple(lines))


def _refuse_nameless(override: bool, by: str | None, reason: str | None) -> None:
    if override and not (by and by.strip() and reason and reason.strip()):
        raise PromotionError("--override needs --by NAME and --reason TEXT: they are kept with the version")
    if override:
        audit.require_reason(reason or "", "--reason")
    if not override and (by or reason):
        raise PromotionError("--by and --reason go with --override; leave them out, or add it")


def _describe_failed_gates(kept: Kept, failed: list[Gate]) -> str:
    said = "; ".join(f"{gate.name}: {gate.sentence}" for gate in failed[:SAID])
    more = f"; and {len(failed) - SAID} more" if len(failed) > SAID else ""
    return (
        f"{kept.version.name} version {kept.version.version} does not pass {len(failed)} "
        f"gate{'s' if len(failed) > 1 else ''} of registry/promotion.toml: {said}{more}. Train a better one, or add "
        "--override --by NAME --reason TEXT"
    )


def _write_papers(folder: Path, kept: Kept, held: tuple[Gate, ...], overridden: str | None) -> Path:
    """The papers of a version in registry/cards/, with how it passed its gates; those of the same version give way."""
    target = folder / CARDS / f"{kept.version.name}-{kept.version.version}"
    with write_folder_atomically(target, replace=True) as part:
        for name, content in kept.papers.items():
            write_bytes(content, part / name, parents=True)
        gates = {"gates": [_describe_gate(gate) for gate in held], "overridden": overridden}
        write_json(gates, part / "promotion.json", indent=1)
    return target


def _describe_gate(gate: Gate) -> dict[str, object]:
    return {"name": gate.name, "passed": gate.passed, "sentence": gate.sentence}
