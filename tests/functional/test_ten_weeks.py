"""Mondays in a row, with workbooks that come back filled in: every week adds up and remembers the weeks before.

Ten of them in `make test-all`, three in `make test`.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.casefinding import NO_ROOM
from riskstrat.definitions.progress import silent
from riskstrat.definitions.settings import CasefindingSettings
from riskstrat.documents import long_date
from riskstrat.publication import CaseAction, CaseDecision, find_earlier, open_published
from riskstrat.reviews import FileReviewStore
from riskstrat.site.opening import open_workspace
from riskstrat.verbs.why import explain_place
from riskstrat.weekly.changes import KINDS
from riskstrat.weekly.listing import Listed, make_lists
from riskstrat.weekly.memory import remember
from tests.suite.stores import change_version, find_version

Verb = Callable[..., subprocess.CompletedProcess[str]]

WEEKS = (3, pytest.param(10, marks=pytest.mark.exhaustive))
DISCUSSED = 3
"""People of each list, from its top, whose row comes back filled in."""

OUTCOMES = ("Case management", "Falls service", "Deferred")
KEPT_WAITING = "Deferred"
"""The one outcome after which a person may stand on the next list: what was written then comes back with the case."""


@pytest.fixture(scope="module", params=WEEKS, ids="{} weeks".format)
def mondays(request: pytest.FixtureRequest, monday: str) -> list[str]:
    last = date.fromisoformat(monday)
    return [(last - timedelta(weeks=back)).isoformat() for back in range(request.param - 1, -1, -1)]


@pytest.fixture(scope="module")
def weeks(
    demo_workspace: Path,
    copy: Callable[[Path, Path], Path],
    verb: Verb,
    mondays: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A workspace in which a list was published for each Monday, each team's top rows reviewed after each."""
    workspace = copy(demo_workspace, tmp_path_factory.mktemp("weeks") / "workspace")
    done = verb("withdraw", mondays[-1], "--reason", "Begin again.", "-w", workspace)
    assert done.returncode == 0, done.stderr
    for day in mondays:
        done = verb("weekly", "-w", workspace, "--index-date", day, "--json")
        assert done.returncode == 0, done.stderr
        if day != mondays[-1]:
            fill_in(workspace / "lists" / day, verb, workspace)
    return workspace


def fill_in(folder: Path, verb: Verb, workspace: Path) -> None:
    """Outcomes of the first people of each team, typed into its workbook and imported."""
    for file in sorted(folder.glob("*/*.xlsx")):
        book = openpyxl.load_workbook(file)
        sheet = book["List"]
        header = next(row for row in sheet.iter_rows() if "Outcome 1" in [cell.value for cell in row])
        column = {cell.value: cell.column for cell in header}
        for place, outcome in enumerate(OUTCOMES[:DISCUSSED], start=1):
            row = header[0].row + place
            if sheet.cell(row, column["Reference"]).value:
                sheet.cell(row, column["Outcome 1"]).value = outcome
                sheet.cell(row, column["Owner 1"]).value = f"Owner of {place}"
                sheet.cell(row, column["Due 1"]).value = date.fromisoformat(folder.name) + timedelta(days=4 + place)
                sheet.cell(row, column["Note"]).value = f"Said on {folder.name}"
                sheet.cell(row, column["Agree"]).value = "Yes"
        filled = workspace / f"{file.stem}-filled.xlsx"
        book.save(filled)
        done = verb("reviews", "import", filled, "-w", workspace, "--json")
        assert done.returncode == 0, done.stderr


def everyone(workspace: Path, day: str) -> pd.DataFrame:
    return pd.read_parquet(workspace / "lists" / day / "internal" / "everyone.parquet")


