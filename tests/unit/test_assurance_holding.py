"""What differs in a pack from its manifest, whatever kind of entry it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from riskstrat import audit
from riskstrat.assurance import find_changes, read_manifest, write_manifest
from riskstrat.storage import format_json
from tests.suite.verbs import run_verb

ODD = "is a link or no file, which no pack holds"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of two files, sealed by a key of its own, without a sample."""
    folder = tmp_path / "pack"
    (folder / "definitions").mkdir(parents=True)
    (folder / "card.md").write_bytes(b"# A card")
    (folder / "definitions" / "rules.toml").write_bytes(b"n = 1")
    manifest = write_manifest(folder, "m", "1")
    (folder / "manifest.json").write_bytes(manifest)
    (folder / "seal.json").write_text(format_json(audit.make_seal(tmp_path, manifest)), encoding="utf-8")
    return folder


def list_changes(pack: Path) -> list[str]:
    return find_changes(pack, read_manifest(pack))


def test_a_pack_as_it_was_made_has_no_change(pack: Path) -> None:
    assert list_changes(pack) == []


@pytest.mark.skipif(os.name == "nt", reason="links and pipes take rights that a test has not on Windows")
@pytest.mark.parametrize("kind", ["to a folder", "to a file", "to nothing", "pipe"])
@pytest.mark.parametrize("name", ["more", "definitions/more.py"])
def test_a_link_or_pipe_that_was_put_in_is_named(pack: Path, tmp_path: Path, kind: str, name: str) -> None:
    if kind == "pipe":
        os.mkfifo(pack / name)
    else:
        target = {"to a folder": tmp_path, "to a file": pack / "card.md", "to nothing": tmp_path / "gone"}[kind]
        (pack / name).symlink_to(target)
    assert list_changes(pack) == [f"{name} {ODD}"]


@pytest.mark.skipif(os.name == "nt", reason="links take rights that a test has not on Windows")
@pytest.mark.parametrize("name", ["card.md", "definitions", "manifest.json", "seal.json"])
def test_a_link_in_place_of_what_was_packed_is_named_though_it_leads_to_the_same(
    pack: Path, tmp_path: Path, name: str
) -> None:
    (pack / name).rename(tmp_path / "moved")
    (pack / name).symlink_to(tmp_path / "moved")
    assert f"{name} {ODD}" in list_changes(pack)


def test_a_pack_without_what_its_sample_needs_is_refused_in_one_line(pack: Path) -> None:
    done = run_verb("pack", "verify", pack)
    assert done.returncode == 10, done.stderr
    assert done.stderr.count("\n") == 1
    assert "holds no whole sample" in done.stderr
