"""The pages in a real browser: axe finds nothing, a keyboard reaches everything, nothing is fetched, paper fits.

Needs a browser of the Chromium family; without one these tests are skipped, but never where CI=true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from riskstrat.documents import (
    NamedColumn,
    Names,
    build_people,
    find_browser,
    write_blind_pages,
    write_index,
    write_page,
    write_pdf,
    write_people,
    write_replay_page,
)
from riskstrat.documents.by_role import KINDS
from riskstrat.documents.figures_page import render_figures_page
from riskstrat.monitoring.page import build_page
from riskstrat.neighbourhoods.listed import TeamReferences
from riskstrat.neighbourhoods.page import build_cohorts_page
from riskstrat.publication import (
    CaseAction,
    CaseDecision,
    Change,
    ForClinicians,
    Move,
    SensitiveFact,
    Suggestion,
    TeamList,
    ThemeReason,
)
from riskstrat.workspace import load
from tests.browser.listed_team import (
    CONDITIONS,
    FALLS,
    LONG_NAME,
    MEDICINES,
    PLAN,
    RTL_NAME,
    causes,
    changed_people,
    empty_team,
    person_page,
    replayed,
    team_list,
)
from tests.suite.axe import Texts, run_axe
from tests.suite.counted_cohorts import find_cohorts
from tests.suite.hand_made import THREE_FEATURES
from tests.suite.watched_months import build_watched

PAGES = (
    "kir.html",
    "kir-people.html",
    "kir-named.html",
    "kir-blind.html",
    "index.html",
    "replay.html",
    "monitoring.html",
    "cohorts.html",
    "nob.html",
    "nob-people.html",
    "odd.html",
)
WIDTHS = (320, 390, 1280)
"""The style sheet changes at 768 and 1024 pixels: 390 is laid out as 320 is."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of three teams: a usual one, one of nobody, one with long and right-to-left names."""
    made = tmp_path_factory.mktemp("pages")
    usual, nobody = team_list(), replace(empty_team(), team="Huyton", team_code="NOB")
    odd = replace(changed_people(practice=RTL_NAME, pcn=LONG_NAME), team=LONG_NAME, team_code="ODD")
    for team, stem in ((usual, "kir"), (nobody, "nob"), (odd, "odd")):
        write_page(team, made / f"{stem}.html")
        write_people(team, made / f"{stem}-people.html")
    (made / "kir-named.html").write_bytes(build_people(usual, full_names(usual)))
    write_blind_pages(odd, made / "kir-blind.html")
    write_index([usual, nobody, odd], made / "index.html")
    write_replay_page(replayed(), made / "replay.html")
    named = (TeamReferences("Kirkby", ("KIR-001-A", "KIR-002-B"), (), ("KIR-003-C",)),)
    (made / "cohorts.html").write_bytes(render_figures_page(build_cohorts_page(find_cohorts(references=named))))
    (made / "monitoring.html").write_bytes(build_page(build_watched(load(THREE_FEATURES).monitoring)))
    return made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of its own in which any request but for a file of ours fails the test."""
    with open_tab(browser) as tab:
        yield tab


@pytest.fixture(scope="module")
def shared_tab(browser: Browser) -> Iterator[Page]:
    """The same for all tests that only look at a page at a width: to open a tab is most of what they take."""
    with open_tab(browser) as tab:
        yield tab


@contextmanager
def open_tab(browser: Browser) -> Iterator[Page]:
    """A tab for the block, at whose end nothing may have been asked but files of ours."""
    # axe brings a script of its own, which the pages' policy refuses.
    context = browser.new_context(bypass_csp=True)
    asked: list[str] = []

    def guard(route: Route) -> None:
        address = route.request.url
        if address.startswith(("file:", "data:")):
            route.continue_()
        else:
            asked.append(address)
            route.abort()

    context.route("**/*", guard)
    yield context.new_page()
    context.close()
    assert asked == []


def opened(page: Page, file: Path, width: int = 1280) -> Page:
    """The page opened at a width."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(file.as_uri())
    return page


