"""A workspace is what its files say now: whatever this process kept of them before, no edit is missed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.expressions import structure
from riskstrat.errors import RiskstratError
from riskstrat.workspace import Workspace, declared_once, load, loading
from tests.suite.properties import property_settings
from tests.unit.smallest_rules import SMALLEST_RULES

ROOT = Path(__file__).parents[2]
FEATURES = """\
from riskstrat.definitions import codelist, count, derive
from riskstrat.sources.tables import admissions, diagnoses

SCALE = NUMBER

def doubled(column):
    return column["a"] * SCALE * NUMBER

words = dict(theme="hospital use", unit="stays", says="{n} stays", why="a reason NUMBER", sensitive=False)
stays = count(admissions, lookback="NUMBER0d", missing=0, **words)
hearts = count(diagnoses, codes=codelist("heart"), lookback="90d", missing=0, **words)
twice = derive({"a": "stays"}, doubled, missing=0, **words)
"""
SIGNED = "\n".join(f'{name} = "x"' for name in ("title", "source", "licence", "clinical_owner"))
OUTCOMES = 'from riskstrat.sources.tables import admissions as a\nsoon = a.filter(a.method == "2NUMBER")\n'
FILES = SMALLEST_RULES | {
    "features/stays.py": FEATURES,
    "features/codelists/heart.csv": "code,group,description,source\nI1NUMBER,heart,Hypertension,a book\n",
    "features/codelists/codelists.toml": f'[heart]\n{SIGNED}\nversion = "NUMBER"\nsha256 = "{"0" * 64}"\n',
    "training/outcomes.py": OUTCOMES,
    "training/recipe.toml": 'title = "TNUMBER"\nsentence = "chance of something"\noutcome = "soon"\n',
    "training/roles.toml": 'age = "livedNUMBER"\n',
    "riskstrat.toml": "[data]\nkeep_versions = NUMBER\n",
}
EDITS = st.lists(st.tuples(st.sampled_from(sorted(FILES)), st.none() | st.integers(1, 3)), min_size=1, max_size=5)
"""Files with the number that is written into each, or None for one that is taken away."""


def write_file(root: Path, where: str, number: int | None) -> None:
    path = root / where
    path.parent.mkdir(parents=True, exist_ok=True)
    if number is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(FILES[where].replace("NUMBER", str(number)), "utf-8")


def describe(root: Path) -> Any:
    """All that the workspace says, in plain values, or in which words it is refused."""
    try:
        found = load(root)
        roles = found.roles.age
    except RiskstratError as refused:
        return str(refused)
    return (
        {name: [(e.code, e.group) for e in each.entries] for name, each in found.codelists.items()},
        {name: each.version for name, each in found.provenance.items()},
        {name: structure(each) for name, each in found.outcomes.items()},
        {name: (each.lookback, each.wording, each.formula_text) for name, each in found.features.items()},
        (found.fingerprints, found.origins, found.recipes, found.settings, roles, list_kept_hash(found)),
    )


def list_kept_hash(found: Workspace) -> str:
    try:
        return found.definitions_hash
    except RiskstratError as refused:
        return str(refused)


def forget_all() -> None:
    """Makes this process as one that has loaded nothing yet."""
    declared_once._kept.clear()
    loading._read_declaration.cache_clear()


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    forget_all()
    yield
    forget_all()


@property_settings(15)
@given(EDITS)
def test_what_is_loaded_after_any_edits_is_what_a_new_process_would_load(edits: list[tuple[str, int | None]]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for where in FILES:
            write_file(root, where, 1)
        describe(root)
        for where, number in edits:
            write_file(root, where, number)
            told = describe(root)
            forget_all()
            assert told == describe(root)


def make(root: Path) -> Path:
    for where in FILES:
        write_file(root, where, 1)
    return root


def test_what_is_as_it_was_is_not_read_again_not_even_in_a_copy_of_the_workspace(tmp_path: Path) -> None:
    first, copy = load(make(tmp_path / "a")), load(make(tmp_path / "b"))
    assert copy.features["stays"] is first.features["stays"]
    assert copy.features["twice"].formula_text == """def doubled(column):\n    return column["a"] * SCALE * 1\n"""


@pytest.mark.parametrize(
    "part", ["codelists", "provenance", "features", "outcomes", "recipes", "fingerprints", "origins"]
)
def test_who_changes_what_was_loaded_changes_it_for_nobody_else(tmp_path: Path, part: str) -> None:
    root = make(tmp_path)
    getattr(load(root), part).clear()
    assert getattr(load(root), part)


@pytest.mark.parametrize(
    "reads",
    [
        "from pathlib import Path\nNUMBER = Path({file!r}).read_text()",
        "NUMBER = open({file!r}).read()",
        "import numpy\nNUMBER = str(numpy.loadtxt({file!r}, dtype=int))",
        "import numpy\nNUMBER = str(getattr(numpy, 'load' + 'txt')({file!r}, dtype=int))",
        "import numpy\nreads = numpy.lib.npyio.DataSource()\nNUMBER = str(int(reads.open({file!r}).read()))",
        "from riskstrat.storage import files as f\nNUMBER = f.Path({file!r}).read_text()",
        "NUMBER = __builtins__['open']({file!r}).read()",
    ],
)
def test_a_definition_that_reads_a_file_of_its_own_reads_it_each_time(tmp_path: Path, reads: str) -> None:
    root, own = make(tmp_path / "site"), tmp_path / "own.txt"
    text = FEATURES.replace('"NUMBER0d"', 'f"{NUMBER}0d"').replace("NUMBER0d", "10d")
    declared = text.replace("SCALE = NUMBER", f"{reads.format(file=str(own))}\nSCALE = 1").replace("* NUMBER", "* 1")
    (root / "features/stays.py").write_text(declared, "utf-8")
    found = []
    for number in ("2", "3"):
        own.write_text(number, "utf-8")
        found.append(load(root).features["stays"].lookback)
    assert found == [20, 30]


@pytest.mark.parametrize(
    "of_the_day",
    [
        "import numpy\nDAY = numpy.datetime64('now')",
        "from numpy import datetime64 as day\nDAY = day('Today')",
        "from riskstrat.definitions.matrix import np as q\nDAY = q.datetime64('now')",
        "import riskstrat.definitions.matrix as m\nDAY = m.np.datetime64('today')",
        "from riskstrat.definitions.phrases import date as d\nDAY = d.today()",
        "import dataclasses as d\nDAY = d.sys.modules['numpy'].datetime64('now')",
    ],
)
def test_a_definition_that_hangs_on_the_day_is_run_each_time(tmp_path: Path, of_the_day: str) -> None:
    root = make(tmp_path)
    declared = FEATURES.replace("SCALE = NUMBER", f"{of_the_day}\nSCALE = 1").replace("NUMBER", "1")
    (root / "features/stays.py").write_text(declared, "utf-8")
    assert load(root).features["stays"] is not load(root).features["stays"]


def test_words_of_the_day_in_what_a_page_says_hinder_nothing(tmp_path: Path) -> None:
    root = make(tmp_path)
    said = FEATURES.replace("a reason NUMBER", "now").replace("NUMBER", "1").replace("{n} stays", "today")
    (root / "features/stays.py").write_text(said, "utf-8")
    assert load(root).features["stays"] is load(root).features["stays"]


def test_what_the_shipped_files_declare_is_kept(tmp_path: Path) -> None:
    for folder in ("features", "training"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    files = declared_once._collect_files(tmp_path)
    assert [file.where for file in files if not declared_once._is_closed((file,))] == []


def test_a_file_that_is_edited_while_it_is_read_is_not_kept(tmp_path: Path) -> None:
    root = make(tmp_path)
    declare = declared_once.declare_once

    def edit_meanwhile(where: Path, read: Any) -> Any:
        def read_and_edit(path: Path) -> Any:
            made = read(path)
            write_file(path, "features/stays.py", 3)
            return made

        return declare(where, read_and_edit)

    with mock.patch("riskstrat.workspace.loading.declare_once", edit_meanwhile):
        load(root)
    write_file(root, "features/stays.py", 1)
    assert not declared_once._kept
    assert load(root).features["stays"].lookback == 10
