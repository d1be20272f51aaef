"""The folder of a simulated borough: chunk by chunk into a temporary folder, published by renaming."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.errors import SourceError
from riskstrat.simulation import chunk, population
from riskstrat.simulation.calendar import EPOCH, NEVER, Calendar
from riskstrat.simulation.faults import FaultInjector
from riskstrat.simulation.mark import MARK
from riskstrat.simulation.places import Borough, borough_named
from riskstrat.simulation.writing import Coded, Writer
from riskstrat.storage import write_folder_atomically, write_json

CHUNK = 50_000
"""People simulated together; memory depends on this, not on the size of the borough."""
TRUTH_SCHEMA = pa.schema([("patient_id", pa.string()), ("index_date", pa.date32()), ("true_risk", pa.float64())])


@dataclass(frozen=True)
class SimulationSummary:
    """What was simulated: rows per table, where, and the index dates that have a truth."""

    borough: str
    people: int
    seed: int
    years: int
    until: str
    intervention_effect: float
    faults: float
    rows: dict[str, int]
    truth_rows: int
    truth_index_dates: tuple[str, ...]
    registered_at_end: int
    folder: str
    truth_folder: str


Progress = Callable[[str, float], None]


def simulate(
    people: int,
    seed: int,
    out: Path,
    *,
    borough: str = "knowsley",
    years: int = 9,
    until: date = date(2026, 11, 16),
    progress: Progress | None = None,
    intervention_effect: float = 0.0,
    faults: float = 0.0,
) -> SimulationSummary:
    """Write a synthetic borough to `out` (one Parquet file a table) and its truth beside it, in `<out>_truth`.

    `people` counts rows of the people table: about four in five are registered at any time. The truth has one row per
    eligible person and index date. `intervention_effect` is the share by which an MDT action lowers the hazard of
    emergency admission for 12 steps of a twelfth of a year. `faults` is the share of rows given a fault, listed in
    `<out>_truth/faults.parquet`. Same arguments, same bytes. Raises SourceError for arguments that make no borough or a
    folder that is not a former simulation, StorageError when the disk refuses.
    """
    place = borough_named(borough)
    _check(people, seed, years, until, intervention_effect, faults)
    out = Path(out)
    beside = out.parent / f"{out.name}_truth"
    for folder in (out, beside):
        _refuse_foreign(folder)
    injector = FaultInjector(seed, faults, until)
    run = _Run(
        place, Calendar.ending(until, years), people, seed, intervention_effect, injector, progress or _discard_progress
    )

    def cannot_write(_: Path, reason: str) -> str:
        return f"cannot write the simulated borough to {out}: {reason}; free space or choose another folder"

    with (
        write_folder_atomically(out, replace=True, refusal=cannot_write) as tables,
        write_folder_atomically(beside, replace=True, refusal=cannot_write) as truths,
    ):
        run.write(tables, truths)
        summary = SimulationSummary(
            borough, people, seed, years, until.isoformat(), intervention_effect, faults,
            run.rows, run.truth_rows, run.truth_dates, run.registered, str(out), str(beside),
        )  # fmt: skip
        for folder in (tables, truths):
            write_json(_describe_summary(summary), folder / MARK, indent=1, strict=True, refusal=cannot_write)
    return summary


def _discard_progress(stage: str, share: float) -> None:
    """No progress display."""


def _check(people: int, seed: int, years: int, until: date, effect: float, faults: float) -> None:
    if people < 100:
        raise SourceError(f"people is {people}; a borough needs at least 100")
    if seed < 0:
        raise SourceError(f"seed is {seed}; choose 0 or a number above it")
    if not 2 <= years <= 30:
        raise SourceError(f"years is {years}; choose 2 to 30")
    if not date(1990, 1, 1) <= until <= date(2200, 1, 1):
        raise SourceError(f"until is {until}; choose a date from 1990 to 2200")
    if not 0 <= effect < 1:
        raise SourceError(f"effect is {effect}; choose 0 (no effect) up to, not including, 1")
    if not 0 <= faults <= 0.5:
        raise SourceError(f"faults is {faults}; choose a share from 0 to 0.5")


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SourceError(f"{folder} is a file; name a folder for the simulated borough")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise SourceError(f"{folder} is not empty and not a former simulation; choose a new folder")


def _describe_summary(summary: SimulationSummary) -> dict[str, object]:
    """What the mark of a simulated folder says: the arguments and the counts, not where it was written."""
    stated = {key: value for key, value in asdict(summary).items() if key not in ("folder", "truth_folder")}
    return stated | {"truth_is": "closed form over 12 steps of a twelfth of a year; standard error 0"}


class _Run:
    """One simulation on its way: chunks in order, each with its own random stream."""

    def __init__(
        self,
        place: Borough,
        calendar: Calendar,
        people: int,
        seed: int,
        effect: float,
        injector: FaultInjector,
        progress: Progress,
    ) -> None:
        self.place, self.calendar, self.people, self.seed = place, calendar, people, seed
        self.effect, self.injector, self.progress = effect, injector, progress
        self.rows: dict[str, int] = {}
        self.truth_rows = self.registered = self._ticks = 0
        self.truth_dates: tuple[str, ...] = tuple(
            (EPOCH + timedelta(days=calendar.boundary(step))).isoformat() for step in calendar.truth_steps
        )

    def write(self, tables: Path, truths: Path) -> None:
        """All tables into `tables`, the truth into `truths`."""
        soil = self.injector.soil if self.injector.share else None
        with (
            Writer(tables, soil) as writer,
            pq.ParquetWriter(truths / "truth.parquet", TRUTH_SCHEMA, compression="zstd") as truth,
        ):
            writer.add("areas", _build_area_table(self.place, self.calendar))
            for number, first in enumerate(range(0, self.people, CHUNK)):
                self._simulate_chunk(number, first, min(CHUNK, self.people - first), writer, truth)
        self.rows = dict(writer.rows)
        if self.injector.share:
            self.injector.write(truths / "faults.parquet")

    def _simulate_chunk(self, number: int, first: int, count: int, writer: Writer, truth: pq.ParquetWriter) -> None:
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence([self.seed, number])))
        people = population.draw(rng, first, count, self.place, self.calendar)
        ids = pseudonyms(self.seed, people.number)

        def keep(who: np.ndarray, day: int, risk: np.ndarray) -> None:
            days = pa.array(np.full(len(who), day, dtype=np.int32)).cast(pa.date32())
            columns = [pa.array(ids[who], pa.string()), days, pa.array(risk.astype(np.float64))]
            truth.write_table(pa.Table.from_arrays(columns, schema=TRUTH_SCHEMA))
            self.truth_rows += len(who)

        lives = chunk.live(rng, people, self.calendar, self.effect, keep, self._report_step)
        self.registered += chunk.land(rng, lives, self.place, ids, number, writer)

    def _report_step(self) -> None:
        self._ticks += 1
        chunks = -(-self.people // CHUNK)
        self.progress("simulating the borough", self._ticks / (chunks * self.calendar.steps))


def pseudonyms(seed: int, numbers: np.ndarray) -> np.ndarray:
    """Opaque identifiers of sixteen characters, one per number: a one-to-one mixing of the number under the seed.

    Never the ten digits of an NHS number.
    """
    key = np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]
    mixed = numbers.astype(np.uint64) ^ key
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return np.array([f"{value:016X}" for value in mixed.tolist()])


def _build_area_table(place: Borough, calendar: Calendar) -> dict[str, object]:
    """Practices with PCN, locality, hub and borough; one practice of the first locality changed PCN in mid-history."""
    areas = place.areas
    count = len(areas.practice)
    changed = int(np.flatnonzero(areas.practice_locality == 0)[-1])
    practice = np.concatenate([np.arange(count), [changed]])
    pcn = np.concatenate([areas.practice_pcn, [areas.practice_pcn[changed]]])
    pcn[changed] = areas.practice_pcn[np.flatnonzero(areas.practice_locality == 1)[0]]
    middle = calendar.start + 365 * calendar.years // 2
    opened = (date(2013, 4, 1) - EPOCH).days
    begins = np.full(count + 1, min(opened, calendar.start - 365), dtype=np.int32)
    ends = np.full(count + 1, NEVER, dtype=np.int32)
    begins[count], ends[changed] = middle, middle - 1
    where = areas.practice_locality[practice]
    names = [(locality.name, locality.hub) for locality in place.localities]
    return {
        "practice": Coded(practice, areas.practice),
        "pcn": Coded(pcn, areas.pcns),
        "locality": np.array([names[i][0] for i in where]),
        "hub": np.array([names[i][1] for i in where]),
        "borough": np.full(count + 1, place.name),
        "from_on": begins,
        "to_on": ends,
    }
