"""Figures of the house: lines and files of each room, sizes and names of functions, and how often a type is `Any`.

Run as `python docs/house.py`. A name begins with a verb if its first word, underscores aside, stands in verbs.txt;
tests, methods with double underscores and properties (which are read like fields) are not counted.
"""

from __future__ import annotations

import ast
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ENGINE = Path(__file__).resolve().parents[1] / "riskstrat"

VERBS = frozenset((Path(__file__).parent / "verbs.txt").read_text(encoding="utf-8").split())

Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> None:
    """Print the figures."""
    functions = list(find_functions())
    sizes = sorted(size for _, _, size in functions)
    names = [name for _, name, _ in functions]
    verb_first = [name for name in names if begins_with_verb(name)]
    print("room, files, lines")
    for room, files, lines in count_rooms():
        print(f"{room:14} {files:4} {lines:6,}")
    print(f"functions {len(sizes):,}: median {statistics.median(sizes):.0f} lines, p90 {sizes[int(0.9 * len(sizes))]}")
    print(f"names that begin with a verb: {len(verb_first) / len(names):.1%}")
    print(f"annotations that name Any: {count_any():,}")
    doubled = find_doubled_classes()
    print(f"class names that stand twice: {', '.join(doubled) or 'none'}")


def count_rooms() -> Iterator[tuple[str, int, int]]:
    """Name, Python files and their lines of each room, by name."""
    for room in sorted(path for path in ENGINE.iterdir() if (path / "__init__.py").is_file()):
        files = list(room.rglob("*.py"))
        yield room.name, len(files), sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)


def find_functions() -> Iterator[tuple[Path, str, int]]:
    """File, name and lines of each function that counts."""
    for path, tree in parse_engine():
        for node in ast.walk(tree):
            if isinstance(node, Function) and not node.name.startswith("__") and not is_property(node):
                yield path, node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def is_property(node: Function) -> bool:
    """Whether a function is read like a field."""
    decorators = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
    return bool(decorators & {"property", "cached_property"})


def begins_with_verb(name: str) -> bool:
    """Whether the first word of a name is a verb."""
    return name.strip("_").split("_")[0] in VERBS


def count_any() -> int:
    """How often `Any`, or an alias of a type that names it, stands in an annotation, an alias or a cast."""
    modules = {name_module(path): tree for path, tree in parse_engine()}
    aliases: set[tuple[str, str]] = set()
    # An alias may name another, so it is looked for until none is new.
    while found := {(module, name) for module, tree in modules.items() for name in find_aliases(module, tree, aliases)}:
        if found <= aliases:
            break
        aliases |= found
    return sum(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in known
        for module, tree in modules.items()
        for known in [find_known(module, tree, aliases)]
        for node in ast.walk(tree)
    )


def name_module(path: Path) -> str:
    """The name that a file of the engine is imported by."""
    parts = path.relative_to(ENGINE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_aliases(module: str, tree: ast.Module, aliases: set[tuple[str, str]]) -> Iterator[str]:
    """Names that a module gives to a type that names Any; a value that is only worked out with one is none."""
    known = find_known(module, tree, aliases)
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and is_type(value) and known & {each.id for each in find_names(value)}:
            yield target.id


def find_names(value: ast.expr) -> Iterator[ast.Name]:
    """The names in an expression."""
    return (part for part in ast.walk(value) if isinstance(part, ast.Name))


def is_type(value: ast.expr | None) -> bool:
    """Whether a value is put together as a type: of names, subscripts and unions alone."""
    parts = ast.Name, ast.Attribute, ast.Subscript, ast.BinOp, ast.BitOr, ast.Tuple, ast.List, ast.Constant, ast.Load
    return value is not None and all(isinstance(part, parts) for part in ast.walk(value))


def find_known(module: str, tree: ast.Module, aliases: set[tuple[str, str]]) -> set[str]:
    """What stands for Any in a module: itself, and aliases that the module defines or imports from where they are."""
    known = {"Any"} | {name for where, name in aliases if where == module}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            known |= {each.asname or each.name for each in node.names if (node.module, each.name) in aliases}
    return known


def find_doubled_classes() -> list[str]:
    """Names that more than one class of a module has; one inside another class is named by what surrounds it.

    Django gives every migration of a database the same name.
    """
    modules = (tree for path, tree in parse_engine() if path.parent.name != "migrations")
    names = Counter(node.name for tree in modules for node in tree.body if isinstance(node, ast.ClassDef))
    return sorted(name for name, times in names.items() if times > 1)


def parse_engine() -> Iterator[tuple[Path, ast.Module]]:
    """Each Python file of the engine with its syntax tree."""
    for path in sorted(ENGINE.rglob("*.py")):
        yield path, ast.parse(path.read_bytes())


if __name__ == "__main__":
    main()
