"""The verb `simulate`: a borough whose true risk is known."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from riskstrat import simulation
from riskstrat.definitions.progress import Progress, silent
from riskstrat.site.outputs import require_free_place
from riskstrat.verbs.report import Report


def simulate(people: int, seed: int, out: Path, *, progress: Progress = silent, **options: object) -> Report:
    """Write the source tables of a simulated borough to `out`, and its truth apart. Raises SourceError."""
    require_free_place(out)
    made = simulation.simulate(people, seed, out, progress=progress, **options)  # type: ignore[arg-type]
    return Report(asdict(made), (f"{people:,} people, seed {seed}: {out}",))
