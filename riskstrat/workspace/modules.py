"""Definition files as Python: run from their path, under a name that nothing else can import, errors in one line."""

from __future__ import annotations

import ast
import io
import linecache
import re
import sys
import traceback
from importlib.util import decode_source
from pathlib import Path
from types import ModuleType
from typing import Any

from riskstrat.definitions.codelists import near
from riskstrat.definitions.features import Words
from riskstrat.errors import DefinitionError
from riskstrat.storage import compute_digest
from riskstrat.storage.files import read_bytes

LONGEST_FAULT = 400
_KEYWORDS = ("lookback", "missing", "codes", *Words.__annotations__)


def run(path: Path, where: str) -> dict[str, Any]:
    """The names that the definition file at `path` gives, in order. Raises DefinitionError "`where` line n: ...".

    The file is compiled here, not imported: nothing of it stays in sys.modules, and no bytecode lands beside it. The
    text of its functions is that which was compiled, whatever the file has become since.
    """
    source = read_bytes(path, where)
    module = ModuleType(f"_riskstrat_workspace.{path.parent.name}.{path.stem}")
    module.__file__ = str(path)
    compiled = f"<{where} {compute_digest(source)}>"
    try:
        tree = ast.parse(source, compiled)
        _refuse_names_given_twice(tree, where)
        _register_text(source, compiled)
        exec(compile(tree, compiled, "exec"), module.__dict__)  # noqa: S102 - definitions are the site's own code
    except (Exception, SystemExit) as wrong:
        if isinstance(wrong, DefinitionError) and str(wrong).startswith(where):
            raise
        line = _find_fault_line(wrong, compiled)
        raise DefinitionError(f"{where} line {line}: {_cut(_explain_fault(wrong))}") from None
    return {name: value for name, value in module.__dict__.items() if not name.startswith("_")}


def _register_text(source: bytes, compiled: str) -> None:
    """Let `inspect` find the text of what is compiled under a name that is no file's."""
    text = decode_source(source)
    linecache.cache[compiled] = (len(text), None, io.StringIO(text).readlines(), compiled)


def _cut(text: str) -> str:
    """What Python says of a fault, without the end of what is too long to read."""
    return text if len(text) <= LONGEST_FAULT else f"{text[: LONGEST_FAULT - 1]}…"


def _refuse_names_given_twice(tree: ast.Module, where: str) -> None:
    seen: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            given = [node.name]
        elif isinstance(node, ast.Assign):
            given = [target.id for target in node.targets if isinstance(target, ast.Name)]
        else:
            continue
        for name in given:
            if name in seen:
                raise DefinitionError(f'{where} line {node.lineno}: the name "{name}" is given twice; rename one')
            seen.add(name)


def _find_fault_line(wrong: BaseException, compiled: str) -> int:
    if isinstance(wrong, SyntaxError):
        return wrong.lineno or 1
    frames = [frame.lineno for frame in traceback.extract_tb(wrong.__traceback__) if frame.filename == compiled]
    return (frames[-1] if frames else None) or 1


def _explain_fault(wrong: BaseException) -> str:
    text = " ".join(str(wrong).split())
    if isinstance(wrong, DefinitionError):
        return text
    if isinstance(wrong, SyntaxError):
        return f"not Python: {wrong.msg}"
    if isinstance(wrong, AttributeError) and wrong.name:
        return _explain_attribute_fault(wrong.obj, wrong.name)
    if isinstance(wrong, ImportError):
        return _explain_import_fault(wrong, text)
    if isinstance(wrong, TypeError):
        return _explain_keyword_fault(text) or _explain_column_fault(text) or text
    return f"{type(wrong).__name__}: {text}"


def _explain_attribute_fault(thing: object, name: str) -> str:
    columns = getattr(thing, "columns", None)
    if columns is None:
        return f'{type(thing).__name__} has no "{name}"{near(name, tuple(dir(thing)))}'
    return f'no column "{name}"{near(name, tuple(columns))} (columns: {", ".join(columns)})'


def _explain_import_fault(wrong: ImportError, text: str) -> str:
    match = re.match(r"cannot import name '(\w+)' from '([\w.]+)'", text)
    if match is None:
        return text
    name, module = match.groups()
    return f'{module} has no "{name}"{near(name, tuple(vars(sys.modules[module])))}'


def _explain_keyword_fault(text: str) -> str:
    if match := re.search(r"missing \d+ required (?:keyword-only|positional) arguments?: (.+)", text):
        named = ", ".join(f"{name}=" for name in re.findall(r"'(\w+)'", match.group(1)))
        return f"the declaration lacks {named}"
    if match := re.search(r"unexpected keyword argument '(\w+)'", text):
        return f'unknown keyword "{match.group(1)}="{near(match.group(1), _KEYWORDS)}'
    return ""


def _explain_column_fault(text: str) -> str:
    match = re.match(r"Column '(\w+)' is not found in table. Existing columns: (.+)", text)
    if match is None:
        return ""
    columns = tuple(re.findall(r"'(\w+)'", match.group(2)))
    return f'no column "{match.group(1)}"{near(match.group(1), columns)} (columns: {", ".join(columns)})'
