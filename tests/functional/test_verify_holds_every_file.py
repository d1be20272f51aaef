"""`riskstrat audit verify` names whatever was changed, deleted or added among lists, reviews and champions."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat import audit
from riskstrat.errors import AuditError
from riskstrat.verbs.audit_verify import verify
from tests.suite.hand_made import MODEL, STANDING, make_workspace

FOLDERS = ("lists", "reviews", f"registry/artifacts/{MODEL}", "registry/cards")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole workspace. Tests only read it."""
    return make_workspace(tmp_path_factory.mktemp("made") / "site")


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "site"))


def held_files(root: Path) -> list[Path]:
    """Every file of which the log must speak."""
    files = (path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file())
    return sorted(path for path in files if path.name != ".lock")


def problems_of(root: Path) -> str:
    with pytest.raises(AuditError) as found:
        verify(root)
    return str(found.value)


def test_what_nobody_touched_is_whole(site: Path) -> None:
    assert verify(site).summary["whole"]
    assert verify(site).summary["notes"] == ()
    assert len(held_files(site)) > 15


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def put_beside(path: Path) -> None:
    path.with_name(path.name + ".more").write_bytes(b"more")


CHANGES: dict[str, Callable[[Path], None]] = {
    "one bit": flip,
    "one byte more": grow,
    "emptied": lambda path: path.write_bytes(b"") and None,
    "deleted": Path.unlink,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_file_that_is_changed_is_named(change: Callable[[Path], None], site: Path) -> None:
    """Each in turn, and put back."""
    for path in held_files(site):
        before = path.read_bytes()
        change(path)
        assert path.relative_to(site).as_posix() in problems_of(site), path
        path.write_bytes(before)
    assert verify(site).summary["whole"]


def test_every_file_that_is_added_is_named(site: Path) -> None:
    for path in held_files(site):
        put_beside(path)
        added = path.with_name(path.name + ".more")
        assert added.relative_to(site).as_posix() in problems_of(site), path
        added.unlink()


def test_a_list_that_certifies_itself_is_named(site: Path) -> None:
    shutil.copytree(site / "lists" / f"{STANDING}", site / "lists" / "2026-11-23")
    assert "lists/2026-11-23/manifest.json stands, but no line of the log speaks of it" in problems_of(site)


def test_a_model_changed_with_its_record_and_its_champion_is_named(site: Path) -> None:
    from riskstrat.registry import ModelVersion, kept
    from riskstrat.registry.records import build_champion, build_version

    registry = site / "registry"
    version = kept(registry, MODEL, 1)
    (version.folder / "evidence.json").write_bytes((version.folder / "evidence.json").read_bytes() + b" ")
    build_version(registry, ModelVersion(MODEL, 1, "run1"), version.folder).write()
    build_champion(registry, kept(registry, MODEL, 1).record).write()
    said = problems_of(site)
    assert f"registry/artifacts/{MODEL}/versions/1.json was changed" in said
    assert f"registry/artifacts/{MODEL}/champion.json was changed" in said


@pytest.mark.parametrize("gone", [["log.jsonl"], ["log.jsonl", "head.json"], ["log.jsonl", "head.json", "log.lock"]])
@pytest.mark.parametrize("kept_folder", ["lists", "reviews", "registry"])
def test_a_log_that_is_gone_shows_by_whatever_else_stands(gone: list[str], kept_folder: str, site: Path) -> None:
    for name in gone:
        (site / "audit" / name).unlink()
    for folder in {"lists", "reviews", "registry"} - {kept_folder}:
        shutil.rmtree(site / folder)
    assert problems_of(site)


def test_a_log_cut_short_with_its_head_shows_by_what_stands(site: Path) -> None:
    lines = audit.read(site)
    for count in range(1, len(lines)):
        shutil.rmtree(site / "audit")
        for line in lines[:count]:
            audit.append(site, line.action, line.details, line.user)
        assert problems_of(site), count


def test_a_line_of_an_earlier_version_has_no_digest_and_that_is_said(site: Path) -> None:
    lines = audit.read(site)
    shutil.rmtree(site / "audit")
    for line in lines:
        bare = {name: value for name, value in line.details.items() if name not in ("leaves", "begun")}
        if line.action not in ("begun", "trained"):
            audit.append(site, line.action, bare, line.user)
    said = verify(site).summary["notes"]
    assert said == (
        "files that an earlier riskstrat logged without a digest, of which only their being there is held: 3",
    )
    champion = site / "registry" / "artifacts" / MODEL / "champion.json"
    champion.write_text("{}", encoding="utf-8")
    assert "champion.json was changed" in problems_of(site), "its own record says that much"
    champion.unlink()
    assert "champion.json is missing" in problems_of(site)


def test_a_broken_definition_keeps_nobody_from_proving_the_log(site: Path) -> None:
    (site / "features" / "three.py").write_text("import nothing_there", encoding="utf-8")
    assert verify(site).summary["whole"]
