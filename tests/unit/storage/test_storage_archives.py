"""An archive comes back as it was, to the byte, or not at all."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.errors import StorageError
from riskstrat.storage import compute_folder_digests
from riskstrat.storage.archives import restore_archive, write_archive


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "table.parquet").write_bytes(bytes(range(256)) * 20)
    sources = {
        "data/table.parquet": tmp_path / "table.parquet",
        "a/b/ä.txt": lambda: b"text" * 50,
        "empty": lambda: b"",
    }
    write_archive(sources, {"of": "one"}, tmp_path / "a.zip")
    return tmp_path / "a.zip"


def test_what_comes_back_is_what_went_in_for_its_owner_alone(archive: Path, tmp_path: Path) -> None:
    assert restore_archive(archive, tmp_path / "back") == {"of": "one"}
    assert {path: (tmp_path / "back" / path).read_bytes() for path in compute_folder_digests(tmp_path / "back")} == {
        "a/b/ä.txt": b"text" * 50,
        "data/table.parquet": bytes(range(256)) * 20,
        "empty": b"",
    }
    if os.name != "nt":
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "back").rglob("*") if path.is_file()}
        assert modes | {stat.S_IMODE(archive.stat().st_mode)} == {0o600}
        assert stat.S_IMODE((tmp_path / "back" / "data").stat().st_mode) == 0o700


def test_the_same_contents_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    restore_archive(archive, tmp_path / "back")
    names = compute_folder_digests(tmp_path / "back")
    write_archive({name: tmp_path / "back" / name for name in names}, {"of": "one"}, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


@given(place=st.integers(0), bit=st.integers(0, 7))
def test_an_archive_of_which_one_bit_is_wrong_gives_what_went_in_or_nothing(
    place: int, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bits")
    write_archive({"a.txt": lambda: b"some text " * 9, "b.pdf": lambda: b"%PDF"}, {}, folder / "a.zip")
    content = bytearray((folder / "a.zip").read_bytes())
    content[place % len(content)] ^= 1 << bit
    (folder / "a.zip").write_bytes(content)
    try:
        restore_archive(folder / "a.zip", folder / "back")
    except StorageError:
        assert sorted(os.listdir(folder)) == ["a.zip"]
    else:
        found = {path.name: path.read_bytes() for path in (folder / "back").iterdir()}
        assert found == {"a.txt": b"some text " * 9, "b.pdf": b"%PDF"}


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "a\\..\\out", "C:/out", "", "a//b", "./a"])
def test_no_entry_lands_outside_its_folder(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        made.writestr(zipfile.ZipInfo(name), b"")
        contents = {"format": 1, "facts": {}, "files": {made.namelist()[0]: digest}}
        made.writestr("contents.json", json.dumps(contents))
    with pytest.raises(StorageError, match=r"a\.zip .*nothing was restored"):
        restore_archive(tmp_path / "a.zip", tmp_path / "back")
    assert sorted(os.listdir(tmp_path)) == ["a.zip"]


@pytest.mark.parametrize("content", [b"", b"PK", b"\x00" * 500])
def test_what_is_no_archive_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(StorageError, match=r"a\.zip is damaged, or no backup; nothing was restored"):
        restore_archive(tmp_path / "a.zip", tmp_path / "back")


def test_a_folder_with_anything_in_it_is_left_as_it_is(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "letter").write_text("Dear", encoding="utf-8")
    with pytest.raises(StorageError, match="is not empty"):
        restore_archive(archive, tmp_path / "back")
    assert [path.name for path in (tmp_path / "back").iterdir()] == ["letter"]
    with pytest.raises(StorageError, match="cannot be read: No such file"):
        restore_archive(tmp_path / "none.zip", tmp_path / "new")
