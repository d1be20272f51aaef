"""The same learner on real records: readmission within 30 days after 50,804 stays of people with diabetes.

`python tests/benchmarks/diabetes_readmission.py --data FOLDER` (or RISKSTRAT_REAL_DATA) reads
FOLDER/diabetes130_half, fits LightGBM, logistic regression and the stack on five folds that share no patient, and
prints the AUROC of each over all folds, paired differences by patient, and how well the risks are calibrated. `--small`
learns from so few patients and features that trees are worse than a line, which must be said. `--stays 1000 4000`
learns from so few stays, in ten draws, and tests on all other patients. Source of the records: Strack
and others, BioMed Research International 2014, 781670; readmission is of all causes.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import LearnerRecipe, Recipe, TuningRecipe
from riskstrat.evaluation import Evaluation, bootstrap_by_person, evaluate, verdict
from riskstrat.training import DeclaredRivals, Fitted, Tuned, fit, tune
from riskstrat.training.slices import shares

FOLDS = 5
CALIBRATION_SHARE = 0.2
SEED = 20261116
FOLDER = "diabetes130_half"
MODELS = ("lightgbm", "logistic_regression")
EVERY_MODEL = ("stack", *MODELS)
RIVALS = DeclaredRivals("age", ())
"""Beside the model stands logistic regression alone."""

DIED_OR_HOSPICE = ("11", "13", "14", "19", "20", "21")
"""Discharge dispositions after which nobody can be readmitted, or is not meant to be (ids_mapping.csv)."""

CHAPTERS: tuple[tuple[str, float, float], ...] = (
    ("infection", 1, 139),
    ("neoplasm", 140, 239),
    ("endocrine", 240, 279),
    ("blood", 280, 289),
    ("mental", 290, 319),
    ("nervous", 320, 389),
    ("circulatory", 390, 459),
    ("respiratory", 460, 519),
    ("digestive", 520, 579),
    ("genitourinary", 580, 629),
    ("pregnancy", 630, 679),
    ("skin", 680, 709),
    ("musculoskeletal", 710, 739),
    ("congenital", 740, 779),
    ("symptoms", 780, 799),
    ("injury", 800, 999),
)
"""Chapters of ICD-9-CM by the first three figures of a code."""

CONDITIONS: dict[str, tuple[float, float]] = {
    "heart_failure": (428, 428.99),
    "ischaemic_heart_disease": (410, 414.99),
    "arrhythmia": (427, 427.99),
    "copd": (490, 496.99),
    "kidney_disease": (584, 586.99),
    "pneumonia": (480, 486.99),
    "stroke": (430, 438.99),
    "fluid_disorder": (276, 276.99),
    "liver_disease": (570, 573.99),
    "cellulitis": (681, 682.99),
    "septicaemia": (38, 38.99),
    "diabetes": (250, 250.99),
    "hypertension": (401, 405.99),
    "anaemia": (280, 285.99),
    "device_complication": (996, 999.99),
}
"""First and last ICD-9-CM code of conditions looked for in any of the three diagnoses."""

NUMBERS = {
    "time_in_hospital": "nights",
    "num_lab_procedures": "laboratory_tests",
    "num_procedures": "procedures",
    "num_medications": "medicines",
    "number_outpatient": "outpatient_attendances_365d",
    "number_emergency": "ae_attendances_365d",
    "number_inpatient": "admissions_365d",
    "number_diagnoses": "diagnoses_entered",
}
LEVELS = {
    "race": 500,
    "admission_type_id": 500,
    "admission_source_id": 400,
    "discharge_disposition_id": 150,
    "payer_code": 500,
    "medical_specialty": 300,
    "max_glu_serum": 100,
    "A1Cresult": 100,
    "insulin": 100,
}
"""Columns that become one flag a level, and how many stays a level must have."""

MEDICINES = (
    "metformin",
    "repaglinide",
    "nateglinide",
    "glimepiride",
    "glipizide",
    "glyburide",
    "pioglitazone",
    "rosiglitazone",
    "acarbose",
    "glyburide-metformin",
)
LEARNER = LearnerRecipe(
    rounds=400,
    learning_rate=0.04,
    leaves=8,
    min_rows_in_leaf=100,
    feature_fraction=0.3,
    row_fraction=0.8,
    l2=10.0,
    seed=SEED,
)
SMALL_TRAINING, SMALL_CALIBRATION = 600, 200
SMALL_FEATURES = ("age", "nights", "laboratory_tests", "procedures", "medicines", "admissions_365d")
"""Patients and features of the small panel: few of them, and most of the features say little."""


@dataclass(frozen=True)
class Stays:
    """One row per stay: features, whether a readmission followed within 30 days, and the fold of its patient."""

    matrix: FeatureMatrix
    outcome: npt.NDArray[np.float64]
    fold: npt.NDArray[np.int64]


class Pooled(NamedTuple):
    """Every test stay: outcome, patient and, per model, calibrated risk."""

    outcome: npt.NDArray[np.float64]
    people: npt.NDArray[np.str_]
    risks: dict[str, npt.NDArray[np.float64]]

    def intervals(self, rounds: int) -> pd.DataFrame:
        """Each model's AUROC and their paired difference, patients drawn; of risks, the scale that folds share."""
        return bootstrap_by_person(self.outcome, self.risks, self.people, metric="auroc", rounds=rounds, seed=SEED)

    def evaluated(self, model: str) -> Evaluation:
        """Discrimination and calibration of one model over all folds."""
        return evaluate(self.outcome, self.risks[model], capacity=None, people=self.people)


