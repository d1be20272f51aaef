"""What a verb reads back of who is kept off lists is what the log says stands, or nothing is made from it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from riskstrat import audit
from riskstrat.errors import AuditError
from riskstrat.storage import compute_digest, write_bytes
from riskstrat.verbs.review_store import open_review_store
from riskstrat.workspace import load
from tests.suite.hand_made import STANDING, make_workspace

DAY = date(2026, 11, 17)
FIRST, SECOND = b'{"died": true}\n', b'{"died": true, "number": 2}\n'
PLACE = "refreshed/current.json"


def refresh(root: Path, content: bytes, *, killed: bool = False) -> None:
    """Write what a refresh brought, logged; killed: before it was written."""
    details = {"number": 1, "as_at": f"{DAY}", "kept_off": 1}
    with audit.log_refreshing(root, root / PLACE, compute_digest(content), details):
        if killed:
            raise KeyboardInterrupt
        write_bytes(content, root / PLACE, parents=True)


def require(root: Path, data_as_at: date = DAY) -> None:
    audit.require_refreshed_as_logged(root, "refreshed", data_as_at)


def change(root: Path) -> None:
    (root / PLACE).write_bytes(SECOND.replace(b"true", b"false"))


def put_back(root: Path) -> None:
    (root / PLACE).write_bytes(FIRST)


def remove(root: Path) -> None:
    (root / PLACE).unlink()


@pytest.mark.parametrize("harm", [change, put_back, remove])
def test_what_was_changed_put_back_or_taken_away_is_not_read(harm: Callable[[Path], None], tmp_path: Path) -> None:
    for content in (FIRST, SECOND):
        refresh(tmp_path, content)
        require(tmp_path)
    harm(tmp_path)
    with pytest.raises(AuditError, match=r"refreshed/current\.json (was changed|is gone)"):
        require(tmp_path)


def test_data_of_a_later_day_have_taken_over_and_nothing_is_asked(tmp_path: Path) -> None:
    refresh(tmp_path, FIRST)
    remove(tmp_path)
    require(tmp_path, DAY.replace(day=18))


def test_what_a_killed_run_left_is_read_and_what_is_of_no_line_is_for_verify(tmp_path: Path) -> None:
    write_bytes(FIRST, tmp_path / PLACE, parents=True)
    require(tmp_path)
    refresh(tmp_path, FIRST)
    with suppress(KeyboardInterrupt):
        refresh(tmp_path, SECOND, killed=True)
    require(tmp_path)
    write_bytes(SECOND, tmp_path / PLACE)
    with pytest.raises(AuditError):
        require(tmp_path)


def test_a_file_of_reviews_that_was_deleted_by_retention_need_not_stand(tmp_path: Path) -> None:
    file, record = tmp_path / "reviews" / "one.csv", tmp_path / "deleted.json"
    with audit.log_importing(tmp_path, file, compute_digest(FIRST), {"reviews": 1}):
        write_bytes(FIRST, file, parents=True)
    audit.require_as_logged(tmp_path, "reviews")
    gone = {"gone": [["reviews/one.csv", compute_digest(FIRST)]], "before": {}}
    with audit.log_deleting(tmp_path, gone, {record: compute_digest(SECOND)}):
        file.unlink()
        audit.require_as_logged(tmp_path, "reviews")
        write_bytes(SECOND, record)
    audit.require_as_logged(tmp_path, "reviews")
    with audit.log_importing(tmp_path, file, compute_digest(SECOND), {"reviews": 1}):
        write_bytes(SECOND, file)
    audit.require_as_logged(tmp_path, "reviews")
    file.write_bytes(FIRST)
    with pytest.raises(AuditError, match=r"reviews/one\.csv was changed"):
        audit.require_as_logged(tmp_path, "reviews")


def test_no_verb_reads_reviews_or_lists_that_were_changed_with_what_they_are_held_against(tmp_path: Path) -> None:
    root = make_workspace(tmp_path / "site")
    open_review_store(load(root))
    (review,) = (root / "reviews").glob("*.csv")
    for file in (review, root / "lists" / f"{STANDING}" / "manifest.json"):
        content = file.read_bytes()
        file.write_bytes(content + b"\n")
        with pytest.raises(AuditError, match=r"audit log (says|has)"):
            open_review_store(load(root))
        file.write_bytes(content)
    open_review_store(load(root))


# ---- One list, as whoever takes something in about it needs it ----

WHEN = "2026-11-16"


def publish(root: Path, digest: str) -> None:
    with audit.log_publishing(root, root / "lists" / WHEN / "manifest.json", WHEN, digest):
        pass


def withdraw(root: Path) -> None:
    with audit.log_withdrawing(root, WHEN, "Made of old data", {}):
        pass


def delete(root: Path, *folders: str) -> None:
    with audit.log_deleting(root, {"gone": [[name, "x"] for name in folders], "before": {}}, {}):
        pass


@pytest.mark.parametrize(
    ("deeds", "standing", "withdrawn", "said"),
    [
        ([], "", [], ""),
        ([], "m1", [], "stands, and no line"),
        ([], "", ["m1"], "what is kept of that is not"),
        ([lambda root: publish(root, "m1")], "m1", [], ""),
        ([lambda root: publish(root, "m1")], "", [], "is gone, and line 2"),
        ([lambda root: publish(root, "m1")], "m2", [], "is not as line 2"),
        ([lambda root: publish(root, "m1")], "m1", ["m2"], "what is kept of that is not"),
        ([lambda root: publish(root, "m1"), withdraw], "", ["m1"], ""),
        ([lambda root: publish(root, "m1"), withdraw], "m1", ["m1"], "stands, and no line"),
        ([lambda root: publish(root, "m1"), withdraw], "", [], "what is kept of that is not"),
        ([lambda root: publish(root, "m1"), withdraw, lambda root: publish(root, "m2")], "m2", ["m1"], ""),
        ([lambda root: publish(root, "m1"), withdraw, lambda root: publish(root, "m2")], "m1", ["m2"], "is not as"),
        ([lambda root: publish(root, "m1"), lambda root: delete(root, f"lists/{WHEN}")], "", [], ""),
        (
            [lambda root: publish(root, "m1"), withdraw, lambda root: delete(root, f"lists/withdrawn/{WHEN}-1")],
            "",
            [],
            "",
        ),
        (
            [lambda root: publish(root, "m1"), withdraw, lambda root: delete(root, f"backups/{WHEN}-1.zip")],
            "",
            ["m1"],
            "",
        ),
    ],
)
def test_a_list_is_there_as_often_and_as_the_log_has_it(tmp_path: Path, deeds, standing, withdrawn, said) -> None:
    for deed in deeds:
        deed(tmp_path)
    if not said:
        audit.require_list_as_logged(audit.read(tmp_path), WHEN, standing, withdrawn)
        return
    with pytest.raises(AuditError, match=said):
        audit.require_list_as_logged(audit.read(tmp_path), WHEN, standing, withdrawn)
