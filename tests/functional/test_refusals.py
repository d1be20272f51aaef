"""What cannot be done ends with one line that says what to do, a documented exit code, and nothing half-written."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.suite.stores import find_version, read_facts

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]
Says = Callable[..., str]

MODEL = "emergency_admission_12m"


@pytest.fixture(scope="module")
def bench(demo_workspace: Path, copy: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo's workspace; every test here leaves it as it found it."""
    workspace: Path = copy(demo_workspace, tmp_path_factory.mktemp("refusals") / "workspace")
    return workspace


@pytest.fixture
def says(verb: Verb, refused: Callable, bench: Path, tree: Tree) -> Says:
    """Runs a verb in `bench`: one line, that exit code, and no file changed. Gives the line."""

    def run(code: int, *given: Any) -> str:
        before = tree(bench)
        said: str = refused(verb(*given, "-w", bench), code)
        assert tree(bench) == before
        return said

    return run


@pytest.fixture
def edited(bench: Path) -> Any:
    """Replaces text in a file of `bench` for one test."""
    originals: dict[Path, str] = {}

    def edit(name: str, before: str, after: str) -> None:
        path = bench / name
        text = originals.setdefault(path, path.read_text(encoding="utf-8"))
        assert before in text
        path.write_text(text.replace(before, after, 1), encoding="utf-8")

    yield edit
    for path, text in originals.items():
        path.write_text(text, encoding="utf-8")


DATED = (("score", "--out", "x.csv"), ("features", "--out", "x.csv"), ("explain", "P1"), ("list",), ("weekly",))


@pytest.mark.parametrize("given", [("check",), ("models",), ("train", MODEL), *DATED], ids=lambda given: given[0])
def test_no_workspace(given: tuple[str, ...], verb: Verb, refused: Callable, tmp_path: Path) -> None:
    dated = ("--index-date", "2026-11-16") if given in DATED else ()
    said = refused(verb(*given, *dated, "-w", tmp_path), 3)
    assert said == f"{tmp_path} has no riskstrat.toml; give a workspace, or make one: riskstrat init {tmp_path}"
    assert list(tmp_path.iterdir()) == []


def test_no_workspace_around_the_folder(verb: Verb, refused: Callable, tmp_path: Path) -> None:
    said = refused(verb("check", cwd=tmp_path), 3)
    assert said.startswith("no riskstrat.toml here or in a folder above; go to a workspace")


@pytest.mark.parametrize("given", DATED, ids=lambda given: given[0])
class TestIndexDate:
    def test_in_the_future(self, given: tuple[str, ...], says: Says, bench: Path) -> None:
        as_at = read_facts(bench / "data")["data_as_at"]
        said = says(6, *given, "--index-date", "2031-01-06")
        assert said.startswith(f"index date 2031-01-06 is in the future: the data are as at {as_at}; ")

    @pytest.mark.parametrize("text", ["16/11/2026", "2026-11-31", "Monday", "2026-W47", "20261116"])
    def test_not_a_date(self, text: str, given: tuple[str, ...], says: Says) -> None:
        said = says(6, *given, "--index-date", text)
        assert said == f'index date "{text}" is not a date; write it as 2026-11-16'

    def test_latest_needs_a_recipe_of_discharges(self, given: tuple[str, ...], says: Says) -> None:
        assert "give a date" in says(6, *given, "--index-date", "latest")


def test_training_as_at_the_future(says: Says) -> None:
    assert says(6, "train", MODEL, "--as-at", "2031-01-06").startswith("--as-at 2031-01-06 is in the future")


def test_training_as_at_no_date(says: Says) -> None:
    assert (
        says(6, "train", MODEL, "--as-at", "yesterday") == '--as-at "yesterday" is not a date; write it as 2026-11-16'
    )


def test_training_before_there_are_enough_records(says: Says) -> None:
    assert "no complete index dates" in says(6, "train", MODEL, "--as-at", "2019-01-01")


def test_withdrawing_no_date(says: Says) -> None:
    assert 'list date "16/11" is not a date' in says(6, "withdraw", "16/11", "--reason", "No.")


@pytest.mark.parametrize(
    "given",
    [
        ("train", "emergency_admision_12m"),
        ("score", "--index-date", "2026-11-09", "--out", "x.csv", "--recipe", "emergency_admision_12m"),
    ],
    ids=lambda given: given[0],
)
def test_an_unknown_recipe(given: tuple[str, ...], says: Says) -> None:
    said = says(4, *given)
    assert said.startswith('no recipe "emergency_admision_12m" in training')
    assert f'"{MODEL}"' in said or MODEL in said


def test_an_unknown_key_of_a_recipe(says: Says, edited: Callable) -> None:
    edited(f"training/{MODEL}.toml", "min_age = 18", "minimum_age = 18")
    said = says(4, "check")
    assert f'training/{MODEL}.toml: unknown key "cohort.minimum_age"' in said
    assert "min_age" in said


