"""Three weeks of every role at the worklist in a real browser: what is decided in one is what the next begins with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from riskstrat.documents import format_share, suppressed
from riskstrat.workspace import load
from tests.suite.on_a_day import set_clock
from tests.suite.served_worklist import check_here, open_watched, serve
from tests.suite.small_site import make_small_site
from tests.suite.team_weeks import FIRST, SECOND, TEAM, TEAM_NAME, THIRD, Mouse, Weeks, decide

TUESDAY, DAY_OF_REPORT = FIRST + timedelta(days=1), FIRST + timedelta(days=3)
NEXT_TUESDAY, THURSDAY = SECOND + timedelta(days=1), SECOND + timedelta(days=3)
MOST_CLICKS, WARNED = 60, "Contact nobody about this case"
NOTE, BECAUSE, PASSWORD = "Ask the falls service how long it has", "The room was flooded", "three words far apart"
NO_ROOM = "Below the line: no room for all who were put forward or keep a place."


@pytest.fixture
def weeks(browser: Browser, tmp_path: Path) -> Iterator[Weeks]:
    """A small borough on the Monday of its first list, which has a reserve from its second list on."""
    folder = tmp_path / "site"
    folder.mkdir()
    root, clock = make_small_site(folder), tmp_path / "clock"
    settings = root / "riskstrat.toml"
    settings.write_text(settings.read_text("utf-8").replace("\nreserve = 0\n", "\nreserve = 3\n"), "utf-8")
    set_clock(clock, datetime(FIRST.year, FIRST.month, FIRST.day, 8, tzinfo=UTC))
    with serve(load(root), clock) as served:
        yield Weeks(browser, served, root, clock)


@pytest.mark.exhaustive
def test_three_weeks_of_every_role(weeks: Weeks) -> None:
    with weeks.work_as("coordinator") as page:
        weeks.cases = weeks.list_cases(page)
    assert len(weeks.cases) == 8
    prepare_the_meeting(weeks)
    hold_the_meeting(weeks)
    share_with_social_care(weeks)
    learn_of_a_death(weeks)
    oversee(weeks)
    report_a_fact(weeks)
    read_the_figures(weeks, listed=8, decided=6, put_off=2, still_open=6, overdue=0)
    weeks.publish(SECOND)
    begin_the_second_week(weeks)
    take_up_from_the_reserve(weeks)
    settle_the_report(weeks)
    cancel_the_meeting(weeks)
    chase_actions(weeks)
    reach_nobody(weeks)
    read_the_figures(weeks, listed=9, decided=1, put_off=8, still_open=5, overdue=4)
    weeks.died += [weeks.cases[6]]
    weeks.publish(THIRD)
    begin_the_third_week(weeks)
    listed = len(weeks.third)
    read_the_figures(weeks, listed=listed, decided=0, put_off=0, still_open=5, overdue=4)
    hold_the_third_meeting(weeks)
    read_the_figures(weeks, listed=listed, decided=listed, put_off=0, still_open=3 + listed, overdue=2)
    weeks.check_references()


# ---- The first week ----


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
        page.get_by_label("Pseudonym").fill(weeks.find_below_the_line())
        page.get_by_label("Reason").fill("Two falls this month, and lives alone")
        page.get_by_role("button", name="Put forward").click()
        expect(page.get_by_text(f"Put forward as {TEAM}-5001")).to_be_visible()
        weeks.forward = page.url.rpartition("/")[2]
        check_here(page, "clinician-put-forward")


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
        page.get_by_label("Note for the next meeting").fill(NOTE)
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_text("Held on 16 November 2026.")).to_be_visible()


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
    weeks.begin(TUESDAY)
    weeks.dead = weeks.cases[2]
    weeks.died += [weeks.dead]
    weeks.refresh(TUESDAY)
    with weeks.work_as("coordinator") as page:
        # On the agenda once beside the case and once beside its action.
        for path, name, times in (("list", "list", 1), ("agenda", "agenda", 2), ("actions", "actions", 1)):
            weeks.visit(page, f"teams/{TEAM}/{path}", f"coordinator-{name}-of-tuesday")
            expect(page.get_by_text(WARNED)).to_have_count(times)
            expect(page.get_by_role("row").filter(has_text=WARNED).first).to_contain_text(weeks.dead)
        weeks.visit(page, f"cases/{weeks.dead}/decision", "coordinator-decision-of-tuesday")
        expect(page.get_by_text("Died since 17 November 2026, as known on 17 November 2026.")).to_be_visible()
        weeks.visit(page, f"cases/{weeks.dead}/history", "coordinator-history")
    with weeks.work_as("social-care-worker") as page:
        page.get_by_role("link", name=weeks.dead).click()
        expect(page.get_by_text("Something has changed about this person since the list.")).to_be_visible()
        check_here(page, "social-care-changed")


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


def report_a_fact(weeks: Weeks) -> None:
    """A clinician says that a fact of somebody who was only put off is wrong: nobody is listed in question."""
    weeks.begin(DAY_OF_REPORT)
    with weeks.work_as("clinician") as page:
        weeks.visit(page, f"cases/{weeks.cases[1]}/report")
        page.get_by_label("A fact on the page is wrong").check()
        page.get_by_label("How do you know?").fill("The practice says that the second fall was somebody else's")
        page.get_by_role("button", name="Report").click()
        expect(page.get_by_text(f"{weeks.cases[1]} is off the worked list meanwhile.")).to_be_visible()
        check_here(page, "clinician-reported")


# ---- The second week ----


def begin_the_second_week(weeks: Weeks) -> None:
    """The list respects every decision; last week's note stands beside its agenda, and the open actions."""
    with weeks.work_as("coordinator") as page:
        weeks.second = weeks.list_cases(page)
        check_here(page, "second-agenda")
        find_action(page, weeks.dead, WARNED)
        expect(page.get_by_text(f"Last meeting, list of 16 November 2026: {NOTE}")).to_be_visible()
        expect(page.get_by_role("table", name="Open actions").locator("tbody tr")).to_have_count(6)
        expect(page.get_by_text("D Deputy stands in for C Coordinator until 26 November 2026.")).to_be_visible()
        assert {weeks.cases[0], weeks.forward} <= set(weeks.second)
        assert not set(weeks.second) & set(weeks.cases[1:])
        assert len(weeks.second) == 8
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name=weeks.cases[0], exact=True)).first
        expect(row).to_contain_text("16 November 2026: deferred")
        weeks.visit(page, f"cases/{weeks.forward}", "second-put-forward")


