"""A tiny workspace with lists of two teams over two weeks, its worklist started, and accounts of every role."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest

from riskstrat import audit
from riskstrat.casefinding import RESERVE_COLUMNS, CaseRegister, reference
from riskstrat.publication import (
    EVERYONE,
    EVERYONE_COLUMNS,
    RESERVE,
    PublishedList,
    TeamList,
    WeeklyList,
    dump_cases,
    dump_reserve,
    name_references,
    publish,
)
from riskstrat.publication.layout import CASES
from riskstrat.workspace import Workspace, load
from tests.browser.listed_team import LIST_DATE, team_list
from tests.suite.hand_made import MODEL, THREE_FEATURES, VERSION
from tests.suite.postgres import OWNER, PASSWORD, start_server

BEFORE = LIST_DATE - timedelta(weeks=1)
OTHER = "HUY"
"""The team that is not the user's; its people are those of Kirkby's list under its own references."""

VARIABLE = "WORKLIST_OF_A_TEST"
"""Where a test's PostgreSQL server is, as riskstrat.toml names the variable."""

SETTINGS = """
[lists]
recipe = "a_stay_next_year"
counts = { stays_365d = "Stays" }

[worklist]
https = false
hosts = ["testserver", "localhost", "127.0.0.1"]

[[teams]]
name = "Kirkby locality hub"
code = "KIR"
localities = ["North"]

[[teams]]
name = "Huyton locality hub"
code = "HUY"
localities = ["South"]
"""


def make_site(root: Path) -> Workspace:
    """A workspace of three features with two published lists of two teams."""
    shutil.copytree(THREE_FEATURES, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "riskstrat.toml").write_text(SETTINGS, encoding="utf-8")
    for day in (BEFORE, LIST_DATE):
        publish_week(root, day)
    return load(root)


@contextmanager
def make_site_on_postgres(root: Path) -> Iterator[Workspace]:
    """The same with a PostgreSQL server of its own, which keeps its worklist while the block runs."""
    make_site(root)
    with start_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, f"postgresql://{OWNER}:{PASSWORD}@/postgres?host={quote(str(server.folder), safe='')}")
        chosen = SETTINGS.replace("[worklist]", f'[worklist]\ndatabase = "${VARIABLE}"')
        (root / "riskstrat.toml").write_text(chosen, encoding="utf-8")
        yield load(root)
        from django.db import connections

        # The server waits for whoever is still connected.
        connections.close_all()


def load_with(site: Workspace, more: str) -> Workspace:
    """The same workspace with more in its settings; the file is put back."""
    path = site.root / "riskstrat.toml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("[[teams]]", f"{more}\n[[teams]]", 1), encoding="utf-8")
    try:
        return load(site.root)
    finally:
        path.write_text(before, encoding="utf-8")


def build_teams(day: date) -> tuple[TeamList, ...]:
    """The lists of both teams; before the newest list those of Kirkby stood in turned order."""
    kirkby = team_list(index_date=day)
    if day != LIST_DATE:
        turned = tuple(replace(one, rank=place) for place, one in enumerate(reversed(kirkby.people), start=1))
        kirkby = replace(kirkby, people=turned, moves=(), swaps=(), previous_list=None)
    people = tuple(replace(one, reference=reference(OTHER, 100 + one.rank)) for one in kirkby.people)
    huyton = replace(kirkby, team="Huyton locality hub", team_code=OTHER, people=people, moves=(), swaps=(), routed={})
    return tuple(add_reserve(team) if day == LIST_DATE else team for team in (kirkby, huyton))


def add_reserve(team: TeamList) -> TeamList:
    """The list with its first people once more, under other references, as the two next below the line."""
    listed = len(team.people)
    return replace(
        team,
        reserve=tuple(
            replace(one, reference=name_reserved(team.team_code, place), rank=listed + place, arrival="new")
            for place, one in enumerate(team.people[:2], start=1)
        ),
    )


