"""`--out` leads into nothing that a workspace or an identity folder keeps, however it is spelled."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from riskstrat.errors import StorageError
from riskstrat.site.outputs import require_free_place

KEPT = {
    "kept/data.csv": "the ingested data",
    "kept/versions/0/tables/people.parquet": "the ingested data",
    "weeks/2026-11-16/kir.csv": "the published lists",
    "registry/artifacts/x.csv": "the registry",
    "audit/log.csv": "the audit log",
    "reviews/2026-11-16-KIR-1.csv": "the reviews",
    "features/codelists/falls.csv": "the decisions",
    "training/roles.csv": "the decisions",
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A workspace that keeps its store and its lists under names of its own."""
    root = tmp_path / "site"
    for folder in ("kept", "weeks", "registry", "audit", "reviews", "features", "training", "scratch"):
        (root / folder).mkdir(parents=True)
    (root / "riskstrat.toml").write_text('[data]\nstore = "kept"\n[lists]\nfolder = "weeks"\n', encoding="utf-8")
    return root


@pytest.mark.parametrize(("place", "what"), KEPT.items())
def test_a_place_that_a_workspace_keeps_is_refused(site: Path, place: str, what: str) -> None:
    with pytest.raises(StorageError, match=f"it would stand in {what}; choose a folder of your own"):
        require_free_place(site / place, (".csv", ".parquet"))


@pytest.mark.parametrize("place", ["score.csv", "scratch/score.csv", "scratch/new/score.csv", "../score.csv"])
def test_any_other_place_is_free(site: Path, place: str) -> None:
    require_free_place(site / place, (".csv",))


def test_a_way_round_is_a_way_in(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site / "scratch")
    for way in ("../kept/a.csv", "../scratch/../audit/a.csv", "../../site/weeks/a.csv"):
        with pytest.raises(StorageError):
            require_free_place(Path(way), (".csv",))
    if os.name != "nt":
        (site / "scratch" / "link").symlink_to(site / "kept")
        with pytest.raises(StorageError, match="the ingested data"):
            require_free_place(site / "scratch" / "link" / "a.csv", (".csv",))


def test_a_store_outside_its_workspace_and_that_of_another_are_refused(site: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "versions").mkdir(parents=True)
    (tmp_path / "elsewhere" / "current.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StorageError, match="the ingested data"):
        require_free_place(tmp_path / "elsewhere" / "a.csv", (".csv",))


def test_a_workspace_whose_settings_cannot_be_read_keeps_what_a_new_one_does(site: Path) -> None:
    (site / "riskstrat.toml").write_text("[", encoding="utf-8")
    for place in ("data/a.csv", "lists/a.csv", "audit/a.csv"):
        with pytest.raises(StorageError):
            require_free_place(site / place, (".csv",))


def test_a_whole_workspace_is_no_folder_to_write_to(site: Path) -> None:
    with pytest.raises(StorageError, match="an analytics workspace"):
        require_free_place(site)


def test_an_identity_folder_takes_nothing_and_a_workspace_nothing_of_an_identity_verb(
    site: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "identity.toml").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="an identity folder"):
        require_free_place(tmp_path / "other" / "rows" / "a.csv", (".csv",))
    with pytest.raises(StorageError, match="an analytics workspace"):
        require_free_place(site / "scratch" / "a.csv", (".csv",), identified=True)


def test_what_stands_there_and_is_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(StorageError, match="a folder of that name stands there"):
        require_free_place(tmp_path / "a.csv", (".csv",))
    with pytest.raises(StorageError, match=r"the ending must be \.csv"):
        require_free_place(tmp_path / "a.xls", (".csv",))
