"""From the lists of one date to the files that teams open: what decides their bytes, and writing them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from riskstrat import __version__, storage
from riskstrat.casefinding import CaseRegister, tabulate_cases, tabulate_reserve
from riskstrat.cohort import mark_opted_out
from riskstrat.definitions.matrix import hash_of
from riskstrat.definitions.progress import Progress
from riskstrat.documents import (
    PdfPrinter,
    find_browser,
    write_bytes,
    write_clinician_pages,
    write_csv,
    write_index,
    write_page,
    write_people,
    write_workbook,
)
from riskstrat.publication import (
    CASES,
    CLINICIANS,
    EVERYONE,
    FOR_CLINICIANS,
    INDEX,
    NAMING,
    NOTICES,
    REFERENCES,
    RESERVE,
    REVIEWS,
    ForClinicians,
    TeamList,
    WeeklyList,
    dump_cases,
    dump_for_clinicians,
    dump_reserve,
    name_files,
)
from riskstrat.site.opening import Site
from riskstrat.site.threads import run_in_threads
from riskstrat.storage import compute_digest
from riskstrat.storage.tables import write_table
from riskstrat.weekly.listing import Listed, summary_of
from riskstrat.weekly.team_lists import table_dates
from riskstrat.workspace import Workspace


def compute_inputs(listed: Listed, when: str) -> dict[str, str]:
    """What decides the bytes of a list: if none of these changed, a second run would write the same."""
    return compute_early_inputs(listed.opened) | {
        "index_date": when,
        "model": compute_digest(listed.scored.model.learned),
        "model_version": f"{listed.scored.version.name} {listed.scored.version.version}",
        "earlier lists": compute_digest(" ".join(published.digest for published in listed.earlier)),
        "reviews": _compute_digest_of_rows(listed.found.facts.reviews),
        "notices": compute_digest(listed.notices.dump()),
    }


def compute_early_inputs(opened: Site) -> dict[str, str]:
    """Those of them that are known before anybody is scored."""
    without: Any = {
        "engine": True,
        "worklist": True,
        "retention": True,
        "reviews": {"exports_from"},
        "data": {"keep_versions"},
        "lists": {"readers"},
    }
    decided = opened.workspace.settings.sensitive.shown_to_clinicians
    # A site that shows clinicians nothing more has the inputs that it had before it could.
    without |= {} if decided else {"sensitive": {"shown_to_clinicians"}}
    # Nor does one that keeps no reserve, or draws no lot, have others than before.
    lists = opened.workspace.settings.lists
    without["lists"] |= {name for name in ("reserve", "hold_out") if not getattr(lists, name)}
    settings = opened.workspace.settings.model_dump_json(exclude=without)
    wording = [(name, feature.wording) for name, feature in sorted(opened.workspace.features.items())]
    refreshed = opened.store.refreshed.digest if opened.store.refreshed is not None else ""
    return {
        "data": opened.store.fingerprint,
        "definitions": hash_of(opened.workspace.fingerprints),
        "wording": compute_digest(repr(wording)),
        "pathways": compute_digest(repr(opened.workspace.pathways)),
        "rules": _compute_digest_of_rules(opened.workspace),
        "settings": compute_digest(settings),
        "riskstrat": __version__,
        **({"refreshed": refreshed} if refreshed else {}),
    }


def _compute_digest_of_rules(workspace: Workspace) -> str:
    """sha256 of the rules beside pathways whose answers a list prints, whatever comments stand in their files."""
    printed = (workspace.flags, workspace.frailty, workspace.falls_rules, workspace.changeable, workspace.roles)
    return compute_digest(repr((*printed, workspace.cohort_rules)))


def build_weekly_list(listed: Listed) -> WeeklyList:
    """The lists of all teams as one record."""
    version = listed.scored.version
    return WeeklyList(listed.list_date, listed.edition, version.name, version.version, listed.documents)


def write_documents(listed: Listed, folder: Path, naming_page: str, progress: Progress) -> None:
    """A folder for each team with its documents and references; of all teams the page that leads there and the tables.

    naming_page: the page on which a practice names its list, as HTML.
    """
    with PdfPrinter() as printer:
        wanted = listed.opened.workspace.settings.lists.pdf == "auto" and find_browser() is not None
        _write_of_teams(listed, folder, printer if wanted else None, progress)
    write_index(list(listed.documents), folder / INDEX)
    for case in listed.cases:
        own = folder / name_files(case.team.code)
        write_table(case.rows[["reference", "patient_id", "index_date"]].reset_index(drop=True), own / REFERENCES)
        write_bytes(naming_page.encode("utf-8"), own / NAMING)
    write_table(listed.everyone, folder / EVERYONE)
    write_bytes(listed.reviews.dump(), folder / REVIEWS)
    if listed.notices.said:
        write_bytes(listed.notices.dump(), folder / NOTICES)
    write_bytes(dump_cases(_list_cases(listed)), folder / CASES)
    if listed.opened.workspace.settings.lists.reserve:
        write_bytes(dump_reserve(tabulate_reserve(listed.cases)), folder / RESERVE)


def _write_of_teams(listed: Listed, folder: Path, printer: PdfPrinter | None, progress: Progress) -> None:
    """The documents of each team in a folder of its own, each page as PDF too where there is a printer."""
    parts = {document.team: partial(_write_team, document, folder, printer) for document in listed.documents}
    if listed.for_clinicians.decisions:
        storage.write_bytes(dump_for_clinicians(listed.for_clinicians), folder / FOR_CLINICIANS, parents=True)
        write = partial(_write_for_clinicians, listed.for_clinicians, folder / CLINICIANS, printer)
        parts |= {f"clinicians of {document.team}": partial(write, document) for document in listed.documents}
    threads = listed.opened.workspace.settings.engine.threads
    run_in_threads(parts, threads, lambda share: progress("documents", share))


def describe_publication(listed: Listed, inputs: Mapping[str, str]) -> dict[str, Any]:
    """What the manifest says besides the files: counts per team, data as at, model, inputs, notes."""
    model = listed.scored.model
    summary = summary_of(listed)
    for team in summary["teams"]:
        del team["people"]
    return summary | {
        "data_as_at_by_table": table_dates(listed.opened, listed.list_date),
        "definitions_hash": model.definitions_hash,
        "trained_as_at": model.trained.get("as_at"),
        "inputs": dict(inputs),
        "notes": list(listed.opened.store.notes + listed.opened.engine.notes),
    }


def _list_cases(listed: Listed) -> CaseRegister:
    """The cases that this list hands on; of nobody who has opted out."""
    store, kinds = listed.opened.store, listed.opened.opt_outs
    out = store.people().loc[mark_opted_out(store, kinds), "patient_id"]
    return listed.register.list_cases(tabulate_cases(listed.cases, listed.list_date), listed.list_date, set(out))


def _write_team(document: TeamList, folder: Path, printer: PdfPrinter | None) -> None:
    stem = name_files(document.team_code)
    own = folder / stem
    write_csv(document, own / f"{stem}.csv")
    write_workbook(document, own / f"{stem}.xlsx")
    write_page(document, own / f"{stem}.html")
    write_people(document, own / f"{stem}-people.html")
    if printer:
        for name in (stem, f"{stem}-people"):
            printer.write_pdf(own / f"{name}.html", own / f"{name}.pdf")


def _write_for_clinicians(shown: ForClinicians, folder: Path, printer: PdfPrinter | None, document: TeamList) -> None:
    stem = name_files(document.team_code)
    page = folder / stem / f"{stem}-people.html"
    write_clinician_pages(document, shown, page)
    if printer:
        printer.write_pdf(page, page.with_suffix(".pdf"))


def _compute_digest_of_rows(table: pd.DataFrame | None) -> str:
    """sha256 over the rows of a table in their order."""
    return compute_digest("" if table is None else str(table.to_csv(index=False, lineterminator="\n")))
