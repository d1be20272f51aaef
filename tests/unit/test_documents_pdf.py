"""Pages as PDF: without a clock, in one line of error, and by a browser that the machine has."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from riskstrat.documents import find_browser, pdf, write_page, write_pdf
from riskstrat.errors import PublicationError, StorageError
from tests.browser.listed_team import team_list

MADE = (
    b"%PDF-1.4\n<</CreationDate (D:20261122045903-05'30')\n/ModDate (D:20261122045903+00'00')>>\n/ID [<0AF3> <ffff>]\n"
)
FIXED = (
    b"%PDF-1.4\n<</CreationDate (D:20261116000000+00'00')\n/ModDate (D:20261116000000+00'00')>>\n/ID [<0000> <0000>]\n"
)
END = b"startxref\n9\n%%EOF\n"

pretends = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for a browser is a shell script")


def stand_in(folder: Path, script: str) -> Path:
    """A program that stands in for a browser."""
    program = folder / "browser"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def a_page(folder: Path) -> Path:
    """The page of the sample list."""
    write_page(team_list(), folder / "list.html")
    return folder / "list.html"


def prints(content: Path) -> str:
    """A script that puts the content where the browser is told to print."""
    return f'for given in "$@"; do case $given in --print-to-pdf=*) cp "{content}" "${{given#*=}}";; esac; done'


@pretends
def test_a_pdf_bears_the_date_of_its_page_and_no_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made.pdf").write_bytes(MADE + END)
    browser = stand_in(tmp_path, prints(tmp_path / "made.pdf"))
    monkeypatch.setattr(pdf, "find_browser", lambda: browser)
    write_pdf(a_page(tmp_path), tmp_path / "list.pdf")
    assert (tmp_path / "list.pdf").read_bytes() == FIXED + END
    assert len(FIXED) == len(MADE)


@pretends
def test_what_the_browser_counted_before_an_element_names_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = []
    for offset in (0, 1, 45):
        names = [b"(node%08d)" % (number + offset) for number in (55, 900, 56)]
        made = MADE + b"/ID %b /Headers [%b %b] /Names [%b 1 0 R %b 2 0 R]\n" % (*names, *sorted(names[1:]))
        made += END
        (tmp_path / "made.pdf").write_bytes(made)
        browser = stand_in(tmp_path, prints(tmp_path / "made.pdf"))
        monkeypatch.setattr(pdf, "find_browser", lambda browser=browser: browser)
        write_pdf(a_page(tmp_path), tmp_path / "list.pdf")
        printed.append((tmp_path / "list.pdf").read_bytes().removeprefix(FIXED).removesuffix(END))
    first, second, third = (b"(node%08d)" % number for number in (1, 2, 3))
    assert set(printed) == {
        b"/ID %b /Headers [%b %b] /Names [%b 1 0 R %b 2 0 R]\n" % (first, third, second, second, third)
    }


@pretends
def test_the_browser_has_a_profile_of_its_own_that_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made.pdf").write_bytes(MADE + END)
    said = tmp_path / "said"
    browser = stand_in(tmp_path, f'echo "$@" > "{said}"\n{prints(tmp_path / "made.pdf")}')
    monkeypatch.setattr(pdf, "find_browser", lambda: browser)
    write_pdf(a_page(tmp_path), tmp_path / "list.pdf")
    profile = next(part for part in said.read_text().split() if part.startswith("--user-data-dir=")).split("=")[1]
    assert not Path(profile).parent.exists()
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in said.read_text()


WHOLE = MADE + END
PARTS = {
    "empty": b"",
    "without an end": MADE,
    "cut in its end": WHOLE[:-3],
    "another file": b"<html>" + WHOLE,
    "with more after its end": WHOLE + b"<html>",
    "with an index that is not there": WHOLE.replace(b"startxref\n9\n", b"startxref\n900\n"),
}


@pretends
@pytest.mark.parametrize("made", PARTS.values(), ids=PARTS)
def test_a_part_of_a_pdf_is_refused(made: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made.pdf").write_bytes(made)
    browser = stand_in(tmp_path, prints(tmp_path / "made.pdf"))
    monkeypatch.setattr(pdf, "find_browser", lambda: browser)
    with pytest.raises(PublicationError, match="ended with code 0 and made no whole PDF"):
        write_pdf(a_page(tmp_path), tmp_path / "list.pdf")
    assert not (tmp_path / "list.pdf").exists()


@pretends
def test_what_a_browser_made_before_it_failed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made.pdf").write_bytes(WHOLE)
    browser = stand_in(tmp_path, f"{prints(tmp_path / 'made.pdf')}\nexit 3")
    monkeypatch.setattr(pdf, "find_browser", lambda: browser)
    with pytest.raises(PublicationError, match="ended with code 3 and made no whole PDF"):
        write_pdf(a_page(tmp_path), tmp_path / "list.pdf")


@pretends
@pytest.mark.parametrize(
    ("script", "message"),
    [("exit 7", "ended with code 7 and made no PDF"), ("sleep 5", "did not finish within 0.2 seconds")],
)
def test_a_browser_that_fails_is_one_line_and_leaves_nothing(
    script: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = stand_in(tmp_path, script)
    monkeypatch.setattr(pdf, "find_browser", lambda: browser)
    monkeypatch.setattr(pdf, "TIMEOUT_SECONDS", 0.2 if "sleep" in script else 60)
    with pytest.raises(PublicationError, match=message) as caught:
        write_pdf(a_page(tmp_path), tmp_path / "list.pdf")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "list.pdf").exists()


def test_a_program_that_cannot_start_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_browser", lambda: tmp_path / "absent")
    with pytest.raises(PublicationError, match="could not be started"):
        write_pdf(a_page(tmp_path), tmp_path / "list.pdf")


def test_without_a_browser_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_browser", lambda: None)
    with pytest.raises(PublicationError, match='set pdf = "off"'):
        write_pdf(a_page(tmp_path), tmp_path / "list.pdf")


def test_a_page_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_browser", lambda: Path(sys.executable))
    with pytest.raises(StorageError, match="cannot read"):
        write_pdf(tmp_path / "absent.html", tmp_path / "list.pdf")


def test_a_browser_is_found_on_the_path_or_where_windows_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "MAC_PROGRAMS", ())
    for name in pdf.WINDOWS_FOLDERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_browser() is None
    edge = tmp_path / "Microsoft" / "Edge" / "Application" / "msedge.exe"
    edge.parent.mkdir(parents=True)
    edge.write_bytes(b"")
    monkeypatch.setenv("PROGRAMFILES", str(tmp_path))
    assert find_browser() == edge
