"""Rewrite what code and lock declare: parts of commands.md, data.md and licences.md, and list.schema.json.

Run as `python docs/remake.py`. A remade part of a page stands between `<!-- remade: NAME -->` and `<!-- end -->`. A
test fails while a page or the schema differs from the code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import licences
import locks
import typer

from riskstrat.cli import app
from riskstrat.definitions.measures import MEASURES
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import Column, TableSchema
from riskstrat.publication import describe_format

DOCS = Path(__file__).resolve().parent
PART = re.compile(r"(<!-- remade: ([\w-]+(?: [\w-]+)?) -->\n).*?(<!-- end -->)", re.DOTALL)
SHARED = ("workspace", "json")
"""Options that nearly every verb takes; they are said once."""


def main() -> None:
    """Rewrite the pages and the schema in place."""
    for page, parts in page_parts().items():
        path = DOCS / f"{page}.md"
        path.write_text(remade(path.read_text(encoding="utf-8"), parts), encoding="utf-8", newline="\n")
    schema = json.dumps(describe_format(), indent=1, sort_keys=True) + "\n"
    (DOCS / "list.schema.json").write_text(schema, encoding="utf-8", newline="\n")


def page_parts() -> dict[str, dict[str, str]]:
    """For each page its parts by name."""
    return {
        "commands": command_parts(),
        "data": table_parts() | {"measures": measure_part()},
        "licences": licence_parts(),
    }


def remade(text: str, parts: Mapping[str, str]) -> str:
    """The page with every marked part as the code has it. Raises KeyError for a part that the code does not have."""
    return PART.sub(lambda found: f"{found[1]}\n{parts[found[2]]}\n{found[3]}", text)


def command_parts() -> dict[str, str]:
    """For each verb its purpose, how it is called and what it takes."""
    return {name: _command(name, command) for name, command in verbs().items()}


def verbs() -> dict[str, Any]:
    """Every verb by its name, in the order of the command line; one of a group has both words, as `audit verify`."""
    group: Any = typer.main.get_command(app)
    found = {}
    for name, command in group.commands.items():
        inner = getattr(command, "commands", {})
        if not inner or command.invoke_without_command:
            found[name] = command
        found |= {f"{name} {each}": one for each, one in inner.items()}
    return found


def _command(name: str, command: Any) -> str:
    own = [param for param in command.params if param.name not in SHARED]
    shared = [param for param in command.params if param.name in SHARED]
    shape = " ".join(["riskstrat", name, *(_shape(param) for param in own)])
    lines = [command.help.strip(), "", f"    {shape}", ""]
    if own:
        lines += ["| takes | what it is | |", "|---|---|---|", *(_row(param) for param in own), ""]
    lines.append("Also: " + ", ".join(_names(param) for param in shared) + ".")
    return "\n".join(lines) + "\n"


def _shape(param: Any) -> str:
    if param.param_type_name == "argument":
        return _argument(param) if param.required else f"[{_argument(param)}]"
    shape = param.opts[0] if param.is_flag else f"{param.opts[0]} {_value(param)}"
    return shape if param.required else f"[{shape}]"


def _argument(param: Any) -> str:
    return str(param.name).upper()


def _value(param: Any) -> str:
    return param.opts[0].lstrip("-").replace("-", "_").upper()


def _names(param: Any) -> str:
    if param.param_type_name == "argument":
        return f"`{_argument(param)}`"
    return " or ".join(f"`{name}`" for name in param.opts)


def _row(param: Any) -> str:
    default = "" if param.default in (None, False) else f"default {param.default}"
    says = param.help.replace("<", "&lt;")
    return f"| {_names(param)} | {says} | {'required' if param.required else default} |"


def table_parts() -> dict[str, str]:
    """For each source table its grain, its dates and its columns."""
    return {name: _table(schema) for name, schema in SCHEMAS.items()}


def measure_part() -> str:
    """For each measure its unit, its range with the source, and the other units that are read."""
    rows = [
        f"| `{name}` | {measure.unit} | {measure.low:g} to {measure.high:g} | "
        f"{', '.join(word for words in measure.others for word in words.split())} | {measure.source} |"
        for name, measure in MEASURES.items()
    ]
    head = ("| measure | unit | plausible | also read | source of the range |", "|---|---|---|---|---|")
    return "\n".join([*head, *rows]) + "\n"


def _table(schema: TableSchema) -> str:
    rows = [_column(column) for column in schema.columns]
    return "\n".join([_facts(schema), "", "| column | type | values |", "|---|---|---|", *rows]) + "\n"


def licence_parts() -> dict[str, str]:
    """The packages that run the product, with their licences."""
    return {"packages": licences.write_table(locks.read_lock(locks.RUNTIME))}


def _facts(schema: TableSchema) -> str:
    facts = [f"{schema.grain}. {'Required' if schema.required else 'Optional'}."]
    if schema.key:
        facts.append(f"Natural key: {_quoted(schema.key)}.")
    if schema.event:
        facts.append(f"Dated by `{schema.event}`.")
    if schema.known:
        after = "the spell's discharge" if schema.name == "diagnoses" else f"`{schema.event}`"
        days = f"{schema.lag_days} day{'' if schema.lag_days == 1 else 's'}"
        facts.append(f"Without `{schema.known}` a row counts as known {days} after {after}.")
    if schema.settles:
        others = [column for column in schema.settles.columns if column != schema.settles.date]
        known = f" and `{schema.settles.known}`" if schema.settles.known else ""
        also = f", and so do {_quoted(others)}" if others else ""
        facts.append(f"`{schema.settles.date}` reads as empty until its day{known} has come{also}.")
    return " ".join(facts)


def _quoted(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _column(column: Column) -> str:
    name = f"**`{column.name}`**" if column.required else f"`{column.name}`"
    return f"| {name} | {'code' if column.code and column.type == 'text' else column.type} | {_values(column)} |"


def _values(column: Column) -> str:
    if column.allowed:
        return _quoted(column.allowed)
    if column.between:
        return f"{column.between[0]:g} to {column.between[1]:g}"
    if column.pattern:
        return "shape `" + column.pattern.replace("|", "\\|") + "`"
    return ""


if __name__ == "__main__":
    main()
