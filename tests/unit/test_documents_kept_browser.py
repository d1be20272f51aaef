"""Many pages by one browser, and each by its own where that one fails, in whatever way it does."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from riskstrat.definitions.progress import silent
from riskstrat.documents import PdfPrinter, pdf
from riskstrat.documents.kept_browser import KeptBrowser, NotPrintedError
from riskstrat.errors import PublicationError
from riskstrat.weekly.listing import Listed
from riskstrat.weekly.publishing import _write_of_teams
from tests.browser.listed_team import team_list

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="on Windows each page has a browser of its own")

WHOLE = b"%PDF-1.4\nby one browser\nstartxref\n9\n%%EOF\n"
ALONE = WHOLE.replace(b"by one browser", b"by its own")

STAND_IN = '''#!{python}
"""Stands in for a browser: by itself it prints as told on the command line, and kept as told over the pipe."""
import base64, json, os, sys, time
from pathlib import Path
HERE = Path(__file__).parent
SPOILED = json.loads((HERE / "spoiled.json").read_text())
def log(text):
    with (HERE / "log").open("a") as file:
        file.write(text + "\\n")
made = [one.partition("=")[2] for one in sys.argv if one.startswith("--print-to-pdf=")]
if made:
    log("alone " + sys.argv[-1].rpartition("/")[2])
    if not SPOILED.get("alone"):
        Path(made[0]).write_bytes({alone!r})
    sys.exit(0)
log("kept")
if SPOILED.get("start") == "ends":
    sys.exit(1)
def send(message):
    os.write(4, json.dumps(message).encode() + b"\\0")
def spoil(asked, how):
    if how == "ends":
        sys.exit(1)
    if how == "says nothing":
        time.sleep(60)
    if how == "no message":
        os.write(4, b"no message\\0")
    if how == "another form":
        os.write(4, b"[1]\\0")
        sys.exit(0)
    if how == "refuses":
        send({{"id": asked["id"], "error": {{"code": -32000, "message": "Printing failed"}}}})
    if how == "loses the page":
        send({{"method": "Inspector.targetCrashed", "params": {{}}}})
    if how == "part":
        send({{"id": asked["id"], "result": {{"data": base64.b64encode({whole!r}[:-4]).decode()}}}})
    if how == "no letters":
        send({{"id": asked["id"], "result": {{"data": "%%%"}}}})
    if how == "cannot read":
        send({{"id": asked["id"], "result": {{"errorText": "net::ERR_FILE_NOT_FOUND"}}}})
rest, loaded, page = b"", 0, ""
while received := os.read(3, 65536):
    rest += received
    while b"\\0" in rest:
        message, _, rest = rest.partition(b"\\0")
        asked = json.loads(message)
        method, given = asked["method"], asked["params"]
        page = given.get("url", page).rpartition("/")[2]
        how = SPOILED.get(method + " " + page, SPOILED.get(method))
        if how:
            spoil(asked, how)
            continue
        result = {{"targetId": "T", "sessionId": "S"}}
        if method == "Page.navigate":
            loaded += 1
            result = {{"loaderId": str(loaded)}}
        if method == "Page.printToPDF":
            log("printed " + page)
            result = {{"data": base64.b64encode({whole!r}).decode()}}
        send({{"id": asked["id"], "result": result}})
        if method == "Page.navigate":
            send({{"method": "Page.lifecycleEvent", "params": {{"name": "load", "loaderId": str(loaded)}}}})
'''


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, object]], Path]:
    """Makes the program, with what it spoils by the method asked, or by method and page."""
    program = tmp_path / "browser"

    def make(spoiled: dict[str, object]) -> Path:
        program.write_text(STAND_IN.format(python=sys.executable, alone=ALONE, whole=WHOLE))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        (tmp_path / "spoiled.json").write_text(json.dumps(spoiled))
        monkeypatch.setattr(pdf, "find_browser", lambda: program)
        return program

    return make


def make_pages(folder: Path, number: int) -> list[Path]:
    """Pages, each in a folder of its own as those of teams are."""
    pages = [folder / f"team{place}" / f"{place}.html" for place in range(number)]
    for page in pages:
        page.parent.mkdir()
        page.write_text("<!doctype html><title>A page</title>")
    return pages


def read_log(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


def test_all_pages_of_several_threads_are_printed_by_one_browser(
    tmp_path: Path, stand_in: Callable[[dict[str, object]], Path]
) -> None:
    stand_in({})
    pages = make_pages(tmp_path, 6)
    with PdfPrinter() as printer, ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda page: printer.write_pdf(page, page.with_suffix(".pdf")), pages))
    assert {page.with_suffix(".pdf").read_bytes() for page in pages} == {WHOLE}
    assert sorted(read_log(tmp_path)) == ["kept", *(f"printed {place}.html" for place in range(6))]
    assert all(sorted(one.name for one in page.parent.iterdir()) == [page.name, f"{page.stem}.pdf"] for page in pages)


def test_the_pages_of_all_teams_of_a_list_come_from_one_browser(
    tmp_path: Path, stand_in: Callable[[dict[str, object]], Path]
) -> None:
    stand_in({})
    teams = [replace(team_list(), team=f"Team {code}", team_code=code) for code in ("AAA", "BBB", "CCC")]
    settings = SimpleNamespace(engine=SimpleNamespace(threads=2))
    listed = SimpleNamespace(
        documents=teams,
        for_clinicians=SimpleNamespace(decisions=()),
        opened=SimpleNamespace(workspace=SimpleNamespace(settings=settings)),
    )
    for team in teams:
        (tmp_path / team.team_code.lower()).mkdir()
    with PdfPrinter() as printer:
        _write_of_teams(cast(Listed, listed), tmp_path, printer, silent)
    assert sorted(read_log(tmp_path)) == [
        "kept",
        *(f"printed {name}{end}.html" for name in ("aaa", "bbb", "ccc") for end in ("-people", "")),
    ]
    assert len([file for file in tmp_path.glob("*/*.pdf") if file.read_bytes() == WHOLE]) == 6


def test_no_browser_starts_where_nothing_is_printed(
    tmp_path: Path, stand_in: Callable[[dict[str, object]], Path]
) -> None:
    stand_in({})
    with PdfPrinter():
        pass
    assert not (tmp_path / "log").exists()


AT_PAGE = (
    *("ends", "says nothing", "no message", "another form", "refuses", "loses the page"),
    *("part", "no letters"),
)
SPOILED: dict[str, dict[str, object]] = {
    "it ends as it starts": {"start": "ends"},
    **{f"as it opens a tab it {how}": {"Target.createTarget": how} for how in ("says nothing", "refuses", "ends")},
    **{f"as it attaches it {how}": {"Target.attachToTarget": how} for how in ("no message", "refuses")},
    "it cannot read the page": {"Page.navigate": "cannot read"},
    **{f"as it reads a page it {how}": {"Page.navigate 1.html": how} for how in ("ends", "loses the page", "refuses")},
    **{f"as it prints it {how}": {"Page.printToPDF 1.html": how} for how in AT_PAGE},
}


@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED)
def test_a_page_that_the_one_browser_does_not_print_and_those_after_it_have_each_its_own(
    spoiled: dict[str, object],
    tmp_path: Path,
    stand_in: Callable[[dict[str, object]], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(spoiled)
    monkeypatch.setattr(pdf, "TIMEOUT_SECONDS", 5 if "says nothing" in spoiled.values() else 60)
    monkeypatch.setattr("riskstrat.documents.kept_browser.CLOSING_SECONDS", 1)
    pages = make_pages(tmp_path, 3)
    with PdfPrinter() as printer:
        for page in pages:
            printer.write_pdf(page, page.with_suffix(".pdf"))
    good = 1 if any("1.html" in key for key in spoiled) else 0
    assert [page.with_suffix(".pdf").read_bytes() for page in pages] == [WHOLE] * good + [ALONE] * (3 - good)
    assert read_log(tmp_path).count("kept") == 1


def test_a_page_that_nothing_prints_is_one_line_and_the_browser_is_gone(
    tmp_path: Path, stand_in: Callable[[dict[str, object]], Path]
) -> None:
    stand_in({"Page.printToPDF 1.html": "refuses", "alone": True})
    good, bad = make_pages(tmp_path, 2)
    with PdfPrinter() as printer:
        printer.write_pdf(good, good.with_suffix(".pdf"))
        with pytest.raises(PublicationError, match=r"ended with code 0 and made no PDF for 1\.html") as caught:
            printer.write_pdf(bad, bad.with_suffix(".pdf"))
    assert "\n" not in str(caught.value)
    assert good.with_suffix(".pdf").exists()
    assert sorted(one.name for one in bad.parent.iterdir()) == ["1.html"]


def test_the_browser_ends_with_the_block_even_where_that_fails(
    tmp_path: Path, stand_in: Callable[[dict[str, object]], Path]
) -> None:
    stand_in({})
    (page,) = make_pages(tmp_path, 1)
    kept: list[KeptBrowser | None] = []

    def print_and_stop() -> None:
        with PdfPrinter() as printer:
            printer.write_pdf(page, page.with_suffix(".pdf"))
            kept.append(printer._kept)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        print_and_stop()
    assert kept[0] is not None
    assert kept[0]._process.returncode is not None


def test_a_browser_that_does_not_end_is_killed_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskstrat.documents.kept_browser.CLOSING_SECONDS", 0.2)
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nsleep 600 &\necho $! > "{tmp_path / "child"}"\nwait\n')
    program.chmod(0o700)
    with pytest.raises(NotPrintedError, match="did not answer in time"):
        KeptBrowser([str(program)], time.monotonic() + 2)
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not is_running(child):
            break
        time.sleep(0.05)
    assert not is_running(child)


def is_running(process: int) -> bool:
    """Whether a process has not ended; one that waits for nobody to ask after it has."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_program_that_is_not_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_browser", lambda: tmp_path / "absent")
    (page,) = make_pages(tmp_path, 1)
    with PdfPrinter() as printer, pytest.raises(PublicationError, match="could not be started"):
        printer.write_pdf(page, page.with_suffix(".pdf"))
