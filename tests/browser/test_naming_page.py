"""The naming page in Chromium with the network off: it joins in the browser, sends nothing, and reads text as text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, ViewportSize, expect

from riskstrat.identity import naming_page
from tests.suite.axe import Texts, run_axe

EVIL = '<script>window.taken = true</script><img src=x onerror="window.taken = true">'
RIGHT_TO_LEFT = "محمد عبد الرحمن"
LONG = 'O\'Long, "Bo"\nof two lines ' + "x" * 60
LOCAL = ("file:", "data:", "blob:", "about:")

HEADINGS = (
    *("team_code", "index_date", "data_as_at", "reference", "rank", "risk", "risk_low", "risk_high", "sex", "reasons"),
    *("pathways", "statuses_as_at", "model", "model_version"),
)
PERSONS = (
    ("KIR-012-Q", "0.6149", "0.55", "0.71", "F", "A: one. | B: two."),
    ("KIR-057-I", "0.5230", "", "", "M", "'=1+1 is text"),
    ("KIR-058-P", "0.4471", "", "", "F", EVIL),
    ("KIR-059-5", "0.4471", "", "", "U", ""),
    ("KIR-060-J", "0.3962", "", "", "F", ""),
)
PATHWAYS = "Falls service: 2 or more falls | Telecare: aged 85"
LIST = [
    list(HEADINGS),
    *(
        ["KIR", "2026-11-16", "2026-11-15", one, str(rank), *rest, PATHWAYS, "2026-11-09", "Admission", "3"]
        for rank, (one, *rest) in enumerate(PERSONS, start=1)
    ),
]
REFERENCES = [
    ["reference", "patient_id", "index_date"],
    *([one, f"P{place}", "2026-11-16"] for place, (one, *_) in enumerate(PERSONS, start=1)),
    ["HAL-001-8", "P9", "2026-11-16"],
]
PEOPLE = [
    ["Patient ID", "Name", "nhs_number", "contact", "lone_visit_warning"],
    ["p1", RIGHT_TO_LEFT, "999 000 0018", "1 High Street, Kirkby", ""],
    ["P2", LONG, "999 000 0026", EVIL, "Dog"],
    ["P3", EVIL, "", "", ""],
    ["P4", "Twice Once", "999 000 0034", "", ""],
    ["P4", "Twice Again", "999 000 0042", "", ""],
    ["__proto__", "Nobody", "", "", ""],
]


def as_csv(rows: list[list[str]], separator: str = ",", end: str = "\r\n") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(rows)
    return text.getvalue()


DESKTOP = pytest.param({"width": 1280, "height": 900}, id="desktop")
PHONE = pytest.param({"width": 390, "height": 844}, id="phone")
JOINED_ON_A_PHONE = pytest.param(*PHONE.values, id=PHONE.id, marks=pytest.mark.exhaustive)


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One tab with the network off, in which each test opens the page anew: to open a tab is most of what one takes."""
    context = browser.new_context()
    context.set_offline(True)
    yield context.new_page()
    context.close()


