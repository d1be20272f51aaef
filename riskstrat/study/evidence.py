"""What is known of a version before it is used: every figure of its test dates, as plain values for evidence.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import groups as cohort_groups
from riskstrat.definitions.baselines import CHAMPION, LIGHTGBM, LOGISTIC
from riskstrat.definitions.progress import Progress
from riskstrat.errors import ModelError
from riskstrat.evaluation import (
    Evaluation,
    bootstrap_by_person,
    calibration_curve,
    evaluate,
    fairness,
    freshness,
    leakage,
    listed_rows,
    net_benefit,
    pooled_yield,
    single_features,
    subgroups,
)
from riskstrat.explanation import chosen_rows, overall
from riskstrat.labels import intervened
from riskstrat.registry import champion_version, kept, newest
from riskstrat.scoring import RiskModel
from riskstrat.site.threads import run_in_threads
from riskstrat.study.equity import measure_equity
from riskstrat.study.fitting import PooledTestRows, TestedFold, TrainingRun, pooled
from riskstrat.study.gathering import Study, days_old, describe_short_records
from riskstrat.study.lots import describe_lot_rows
from riskstrat.study.starting import describe_start, word_verdict

OF_THE_MODEL = (
    "auprc",
    "brier",
    "scaled_brier",
    "calibration_in_the_large",
    "calibration_slope",
    "calibration_intercept",
    *("ici", "e90", "emax"),
)
"""Measures that get an interval for the model alone; the AUROC gets one for every model and pair."""

CURVE_POINTS = 100
STEPS = 20


@dataclass(frozen=True)
class Evaluated:
    """The pooled test rows with every model's figures on them, and the whole as plain values."""

    rows: PooledTestRows
    models: Mapping[str, Evaluation]
    intervals: pd.DataFrame
    verdict: str
    evidence: Mapping[str, Any]

    @property
    def own(self) -> Evaluation:
        """The figures of the model itself."""
        return self.models[self.rows.own]


def evaluated(learned: TrainingRun, progress: Progress) -> Evaluated:
    """Every figure of the test dates together, the model beside its rivals and the present champion."""
    rows = _add_champion(learned, pooled(learned))
    models = {
        name: evaluate(rows.outcome, risk, capacity=None, people=rows.people) for name, risk in rows.risks.items()
    }
    parts: dict[str, Callable[[], Any]] = {
        "intervals": lambda: _compute_intervals(learned, rows),
        "groups": lambda: _measure_by_group(learned, rows),
        "equity": lambda: measure_equity(learned, rows),
        "freshness": lambda: _measure_freshness(learned, rows.capacity),
        "leakage": lambda: _check_leakage(learned, rows, models),
        "curves": lambda: _gather_curves(rows),
        "person_disjoint": lambda: _measure_person_disjoint(learned),
    }
    threads = learned.study.opened.workspace.settings.engine.threads
    made = run_in_threads(parts, threads, lambda share: progress("evaluation", share))
    said = word_verdict(made["intervals"], rows.risks)
    evidence = {
        **_describe_version(learned),
        **describe_start(learned.start),
        "people_with_outcome": len(np.unique(rows.people[rows.outcome == 1])),
        "verdict": said,
        **_describe_origins(learned),
        "models": {name: one.to_dict() for name, one in models.items()},
        "left_out": dict(rows.left_out),
        "intervals": records(made["intervals"]),
        **made["curves"],
        **made["groups"],
        **{name: made[name] for name in ("equity", "leakage", "person_disjoint", "freshness")},
        "explanation": _explain_model(learned, rows),
    }
    return Evaluated(rows, models, made["intervals"], said, plain(evidence))


def _gather_curves(rows: PooledTestRows) -> dict[str, Any]:
    return {
        "at_capacity": _measure_at_capacity(rows),
        "calibration_curve": _sample_calibration_curve(rows),
        "risk_histogram": _count_by_risk(rows),
        "decision_curve": _compute_decision_curve(rows),
    }


