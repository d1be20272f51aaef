"""No shipped feature's name stands in the engine: what names a feature is a decision, and stands in training/*.toml."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.workspace import load

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "riskstrat"

COLUMNS = frozenset(column.name for schema in SCHEMAS.values() for column in schema.columns)
"""Columns of the landed tables: the engine must name them, and a feature may be called like the column it reads."""

OWN_MEANING = {
    "age": {
        "definitions/features.py": "the verb of the language",
        "definitions/__init__.py": "the verb of the language",
        "casefinding/standing.py": "a column of case finding's own table of people",
        "weekly/choosing.py": "a column of case finding's own table of people",
        "verbs/list.py": "a heading of what `list` prints",
        "simulation/comparison.py": "a column of the simulator's own table",
    }
}
"""Names that mean something else in a file, with what they mean there."""


@cache
def read_texts(path: Path) -> frozenset[str]:
    return frozenset(texts_of(path))


def texts_of(path: Path) -> Iterator[str]:
    """Every string of a module; every quoted string of a template."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)
                    and isinstance(node.value, str))  # fmt: skip
    else:
        code = " ".join(re.findall(r"\{\{.*?\}\}|\{%.*?%\}", text, re.DOTALL))
        yield from re.findall(r"[A-Za-z_]\w*", code)


def named_in(folder: Path, features: frozenset[str]) -> set[tuple[str, str]]:
    """File and name of each feature that is named in a module or a template of `folder`."""
    modules = [path for kind in ("*.py", "*.j2", "*.html") for path in sorted(folder.rglob(kind))]
    assert modules
    return {
        (path.relative_to(folder).as_posix(), text)
        for path in modules
        if "_template" not in path.parts
        for text in read_texts(path)
        if text in features
    }


def test_no_shipped_feature_is_named_in_the_engine() -> None:
    features = frozenset(load(ROOT).features)
    found = {(file, name) for file, name in named_in(ENGINE, features - COLUMNS)}
    assert sorted((file, name) for file, name in found if file not in OWN_MEANING.get(name, {})) == []


def test_every_exemption_is_still_needed() -> None:
    found = named_in(ENGINE, frozenset(OWN_MEANING))
    assert {(file, name) for name, files in OWN_MEANING.items() for file in files} <= found


def test_a_name_in_a_module_or_a_template_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text('VALUE = record["falls_365d"]\n# hfrs_730d\n', encoding="utf-8")
    (tmp_path / "page.html.j2").write_text("<p>age</p>{{ person.efi_latest }}", encoding="utf-8")
    features = frozenset({"falls_365d", "hfrs_730d", "efi_latest", "age"})
    assert named_in(tmp_path, features) == {("module.py", "falls_365d"), ("page.html.j2", "efi_latest")}
