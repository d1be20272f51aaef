"""Workspaces that take a minute to make: made once for a run, and kept below build/ for the next.

A kept workspace is found by the hash of everything that makes it, and is used only if every byte of it is as it was
when it was put there. A run works on a copy, so no test can change what is kept.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import riskstrat

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "test-workspaces"
LONGEST_SECONDS = 1200
Make = Callable[[Path], None]

DECISIONS = ("features", "training", "registry", "notebooks")
SUFFIXES_OF_DECISIONS = {".py", ".toml", ".csv", ".j2", ".md", ".ipynb"}
FILES = (
    *("riskstrat.toml", "pyproject.toml", "requirements.lock", "requirements-dev.lock", "tests/conftest.py"),
    *("tests/suite/kept.py", "tests/suite/quick.py", "tests/suite/undrawn.py", "tests/suite/verbs.py"),
)


def make_once(factory: pytest.TempPathFactory, name: str, make: Make) -> Path:
    """The run's own folder `name` as `make` fills it; whichever worker comes first makes it, or copies a kept one.

    What failed for one worker fails for the others with the same words.
    """
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    ended = folder.with_name(f"{name}.ended")
    try:
        folder.mkdir()
    except FileExistsError:
        _wait_for(ended)
    else:
        _fill(folder, ended, lambda: fill_from_kept(KEPT, name, inputs_hash(), folder, make))
    failure = ended.read_text(encoding="utf-8")
    assert not failure, failure
    return folder


def _fill(folder: Path, ended: Path, fill: Callable[[], None]) -> None:
    failure = f"making {folder.name} was interrupted"
    try:
        fill()
        failure = ""
    except Exception:
        failure = traceback.format_exc()
    finally:
        beside = ended.with_suffix(".writing")
        beside.write_text(failure, encoding="utf-8")
        beside.replace(ended)


def _wait_for(file: Path) -> None:
    until = time.monotonic() + LONGEST_SECONDS
    while not file.exists():
        assert time.monotonic() < until, f"another worker never finished {file.stem}"
        time.sleep(0.2)


def fill_from_kept(store: Path, name: str, inputs: str, folder: Path, make: Make) -> None:
    """Fills the empty `folder` from what `store` keeps under that name and hash; else makes it, and keeps a copy."""
    kept = store / f"{name}-{inputs}"
    if kept.is_dir() and _whole(kept):
        shutil.copytree(kept / "made", folder, dirs_exist_ok=True)
        return
    make(folder)
    _keep(folder, kept)


def _keep(folder: Path, kept: Path) -> None:
    """Puts a copy of `folder` into the store in one rename, and removes what the store had under the name."""
    beside = kept.with_name(f"{kept.name}.writing-{os.getpid()}")
    shutil.copytree(folder, beside / "made")
    (beside / "sha256").write_text(hash_of_folder(beside / "made"), encoding="utf-8")
    for older in kept.parent.glob(f"{kept.name.partition('-')[0]}-*"):
        if not _being_written(older):
            shutil.rmtree(older, ignore_errors=True)
    try:
        beside.rename(kept)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)


def _being_written(folder: Path) -> bool:
    """Whether a run that still goes on is writing the folder."""
    process = folder.name.partition(".writing-")[2]
    try:
        os.kill(int(process or 0), 0)
    except OSError:
        return False
    return bool(process)


def _whole(kept: Path) -> bool:
    written = kept / "sha256"
    return written.is_file() and written.read_text(encoding="utf-8") == hash_of_folder(kept / "made")


def inputs_hash() -> str:
    """The hash of all that decides what a workspace of the tests holds: the engine, decisions, locks, Python, packages.

    Packages count as they are installed, since nothing holds an environment to its lock.
    """
    engine = Path(riskstrat.__file__).parent
    decisions = [file for name in DECISIONS for file in _files(ROOT / name) if file.suffix in SUFFIXES_OF_DECISIONS]
    digest = hashlib.sha256(hash_of_folder(engine).encode())
    digest.update(hash_of([*decisions, *(ROOT / name for name in FILES)], ROOT).encode())
    installed = sorted(f"{found.name}=={found.version}" for found in importlib.metadata.distributions())
    digest.update("\n".join([sys.version, platform.platform(), *installed]).encode())
    return digest.hexdigest()


def hash_of_folder(folder: Path) -> str:
    """One hash over every file below a folder, its name and its bytes, but for what Python and numba compiled."""
    return hash_of(_files(folder), folder)


def hash_of(files: Iterable[Path], root: Path) -> str:
    """One hash over the names below `root` and the bytes of the files."""
    digest = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