def _add_champion(learned: TrainingRun, rows: PooledTestRows) -> PooledTestRows:
    """The rows with the risks of the present champion: at each origin the newest of its models made by then."""
    study = learned.study
    registry = study.opened.workspace.root / "registry"
    number = champion_version(registry, study.recipe.name)
    if number is None:
        return _leave_out_champion(rows, "there is no champion yet")
    if not study.origins:
        return _leave_out_champion(rows, f"version {number} may have learned from the people held out here")
    models = kept(registry, study.recipe.name, number).origins()
    try:
        risks = [_predict_with_newest(models, one, study.matrix) for one in learned.tested]
    except ModelError as refused:
        return _leave_out_champion(rows, f"version {number} cannot be compared: {refused}")
    return rows.with_model(CHAMPION, np.concatenate(risks))


def _leave_out_champion(rows: PooledTestRows, why: str) -> PooledTestRows:
    return PooledTestRows(**{**rows.__dict__, "left_out": {**rows.left_out, CHAMPION: why}})


def _predict_with_newest(models: Mapping[str, RiskModel], one: TestedFold, matrix: Any) -> npt.NDArray[np.float64]:
    return newest(models, one.fold.name).risk(matrix, one.fitted.test_rows)


def _compute_intervals(learned: TrainingRun, rows: PooledTestRows) -> pd.DataFrame:
    """One row per metric, model and pair, as `evaluation.intervals` gives them; none with one outcome only."""
    rounds, seed = learned.recipe.evaluation.bootstrap_rounds, learned.recipe.learner.seed
    if not rounds or not 0 < rows.outcome.sum() < len(rows.outcome):
        return pd.DataFrame(
            columns=["metric", "model", "versus", "estimate", "low", "high", "level", "rounds", "reason"]
        )
    drawn = {"rounds": rounds, "seed": seed}
    own = {rows.own: rows.own_risk}
    tables = [bootstrap_by_person(rows.outcome, rows.risks, rows.people, metric="auroc", **drawn)]
    tables += [bootstrap_by_person(rows.outcome, own, rows.people, metric=name, **drawn) for name in OF_THE_MODEL]
    return pd.concat(tables, ignore_index=True)


def _describe_version(learned: TrainingRun) -> dict[str, Any]:
    study, recipe = learned.study, learned.recipe
    facts, model = learned.registered.facts, learned.registered.model
    return {
        "model": recipe.name,
        "as_at": study.as_at,
        "title": recipe.title,
        "sentence": recipe.sentence,
        "recipe": recipe.model_dump(mode="json"),
        "features": len(model.columns),
        "definitions_hash": model.definitions_hash,
        "store": study.opened.store.fingerprint,
        "registered": _describe_fit(learned, learned.registered.facts, 0) | {"calibration": facts["calibration"]},
        "calibrators": list(learned.registered.calibrators),
        "tuning": learned.tuned.to_dict() if learned.tuned else None,
        "intervened": _count_intervened(learned),
        "cohort": dict(study.cohort.counts),
        "labels": dict(study.labels.counts),
        "notes": notes(learned),
    }


def notes(learned: TrainingRun) -> list[str]:
    """What whoever trains should know, each sentence once."""
    study = learned.study
    every = (
        *learned.left_out,
        *describe_short_records(study),
        *learned.registered.facts["notes"],
        *study.cohort.notes,
        *study.labels.notes,
        *study.opened.engine.notes,
        *study.opened.store.notes,
    )
    return list(dict.fromkeys(every))


def _describe_fit(learned: TrainingRun, facts: Mapping[str, object], place: int) -> dict[str, Any]:
    """Index dates (first and last of each stretch where they are events), rows and events of one fit."""
    counts = {name: facts[name] for name in ("rows", "events", "rounds", "weights")}
    if not learned.study.origins:
        return {"train_dates": [], "calibration_dates": [], **counts}
    origin = learned.study.origins[0] if place == 0 else learned.tested[place - 1].fold.origin
    assert origin is not None
    spelled = {
        f"{name}_dates": [_format_period(period) for period in getattr(origin, name)]
        for name in ("train", "calibration")
    }
    return {**spelled, **counts}


def _format_period(period: Any) -> str:
    return period.first.isoformat() if period.first == period.last else f"{period.first} to {period.last}"


