"""The shipped recipes against those of before there were a stack, contacts over years and GP records' own flags.

`python -m tests.benchmarks.before_and_after --seeds 301 302 303 --recipes emergency_admission_12m --folder FOLDER`
simulates each borough once and keeps it in FOLDER. Each recipe learns twice from the same rows as on one test date: as
it is shipped, and as LightGBM alone without what came with the stack. Writes FOLDER/PEOPLE/RECIPE-SEED.json
and leaves out what is there already: figures of both, paired differences with 95% intervals by people drawn, recall at
capacity group by group, and what a fit and an explanation take. Of emergency admissions in 12 months the true risk is
known, so the share of the learnable gap stands there too (known_truth.py).

With `--try rounds=800 leaves=16 learning_rate=0.02` the shipped recipe learns once more with these settings of its
learner, and is held against itself. With `--stays off` it learns a second time from spells left alone, and is held
against itself; the outcome is that of continuous stays for both.
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from riskstrat.definitions.baselines import AGE_AND_SEX
from riskstrat.definitions.progress import silent
from riskstrat.definitions.recipes import Recipe
from riskstrat.evaluation import bootstrap_draws, compare_recall, evaluate, intervals, listed_rows, subgroups
from riskstrat.explanation import contributions
from riskstrat.site.opening import open_workspace
from riskstrat.study.equity import tell_groups
from riskstrat.study.evidence import groups_of
from riskstrat.study.fitting import fit_fold
from riskstrat.study.gathering import Study, gather
from riskstrat.training import Fitted
from riskstrat.training.rows import TrainingRows
from riskstrat.verbs.ingest import ingest
from riskstrat.verbs.init import init
from riskstrat.verbs.simulate import simulate
from tests.benchmarks.known_truth import RECIPE, TEST_DATE, as_risk, change_recipe, learn_truth
from tests.benchmarks.small_boroughs import expect_auroc

Numbers = npt.NDArray[np.float64]
RECIPES = (RECIPE, "emergency_readmission_30d", "high_use_of_ae_12m")
CAME_WITH_THE_STACK = ("contacts_a_year", "_in_gp_records")
"""Endings of the names of features that today's recipes have and those of before had not."""

ROUNDS = 200
EXPLAINED = 1000
NOW, BEFORE, TRIED = "now", "before", "tried"


class Made(NamedTuple):
    """A fit, and what it took: processor seconds, and the most gigabytes that this process held meanwhile."""

    fitted: Fitted
    seconds: float
    gigabytes: float


