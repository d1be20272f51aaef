"""Two boroughs that differ only in the sensitive codes of listed people: without an approval their lists are equal, and
with one they differ in the estimate and in what follows from it alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskstrat.definitions.progress import silent
from riskstrat.documents import write_bytes
from riskstrat.identity import naming_page
from riskstrat.publication import ListedPerson, PublishedList, TeamList, dump_list, open_published
from riskstrat.reviews import FileReviewStore
from riskstrat.site import scored
from riskstrat.site.opening import Site, open_workspace
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import open_store
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


@pytest.fixture(scope="module")
def plain(demo_workspace: Path, monday: str) -> PublishedList:
    """The list that the demo published."""
    return open_published(demo_workspace / "lists" / monday)


@pytest.fixture(scope="module")
def boroughs(
    demo_workspace: Path, plain: PublishedList, monday: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, set[str]]:
    """The demo, the same before its list with sensitive codes planted, and the patients who have them."""
    folder = tmp_path_factory.mktemp("boroughs")
    same, planted = folder / "plain", folder / "planted"
    for copy in (same, planted):
        shutil.copytree(demo_workspace, copy)
    shutil.rmtree(planted / "lists" / monday)
    listed = {one for code in plain.team_names for one in list(plain.read_patients(code).values())[:3]}
    assert plant(planted / "demo" / "borough", listed) > len(listed)
    ingest(planted / "demo" / "borough", planted / "data", load(planted).settings)
    return same, planted, listed


def test_their_lists_and_pages_are_equal_to_the_byte(
    boroughs: tuple[Path, Path, set[str]], plain: PublishedList, monday: str, tmp_path: Path
) -> None:
    same, workspace, _ = boroughs
    planted = make_lists(open_workspace(workspace), monday, None, silent, FileReviewStore(workspace))
    assert planted.opened.store.fingerprint != open_store(same / "data").fingerprint
    assert planted.documents == plain.read_list().teams
    assert write_all(planted, tmp_path / "a") == read_all(plain)


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
    write_documents(listed, folder, naming_page(), silent)
    write_bytes(dump_list(build_weekly_list(listed)), folder / "list.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read_all(published: PublishedList) -> dict[str, bytes]:
    """Every file of a published list but its manifest, by its path."""
    files = [path for path in published.folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {path.relative_to(published.folder).as_posix(): path.read_bytes() for path in files}


def without_pdf(opened: Site) -> Site:
    settings = opened.workspace.settings
    lists = settings.lists.model_copy(update={"pdf": "off"})
    return replace(opened, workspace=replace(opened.workspace, settings=settings.model_copy(update={"lists": lists})))


def test_what_clinicians_alone_are_shown_changes_no_file_of_anybody_else(
    boroughs: tuple[Path, Path, set[str]], plain: PublishedList, monday: str, tmp_path: Path
) -> None:
    before = read_all(plain)
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


@contextmanager
def approved(workspace: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts sensitive records count in the score of a workspace; the file is put back."""
    settings = workspace / "riskstrat.toml"
    given = settings.read_text(encoding="utf-8")
    assert "in_score = false" in given
    settings.write_text(given.replace("in_score = false", 'in_score = true\napproval = "DPIA 12"'), encoding="utf-8")
    try:
        with patch.context() as context:
            context.setattr(scored, "champion", champion_of_definitions(workspace))
            yield
    finally:
        settings.write_text(given, encoding="utf-8")


def tell_apart_from_the_estimate(teams: Iterable[TeamList], patients: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """By patient what their row and page say, but for the estimate and what follows from it.

    patients: the patient of each reference.
    """
    return {patients[person.reference]: strip_estimate(person) for team in teams for person in team.people}


def strip_estimate(person: ListedPerson) -> dict[str, Any]:
    said = {name: value for name, value in vars(person).items() if name not in OF_THE_ESTIMATE}
    # What the model gave for people of this risk, and the mean risk of a group that the person is one of.
    page = {name: value for name, value in vars(person.page).items() if name not in ("typical_risk", "trend")}
    page["reliability"] = tuple(line for line in person.page.reliability if not line.startswith("Of 100 people whom"))
    return said | {"page": page}


def test_with_the_score_approved_they_differ_in_the_estimate_and_what_follows_from_it_alone(
    boroughs: tuple[Path, Path, set[str]], plain: PublishedList, monday: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That the approval itself changes nothing else is seen too: the demo's list was published without it."""
    *workspaces, patients = boroughs
    with approved(workspaces[0], monkeypatch):
        opened = open_workspace(workspaces[0])
        rows = scored.score_cohort(opened, opened.recipe(None), monday, silent).rows
    with approved(workspaces[1], monkeypatch):
        planted = make_lists(open_workspace(workspaces[1]), monday, None, silent, FileReviewStore(workspaces[1]))
    risk, other = (each.set_index("patient_id")["risk"] for each in (rows, planted.scored.rows))
    moved = set(risk.index[risk != other])
    assert moved
    assert moved <= patients
    known = {name: one for code in plain.team_names for name, one in plain.read_patients(code).items()}
    said = tell_apart_from_the_estimate(plain.read_list().teams, known)
    known = {row.reference: row.patient_id for case in planted.cases for row in case.rows.itertuples()}
    told = tell_apart_from_the_estimate(planted.documents, known)
    both = said.keys() & told.keys()
    assert len(both & patients) > len(patients) / 2
    assert {patient: said[patient] for patient in both} == {patient: told[patient] for patient in both}
