"""Take the pictures of docs/ from a demo workspace: `python docs/pictures.py WORKSPACE`.

A demo of two weeks of 20,000 people shows what the pages are like in use (`riskstrat demo --people 20000 --weeks 2`).
The names on the named page are made up here. LibreOffice and pdftoppm draw the workbook; without them it keeps its
picture. Look at each before it is committed: no test can say whether a page is one to be proud of.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from riskstrat.documents import NamedColumn, Names, build_people, find_browser, write_page, write_people, write_workbook
from riskstrat.publication import TeamList, find_folders, open_published

DOCS = Path(__file__).resolve().parent
SHOWN = 2
"""Which team's list is shown, by its place in riskstrat.toml."""

WHO = (
    "Ambrose Threlkeld-Vane",
    "999 000 0018",
    "9 March 1947",
    "7 Orchard Lane, Westvale, 0151 496 0999",
    "By letter, never by telephone",
)
SIGNS_IN = re.compile(r"clinician: user name (\S+), password ([^\s,]+)")
"""What a first start says of the clinician's account."""

COLUMNS = ("Name", "NHS number", "Date of birth", "Contact", "How to contact safely")
NOTICE = (("For", "Sam Reed, coordinator"), ("Because", "Weekly meeting of 19 November 2026"))


def main() -> None:
    """Take every picture."""
    *_, folder = find_folders(Path(sys.argv[1]).resolve() / "lists").values()
    team = open_published(folder).read_list().teams[SHOWN]
    with tempfile.TemporaryDirectory() as named, sync_playwright() as playwright:
        place = Path(named)
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        take_pages(browser, team, place)
        take_worklist(browser, folder.parents[1], team.team_code, place)
        browser.close()
        take_workbook(team, place)


def take_pages(browser: Browser, team: TeamList, place: Path) -> None:
    """The list and a person's page on a desktop, a person's page on a phone, and a named page."""
    write_page(team, place / "list.html")
    write_people(team, place / "people.html")
    first = team.people[0].reference
    names = Names(tuple(NamedColumn(title, 20) for title in COLUMNS), {first: WHO}, NOTICE)
    (place / "named.html").write_bytes(build_people(team, names))
    person = f"#{first}"
    for page, name, size, anchor in (
        ("list", "list", (1240, 1100), ""),
        ("people", "person", (1100, 1500), person),
        ("people", "phone", (390, 1100), person),
        ("named", "named", (1000, 640), person),
    ):
        take(browser, (place / f"{page}.html").as_uri() + anchor, DOCS / f"{name}.png", size)


def take_worklist(browser: Browser, workspace: Path, team_code: str, place: Path) -> None:
    """A team's list in the worklist, as its clinician reads it: served from a copy, which keeps its accounts."""
    copy = shutil.copytree(workspace, place / "workspace")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "riskstrat", "worklist", "serve", "--local", "--port", str(port), "-w", str(copy)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:  # noqa: S603
        assert running.stdout is not None
        who = next(found for line in running.stdout if (found := SIGNS_IN.search(line)))
        until = time.monotonic() + 120
        while socket.socket().connect_ex(("127.0.0.1", port)) and time.monotonic() < until:
            time.sleep(1)
        page = browser.new_page(viewport={"width": 1240, "height": 1000})
        page.goto(f"http://127.0.0.1:{port}/")
        page.get_by_label("User name").fill(who[1])
        page.get_by_label("Password", exact=True).fill(who[2])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").wait_for()
        page.goto(f"http://127.0.0.1:{port}/teams/{team_code}/list")
        page.screenshot(path=DOCS / "worklist.png")
        running.terminate()
    shrink(DOCS / "worklist.png")


def take(browser: Browser, address: str, target: Path, size: tuple[int, int]) -> None:
    """What a window of that size shows."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(address)
    page.screenshot(path=target)
    page.close()
    shrink(target)


def shrink(picture: Path) -> None:
    """The same picture in a few greys and blues: a third of the bytes, and nobody can tell."""
    with Image.open(picture) as drawn:
        drawn.convert("RGB").quantize(32).save(picture, optimize=True)


def take_workbook(team: TeamList, place: Path) -> None:
    """The sheet for the meeting, the first one, as LibreOffice prints it."""
    office = shutil.which("soffice")
    if office is None or shutil.which("pdftoppm") is None:
        return
    write_workbook(team, place / "list.xlsx")
    convert = [office, "--headless", "--convert-to", "pdf", "--outdir", place, place / "list.xlsx"]
    subprocess.run(convert, check=True, capture_output=True)  # noqa: S603
    draw = ["pdftoppm", "-png", "-r", "100", place / "list.pdf", place / "sheet"]
    subprocess.run(draw, check=True, capture_output=True)  # noqa: S603
    shutil.copy(min(place.glob("sheet-*.png")), DOCS / "workbook.png")
    shrink(DOCS / "workbook.png")


if __name__ == "__main__":
    main()