def manifest(workspace: Path, day: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((workspace / "lists" / day / "manifest.json").read_text(encoding="utf-8"))
    return found


def table(workspace: Path, name: str) -> pd.DataFrame:
    return pq.read_table(find_version(workspace / "data") / "tables" / f"{name}.parquet").to_pandas(
        date_as_object=False
    )


def patient_of(workspace: Path, person: pd.Series) -> set[str]:
    return set(table(workspace, "people").set_index("person")["patient_id"].reindex(person))


def words(path: Path) -> set[str]:
    """Every word of a text file or of a workbook."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            parts = [book.read(name) for name in book.namelist()]
    else:
        parts = [path.read_bytes()]
    return {word.decode() for part in parts for word in re.findall(rb"\w+", part)}


class TestEveryWeek:
    def test_every_eligible_person_stands_in_exactly_one_place(self, weeks: Path, mondays: list[str]) -> None:
        for day in mondays:
            told, rows = manifest(weeks, day), everyone(weeks, day)
            assert not rows["patient_id"].duplicated().any()
            assert len(rows) == told["cohort"]["eligible"] - told["without_team"]
            for team in told["teams"]:
                places = rows.loc[rows["team"] == team["team"], "place"].value_counts()
                assert places.get("listed", 0) == team["listed"] <= team["capacity"]
                assert places.get("below the line", 0) == team["below_the_line"]
                assert places.get("known", 0) == team["known_on_caseload"]
                assert places.get("excluded", 0) == sum(team["excluded"].values())
                assert places.sum() == team["eligible"]

    def test_nobody_listed_is_on_a_caseload(self, weeks: Path, mondays: list[str]) -> None:
        caseload = table(weeks, "caseload")
        for day in mondays:
            at = pd.Timestamp(day)
            held = caseload[(caseload["from_on"] <= at) & ~(caseload["to_on"] <= at)]
            rows = everyone(weeks, day)
            listed = set(rows.loc[rows["place"] == "listed", "patient_id"])
            assert len(held)
            assert not listed & patient_of(weeks, held["person"])

    def test_nobody_who_opted_out_is_anywhere(self, weeks: Path, mondays: list[str]) -> None:
        opted = table(weeks, "opt_outs")
        out = patient_of(weeks, opted.loc[opted["to_on"].isna(), "person"])
        assert out
        for day in mondays:
            assert not out & set(everyone(weeks, day)["patient_id"])
            told = set().union(*(words(path) for path in (weeks / "lists" / day).rglob("*") if path.is_file()))
            assert told & set(everyone(weeks, day)["patient_id"]), "else no file was read as it should be"
            assert not out & told

    def test_somebody_not_discussed_is_carried_over_and_the_weeks_count_on(
        self, weeks: Path, mondays: list[str]
    ) -> None:
        carried = 0
        for before, day in itertools.pairwise(mondays):
            was, now = (
                rows[rows["place"] == "listed"].set_index("patient_id")
                for rows in (everyone(weeks, before), everyone(weeks, day))
            )
            for patient in now.index[now["arrival"] == "carried over"]:
                if now.at[patient, "weeks_on_list"] == 1:
                    assert was.at[patient, "rank"] == 1 + OUTCOMES.index(KEPT_WAITING)
                else:
                    assert was.at[patient, "rank"] > DISCUSSED
                    assert now.at[patient, "weeks_on_list"] == was.at[patient, "weeks_on_list"] + 1
                    carried += 1
            assert set(now.index) & set(was.index) == set(now.index[now["arrival"] == "carried over"])
        assert carried > len(mondays)

    def test_a_reference_stays_with_its_case_and_never_names_two_people(self, weeks: Path, mondays: list[str]) -> None:
        names: dict[str, set[str]] = {}
        cases: dict[tuple[str, str], set[str]] = {}
        withdrawn = next((weeks / "lists" / "withdrawn").iterdir()) / "internal" / "everyone.parquet"
        for rows in (pd.read_parquet(withdrawn), *(everyone(weeks, day) for day in mondays)):
            for row in rows[rows["place"] == "listed"].itertuples():
                names.setdefault(row.reference, set()).add(row.patient_id)
                cases.setdefault((row.team, row.patient_id), set()).add(row.reference)
        assert {len(people) for people in names.values()} == {1}
        assert len(names) > len(mondays) * 5
        ended = table(weeks, "caseload").dropna(subset=["to_on"])["person"]
        closed = patient_of(weeks, ended)
        assert {len(found) for (_, patient), found in cases.items() if patient not in closed} == {1}
        for before, day in itertools.pairwise(mondays):
            was, now = (everyone(weeks, each).set_index("patient_id") for each in (before, day))
            stays = now[(now["arrival"] == "carried over").fillna(False)]
            stays = stays[stays["team"] == was["team"].reindex(stays.index)].index
            same = [now.at[who, "reference"] == was.at[who, "reference"] for who in stays]
            assert len(same) > 0
            assert all(same)

    def test_what_was_decided_comes_back_with_the_case_on_list_page_and_workbook(
        self, weeks: Path, mondays: list[str]
    ) -> None:
        came_back = 0
        for before, day in itertools.pairwise(mondays):
            was = everyone(weeks, before).set_index("reference")
            for team in open_published(weeks / "lists" / day).read_list().teams:
                for person in team.people:
                    if person.reference not in was.index or int(was.at[person.reference, "rank"]) > DISCUSSED:
                        continue
                    place = 1 + OUTCOMES.index(KEPT_WAITING)
                    due = date.fromisoformat(before) + timedelta(days=4 + place)
                    assert person.last_decision == CaseDecision(
                        date.fromisoformat(before),
                        (CaseAction(KEPT_WAITING, f"Owner of {place}", due),),
                        f"Said on {before}",
                    )
                    self.check_it_is_printed(weeks / "lists" / day / team.team_code.lower(), person.reference, due)
                    came_back += 1
        assert came_back > len(mondays)

    def check_it_is_printed(self, folder: Path, reference: str, due: date) -> None:
        sheet = openpyxl.load_workbook(folder / f"{folder.name}.xlsx")["List"]
        titles, *rows = sheet.iter_rows(values_only=True)
        row = next(dict(zip(titles, row, strict=True)) for row in rows if row[0] == reference)
        assert (row["Last outcomes"], row["Last owners"]) == (KEPT_WAITING, f"Owner of {DISCUSSED}")
        assert row["Last due"].date() == due
        for page in (f"{folder.name}.html", f"{folder.name}-people.html"):
            text = (folder / page).read_text(encoding="utf-8")
            assert f"deferred (Owner of {DISCUSSED}, due {long_date(due)})" in text

    def test_somebody_reviewed_rests_for_as_long_as_the_rules_say(self, weeks: Path, mondays: list[str]) -> None:
        rules = CasefindingSettings()
        rested = 0
        for number, day in enumerate(mondays[:-1]):
            rows = everyone(weeks, day)
            reviewed = rows[(rows["place"] == "listed") & (rows["rank"] <= 2)]
            rest = min(rules.rest_after("case_management"), rules.rest_after("falls_service"))
            for later in mondays[number + 1 : number + rest]:
                then = everyone(weeks, later).set_index("patient_id")["place"]
                for patient in reviewed["patient_id"]:
                    assert then.get(patient, "gone") != "listed"
                    rested += 1
        # Of each list the first two of some six teams, on every list after it.
        assert rested > 8 * sum(range(len(mondays)))

    def test_who_entered_and_left_is_counted_and_is_who_did(self, weeks: Path, mondays: list[str]) -> None:
        moved = 0
        for before, day in itertools.pairwise(mondays):
            for team in manifest(weeks, day)["teams"]:
                was, now = (
                    set(rows.loc[(rows["place"] == "listed") & (rows["team"] == team["team"]), "patient_id"])
                    for rows in (everyone(weeks, before), everyone(weeks, day))
                )
                assert (team["entered"], team["left"]) == (len(now - was), len(was - now))
                moved += team["entered"]
        assert moved > len(mondays)

    def test_the_audit_log_holds_every_list_and_import(self, weeks: Path, mondays: list[str], verb: Verb) -> None:
        done = verb("audit", "verify", "-w", weeks)
        assert done.returncode == 0, done.stderr
        actions = [
            json.loads(line)["action"]
            for line in (weeks / "audit" / "log.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        assert actions.count("list published") == len(mondays) + 1
        filled_in = [file for day in mondays[:-1] for file in (weeks / "lists" / day).glob("*/*.xlsx")]
        assert actions.count("reviews imported") == len(filled_in) >= len(mondays) - 1


@pytest.fixture(scope="module")
def last(weeks: Path, mondays: list[str]) -> Listed:
    return make_lists(open_workspace(weeks), mondays[-1], None, silent, FileReviewStore(weeks))


@pytest.mark.exhaustive
class TestWhatChanged:
    def test_the_four_parts_add_up_to_the_difference_of_the_margins(self, last: Listed, weeks: Path) -> None:
        parts = last.since.parts
        split = parts[parts["why_none"].isna()]
        assert len(split) > 20
        total = split[[f"part_{kind}" for kind in KINDS]].astype(float).sum(axis=1)
        difference = split["margin_now"] - split["margin_before"]
        assert np.abs(total - difference).max() <= 1e-6
        published = remember(find_earlier(weeks / "lists", "emergency_admission_12m", last.list_date)[0]).read_margins()
        assert np.allclose(published.reindex(split["patient_id"]), split["margin_before"])

    def test_the_themes_of_each_part_add_up_to_it(self, last: Listed) -> None:
        parts = last.since.parts
        for row in parts[parts["why_none"].isna()].to_dict("records"):
            for kind in KINDS:
                told = sum(value for _, value in row[f"themes_{kind}"])
                assert abs(told - row[f"part_{kind}"]) <= 1e-6

    def test_with_one_model_and_one_extract_no_part_is_a_change_of_model(self, last: Listed) -> None:
        parts = last.since.parts
        assert (parts.loc[parts["why_none"].isna(), "part_model_change"].astype(float) == 0).all()


class TestWhy:
    def test_each_place_has_its_sentence(self, weeks: Path, mondays: list[str], verb: Verb) -> None:
        rows = everyone(weeks, mondays[-1])
        beginnings = {"listed": "Listed for ", "below the line": "Not listed: below the line at rank "}
        beginnings |= {"known": "Not listed for ", "excluded": "Not listed for "}
        for place, first in rows.groupby("place")["patient_id"].first().items():
            done = verb("why", first, "--index-date", mondays[-1], "-w", weeks)
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith(beginnings[str(place)])
            assert len(done.stdout.splitlines()) == 1

    @pytest.mark.parametrize(("reason", "said"), [(None, ""), (pd.NA, ""), (NO_ROOM, f" There was {NO_ROOM}.")])
    def test_below_the_line_a_place_without_room_is_told(self, reason: object, said: str) -> None:
        place = {"place": "below the line", "order": 9, "team": "Halewood", "listed": 8, "reason": reason}
        whole = "Not listed: below the line at rank 9 for Halewood, whose list has 8 people."
        assert explain_place(place) == f"{whole}{said} Not being listed does not mean low risk."

    def test_opted_out_and_unknown_read_the_same(self, weeks: Path, mondays: list[str], verb: Verb) -> None:
        opted = table(weeks, "opt_outs")
        out = sorted(patient_of(weeks, opted.loc[opted["to_on"].isna(), "person"]))[0]
        said = {verb("why", who, "--index-date", mondays[-1], "-w", weeks).stdout for who in (out, "NOBODY")}
        assert said == {"Not available.\n"}

    def test_whoever_opts_out_after_a_list_is_not_told_of_from_it(
        self, weeks: Path, mondays: list[str], verb: Verb, copy: Callable[[Path, Path], Path], tmp_path: Path
    ) -> None:
        workspace = copy(weeks, tmp_path / "workspace")
        rows = everyone(workspace, mondays[-1])
        listed = rows.loc[rows["place"] == "listed", "patient_id"].iloc[0]
        assert verb("why", listed, "--index-date", mondays[-1], "-w", workspace).stdout.startswith("Listed for ")
        people = table(workspace, "people").set_index("patient_id")["person"]

        def opt_out(folder: Path, facts: dict[str, Any]) -> None:
            file = folder / "tables" / "opt_outs.parquet"
            opted = pq.read_table(file)
            first = opted.slice(0, 1).to_pydict()
            first |= {"patient_id": [listed], "person": [people[listed]], "to_on": [None]}
            pq.write_table(pa.concat_tables([opted, pa.table(first, schema=opted.schema)]), file)

        change_version(workspace / "data", opt_out)
        assert verb("why", listed, "--index-date", mondays[-1], "-w", workspace).stdout == "Not available.\n"

    def test_a_child_is_too_young(self, weeks: Path, mondays: list[str], verb: Verb) -> None:
        people = table(weeks, "people")
        young = people[(people["date_of_birth"] > pd.Timestamp(mondays[-1]) - pd.Timedelta(days=365 * 10))]
        spells = table(weeks, "registrations")
        here = spells[spells["registered_to"].isna()]["person"]
        said = {
            verb("why", who, "--index-date", mondays[-1], "-w", weeks).stdout
            for who in young[young["person"].isin(here)]["patient_id"].head(3)
        }
        assert any(line.startswith("Not listed: too young") for line in said)


class TestReplay:
    def test_the_past_is_rebuilt_on_one_page(self, weeks: Path, mondays: list[str], verb: Verb, tmp_path: Path) -> None:
        page, count = tmp_path / "replay.html", min(3, len(mondays) - 1)
        done = verb("replay", "--weeks", count, "--until", mondays[-1], "--out", page, "-w", weeks, "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        over_all = told["teams"][-1]
        assert over_all["team"] == "All teams"
        assert over_all["people"] == sum(team["people"] for team in told["teams"][:-1])
        # A later review that was really held may let somebody come back sooner.
        assert over_all["people"] <= over_all["listed"] <= over_all["people"] * 1.1
        assert over_all["weeks"] == count
        assert "<html" in page.read_text(encoding="utf-8")

    def test_a_week_before_the_first_model_is_refused(
        self, weeks: Path, verb: Verb, refused: Callable[..., str]
    ) -> None:
        said = refused(verb("replay", "--weeks", 1, "--until", "2019-01-07", "-w", weeks), 9)
        assert "model" in said