NEARLY_ALIKE = {("kir-people.html", 1280), ("kir-named.html", 320), ("kir-blind.html", 1280), ("odd.html", 1280)}
"""Long pages of which another has all that axe looks at, at that width."""


@pytest.mark.parametrize(
    ("name", "width"),
    [
        pytest.param(
            *(name, width), marks=[pytest.mark.exhaustive] if width == 390 or (name, width) in NEARLY_ALIKE else []
        )
        for name in PAGES
        for width in WIDTHS
    ],
)
@pytest.mark.parametrize("texts", ["of each kind", pytest.param("every", marks=pytest.mark.exhaustive)])
def test_axe_finds_no_violation(shared_tab: Page, folder: Path, name: str, width: int, texts: Texts) -> None:
    shown = opened(shared_tab, folder / name, width)
    # On a phone tables become cards, with headings on a shade: nothing else has other colours than on a desktop.
    found = run_axe(shown, contrast=texts if width != WIDTHS[0] or shown.locator(".cards").count() > 0 else "none")
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found["violations"]] == []
    assert len(found["passes"]) > 10


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_the_screen(shared_tab: Page, folder: Path, name: str, width: int) -> None:
    opened(shared_tab, folder / name, width)
    assert shared_tab.evaluate("document.documentElement.scrollWidth") <= width
    # Nor is a timeline, whose newest months would lie beyond the edge.
    ends = shared_tab.eval_on_selector_all(".timeline", "all => all.map(one => one.getBoundingClientRect().right)")
    assert [end for end in ends if end > width] == []


@pytest.mark.parametrize(
    "name", ["kir.html", pytest.param("kir-people.html", marks=pytest.mark.exhaustive), "index.html"]
)
def test_the_tab_key_reaches_every_link_in_order_with_a_visible_focus(page: Page, folder: Path, name: str) -> None:
    opened(page, folder / name)
    wanted = page.eval_on_selector_all("a, [tabindex='0']", "all => all.map(one => one.outerHTML.slice(0, 90))")
    reached, marked = [], []
    for _ in wanted:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.outerHTML.slice(0, 90)"))
        marked.append(
            page.evaluate(
                "(() => { const look = getComputedStyle(document.activeElement);"
                " return look.boxShadow !== 'none' && document.activeElement.getClientRects().length > 0; })()"
            )
        )
    assert reached == wanted
    assert all(marked)


