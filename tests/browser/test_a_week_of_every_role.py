"""A week of every role at the worklist in a real browser, with a death on the Tuesday."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from riskstrat.publication import open_published
from riskstrat.workspace import load
from tests.suite.on_a_day import set_clock
from tests.suite.served_worklist import ROOT, Served, check_here, open_watched, serve
from tests.suite.small_site import make_small_site

FIRST, SECOND = date(2026, 11, 16), date(2026, 11, 23)
TUESDAY, THURSDAY = FIRST + timedelta(days=1), SECOND + timedelta(days=3)
TEAM, TEAM_NAME = "PWC", "Prescot, Whiston and Cronton"
MOST_CLICKS, WARNED = 60, "Contact nobody about this case"


@dataclass
class Weeks:
    """A team, its browser, its server and the day that it is."""

    browser: Browser
    served: Served
    root: Path
    clock: Path
    cases: list[str] = field(default_factory=list)
    forward: str = ""

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

    def visit(self, page: Page, path: str, name: str = "") -> None:
        """Go to a page; with a name it is looked at as well."""
        page.goto(f"{self.served.address}{path}")
        if name:
            check_here(page, name)

    def list_cases(self, page: Page) -> list[str]:
        """The references of this week's list, in the order of the agenda."""
        self.visit(page, f"teams/{TEAM}/agenda")
        return page.locator("table").first.locator("tbody .wl-reference").all_inner_texts()


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


@pytest.fixture
def weeks(browser: Browser, tmp_path: Path) -> Iterator[Weeks]:
    """A small borough on the Monday of its first list."""
    folder = tmp_path / "site"
    folder.mkdir()
    root, clock = make_small_site(folder), tmp_path / "clock"
    set_clock(clock, datetime(FIRST.year, FIRST.month, FIRST.day, 8, tzinfo=UTC))
    with serve(load(root), clock) as served:
        yield Weeks(browser, served, root, clock)


@pytest.mark.exhaustive
def test_a_week_of_every_role(weeks: Weeks) -> None:
    with weeks.work_as("coordinator") as page:
        weeks.cases = weeks.list_cases(page)
    assert len(weeks.cases) == 8
    prepare_the_meeting(weeks)
    hold_the_meeting(weeks)
    share_with_social_care(weeks)
    weeks.begin(TUESDAY)
    learn_of_a_death(weeks)
    oversee(weeks)


def prepare_the_meeting(weeks: Weeks) -> None:
    """The administrator lets somebody stand in next week; a clinician reads a case and puts somebody forward."""
    with weeks.work_as("administrator") as page:
        weeks.visit(page, "admin/worklist/user/add/")
        page.get_by_label("User name").fill("d.deputy")
        page.get_by_label("Name shown to colleagues").fill("D Deputy")
        page.get_by_label("Role").select_option(label="Coordinator")
        page.get_by_role("button", name="Add another Period of standing in").click()
        page.locator("#id_standing_in-0-team_code").select_option(value=TEAM)
        for name, words in (("for_whom", "C Coordinator"), ("from_on", f"{SECOND}"), ("to_on", f"{THURSDAY}")):
            page.locator(f"#id_standing_in-0-{name}").fill(words)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("heading", name="First passwords")).to_be_visible()
        check_here(page, "administrator-first-password")
        weeks.served.passwords["d.deputy"] = page.locator("code").inner_text()
    with weeks.work_as("clinician") as page:
        weeks.visit(page, f"cases/{weeks.cases[1]}", "clinician-person")
        page.get_by_label("Yes").check()
        page.get_by_label("Note for the meeting").fill("Knows the falls service already")
        page.get_by_role("button", name="Keep my opinion").click()
        expect(page.get_by_text(f"Your opinion of {weeks.cases[1]} is kept.")).to_be_visible()
        weeks.visit(page, f"teams/{TEAM}/refer", "clinician-refer")
        page.get_by_label("Pseudonym").fill(find_below_the_line(weeks.root))
        page.get_by_label("Reason").fill("Two falls this month, and lives alone")
        page.get_by_role("button", name="Put forward").click()
        expect(page.get_by_text(f"Put forward as {TEAM}-5001")).to_be_visible()
        weeks.forward = page.url.rpartition("/")[2]
        check_here(page, "clinician-put-forward")


def find_below_the_line(root: Path) -> str:
    """Somebody whom the team serves and the first list does not hold."""
    published = open_published(root / "lists" / f"{FIRST}")
    team = published.read_list().team(TEAM).team
    rows = published.read_everyone(["patient_id", "team", "place"])
    return str(rows[(rows["team"] == team) & (rows["place"] == "below the line")]["patient_id"].iloc[20])


