"""The verb `promote`: the gates in front of the champion's place."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from riskstrat import audit, registry
from riskstrat.errors import PromotionError
from riskstrat.registry import Gate, Kept
from riskstrat.site.resources import write_alone
from riskstrat.storage import compute_digest, format_json, write_bytes, write_folder_atomically
from riskstrat.verbs.report import Report
from riskstrat.workspace import Workspace, find, load

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
    wait: bool = False,
) -> Report:
    """Make a version (the latest, if none is given) the champion that the weekly list uses, and lay out its papers.

    Raises PromotionError where a gate of registry/promotion.toml does not let it pass, unless a person overrides it
    with a name and a reason; ModelError if there is no such version; BusyError while another run writes the registry,
    unless it is to wait.
    """
    _refuse_nameless(override, by, reason)
    workspace = load(find(root))
    with write_alone(workspace.root, "promote", wait=wait):
        return _promote(workspace, name, version, override, by, reason)


def _promote(
    workspace: Workspace, name: str, version: int | None, override: bool, by: str | None, reason: str | None
) -> Report:
    folder = workspace.root / "registry"
    registry.reconcile(folder)
    kept = registry.kept(folder, name, version)
    held = registry.gates(workspace.promotion, kept.evidence_for(registry.JUDGED))
    failed = [gate for gate in held if not gate.passed]
    if failed and not override:
        raise PromotionError(_describe_failed_gates(kept, failed))
    overridden = f"by {by}: {reason}" if failed else None
    audit.require_loggable(overridden or "", "--by or --reason")
    made, root = kept.version, workspace.root
    audit.require_ready(root)
    audit.require_trained(root, f"{made.name} {made.version}", registry.locate_version(folder, *made[:2]))
    card = registry.locate_papers(folder, *made[:2])
    papers = _collect_papers(kept, held, overridden)
    champion = kept.champion_record(folder)
    leaves = {champion.path: champion.digest} | {card / name: compute_digest(papers[name]) for name in sorted(papers)}
    over = {"gates": [gate.name for gate in failed], "by": by, "reason": reason} if failed else None
    deed = audit.build_promoting(root, f"{made.name} {made.version}", over, leaves)
    # Said again of what is champion already, it sets MLflow's alias back and is no new deed.
    with nullcontext() if audit.is_done(root, deed) else audit.log_deed(root, deed):
        registry.promote(folder, kept, overridden)
        _write_papers(card, papers)
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


def _collect_papers(kept: Kept, held: tuple[Gate, ...], overridden: str | None) -> dict[str, bytes]:
    """The papers of a version by their names, with how it passed its gates."""
    gates = {"gates": [_describe_gate(gate) for gate in held], "overridden": overridden}
    return {**kept.papers, "promotion.json": format_json(gates, indent=1).encode("utf-8")}


def _write_papers(target: Path, papers: Mapping[str, bytes]) -> None:
    """Write them into a folder; those that an earlier promotion of the version left give way."""
    with write_folder_atomically(target, replace=True) as part:
        for name, content in papers.items():
            write_bytes(content, part / name, parents=True)


def _describe_gate(gate: Gate) -> dict[str, object]:
    return {"name": gate.name, "passed": gate.passed, "sentence": gate.sentence}
