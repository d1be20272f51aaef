"""Many pages printed by one real browser: the bytes of each are those that a browser of its own gives, and none stays.

Needs a browser of the Chromium family; without one these tests are skipped, but never where CI=true.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from riskstrat.documents import PdfPrinter, find_browser, pdf, write_index, write_page, write_pdf, write_people
from riskstrat.documents.kept_browser import CAN_KEEP, NotPrintedError
from riskstrat.errors import PublicationError
from tests.browser.listed_team import team_list

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_browser() is None, reason="no Edge, Chrome or Chromium on this machine"),
    pytest.mark.skipif(not CAN_KEEP, reason="on Windows each page has a browser of its own"),
]

BUSY = b"<!doctype html><p>Busy once it is read.<script>onload = () => { while (true) {} }</script>"
NEVER_READ = b"<!doctype html><p>Never read.<script>while (true) {}</script>"


@pytest.fixture
def pages(tmp_path: Path) -> list[Path]:
    """Pages of three kinds."""
    write_page(team_list(), tmp_path / "list.html")
    write_people(team_list(), tmp_path / "people.html")
    write_index([team_list()], tmp_path / "index.html")
    return [tmp_path / f"{name}.html" for name in ("list", "people", "index")]


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The profiles that browsers are started with, as they are."""
    started: list[str] = []
    make = pdf._build_command

    def build(browser: Path, folder: Path) -> list[str]:
        started.append(str(folder))
        return make(browser, folder)

    monkeypatch.setattr(pdf, "_build_command", build)
    return started


def has_ended(profile: str) -> bool:
    """Whether no process has the profile, after up to 10 seconds; the folder is gone then too."""
    for _ in range(100):
        listed = subprocess.run(["ps", "-A", "-o", "args"], capture_output=True, text=True, check=True).stdout
        if f"--user-data-dir={profile}" not in listed:
            return True
        time.sleep(0.1)
    return False


def test_one_browser_gives_the_bytes_that_each_its_own_gives_in_whatever_order(
    pages: list[Path], profiles: list[str], tmp_path: Path
) -> None:
    orders = {"first": pages, "second": [*reversed(pages), pages[0]]}
    for name, order in orders.items():
        with PdfPrinter() as printer:
            for page in order:
                printer.write_pdf(page, tmp_path / f"{page.stem}-{name}.pdf")
    assert len(profiles) == len(orders)
    for page in pages:
        write_pdf(page, page.with_suffix(".pdf"))
        expected = page.with_suffix(".pdf").read_bytes()
        assert [(tmp_path / f"{page.stem}-{name}.pdf").read_bytes() == expected for name in orders] == [True, True]
    assert [has_ended(profile) and not Path(profile).exists() for profile in profiles] == [True] * len(profiles)


@pytest.mark.parametrize("spoiled", [BUSY, NEVER_READ], ids=["busy once it is read", "never read to its end"])
def test_a_page_that_cannot_be_printed_stops_none_of_the_good_ones(
    spoiled: bytes, pages: list[Path], profiles: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.html"
    bad.write_bytes(spoiled)
    with PdfPrinter() as printer:
        printer.write_pdf(pages[0], tmp_path / "before.pdf")
        with monkeypatch.context() as patch:
            patch.setattr(pdf, "TIMEOUT_SECONDS", 4)
            with pytest.raises(PublicationError, match=r"for bad\.html; close other browsers") as caught:
                printer.write_pdf(bad, tmp_path / "bad.pdf")
        printer.write_pdf(pages[0], tmp_path / "after.pdf")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "bad.pdf").exists()
    assert (tmp_path / "before.pdf").read_bytes() == (tmp_path / "after.pdf").read_bytes()
    assert len(profiles) == 3
    assert all(map(has_ended, profiles))


def test_a_tab_that_crashes_is_told_at_once(pages: list[Path], profiles: list[str], tmp_path: Path) -> None:
    with PdfPrinter() as printer:
        printer.write_pdf(pages[0], tmp_path / "before.pdf")
        kept = printer._kept
        assert kept is not None
        with pytest.raises(NotPrintedError, match="lost the page"):
            kept._ask("Page.crash", time.monotonic() + 60)
        printer.write_pdf(pages[0], tmp_path / "after.pdf")
    assert (tmp_path / "before.pdf").read_bytes() == (tmp_path / "after.pdf").read_bytes()
    assert all(map(has_ended, profiles))


PRINTS_AND_IS_ENDED = """
import os, signal, sys
from pathlib import Path
from riskstrat.documents import PdfPrinter, pdf
# As in a terminal: what runs in the background of a shell ignores Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
make = pdf._build_command
pdf._build_command = lambda browser, folder: print(folder, flush=True) or make(browser, folder)
page = Path(sys.argv[1])
with PdfPrinter() as printer:
    printer.write_pdf(page, page.with_suffix(".pdf"))
    print("printed", flush=True)
    os.kill(os.getpid(), getattr(signal, sys.argv[2]))
    signal.pause()
"""


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_run_that_is_ended_leaves_no_browser(how: str, pages: list[Path]) -> None:
    command = [sys.executable, "-c", PRINTS_AND_IS_ENDED, str(pages[0]), how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode
    profile, printed = done.stdout.splitlines()
    assert printed == "printed"
    assert has_ended(profile)
    if how == "SIGINT":
        assert not os.path.lexists(profile)
