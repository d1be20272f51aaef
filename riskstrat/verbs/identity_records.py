"""The verb `identity records`: a practice's file of what clinicians confirmed for its GP records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from riskstrat import audit, identity
from riskstrat.errors import IdentityError
from riskstrat.identity import IdentityFolder, RecordsAllowance
from riskstrat.identity.private_files import write_private
from riskstrat.naming import NAMED_RECORDS, PracticeFile, build_practice_file, open_confirmed
from riskstrat.reviews import ConfirmedEntries
from riskstrat.storage import compute_digest
from riskstrat.verbs.report import Report

ENDING = ".xlsx"


def records(root: Path | None, file: Path, practice: str, out: Path, user: str | None = None) -> Report:
    """Write one practice's entries with NHS numbers. Raises IdentityError when that is not allowed; both are logged.

    `user` is the one the operating system knows unless a test gives another.
    """
    folder = identity.open_folder(identity.find(root))
    who = user or audit.system_user()
    audit.require_ready(folder.root)
    known = False
    try:
        allowance = _find_allowance(folder, who, practice)
        known = True
        exported = open_confirmed(file, folder.settings.publishers, audit.read(folder.root))
        target = _choose_target(folder, out)
        made = build_practice_file(exported, folder.identities(), allowance, practice, target.name)
    except IdentityError as refused:
        asked = {"records": True, "practice": practice if known else None}
        audit.append(folder.root, "naming refused", asked | {"why": str(refused)}, who)
        raise
    details = _describe(allowance, practice, exported, made, target)
    with audit.log_writing_out(folder.root, NAMED_RECORDS, details, target, made.content, who):
        write_private(made.content, target)
    return _report(target, made, details)


def _find_allowance(folder: IdentityFolder, user: str, practice: str) -> RecordsAllowance:
    if folder.external:
        raise IdentityError("this install holds no identities (mode external); the practice's own service names people")
    return identity.find_records_allowance(folder.settings.records, user, practice, audit.today())


def _choose_target(folder: IdentityFolder, out: Path) -> Path:
    target = identity.outside_workspaces(out, "a practice's file")
    if target.suffix != ENDING:
        raise IdentityError(f"the file must end in {ENDING}")
    if folder.root in target.parents:
        raise IdentityError("a practice's file may not stand in the identity folder")
    if target.exists():
        raise IdentityError("a file of that name stands there and may hold what the practice wrote; give another name")
    return target


def _describe(
    allowance: RecordsAllowance, practice: str, exported: ConfirmedEntries, made: PracticeFile, target: Path
) -> dict[str, Any]:
    """What the log is told: which outcomes of which references: a code may look like an NHS number."""
    return {
        "practice": practice,
        "teams": list(allowance.teams),
        "roles": list(allowance.roles),
        "bases": list(allowance.bases),
        "key": exported.key,
        "made_at": exported.made_at,
        "export": compute_digest(exported.dump()),
        "entries": [list(one) for one in made.entries],
        "left_out": sorted(made.left_out),
        "of_other_teams": made.of_other_teams,
        **made.counts,
        "file": target.name,
    }


def _report(target: Path, made: PracticeFile, details: dict[str, Any]) -> Report:
    lines = [f"{target}: {len(made.entries):,} entries for the practice's GP records; logged"]
    lines += [f"{reference} is not in it: {why}" for reference, why in sorted(made.left_out.items())]
    if made.counts["age_not_checked"]:
        lines.append(
            f"{made.counts['age_not_checked']} people have no date of birth here: check who they are another way"
        )
    if made.of_other_teams:
        lines.append(f"{made.of_other_teams:,} entries are of teams that this account may not name, and not in it")
    return Report({"out": str(target)} | details, tuple(lines))
