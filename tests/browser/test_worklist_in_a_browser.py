"""The worklist in a real browser, served by its own process: a week of a coordinator and a clinician, by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from riskstrat.workspace import load
from tests.suite.by_keyboard import Keyboard
from tests.suite.gp_records import AGREED
from tests.suite.served_worklist import Served, check_here, check_page, check_shown, open_watched, serve
from tests.suite.worklists import make_site, name_reserved


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The site of two teams, served until the tests are over."""
    root = tmp_path_factory.mktemp("served") / "site"
    make_site(root)
    settings = root / "riskstrat.toml"
    agreed = settings.read_text(encoding="utf-8").replace("[[teams]]", f"{AGREED}\n[[teams]]", 1)
    settings.write_text(agreed, encoding="utf-8")
    with serve(load(root)) as served:
        yield served


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    with open_watched(browser, served) as page:
        yield page


def test_a_coordinator_decides_two_cases_and_the_agenda_says_so(page: Page, served: Served) -> None:
    served.sign_in(page, "coordinator")
    page.get_by_role("link", name="Kirkby locality hub").click()
    page.get_by_role("link", name="Start with the first case").click()
    page.wait_for_url("**/decision")
    decided = []
    for _ in range(2):
        decided.append(page.url.split("/cases/")[1].split("/")[0])
        page.get_by_label("Outcome 1").select_option(label="Medication review")
        page.get_by_label("Decided by").fill("AB")
        page.get_by_role("button", name="Keep and go to the next case").click()
        expect(page.get_by_text(f"{decided[-1]}: the decision is kept")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Agenda").click()
    for reference in decided:
        change = page.get_by_role("link", name=f"Change decision for {reference}")
        expect(page.get_by_role("row").filter(has=change)).to_contain_text("Medication review")


CASE, ACCOUNTS = "cases/KIR-012-Q", "admin/worklist/user/"
PAGES = {
    "coordinator": (
        *("", "teams/KIR/list", "teams/KIR/changes", "teams/KIR/agenda", "teams/KIR/agenda/order", "teams/KIR/actions"),
        *(
            "teams/KIR/agenda/paper",
            "teams/KIR/meeting",
            "teams/KIR/reports",
            "teams/KIR/lists",
            "teams/KIR/lists/2026-11-09",
        ),
        *(CASE, f"{CASE}/decision", f"{CASE}/history", f"{CASE}/report", f"{CASE}/release", f"{CASE}/attempts"),
        *(f"{CASE}/objection", "account", "account/password", "account/second-factor"),
        *("teams/KIR/reserve", f"reserve/{name_reserved('KIR', 1)}"),
    ),
    "clinician": ("teams/KIR/refer", "cases/KIR-057-I"),
    "social-care-worker": ("released/",),
    "manager": ("figures",),
    "analyst": ("model", "reports"),
    "auditor": ("log", "log/edits"),
    "administrator": (
        *("admin/", "admin/worklist/", ACCOUNTS, f"{ACCOUNTS}?role__exact=clinician", f"{ACCOUNTS}?q=nobody"),
        *(f"{ACCOUNTS}add/", f"{ACCOUNTS}1/change/", f"{ACCOUNTS}2/change/", f"{ACCOUNTS}2/history/"),
    ),
}


@pytest.mark.parametrize(
    "whole", [False, pytest.param(True, marks=pytest.mark.exhaustive)], ids=["colours of each kind", "of every text"]
)
@pytest.mark.parametrize("role", list(PAGES))
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    browser: Browser, served: Served, role: str, whole: bool
) -> None:
    with open_watched(browser, served, console=role != "administrator") as page:
        served.sign_in(page, role)
        for path in PAGES[role]:
            check_page(page, path, served, whole)


def test_axe_finds_nothing_where_an_account_is_made_wrongly_then_rightly(browser: Browser, served: Served) -> None:
    with open_watched(browser, served, console=False) as page:
        served.sign_in(page, "administrator")
        page.goto(f"{served.address}{ACCOUNTS}add/")
        page.get_by_role("button", name="Add another Period of standing in").click()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Please correct the errors below")).to_be_visible()
        check_shown(page, "an account with faults")
        page.get_by_label("User name").fill("b.matron")
        page.get_by_label("Name shown to colleagues").fill("B Matron")
        page.get_by_label("Role").select_option(label="Clinician")
        page.locator("#id_memberships-0-team_code").select_option(label="Kirkby locality hub")
        page.get_by_role("button", name="Remove").last.click()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("heading", name="First passwords")).to_be_visible()
        check_shown(page, "a first password")


def test_a_clinician_works_without_scripts_and_puts_somebody_forward(browser: Browser, served: Served) -> None:
    with open_watched(browser, served, java_script_enabled=False) as page:
        served.sign_in(page, "clinician")
        page.goto(f"{served.address}teams/KIR/refer")
        page.get_by_label("Pseudonym").fill("p-below-kir-2")
        page.get_by_label("Reason").fill("Two falls this month, and lives alone.")
        page.get_by_role("button", name="Put forward").click()
        expect(page.get_by_text("KIR-5001").first).to_be_visible()
        page.goto(f"{served.address}teams/KIR/list")
        expect(page.get_by_role("heading", name="Put forward for the next list")).to_be_visible()


