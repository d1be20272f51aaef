"""The pages in a real browser: axe finds nothing, a keyboard reaches everything, nothing is fetched, paper fits.

Needs a browser of the Chromium family; without one these tests are skipped, but never where CI=true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from riskstrat.documents import find_browser, write_index, write_page, write_pdf, write_people, write_replay_page
from riskstrat.publication import Suggestion, TeamList, ThemeReason
from tests.browser.listed_team import (
    CONDITIONS,
    FALLS,
    LONG_NAME,
    MEDICINES,
    PLAN,
    RTL_NAME,
    changed_people,
    empty_team,
    person_page,
    replayed,
    team_list,
)

PAGES = ("kir.html", "kir-people.html", "index.html", "replay.html", "nob.html", "nob-people.html", "odd.html")
WIDTHS = (320, 390, 1280)
WIDTHS_FOR_AXE = (320, pytest.param(390, marks=pytest.mark.exhaustive), 1280)
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
    write_index([usual, nobody, odd], made / "index.html")
    write_replay_page(replayed(), made / "replay.html")
    return made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab in which any request but for a file of ours fails the test."""
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


@pytest.mark.parametrize("width", WIDTHS_FOR_AXE)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(page: Page, folder: Path, name: str, width: int) -> None:
    found = Axe().run(opened(page, folder / name, width))
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found.response["violations"]] == []
    assert len(found.response["passes"]) > 10


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_the_screen(page: Page, folder: Path, name: str, width: int) -> None:
    opened(page, folder / name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["kir.html", "kir-people.html", "index.html"])
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
        "Kidney function (eGFR) was not tested in the last 15 months. Recorded condition: diabetes, the latest entry on"
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


@printing
@pytest.mark.parametrize("team", [team_list(), heavy_team()], ids=["a usual team", "a team with much to say"])
def test_each_person_prints_on_one_page_of_a4_portrait(team: TeamList, tmp_path: Path) -> None:
    write_people(team, tmp_path / "people.html")
    write_pdf(tmp_path / "people.html", tmp_path / "people.pdf")
    sizes = pages_of(tmp_path / "people.pdf")
    assert len(sizes) == 8
    assert all((round(width), round(height)) == (595, 842) for width, height in sizes)


@printing
def test_the_list_prints_on_a4_landscape_tagged_and_three_people_to_a_page(folder: Path, tmp_path: Path) -> None:
    write_pdf(folder / "kir.html", tmp_path / "list.pdf")
    sizes = pages_of(tmp_path / "list.pdf")
    assert len(sizes) <= 6
    assert all((round(width), round(height)) == (842, 595) for width, height in sizes)
    content = (tmp_path / "list.pdf").read_bytes()
    assert b"/MarkInfo" in content
    assert b"/Lang (en-GB)" in content
    assert b"D:20261116000000" in content


@printing
def test_the_same_page_gives_the_same_pdf(folder: Path, tmp_path: Path) -> None:
    for name in ("kir.html", "kir-people.html"):
        write_pdf(folder / name, tmp_path / "one.pdf")
        write_pdf(folder / name, tmp_path / "two.pdf")
        assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
