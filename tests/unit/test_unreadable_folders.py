"""A folder of lists or reviews that cannot be read is refused: it is never taken for an empty one."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from riskstrat.errors import PublicationError, RiskstratError
from riskstrat.publication import (
    WITHDRAWN,
    count_editions,
    find_folders,
    find_unfinished_withdrawal,
    find_withdrawn,
    read_case_register,
)
from riskstrat.reviews import FileReviewStore

MONDAY = date(2026, 11, 16)
FOLDER = "reviews"

Read = Callable[[Path], object]
READERS: dict[str, tuple[str, Read]] = {
    "lists": (".", find_folders),
    "cases of lists": (".", read_case_register),
    "cases of withdrawn lists": (WITHDRAWN, read_case_register),
    "editions": (WITHDRAWN, lambda lists: count_editions(lists, MONDAY)),
    "unfinished withdrawal": (WITHDRAWN, lambda lists: find_unfinished_withdrawal(lists, MONDAY)),
    "reviews of a list": (FOLDER, lambda root: FileReviewStore(root).read_standing(MONDAY, "NHU")),
    "every review": (FOLDER, lambda root: FileReviewStore(root).take_snapshot(date.max)),
}


def bar(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the system refuse to list one folder, as it refuses whoever may not read it."""

    def wrap(listed: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(path: Any = ".") -> Any:
            if Path(path) == folder:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return listed(path)

        return refuse

    for name in ("listdir", "scandir"):
        patch.setattr(os, name, wrap(getattr(os, name)))


@pytest.mark.parametrize(("name", "read"), READERS.values(), ids=READERS)
def test_what_cannot_be_listed_is_refused(
    name: str, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(tmp_path)
    (tmp_path / name).mkdir(exist_ok=True)
    read(tmp_path)
    bar(tmp_path / name, monkeypatch)
    with pytest.raises(RiskstratError, match="check its permissions") as refused:
        read(tmp_path)
    assert "\n" not in str(refused.value)
    assert isinstance(refused.value, PublicationError) or name == FOLDER


def test_withdrawn_lists_come_in_the_order_in_which_they_were_withdrawn(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        (tmp_path / WITHDRAWN / f"{MONDAY}-{number}").mkdir(parents=True)
    (tmp_path / WITHDRAWN / "2026-11-09-11").mkdir()
    assert [path.name[11:] for path in find_withdrawn(tmp_path, MONDAY)] == ["1", "2", "10"]
    assert [path.name[11:] for path in find_withdrawn(tmp_path)] == ["11", "1", "2", "10"]
