"""Two boroughs that differ only in the sensitive codes of listed people: without an approval their lists are equal, and
with one they differ in the estimate and in what follows from it alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskstrat.definitions.progress import silent
from riskstrat.documents import write_bytes, write_page, write_people
from riskstrat.publication import ListedPerson, TeamList, dump_list
from riskstrat.reviews import FileReviewStore
from riskstrat.site import scored
from riskstrat.site.opening import Site, open_workspace
from riskstrat.sources.ingest import ingest
from riskstrat.weekly.listing import Listed, make_lists
from riskstrat.weekly.publishing import build_weekly_list, write_documents
from riskstrat.workspace import load

PLANTED = ("F102", "X601", "B24", "T391X2A")
OF_THE_ESTIMATE = {
    *("rank", "risk", "risk_low", "risk_high", "band", "rising", "change"),
    *("reference", "arrival", "opened_on", "weeks_on_list", "escalate"),
}
"""What follows from the estimate: the place on the list, and from who was listed when, how long the case has stood."""


def plant(source: Path, patients: set[str]) -> int:
    """Sensitive codes beside the main diagnosis of their stays, on their registers, among their medicines and contacts,
    and a caseload that they have left whose team says the same by its name.

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
    left = {"team": "Drug and Alcohol Team", "status": "active", "from_on": date(2025, 1, 6), "to_on": date(2025, 2, 3)}
    held = pd.DataFrame({"patient_id": sorted(patients), **left})
    tables["caseload"] = pd.concat([pd.read_parquet(source / "caseload.parquet"), held])
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


@pytest.fixture(scope="module")
def plain(boroughs: tuple[Path, Path, set[str]], monday: str) -> Listed:
    """The lists of the demo as it is."""
    return make_lists(open_workspace(boroughs[0]), monday, None, silent, FileReviewStore(boroughs[0]))


def test_their_lists_and_pages_are_equal_to_the_byte(
    boroughs: tuple[Path, Path, set[str]], plain: Listed, monday: str, tmp_path: Path
) -> None:
    workspace = boroughs[1]
    planted = make_lists(open_workspace(workspace), monday, None, silent, FileReviewStore(workspace))
    assert planted.opened.store.fingerprint != plain.opened.store.fingerprint
    assert planted.documents == plain.documents
    assert write_pages(planted.documents, tmp_path / "a") == write_pages(plain.documents, tmp_path / "b")


DECIDED = '[sensitive.shown_to_clinicians]\n"Alcohol and drugs" = "CG 12"\n"Self-harm" = "CG 13"\n'


def list_for_clinicians(workspace: Path, monday: str) -> Listed:
    """The lists once the site has recorded that clinicians may be shown two groups; the file is put back."""
    settings = workspace / "riskstrat.toml"
    given = settings.read_text(encoding="utf-8")
    assert "[sensitive.shown_to_clinicians]\n" in given
    settings.write_text(given.replace("[sensitive.shown_to_clinicians]\n", DECIDED), encoding="utf-8")
    try:
        return make_lists(open_workspace(workspace), monday, None, silent, FileReviewStore(workspace))
    finally:
        settings.write_text(given, encoding="utf-8")


def write_all(listed: Listed, folder: Path) -> dict[str, bytes]:
    """Every file of a list but its manifest, by its path."""
    listed = replace(listed, opened=without_pdf(listed.opened))
    for team in listed.documents:
        (folder / team.team_code.lower()).mkdir(parents=True)
    (folder / "internal").mkdir()
    write_documents(listed, folder, "the page for names", silent)
    write_bytes(dump_list(build_weekly_list(listed)), folder / "list.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_pdf(opened: Site) -> Site:
    settings = opened.workspace.settings
    lists = settings.lists.model_copy(update={"pdf": "off"})
    return replace(opened, workspace=replace(opened.workspace, settings=settings.model_copy(update={"lists": lists})))


def test_what_clinicians_alone_are_shown_changes_no_file_of_anybody_else(
    boroughs: tuple[Path, Path, set[str]], plain: Listed, monday: str, tmp_path: Path
) -> None:
    before = write_all(plain, tmp_path / "before")
    _, planted, patients = boroughs
    listed = list_for_clinicians(planted, monday)
    after = write_all(listed, tmp_path / "after")
    added = {path: content for path, content in after.items() if path.startswith("clinicians/")}
    assert {path: content for path, content in after.items() if path not in added} == before
    assert sorted(added) == sorted(
        ["clinicians/facts.json", *(f"clinicians/{one}/{one}-people.html" for one in team_files(listed))]
    )
    told = {
        row.patient_id: {(fact.group, fact.kind) for fact in listed.for_clinicians.people[row.reference]}
        for case in listed.cases
        for row in case.rows.itertuples()
    }
    assert patients <= told.keys()
    facts = {fact for patient in patients for fact in told[patient]}
    assert {("Alcohol and drugs", kind) for kind in ("condition", "medicine", "contact")} <= facts
    assert {group for group, _ in facts} <= {"Alcohol and drugs", "Self-harm"}
    pages = b"".join(content for path, content in added.items() if path.endswith(".html"))
    assert b"Shown by decision of the Caldicott guardian: Alcohol and drugs (CG 12); Self-harm (CG 13)." in pages
    assert "clinicians/" not in " ".join(before)
    assert b"Caldicott" not in b"".join(before.values())


def team_files(listed: Listed) -> list[str]:
    return [team.team_code.lower() for team in listed.documents]


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
