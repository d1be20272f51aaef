"""A team's weeks at the worklist in a browser: what a test moves on from one Monday to the next."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
from playwright.sync_api import Browser, Locator, Page, expect

from riskstrat.publication import PublishedList, open_published
from riskstrat.simulation import MARK
from tests.suite.on_a_day import set_clock
from tests.suite.served_worklist import ROOT, Served, check_here, open_watched

FIRST, SECOND, THIRD = date(2026, 11, 16), date(2026, 11, 23), date(2026, 11, 30)
TEAM, TEAM_NAME = "PWC", "Prescot, Whiston and Cronton"


@dataclass
class Weeks:
    """A team, its browser, its server and the day that it is."""

    browser: Browser
    served: Served
    root: Path
    clock: Path
    cases: list[str] = field(default_factory=list)
    second: list[str] = field(default_factory=list)
    third: list[str] = field(default_factory=list)
    died: list[str] = field(default_factory=list)
    forward: str = ""
    taken: str = ""
    dead: str = ""

    @contextmanager
    def work_as(self, role: str, **chosen: Any) -> Iterator[Page]:
        """A page of somebody who has just signed in."""
        with open_watched(self.browser, self.served, **chosen) as page:
            self.served.sign_in(page, role)
            yield page

    def begin(self, day: date) -> None:
        """It is nine in the morning of a day."""
        set_clock(self.clock, datetime(day.year, day.month, day.day, 9, tzinfo=UTC))

    def run(self, *arguments: object) -> str:
        """`riskstrat ...` on that day."""
        command = [sys.executable, "-m", "tests.suite.on_a_day", self.clock, *map(str, arguments), "-w", self.root]
        at_root = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=ROOT, env=at_root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refresh(self, day: date) -> None:
        """The statuses of a day between two lists, with the deaths of `died`."""
        self.run("refresh", self._land(day), "--as-at", day)

    def publish(self, day: date) -> None:
        """The statuses of a Monday are added to the data, and its list is made: whoever is eligible is counted once."""
        self.begin(day)
        self.run("ingest", self._land(day), "--add", "--as-at", day)
        told = json.loads(self.run("weekly", "--index-date", day, "--json"))
        for one in told["teams"]:
            known = one["listed"] + one["below_the_line"] + one["known_on_caseload"] + sum(one["excluded"].values())
            assert known == one["eligible"], one["team"]

    def _land(self, day: date) -> Path:
        patients = self.open_list(FIRST).read_patients(TEAM)
        died = [patients[case] for case in self.died]
        return land_statuses(self.root.parent / "borough", self.root.parent / f"statuses-{day}", day, died)

    def find_below_the_line(self) -> str:
        """Somebody whom the team serves and the first list does not hold."""
        published = self.open_list(FIRST)
        team = published.read_list().team(TEAM).team
        rows = published.read_everyone(["patient_id", "team", "place"])
        return str(rows[(rows["team"] == team) & (rows["place"] == "below the line")]["patient_id"].iloc[20])

    def order_by_estimate(self, day: date, cases: Collection[str]) -> list[str]:
        """Cases of earlier lists and reserves, by the estimates of that day's list, highest first."""
        earlier = [self.open_list(each) for each in (FIRST, SECOND)]
        patients = {one.reference: one.patient_id for one in earlier[1].read_reserve()}
        for published in earlier:
            patients |= published.read_patients(TEAM)
        everyone = self.open_list(day).read_everyone(["patient_id", "order"]).set_index("patient_id")["order"]
        return sorted(cases, key=lambda case: everyone[patients[case]])

    def check_references(self) -> None:
        """Every reference names one person through all lists, and every person has one."""
        rows = [pair for day in (FIRST, SECOND, THIRD) for pair in self.open_list(day).read_patients(TEAM).items()]
        assert len(set(rows)) == len({name for name, _ in rows}) == len({who for _, who in rows})

    def visit(self, page: Page, path: str, name: str = "") -> None:
        """Go to a page; with a name it is looked at as well."""
        page.goto(f"{self.served.address}{path}")
        if name:
            check_here(page, name)

    def open_list(self, day: date) -> PublishedList:
        """The published list of a day."""
        return open_published(self.root / "lists" / f"{day}")

    def list_cases(self, page: Page) -> list[str]:
        """The references of this week's list, in the order of the agenda."""
        self.visit(page, f"teams/{TEAM}/agenda")
        return page.locator("table").first.locator("tbody .wl-reference").all_inner_texts()


def land_statuses(borough: Path, folder: Path, day: date, died: Collection[str] = ()) -> Path:
    """An extract with the statuses of a day: those of the borough, with more people who have died."""
    folder.mkdir()
    shutil.copy(borough / MARK, folder)
    gone = ", ".join(f"'{patient}'" for patient in died) or "''"
    changed = f"DATE '{day}' AS as_at, died OR patient_id IN ({gone}) AS died"
    rows = duckdb.sql(f"SELECT * REPLACE ({changed}) FROM '{borough / 'statuses.parquet'}'")
    rows.write_parquet(str(folder / "statuses.parquet"))
    return folder


class Mouse:
    """Counts clicks, and the pages that they lead to."""

    def __init__(self, page: Page) -> None:
        self.clicks, self.pages = 0, 0
        page.on("load", lambda _: self._turn())

    def _turn(self) -> None:
        self.pages += 1

    def click(self, at: Locator) -> None:
        self.clicks += 1
        at.click()

    def choose(self, at: Locator, words: str) -> None:
        """Open the choices, and click on one."""
        self.clicks += 2
        at.select_option(label=words)

    def fill(self, at: Locator, words: str) -> None:
        """Click into a field and type."""
        self.click(at)
        at.fill(words)


def decide(page: Page, mouse: Mouse, case: str, outcome: str, due: str = "25 Nov") -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(case)
    mouse.click(page.get_by_label("Status checked"))
    mouse.choose(page.get_by_label("Outcome 1"), outcome)
    if outcome != "Deferred":
        mouse.fill(page.get_by_label("Owner 1"), "Falls nurse")
        page.keyboard.press("Tab")
        page.keyboard.type(due)
    mouse.click(page.get_by_label("Yes"))
    mouse.click(page.get_by_role("button", name="Keep and go to the next case"))
    expect(page.get_by_text(f"{case}: the decision is kept.")).to_be_visible()