def take_up_from_the_reserve(weeks: Weeks) -> None:
    """Somebody declined before the meeting: the next below the line takes that place."""
    fell = weeks.second[-1]
    with weeks.work_as("coordinator") as page:
        weeks.visit(page, f"teams/{TEAM}/reserve", "second-reserve")
        link = page.get_by_role("link", name=re.compile(f"^Take up {TEAM}-")).first
        weeks.taken = link.inner_text().split()[-1]
        link.click()
        page.get_by_label("Which case fell through?").select_option(label=fell)
        page.get_by_label("The person declined").check()
        page.get_by_label("I have checked today").check()
        page.get_by_role("button", name="Take up").click()
        expect(page.get_by_text("Taken up from the reserve on").first).to_be_visible()
        weeks.visit(page, f"cases/{fell}/decision")
        page.get_by_label("Outcome 1").select_option(label="Declined")
        page.get_by_role("button", name="Keep and go to the next case").click()
        expect(page.get_by_text(f"{fell}: the decision is kept.")).to_be_visible()
        assert set(weeks.list_cases(page)) == {*weeks.second, weeks.taken}
        check_here(page, "second-agenda-taken-up")


def settle_the_report(weeks: Weeks) -> None:
    """A second person looks: the fact was right, and the next list may hold the person again."""
    weeks.begin(NEXT_TUESDAY)
    with weeks.work_as("coordinator") as page:
        weeks.visit(page, f"teams/{TEAM}/reports", "second-reports")
        page.get_by_role("link", name=weeks.cases[1]).click()
        page.get_by_label("It is not right: the page is correct").check()
        page.get_by_label("What was done?").fill("Looked up with the practice")
        page.get_by_role("button", name="Report settled").click()
        expect(page.get_by_text("The report is settled.")).to_be_visible()