def main() -> None:
    """Print the search, then both models, their paired difference and their calibration."""
    options = _options()
    stays = read_stays(options.data / FOLDER)
    if options.small:
        _print(learned_from_few(stays), options.rounds)
        return
    if options.stays:
        for number in options.stays:
            print_draws(stays, number, options.draws)
        return
    tuned = tune_once(stays, options.trials)
    print(f"first fold's training patients: {tuned.sentence}", flush=True)
    _print(cross_fitted(stays, tuned.learner, stacked=True), options.rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    named = os.environ.get("RISKSTRAT_REAL_DATA")
    parser.add_argument("--data", type=Path, default=Path(named) if named else None, required=not named)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=500, help="draws of the bootstrap")
    parser.add_argument("--small", action="store_true", help=f"learn from {SMALL_TRAINING} patients")
    parser.add_argument("--stays", type=int, nargs="+", help="learn from so many stays, in several draws")
    parser.add_argument("--draws", type=int, default=10)
    return parser.parse_args()


def read_stays(folder: Path) -> Stays:
    """Every stay that ended alive and not in a hospice, the earliest first."""
    rows = ordered(folder)
    rows = rows.join(earlier(rows))  # counted over every stay, also those that are then left out
    rows = rows[~rows["discharge_disposition_id"].isin(DIED_OR_HOSPICE)].reset_index(drop=True)
    features = _features(rows)
    people = rows["patient_nbr"].to_numpy(str)
    # The records carry no dates: one for all, so that the split is by person.
    keys = pd.DataFrame({"patient_id": people, "index_date": np.datetime64("2008-12-31", "s")})
    columns = tuple(features.columns)
    matrix = FeatureMatrix(keys, features.to_numpy(np.float32), columns, dict.fromkeys(columns, "diabetes130"))
    fold = (shares(people, SEED) * FOLDS).astype(np.int64)
    return Stays(matrix, (rows["readmitted"] == "<30").to_numpy(float), fold)


def ordered(folder: Path) -> pd.DataFrame:
    """Every stay as recorded, in the order in which they were numbered."""
    rows = pd.read_parquet(folder / "encounters.parquet")
    rows["order"] = pd.to_numeric(rows["encounter_id"])
    return rows.sort_values("order", kind="stable").reset_index(drop=True)


def earlier(rows: pd.DataFrame) -> pd.DataFrame:
    """What the same patient's earlier stays say; nothing of how they ended for the readmission counts."""
    by_patient = rows.groupby("patient_nbr", sort=False)
    nights = pd.to_numeric(rows["time_in_hospital"])
    return pd.DataFrame(
        {
            "earlier_stays": by_patient.cumcount(),
            "earlier_nights": nights.groupby(rows["patient_nbr"]).cumsum() - nights,
            "nights_of_last_stay": nights.groupby(rows["patient_nbr"]).shift(),
            "numbers_since_last_stay": np.log1p(by_patient["order"].diff()),
        }
    )


