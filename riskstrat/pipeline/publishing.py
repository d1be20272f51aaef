"""The verbs `weekly` and `withdraw`: lists are published whole, once, and never silently replaced."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from riskstrat import __version__, audit
from riskstrat.definitions.matrix import hash_of
from riskstrat.documents import (
    TeamList,
    file_stem,
    find_browser,
    write_bytes,
    write_csv,
    write_index,
    write_page,
    write_pdf,
    write_people,
    write_workbook,
)
from riskstrat.errors import PublicationError
from riskstrat.identity import naming_page
from riskstrat.pipeline.auditing import MANIFEST, log_published, log_withdrawn, require_loggable
from riskstrat.pipeline.dates import written_date
from riskstrat.pipeline.files import write_table
from riskstrat.pipeline.listing import Listed, headline, make_lists, summary_of
from riskstrat.pipeline.memory import EVERYONE, fingerprint
from riskstrat.pipeline.opened import Opened
from riskstrat.pipeline.reports import Progress, Report, silent
from riskstrat.pipeline.side_by_side import side_by_side
from riskstrat.pipeline.team_documents import table_dates
from riskstrat.storage import (
    cannot_write,
    compute_digest,
    compute_file_digest,
    compute_folder_digests,
    make_folder,
    move_folder,
    read_json,
    refuse_in_one_line,
    write_folder_atomically,
    write_json,
)
from riskstrat.workspace import find, load

REFERENCES, NAMING = "references.csv", "naming.html"


def weekly(root: Path | None, when: str, recipe: str | None = None, progress: Progress = silent) -> Report:
    """Score, explain, list and publish to `lists/<date>/`.

    A second run on the same inputs changes nothing. Raises PublicationError when a list of that date stands and the
    inputs have changed since, or its files have.
    """
    listed = make_lists(root, when, recipe, progress)
    opened = listed.opened
    folder = opened.workspace.root / opened.workspace.settings.lists.folder / listed.list_date.isoformat()
    inputs = _inputs(listed, when)
    listed.steps.done("compare with what is published")
    if folder.exists():
        _require_same(folder, inputs)
        log_published(opened.workspace.root, folder.parent, folder.name)
        return _report(listed, folder, "already published from the same inputs; nothing changed")
    audit.require_ready(opened.workspace.root)
    progress("documents", 0.0)
    with write_folder_atomically(folder) as part:
        _write_documents(listed, part, progress)
        listed.steps.done("documents")
        manifest = _manifest(listed, inputs, part)
        write_json(manifest, part / MANIFEST)
    log_published(opened.workspace.root, folder.parent, folder.name)
    return _report(listed, folder, "published")


def withdraw(root: Path | None, when: str, reason: str) -> Report:
    """Take the list of a date back: it moves to `lists/withdrawn/` with the reason, and the date is free again."""
    workspace = load(find(root))
    day = written_date(when, "list date")
    lists = workspace.root / workspace.settings.lists.folder
    folder = lists / day.isoformat()
    if not folder.is_dir():
        raise PublicationError(
            f"no list of {day} is published in {workspace.settings.lists.folder}; nothing to withdraw"
        )
    if not reason.strip():
        raise PublicationError("a withdrawal needs a reason: give --reason with a sentence")
    require_loggable(reason, "--reason")
    audit.require_ready(workspace.root)
    earlier = len(list((lists / "withdrawn").glob(f"{day.isoformat()}-*")))
    target = lists / "withdrawn" / f"{day.isoformat()}-{earlier + 1}"
    with refuse_in_one_line(cannot_write, target):
        make_folder(target.parent)
    write_json({"list_date": day, "reason": reason.strip()}, folder / "withdrawal.json")
    move_folder(folder, target)
    log_withdrawn(workspace.root, day.isoformat(), reason.strip())
    summary = {"list_date": day, "reason": reason.strip(), "folder": str(target)}
    return Report(summary, (f"the list of {day} is withdrawn and kept in {target}",))


def _inputs(listed: Listed, when: str) -> dict[str, str]:
    """What decides the bytes of a list: if none of these changed, a second run would write the same."""
    opened = listed.opened
    return {
        "index_date": when,
        "data": opened.store.fingerprint,
        "model": compute_digest(listed.scored.model.booster_text),
        "model_version": f"{listed.scored.version.name} {listed.scored.version.version}",
        "definitions": hash_of(opened.workspace.fingerprints),
        "wording": _wording(opened),
        "pathways": compute_digest(repr(opened.workspace.pathways)),
        "earlier lists": fingerprint(listed.earlier),
        "reviews": _digest_of(listed.found.facts.reviews),
        "settings": compute_digest(opened.workspace.settings.model_dump_json(exclude={"engine"})),
        "riskstrat": __version__,
    }


def _wording(opened: Opened) -> str:
    words = repr([(name, feature.wording) for name, feature in sorted(opened.workspace.features.items())])
    return compute_digest(words)


def _require_same(folder: Path, inputs: dict[str, str]) -> None:
    advice = f'withdraw it first: riskstrat withdraw {folder.name} --reason "..."'
    unreadable = PublicationError(f"{folder.name} holds files but no manifest that can be read; {advice}")
    manifest = read_json(folder / MANIFEST, unreadable)
    try:
        files, published_from = dict(manifest["files"]), dict(manifest["inputs"])
    except (ValueError, KeyError, TypeError):
        raise unreadable from None
    for name, digest in files.items():
        if not (folder / name).is_file() or compute_file_digest(folder / name) != digest:
            raise PublicationError(f"{name} of the list of {folder.name} was changed after publication; {advice}")
    changed = [name for name, value in inputs.items() if published_from.get(name) != value]
    if changed:
        raise PublicationError(
            f"a list of {folder.name} is published, and these have changed since: {', '.join(changed)}; {advice}"
        )


def _write_documents(listed: Listed, folder: Path, progress: Progress) -> None:
    write_bytes(naming_page().encode("utf-8"), folder / NAMING)
    pdf = listed.opened.workspace.settings.lists.pdf == "auto" and find_browser() is not None
    parts = {document.team: partial(_write_team, document, folder, pdf) for document in listed.documents}
    threads = listed.opened.workspace.settings.engine.threads
    side_by_side(parts, threads, lambda share: progress("documents", share))
    write_index(list(listed.documents), folder / "index.html")
    _write_references(listed, folder / REFERENCES)
    write_table(listed.everyone, folder / EVERYONE)


def _write_team(document: TeamList, folder: Path, pdf: bool) -> None:
    stem = file_stem(document)
    write_csv(document, folder / f"{stem}.csv")
    write_workbook(document, folder / f"{stem}.xlsx")
    write_page(document, folder / f"{stem}.html")
    write_people(document, folder / f"{stem}-people.html")
    if pdf:
        for name in (stem, f"{stem}-people"):
            write_pdf(folder / f"{name}.html", folder / f"{name}.pdf")


def _write_references(listed: Listed, path: Path) -> None:
    """One row per listed person: the key from a list's references back to the pseudonyms of the source."""
    columns = ["reference", "patient_id", "index_date"]
    write_table(pd.concat([case.rows[columns] for case in listed.cases]).reset_index(drop=True), path)


