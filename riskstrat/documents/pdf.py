"""Pages as PDF, printed by a browser of the Chromium family that the machine has already (Edge, Chrome, Chromium).

Why not WeasyPrint: it needs system libraries (Pango and others) that Windows lacks, lays pages out by an engine of its
own, so that paper and screen would differ, and would be one more Python dependency. Every Windows machine has Edge; the
PDF is tagged for screen readers and has the layout of the page. A machine without such a browser goes without PDF: the
page prints the same from whatever browser opens it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from types import TracebackType

from riskstrat.documents.files import write_bytes
from riskstrat.documents.kept_browser import CAN_KEEP, KeptBrowser, NotPrintedError
from riskstrat.errors import PublicationError, StorageError
from riskstrat.storage import PRIVATE_FOLDER, make_folder, name_beside, remove_folder

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
WINDOWS_FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
WINDOWS_PROGRAMS = ("Microsoft/Edge/Application/msedge.exe", "Google/Chrome/Application/chrome.exe")
MAC_PROGRAMS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
TIMEOUT_SECONDS = 120
OPTIONS = (
    "--headless=new",
    "--disable-gpu",
    "--no-pdf-header-footer",
    "--export-tagged-pdf",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    # No name resolves, so nothing can be fetched whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_PAGE_DATE = re.compile(rb'<meta name="date" content="(\d{4})-(\d{2})-(\d{2})">')
_LINK_TO_FILE = re.compile(rb'(<a\b[^>]*?)\s+href="(?!#|https:|mailto:)[^"]*"')
_PDF_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}(?:[+-]\d{2}'\d{2}'|Z)?\)")
_IN_BRACKETS = re.compile(rb"(?<=<)[0-9A-Fa-f]+(?=>)")
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_ELEMENT = re.compile(rb"\(node\d{8}\)")
_PDF_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")
_END_BYTES = 1024
_PDF_ID = re.compile(rb"/ID ?\[ ?<[0-9A-Fa-f]*> ?<[0-9A-Fa-f]*> ?\]")


class PdfPrinter:
    """Prints pages as `write_pdf` does, all with one browser, from as many threads as there are, a page at a time.

    The browser starts with the first page and ends with the `with` block. A page that it does not print whole is
    printed by a browser of its own, and so is each page after that; on Windows all are.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._open = ExitStack()
        self._kept: KeptBrowser | None = None
        self._keeps = CAN_KEEP

    def __enter__(self) -> PdfPrinter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def write_pdf(self, html: Path, pdf: Path) -> None:
        """Print a page to PDF; bytes and errors as of `write_pdf`."""
        write_bytes(_build_pdf(_read_page(html), html.parent, html.name, self._print), Path(pdf))

    def _print(self, browser: Path, html: Path) -> bytes:
        with self._guard:
            if self._keeps:
                try:
                    return self._print_kept(browser, html)
                except NotPrintedError:
                    self._keeps = False
                    self._close()
        return _print_alone(browser, html)

    def _print_kept(self, browser: Path, html: Path) -> bytes:
        until = time.monotonic() + TIMEOUT_SECONDS
        if self._kept is None:
            profile = self._open.enter_context(_make_profile())
            self._kept = KeptBrowser(_build_command(browser, Path(profile)), until)
            self._open.callback(self._kept.close)
        content = self._kept.print_page(html.resolve().as_uri(), until)
        if not _is_whole(content):
            raise NotPrintedError("gave a part of a PDF")
        return content

    def _close(self) -> None:
        self._kept = None
        self._open.close()


def write_pdf(html: Path, pdf: Path) -> None:
    """Print a page to PDF; the same page gives the same bytes on one version of the browser, wherever it stands.

    The PDF bears the date of the page, not that of the clock. Raises PublicationError if no browser is found or it
    does not print the page whole within two minutes, StorageError if a file cannot be read or written.
    """
    write_bytes(build_pdf(_read_page(html), html.parent, html.name), Path(pdf))


def build_pdf(html: bytes, place: Path, name: str = "page.html") -> bytes:
    """A page as PDF, as `write_pdf` makes it, of a page that stands nowhere.

    The browser reads it, under `name`, from a folder below `place` that its owner alone can open and that is removed
    afterwards.
    """
    return _build_pdf(html, place, name, _print_alone)


def _read_page(html: Path) -> bytes:
    try:
        return html.read_bytes()
    except OSError as problem:
        raise StorageError(f"cannot read {html}: {problem.strerror}; write the page before its PDF") from problem