def test_the_skip_link_leads_to_the_list(page: Page, folder: Path) -> None:
    opened(page, folder / "kir.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "list"


def test_a_reference_leads_from_the_list_to_the_persons_page_and_back(page: Page, folder: Path) -> None:
    opened(page, folder / "kir.html")
    page.get_by_role("link", name="KIR-058-P").click()
    assert page.url.endswith("kir-people.html#KIR-058-P")
    assert page.locator(":target h2").inner_text() == "KIR-058-P"
    page.get_by_role("link", name="The list of this team").click()
    assert page.url.endswith("kir.html")


def test_every_link_can_be_hit_with_a_finger(page: Page, folder: Path) -> None:
    """WCAG 2.2, 2.5.8: targets of at least 24 by 24 CSS pixels, unless in a sentence."""
    for name in ("kir.html", "kir-people.html", "index.html"):
        opened(page, folder / name, 390)
        heights = page.eval_on_selector_all(
            "nav a, table a", "all => all.map(one => Math.min(one.offsetHeight, one.offsetWidth))"
        )
        assert heights
        assert min(heights) >= 24


# Paper

printing = pytest.mark.skipif(find_browser() is None, reason="no Edge, Chrome or Chromium on this machine")


def heavy_team() -> TeamList:
    """The sample team with far more to say of each person than is usual."""
    facts = (
        "20 different diagnosis codes in hospital records of the last 2 years",
        "last emergency admission 36 days ago, on 11 October 2026",
        "3 conditions of the Charlson comorbidity index recorded in the last 5 years, the latest on 11 October 2026",
    )
    raising = ("hospital use", "long-term conditions", "falls and frailty", "medicines", "urgent care")
    lowering = ("social care", "community and GP contact", "age and area")
    themes = [ThemeReason(theme, "raises", 0.9 - place / 10, facts) for place, theme in enumerate(raising)]
    themes += [ThemeReason(theme, "lowers", place / 10 - 0.5, facts) for place, theme in enumerate(lowering)]
    met = (
        "6 long-term conditions recorded",
        "3 emergency admissions in the last 12 months, the latest on 17 May 2026",
        "4 A&E attendances in the last 12 months, the latest on 22 June 2026",
    )
    social = Suggestion("Social prescribing", "Consider a link worker.", "10 or more GP contacts in the last 12 months")
    lacking = (
        "No kidney function test (eGFR) is recorded in the last 15 months. "
        "Recorded condition: diabetes, the latest entry on"
    )
    return changed_people(
        themes=tuple(themes),
        conditions=CONDITIONS * 4,
        flags=("Left hospital in the last 30 days", "2 or more emergency admissions in 90 days", "2 or more falls"),
        frailty="from the GP record, severe on 2 March 2025 (eFI 0.41), not as of today; from "
        "hospital records of 2 years, high (Hospital Frailty Risk Score 22.4)",
        pathways=tuple(replace(one, met=met) for one in (FALLS, MEDICINES, PLAN, social, social, social)),
        support=tuple(
            f"{who}, last contact 3 November 2026" for who in ("GP", "Community matron", "District nurse") * 2
        ),
        caution="The hospital stay from 1 November 2026 has no diagnoses yet, so the estimate does not know why.",
        page=[
            replace(
                person_page(place, events=60), changeable=tuple(f"{lacking} {day} July 2026" for day in range(1, 6))
            )
            for place in range(8)
        ],
    )


def pages_of(pdf: Path) -> list[tuple[float, float]]:
    """The width and height in points of each page of a PDF."""
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf.read_bytes())
    return [(float(width), float(height)) for width, height in boxes]


def full_names(team: TeamList) -> Names:
    """As much about everybody as a store usually holds, of one nothing, of another why not."""
    held = {
        "Name": "Ottoline Threlkeld-Vane",
        "NHS number": "999 000 0018",
        "Date of birth": "9 March 1940",
        "Contact": "7 Orchard Lane, Westvale, Kirkby, L32 0AA, 0151 496 0999",
        "How to contact safely": "By letter or in the mornings, never through the neighbour",
        "Interpreter needs": "Polish",
        "Communication needs": "Large print",
        "Named GP": "Dr Hale",
        "Key worker": "Sam Reed, community matron",
        "Lone-visit warning": "Dog",
    }
    references = [person.reference for person in team.people]
    people = dict.fromkeys(references[:-1], tuple(held.values()))
    people[references[0]] = ("restricted: do not contact, ask the practice or the IG lead", *[""] * (len(held) - 1))
    columns = tuple(NamedColumn(title, 12.0) for title in held)
    return Names(columns, people, (("Made for", "Team KIR, list of 16 November 2026"), ("Made by", "a.clerk")))


USUAL = pytest.param(team_list(), id="a usual team", marks=pytest.mark.exhaustive)
HEAVY = pytest.param(heavy_team(), id="a team with much to say")


@printing
@pytest.mark.parametrize("named", [False, True], ids=["as published", "named"])
@pytest.mark.parametrize("team", [USUAL, HEAVY])
def test_each_person_prints_on_one_page_of_a4_portrait(team: TeamList, named: bool, tmp_path: Path) -> None:
    (tmp_path / "people.html").write_bytes(build_people(team, full_names(team) if named else None))
    write_pdf(tmp_path / "people.html", tmp_path / "people.pdf")
    sizes = pages_of(tmp_path / "people.pdf")
    assert len(sizes) == 8
    assert all((round(width), round(height)) == (595, 842) for width, height in sizes)


