"""The verb `audit verify`: the log of a workspace or of an identity folder proved whole."""

from __future__ import annotations

import re
from pathlib import Path

from riskstrat import audit
from riskstrat.errors import AuditError
from riskstrat.publication import compute_manifest_digests
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, load

IDENTITY_SETTINGS = "identity.toml"
_KEPT = re.compile(r"\s*([1-9]\d*)\s*:\s*([0-9a-f]{64})\s*", re.ASCII)


def verify(root: Path | None, remembered: str | None = None) -> Report:
    """Prove the log of a workspace or of an identity folder whole. Raises AuditError naming the first wrong line.

    `remembered` is COUNT:HASH as an earlier proof printed it.
    """
    folder, lists = _find_folder_and_lists(root)
    published = None if lists is None else compute_manifest_digests(lists)
    found = audit.verify(folder, published, _parse_head(remembered))
    if not found.whole:
        more = len(found.problems) - 1
        others = f" (and {more} more: {'; '.join(found.problems[1:])})" if more else ""
        raise AuditError(
            f"the audit log is not whole: {found.problems[0]}{others}; keep the folder as it is, tell the IG lead and "
            "compare it with the last backup"
        )
    summary = {"folder": str(folder), "lines": found.lines, "head": found.head, "whole": True}
    return Report(
        summary, (f"the audit log is whole: {_format_line_count(found.lines)}", f"head {found.lines}:{found.head}")
    )


def _find_folder_and_lists(root: Path | None) -> tuple[Path, Path | None]:
    """The folder whose log is meant, and where its lists are; an identity folder has none."""
    if root is not None and (root / IDENTITY_SETTINGS).is_file():
        return root.resolve(), None
    workspace = load(find(root))
    return workspace.root, workspace.root / workspace.settings.lists.folder


def _parse_head(given: str | None) -> tuple[int, str] | None:
    if given is None:
        return None
    written = _KEPT.fullmatch(given)
    if not written:
        raise AuditError("--head must be COUNT:HASH as an earlier riskstrat audit verify printed it")
    return int(written[1]), written[2]


def _format_line_count(number: int) -> str:
    return "1 line" if number == 1 else f"{number:,} lines"
