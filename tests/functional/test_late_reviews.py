"""A list that stands reads the reviews that it read when it was published; those that came late wait for the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from riskstrat.publication import REVIEWS, open_published
from riskstrat.reviews import FileReviewStore, Review
from tests.suite.unlogged import do_unlogged

Tree = Callable[[Path], dict[str, str]]


def _read_all_patients(folder: Path) -> list[str]:
    """Everybody listed, by team and rank."""
    published = open_published(folder)
    return [patient for code in sorted(published.team_names) for patient in published.read_patients(code).values()]


def test_reviews_imported_late_leave_the_published_list_as_it_is_and_are_said(
    verb: Callable, workspace: Path, monday: str, tree: Tree
) -> None:
    folder, day = workspace / "lists" / monday, date.fromisoformat(monday)
    before = tree(folder)
    earlier = day - timedelta(weeks=1)
    patient = _read_all_patients(folder)[0]
    late = Review(patient, earlier, "North Huyton", "monitor", None, True, earlier, "Ann", None)
    store = FileReviewStore(workspace)
    store.add((earlier, "NHU"), [late], None, do_unlogged)
    done = verb("weekly", "--index-date", monday, "-w", workspace)
    assert done.returncode == 0, done.stderr
    assert "already published from the same inputs; nothing changed" in done.stdout
    assert "1 outcome was imported since it was published; the next list reads it" in done.stdout
    assert tree(folder) == before
    assert verb("withdraw", monday, "--reason", "Reviews came late.", "-w", workspace).returncode == 0
    assert verb("weekly", "--index-date", monday, "-w", workspace).returncode == 0
    published = open_published(folder)
    assert patient in published.read_file(REVIEWS).decode()
    assert published.read_list().edition == 2
    assert patient not in _read_all_patients(published.folder)
