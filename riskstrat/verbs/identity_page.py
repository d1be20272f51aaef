"""The verb `identity page`: the page on which a practice names a list by itself."""

from __future__ import annotations

from pathlib import Path

from riskstrat import identity
from riskstrat.identity.private_files import write_private
from riskstrat.site.outputs import require_free_place
from riskstrat.verbs.report import Report


def page(out: Path) -> Report:
    """Write the page on which a practice names a list by itself."""
    require_free_place(out, (".html",))
    write_private(identity.naming_page().encode("utf-8"), out, mode=0o644)
    return Report({"out": str(out)}, (f"{out}: open it in the practice's browser; it sends nothing anywhere",))
