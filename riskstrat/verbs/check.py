"""The verb `check`: whether what a site has decided is well formed."""

from __future__ import annotations

from pathlib import Path

from riskstrat import workspace
from riskstrat.errors import DefinitionError
from riskstrat.sources import SOURCE_FILE
from riskstrat.verbs.report import Report


def check(root: Path | None) -> Report:
    """Definitions, codelists, recipes and settings, and source.toml where it stands; no data needed.

    Raises DefinitionError listing what is wrong; SourceError for source.toml.
    """
    loaded = workspace.load(workspace.find(root))
    findings = workspace.check(loaded)
    if findings:
        raise DefinitionError(
            f"{len(findings)} finding{'s' if len(findings) > 1 else ''}: "
            + " | ".join(str(finding) for finding in findings)
        )
    mapping = loaded.root / SOURCE_FILE
    counts = {
        "features": len(loaded.features),
        "codelists": len(loaded.codelists),
        "recipes": len(loaded.recipes),
        "outcomes": len(loaded.outcomes),
        "teams": len(loaded.settings.teams),
        "gates": sum(len(part) for part in loaded.promotion.model_dump().values()),
        "hazards": len(loaded.hazards.hazards),
    }
    if mapping.is_file():
        # Loads Arrow, which nobody needs who has no such file.
        from riskstrat.sources.mapping import read_mapping

        counts["mapped tables"] = len(read_mapping(mapping).tables)
    return Report(counts, ("all well: " + ", ".join(f"{number} {name}" for name, number in counts.items()),))
