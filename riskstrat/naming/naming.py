"""The verbs of the identity install: keys and pseudonyms, the crosswalk, and the named copy of one team's list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskstrat import audit, identity
from riskstrat.errors import IdentityError
from riskstrat.identity import Authority, IdentityFolder, Named, Week
from riskstrat.identity.private_files import OWNER_ONLY, write_private
from riskstrat.verbs.report import Report

GROUP_READS = 0o640
LEFT_ALONE = "stands already and is left as it is: it may hold what the team wrote"


@dataclass(frozen=True)
class Asked:
    """What a person asks for by `identity name`; a scheduled task gives `standing` alone."""

    team: str | None = None
    purpose: str | None = None
    reason: str | None = None
    out: Path | None = None
    standing: str | None = None


def init(target: Path, external: bool, user: str | None = None) -> Report:
    """Make an identity folder."""
    made = identity.init(target, "external" if external else "nhs_number", user)
    lines = (
        f"{made.root}: key, encrypted store, identity.toml and audit log",
        "Nobody may name a list yet: write people into identity.toml. Back the folder up where the data are not.",
    )
    return Report({"identity": str(made.root), "mode": made.settings.mode}, lines)


def pseudonymise(
    root: Path | None, source: Path, out: Path, column: str, birth_month: bool = False, user: str | None = None
) -> Report:
    """Identified rows to rows under patient_id."""
    done = identity.pseudonymise(_folder(root), source, out, column, birth_month, user)
    lines = [
        f"{out}: {done.written:,} of {done.rows:,} rows, {done.people:,} people",
        f"the store: new or changed for {done.new_or_changed:,} people",
        *(
            [f"{done.two_names:,} people stand under two names; the last is kept: look at the file"]
            * bool(done.two_names)
        ),
        *_kept_back(done.kept, "kept in the store and not put out"),
        *_kept_back(done.dropped, "neither kept nor put out"),
        *_quarantined(done.quarantined, done.quarantine),
    ]
    summary = {
        "out": str(out),
        "rows": done.rows,
        "written": done.written,
        "people": done.people,
        "new_or_changed": done.new_or_changed,
        "two_names": done.two_names,
        "kept": list(done.kept),
        "dropped": list(done.dropped),
        "quarantined": dict(done.quarantined),
        "quarantine": str(done.quarantine),
    }
    return Report(summary, tuple(lines))


def crosswalk(root: Path | None, source: Path, user: str | None = None) -> Report:
    """Other pseudonyms of the same people into the store."""
    done = identity.add_crosswalk(_folder(root), source, user)
    line = f"the store: {done.used:,} of {done.rows:,} pseudonyms"
    summary = {"rows": done.rows, "used": done.used, "quarantined": dict(done.quarantined)}
    return Report(summary, (line, *_quarantined(done.quarantined, done.quarantine)))


def translate(root: Path | None, source: Path, name: str, out: Path, column: str, user: str | None = None) -> Report:
    """Rows under another pseudonym to rows under this site's patient_id."""
    done = identity.translate(_folder(root), source, name, out, column, user)
    line = f"{out}: {done.used:,} of {done.rows:,} rows"
    summary = {"out": str(out), "rows": done.rows, "used": done.used, "quarantined": dict(done.quarantined)}
    return Report(summary, (line, *_quarantined(done.quarantined, done.quarantine)))


def name(root: Path | None, lists: Path, asked: Asked, user: str | None = None) -> Report:
    """Write the named copy of one team's list. Raises IdentityError when that is not allowed; both are logged.

    `user` is the one the operating system knows unless a test gives another.
    """
    folder = _folder(root)
    who = user or audit.system_user()
    try:
        authority = _authority(folder, asked, who)
        week = identity.open_week(lists, latest=authority.standing is not None)
        target = _target(folder, asked, authority, week)
        if target.exists():
            return _stands_already(target, authority)
        named = _made(folder, week, authority, target)
    except IdentityError as refused:
        audit.append(folder.root, "naming refused", _asked_for(asked) | {"why": str(refused)}, who)
        raise
    details = _done(authority, week, target, named)
    mode = GROUP_READS if authority.standing and authority.standing.readers == "group" else OWNER_ONLY
    write_private(named.content, target, mode, lambda: audit.append(folder.root, "named", details, who))
    return _named_report(target, folder, named, details)


