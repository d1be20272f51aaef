"""The pages' templates, and the one way in which a page is written."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from riskstrat.definitions.phrases import lower_first
from riskstrat.documents.files import write_bytes


def write_html(template: str, path: Path, **content: object) -> None:
    """Write a template's page, filled in.

    Raises StorageError if the file cannot be written.
    """
    write_bytes(render_html(template, **content), Path(path))


def render_html(template: str, **content: object) -> bytes:
    """A template's page, filled in."""
    return _load_templates().get_template(template).render(**content).encode("utf-8")


@cache
def _load_templates() -> Environment:
    """The templates of the package: everything escaped, an unknown name is an error."""
    environment = Environment(
        loader=PackageLoader("riskstrat.documents", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["lower_first"] = lower_first
    return environment