def _features(rows: pd.DataFrame) -> pd.DataFrame:
    columns = {name: pd.to_numeric(rows[given]) for given, name in NUMBERS.items()}
    columns["age"] = rows["age"].str.extract(r"(\d+)")[0].astype(float) + 5
    columns["is_female"] = rows["gender"] == "Female"
    for name in ("earlier_stays", "earlier_nights", "nights_of_last_stay", "numbers_since_last_stay"):
        columns[name] = rows[name]
    columns["takes_diabetes_medicine"] = rows["diabetesMed"] == "Yes"
    columns["medicine_changed"] = rows["change"] == "Ch"
    columns["dose_changes"] = sum(rows[name].isin(("Up", "Down")).astype(int) for name in (*MEDICINES, "insulin"))
    columns |= {f"takes_{name.replace('-', '_')}": rows[name] != "No" for name in MEDICINES}
    columns |= _levels(rows) | _diagnoses(rows)
    columns["contacts_365d"] = sum(columns[name] for name in columns if name.endswith("_365d"))
    columns["tests_a_night"] = columns["laboratory_tests"] / columns["nights"]
    columns["medicines_a_night"] = columns["medicines"] / columns["nights"]
    return pd.DataFrame(columns).astype(np.float32)


def _levels(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """One flag for each level that enough stays have."""
    made = {}
    for name, fewest in LEVELS.items():
        given = rows[name].fillna("not measured")
        counts = given.value_counts()
        made |= {f"{name.lower()}_{_plain(level)}": given == level for level in sorted(counts.index[counts >= fewest])}
    return made


def _plain(level: str) -> str:
    """A level as part of a column's name; LightGBM takes no punctuation there."""
    spelled = {"?": "unknown", ">7": "over_7", ">8": "over_8", ">200": "over_200", ">300": "over_300"}.get(level, level)
    return "".join(letter if letter.isalnum() else "_" for letter in spelled.lower())


def _diagnoses(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """The chapter of the main diagnosis, and each condition among the three that are given."""
    codes = {name: pd.to_numeric(rows[name], errors="coerce") for name in ("diag_1", "diag_2", "diag_3")}
    made = {f"main_{name}": codes["diag_1"].between(low, high + 0.99) for name, low, high in CHAPTERS}
    made["main_v_or_e_code"] = rows["diag_1"].str.startswith(("V", "E"))
    for name, (low, high) in CONDITIONS.items():
        made[f"main_{name}_itself"] = codes["diag_1"].between(low, high)
        made[f"any_{name}"] = pd.concat([code.between(low, high) for code in codes.values()], axis=1).any(axis=1)
    return made


def recipe_of(trials: int = 0, learner: LearnerRecipe = LEARNER) -> Recipe:
    """A recipe for stays: its index dates are discharges and its split is by person."""
    return Recipe(
        name="diabetes_readmission",
        title="Readmission in 30 days, people with diabetes",
        sentence="a readmission within 30 days of leaving hospital",
        outcome="readmission",
        cohort={"index": "live_discharge"},
        label={"horizon": "30d"},
        learner=learner,
        tuning=TuningRecipe(trials=trials),
    )


def slices_of(stays: Stays, fold: int) -> npt.NDArray[np.str_]:
    """The fold's patients test; of the others a fifth calibrates and the rest trains."""
    calibrates = shares(stays.matrix.keys["patient_id"], SEED + 7) < CALIBRATION_SHARE
    return np.where(stays.fold == fold, "test", np.where(calibrates, "calibration", "train"))


def tune_once(stays: Stays, trials: int) -> Tuned:
    """Settings found among the training patients of the first fold, and used for every fold."""
    return tune(stays.matrix, stays.outcome, slices_of(stays, 0), recipe_of(trials))


def cross_fitted(stays: Stays, learner: LearnerRecipe, folds: int = FOLDS, *, stacked: bool = False) -> Pooled:
    """Each model fitted on each fold's training patients, and what it says of its test patients."""
    fits = [fit_each(stays, slices_of(stays, fold), learner, stacked=stacked) for fold in range(folds)]
    return _pooled(stays, fits)


def fit_each(stays: Stays, parts: npt.NDArray[np.str_], learner: LearnerRecipe, *, stacked: bool) -> tuple[Fitted, ...]:
    """LightGBM alone with logistic regression beside it and, where asked, the stack, on the same slices."""
    given, alone = (stays.matrix, stays.outcome, parts), recipe_of(learner=learner)
    stack = recipe_of(learner=learner.model_copy(update={"kind": "stack"}))
    fits = [fit(*given, alone, rivals=RIVALS, age="age")]
    return (*fits, fit(*given, stack, age="age")) if stacked else tuple(fits)


def print_draws(stays: Stays, number: int, draws: int) -> None:
    """AUROC on all other patients after learning from so many stays: means over the draws, and paired differences."""
    found = [_learned_from(stays, number, draw) for draw in range(draws)]
    table = {name: np.array([one[name] for one in found]) for name in EVERY_MODEL}
    print(f"{number:,} stays, {draws} draws: " + ", ".join(f"{name} {one.mean():.4f}" for name, one in table.items()))
    for name in MODELS:
        apart = table["stack"] - table[name]
        half = student.ppf(0.975, draws - 1) * apart.std(ddof=1) / np.sqrt(draws)
        print(f"    stack minus {name} {apart.mean():+.4f} ({apart.mean() - half:+.4f} to {apart.mean() + half:+.4f})")


def _learned_from(stays: Stays, number: int, draw: int) -> dict[str, float]:
    """The AUROC of each model; a quarter as many stays again calibrate."""
    share = shares(stays.matrix.keys["patient_id"], SEED + 100 + draw)
    ends = np.sort(share)[[number, number + number // 4]]
    parts = np.array(["train", "calibration", "test"])[np.searchsorted(ends, share, side="right")]
    fits = fit_each(stays, parts, LEARNER, stacked=True)
    happened = stays.outcome[fits[0].test_rows]
    margins = {name: margin for one in reversed(fits) for name, margin in one.margins.items()}
    return {name: float(roc_auc_score(happened, margins[name])) for name in EVERY_MODEL}


def learned_from_few(stays: Stays) -> Pooled:
    """Both models fitted on a few hundred patients and a few features, and what they say of all the others."""
    people = stays.matrix.keys["patient_id"]
    share = shares(people, SEED + 1)
    ends = np.sort(np.unique(share))[[SMALL_TRAINING, SMALL_TRAINING + SMALL_CALIBRATION]]
    parts = np.array(["train", "calibration", "test"])[np.searchsorted(ends, share, side="right")]
    matrix = stays.matrix
    narrow = FeatureMatrix(matrix.keys, matrix.select(SMALL_FEATURES), SMALL_FEATURES, matrix.fingerprints)
    return _pooled(stays, [(fit(narrow, stays.outcome, parts, recipe_of(), rivals=RIVALS, age="age"),)])


def _pooled(stays: Stays, fits: list[tuple[Fitted, ...]]) -> Pooled:
    rows = np.concatenate([each[0].test_rows for each in fits])
    people = stays.matrix.keys["patient_id"].to_numpy(str)[rows]
    own = [{name: risk for one in reversed(each) for name, risk in one.risks.items()} for each in fits]
    risks = {name: np.concatenate([one[name] for one in own]) for name in EVERY_MODEL if name in own[0]}
    return Pooled(stays.outcome[rows], people, risks)


def _print(pooled: Pooled, rounds: int) -> None:
    people, share = len(np.unique(pooled.people)), pooled.outcome.mean()
    print(f"{len(pooled.outcome):,} stays of {people:,} patients, {share:.3f} readmitted")
    intervals = pooled.intervals(rounds)
    print(verdict(intervals))
    if "stack" in pooled.risks:
        print(*(verdict(intervals, model="stack", against=name) for name in MODELS), sep="\n")
    for name in pooled.risks:
        one = pooled.evaluated(name)
        print(
            f"{name}: AUROC {one.auroc:.4f}, AUPRC {one.auprc:.4f}, Brier {one.brier:.5f}, "
            f"slope {one.calibration_slope:.3f}, intercept {one.calibration_intercept:+.3f}, ICI {one.ici:.4f}"
        )


if __name__ == "__main__":
    main()
