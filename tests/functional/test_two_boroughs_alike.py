"""Two boroughs that differ only in the sensitive codes of listed people: without an approval their lists are equal, and
with one they differ in the estimate and in what follows from it alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskstrat.definitions.progress import silent
from riskstrat.documents import write_page, write_people
from riskstrat.publication import ListedPerson, TeamList
from riskstrat.reviews import FileReviewStore
from riskstrat.site import scored
from riskstrat.site.opening import open_workspace
from riskstrat.sources.ingest import ingest
from riskstrat.weekly.listing import Listed, make_lists
from riskstrat.workspace import load

PLANTED = ("F102", "X601", "B24", "T391X2A")
OF_THE_ESTIMATE = {
    *("rank", "risk", "risk_low", "risk_high", "band", "rising", "change"),
    *("reference", "arrival", "opened_on", "weeks_on_list", "escalate"),
}
"""What follows from the estimate: the place on the list, and from who was listed when, how long the case has stood."""


def plant(source: Path, patients: set[str]) -> int:
    """Sensitive codes beside the main diagnosis of their stays, on their registers and among their medicines.

    None beside an injury: what those were for may not be told then, and that is meant to be seen. Gives their number.
    """
    coded = pd.read_parquet(source / "diagnoses.parquet")
    mine = coded[coded["patient_id"].isin(patients)]
    main = mine[(mine["position"] == 1) & ~mine["code"].str[0].isin(["S", "T"])]
    rows = [main.assign(position=90 + place, code=code) for place, code in enumerate(PLANTED)]
    tables = {"diagnoses": pd.concat([coded, *rows])}
    for name, row in (
        ("conditions", {"system": "register", "code": "ALCOHOL_PROBLEMS"}),
        ("prescriptions", {"bnf": "0410030A0"}),
        ("contacts", {"service": "drug_and_alcohol"}),
    ):
        landed = pd.read_parquet(source / f"{name}.parquet")
        first = landed[landed["patient_id"].isin(patients)].drop_duplicates("patient_id")
        tables[name] = pd.concat([landed, first.assign(**row)])
    for name, table in tables.items():
        table.to_parquet(source / f"{name}.parquet", index=False)
    return len(pd.concat(rows))


def write_pages(teams: tuple[TeamList, ...], folder: Path) -> list[bytes]:
    folder.mkdir()
    for team in teams:
        write_page(team, folder / f"{team.team_code}.html")
        write_people(team, folder / f"{team.team_code}-people.html")
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@pytest.fixture(scope="module")
def boroughs(
    demo_workspace: Path, monday: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, set[str]]:
    """The demo, the same with sensitive codes planted, and the patients who have them."""
    folder = tmp_path_factory.mktemp("boroughs")
    plain, planted = folder / "plain", folder / "planted"
    shutil.copytree(demo_workspace, plain)
    shutil.copytree(demo_workspace, planted)
    listed = {
        patient
        for case in make_lists(open_workspace(plain), monday, None, silent, FileReviewStore(plain)).cases
        for patient in case.rows["patient_id"].iloc[:3]
    }
    assert plant(planted / "demo" / "borough", listed) > len(listed)
    ingest(planted / "demo" / "borough", planted / "data", load(planted).settings)
    return plain, planted, listed


def test_their_lists_and_pages_are_equal_to_the_byte(
    boroughs: tuple[Path, Path, set[str]], monday: str, tmp_path: Path
) -> None:
    plain, planted = (
        make_lists(open_workspace(workspace), monday, None, silent, FileReviewStore(workspace))
        for workspace in boroughs[:2]
    )
    assert planted.opened.store.fingerprint != plain.opened.store.fingerprint
    assert planted.documents == plain.documents
    assert write_pages(planted.documents, tmp_path / "a") == write_pages(plain.documents, tmp_path / "b")


def champion_of_definitions(workspace: Path) -> Callable[..., Any]:
    """The champion as if it had been trained on the workspace's definitions as they are now."""
    given, now = scored.champion, load(workspace).fingerprints

    def read(*asked: Any) -> Any:
        model, version = given(*asked)
        return replace(model, fingerprints={name: now[name] for name in model.columns}), version

    return read


def list_with_approval(workspace: Path, monday: str, patch: pytest.MonkeyPatch) -> Listed:
    settings = workspace / "riskstrat.toml"
    text = settings.read_text(encoding="utf-8")
    assert "in_score = false" in text
    text = text.replace("in_score = false", 'in_score = true\napproval = "DPIA 12"')
    settings.write_text(text, encoding="utf-8")
    with patch.context() as context:
        context.setattr(scored, "champion", champion_of_definitions(workspace))
        return make_lists(open_workspace(workspace), monday, None, silent, FileReviewStore(workspace))


def tell_apart_from_the_estimate(listed: Listed) -> dict[str, dict[str, Any]]:
    """By patient what their row and page say, but for the estimate and what follows from it."""
    return {
        patient: strip_estimate(person)
        for case, team in zip(listed.cases, listed.documents, strict=True)
        for patient, person in zip(case.rows.sort_values("rank")["patient_id"], team.people, strict=True)
    }


def strip_estimate(person: ListedPerson) -> dict[str, Any]:
    said = {name: value for name, value in vars(person).items() if name not in OF_THE_ESTIMATE}
    # What the model gave for people of this risk, and the mean risk of a group that the person is one of.
    page = {name: value for name, value in vars(person.page).items() if name not in ("typical_risk", "trend")}
    page["reliability"] = tuple(line for line in person.page.reliability if not line.startswith("Of 100 people whom"))
    return said | {"page": page}


def test_with_the_score_approved_they_differ_in_the_estimate_and_what_follows_from_it_alone(
    boroughs: tuple[Path, Path, set[str]], monday: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    *workspaces, patients = boroughs
    plain, planted = (list_with_approval(workspace, monday, monkeypatch) for workspace in workspaces)
    risk, other = (listed.scored.rows.set_index("patient_id")["risk"] for listed in (plain, planted))
    moved = set(risk.index[risk != other])
    assert moved
    assert moved <= patients
    said, told = (tell_apart_from_the_estimate(listed) for listed in (plain, planted))
    both = said.keys() & told.keys()
    assert len(both & patients) > len(patients) / 2
    assert {patient: said[patient] for patient in both} == {patient: told[patient] for patient in both}
