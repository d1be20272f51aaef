"""What lists say of every listed person, worked out again from the landed source by other code.

On the simulated borough as it is, and on boroughs whose source is spoiled in ways that a feed can be: stays moved from
hospital to hospital, discharges that were not received, sensitive codes everywhere, a source that stopped, one that was
never sent, a measure that is not in the feed, and conditions in codes that nothing reads.
"""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from riskstrat.publication import open_published
from tests.oracle.landed_truth import LandedTruth
from tests.suite.stores import read_facts

Verb = Callable[..., subprocess.CompletedProcess[str]]

STOPPED = date(2026, 6, 30)
"""The last day of A&E visits in a spoiled borough."""

SECRETS = ("X610", "F101", "B24", "T741", "Z312")


@dataclass(frozen=True)
class Published:
    """One published week with the truth of its source. spoiled: whether the source was."""

    folder: Path
    truth: LandedTruth
    spoiled: bool

    def people(self) -> Iterator[tuple[dict[str, Any], str, Path]]:
        """Each listed person as list.json has them, their patient_id, and the folder of their team."""
        lists = json.loads((self.folder / "list.json").read_text(encoding="utf-8"))["list"]["teams"]
        for team in lists:
            own = self.folder / team["team_code"].lower()
            with (own / "references.csv").open(encoding="utf-8", newline="") as file:
                patients = {row["reference"]: row["patient_id"] for row in csv.DictReader(file)}
            for person in team["people"]:
                yield person, patients[person["reference"]], own

    def counts(self, patient: str) -> dict[str, float | None]:
        """What the list may print of somebody, by the name of the count; None where there is no such day."""
        truth = self.truth
        return {
            "emergency_admissions_365d": truth.count_emergency_stays(patient, 365),
            "days_since_emergency_discharge": truth.find_days_since_discharge(patient),
            "ae_attendances_365d": truth.count_visits(patient, 365),
            "number_of_conditions": len(truth.find_conditions(patient)),
            "falls_365d": truth.count_falls(patient, 365),
            "different_medicines_90d": truth.count_medicines(patient, 90),
        }


# ---- A source spoiled as feeds are ----


def spoil(source: Path) -> None:
    """Spoil the landed tables of a borough in place."""
    tables = {path.stem: pd.read_parquet(path) for path in source.glob("*.parquet")}
    tables["diagnoses"] = pd.concat([tables["diagnoses"], _plant_secrets(tables["diagnoses"])], ignore_index=True)
    tables["admissions"] = _lose_discharges(_move_people(tables["admissions"]))
    visits = tables["attendances"]
    tables["attendances"] = visits[(visits["attended_on"] <= STOPPED).to_numpy()]
    measures = tables["measurements"]
    tables["measurements"] = measures[(measures["measure"] != "egfr").to_numpy()]
    tables["conditions"] = tables["conditions"].assign(system="snomed", code="276885007")
    tables["conditions"] = tables["conditions"].drop_duplicates(["patient_id", "recorded_on"])
    for name in ("falls", "statuses"):
        (source / f"{name}.parquet").unlink()
        del tables[name]
    for name, table in tables.items():
        table.to_parquet(source / f"{name}.parquet", index=False)


def _plant_secrets(diagnoses: pd.DataFrame) -> pd.DataFrame:
    """One more diagnosis, in the last position, for one spell in 4."""
    last = diagnoses.sort_values("position", kind="stable").drop_duplicates("spell_id", keep="last").iloc[::4]
    codes = [SECRETS[place % len(SECRETS)] for place in range(len(last))]
    return last.assign(position=last["position"] + 1, code=codes)


def _move_people(admissions: pd.DataFrame) -> pd.DataFrame:
    """One stay of 2 nights or more in 3 becomes two spells: moved in an emergency, or coded anew from home."""
    nights = (pd.to_datetime(admissions["discharged_on"]) - pd.to_datetime(admissions["admitted_on"])).dt.days
    moved = admissions[(nights >= 2).to_numpy()].iloc[::3]
    between = moved["admitted_on"] + pd.Timedelta(days=1)
    anew = [place % 2 == 0 for place in range(len(moved))]
    second = moved.assign(
        spell_id=moved["spell_id"] + "M",
        admitted_on=between,
        method=["21" if again else "2B" for again in anew],
        source=["19" if again else "51" for again in anew],
    )
    first = moved.assign(discharged_on=between, destination="51")
    return pd.concat([admissions.drop(index=moved.index), first, second], ignore_index=True)


def _lose_discharges(admissions: pd.DataFrame) -> pd.DataFrame:
    """One spell in 2 that ended in the last 90 days has no end yet."""
    ended = pd.to_datetime(admissions["discharged_on"])
    recent = admissions.index[((ended.max() - ended).dt.days < 90).to_numpy()][::2]
    late = ["discharged_on", "discharge_method", "destination", "specialty", "settled_known_on"]
    spoiled = admissions.copy()
    spoiled.loc[recent, late] = None
    return spoiled


UNDERSTOOD = '\n[data.understood]\nconditions = "partly"\n'