@pytest.fixture(params=[DESKTOP, JOINED_ON_A_PHONE])
def page(tab: Page, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page for what its files come to, which hangs on no width: on a phone too in `make test-all`."""
    with open_page(tab, tmp_path, request.param) as opened:
        yield opened


@pytest.fixture(params=[DESKTOP, PHONE])
def sized(tab: Page, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page for how it looks and is moved about in, on either screen."""
    with open_page(tab, tmp_path, request.param) as opened:
        yield opened


@contextmanager
def open_page(tab: Page, folder: Path, viewport: ViewportSize) -> Iterator[Page]:
    """The naming page opened from a file of its own; any request that leaves the computer fails the test."""
    (folder / "naming.html").write_text(naming_page(), encoding="utf-8")
    asked: list[Request] = []
    wrong: list[Error | ConsoleMessage] = []
    heard = {
        "request": lambda request: asked.append(request),
        "pageerror": lambda fault: wrong.append(fault),
        "console": lambda line: wrong.append(line),
    }
    for event, hear in heard.items():
        tab.on(event, hear)  # type: ignore[call-overload]
    tab.set_viewport_size(viewport)
    tab.emulate_media(media="null")
    tab.goto((folder / "naming.html").as_uri())
    yield tab
    for event, hear in heard.items():
        tab.remove_listener(event, hear)
    assert [request.url for request in asked if not request.url.startswith(LOCAL)] == []
    assert [fault for fault in wrong if isinstance(fault, Error) or fault.type == "error"] == []


def choose(page: Page, **given: str | bytes) -> None:
    """Choose the three files and show the list."""
    files = {"list": as_csv(LIST), "references": as_csv(REFERENCES), "people": "\ufeff" + as_csv(PEOPLE)} | given
    for name, content in files.items():
        data = content.encode("utf-8") if isinstance(content, str) else content
        page.set_input_files(f"#{name}", [{"name": f"{name}.csv", "mimeType": "text/csv", "buffer": data}])
    if page.locator("#choose").get_attribute("open") is None:
        page.get_by_text("Choose the files").click()
    page.get_by_role("button", name="Show the list with names").click()
    page.locator("#result-title:focus, #problem:focus").wait_for()


def cells(page: Page) -> list[list[str]]:
    rows = page.locator("#table tbody tr").all()
    return [[cell.inner_text().strip() for cell in row.locator("th, td").all()] for row in rows]


def names(page: Page) -> list[str]:
    return page.locator("#table .name").all_inner_texts()


def test_the_list_is_joined_with_the_practices_own_names(sized: Page) -> None:
    choose(sized)
    expect(sized.get_by_role("status")).to_have_text("3 of 5 people on the list are named below.")
    expect(sized.locator("#result-title")).to_have_text("Case-finding list, KIR, 16 November 2026")
    person, place, about, _ = cells(sized)[0]
    assert person.splitlines() == [RIGHT_TO_LEFT, "NHS number: 999 000 0018", "Contact: 1 High Street, Kirkby"]
    assert place.splitlines() == [
        "Rank: 1",
        "Reference: KIR-012-Q",
        "Risk: About 61 in 100",
        "For people with similar records, between 55 and 71 in 100",
    ]
    assert about == "Sex: Female"
    assert sized.locator("#table thead th").all_inner_texts() == [
        "Person",
        "Place on the list",
        "About the person",
        "To consider, and in place",
    ]


def test_what_is_long_is_folded_and_opens(sized: Page) -> None:
    choose(sized)
    assert cells(sized)[0][3].splitlines() == ["Pathways: Falls service; Telecare", "Reasons and rules"]
    for folded in sized.get_by_text("Reasons and rules").all():
        folded.click()
    assert cells(sized)[0][3].splitlines()[2:] == [
        *("What moved the estimate: A: one.", "B: two."),
        *("Pathways with their rules: Falls service: 2 or more falls", "Telecare: aged 85"),
    ]
    assert "What moved the estimate: =1+1 is text" in cells(sized)[1][3].splitlines()


def test_the_page_is_as_short_as_its_table(sized: Page) -> None:
    whole = "document.documentElement.scrollHeight"
    before = sized.evaluate(whole)
    choose(sized)
    after, table = sized.evaluate(whole), sized.evaluate("document.getElementById('table').offsetHeight")
    assert after - table < max(before, 700)
    sized.evaluate("window.scrollTo(0, 0)")
    assert sized.evaluate("document.getElementById('table').getBoundingClientRect().top < window.innerHeight")
    expect(sized.locator("#files")).to_be_hidden()
    sized.get_by_text("Choose the files").click()
    expect(sized.locator("#files")).to_be_visible()


RESTRICTIONS = (
    *(
        ("restricted", "yes", False),
        ("restricted", " NO ", True),
        ("restricted", "", True),
        ("restricted", "ask", False),
    ),
    *(("Address restricted", "x", False), ("is_restricted?", "0", True), ("confidentiality-code", "R", False)),
    *(("confidentiality_code", "U", True), ("contact_restricted", "not_restricted", True)),
    ("restriction", "?", False),
)


def test_somebody_restricted_is_neither_named_nor_contacted(page: Page) -> None:
    words = "restricted: do not contact, ask the practice or the IG lead"
    note = "People who are restricted, and who are neither named nor to be contacted: 1."
    for heading, said, named in RESTRICTIONS:
        people = [["patient_id", "name", "contact", "nhs_number", "date_of_birth", "key_worker", heading]]
        people += [["P1", "Ann Planted", "1 Planted Row", "999 000 0018", "1940-01-01", "Planted Hale", said]]
        choose(page, people=as_csv(people))
        shown = page.locator("body").inner_text()
        assert names(page)[0] == ("Ann Planted" if named else words), (heading, said)
        assert [part in shown for part in ("Planted", "999 000 0018", "1 January 1940")] == [named] * 3
        assert (note in page.locator("#notes li").all_inner_texts()) is not named


def test_somebody_restricted_in_one_of_two_rows_is_not_named(page: Page) -> None:
    rows = [["patient_id", "name", "restricted"], ["P1", "Ann", "no"], ["P1", "Ann", "yes"]]
    for people in (rows, [rows[0], *rows[:0:-1]]):
        choose(page, people=as_csv(people))
        assert names(page)[0] == "not named: in your identity file twice, with different details"


def test_how_to_contact_safely_stands_there_and_nothing_of_others_does(page: Page) -> None:
    others = ("next_of_kin", "carer_phone", "household", "notes", "emergency contact")
    people = [["patient_id", "name", "contact_safely", *others], ["P1", "Ann", "By letter, mornings", *others]]
    choose(page, people=as_csv(people).replace("By letter, mornings", "By letter"))
    assert "How to contact safely: By letter" in cells(page)[0][0]
    choose(page, people=as_csv([people[0], ["P1", "Ann", "By letter", *(f"Planted {one}" for one in others)]]))
    assert "Planted" not in page.locator("body").inner_text()


BORN = (
    ("1941-03-04", "85 and over", True),
    ("04/03/1941", "85 and over", True),
    ("1941-03-04", "75 to 84", False),
    ("04/03/1941", "75 to 84", False),
    ("1941-11-17", "75 to 84", True),
    ("1941-11-17", "85 and over", True),  # the list may know the month of birth alone
    ("2010-01-01", "under 18", True),
    ("1950-01-01", "under 18", False),
    ("", "75 to 84", True),
    ("March 1941", "75 to 84", True),
)


def test_whoever_cannot_be_of_the_age_on_the_list_is_not_named_and_the_row_says_so(page: Page) -> None:
    listed, references = [["index_date", "reference", "age_band"]], [["reference", "patient_id"]]
    people = [["patient_id", "name", "date_of_birth"]]
    for place, (born, band, _) in enumerate(BORN):
        listed.append(["2026-11-16", f"KIR-{place}", band])
        references.append([f"KIR-{place}", f"P{place}"])
        people.append([f"P{place}", f"Person {place}", born])
    choose(page, list=as_csv(listed), references=as_csv(references), people=as_csv(people))
    told = "not named: the date of birth in your identity file does not agree with the age on the list"
    assert names(page) == [f"Person {place}" if named else told for place, (_, _, named) in enumerate(BORN)]
    note = "People whose date of birth does not agree with the age on the list, and who are not named: 3."
    assert note in page.locator("#notes li").all_inner_texts()
    expect(page.get_by_role("status")).to_have_text("7 of 10 people on the list are named below.")


def test_what_files_say_is_text_and_never_runs(sized: Page) -> None:
    choose(sized)
    assert names(sized)[1:3] == [LONG, EVIL]
    assert f"Contact: {EVIL}" in cells(sized)[1][0]
    assert sized.evaluate("window.taken") is None
    assert sized.locator("#result img, #result script").count() == 0


def test_nobody_is_named_where_the_file_is_in_doubt(page: Page) -> None:
    choose(page)
    assert names(page)[3] == "not named: in your identity file twice, with different details"
    assert names(page)[4] == "not named: not in your identity file"
    assert "Twice" not in page.locator("#table").inner_text()
    notes = page.locator("#notes li").all_inner_texts()
    assert "People on the list who are not in your identity file: 1." in notes
    assert any(note.endswith("are not named: 1.") for note in notes)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_files_that_excel_saved_are_read(page: Page, separator: str) -> None:
    people = [["patient_id", "name"], ["P1", "Zoë Ó Séaghdha"]]
    choose(page, people=as_csv(people, separator, "\n").encode("windows-1252"))
    assert names(page)[0] == "Zoë Ó Séaghdha"


def test_an_old_status_is_said_with_what_to_do_first(page: Page) -> None:
    choose(page)
    expect(page.locator("#notes li").first).to_contain_text("Status not checked since 9 November 2026. Contact nobody")
    choose(page, list=as_csv(LIST).replace("2026-11-09", "2026-11-16"))
    expect(page.locator("#notes li").first).to_have_text("Status checked on 16 November 2026.")


def test_a_list_of_nobody_says_so(page: Page) -> None:
    choose(page, list=as_csv(LIST[:1]))
    expect(page.get_by_role("status")).to_have_text("Nobody is on this list.")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"people": as_csv([["name"], ["Ann"]])}, "Your identity file has no column patient_id"),
        ({"people": ""}, "Your identity file is empty"),
        ({"people": 'patient_id,name\nP1,"Ann'}, "quotation mark that is never closed"),
        ({"people": "patient_id,name\nP1,Ann,more"}, "row 1 below the headings has another number of cells"),
        ({"references": as_csv(REFERENCES[:2])}, "a reference that references.csv does not"),
        ({"references": as_csv([*REFERENCES, REFERENCES[1]])}, "one reference twice"),
        ({"list": as_csv(REFERENCES[:1]), "references": as_csv(LIST)}, "references.csv has no column patient_id"),
    ],
)
def test_a_wrong_file_is_said_and_nothing_is_shown(page: Page, given: dict[str, str], said: str) -> None:
    choose(page)
    choose(page, **given)
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.locator("#problem")).to_be_focused()
    expect(page.locator("#result")).to_be_hidden()
    assert cells(page) == []


