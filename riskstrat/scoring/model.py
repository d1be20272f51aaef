"""RiskModel: from a matrix of features to margins and risks, or a refusal that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.matrix import FeatureMatrix, Numbers32, hash_of
from riskstrat.errors import ModelError
from riskstrat.scoring.booster_text import is_whole
from riskstrat.scoring.calibrator import Calibrator, calibrator_of
from riskstrat.scoring.linear import Linear, format_linear, read_linear
from riskstrat.scoring.openmp import lightgbm
from riskstrat.scoring.ranges import Ranges, ranges_of
from riskstrat.scoring.storage import damaged, read, write
from riskstrat.scoring.weights import ALONE, Weights
from riskstrat.storage import EACH, Shape, find_misfit

if TYPE_CHECKING:
    from lightgbm import Booster

Index = npt.NDArray[np.int64]

_FACTS: Shape = {
    "columns": [str],
    "fingerprints": {EACH: str},
    "calibrator": {"method": str, EACH: (str, float, list)},
    "recipe": dict,
    "trained": dict,
    "tables": {EACH: str},
}
"""What model.json must hold; its ranges are judged where they are made."""

_WEIGHTS: Shape = {"booster": float, "linear": float}

NAMED = 3
"""Columns a refusal names; the rest are counted."""

THREADS = 2
WORTH_SHARING = 20_000
"""Below this many rows one thread scores; threads would wait for each other longer than they work."""


@dataclass(frozen=True)
class RiskModel:
    """A trained model, whole: what it computes, on which definitions, for which recipe, and how it came about.

    `booster_text` is LightGBM's own text. `linear` is the other member of a stack, None where LightGBM stands alone,
    and `weights` what each member's margin counts. `fingerprints` gives the sha256 of each column's definition at
    training. `recipe` (name, title, sentence, outcome, horizon) and `trained` (counts, dates, settings) are plain
    values that stand in model.json. `tables` names the source table behind a column, where known: a refusal reads it.
    `ranges` says how sure a risk is; a model made before there were any has none.
    """

    booster_text: str
    columns: tuple[str, ...]
    fingerprints: Mapping[str, str]
    calibrator: Calibrator
    recipe: Mapping[str, Any]
    trained: Mapping[str, Any]
    tables: Mapping[str, str] = field(default_factory=dict)
    ranges: Ranges | None = None
    linear: Linear | None = None
    weights: Weights = ALONE

    @property
    def name(self) -> str:
        """The recipe's name."""
        return str(self.recipe.get("name", "")) or "the model"

    @property
    def definitions_hash(self) -> str:
        """sha256 over the columns and the definitions it was trained on."""
        return hash_of(self.fingerprints)

    @property
    def learned(self) -> str:
        """All that decides the margins, as text: two models with the same give everybody the same."""
        return self.booster_text if self.linear is None else f"{self.booster_text}{self._linear_text}{self.weights}"

    @property
    def booster_alone(self) -> RiskModel:
        """The same without the linear member, still calibrated for both."""
        return replace(self, linear=None, weights=ALONE)

    @cached_property
    def _linear_text(self) -> str | None:
        return None if self.linear is None else format_linear(self.linear)

    @cached_property
    def booster(self) -> Booster:
        """The booster read from its text. Raises ModelError if the text is not whole or has other columns."""
        refusal = ModelError(
            f"the booster of {self.name} is not one of {len(self.columns)} columns, as model.json has it, that can be "
            "read; restore its files or train again"
        )
        if not is_whole(self.booster_text, len(self.columns)):
            raise refusal
        lgb = lightgbm()
        try:
            return lgb.Booster(model_str=self.booster_text)
        except lgb.basic.LightGBMError:
            raise refusal from None

    def narrow(self, matrix: FeatureMatrix) -> FeatureMatrix:
        """The same rows with the model's own columns in its own order.

        Raises ModelError if a column is absent or was made by another definition than at training.
        """
        self._refuse_misfit(matrix)
        return FeatureMatrix(matrix.keys, matrix.select(self.columns), self.columns, dict(self.fingerprints))

    def margin(self, matrix: FeatureMatrix, rows: Index | None = None) -> npt.NDArray[np.float64]:
        """One margin (log odds before calibration) for each row of the matrix, or for those at the positions asked for.

        Raises ModelError as `narrow` does.
        """
        self._refuse_misfit(matrix)
        found = [self._compute_margins(values) for values in matrix.walk(self.columns, rows)]
        return np.concatenate([np.zeros(0), *found])

    def _compute_margins(self, values: Numbers32) -> npt.NDArray[np.float64]:
        threads = THREADS if len(values) >= WORTH_SHARING else 1
        found = self.booster.predict(np.ascontiguousarray(values), raw_score=True, num_threads=threads)
        margin = np.asarray(found, dtype=np.float64)
        return margin if self.linear is None else self.weights.add(margin, self.linear.margin(values, self.columns))

    def find_leaves(self, values: Numbers32, first: int = 0, trees: int = -1) -> npt.NDArray[np.int32]:
        """For each row the leaf that it reaches in so many trees from the first asked for (rows by trees).

        values: with the model's own columns in its own order.
        """
        given = np.ascontiguousarray(values)
        found = self.booster.predict(given, start_iteration=first, num_iteration=trees, pred_leaf=True, num_threads=1)
        return np.asarray(found, np.int32).reshape(len(values), -1)

    def risk(self, matrix: FeatureMatrix, rows: Index | None = None) -> npt.NDArray[np.float64]:
        """One calibrated risk (0 to 1) for each row as `margin` has them. Raises ModelError as `narrow` does."""
        return self.risk_of(self.margin(matrix, rows))

    def risk_of(self, margin: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """One calibrated risk (0 to 1) per margin."""
        return self.calibrator.risk(margin)

    def range_of(self, margin: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """A low and a high risk (0 to 1) per margin: for people with similar records, between `low` and `high`.

        The 95% interval of the share with the outcome among the people of the calibration slice whose scores were
        nearest: how well the risk of such people was known then, by their own outcomes. It holds the risk itself, and
        neither end falls as the margin rises. It is no statement about one person, whose outcome is yes or no, nor
        about what has changed since the calibration slice. Raises ModelError if the model has no ranges.
        """
        if self.ranges is None:
            raise ModelError(f"{self.name} was trained without ranges; train it again to have them")
        return self.ranges.of(margin, self.risk_of(margin))

    def save(self, folder: Path) -> None:
        """Write booster.txt, model.json and, of a stack, linear.json; the same model gives the same bytes.

        Raises StorageError.
        """
        facts = {
            "columns": list(self.columns),
            "fingerprints": dict(self.fingerprints),
            "definitions_hash": self.definitions_hash,
            "calibrator": self.calibrator.to_dict(),
            "ranges": None if self.ranges is None else self.ranges.to_dict(),
            "recipe": dict(self.recipe),
            "trained": dict(self.trained),
            "tables": dict(self.tables),
            "weights": self.weights.to_dict(),
        }
        write(folder, self.booster_text, self._linear_text, facts)

    def _refuse_misfit(self, matrix: FeatureMatrix) -> None:
        self._refuse_absent(matrix)
        self._refuse_redefined(matrix)

    def _refuse_absent(self, matrix: FeatureMatrix) -> None:
        present = set(matrix.columns)
        absent = [name for name in self.columns if name not in present]
        if absent:
            raise ModelError(
                f"the matrix lacks {_format_names(absent)} that {self.name} was trained on; "
                f"{self._suggest_remedy(absent)}"
            )

    def _suggest_remedy(self, absent: list[str]) -> str:
        tables = sorted({self.tables[name] for name in absent if name in self.tables})
        if not tables:
            return "restore the source table or the definition behind them, or train again without them"
        which = f"the {tables[0]} table is" if len(tables) == 1 else f"the tables {', '.join(tables)} are"
        return f"probably {which} absent: land what is missing, or train again without it"

    def _refuse_redefined(self, matrix: FeatureMatrix) -> None:
        other = [name for name in self.columns if matrix.fingerprints.get(name) != self.fingerprints.get(name)]
        if other:
            was = "was" if len(other) == 1 else "were"
            raise ModelError(
                f"{_format_names(other)} {was} defined otherwise when this model was trained; "
                "retrain, or restore the definition"
            )


def _format_names(names: list[str]) -> str:
    """The first few names and how many more there are."""
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def load(folder: Path) -> RiskModel:
    """The model that `RiskModel.save` wrote. Raises ModelError if a file is missing, damaged or of another format."""
    booster_text, linear_text, facts = read(folder)
    # Of the first format there are no weights: LightGBM stood alone.
    weights = facts.get("weights", ALONE.to_dict())
    stacked = weights != ALONE.to_dict()
    if find_misfit(facts, _FACTS) or find_misfit(weights, _WEIGHTS) or stacked != (linear_text is not None):
        raise damaged(folder)
    try:
        return RiskModel(
            booster_text=booster_text,
            columns=tuple(facts["columns"]),
            fingerprints=facts["fingerprints"],
            calibrator=calibrator_of(facts["calibrator"]),
            recipe=facts["recipe"],
            trained=facts["trained"],
            tables=facts["tables"],
            ranges=ranges_of(facts["ranges"]) if facts.get("ranges") else None,
            linear=None if linear_text is None else read_linear(linear_text, facts["columns"]),
            weights=Weights(float(weights["booster"]), float(weights["linear"])),
        )
    except (KeyError, TypeError, ValueError, ModelError):
        raise damaged(folder) from None
