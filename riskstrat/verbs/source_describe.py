"""The verb `source describe`: a proposal for source.toml from what lies in a source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from riskstrat.definitions.codelists import near
from riskstrat.definitions.source_mapping import SERVERS
from riskstrat.errors import SourceError
from riskstrat.site.outputs import require_free_place
from riskstrat.sources.describing import describe_source
from riskstrat.sources.mapping import SourceMapping, map_format
from riskstrat.sources.places import find_forms
from riskstrat.storage import write_text
from riskstrat.verbs.report import Report


def source_describe(source: str, kind: str | None, schema: str | None, out: Path | None) -> Report:
    """The text of a source.toml; written to `out` where that is given and not there yet.

    Raises SourceError for a source that cannot be read, an address without its kind, or a file that stands already.
    """
    if out is not None:
        require_free_place(out, (".toml",))
        if out.exists():
            raise SourceError(f"{out} stands already and may hold somebody's work; name another file, or move it")
    text = describe_source(_map(source, kind, schema))
    if out is None:
        return Report({"source": text}, tuple(text.splitlines()))
    write_text(text, out)
    then = "fill in what begins with #, then: riskstrat source check"
    return Report({"source": text, "file": str(out)}, (f"wrote {out}; {then}",))


def _map(source: str, kind: str | None, schema: str | None) -> SourceMapping:
    if kind is not None and kind not in SERVERS:
        raise SourceError(f'"{kind}" is not a kind of server; the kinds are {", ".join(SERVERS)}{near(kind, SERVERS)}')
    if kind is not None:
        if not source.startswith("$"):
            raise SourceError("name an environment variable that holds the address, as '$RISKSTRAT_SOURCE' in quotes")
        return SourceMapping("source describe", kind, kind, connection=source, folder=Path.cwd(), schema=schema)
    return find_forms(replace(map_format(Path(source)), where="source describe", schema=schema))