def land(workspace: Path, source: Path, verb: Verb) -> None:
    settings = workspace / "riskstrat.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + UNDERSTOOD, encoding="utf-8")
    done = verb("ingest", source, "-w", workspace)
    assert done.returncode == 0, done.stderr


# ---- Boroughs ----


def as_published(workspace: Path, source: Path, monday: str, *, spoiled: bool) -> Published:
    folder, codelists = workspace / "lists" / monday, workspace / "features" / "codelists"
    published = open_published(folder)
    patients = {one for code in published.team_names for one in published.read_patients(code).values()}
    return Published(folder, LandedTruth(source, codelists, date.fromisoformat(monday), patients), spoiled)


@pytest.fixture(scope="module")
def plain(demo_workspace: Path, monday: str) -> Published:
    return as_published(demo_workspace, demo_workspace / "demo" / "borough", monday, spoiled=False)


@pytest.fixture(scope="module")
def spoiled(
    demo_workspace: Path,
    copy: Callable[[Path, Path], Path],
    verb: Verb,
    monday: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Published:
    folder = tmp_path_factory.mktemp("spoiled")
    workspace = copy(demo_workspace, folder / "workspace")
    source = workspace / "demo" / "borough"
    shutil.copytree(demo_workspace / "demo" / "borough", source)
    spoil(source)
    land(workspace, source, verb)
    assert verb("withdraw", monday, "--reason", "The source was landed again.", "-w", workspace).returncode == 0
    done = verb("weekly", "--index-date", monday, "-w", workspace)
    assert done.returncode == 0, done.stderr
    return as_published(workspace, source, monday, spoiled=True)


@pytest.fixture(scope="module", params=["plain", "spoiled"])
def published(request: pytest.FixtureRequest) -> Published:
    found: Published = request.getfixturevalue(request.param)
    return found


# ---- What it says ----


def find_differences(published: Published) -> list[tuple[str, str, Any, Any]]:
    """Counts that differ from the source, and counts of 0 or nothing that the source cannot tell."""
    found = []
    for person, patient, _ in published.people():
        for name, true in published.counts(patient).items():
            said, why = person["counts"][name], person["untold"].get(name)
            if _came_lately(published.truth, patient) and name != "days_since_emergency_discharge":
                assert why is not None
                assert said == (true or None)
            elif said is None and not true and _came_lately(published.truth, patient):
                continue
            elif not _may_say(published, name, true, said, why):
                found.append((person["reference"], name, said, true))
    return found


def _came_lately(truth: LandedTruth, patient: str) -> bool:
    """Whether a year before the list the person had no practice here, so that nothing recorded is no none."""
    since = truth.find_registered_since(patient)
    return since is not None and (truth.day - since).days < 365


def _may_say(published: Published, name: str, true: float | None, said: float | None, why: str | None) -> bool:
    if published.spoiled and name == "number_of_conditions":
        return said is None and why is not None
    if published.spoiled and name in ("ae_attendances_365d", "falls_365d"):
        # The A&E feed has stopped and no falls were landed: none cannot be told, and there may be more than there are.
        return said == (true or None) and why is not None
    if name == "days_since_emergency_discharge" and true is None:
        return said is None
    return bool(said == true) and why is None


def test_every_count_is_the_one_in_the_landed_source_or_is_said_not_to_be_told(published: Published) -> None:
    people = list(published.people())
    assert len(people) >= 40
    assert find_differences(published) == []


def test_a_discharge_that_was_not_received_is_no_older_one_and_no_none(published: Published) -> None:
    waiting = [
        (person, patient)
        for person, patient, _ in published.people()
        if (stays := published.truth.list_emergency_stays(patient)) and stays[-1].discharged is None
        if (published.truth.day - stays[-1].admitted).days < 730
    ]
    assert waiting
    for person, _ in waiting:
        assert person["counts"]["days_since_emergency_discharge"] is None
        assert "discharge date not received" in person["untold"]["days_since_emergency_discharge"]


def test_nobody_is_said_to_be_in_hospital_by_a_stay_whose_discharge_was_not_received(published: Published) -> None:
    """Whom a status of the day has there is on no list; whoever is listed may have left, or is known to have."""
    waiting = [person for person, _, _ in published.people() if "days_since_emergency_discharge" in person["untold"]]
    said = [sentence for person in waiting for theme in person["themes"] for sentence in theme["sentences"]]
    assert said
    assert [sentence for sentence in said if sentence.startswith("In hospital as an emergency")] == []


def test_every_condition_that_may_be_shown_is_named_with_its_first_record(plain: Published) -> None:
    for person, patient, _ in plain.people():
        said = {one["name"].casefold(): one["since"] for one in person["conditions"]}
        true = {name.casefold(): day.isoformat() for name, day in plain.truth.find_conditions(patient).items()}
        assert said == true


def test_a_condition_that_has_ended_is_named_apart_with_its_end_and_no_other_is(plain: Published) -> None:
    told = []
    for person, patient, folder in plain.people():
        said = {one["name"].casefold(): one["ended"] for one in person["conditions"] if one["ended"]}
        true = plain.truth.find_ends(patient)
        assert said == {name.casefold(): day.isoformat() for name, day in true.items()}
        told += said
        main = _read_row(folder, person["reference"])["top_conditions"].casefold().split(" | ")
        assert not {name.casefold() for name in said} & set(main)
    assert told


def test_list_page_workbook_csv_and_data_say_the_same(published: Published) -> None:
    for person, _, folder in published.people():
        code, row = folder.name, _read_row(folder, person["reference"])
        page = _find_article(folder / f"{code}-people.html", person["reference"])
        for name, number in person["counts"].items():
            assert row[name] == ("" if number is None else f"{number:g}")
            why = person["untold"].get(name)
            assert (why or "") in row["cannot_be_told"]
            assert why is None or word_count(number, why) in page


def _read_row(folder: Path, reference: str) -> dict[str, str]:
    """One person's row of a team's CSV."""
    with (folder / f"{folder.name}.csv").open(encoding="utf-8", newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["reference"] == reference)
    return row


def test_the_workbook_has_each_number_in_a_cell_of_its_own(published: Published) -> None:
    by_team: dict[Path, list[dict[str, Any]]] = {}
    for person, _, folder in published.people():
        by_team.setdefault(folder, []).append(person)
    for folder, people in by_team.items():
        sheet = openpyxl.load_workbook(folder / f"{folder.name}.xlsx")["List"]
        titles, *rows = ([cell.value for cell in row] for row in sheet.iter_rows())
        cells = {row[0]: dict(zip(titles, row, strict=True)) for row in rows}
        for person in people:
            told = cells[person["reference"]]
            numbers = [told[title] for title in titles if title in HEADINGS]
            for said, (name, number) in zip(numbers, person["counts"].items(), strict=True):
                why = person["untold"].get(name)
                assert said == word_count(number, why) if why else number is None or said == number


HEADINGS = (
    "Emergency admissions, 12 months",
    "Days since emergency discharge",
    "A&E attendances, 12 months",
    "Long-term conditions",
    "Falls, 12 months",
    "Medicines, 3 months",
)
FALSE = re.compile(
    r"No A&E attendance|No fall is recorded|No long-term condition|Conditions: none recorded|A&E: none recorded|"
    r"Falls: none recorded|eGFR\) is not|No kidney function test|Main conditions: none recorded",
    re.IGNORECASE,
)


def test_nothing_says_none_of_what_the_source_cannot_tell(spoiled: Published) -> None:
    told = [
        (person["reference"], found)
        for person, _, folder in spoiled.people()
        for found in FALSE.findall(_find_article(folder / f"{folder.name}-people.html", person["reference"]))
    ]
    assert told == []


def test_a_check_that_could_not_be_made_is_named_on_every_page(spoiled: Published) -> None:
    for person, _, folder in spoiled.people():
        page = _find_article(folder / f"{folder.name}-people.html", person["reference"])
        assert "Not checked: died since the records end, moved away since the records end, in hospital now" in page


def word_count(number: float | None, why: str) -> str:
    """A count that has a reason, as a reader meets it."""
    return f"cannot be told: {why}" if number is None else f"at least {number:g}: {why}"


def _find_article(path: Path, reference: str) -> str:
    """The text of one person's page, tags left out."""
    text = path.read_text(encoding="utf-8")
    start = text.index(f'id="{reference}"')
    article = text[start : text.index("</article>", start)]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", article)))


# ---- Three boroughs of somebody else's making ----

REASON = "Lists are made to be read by the test"


@pytest.mark.exhaustive
@pytest.mark.parametrize("borough", ["halton", "wirral", "havering"])
def test_three_other_boroughs_spoiled_in_the_same_ways_say_nothing_untrue(
    borough: str, verb: Verb, quick_recipe: Callable[[Path], None], tmp_path: Path
) -> None:
    workspace, source = tmp_path / "workspace", tmp_path / "workspace" / "demo" / "borough"
    for command in (
        ("init", workspace),
        ("simulate", "--people", "3000", "--seed", "11", "--borough", borough, "--out", source, "-w", workspace),
    ):
        done = verb(*command)
        assert done.returncode == 0, done.stderr
    spoil(source)
    quick_recipe(workspace)
    land(workspace, source, verb)
    as_at = read_facts(workspace / "data")["data_as_at"]
    for command in (
        ("train", "emergency_admission_12m", "-w", workspace),
        # A source that is spoiled so fails gates, as it should; here only what is printed is looked at.
        ("promote", "emergency_admission_12m", "--override", "--by", "Ann", "--reason", REASON, "-w", workspace),
        ("weekly", "--index-date", as_at, "-w", workspace),
    ):
        done = verb(*command)
        assert done.returncode == 0, done.stderr
    published = as_published(workspace, source, as_at, spoiled=True)
    assert list(published.people())
    assert find_differences(published) == []
    test_nothing_says_none_of_what_the_source_cannot_tell(published)
    test_a_check_that_could_not_be_made_is_named_on_every_page(published)