def _count_intervened(learned: TrainingRun) -> dict[str, Any]:
    """How many rows of each slice of the registered model, and of the test rows, had an action in their window."""
    study, mode = learned.study, learned.recipe.label.intervened
    fold = study.fold(study.origins[0]) if study.origins else learned.tested[0].fold
    tested = np.concatenate([one.fitted.test_rows for one in learned.tested])
    places = {name: np.flatnonzero(fold.slice_of == name) for name in ("train", "calibration")} | {"test": tested}
    found = {name: intervened(study.labels.rows.take(rows)) for name, rows in places.items()}
    train = found["train"]
    said = {
        "treat": "their outcomes are kept as they were",
        "censor": f"{train.changed:,} of them lost an outcome that came later",
        "exclude": f"{train.changed:,} of them are left out",
        "hold_out": describe_lot_rows(study.lot, places["train"]),
    }[mode]
    share = train.with_action / max(train.rows, 1)
    sentence = (
        f"{train.with_action:,} of {train.rows:,} training windows ({share:.1%}) held an action of an MDT: {said}"
    )
    return {"mode": mode, "sentence": sentence, **{name: asdict(one) for name, one in found.items()}}


def _describe_origins(learned: TrainingRun) -> dict[str, Any]:
    """Each test date by itself, the oldest first."""
    told = [_describe_origin(learned, place, one) for place, one in enumerate(learned.tested, start=1)]
    dates = [] if not learned.study.origins else [one["test_date"] for one in reversed(told)]
    return {"test_dates": dates, "origins": told[::-1]}


def _describe_origin(learned: TrainingRun, place: int, one: TestedFold) -> dict[str, Any]:
    study, fitted = learned.study, one.fitted
    happened, people = study.outcome[fitted.test_rows], study.patient_ids[fitted.test_rows]
    figures = {
        name: evaluate(
            happened, fitted.risks[name], capacity=None, people=people, margin=fitted.margins[name]
        ).to_dict()
        for name in dict.fromkeys((fitted.own, LIGHTGBM, LOGISTIC))
        if name in fitted.risks
    }
    test = {"test_date": one.fold.name}
    if one.fold.origin is not None:
        test = {"test_date": _format_period(one.fold.origin.test[0])}
    return {
        **test,
        "made_on": one.fold.name,
        **_describe_fit(learned, fitted.facts, place),
        "models": figures,
        "notes": list(fitted.facts["notes"]),
    }


def _measure_at_capacity(rows: PooledTestRows) -> dict[str, Any]:
    found = pooled_yield(rows.outcome, rows.own_risk, rows.list_of, None, rows.capacity, order=rows.people)
    return found.to_dict() | {"capacity": rows.capacity}


def _sample_calibration_curve(rows: PooledTestRows) -> list[dict[str, Any]]:
    curve = calibration_curve(rows.outcome, rows.own_risk)
    places = np.unique(np.linspace(0, len(curve) - 1, min(len(curve), CURVE_POINTS)).round().astype(int))
    return records(curve.iloc[places])


def _count_by_risk(rows: PooledTestRows) -> list[dict[str, Any]]:
    """Rows by risk, in steps of 5 in 100: the middle of each step and how many rows lie in it."""
    steps = np.minimum((rows.own_risk * STEPS).astype(int), STEPS - 1)
    return [{"risk": (place + 0.5) / STEPS, "people": int(n)} for place, n in enumerate(np.bincount(steps)) if n]


def _compute_decision_curve(rows: PooledTestRows) -> list[dict[str, Any]]:
    return records(
        net_benefit(rows.outcome, {name: rows.risks[name] for name in (rows.own, LOGISTIC) if name in rows.risks})
    )


def _measure_by_group(learned: TrainingRun, rows: PooledTestRows) -> dict[str, Any]:
    recipe, risk = learned.recipe, rows.own_risk
    drawn = {"rounds": max(recipe.evaluation.bootstrap_rounds, 1), "seed": recipe.learner.seed}
    table = groups_of(learned.study, rows.rows)
    listed = listed_rows(risk, rows.list_of, None, rows.capacity, order=rows.people)
    by_group = subgroups(rows.outcome, risk, rows.people, table, listed=listed, **drawn)
    shares, differences = fairness(rows.outcome, rows.people, table, listed, **drawn)
    told = {"at": "capacity", "groups": records(shares), "differences": records(differences)}
    return {"subgroups": records(by_group), "fairness": told}


def _explain_model(learned: TrainingRun, rows: PooledTestRows) -> dict[str, Any]:
    """What the registered model rests on, over a sample of the test rows that no chance decides."""
    study = learned.study
    tested = study.cohort.rows.iloc[rows.rows]
    sample = rows.rows[chosen_rows(tested)]
    return overall(learned.registered.model, study.matrix.take(sample), study.opened.workspace.features)