def name_reserved(team_code: str, place: int) -> str:
    """The reference that the first or second in reserve would have; whose pseudonym is `p-below-kir-1` or `-2`."""
    return reference(team_code, 200 + place)


def publish_week(root: Path, day: date) -> None:
    """Publish the list of a date, with the files that the worklist reads."""
    teams = build_teams(day)
    facts = {
        "index_date": day,
        "model": MODEL,
        "version": VERSION,
        "teams": [{"code": team.team_code, "team": team.team} for team in teams],
        "inputs": {"data": "d1"},
    }

    def logging(manifest: Path, digest: str):  # type: ignore[no-untyped-def]
        return audit.log_publishing(root, manifest, day.isoformat(), digest)

    def seal(content: bytes):  # type: ignore[no-untyped-def]
        return audit.make_seal(root, content)

    weekly = WeeklyList(day, 1, MODEL, VERSION, teams)
    with publish(root / "lists" / day.isoformat(), weekly, facts, logging, seal=seal) as part:
        for team in teams:
            rows = "".join(f"{one.reference},{name_patient(one.reference)},{day}\n" for one in team.people)
            (part / name_references(team.team_code)).write_text(f"reference,patient_id,index_date\n{rows}", "utf-8")
        (part / EVERYONE).parent.mkdir()
        _tabulate_everyone(teams).to_parquet(part / EVERYONE)
        (part / CASES).write_bytes(dump_cases(CaseRegister()))
        if day == LIST_DATE:
            (part / RESERVE).write_bytes(dump_reserve(_tabulate_reserve(teams)))


def name_patient(reference: str) -> str:
    """The pseudonym of the person of a reference."""
    return f"p-{reference[:7].lower()}"


def _tabulate_reserve(teams: tuple[TeamList, ...]) -> pd.DataFrame:
    rows = [
        (team.team_code, one.rank, one.reference, f"p-below-{team.team_code.lower()}-{place}", one.arrival)
        for team in teams
        for place, one in enumerate(team.reserve, start=1)
    ]
    return pd.DataFrame(rows, columns=list(RESERVE_COLUMNS))


def _tabulate_everyone(teams: tuple[TeamList, ...]) -> pd.DataFrame:
    """The listed people of each team, and four more of each below the line, `p-below-kir-1` to `-4`."""
    rows: list[dict[str, Any]] = []
    for team in teams:
        listed = [(name_patient(one.reference), "listed", one.reference, one.rank) for one in team.people]
        below = [(f"p-below-{team.team_code.lower()}-{n}", "below the line", None, None) for n in range(1, 5)]
        for order, (patient, place, given, rank) in enumerate([*listed, *below], start=1):
            values = [patient, team.team, place, None, order, -float(order), 0.5 / order, given, rank, None, None, None]
            rows.append(dict(zip(EVERYONE_COLUMNS, values, strict=True)))
    return pd.DataFrame(rows)


def change_everyone(monkeypatch: pytest.MonkeyPatch, patient: str, **values: Any) -> None:
    """The lists as if the next ingest had made them so of one person; without that person for no values."""

    def read_changed(published: PublishedList, columns: Any) -> Any:
        everyone = read_everyone(published, EVERYONE_COLUMNS)
        own = everyone["patient_id"] == patient
        for name, value in values.items():
            everyone.loc[own, name] = value
        return (everyone if values else everyone[~own])[list(columns)]

    read_everyone = PublishedList.read_everyone
    monkeypatch.setattr(PublishedList, "read_everyone", read_changed)
    forget_lists(monkeypatch)


def forget_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are read anew."""
    from riskstrat.worklist import published

    monkeypatch.setattr(published, "_kept", {})
    monkeypatch.setattr(published, "_counted", {})


@contextmanager
def undo_after() -> Iterator[None]:
    """Whatever is written to the database meanwhile is taken back."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)
