"""The verb `board`: the indicators of one month for a board, as page, workbook and PDF in a folder of their own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents import BoardPack, build_board_page, build_board_workbook, find_browser, write_bytes, write_pdf
from riskstrat.indicators import build_pack
from riskstrat.site.opening import open_workspace
from riskstrat.site.outputs import require_free_place, require_new_folder
from riskstrat.storage import write_folder_atomically
from riskstrat.verbs.report import Report


def board(root: Path | None, month: date, out: Path, progress: Progress = silent) -> Report:
    """Write the pack of the month that begins on `month` into the folder `out`, which must not stand or be empty.

    Raises IndexDateError for a month that is not over in the data, DefinitionError for indicators that cannot be read,
    StorageError where the folder holds anything.
    """
    require_free_place(out)
    require_new_folder(out)
    opened = open_workspace(root)
    pack = build_pack(opened, month, progress)
    pdf = opened.workspace.settings.lists.pdf == "auto" and find_browser() is not None
    progress("documents", 0.0)
    name = f"board-{month:%Y-%m}"
    with write_folder_atomically(out) as folder:
        page = folder / f"{name}.html"
        write_bytes(build_board_page(pack), page)
        write_bytes(build_board_workbook(pack), folder / f"{name}.xlsx")
        if pdf:
            write_pdf(page, folder / f"{name}.pdf")
    return _report(pack, out, name, pdf)


def _report(pack: BoardPack, out: Path, name: str, pdf: bool) -> Report:
    files = [str(out / f"{name}.{ending}") for ending in ("html", "xlsx", *(("pdf",) if pdf else ()))]
    summary = {
        "month": f"{pack.month:%Y-%m}",
        "data_as_at": pack.data_as_at.isoformat(),
        "summary": pack.summary,
        "told": [told.indicator.name for told in pack.told],
        "cannot_be_told": {one.name: reason for one, reason in pack.untold},
        "files": files,
    }
    no_pdf = () if pdf else ("no PDF: no browser was found, or riskstrat.toml turns it off",)
    return Report(summary, (pack.summary, *no_pdf, *files))