def groups_of(study: Study, rows: npt.NDArray[np.int64]) -> pd.DataFrame:
    """One row per row of the study asked for, one column per dimension that figures are given by."""
    matrix, column = study.matrix, study.opened.workspace.roles.number_of_conditions
    conditions = matrix.select([column])[rows, 0] if column in matrix.columns else None
    return cohort_groups(study.opened.store, study.cohort.rows.iloc[rows], number_of_conditions=conditions)


def _check_leakage(learned: TrainingRun, rows: PooledTestRows, models: Mapping[str, Evaluation]) -> dict[str, Any]:
    study = learned.study
    columns = learned.registered.model.columns
    found = study.labels.rows.iloc[rows.rows]
    days = (found["event_on"] - found["index_date"]).dt.days.to_numpy(float)
    label = study.recipe.label
    window = label.last_day - label.first_day + 1
    values = study.matrix.pick(rows.rows, columns)
    features = single_features(values, columns, rows.outcome, days - label.first_day + 1, window)
    aurocs = (models[rows.own].auroc, models[LOGISTIC].auroc if LOGISTIC in models else None)
    return leakage(features, *aurocs, study.opened.workspace.promotion.leakage)


def _measure_person_disjoint(learned: TrainingRun) -> dict[str, Any] | None:
    """The latest test date again, with a model that never saw the people it is tested on."""
    study, first, alone = learned.study, learned.tested[0], learned.held_out
    if alone is None:
        return None
    known = pd.Series(first.fitted.own_risk, index=first.fitted.test_rows)[alone.test_rows].to_numpy()
    rows, rounds = alone.test_rows, learned.recipe.evaluation.bootstrap_rounds
    happened, people = study.outcome[rows], study.patient_ids[rows]
    if not 0 < happened.sum() < len(happened):
        return {"reason": "the people held out have one outcome only"}
    risks = {"new": alone.own_risk, "known": known}
    seed = learned.recipe.learner.seed
    found = bootstrap_by_person(happened, risks, people, metric="auroc", rounds=max(rounds, 1), seed=seed)
    new, seen, pair = (found.iloc[place] for place in range(3))
    return {
        "auroc_known": seen.estimate,
        "auroc_new": new.estimate,
        "difference": pair.estimate,
        "low": pair.low,
        "high": pair.high,
        "rows": len(rows),
        "events": int(happened.sum()),
        "reason": pair.reason,
    }


def _measure_freshness(learned: TrainingRun, capacity: int) -> list[dict[str, Any]]:
    """How the latest test date would have been told by older scores, and by older models, of everybody who has all."""
    study, first = learned.study, learned.tested[0]
    rows = first.fitted.test_rows
    scores = {("score", 0): first.fitted.own_risk, ("model", 0): first.fitted.own_risk}
    for age, model in learned.older.items():
        scores["model", age] = model.risk(study.matrix, rows)
        if study.recipe.cohort.index == "calendar":
            scores["score", age] = _predict_older_score(learned, age)
    if len(scores) == 2 or not 0 < study.outcome[rows].sum() < len(rows):
        return []
    drawn = {"rounds": max(learned.recipe.evaluation.bootstrap_rounds, 1), "seed": learned.recipe.learner.seed}
    one_list = np.zeros(len(rows), np.int64)
    table = freshness(study.outcome[rows], scores, study.patient_ids[rows], one_list, capacity, **drawn)
    return records(table)


def _predict_older_score(learned: TrainingRun, age: int) -> npt.NDArray[np.float64]:
    """The latest origin's model on each tested person's record as it was so many months before; missing if none."""
    study, first = learned.study, learned.tested[0]
    made_on = np.datetime64(first.fold.name) - days_old(age)
    before = np.flatnonzero(study.index_dates == made_on)
    person = study.cohort.rows["person"].to_numpy()
    score = pd.Series(first.model.risk(study.matrix, before), index=person[before])
    return score.reindex(person[first.fitted.test_rows]).to_numpy().astype(np.float64)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain values; missing ones as None."""
    rows = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def plain(value: object) -> Any:
    """The same with numpy's numbers, dates and tuples as JSON knows them, ten significant digits, no NaN."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.10g}") if np.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