def hold_the_meeting(weeks: Weeks) -> None:
    """From signing in to the eighth decision with a mouse: two cases put off, six with an action due in a week."""
    with open_watched(weeks.browser, weeks.served) as page:
        mouse = Mouse(page)
        page.goto(weeks.served.address)
        mouse.fill(page.get_by_label("User name"), "coordinator")
        mouse.fill(page.get_by_label("Password", exact=True), weeks.served.passwords["coordinator"])
        mouse.click(page.get_by_role("button", name="Sign in"))
        mouse.click(page.get_by_role("link", name=TEAM_NAME))
        mouse.click(page.get_by_role("link", name="Start with the first case"))
        for case in weeks.cases:
            decide(page, mouse, case, "Deferred" if case in weeks.cases[:2] else "Telecare")
        expect(page.get_by_text("Every case of this list is decided.")).to_be_visible()
        assert mouse.clicks < MOST_CLICKS, f"{mouse.clicks} clicks"
        print(f"from signing in to the eighth decision: {mouse.clicks} clicks, {mouse.pages} pages")
        check_here(page, "coordinator-agenda-decided")
        page.get_by_role("link", name="Meeting held or cancelled").click()
        page.get_by_label("Held on").fill("16 Nov")
        page.get_by_label("Note for the next meeting").fill("Ask the falls service how long it has")
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_text("Held on 16 November 2026.")).to_be_visible()


def decide(page: Page, mouse: Mouse, case: str, outcome: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(case)
    mouse.click(page.get_by_label("Status checked"))
    mouse.choose(page.get_by_label("Outcome 1"), outcome)
    if outcome != "Deferred":
        mouse.fill(page.get_by_label("Owner 1"), "Falls nurse")
        page.keyboard.press("Tab")
        page.keyboard.type("25 Nov")
    mouse.click(page.get_by_label("Yes"))
    mouse.click(page.get_by_role("button", name="Keep and go to the next case"))
    expect(page.get_by_text(f"{case}: the decision is kept.")).to_be_visible()


def share_with_social_care(weeks: Weeks) -> None:
    """Nothing is seen of a case before it is released; then what was ticked."""
    case = weeks.cases[2]
    with weeks.work_as("social-care-worker") as page:
        expect(page.get_by_text(case)).to_have_count(0)
        check_here(page, "social-care-nothing")
    with weeks.work_as("coordinator") as page:
        weeks.visit(page, f"cases/{case}/release", "coordinator-release")
        page.get_by_label("Basis for sharing").fill("Consent, recorded on 16 November 2026")
        page.get_by_role("button", name="Release to social care").click()
        expect(page.get_by_text("released on 16 November 2026")).to_be_visible()
    with weeks.work_as("social-care-worker") as page:
        page.get_by_role("link", name=case).click()
        expect(page.get_by_text("Consent, recorded on 16 November 2026")).to_be_visible()
        check_here(page, "social-care-released")
        page.get_by_label("Council reference").fill("ASC 204")
        page.get_by_role("button", name="Keep the council reference").click()
        expect(page.get_by_label("Council reference")).to_have_value("ASC 204")


def learn_of_a_death(weeks: Weeks) -> None:
    """Whoever died on Tuesday is said to have wherever the case is worked on, within the day."""
    weeks.run("refresh", weeks.root.parent / "today", "--as-at", TUESDAY)
    with weeks.work_as("coordinator") as page:
        for path, name in ((f"teams/{TEAM}/list", "list"), (f"teams/{TEAM}/agenda", "agenda")):
            weeks.visit(page, path, f"coordinator-{name}-of-tuesday")
            expect(page.get_by_text(WARNED)).to_have_count(1)
        dead = page.get_by_role("row").filter(has_text=WARNED).locator(".wl-reference").first.inner_text()
        weeks.visit(page, f"cases/{dead}/decision", "coordinator-decision-of-tuesday")
        expect(page.get_by_text("Died since 17 November 2026, as known on 17 November 2026.")).to_be_visible()
        weeks.visit(page, f"cases/{weeks.cases[2]}/history", "coordinator-history")


def oversee(weeks: Weeks) -> None:
    """What those see who see nobody's page."""
    told = {
        "analyst": ("model", "The list of 16 November 2026 was made with"),
        "manager": ("figures", "Actions overdue"),
        "auditor": ("log", "Coordinator (coordinator)"),
    }
    for role, (path, words) in told.items():
        with weeks.work_as(role) as page:
            weeks.visit(page, path, role)
            expect(page.get_by_text(words).first).to_be_visible()
            for case in weeks.cases if role != "auditor" else ():
                expect(page.get_by_text(case)).to_have_count(0)
