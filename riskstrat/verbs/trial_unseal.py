"""The verb `trial unseal`: the sealed lists laid out to be read, for a reason that is logged."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from riskstrat import audit
from riskstrat.documents import write_blind_pages, write_csv, write_page, write_people
from riskstrat.errors import PublicationError, StorageError
from riskstrat.publication import name_files
from riskstrat.site.outputs import require_free_place
from riskstrat.site.resources import write_alone
from riskstrat.storage import PRIVATE_FOLDER, make_folder, write_folder_atomically
from riskstrat.storage.tables import write_table
from riskstrat.trial.content import OpenedList
from riskstrat.trial.opening import open_lists
from riskstrat.trial.sealing import parse_private_key
from riskstrat.verbs.report import Report
from riskstrat.verbs.trial_close import read_key_file, require_trial
from riskstrat.workspace import find, load


def unseal(root: Path | None, key: Path, reason: str, out: Path, *, blind: bool = False, wait: bool = False) -> Report:
    """Open every sealed list and write each team's pages and references, and everybody's estimates, into a new folder.

    Before the close it is an emergency: it is logged with its reason first, and the trial cannot say "go" any more.
    With `blind`, which is for after it, no estimate is written: each team's pages to hold against the GP record, and
    apart from them the key that says whose each is. Raises AuditError for a reason that says nothing, StorageError for
    a folder that stands, PublicationError as `trial close` does, and for blind pages before the close.
    """
    require_free_place(out)
    reason = audit.require_reason(reason, "--reason")
    if out.exists():
        raise StorageError(f"{out.name} stands already; name a folder that is to be made")
    workspace = load(find(root))
    with write_alone(workspace.root, "trial unseal", wait=wait):
        audit.settle(workspace.root)
        trial = require_trial(workspace)
        lists = open_lists(trial, parse_private_key(read_key_file(key), key.name))
        number, early = trial.protocol.number, not trial.closed
        if blind and early:
            raise PublicationError(f"blind pages are made after the close: trial {number} runs; riskstrat trial close")
        audit.append(workspace.root, audit.TRIAL_UNSEALED, {"trial": number, "reason": reason, "early": early})
    with write_folder_atomically(out, mode=PRIVATE_FOLDER) as part:
        for one in lists:
            (_lay_out_blind if blind else _lay_out)(one, part / one.day.isoformat())
    said = "before its close, which its page will say" if early else "after its close"
    line = f"{len(lists)} lists of trial {number} opened {said}: {out}"
    return Report({"trial": number, "lists": [one.day for one in lists], "early": early, "folder": str(out)}, (line,))


def _lay_out(one: OpenedList, folder: Path) -> None:
    make_folder(folder, mode=PRIVATE_FOLDER)
    for team in one.weekly.teams:
        stem = name_files(team.team_code)
        make_folder(folder / stem, mode=PRIVATE_FOLDER)
        write_csv(team, folder / stem / f"{stem}.csv")
        write_page(team, folder / stem / f"{stem}.html")
        write_people(team, folder / stem / f"{stem}-people.html")
    write_table(one.everyone, folder / "everyone.csv")


def _lay_out_blind(one: OpenedList, folder: Path) -> None:
    """Pages and key in a folder each, so that one can be handed over without the other."""
    patients = dict(one.everyone.dropna(subset=["reference"]).set_index("reference")["patient_id"])
    for kind in ("pages", "key"):
        make_folder(folder / kind, mode=PRIVATE_FOLDER)
    for team in one.weekly.teams:
        stem = name_files(team.team_code)
        references = write_blind_pages(team, folder / "pages" / f"{stem}.html")
        key = {
            "page": range(1, len(references) + 1),
            "patient_id": [patients[reference] for reference in references],
        }
        write_table(pd.DataFrame(key), folder / "key" / f"{stem}.csv")
