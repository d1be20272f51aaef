"""A practice's file of what clinicians confirmed for its GP records: NHS numbers beside agreed codes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from riskstrat import audit
from riskstrat.documents import build_records_workbook
from riskstrat.errors import IdentityError, PublicationError
from riskstrat.identity import Identities, RecordsAllowance, collect_names
from riskstrat.naming.copies import require_names_nobody
from riskstrat.naming.judging import JudgedNaming, count_judged, judge_naming
from riskstrat.reviews import ConfirmedEntries, ConfirmedEntry, parse_confirmed

NAMED_RECORDS = "records named"
NO_NUMBER = "no NHS number is held"

USABLE = timedelta(days=7)
"""For how long an export names people: later somebody may have died, objected or moved, which it cannot say."""


@dataclass(frozen=True)
class PracticeFile:
    """The bytes of the file, the references and outcomes in it, and by reference why another is not."""

    content: bytes = field(repr=False)
    entries: tuple[tuple[str, str], ...]
    left_out: dict[str, str]
    counts: dict[str, int]
    of_other_teams: int


def open_confirmed(file: Path, publishers: Collection[str], log: Iterable[audit.Line]) -> ConfirmedEntries:
    """The entries that a worklist exported.

    Raises IdentityError unless one of the publishers sealed them as they stand, for a file that is dated ahead or too
    old to name anybody from, and for one that is older than the last that was named here: it may hold what was written
    since.
    """
    try:
        exported = parse_confirmed(file.read_bytes(), "the file")
    except OSError:
        raise IdentityError("the file of entries cannot be read; check the path and its rights") from None
    except PublicationError as refused:
        raise IdentityError(str(refused)) from None
    if not audit.is_sealed_by(publishers, exported.sealed_bytes, exported.seal):
        raise IdentityError(
            "the entries were not sealed as they stand by a workspace that identity.toml has among its publishers; "
            "nobody is named from them"
        )
    # A file dated ahead would never be too old.
    if ahead := audit.describe_ahead(exported.made_at, audit.now()):
        raise IdentityError(f"nobody is named from these entries: they were {ahead}")
    if datetime.fromisoformat(audit.now()) - exported.moment > USABLE:
        raise IdentityError(
            f"the entries are of {exported.made_at}, and an export names people for {USABLE.days} days: who has died, "
            "objected or moved since is not in it; export anew with riskstrat worklist export-records"
        )
    own = (line.details for line in log if line.action == NAMED_RECORDS and line.details.get("key") == exported.key)
    last = max((str(one["made_at"]) for one in own), default="")
    if exported.made_at < last:
        raise IdentityError(
            f"the entries are of {exported.made_at}, and some of {last} were named already: they may hold what was "
            "written since; export them anew"
        )
    return exported


def build_practice_file(
    exported: ConfirmedEntries, identities: Identities, allowance: RecordsAllowance, practice: str, file_name: str
) -> PracticeFile:
    """One practice's entries of the teams that the account may name; the same gives the same bytes.

    By the rules of the named copy: nobody who is not held, is restricted, or cannot be of the age on the list.
    Raises IdentityError for a file name that names somebody who is held.
    """
    require_names_nobody(collect_names(identities.people.values()), (practice, *allowance.teams), file_name)
    of_practice = [one for one in exported.entries if one.practice == practice]
    due = [one for one in of_practice if one.team_code in allowance.teams]
    judged = {one: _judge(one, identities) for one in due}
    named = [one for one in due if not judged[one].why_not]
    rows = [_list_cells(one, identities.people[one.patient_id]) for one in named]
    return PracticeFile(
        build_records_workbook(rows, exported.moment.date()),
        tuple((one.reference, one.outcome) for one in named),
        {one.reference: judged[one].why_not for one in due if judged[one].why_not},
        count_judged(judged.values()) | {"no_number": sum(one.why_not == NO_NUMBER for one in judged.values())},
        len(of_practice) - len(due),
    )


def _judge(entry: ConfirmedEntry, identities: Identities) -> JudgedNaming:
    person = identities.people.get(entry.patient_id, {})
    judged = judge_naming(person, entry.age_band, entry.age_on)
    return judged if judged.why_not or person.get("nhs_number") else JudgedNaming(NO_NUMBER, judged.age)


def _list_cells(entry: ConfirmedEntry, person: dict[str, str]) -> list[str]:
    who = (person["nhs_number"], person.get("date_of_birth", ""), entry.practice, entry.practice_as_at)
    said = ("SNOMED CT", entry.code, entry.term, entry.decided_on, entry.confirmed_on, entry.confirmed_by)
    return [str(cell) for cell in (*who, *said, entry.reference, entry.due_on)]
