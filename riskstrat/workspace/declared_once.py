"""What the definition files of a workspace declare, kept in this process until a byte of any of them changes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

import ibis.expr.types as ir

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.features import Feature
from riskstrat.definitions.recipes import Recipe
from riskstrat.storage import list_folder
from riskstrat.storage.files import KeptFile, keep_file
from riskstrat.workspace.codelists import Provenance

READ = (
    *(("features", ".py"), ("features/codelists", ".csv"), ("features/codelists", ".toml")),
    *(("training", ".py"), ("training", ".toml")),
)
"""Where the files lie that declare anything, and how their names end."""
KEPT_AT_ONCE = 8

SELF_CONTAINED = frozenset(
    {"__future__", "collections", "collections.abc", "dataclasses", "functools", "itertools", "math", "typing"}
    | {"numpy", "numpy.typing", "riskstrat.sources.tables"}
)
"""What a file may import whose names hang on nothing but these files, and so may riskstrat.definitions."""
_READERS = frozenset(
    {"eval", "exec", "fromfile", "fromregex", "genfromtxt", "load", "loadtxt", "memmap", "open", "random"}
    | {"ctypeslib", "getattr", "globals", "lib", "locals", "testing", "vars"}
)
_OF_THE_DAY = frozenset({"now", "today"})
"""Names of what gives the time of now, and words that numpy and pandas read as it."""
_READ_WORDS = frozenset({"numpy", "np", "pandas", "pd"})

Files = tuple[KeptFile, ...]


@dataclass(frozen=True)
class Declarations:
    """All that is declared. Nobody may change what stands in it: several workspaces share it."""

    codelists: Mapping[str, Codelist]
    provenance: Mapping[str, Provenance]
    features: Mapping[str, Feature]
    outcomes: Mapping[str, ir.Table]
    recipes: Mapping[str, Recipe]
    origins: Mapping[str, str]


_kept: dict[Files, Declarations] = {}
_lock = Lock()


def declare_once(root: Path, declare: Callable[[Path], Declarations]) -> Declarations:
    """What `declare` makes of the files below root: made before of the very same bytes, or made now.

    Python that reads anything besides these files is run each time. Raises what `declare` does.
    """
    files = _collect_files(root)
    found = _kept.get(files)
    if found is not None and _is_closed(files):
        return found
    made = declare(root)
    # A file that was edited meanwhile was perhaps read before, and perhaps after.
    if _collect_files(root) == files:
        _keep(files, made)
    return made


def _collect_files(root: Path) -> Files:
    paths = sorted(path for folder, suffix in READ for path in list_folder(root / folder, suffix))
    return tuple(keep_file(root, path.relative_to(root).as_posix()) for path in paths)


def _keep(files: Files, made: Declarations) -> None:
    with _lock:
        _kept[files] = made
        while len(_kept) > KEPT_AT_ONCE:
            del _kept[next(iter(_kept))]


@lru_cache(maxsize=KEPT_AT_ONCE)
def _is_closed(files: Files) -> bool:
    sources = (file.contents for file in files if file.where.endswith(".py"))
    return all(isinstance(source, bytes) and _is_self_contained(ast.parse(source)) for source in sources)


def _is_self_contained(tree: ast.Module) -> bool:
    """Whether the file imports only what is known to read nothing, and names nothing that reads a file or the day."""
    nodes = list(ast.walk(tree))
    # In a file that names nothing that reads words, "now" is a word like any other: what a smoker is.
    words = _OF_THE_DAY if any(_find_names(node) & _READ_WORDS for node in nodes) else frozenset()
    return not any(_may_read(node, words) for node in nodes)


def _may_read(node: ast.AST, words: frozenset[str]) -> bool:
    if isinstance(node, ast.Import):
        return not all(_is_known(each.name) for each in node.names)
    if isinstance(node, ast.Constant):
        return str(node.value).strip().lower() in words
    if isinstance(node, ast.ImportFrom) and not _is_known(node.module or ""):
        return True
    names = _find_names(node)
    return not names.isdisjoint(_READERS | _OF_THE_DAY) or any(name.startswith("__") for name in names)


def _find_names(node: ast.AST) -> frozenset[str]:
    """What a part of a file imports or names; a text may be the name of a module."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = (getattr(node, "module", None) or "").removeprefix("__future__")
        return frozenset(".".join([module, *(each.name for each in node.names)]).split("."))
    if isinstance(node, ast.Name):
        return frozenset({node.id})
    if isinstance(node, ast.Attribute):
        return frozenset({node.attr})
    return frozenset({str(node.value)}) if isinstance(node, ast.Constant) else frozenset()


def _is_known(module: str) -> bool:
    return module in SELF_CONTAINED or f"{module}.".startswith("riskstrat.definitions.")
