"""The verb `simulate`: a borough whose true risk is known."""

from __future__ import annotations

from pathlib import Path

from riskstrat import simulation
from riskstrat.errors import SourceError
from riskstrat.pipeline.reports import Progress, Report, silent


def simulate(people: int, seed: int, out: Path, *, progress: Progress = silent, **options: object) -> Report:
    """Write the source tables of a simulated borough to `out`, and its truth apart. Raises SourceError."""
    if people < 1:
        raise SourceError(f"--people {people} is not possible; give 1 or more")
    made = simulation.simulate(people, seed, out, progress=progress, **options)  # type: ignore[arg-type]
    summary = made.to_dict()
    return Report(summary, (f"{people:,} people, seed {seed}: {out}",))