def cancel_the_meeting(weeks: Weeks) -> None:
    """Whoever stands in cancels the meeting: each case that is not decided is put off, and none that is."""
    with open_watched(weeks.browser, weeks.served) as page:
        page.goto(weeks.served.address)
        page.get_by_label("User name").fill("d.deputy")
        page.get_by_label("Password", exact=True).fill(weeks.served.passwords["d.deputy"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Password you have now", exact=True).fill(weeks.served.passwords["d.deputy"])
        for label in ("New password", "New password once more"):
            page.get_by_label(label, exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Change password").click()
        expect(page).not_to_have_url(re.compile("password"))
        weeks.visit(page, f"teams/{TEAM}/meeting", "second-meeting")
        page.get_by_label("Why is it cancelled?").fill(BECAUSE)
        page.get_by_label("Defer every case that is not decided yet").check()
        page.get_by_role("button", name="Cancel the meeting").click()
        expect(page.get_by_text(f"Cancelled: {BECAUSE}").first).to_be_visible()
        expect(page.get_by_text("0 still to decide.")).to_be_visible()
        expect(page.get_by_text(f"deferred. Note: Meeting cancelled: {BECAUSE}")).to_have_count(8)
        check_here(page, "second-agenda-cancelled")


def chase_actions(weeks: Weeks) -> None:
    """On the day after they were due: one is done, one goes to somebody else, the others are overdue."""
    weeks.begin(THURSDAY)
    with weeks.work_as("coordinator") as page:
        weeks.visit(page, f"teams/{TEAM}/actions", "second-actions")
        expect(page.get_by_text("6 open, 6 overdue.")).to_be_visible()
        page.get_by_role("link", name=f"Telecare, {weeks.cases[4]}").click()
        page.get_by_label("Done on").fill("26 Nov")
        page.get_by_role("button", name="Mark as done").click()
        page.get_by_role("link", name=f"Telecare, {weeks.cases[5]}").click()
        page.get_by_label("Owner").fill("Community matron")
        page.get_by_label("Due").fill("4 Dec")
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_text("5 open, 4 overdue.")).to_be_visible()
        check_here(page, "second-actions-chased")


def reach_nobody(weeks: Weeks) -> None:
    """After two attempts in a row that failed the case goes back to a clinician, whose opinion answers it."""
    case = weeks.cases[3]
    with weeks.work_as("coordinator") as page:
        for how in ("By telephone", "By a visit"):
            weeks.visit(page, f"cases/{case}/attempts")
            page.get_by_label(how).check()
            page.get_by_label("No", exact=True).check()
            page.get_by_role("button", name="Keep this attempt").click()
            expect(page.get_by_text("The attempt is kept.")).to_be_visible()
        check_here(page, "second-attempts")
    with weeks.work_as("clinician") as page:
        weeks.visit(page, f"teams/{TEAM}/reports")
        page.get_by_role("link", name=case).click()
        expect(page.get_by_text("Nobody was reached, twice or more in a row.")).to_be_visible()
        check_here(page, "second-back-to-clinician")


# ---- The third week ----


def begin_the_third_week(weeks: Weeks) -> None:
    """Whoever was put off keeps place and reference while there is room; nobody else returns; deaths are told of."""
    fell, gone = weeks.second[-1], (weeks.dead, weeks.cases[6])
    with weeks.work_as("coordinator") as page:
        weeks.third = weeks.list_cases(page)
        check_here(page, "third-agenda")
        put_off = {*weeks.second, weeks.taken, weeks.cases[1]} - {fell, weeks.forward}
        keeping = [weeks.forward, *weeks.order_by_estimate(THIRD, put_off)]
        assert set(weeks.third) == set(keeping[:8])
        expect(page.get_by_text(f"Last meeting, list of 23 November 2026: Cancelled: {BECAUSE}")).to_be_visible()
        expect(page.get_by_role("table", name="Open actions").locator("tbody tr")).to_have_count(5)
        find_action(page, weeks.cases[5], "Community matron", "4 December 2026")
        for case in gone:
            find_action(page, case, WARNED, "Overdue")
        for path, name in (("actions", "actions"), ("list", "list"), ("changes", "changes"), ("agenda/paper", "paper")):
            weeks.visit(page, f"teams/{TEAM}/{path}", f"third-{name}")
        for case in keeping[8:]:
            weeks.visit(page, f"teams/{TEAM}/changes")
            expect(page.get_by_role("row").filter(has_text=case)).to_contain_text(NO_ROOM)
            weeks.visit(page, f"cases/{case}/history", "third-no-room")
            expect(page.get_by_text(f"{NO_ROOM} In reserve.")).to_be_visible()
        weeks.visit(page, f"cases/{gone[1]}", "third-died-by-the-list")
        expect(page.get_by_text(WARNED)).to_be_visible()


def hold_the_third_meeting(weeks: Weeks) -> None:
    """All are discussed; what is still overdue is done, or taken back of those who have died."""
    with weeks.work_as("coordinator") as page:
        mouse = Mouse(page)
        weeks.visit(page, f"cases/{weeks.third[0]}/decision")
        for case in weeks.third:
            decide(page, mouse, case, "Telecare", due="9 Dec")
        expect(page.get_by_text("Every case of this list is decided.")).to_be_visible()
        check_here(page, "third-agenda-decided")
        for case in (weeks.cases[3], weeks.cases[7]):
            weeks.visit(page, f"teams/{TEAM}/actions")
            page.get_by_role("link", name=f"Telecare, {case}").click()
            page.get_by_role("button", name="Mark as done").click()
            expect(page.get_by_text(f"{case}: the action is kept.")).to_be_visible()
        expect(page.get_by_text(f"{3 + len(weeks.third)} open, 2 overdue.")).to_be_visible()
        check_here(page, "third-actions")


def find_action(page: Page, case: str, *words: str) -> None:
    """The open action of a case on the page that is shown says all of that."""
    row = page.get_by_role("table", name="Open actions").locator("tbody tr").filter(has_text=case)
    for each in words:
        expect(row).to_contain_text(each)


# ---- After each week ----


def read_the_figures(weeks: Weeks, **done: int) -> None:
    """What manager and board read of each team is what was done, small counts hidden; the others did nothing."""
    day = THIRD if weeks.third else SECOND if weeks.second else FIRST
    teams = weeks.open_list(day).read_list().teams
    with weeks.work_as("manager") as page:
        weeks.visit(page, "figures", f"figures-of-{day}")
        for team in teams:
            told = page.get_by_role("row").filter(has_text=team.team).locator("td").all_inner_texts()
            assert told == word_figures(**(done if team.team_code == TEAM else {"listed": len(team.people)})), team.team


def word_figures(listed: int, decided: int = 0, put_off: int = 0, still_open: int = 0, overdue: int = 0) -> list[str]:
    """The cells of a team's row."""
    return [suppressed(listed), format_share(decided, listed), *map(suppressed, (put_off, still_open, overdue))]
