"""What more people give: the shipped recipe learned from parts of one large borough, and from all of it.

`python -m tests.benchmarks.more_people --people 1000000 --parts 20000 100000 --draws 5 --folder FOLDER` simulates a
borough to learn from and one whose people nobody has learned from (`--fresh` people). The recipe of emergency
admissions learns as on one test date: from disjoint parts of so many people, `--draws` of each size, and from
everybody. All are tried on the same people of the other borough, whose true risks are known. A part is also what a
sample of a borough gives that is too large to learn from whole. Writes FOLDER/more_people.md: means over the draws, and
what everybody gives beyond the parts with 95% intervals by tested people drawn. Keeps risks in FOLDER, and makes none
again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.evaluation import bootstrap_draws, evaluate
from riskstrat.study.gathering import Study
from riskstrat.training import Fitted, fit
from tests.benchmarks.before_and_after import gather_study, land_borough, measure_fit, read_truth
from tests.benchmarks.known_truth import RECIPE
from tests.benchmarks.small_boroughs import expect_auroc

Numbers = npt.NDArray[np.float64]
LEARNED_FROM, TRIED_ON = 421, 422
"""Seeds of the two boroughs."""
ROUNDS = 200
MEASURES = {"AUROC": "auroc", "PPV of the first 2%": "ppv"}
HEADING = (
    "people",
    "draws",
    "training rows",
    "events",
    "trees",
    "expected AUROC over the true risk",
    "AUROC",
    "PPV of the first 2%",
    "slope",
    "risk from true risk",
    "a fit: CPU s",
    "memory GB",
    "everybody minus this: AUROC",
    "PPV of the first 2%",
)


class Tested(NamedTuple):
    """The people tried on: features, whether it happened, and their true risks, where they are known."""

    matrix: FeatureMatrix
    happened: Numbers
    people: npt.NDArray[np.object_]
    true: Numbers


class Learned(NamedTuple):
    """What one fit said of the people tried on, and what it took."""

    risk: Numbers
    figures: Mapping[str, float]


def main() -> None:
    """Simulate, learn, try and write."""
    options = _read_options()
    options.folder.mkdir(parents=True, exist_ok=True)
    tested = _read_tested(options.folder / "fresh", options.fresh)
    draws = dict.fromkeys(options.parts, options.draws) | {options.people: 1}
    found: dict[int, list[Learned]] = {}
    with threadpool_limits(1, user_api="blas"):
        for (size, draw), learned in _learn_all(options, draws, tested):
            found.setdefault(size, []).append(learned)
            print(f"{size:,} people, draw {draw + 1}: {dict(learned.figures)}", flush=True)
    lines = [f"| {' | '.join(HEADING)} |", "|---" * len(HEADING) + "|"]
    lines += [_write_line(size, found[size], found[options.people][0], tested) for size in sorted(found)]
    (options.folder / "more_people.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000, help="people of the borough that is learned from")
    parser.add_argument("--parts", type=int, nargs="+", default=[20_000, 100_000], help="people of a part of it")
    parser.add_argument("--draws", type=int, default=5, help="disjoint parts of each size")
    parser.add_argument("--fresh", type=int, default=200_000, help="people of the borough that is tested on")
    parser.add_argument("--folder", type=Path, required=True)
    return parser.parse_args()


def _read_tested(folder: Path, people: int) -> Tested:
    folder.mkdir(exist_ok=True)
    study = gather_study(land_borough(folder, people, TRIED_ON), RECIPE)
    fold = study.folds()[0]
    rows = np.flatnonzero((fold.slice_of == "test") & ~np.isnan(fold.seen))
    true = read_truth(folder, TRIED_ON, study.patient_ids[rows])
    known = ~np.isnan(true)
    rows = rows[known]
    return Tested(study.matrix.take(rows), fold.seen[rows], study.patient_ids[rows], true[known])


def _learn_all(
    options: argparse.Namespace, draws: Mapping[int, int], tested: Tested
) -> Iterator[tuple[tuple[int, int], Learned]]:
    """What each draw of each size gives, the smallest first; the large borough is gathered if one is missing."""
    asked = [(size, draw) for size in sorted(draws) for draw in range(draws[size])]
    study: Study | None = None
    for size, draw in asked:
        file = options.folder / f"risks-{size}-{draw}.npz"
        if not file.exists():
            if study is None:
                study = gather_study(land_borough(options.folder, options.people, LEARNED_FROM), RECIPE)
            learned = _learn(study, size, draw, options.people, tested)
            np.savez(file, risk=learned.risk, **learned.figures)
        with np.load(file) as kept:
            figures = {name: float(kept[name]) for name in kept.files if name != "risk"}
            yield (size, draw), Learned(kept["risk"], figures)


def _learn(study: Study, size: int, draw: int, of: int, tested: Tested) -> Learned:
    """The recipe on the people of one part: each person has a place of their own between 0 and 1, by a fixed seed."""
    fold = study.folds()[0]
    everybody, person = np.unique(study.patient_ids, return_inverse=True)
    place = np.random.default_rng(1).random(len(everybody))[person]
    within = (place >= draw * size / of) & (place < (draw + 1) * size / of)
    slice_of = np.where(within & (fold.slice_of != "test"), fold.slice_of, "")
    made = measure_fit(lambda: fit(study.matrix, fold.seen, slice_of, study.recipe, tested=False, age="age"))
    fitted: Fitted = made.fitted
    figures = {
        "rows": fitted.facts["rows"]["train"],
        "events": fitted.facts["events"]["train"],
        "trees": fitted.model.booster.num_trees(),
        "seconds": made.seconds,
        "gigabytes": made.gigabytes,
    }
    return Learned(fitted.model.risk(tested.matrix), figures)


def _write_line(size: int, parts: list[Learned], whole: Learned, tested: Tested) -> str:
    mean = {name: np.mean([one.figures[name] for one in parts]) for name in parts[0].figures}
    found = [evaluate(tested.happened, one.risk, capacity=None, people=tested.people) for one in parts]
    cells = [
        f"{size:,}",
        f"{len(parts)}",
        *(f"{mean[name]:,.0f}" for name in ("rows", "events", "trees")),
        f"{np.mean([expect_auroc(one.risk, tested.true) for one in parts]):.4f}",
        f"{np.mean([one.auroc for one in found]):.4f}",
        f"{np.mean([one.yields[2].ppv for one in found]):.4f}",
        f"{np.mean([one.calibration_slope for one in found]):.3f}",
        f"{np.mean([np.abs(one.risk - tested.true).mean() for one in parts]):.4f}",
        f"{mean['seconds']:.0f}",
        f"{mean['gigabytes']:.1f}",
        *([""] * len(MEASURES) if parts[0] is whole else _subtract(parts, whole, tested)),
    ]
    return f"| {' | '.join(cells)} |"


def _subtract(parts: list[Learned], whole: Learned, tested: Tested) -> list[str]:
    """By measure what everybody gives beyond the mean of the parts, with its 95% interval by people drawn."""
    risks = {"whole": whole.risk, **{str(number): one.risk for number, one in enumerate(parts)}}
    cells = []
    for metric in MEASURES.values():
        most = len(tested.happened) // 50 if metric == "ppv" else None
        given = (tested.happened, risks, tested.people)
        drawn = bootstrap_draws(*given, metric=metric, rounds=ROUNDS, seed=1, capacity=most)
        more = drawn.rounds["whole"] - np.mean([drawn.rounds[str(number)] for number in range(len(parts))], axis=0)
        gain = drawn.estimates["whole"] - np.mean([drawn.estimates[str(number)] for number in range(len(parts))])
        low, high = np.quantile(more, (0.025, 0.975))
        cells.append(f"{gain:+.4f} ({low:+.4f} to {high:+.4f})")
    return cells


if __name__ == "__main__":
    main()