def main() -> None:
    """Simulate, learn, compare and write."""
    options = _options()
    # Boroughs of another size never stand in for one another.
    options.folder = options.folder / str(options.people)
    options.folder.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(1, user_api="blas"):
        for recipe in options.recipes:
            for seed in options.seeds:
                asked = "-".join([recipe, str(seed), *(["stays"] if options.stays else []), *options.tried])
                file = options.folder / f"{asked}.json"
                if not file.exists():
                    told = _compare_stays(options, recipe, seed) if options.stays else _compare(options, recipe, seed)
                    file.write_text(json.dumps(told, indent=1, default=float), encoding="utf-8")
                    print(f"{file.name}: {json.dumps(told['paired'], default=float)}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[301, 302, 303])
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--try", dest="tried", nargs="+", default=[], help="settings of the learner to try besides")
    parser.add_argument("--stays", choices=("off",), help="hold continuous stays against spells left alone")
    parser.add_argument("--folder", type=Path, required=True)
    return parser.parse_args()


def land_borough(folder: Path, people: int, seed: int, stays: str = "three_days") -> Path:
    """The workspace of a borough, made where it is not there; its source and truth stay in FOLDER/source-SEED."""
    root, source = folder / f"borough-{seed}-{stays}", folder / f"source-{seed}"
    if (root / "landed").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    init(root)
    for recipe in RECIPES:
        change_recipe(root / "training" / f"{recipe}.toml")
    _replace(root / "training" / "high_use_of_ae_12m.toml", 'approval = ""', 'approval = "a benchmark"')
    _replace(root / "riskstrat.toml", 'continuous_stays = "three_days"', f'continuous_stays = "{stays}"')
    if not source.exists():
        simulate(people, seed, source)
    ingest(root, source)
    (root / "landed").touch()
    return root


def _replace(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert before in text, before
    path.write_text(text.replace(before, after), "utf-8")


def gather_study(root: Path, recipe: str) -> Study:
    opened = open_workspace(root)
    return gather(opened, recipe, TEST_DATE + timedelta(days=opened.recipe(recipe).label.complete_after), silent)


def read_truth(folder: Path, seed: int, people: npt.NDArray[np.object_]) -> Numbers:
    """The true risk of an emergency admission of each person on the test date; missing where it is not known."""
    truth = pq.read_table(folder / f"source-{seed}_truth" / "truth.parquet").to_pandas()
    truth = truth[pd.to_datetime(truth["index_date"]) == pd.Timestamp(TEST_DATE)]
    return truth.set_index("patient_id")["true_risk"].reindex(people).to_numpy()


def _compare(options: argparse.Namespace, recipe: str, seed: int) -> dict[str, Any]:
    study = gather_study(land_borough(options.folder, options.people, seed), recipe)
    made = {BEFORE: _fit(study, _drop_what_came(study)), NOW: _fit(study, study.recipe)}
    if options.tried:
        made |= {TRIED: _fit(study, _change_learner(study.recipe, options.tried))}
    rows = made[NOW].fitted.test_rows
    risks = {name: one.fitted.own_risk for name, one in made.items()}
    happened, people = study.outcome[rows], study.patient_ids[rows]
    capacity = max(1, round(study.recipe.evaluation.capacity_per_1000 * len(rows) / 1000))
    told = {
        "recipe": recipe,
        "seed": seed,
        "people": options.people,
        **_describe_rows(study, rows, capacity),
        "figures": {name: _measure(happened, risk, people, capacity) for name, risk in risks.items()},
        "made": {name: _describe_making(study, one) for name, one in made.items()},
        "paired": _pair(happened, risks, people, capacity, (NOW, BEFORE)),
        "recall_in_groups": _compare_groups(study, rows, risks, capacity),
        "risk_over_observed": {name: _measure_groups(study, rows, risk) for name, risk in risks.items()},
    }
    if options.tried:
        told["paired_tried"] = _pair(happened, risks, people, capacity, (TRIED, NOW))
    if recipe == RECIPE:
        told["truth"] = _measure_learnable(study, made, read_truth(options.folder, seed, people))
    return told


def _drop_what_came(study: Study) -> Recipe:
    """LightGBM alone, without the features that came with the stack."""
    gone = [name for name in study.matrix.columns if name.endswith(CAME_WITH_THE_STACK)]
    assert gone
    alone = study.recipe.learner.model_copy(update={"kind": "lightgbm", "larger": None})
    left_out = (*study.recipe.exclude_features, *gone)
    return study.recipe.model_copy(update={"learner": alone, "exclude_features": left_out})


def _change_learner(recipe: Recipe, tried: list[str]) -> Recipe:
    """The recipe with other settings of its learner, each as name=number."""
    given = {name: json.loads(value) for name, value in (one.split("=") for one in tried)}
    learner = type(recipe.learner).model_validate({**recipe.learner.model_dump(), "larger": None, **given})
    return recipe.model_copy(update={"learner": learner})


def _fit(study: Study, recipe: Recipe) -> Made:
    fold = study.folds()[0]
    return measure_fit(lambda: fit_fold(study, recipe, fold))


def measure_fit(work: Callable[[], Fitted]) -> Made:
    """What the work gives, with what it took; Linux alone tells the most that was held meanwhile."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    began = time.process_time()
    fitted = work()
    took = time.process_time() - began
    held = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if "VmHWM" in line)
    return Made(fitted, took, int(held.split()[1]) / 1e6)


def _describe_rows(study: Study, rows: npt.NDArray[np.int64], capacity: int) -> dict[str, Any]:
    outcome = study.outcome[rows]
    days = np.unique(study.index_dates[rows]).astype(str)
    return {
        "as_at": str(study.as_at),
        "tested": [days[0], days[-1]],
        "rows": len(rows),
        "events": int(outcome.sum()),
        "capacity": capacity,
        "features": len(study.matrix.columns),
    }


def _measure(happened: Numbers, risk: Numbers, people: Any, capacity: int) -> dict[str, Any]:
    one = evaluate(happened, risk, capacity=capacity, people=people).to_dict()
    drawn = bootstrap_draws(happened, {"x": risk}, people, metric="calibration_slope", rounds=ROUNDS // 2, seed=1)
    low, high = np.quantile(drawn.rounds["x"], (0.025, 0.975))
    return {**one, "slope_low": low, "slope_high": high}


def _describe_making(study: Study, made: Made) -> dict[str, Any]:
    """What a fit and the explanation of 1,000 people took, and how far the latter is from adding up."""
    model, facts = made.fitted.model, made.fitted.facts
    some = study.matrix.take(made.fitted.test_rows[:EXPLAINED])
    began = time.process_time()
    explained = contributions(model, some)
    took = time.process_time() - began
    return {
        "fit_seconds": made.seconds,
        "peak_gigabytes": made.gigabytes,
        "rounds": facts["rounds"],
        "weights": facts["weights"],
        "train_rows": facts["rows"]["train"],
        "train_events": facts["events"]["train"],
        "features": len(model.columns),
        "explained_people": len(explained),
        "explain_ms_a_person": 1000 * took / len(explained),
        "explanation_apart": np.abs(explained.sum(axis=1) - model.margin(model.narrow(some))).max(),
    }


def _pair(
    happened: Numbers, risks: dict[str, Numbers], people: Any, capacity: int, names: tuple[str, str]
) -> dict[str, Any]:
    """By metric the difference, the first of the two minus the second, with its interval."""
    asked = {
        "auroc": ("auroc", None),
        "brier": ("brier", None),
        "ppv at capacity": ("ppv", capacity),
        "ppv of the first 2%": ("ppv", len(happened) // 50),
    }
    told = {}
    for name, (metric, most) in asked.items():
        given = {one: risks[one] for one in names}
        drawn = bootstrap_draws(happened, given, people, metric=metric, rounds=ROUNDS, seed=1, capacity=most)
        pair = intervals(drawn).iloc[-1]
        told[name] = {"difference": pair.estimate, "low": pair.low, "high": pair.high, **drawn.estimates}
    return told


def _compare_groups(study: Study, rows: npt.NDArray[np.int64], risks: dict[str, Numbers], capacity: int) -> list[Any]:
    people, groups = study.patient_ids[rows], tell_groups(study, rows)
    now, before = (listed_rows(risks[name], np.zeros(len(rows)), None, capacity, people) for name in (NOW, BEFORE))
    found = compare_recall(study.outcome[rows], people, groups, now, before, rounds=ROUNDS, seed=1)
    return json.loads(found.to_json(orient="records"))


def _measure_groups(study: Study, rows: npt.NDArray[np.int64], risk: Numbers) -> dict[str, Any]:
    """Of the groups shown: how many intervals of mean risk over observed share hold 1, and the furthest groups."""
    table = groups_of(study, rows)
    shown = subgroups(study.outcome[rows], risk, study.patient_ids[rows], table, rounds=ROUNDS, seed=1)
    shown = shown[shown["reason"].isna()]
    over, low, high = (shown[f"mean_risk_over_observed{end}"] for end in ("", "_low", "_high"))
    return {
        "groups": len(shown),
        "hold_one": int((low.le(1) & high.ge(1)).sum()),
        "least": over.min(),
        "most": over.max(),
        "auroc": dict(zip(shown["dimension"] + ", " + shown["group"].astype(str), shown["auroc"], strict=True)),
    }


def _measure_learnable(study: Study, made: dict[str, Made], true: Numbers) -> dict[str, Any]:
    """Expected AUROC over the true risk, and the share of the learnable gap above age and sex, with its interval."""
    fitted, known = made[NOW].fitted, ~np.isnan(true)
    rows = fitted.test_rows[known]
    happened, people = study.outcome[rows], study.patient_ids[rows]
    values = study.matrix.take(rows).select(fitted.model.columns)
    scores = {name: one.fitted.margins[one.fitted.own][known] for name, one in made.items()}
    scores |= {AGE_AND_SEX: fitted.margins[AGE_AND_SEX][known]}
    scores |= {f"{name} of the stack": fitted.margins[name][known] for name in ("lightgbm", "logistic_regression")}
    scores |= {"learnable": learn_truth(TrainingRows(values, true[known], people), threads=1)}
    ranked = {name: as_risk(score) for name, score in scores.items()}
    drawn = bootstrap_draws(happened, ranked, people, metric="auroc", rounds=ROUNDS, seed=1)
    floor, top = drawn.rounds[AGE_AND_SEX], drawn.rounds["learnable"]
    expected = {name: expect_auroc(score, true[known]) for name, score in scores.items()}
    return {
        "known": known.mean(),
        "auroc": dict(drawn.estimates),
        "auroc_of_true_risk": evaluate(happened, true[known], capacity=None).auroc,
        "expected_auroc": expected,
        "share_of_learnable": {
            name: {
                "estimate": _share(drawn.estimates[name], drawn.estimates[AGE_AND_SEX], drawn.estimates["learnable"]),
                "interval": list(np.quantile(_share(drawn.rounds[name], floor, top), (0.025, 0.975))),
                "by_expected_auroc": _share(expected[name], expected[AGE_AND_SEX], expected["learnable"]),
            }
            for name in made
        },
        "mean_distance_of_true_risk": {
            name: np.abs(one.fitted.own_risk - true)[known].mean() for name, one in made.items()
        },
    }


def _share(own: Any, floor: Any, top: Any) -> Any:
    return (own - floor) / (top - floor)


def _compare_stays(options: argparse.Namespace, recipe: str, seed: int) -> dict[str, Any]:
    """The shipped recipe on spells left alone and on continuous stays, on the people and outcomes of the latter."""
    found = {}
    for stays in (options.stays, "three_days"):
        study = gather_study(land_borough(options.folder, options.people, seed, stays), recipe)
        fitted = _fit(study, study.recipe).fitted
        keys = ["patient_id", "index_date"]
        rows = study.cohort.rows.iloc[fitted.test_rows][keys].reset_index(drop=True)
        found[stays] = rows.assign(risk=fitted.own_risk, outcome=study.outcome[fitted.test_rows])
    both = found["three_days"].merge(found[options.stays], on=keys, suffixes=("", "_alone"))
    people, happened = both["patient_id"].to_numpy(), both["outcome"].to_numpy()
    risks = {"spells alone": both["risk_alone"].to_numpy(), "continuous stays": both["risk"].to_numpy()}
    capacity = max(1, round(study.recipe.evaluation.capacity_per_1000 * len(both) / 1000))
    told = {
        "recipe": recipe,
        "seed": seed,
        "rows": len(both),
        "rows_of_one_alone": [len(one) - len(both) for one in found.values()],
        "events": int(happened.sum()),
        "outcomes_that_differ": int((both["outcome"] != both["outcome_alone"]).sum()),
        "figures": {name: _measure(happened, risk, people, capacity) for name, risk in risks.items()},
        "paired": _pair(happened, risks, people, capacity, ("continuous stays", "spells alone")),
    }
    if recipe == RECIPE:
        true = read_truth(options.folder, seed, people)
        known = ~np.isnan(true)
        told["expected_auroc"] = {name: expect_auroc(risk[known], true[known]) for name, risk in risks.items()}
    return told


if __name__ == "__main__":
    main()