def page(out: Path) -> Report:
    """Write the page on which a practice names a list by itself."""
    write_private(identity.naming_page().encode("utf-8"), out, mode=0o644)
    return Report({"out": str(out)}, (f"{out}: open it in the practice's browser; it sends nothing anywhere",))


def _folder(root: Path | None) -> IdentityFolder:
    return identity.open_folder(identity.find(root))


def _authority(folder: IdentityFolder, asked: Asked, user: str) -> Authority:
    if asked.standing is not None:
        if asked.team or asked.purpose or asked.reason or asked.out:
            raise IdentityError("a standing authorisation says team, purpose, reason and place itself; give it alone")
        return identity.standing(folder.settings, asked.standing, user, audit.today())
    if not asked.team or not asked.purpose or asked.reason is None or asked.out is None:
        raise IdentityError("give --team, --purpose, --reason and --out, or --standing alone")
    team = asked.team.strip().upper()
    return identity.permitted(folder.settings, user, team, asked.purpose, asked.reason, audit.today())


def _target(folder: IdentityFolder, asked: Asked, authority: Authority, week: Week) -> Path:
    """Where the copy goes: outside every workspace, the identity folder and the week itself."""
    ending = ".csv" if folder.external else ".xlsx"
    given = asked.out
    if authority.standing:
        what = "for-naming" if folder.external else "named"
        given = Path(authority.standing.destination) / f"{authority.team.lower()}-{week.list_date}-{what}{ending}"
    assert given is not None
    target = identity.outside_workspaces(given, "a named copy")
    if target.suffix != ending:
        raise IdentityError(f"the file must end in {ending}")
    if folder.root in target.parents or week.folder in target.parents:
        raise IdentityError("a named copy may not stand in the identity folder or beside the published list")
    if target.exists() and not authority.standing:
        raise IdentityError("a file of that name stands there and may hold what the team wrote; give another name")
    return target


def _made(folder: IdentityFolder, week: Week, authority: Authority, target: Path) -> Named:
    if folder.external:
        return identity.external_copy(week, authority)
    return identity.named_copy(week, folder.identities(), authority, target.name)


def _asked_for(asked: Asked) -> dict[str, Any]:
    """What a refused run asked for, as far as it is of a closed form: free text may say who a person is."""
    team = (asked.team or "").strip().upper()
    return {
        "team": team if re.fullmatch("[A-Z]{3}", team) else None,
        "purpose": asked.purpose if asked.purpose in identity.PURPOSES else None,
        "standing": asked.standing is not None,
    }


def _done(authority: Authority, week: Week, target: Path, named: Named) -> dict[str, Any]:
    standing = authority.standing
    return {
        "list_date": week.list_date,
        "manifest": week.manifest,
        "team": authority.team,
        "role": authority.role,
        "purpose": authority.purpose,
        "reason": authority.reason,
        "references": named.references,
        "not_held": named.not_held,
        "file": target.name,
        "standing": standing.name if standing else None,
        "approved_by": standing.approved_by if standing else None,
    }


def _stands_already(target: Path, authority: Authority) -> Report:
    summary = {"out": str(target), "team": authority.team, "status": LEFT_ALONE}
    return Report(summary, (f"{target}: {LEFT_ALONE}",))


def _named_report(target: Path, folder: IdentityFolder, named: Named, details: Mapping[str, Any]) -> Report:
    what = "for the practice's own naming service" if folder.external else "named"
    lines = [f"{target}: {named.references} people {what}; logged"]
    if named.not_held:
        lines.append(f'{named.not_held} of them are not held in this store; their rows say "not held here"')
    return Report({"out": str(target), "status": "written"} | dict(details), tuple(lines))


def _kept_back(columns: tuple[str, ...], what: str) -> list[str]:
    return [f"{what}: {', '.join(columns)}"] if columns else []


def _quarantined(reasons: Mapping[str, int], where: Path) -> list[str]:
    counts = ", ".join(f"{number:,} {reason}" for reason, number in reasons.items())
    return [f"{where}: {sum(reasons.values()):,} rows left out ({counts})"] if reasons else []