def test_the_names_can_be_cleared(page: Page) -> None:
    choose(page)
    page.get_by_role("button", name="Clear the names").click()
    assert RIGHT_TO_LEFT not in page.content()
    expect(page.get_by_role("status")).to_have_text("The names are cleared.")


def test_the_keyboard_reaches_everything_in_order(sized: Page) -> None:
    choose(sized)
    expect(sized.locator("#result-title")).to_be_focused()
    sized.get_by_text("Choose the files").click()
    sized.locator("#print").focus()
    name = "document.activeElement.id || document.activeElement.getAttribute('role') || document.activeElement.tagName"
    reached = []
    for _ in range(2 + 1 + len(PERSONS) + 6):
        reached.append(sized.evaluate(name))
        sized.keyboard.press("Tab")
    folded = ["SUMMARY"] * len(PERSONS)
    files = ["SUMMARY", "list", "references", "people", "SUMMARY", "join"]
    assert reached == ["print", "clear", "region", *folded, *files]


@pytest.mark.parametrize("texts", ["of each kind", pytest.param("every", marks=pytest.mark.exhaustive)])
def test_axe_finds_nothing(sized: Page, texts: Texts) -> None:
    """Before, with names, and with a problem shown."""
    found = [run_axe(sized, contrast=texts)]
    choose(sized)
    found.append(run_axe(sized, contrast=texts))
    for folded in sized.get_by_text("Reasons and rules").all():
        folded.click()
    found.append(run_axe(sized, contrast=texts))
    choose(sized, people="")
    found.append(run_axe(sized, contrast=texts))
    assert [violation["id"] for result in found for violation in result["violations"]] == []


def test_the_page_is_no_wider_than_the_screen(sized: Page) -> None:
    choose(sized)
    assert sized.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_paper_has_the_table_and_not_the_form(sized: Page) -> None:
    choose(sized)
    sized.emulate_media(media="print")
    expect(sized.locator("#files")).to_be_hidden()
    expect(sized.locator("#table")).to_be_visible()


def test_the_policy_lets_not_even_a_script_in_the_page_fetch(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "naming.html").write_text(naming_page(), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "naming.html").as_uri())
    assert page.evaluate("fetch('data:text/plain,x').then(() => 'sent', () => 'refused')") == "refused"
    page.close()


def test_the_page_names_no_outside_address() -> None:
    text = naming_page()
    assert re.findall(r"https?://|//[a-z]+\.[a-z]", text) == []
    assert "default-src 'none'" in text
    assert "@@" not in text
    assert naming_page() == text
