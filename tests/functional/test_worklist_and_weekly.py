"""What a team does in its worklist decides the next list: decisions rest, nominations come, people in question wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from riskstrat.casefinding import reference
from riskstrat.publication import NOTICES, REVIEWS, PublishedList, open_published
from riskstrat.reviews import Review
from riskstrat.weekly.listing import Listed, make_lists
from riskstrat.worklist.roles import Role
from riskstrat.workspace import load

TEAM, CODE, REFERRED_NUMBER = "North Huyton", "NHU", 5001


def test_the_next_list_reads_decisions_nominations_and_reports_from_the_worklist(
    verb: Callable, workspace: Path, monday: str
) -> None:
    published = open_published(workspace / "lists" / monday)
    earlier = date.fromisoformat(monday) - timedelta(days=3)
    decided, reported, carried = list(published.read_patients(CODE).items())[:3]
    below = find_below_the_line(published)
    decide_in_the_worklist(workspace, earlier, decided, reported, below)
    assert verb("withdraw", monday, "--reason", "The team met first.", "-w", workspace).returncode == 0
    done = verb("weekly", "--index-date", monday, "-w", workspace)
    assert done.returncode == 0, done.stderr
    again = open_published(workspace / "lists" / monday)
    now = again.read_patients(CODE)
    assert {decided[1], reported[1]}.isdisjoint(now.values())
    assert carried[1] in now.values()
    case = reference(CODE, REFERRED_NUMBER)
    assert now[case] == below
    team = again.read_list().team(CODE)
    (listed,) = [person for person in team.people if person.reference == case]
    assert (listed.arrival, listed.opened_on) == ("referred in", earlier)
    assert team.counts.excluded["reported as wrong, being checked"] == 1
    assert decided[1].encode() in again.read_file(REVIEWS)
    assert {below, reported[1]} <= set(again.read_file(NOTICES).decode().split('"'))
    made: list[Listed] = []

    def make(*given: Any) -> Listed:
        made.append(make_lists(*given))
        return made[-1]

    with patch("riskstrat.verbs.weekly.make_lists", make):
        repeated = verb("weekly", "--index-date", monday, "-w", workspace)
    assert "nothing changed" in repeated.stdout, repeated.stderr
    assert verb("audit", "verify", "-w", workspace).returncode == 0
    with patch("riskstrat.verbs.list.make_lists", return_value=made[0]) as asked:
        assert verb("list", "--index-date", monday, "-w", workspace).returncode == 0
    assert asked.call_args.args[-1].__class__.__name__ == "DatabaseReviewStore"


def find_below_the_line(published: PublishedList) -> str:
    """A person of the team far below the line."""
    rows = published.read_everyone(["patient_id", "team", "place"])
    return str(rows[(rows["team"] == TEAM) & (rows["place"] == "below the line")]["patient_id"].iloc[200])


def decide_in_the_worklist(
    root: Path, day: date, decided: tuple[str, str], reported: tuple[str, str], put_forward: str
) -> None:
    """Start the worklist, decide about one person, report another, and put a third forward."""
    from riskstrat.worklist.starting import start

    workspace = load(root)
    start(workspace, demo=False)
    from django.utils import timezone

    from riskstrat.worklist.models import FaultReport, Referral, User
    from riskstrat.worklist.store import find_or_open_case, keep_decision

    at = timezone.make_aware(datetime.combine(day, time(9)))
    user = User.objects.create_user("matron", "Community matron", Role.CLINICIAN)
    case = find_or_open_case(*decided, day)
    review = Review(decided[1], day, TEAM, "falls_service", None, True, day, "Ann", None, "Ben")
    keep_decision(case, [review], 1, "entry", at, entered_by=user)
    due = day + timedelta(days=5)
    case = find_or_open_case(*reported, day)
    FaultReport.objects.create(case=case, kind="moved", reported_by=user, reported_at=at, owner="lead", due_on=due)
    case = find_or_open_case(reference(CODE, REFERRED_NUMBER), put_forward, day)
    Referral.objects.create(case=case, reason="Two falls this month", referred_by=user, referred_at=at)