def test_an_unknown_key_of_the_settings(says: Says, edited: Callable) -> None:
    edited("riskstrat.toml", "quarantine_limit", "quarantine_limits")
    said = says(3, "weekly", "--index-date", "2026-11-09")
    assert 'riskstrat.toml: unknown key "data.quarantine_limits"' in said
    assert "quarantine_limit" in said.partition("limits")[2]


def test_settings_that_are_no_toml(says: Says, edited: Callable) -> None:
    edited("riskstrat.toml", "[data]", "[data")
    assert "riskstrat.toml is not TOML" in says(3, "check")


def test_a_definition_that_is_no_python(says: Says, edited: Callable) -> None:
    edited("features/falls.py", "import", "imprt")
    assert says(4, "features", "--describe").startswith("features/falls.py line ")


def test_a_misspelled_column(says: Says, edited: Callable) -> None:
    edited("features/admissions.py", "admissions.method", "admissions.metod")
    said = says(4, "check")
    assert said.startswith("features/admissions.py line ")
    assert 'no column "metod"' in said
    assert '"method"' in said


def test_a_codelist_that_is_not_there(says: Says, edited: Callable) -> None:
    edited("features/admissions.py", 'codelist("acsc_chronic")', 'codelist("acsc_cronic")')
    assert "acsc_chronic" in says(4, "check")


def test_nothing_ingested(verb: Verb, refused: Callable, tmp_path: Path, tree: Tree) -> None:
    fresh = tmp_path / "fresh"
    assert verb("init", fresh).returncode == 0
    before = tree(tmp_path)
    for given in (*DATED, ("train", MODEL)):
        dated = () if given[0] == "train" else ("--index-date", "2026-11-16")
        said = refused(verb(*given, *dated, "-w", fresh), 5)
        assert said == 'no ingested data in data/; run "riskstrat ingest SOURCE" first'
    assert tree(tmp_path) == before


class TestNoChampion:
    @pytest.fixture
    def without(self, bench: Path) -> Any:
        """`bench` before anything was trained."""
        shutil.move(bench / "registry", bench.with_name("registry_aside"))
        yield bench
        shutil.rmtree(bench / "registry", ignore_errors=True)
        shutil.move(bench.with_name("registry_aside"), bench / "registry")

    @pytest.mark.parametrize("given", [one for one in DATED if one[0] != "features"], ids=lambda given: given[0])
    def test_where_nothing_was_trained(self, given: tuple[str, ...], without: Path, says: Says) -> None:
        said = says(9, *given, "--index-date", "2026-11-09")
        assert said == f'no model was trained yet; run "riskstrat train {MODEL}", then "riskstrat promote {MODEL}"'

    def test_promoting_where_nothing_was_trained(self, without: Path, says: Says) -> None:
        assert "no model was trained yet" in says(9, "promote", MODEL)

    def test_of_another_recipe(self, says: Says) -> None:
        said = says(9, "score", "--recipe", "emergency_readmission_30d", "--index-date", "latest", "--out", "x.csv")
        assert 'run "riskstrat train emergency_readmission_30d"' in said


def test_a_model_whose_file_is_damaged(says: Says, bench: Path) -> None:
    (booster,) = bench.glob("registry/artifacts/**/riskstrat_model/booster.txt")
    text = booster.read_text(encoding="utf-8")
    booster.write_text(text[: len(text) // 2], encoding="utf-8")
    try:
        assert MODEL in says(9, "weekly", "--index-date", "2026-11-09")
    finally:
        booster.write_text(text, encoding="utf-8")


def test_a_store_that_lost_a_table(says: Says, bench: Path) -> None:
    table = find_version(bench / "data") / "tables" / "falls.parquet"
    table.rename(bench.with_name("aside.parquet"))
    try:
        assert says(5, "weekly", "--index-date", "2026-11-09").startswith("data/ has lost its table falls")
    finally:
        bench.with_name("aside.parquet").rename(table)


def test_the_demo_does_not_take_the_place_of_other_data(says: Says) -> None:
    """`bench` was copied without the demo's source, so its data could be anybody's."""
    assert "holds data that no demo made" in says(3, "demo", "--people", 200)


def test_nor_of_real_records_that_came_after_a_demo(says: Says, bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bench / "demo" / "borough").mkdir(parents=True)
    monkeypatch.setattr("riskstrat.sources.store.Store.simulated", False)
    try:
        assert "holds data that no demo made" in says(3, "demo", "--people", 200)
    finally:
        shutil.rmtree(bench / "demo")


def test_what_has_no_team_capacity_that_makes_sense(says: Says, edited: Callable) -> None:
    edited("riskstrat.toml", "capacity = 8", "capacity = -1")
    assert "capacity" in says(3, "list", "--index-date", "2026-11-09")
