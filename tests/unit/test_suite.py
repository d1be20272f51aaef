"""How the suite runs: what is kept between runs is never stale nor broken, the longest files start first."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from threadpoolctl import threadpool_info

from tests.suite import kept, order
from tests.suite.properties import MORE, population_settings, property_settings

TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture
def fill(tmp_path: Path) -> Callable[..., list[str]]:
    """Fills a new folder for a key; gives which keys were made, not copied, so far."""
    made: list[str] = []

    def run(inputs: str) -> list[str]:
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()

        def make(empty: Path) -> None:
            (empty / "lists").mkdir()
            (empty / "lists" / "kir.csv").write_text(inputs, encoding="utf-8")
            made.append(inputs)

        kept.fill_from_kept(tmp_path / "store", "demo", inputs, folder, make)
        assert (folder / "lists" / "kir.csv").read_text(encoding="utf-8") == inputs
        return made

    return run


def test_a_workspace_is_made_once_for_the_same_inputs_and_again_for_others(fill: Callable, tmp_path: Path) -> None:
    assert fill("one") == ["one"]
    assert fill("one") == ["one"]
    assert fill("two") == ["one", "two"]
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["demo-two"]


@pytest.mark.parametrize("damage", ["changed", "deleted", "added"])
def test_a_kept_workspace_that_was_changed_is_made_again(fill: Callable, tmp_path: Path, damage: str) -> None:
    fill("one")
    file = tmp_path / "store" / "demo-one" / "made" / "lists" / "kir.csv"
    if damage == "deleted":
        file.unlink()
    else:
        (file if damage == "changed" else file.with_name("new.csv")).write_text("other", encoding="utf-8")
    assert fill("one") == ["one", "one"]
    assert fill("one") == ["one", "one"]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot be asked whether a process runs")
def test_what_a_killed_run_left_half_written_is_not_used_and_removed_but_not_what_another_run_writes(
    fill: Callable, tmp_path: Path
) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    left = tmp_path / "store" / f"demo-one.writing-{int(ended.stdout)}"
    other = tmp_path / "store" / f"demo-one.writing-{os.getppid()}"
    for folder in (left, other):
        (folder / "made").mkdir(parents=True)
    assert fill("one") == ["one"]
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["demo-one", other.name]


def test_a_changed_byte_a_new_file_and_another_name_change_the_hash(tmp_path: Path) -> None:
    found = [kept.hash_of_folder(tmp_path)]
    file = tmp_path / "a.py"
    for content in ("x = 1", "x = 2"):
        file.write_text(content, encoding="utf-8")
        found.append(kept.hash_of_folder(tmp_path))
    file.rename(tmp_path / "b.py")
    found.append(kept.hash_of_folder(tmp_path))
    assert len(set(found)) == len(found)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "b.pyc").touch()
    assert kept.hash_of_folder(tmp_path) == found[-1]


def test_what_failed_for_one_worker_fails_for_the_next_with_the_same_words(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(kept, "KEPT", tmp_path / "store")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    name = f"{tmp_path.name}-made"

    def make(folder: Path) -> None:
        raise ValueError("the borough would not be made")

    for _ in range(2):
        with pytest.raises(AssertionError, match="the borough would not be made"):
            kept.make_once(tmp_path_factory, name, make)
    assert not (tmp_path / "store").exists()


def test_every_file_with_a_known_length_is_there() -> None:
    assert [name for name in order.SECONDS if not (TESTS / name).is_file()] == []


def test_one_worker_makes_the_demo_while_the_other_has_files_that_need_none() -> None:
    names = ["functional/a.py", "functional/b.py", *(f"property/{n}.py" for n in range(60)), "unit/c.py"]
    ordered = order.start_without_demo(names, needing={"functional/a.py", "functional/b.py"})
    assert ordered[0] == "functional/a.py"
    between = ordered[1 : ordered.index("functional/b.py")]
    assert sum(map(order.seconds_of, between)) > 2 * order.DEMO_SECONDS
    assert sorted(ordered) == sorted(names)
    assert order.start_without_demo(["unit/c.py", "unit/d.py"], needing=()) == ["unit/c.py", "unit/d.py"]


def test_numpy_was_loaded_after_its_products_were_given_one_thread() -> None:
    import scipy.linalg  # noqa: F401  - brings a library of its own

    asked = int(os.environ["OPENBLAS_NUM_THREADS"])
    assert {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"} <= {asked}


def test_the_profile_decides_over_seeds_and_examples_of_every_property() -> None:
    profile = settings.get_current_profile_name()
    for found in (property_settings(4), population_settings(4)):
        assert found.max_examples == 4 * MORE[profile]
        assert found.derandomize == (profile == "fixed")
        assert found.print_blob
    asking = [path for path in TESTS.rglob("test_*.py") if "derandomize" in path.read_text(encoding="utf-8")]
    assert [path.name for path in asking if path != Path(__file__)] == []
