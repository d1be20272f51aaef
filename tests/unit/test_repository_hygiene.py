"""What may stand in a file of this repository, and what a room may look like."""

import ast
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

REGISTRY_ADDRESS = re.compile(
    r"index[-_]url|find[-_]links|pypi\.(org|python)|pythonhosted\.org|https?://\S+/simple\b|"
    r"\"resolved\"\s*:|\bregistry\s*=\s*\"?https?:",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?<![\w.*\])}-])/(?:home|root|Users|work|mnt)/\w|\b[A-Z]:\\+Users\b")
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc"}
LONGEST_FILE, LONGEST_FUNCTION = 400, 60


def files_of_the_project() -> list[Path]:
    """Every file git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return sorted(ROOT / name for name in listed if name and (ROOT / name).is_file())


FILES = files_of_the_project()
TEXTS = {path: data for path in FILES if b"\0" not in (data := path.read_bytes())}
ENGINE = [path for path in FILES if path.suffix == ".py" and path.is_relative_to(ROOT / "riskstrat")]


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    """Each line of the project that `pattern` finds, as `file:line text`."""
    return [
        f"{path.relative_to(ROOT)}:{number} {line.strip()[:100]}"
        for path, data in TEXTS.items()
        for number, line in enumerate(data.decode("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert lines_matching(REGISTRY_ADDRESS) == []


@pytest.mark.parametrize(("option", "rest"), [("--extra-index", "-url x"), ("https://example.test", "/simple/")])
def test_a_registry_address_would_be_found(option: str, rest: str) -> None:
    assert REGISTRY_ADDRESS.search(f"pip install {option}{rest}")


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_matching(MACHINE_PATH) == []


@pytest.mark.parametrize(("root", "folder"), [("/", "home"), ("/", "Users"), ("C:\\", "Users")])
def test_a_machine_path_would_be_found(root: str, folder: str) -> None:
    assert MACHINE_PATH.search(f"reads {root}{folder}/ann/borough")


@pytest.mark.parametrize("text", ["health/work/leisure", "./home/x", "https://a.test/home/x"])
def test_words_and_addresses_are_not_machine_paths(text: str) -> None:
    assert not MACHINE_PATH.search(text)


def test_every_text_file_is_utf8_with_unix_line_endings_and_a_last_newline() -> None:
    for data in TEXTS.values():
        data.decode("utf-8")
    assert [path for path, data in TEXTS.items() if b"\r" in data] == []
    assert [path for path, data in TEXTS.items() if data and not data.endswith(b"\n")] == []


def test_notebooks_are_kept_without_what_a_run_printed() -> None:
    with_results = [
        f"{path.relative_to(ROOT)} cell {number}"
        for path in FILES
        if path.suffix == ".ipynb"
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"])
        if cell.get("outputs") or cell.get("execution_count") is not None
    ]
    assert with_results == []


def test_no_room_or_file_of_the_engine_has_a_name_that_says_nothing() -> None:
    assert [path for path in ENGINE if {path.stem, path.parent.name} & NAMES_THAT_SAY_NOTHING] == []


def test_no_file_of_the_engine_is_too_long_to_read() -> None:
    lengths = {str(path.relative_to(ROOT)): len(TEXTS[path].splitlines()) for path in ENGINE if path in TEXTS}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_of_the_engine_is_too_long_to_read() -> None:
    long_functions = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in ENGINE
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long_functions == []


def test_no_constant_of_a_file_is_given_two_values() -> None:
    """Of two that meet in one file under one name the later would speak for both: one deed was logged as another."""
    twice = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in ENGINE
        for name, times in Counter(_list_constants(ast.parse(path.read_bytes()))).items()
        if times > 1
    ]
    assert twice == []


def _list_constants(module: ast.Module) -> Iterator[str]:
    for statement in module.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        for target in targets:
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            yield from (part.id for part in parts if isinstance(part, ast.Name) and part.id.isupper())