def show_clinicians(team: TeamList, kinds: int) -> ForClinicians:
    """Everybody on a list with so many kinds of records of four groups, the most that a site can show clinicians."""
    groups = ("Abuse", "Alcohol and drugs", "Prison", "Self-harm")
    facts = tuple(
        SensitiveFact(group, kind, 3, date(2019, 3, 4), date(2026, 9, 14))
        for group in groups
        for kind in [*KINDS][:kinds]
    )
    decisions = {group: f"Caldicott log 2026/{place}" for place, group in enumerate(groups, start=101)}
    return ForClinicians(decisions, {person.reference: facts for person in team.people})


@printing
@pytest.mark.parametrize("kinds", [0, pytest.param(3, marks=pytest.mark.exhaustive), 7])
@pytest.mark.parametrize("team", [USUAL, HEAVY])
def test_each_person_prints_on_one_page_for_clinicians_too(team: TeamList, kinds: int, tmp_path: Path) -> None:
    page = build_people(team, shown=show_clinicians(team, kinds))
    (tmp_path / "people.html").write_bytes(page)
    write_pdf(tmp_path / "people.html", tmp_path / "people.pdf")
    assert len(pages_of(tmp_path / "people.pdf")) == 8
    # Nothing goes without a word: where the drawing is not on paper, the page says so.
    assert page.count(b'denser densest"') == page.count(b"stands on the screen, not on paper")


PATHWAYS = tuple(
    Suggestion(
        f"Service {letter}",
        "A visit by a nurse of the service, with the person's own aims, and a plan for what to do when they get worse.",
        "Aged 65 or over; and any of: 2 or more recorded falls in the last 12 months, could not get up after a fall in "
        "the last 3 years, dementia recorded; and none of: telecare in place, lives in a care home, nursing care in "
        "place, 1 or more hospital stays that ended in a care home in the last 2 years",
    )
    for letter in "ABCDEFGH"
)


def second_week(pathways: int = 3) -> TeamList:
    """Eight people with as much to say as the upper tenth of a borough's, each moved; eight others left."""
    listed = changed_people(
        change=[Change(f"Up from rank {place + 2} to rank {place + 1}", causes()) for place in range(8)],
        known_before="Reviewed on 7 July 2026: personalised care and support plan",
        frailty="from the GP record, mild on 12 April 2026 (eFI 0.21), not as of today; from hospital records of 2 "
        "years, low (Hospital Frailty Risk Score 4.2)",
        flags=("Left hospital in the last 30 days", "2 or more falls in 12 months"),
        pathways=[(PATHWAYS * 2)[place : place + pathways] for place in range(8)],
        support=("GP, last contact 12 October 2026", "Community matron, last contact 9 November 2026", "Home care"),
        last_decision=CaseDecision(date(2026, 7, 7), (CaseAction("Telecare", "AB", date(2026, 8, 4)),)),
    )
    moved = [Move(person.reference, "moved", person.change.what, person.change.causes) for person in listed.people]
    left = [Move(f"KIR-04{place}-J", "left", "a review was recorded", causes()) for place in range(8)]
    tables = ("admissions", "attendances", "conditions", "contacts", "falls", "people", "prescriptions", "statuses")
    excluded = {"in hospital now": 5, "on the palliative care register": 3, "reviewed in the last 12 weeks": 4}
    counts = replace(listed.counts, eligible=listed.counts.eligible + 5, excluded=excluded)
    return replace(
        listed,
        counts=counts,
        moves=(*moved, *left),
        data_as_at_by_table={table: date(2026, 11, 14) for table in tables},
        routed={"hospital discharge team": 5, "palliative lead": 3},
    )


