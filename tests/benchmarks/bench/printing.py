"""`python -m tests.benchmarks.bench.printing LISTS ROUNDS`: the pages of a list's teams as PDF, in both ways."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from riskstrat.documents import PdfPrinter, write_pdf
from tests.benchmarks.bench.processes import time_rounds


def main() -> None:
    """Print what it takes by one browser, and by a browser for each page, and how many have the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        pages = [
            Path(shutil.copy(page, folder)) for page in sorted(Path(sys.argv[1]).glob("*/*.html")) if _is_paper(page)
        ]
        together = time_rounds(lambda: _print_together(pages), int(sys.argv[2]))
        printed = [page.with_suffix(".pdf").read_bytes() for page in pages]
        alone = time_rounds(lambda: _print_alone(pages), int(sys.argv[2]))
        equal = sum(page.with_suffix(".pdf").read_bytes() == one for page, one in zip(pages, printed, strict=True))
    print(json.dumps({"together": together, "alone": alone, "equal": equal, "pages": len(pages)}))


def _is_paper(page: Path) -> bool:
    """Whether a page of a team's folder is printed: the list, and its people."""
    return page.stem in (page.parent.name, f"{page.parent.name}-people")


def _print_together(pages: list[Path]) -> None:
    with PdfPrinter() as printer:
        for page in pages:
            printer.write_pdf(page, page.with_suffix(".pdf"))


def _print_alone(pages: list[Path]) -> None:
    for page in pages:
        write_pdf(page, page.with_suffix(".pdf"))


if __name__ == "__main__":
    main()