def _digest_of(table: pd.DataFrame | None) -> str:
    """sha256 over the rows of a table in their order."""
    text = "" if table is None else str(table.to_csv(index=False, lineterminator="\n"))
    return compute_digest(text)


def _manifest(listed: Listed, inputs: dict[str, str], folder: Path) -> dict[str, Any]:
    model = listed.scored.model
    summary = summary_of(listed)
    for team in summary["teams"]:
        del team["people"]
    return summary | {
        "data_as_at_by_table": table_dates(listed.opened, listed.list_date),
        "definitions_hash": model.definitions_hash,
        "trained_as_at": model.trained.get("as_at"),
        "inputs": inputs,
        "notes": list(listed.opened.store.notes + listed.opened.engine.notes),
        "files": compute_folder_digests(folder),
    }


def _report(listed: Listed, folder: Path, what: str) -> Report:
    seconds = {step: round(took, 3) for step, took in listed.steps.seconds.items()}
    summary = summary_of(listed) | {"folder": str(folder), "status": what, "seconds": seconds}
    lines = [*headline(listed), f"{folder}: {what}", listed.steps.line()]
    return Report(summary, tuple(lines), _files_by_team(listed.documents, folder))


def _files_by_team(documents: tuple[TeamList, ...], folder: Path) -> tuple[tuple[str, ...], ...]:
    rows = [("team", "listed", "known", "eligible", "open")]
    for document in documents:
        counts = document.counts
        name = f"{file_stem(document)}.xlsx / .html"
        rows.append((document.team, str(counts.listed), str(counts.known_on_caseload), f"{counts.eligible:,}", name))
    return tuple(rows)
