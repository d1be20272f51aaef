"""The verb `audit verify`: the log of a workspace or of an identity folder proved whole."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

from riskstrat import audit, registry
from riskstrat.audit import Holdings, Line, Located
from riskstrat.errors import AuditError, RiskstratError
from riskstrat.publication import find_list_files, locate_manifest, locate_withdrawn, state_list_files
from riskstrat.retention import find_records
from riskstrat.reviews import FileReviewStore
from riskstrat.sources.refreshed import locate_refreshed
from riskstrat.storage import list_files
from riskstrat.trial.standing import find_trial_files
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, read_settings

IDENTITY_SETTINGS = "identity.toml"
SAID = 10
"""Problems that a refusal spells out; the rest are counted."""

_KEPT = re.compile(r"\s*([1-9]\d*)\s*:\s*([0-9a-f]{64})\s*", re.ASCII)


def verify(root: Path | None, remembered: str | None = None) -> Report:
    """Prove the log of a workspace or of an identity folder whole, and that what it speaks of stands as it says.

    Held are every published and withdrawn list, every file of reviews, what refreshes brought, what a silent trial
    sealed, every champion and version, and the records of what was deleted since. Raises AuditError naming the first
    wrong line. `remembered` is COUNT:HASH as an earlier proof printed it.
    """
    folder, lists = _find_folder_and_lists(root)
    gather = None if lists is None else partial(_gather_holdings, folder, lists)
    found = audit.verify(folder, gather, _parse_head(remembered))
    if not found.whole:
        raise AuditError(
            f"the audit log is not whole: {_format_problems(found.problems)}; keep the folder as it is, tell the IG "
            "lead and compare it with the last backup"
        )
    notes = (*found.notes, *_hold_worklist(folder, found.read))
    summary = {"folder": str(folder), "lines": found.lines, "head": found.head, "whole": True, "notes": notes}
    said = f"the audit log is whole: {_format_line_count(found.lines)}"
    return Report(summary, (said, f"head {found.lines}:{found.head}", *(f"note: {note}" for note in notes)))


def _hold_worklist(root: Path, lines: tuple[Line, ...]) -> tuple[str, ...]:
    """Hold the worklist's own log against the days that were anchored; a note where it cannot be read.

    Raises AuditError naming the days that were changed, and for a database that has been emptied.
    """
    if not any(line.action == audit.ANCHORED for line in lines):
        return ()
    try:
        from riskstrat.worklist import point_at
        from riskstrat.workspace import load

        point_at(load(root))
        from riskstrat.worklist.anchoring import find_changed_days

        changed = find_changed_days(lines)
    except (RiskstratError, ModuleNotFoundError):
        return ("the worklist's log could not be held against the days in this one: its server or database is missing",)
    if changed:
        raise AuditError(
            f"{_format_problems(tuple(changed))}; keep the database as it is, tell the IG lead and compare it with the "
            "last backup"
        )
    return ()


def _format_problems(problems: tuple[str, ...]) -> str:
    told, more = problems[1:SAID], len(problems) - SAID
    uncounted = f"; and {more} like these" if more > 0 else ""
    others = f" (and {len(problems) - 1} more: {'; '.join(told)}{uncounted})" if told else ""
    return f"{problems[0]}{others}"


def _gather_holdings(root: Path, lists: Path) -> Holdings:
    """What the workspace keeps, by paths below it."""
    registry_folder, reviews = root / "registry", FileReviewStore(root)
    lines = audit.read(root)
    trained = [_parse_version(line) for line in lines if line.action == audit.TRAINED]
    stated = state_list_files(lists) | registry.state_version_files(registry_folder, trained)
    present = (
        *find_list_files(lists),
        *reviews.find_kept_files(),
        *registry.find_version_files(registry_folder, trained),
        *_find_papers(root, lines),
        *find_records(root),
        *list_files(locate_refreshed(root).parent),
        *find_trial_files(root),
    )
    return Holdings(
        _locate_by(root, lists),
        {_name_below(root, path): digest for path, digest in stated.items()},
        tuple(_name_below(root, path) for path in present),
    )


def _find_papers(root: Path, lines: list[Line]) -> Iterator[Path]:
    """Every file in the folder of papers of each version that was promoted."""
    promoted = {_parse_version(line) for line in lines if line.action == audit.PROMOTED and "leaves" in line.details}
    for name, number in sorted(promoted):
        papers = registry.locate_papers(root / "registry", name, number)
        yield from list_files(papers)


def _locate_by(root: Path, lists: Path) -> Callable[[Line], Located]:
    """Which files a line says stand, and which folders are gone. Those of lists are found where lists are kept now."""
    withdrawn: dict[str, int] = {}
    published: dict[str, str | None] = {}

    def locate(line: Line) -> Located:
        when = str(line.details.get("list_date"))
        leaves = [(str(path), str(digest)) for path, digest in line.details.get("leaves", ())]
        if line.action == audit.PUBLISHED:
            published[when] = line.details.get("manifest")
            return [(_name_below(root, locate_manifest(lists, when)), published[when])], []
        if line.action == audit.WITHDRAWN:
            withdrawn[when] = withdrawn.get(when, 0) + 1
            places = [_name_below(root, path) for path in locate_withdrawn(lists, when, withdrawn[when])]
            digests = (published.pop(when, None), leaves[-1][1] if leaves else None)
            return list(zip(places, digests, strict=True)), [_name_below(root, lists / when)]
        if line.action == audit.DELETED:
            gone = [str(path) for path, _ in line.details["gone"]]
            for day in [day for day in published if _name_below(root, lists / day) in gone]:
                published.pop(day)
            for day in [day for day in withdrawn if _is_withdrawn_gone(root, lists, day, gone)]:
                withdrawn.pop(day)
            return leaves, gone
        if line.action in (audit.BEGUN, audit.NOT_DONE) or leaves:
            return ([] if line.action == audit.BEGUN else leaves), []
        return [(_name_below(root, path), None) for path in _locate_undigested(root, line)], []

    return locate


def _is_withdrawn_gone(root: Path, lists: Path, when: str, gone: Collection[str]) -> bool:
    """Whether the withdrawn lists of a date are among what was deleted; the next one is the first again."""
    return _name_below(root, locate_withdrawn(lists, when, 1)[0].parent) in gone


def _locate_undigested(root: Path, line: Line) -> list[Path]:
    """The file of a line of an earlier riskstrat, which had no digests."""
    if line.action == audit.IMPORTED:
        return [FileReviewStore(root).folder / str(line.details.get("file"))]
    if line.action == audit.PROMOTED:
        return [registry.locate_champion(root / "registry", _parse_version(line)[0])]
    return []


def _parse_version(line: Line) -> tuple[str, int]:
    name, _, number = str(line.details.get("version")).rpartition(" ")
    return name, int(number) if number.isdecimal() else 0


def _name_below(root: Path, path: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _find_folder_and_lists(root: Path | None) -> tuple[Path, Path | None]:
    """The folder whose log is meant, and where its lists are; an identity folder has none."""
    if root is not None and (root / IDENTITY_SETTINGS).is_file():
        return root.resolve(), None
    folder = find(root)
    return folder, folder / read_settings(folder).lists.folder


def _parse_head(given: str | None) -> tuple[int, str] | None:
    if given is None:
        return None
    written = _KEPT.fullmatch(given)
    if not written:
        raise AuditError("--head must be COUNT:HASH as an earlier riskstrat audit verify printed it")
    return int(written[1]), written[2]


def _format_line_count(number: int) -> str:
    return "1 line" if number == 1 else f"{number:,} lines"
