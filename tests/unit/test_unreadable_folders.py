"""A folder that cannot be read is refused wherever what is in it counts: it is never taken for an empty one."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from riskstrat.errors import PublicationError, RiskstratError, SourceError, StorageError
from riskstrat.publication import (
    WITHDRAWN,
    count_editions,
    find_folders,
    find_list_files,
    find_unfinished_withdrawal,
    find_withdrawn,
    read_case_register,
)
from riskstrat.registry.records import find_recorded_models, find_recorded_versions
from riskstrat.retention import find_records
from riskstrat.reviews import FileReviewStore
from riskstrat.sources.mapping import map_format
from riskstrat.sources.mimic import read_mimic
from riskstrat.sources.places import find_forms
from riskstrat.storage import compute_folder_digests, list_below
from riskstrat.trial.standing import find_trial_files
from riskstrat.workspace.codelists import read_codelists

MONDAY = date(2026, 11, 16)
FOLDER = "reviews"

Read = Callable[[Path], object]
READERS: dict[str, tuple[str, Read]] = {
    "lists": (".", find_folders),
    "cases of lists": (".", read_case_register),
    "cases of withdrawn lists": (WITHDRAWN, read_case_register),
    "editions": (WITHDRAWN, lambda lists: count_editions(lists, MONDAY)),
    "unfinished withdrawal": (WITHDRAWN, lambda lists: find_unfinished_withdrawal(lists, MONDAY)),
    "files of lists": ("2026-11-16", lambda lists: list(find_list_files(lists))),
    "reviews of a list": (FOLDER, lambda root: FileReviewStore(root).read_standing(MONDAY, "NHU")),
    "files of reviews": (f"{FOLDER}/2026-11-16", lambda root: FileReviewStore(root).find_kept_files()),
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
    (tmp_path / name).mkdir(parents=True, exist_ok=True)
    read(tmp_path)
    bar(tmp_path / name, monkeypatch)
    with pytest.raises(RiskstratError, match="check its permissions") as refused:
        read(tmp_path)
    assert "\n" not in str(refused.value)
    assert isinstance(refused.value, PublicationError | StorageError)


BELOW: dict[str, tuple[str, Read]] = {
    "digests of a folder": ("x", compute_folder_digests),
    "all below a folder": ("x/y", list_below),
    "files of trials": ("trial/1", lambda root: list(find_trial_files(root))),
    "recorded models": ("artifacts", find_recorded_models),
    "recorded versions": ("artifacts/m/versions", lambda root: find_recorded_versions(root, "m")),
    "codelists": ("features/codelists", read_codelists),
    "records of what was deleted": ("retention", find_records),
    "parts of a table": ("admissions/year=2026", lambda root: find_forms(map_format(root))),
    "a folder of a source": ("admissions", lambda root: find_forms(map_format(root))),
    "events of MIMIC": ("data/held_out", read_mimic),
}


@pytest.mark.parametrize(("name", "read"), BELOW.values(), ids=BELOW)
def test_nothing_below_a_folder_is_passed_over(
    name: str, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir(parents=True)
    for other in ("data/train/0.parquet", "admissions/year=2025/0.parquet"):
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).touch()
    bar(tmp_path / name, monkeypatch)
    with pytest.raises(StorageError, match="check its permissions"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["lost+found", ".Trash-0"])
def test_what_a_disk_keeps_for_itself_stands_in_nobodys_way(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / "people.csv").write_text("patient_id\n", encoding="utf-8")
    bar(tmp_path / name, monkeypatch)
    assert find_forms(map_format(tmp_path)).files == {}


@pytest.mark.parametrize("to", ["folder", "nowhere"])
def test_a_link_among_the_parts_of_a_table_is_refused_by_name(to: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "1.parquet").touch()
    source = tmp_path / "source"
    (source / "admissions").mkdir(parents=True)
    (source / "admissions" / "0.parquet").touch()
    (source / "admissions" / "year=2026").symlink_to(tmp_path / to)
    with pytest.raises(SourceError, match=f"admissions holds year=2026, a link .*{to}.*which would not be read"):
        find_forms(map_format(source))


def test_withdrawn_lists_come_in_the_order_in_which_they_were_withdrawn(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        (tmp_path / WITHDRAWN / f"{MONDAY}-{number}").mkdir(parents=True)
    (tmp_path / WITHDRAWN / "2026-11-09-11").mkdir()
    assert [path.name[11:] for path in find_withdrawn(tmp_path, MONDAY)] == ["1", "2", "10"]
    assert [path.name[11:] for path in find_withdrawn(tmp_path)] == ["11", "1", "2", "10"]