def _build_pdf(html: bytes, place: Path, name: str, print_page: Callable[[Path, Path], bytes]) -> bytes:
    """print_page: gives the PDF of a page by a browser, both given as paths."""
    browser = find_browser()
    if browser is None:
        raise PublicationError(
            'no Edge, Chrome or Chromium was found to make PDF files with; install one, or set pdf = "off" in '
            "riskstrat.toml and print the pages from a browser"
        )
    found = _PAGE_DATE.search(html)
    day = b"".join(found.groups()) if found else b"20000101"
    # By its name a later run knows what a killed one left.
    folder = name_beside(place / "pages", "spill")
    make_folder(folder, mode=PRIVATE_FOLDER)
    try:
        # A link to a file would stand in the PDF as the path of that folder, and lead nowhere.
        write_bytes(_LINK_TO_FILE.sub(rb"\1", html), folder / name)
        return _normalise(print_page(browser, folder / name), day)
    finally:
        remove_folder(folder)


def find_browser() -> Path | None:
    """The program of a Chromium-family browser on this machine, or None."""
    on_path = [Path(found) for name in NAMES if (found := shutil.which(name))]
    windows = [Path(os.environ[name], program) for name in WINDOWS_FOLDERS if os.environ.get(name)
               for program in WINDOWS_PROGRAMS]  # fmt: skip
    installed = [program for program in (*windows, *map(Path, MAC_PROGRAMS)) if program.is_file()]
    return next(iter([*on_path, *installed]), None)


def _print_alone(browser: Path, html: Path) -> bytes:
    """The PDF by a browser that is started for this page alone."""
    with _make_profile() as folder:
        made = Path(folder, "page.pdf")
        command = [*_build_command(browser, Path(folder)), f"--print-to-pdf={made}", html.resolve().as_uri()]
        try:
            ended = subprocess.run(command, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)  # noqa: S603
        except subprocess.TimeoutExpired as problem:
            raise _build_browser_error(browser, html, f"did not finish within {TIMEOUT_SECONDS} seconds") from problem
        except OSError as problem:
            raise _build_browser_error(browser, html, f"could not be started ({problem.strerror})") from problem
        if not made.is_file():
            raise _build_browser_error(browser, html, f"ended with code {ended.returncode} and made no PDF")
        content = made.read_bytes()
    if ended.returncode or not _is_whole(content):
        raise _build_browser_error(browser, html, f"ended with code {ended.returncode} and made no whole PDF")
    return content


def _make_profile() -> tempfile.TemporaryDirectory[str]:
    """A folder for the profile of a browser, removed afterwards."""
    return tempfile.TemporaryDirectory(prefix="riskstrat-pdf-", ignore_cleanup_errors=True)


def _build_command(browser: Path, folder: Path) -> list[str]:
    return [str(browser), *OPTIONS, *_choose_sandbox_options(), f"--user-data-dir={folder / 'profile'}"]


def _is_whole(content: bytes) -> bool:
    """Whether a PDF has its head, and an end that says where its index stands in it."""
    end = _PDF_END.search(content[-_END_BYTES:])
    return content.startswith(b"%PDF-") and end is not None and int(end[1]) < len(content)


def _choose_sandbox_options() -> list[str]:
    # Chromium refuses to run as root with its sandbox; the page is our own and fetches nothing.
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def _build_browser_error(browser: Path, html: Path, what: str) -> PublicationError:
    return PublicationError(
        f"{browser.name} {what} for {html.name}; close other browsers and run again, "
        'or set pdf = "off" in riskstrat.toml'
    )


def _normalise(content: bytes, day: bytes) -> bytes:
    """The PDF without what differs from one print to the next; no byte moves, so the index stays true.

    Its dates are the day of the page, its id is zeros, and the elements that are named are numbered from 1, in the
    order of their names: the browser counts what it made of a page until then, which hangs on how fast it was.
    """
    dated = _PDF_DATE.sub(lambda found: _date_of_same_length(found.group(), day), content)
    plain = _PDF_ID.sub(lambda found: _IN_BRACKETS.sub(lambda part: b"0" * len(part.group()), found.group()), dated)
    names = sorted(set(_ELEMENT.findall(plain)))
    numbered = {name: b"(node%08d)" % number for number, name in enumerate(names, start=1)}
    return _ELEMENT.sub(lambda found: numbered[found.group()], plain)


def _date_of_same_length(text: bytes, day: bytes) -> bytes:
    start = text.index(b"D:") + 2
    zone = text[start + 14 :].replace(b"-", b"+").translate(_ZEROS)
    return text[:start] + day + b"000000" + zone
