"""No other room of the engine creates, renames, syncs, locks or digests a file by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ENGINE = Path(__file__).resolve().parents[3] / "riskstrat"

FORBIDDEN = {
    "os": {"replace", "rename", "fsync", "link", "truncate"},
    "shutil": {"move", "copy", "copyfile", "copytree"},
    "tempfile": {"NamedTemporaryFile", "mkstemp"},
    "hashlib": {"sha256", "file_digest"},
    "json": {"dump"},
}
METHODS = frozenset({"write_text", "write_bytes", "rename"})
MODULES = frozenset({"fcntl", "msvcrt", "filelock"})

ALLOWED = {
    "identity/key.py": {"hashlib.sha256"},  # names the hash of a keyed digest
    # A scratch folder, and its copy to where MLflow expects it: a version counts once its record is written.
    "registry/recording.py": {"write_text", "write_bytes", "shutil.copytree"},
}


def calls_of(path: Path) -> Iterator[str]:
    """Each forbidden thing that a module names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
            yield from sorted(MODULES & set(names))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = node.value.id
            if node.attr in FORBIDDEN.get(module, ()):
                yield f"{module}.{node.attr}"
        if isinstance(node, ast.Call):
            yield from _called(node)


def _called(node: ast.Call) -> Iterator[str]:
    function = node.func
    if isinstance(function, ast.Attribute) and function.attr in METHODS and _is_of_a_path(function, node):
        yield function.attr
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    modes = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    modes += [each.value.value for each in node.keywords if each.arg == "mode" and isinstance(each.value, ast.Constant)]
    if name == "open" and any(set("wax+") & set(mode) for mode in modes if len(mode) <= 3):
        yield f"open {modes[0]}"


def _is_of_a_path(function: ast.Attribute, node: ast.Call) -> bool:
    """Not pandas' rename, which is given columns by keyword, nor a function of the room called by its module."""
    return not (isinstance(function.value, ast.Name) and function.value.id == "storage") and not (
        function.attr == "rename" and (node.keywords or not node.args or isinstance(node.args[0], ast.Constant))
    )


def test_no_other_room_writes_a_file_by_itself() -> None:
    found = {
        path.relative_to(ENGINE).as_posix(): set(calls_of(path))
        for path in sorted(ENGINE.rglob("*.py"))
        if path.relative_to(ENGINE).parts[0] != "storage"
    }
    assert {name: calls for name, calls in found.items() if calls} == ALLOWED


def test_the_room_itself_would_be_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "import os, json\nfrom filelock import FileLock\n"
        "os.replace(a, b)\npath.write_text(t)\nopen(p, 'wb')\npath.open(mode='a')\npath.rename(other)\n"
        "frame.rename(columns={})\nopen(p)\npath.open(encoding='utf-8')\n",
        encoding="utf-8",
    )
    assert sorted(calls_of(module)) == ["filelock", "open a", "open wb", "os.replace", "rename", "write_text"]
