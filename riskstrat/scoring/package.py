"""A model for another site, in one file: what predicts, what it predicts, and who allowed that it leaves.

The file tells of nobody: counts of rows, ranges of features and settings are not in it, and the ends of a linear term
are rounded. What it still holds are thresholds and values that at least `FEWEST_PEOPLE` people made together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from riskstrat.errors import ModelError, StorageError
from riskstrat.scoring.bare_booster import strip_booster
from riskstrat.scoring.booster_text import is_whole, read_head
from riskstrat.scoring.calibrator import Platt
from riskstrat.scoring.linear import Linear, format_linear, read_linear
from riskstrat.scoring.model import RiskModel
from riskstrat.scoring.weights import Weights
from riskstrat.storage import EACH, Shape, compute_digest, find_misfit, format_canonical_json, format_json, parse_json

FORMAT = 1
FEWEST_PEOPLE = 50
"""People who reach each leaf, or have each level of a feature, at least."""

_KIND = "riskstrat model package"
_DIGITS = 2
"""Significant digits of the ends that the values of a linear term are cut at."""

_TOO_LARGE = 200_000_000
"""Bytes that no package has."""

_SHAPE: Shape = {
    "kind": str,
    "format": int,
    "sha256": str,
    "content": {
        "recipe": {EACH: (str, int)},
        "predicts": dict,
        "columns": [str],
        "fingerprints": {EACH: str},
        "tables": {EACH: str},
        "booster": str,
        "linear": (str, type(None)),
        "weights": {"booster": float, "linear": float},
        "statistics": dict,
        "licence": str,
        "approvals": {"given_by": str, "taken_by": str},
    },
}


@dataclass(frozen=True)
class Package:
    """A model on its way to another site, not calibrated.

    model: its leaves count one row each and its linear terms have no mean, until people of the site are counted.
    predicts: as `describe_prediction` has it. statistics: how it did where it was made. licence: the line under which
    it may be used. given_by, taken_by: the references under which both controllers approved.
    """

    model: RiskModel
    predicts: Mapping[str, Any]
    statistics: Mapping[str, Any]
    licence: str
    given_by: str
    taken_by: str

    @property
    def digest(self) -> str:
        """sha256 of everything in it."""
        return compute_digest(format_canonical_json(self._build_content()))

    def format(self) -> str:
        """The file's text; the same package gives the same bytes."""
        facts = {"kind": _KIND, "format": FORMAT, "sha256": self.digest, "content": self._build_content()}
        return format_json(facts, indent=1, strict=True)

    def _build_content(self) -> dict[str, Any]:
        model = self.model
        return {
            "recipe": dict(model.recipe),
            "predicts": dict(self.predicts),
            "columns": list(model.columns),
            "fingerprints": dict(model.fingerprints),
            "tables": dict(model.tables),
            "booster": model.booster_text,
            "linear": None if model.linear is None else format_linear(model.linear),
            "weights": model.weights.to_dict(),
            "statistics": dict(self.statistics),
            "licence": self.licence,
            "approvals": {"given_by": self.given_by, "taken_by": self.taken_by},
        }


def strip_model(model: RiskModel) -> RiskModel:
    """The model with nothing but what gives its margins, which are the same but for values beyond a term's ends."""
    return RiskModel(
        booster_text=strip_booster(model.booster_text),
        columns=model.columns,
        fingerprints=dict(model.fingerprints),
        calibrator=Platt(1.0, 0.0),
        recipe=dict(model.recipe),
        trained={},
        tables=dict(model.tables),
        linear=None if model.linear is None else _strip_linear(model.linear),
        weights=model.weights,
    )


def _strip_linear(linear: Linear) -> Linear:
    return Linear(
        linear.intercept,
        tuple(replace(term, low=_round(term.low), high=_round(term.high), usual=0.0) for term in linear.terms),
    )


def _round(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def read_package(path: Path) -> Package:
    """The package in a file, proved whole: its digest, its trees and its terms.

    Raises StorageError where it cannot be read, ModelError where it is none, was altered or is of another format.
    """
    facts = _read_facts(path)
    if find_misfit(facts, _SHAPE) or facts["kind"] != _KIND:
        raise _refuse(path)
    if facts["format"] != FORMAT:
        raise ModelError(
            f"{path.name} is a model package of format {facts['format']}, and this version of riskstrat reads "
            f"{FORMAT}; ask for one made by the same version, or use the version that made it"
        )
    try:
        package = _build_package(facts["content"])
    except (KeyError, TypeError, ValueError, ModelError):
        raise _refuse(path) from None
    if package.digest != facts["sha256"]:
        raise _refuse(path)
    return package


def _read_facts(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _TOO_LARGE:
            raise _refuse(path)
        content = path.read_bytes()
    except OSError as failed:
        raise StorageError(f"the model package {path.name} cannot be read: {failed.strerror}") from None
    try:
        facts = parse_json(content)
        # What reads the same but is written otherwise is not the file that was sent.
        if format_json(facts, indent=1, strict=True).encode() != content:
            raise ValueError(path.name)
    except ValueError:
        raise _refuse(path) from None
    return facts


def _build_package(content: Mapping[str, Any]) -> Package:
    """Raises ValueError or ModelError where the trees are not whole and bare, or parts do not belong together."""
    columns, booster, weights = tuple(content["columns"]), content["booster"], content["weights"]
    bare = is_whole(booster, len(columns)) and strip_booster(booster) == booster
    if not bare or read_head(booster)[0]["feature_names"].split(" ") != list(columns):
        raise ValueError("booster")
    if sorted(content["fingerprints"]) != sorted(columns) or (content["linear"] is None) != (weights["linear"] == 0):
        raise ValueError("parts")
    model = RiskModel(
        booster_text=booster,
        columns=columns,
        fingerprints=content["fingerprints"],
        calibrator=Platt(1.0, 0.0),
        recipe=content["recipe"],
        trained={},
        tables=content["tables"],
        linear=None if content["linear"] is None else read_linear(content["linear"], columns),
        weights=Weights(float(weights["booster"]), float(weights["linear"])),
    )
    approvals = content["approvals"]
    stated = content["predicts"], content["statistics"], content["licence"]
    return Package(model, *stated, approvals["given_by"], approvals["taken_by"])


def _refuse(path: Path) -> ModelError:
    return ModelError(
        f"{path.name} is no model package that can be used: it is damaged, was altered, or is something else; ask for "
        "the file that riskstrat models export wrote, and compare its sha256 with the one that the sender was told"
    )
