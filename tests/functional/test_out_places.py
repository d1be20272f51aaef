"""Every verb with `--out` asks where that leads before it does anything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from riskstrat.cli import app
from tests.suite.verbs import Verb

WORKSPACE_VERBS: dict[str, tuple[Any, ...]] = {
    "simulate": ("--people", 300, "--seed", 1),
    "table": ("admissions", "--as-at", "2026-11-16"),
    "features": ("--index-date", "2026-11-16"),
    "score": ("--index-date", "2026-11-16"),
    "compare": ("emergency_admission_12m", 1, 2),
    "replay": (),
    "board": ("--month", "2026-10"),
    "monitor": (),
    "backup": (),
    "power": (),
    "pack make": (),
    "impact look": (),
    "subject-access": ("P1",),
    "worklist backup": (),
    "worklist export-decisions": (),
    "worklist export-records": (),
    "capacity": (),
    "demand": (),
    "cohorts": (),
    "trial unseal": ("--key", "key.pem", "--reason", "A person may be at risk."),
    "models export": (
        *("emergency_admission_12m", 1, "--licence", "CC BY 4.0"),
        *("--approval", "IG-1", "--recipient-approval", "IG-2"),
    ),
}
OTHER_VERBS: dict[str, tuple[Any, ...]] = {
    "source describe": ("extract",),
    "identity pseudonymise": ("rows.csv",),
    "identity translate": ("rows.csv", "--source", "council"),
    "identity page": (),
    "impact demonstrate": (),
    "trial key": (),
    "identity client": ("worklist",),
}
ENDINGS = {
    "simulate": "",
    "board": "",
    "pack make": "",
    "subject-access": "",
    "trial unseal": "",
    "worklist backup": ".zip",
    "worklist export-decisions": ".json",
    "worklist export-records": ".json",
    "models export": ".json",
    "replay": ".html",
    "monitor": ".html",
    "backup": ".zip",
    "source describe": ".toml",
    "trial key": ".pem",
    "identity page": ".html",
    "impact demonstrate": ".html",
    "power": ".html",
    "capacity": ".html",
    "demand": ".html",
    "cohorts": ".html",
    "impact look": ".html",
    "identity client": ".key",
}
ELSEWHERE = {"identity name", "identity records"}
"""Verbs of which each chooses its place by itself: it may be nowhere in a workspace, and is logged when refused."""


def test_these_are_all_the_verbs_with_that_option() -> None:
    group: Any = typer.main.get_command(app)
    commands = {
        **{name: one for name, one in group.commands.items() if not hasattr(one, "commands")},
        **{
            f"{name} {each}": one
            for name, inner in group.commands.items()
            for each, one in getattr(inner, "commands", {}).items()
        },
    }
    found = {name for name, one in commands.items() if any("--out" in param.opts for param in one.params)}
    assert found == WORKSPACE_VERBS.keys() | OTHER_VERBS.keys() | ELSEWHERE


@pytest.mark.parametrize("name", [*WORKSPACE_VERBS, *OTHER_VERBS])
def test_a_place_that_is_kept_is_refused_before_anything_else(
    name: str, verb: Verb, refused: Callable, tmp_path: Path, tree: Callable[[Path], dict[str, str]]
) -> None:
    """Without data, a model or an identity folder each would end with another code, had it begun."""
    site = tmp_path / "site"
    assert verb("init", site).returncode == 0
    before = tree(tmp_path)
    out = site / "audit" / f"out{ENDINGS.get(name, '.csv')}"
    where = ("-w", site) if name in WORKSPACE_VERBS else ()
    said = refused(verb(*name.split(), *(WORKSPACE_VERBS | OTHER_VERBS)[name], "--out", out, *where), 11)
    assert said.startswith(f"cannot write {out.name}: it would stand in ")
    assert tree(tmp_path) == before