@printing
@pytest.mark.parametrize(
    "team",
    [
        pytest.param(team_list(), id="a usual team", marks=pytest.mark.exhaustive),
        pytest.param(second_week(), id="a second week", marks=pytest.mark.exhaustive),
        pytest.param(second_week(5), id="many pathways"),
        pytest.param(empty_team(), id="nobody"),
    ],
)
def test_the_list_prints_on_at_most_three_sheets_of_a4_landscape_tagged(team: TeamList, tmp_path: Path) -> None:
    write_page(team, tmp_path / "list.html")
    write_pdf(tmp_path / "list.html", tmp_path / "list.pdf")
    sizes = pages_of(tmp_path / "list.pdf")
    assert len(sizes) <= 3
    assert all((round(width), round(height)) == (842, 595) for width, height in sizes)
    content = (tmp_path / "list.pdf").read_bytes()
    assert b"/MarkInfo" in content
    assert b"/Lang (en-GB)" in content
    assert b"D:20261116000000" in content


LETTERS_ON_PAPER = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), sizes = [];
  while (texts.nextNode()) {
    const holder = texts.currentNode.parentElement;
    if (texts.currentNode.data.trim() && holder.getClientRects().length)
      sizes.push(parseFloat(getComputedStyle(holder).fontSize) * 0.75);
  }
  return sizes;
}"""


def test_no_text_of_the_list_is_smaller_than_8_points_on_paper(page: Page, tmp_path: Path) -> None:
    write_page(second_week(), tmp_path / "list.html")
    opened(page, tmp_path / "list.html").emulate_media(media="print")
    assert min(page.evaluate(LETTERS_ON_PAPER)) >= 8


def test_what_paper_leaves_out_of_the_notes_stands_elsewhere_on_it_but_for_rules(page: Page, tmp_path: Path) -> None:
    write_page(second_week(), tmp_path / "list.html")
    opened(page, tmp_path / "list.html").emulate_media(media="print")
    on_paper = " ".join(page.evaluate("document.body.innerText").split())
    hidden = page.locator(".notes .screen p, .notes p.screen, .notes .screen td").all_inner_texts()
    assert len(hidden) > 10
    missing = [text for text in hidden if " ".join(text.split()) not in on_paper]
    assert missing == [f"{one.rule}." for one in PATHWAYS]
    assert "The rules stand in the notes of the workbook and of the web page." in on_paper


def test_what_moved_somebody_on_the_list_stands_on_paper_in_their_row(page: Page, tmp_path: Path) -> None:
    team = second_week()
    write_page(replace(team, moves=(*team.moves, Move("KIR-012-Q", "moved", "another detail"))), tmp_path / "list.html")
    opened(page, tmp_path / "list.html").emulate_media(media="print")
    told = page.locator(".moves tbody tr:visible").all_inner_texts()
    assert len(told) == 9
    assert "Another detail." in told[-1] + told[0]


@printing
def test_a_page_gives_the_same_pdf_wherever_it_stands_and_no_path_is_in_it(tmp_path: Path) -> None:
    printed = []
    for place in (tmp_path / "a", tmp_path / "another place"):
        place.mkdir()
        write_page(team_list(), place / "list.html")
        assert b"-people.html#" in (place / "list.html").read_bytes()
        write_pdf(place / "list.html", place / "list.pdf")
        assert sorted(path.name for path in place.iterdir()) == ["list.html", "list.pdf"]
        printed.append((place / "list.pdf").read_bytes())
    assert printed[0] == printed[1]
    assert b"file:" not in printed[0]
    # Links within the page still lead there.
    assert b"/Dest" in printed[0]


@printing
def test_the_pages_about_people_give_the_same_pdf_again(folder: Path, tmp_path: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        write_pdf(folder / "kir-people.html", tmp_path / name)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