def test_a_coordinator_takes_somebody_up_from_the_reserve_without_scripts(browser: Browser, served: Served) -> None:
    reference = name_reserved("KIR", 1)
    # Chromium writes to the console that a form came back with what is wrong.
    with open_watched(browser, served, console=False, java_script_enabled=False) as page:
        served.sign_in(page, "coordinator")
        page.goto(f"{served.address}teams/KIR/list")
        page.get_by_role("link", name="Reserve, for when a case falls through").click()
        page.get_by_role("link", name=f"Take up {reference}").click()
        page.get_by_role("button", name="Take up").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose the case that fell through")
        page.get_by_label("Which case fell through?").select_option(index=1)
        page.get_by_label("The person declined").check()
        page.get_by_label("I have checked today").check()
        page.get_by_role("button", name="Take up").click()
        expect(page.get_by_text("Taken up from the reserve on").first).to_be_visible()
        page.goto(f"{served.address}teams/KIR/list")
        expect(page.get_by_role("link", name=reference, exact=True)).to_be_visible()


STRESS = """() => {
  const line = '<span class="wl-name">A heading: <bdi>some thirty letters of an address</bdi></span>';
  const words = 'Contact nobody about this case. '.repeat(5);
  const warning = `<div class="wl-warning"><p><strong>${words}</strong></p></div>`;
  const added = `<p>${line.repeat(10)}</p>${warning.repeat(3)}`;
  document.querySelector('.person h1').insertAdjacentHTML('afterend', added);
}"""
"""What a page may hold besides: ten identifiers, and three warnings."""


def test_each_person_is_printed_on_one_sheet_of_a4(page: Page, served: Served) -> None:
    served.sign_in(page, "clinician")
    page.goto(f"{served.address}teams/KIR/list")
    cases = {link.inner_text() for link in page.locator("a.wl-reference").all()}
    assert len(cases) >= 8
    for case in sorted(cases):
        page.goto(f"{served.address}cases/{case}")
        assert count_sheets(page) == 1, case
        page.evaluate(STRESS)
        assert count_sheets(page) == 1, f"{case} with warnings"


def count_sheets(page: Page) -> int:
    """How many sheets of A4 a page is printed on."""
    return page.pdf(prefer_css_page_size=True, format="A4").count(b"/MediaBox [0 0")


def test_what_a_clinician_confirms_for_the_gp_record_is_ticked_by_a_coordinator(
    browser: Browser, served: Served
) -> None:
    case = f"{served.address}cases/KIR-062-O"
    with open_watched(browser, served) as page:
        served.sign_in(page, "clinician")
        page.goto(f"{case}/decision")
        page.get_by_label("Outcome 1").select_option(label="Case management")
        page.get_by_label("Decided by").fill("AB")
        page.get_by_role("button", name="Keep and go to the agenda").click()
        expect(page.get_by_text("Waiting for a clinician to confirm")).to_be_visible()
        page.goto(case)
        page.get_by_role("link", name="Confirm for the GP record").click()
        check_here(page, "gp-record-to-confirm")
        keys = Keyboard(page)
        keys.reach("=Case management started (1148034005), decided about the list of 16 November 2026")
        keys.press("Space")
        keys.follow("Confirm for the GP record")
        expect(page.get_by_text("confirmed, to be written by")).to_be_visible()
    with open_watched(browser, served, java_script_enabled=False) as page:
        served.sign_in(page, "coordinator")
        page.goto(f"{served.address}teams/KIR/actions")
        page.get_by_role("link", name="Written or change").click()
        page.get_by_label("Written in the record by").fill("Practice pharmacist")
        page.get_by_role("button", name="Written in the record").click()
        expect(page.get_by_text("Nothing that was confirmed waits to be written.")).to_be_visible()


def test_a_keyboard_alone_signs_in_and_decides_all_eight_people(page: Page, served: Served) -> None:
    page.goto(served.address)
    keys = Keyboard(page)
    keys.reach("Skip to main content")
    keys.press("Enter")
    keys.type_into("User name", "coordinator")
    keys.type_into("Password", served.passwords["coordinator"])
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Your teams")).to_be_visible()
    keys.follow("Huyton locality hub")
    keys.follow("Start with the first case")
    decided = set()
    while "/decision" in page.url:
        case = page.url.split("/cases/")[1].split("/")[0]
        decided.add(case)
        keys.reach("Status checked")
        keys.press("Space")
        keys.type_into("Outcome 1", "Telecare")
        keys.type_into("Owner 1", "Falls nurse")
        keys.type_into("Due 1", page.get_by_label("Decided on").input_value())
        keys.reach("Yes")
        keys.press("Space")
        keys.follow("Keep and go to the next case")
        expect(page.get_by_text(f"{case}: the decision is kept")).to_be_visible()
    assert len(decided) == 8
    expect(page.get_by_text("Every case of this list is decided.")).to_be_visible()
    expect(page.get_by_role("link", name="Change decision for HUY")).to_have_count(8)
