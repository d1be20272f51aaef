"""The verb `models`: which versions there are."""

from __future__ import annotations

from pathlib import Path

from riskstrat import audit, registry
from riskstrat.errors import BusyError, StorageError
from riskstrat.site.resources import write_alone
from riskstrat.verbs.report import Report
from riskstrat.workspace import find


def models(root: Path | None) -> Report:
    """Every registered version, with which one is champion."""
    workspace = find(root)
    folder = workspace / "registry"
    disagreements = _reconcile(workspace, folder)
    known = registry.models(folder)
    rows = [tuple("" if value is None else str(value) for value in row.values()) for row in known]
    line = f"{len(known)} registered versions" if known else 'no model yet; run "riskstrat train RECIPE"'
    summary = {"models": known} | ({"disagreements": disagreements} if disagreements else {})
    return Report(summary, (line, *disagreements), (tuple(known[0]), *rows) if known else ())


def _reconcile(workspace: Path, folder: Path) -> tuple[str, ...]:
    """What the registry and its records disagree on; only compared while nobody writes there, and never waited for."""
    try:
        with write_alone(workspace, "models", wait=False):
            disagreements = registry.reconcile(folder)
            audit.settle(workspace)
            return disagreements
    except BusyError as busy:
        return (f"not held against its records: {str(busy).partition(';')[0]}",)
    except StorageError:
        # A registry that may only be read has nothing written to it either.
        return registry.reconcile(folder)
