"""The verb `identity init`: an identity folder."""

from __future__ import annotations

from pathlib import Path

from riskstrat import identity
from riskstrat.verbs.report import Report


def init(target: Path, external: bool, user: str | None = None) -> Report:
    """Make an identity folder."""
    made = identity.init(target, "external" if external else "nhs_number", user)
    lines = (
        f"{made.root}: key, encrypted store, identity.toml and audit log",
        "Nobody may name a list yet: write people and publishers into identity.toml. Back the folder up where the data "
        "are not.",
    )
    return Report({"identity": str(made.root), "mode": made.settings.mode}, lines)
