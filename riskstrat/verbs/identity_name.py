"""The verb `identity name`: the named copy of one team's list, for somebody whom identity.toml allows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskstrat import audit, identity
from riskstrat.errors import IdentityError
from riskstrat.identity import Authority, IdentityFolder
from riskstrat.identity.authority import Standing
from riskstrat.identity.private_files import OWNER_ONLY, write_private
from riskstrat.naming import ENDINGS, NamedCopy, list_pseudonyms, name_list, open_week
from riskstrat.publication import PublishedList
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


def name(root: Path | None, lists: Path, asked: Asked, user: str | None = None) -> Report:
    """Write the named copy of one team's list. Raises IdentityError when that is not allowed; both are logged.

    `user` is the one the operating system knows unless a test gives another.
    """
    folder = identity.open_folder(identity.find(root))
    who = user or audit.system_user()
    audit.require_ready(folder.root)
    try:
        authority = _resolve_authority(folder, asked, who)
        week = open_week(lists, folder.settings.publishers, latest=authority.standing is not None)
        target = _choose_target(folder, asked, authority, week)
        if target.exists():
            return _report_left_alone(target, authority)
        named = _make_copy(folder, week, authority, target)
    except IdentityError as refused:
        audit.append(folder.root, "naming refused", _describe_request(asked) | {"why": str(refused)}, who)
        raise
    details = _build_log_details(authority, week, target, named)
    mode = GROUP_READS if authority.standing and authority.standing.readers == "group" else OWNER_ONLY
    with audit.log_writing_out(folder.root, "named", details, target, named.content, who):
        write_private(named.content, target, mode)
    return _report_naming(target, folder, named, details)


def _resolve_authority(folder: IdentityFolder, asked: Asked, user: str) -> Authority:
    if asked.standing is not None:
        if asked.team or asked.purpose or asked.reason or asked.out:
            raise IdentityError("a standing authorisation says team, purpose, reason and place itself; give it alone")
        return identity.standing(folder.settings, asked.standing, user, audit.today())
    if not asked.team or not asked.purpose or asked.reason is None or asked.out is None:
        raise IdentityError("give --team, --purpose, --reason and --out, or --standing alone")
    team = asked.team.strip().upper()
    return identity.permitted(folder.settings, user, team, asked.purpose, asked.reason, audit.today())


def _choose_target(folder: IdentityFolder, asked: Asked, authority: Authority, week: PublishedList) -> Path:
    """Where the copy goes: outside every workspace, the identity folder and the week itself."""
    given = asked.out
    if authority.standing:
        given = Path(authority.standing.destination, _choose_name(folder, authority.standing, week))
    assert given is not None
    target = identity.outside_workspaces(given, "a named copy")
    endings = (".csv",) if folder.external else tuple(ENDINGS.values())
    if target.suffix not in endings:
        raise IdentityError(f"the file must end in {' or '.join(endings)}, which says what it is")
    if folder.root in target.parents or week.folder in target.parents:
        raise IdentityError("a named copy may not stand in the identity folder or beside the published list")
    if target.exists() and not authority.standing:
        raise IdentityError("a file of that name stands there and may hold what the team wrote; give another name")
    return target


def _choose_name(folder: IdentityFolder, standing: Standing, week: PublishedList) -> str:
    """The name of a scheduled task's file: by it the next run knows that the week's copy stands.

    A list that was withdrawn and published again has a copy of its own: the first one may be of other people.
    """
    again = f"-edition-{week.edition}" if (week.edition or 1) > 1 else ""
    start = f"{standing.team.lower()}-{week.list_date}{again}"
    if folder.external:
        return f"{start}-for-naming.csv"
    return f"{start}-named{'' if standing.document == 'workbook' else '-people'}{ENDINGS[standing.document]}"


def _make_copy(folder: IdentityFolder, week: PublishedList, authority: Authority, target: Path) -> NamedCopy:
    if folder.external:
        return list_pseudonyms(week, authority)
    return name_list(week, folder.identities(), authority, target.name, folder.root)


def _describe_request(asked: Asked) -> dict[str, Any]:
    """What a refused run asked for, as far as it is of a closed form: free text may say who a person is."""
    team = (asked.team or "").strip().upper()
    return {
        "team": team if re.fullmatch("[A-Z]{3}", team) else None,
        "purpose": asked.purpose if asked.purpose in identity.PURPOSES else None,
        "standing": asked.standing is not None,
    }


def _build_log_details(authority: Authority, week: PublishedList, target: Path, named: NamedCopy) -> dict[str, Any]:
    standing = authority.standing
    return {
        "list_date": week.list_date.isoformat(),
        "manifest": week.digest,
        "team": authority.team,
        "role": authority.role,
        "purpose": authority.purpose,
        "reason": authority.reason,
        "references": named.references,
        "not_held": named.not_held,
        "of_another_age": named.of_another_age,
        "restricted": named.restricted,
        "age_not_checked": named.age_not_checked,
        "file": target.name,
        "standing": standing.name if standing else None,
        "approved_by": standing.approved_by if standing else None,
    }


def _report_left_alone(target: Path, authority: Authority) -> Report:
    summary = {"out": str(target), "team": authority.team, "status": LEFT_ALONE}
    return Report(summary, (f"{target}: {LEFT_ALONE}",))


def _report_naming(target: Path, folder: IdentityFolder, named: NamedCopy, details: Mapping[str, object]) -> Report:
    what = "for the practice's own naming service" if folder.external else "named"
    lines = [f"{target}: {named.references} people {what}; logged"]
    if named.not_held:
        lines.append(f'{named.not_held} of them are not held in this store; they stand as "not held here"')
    if named.restricted:
        lines.append(f"{named.restricted} of them are restricted, and neither named nor to be contacted")
    if named.of_another_age:
        lines.append(
            f"{named.of_another_age} of them are not named: the date of birth held is not of the age on the list"
        )
    if named.age_not_checked:
        lines.append(f"{named.age_not_checked} of them have no date of birth here: check who they are another way")
    return Report({"out": str(target), "status": "written"} | dict(details), tuple(lines))
