"""Which model may leave for another site, and which of another site may be used here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from riskstrat.definitions.baselines import find_own
from riskstrat.definitions.declared import read
from riskstrat.definitions.predicted import describe_prediction, find_difference
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import ModelError
from riskstrat.registry import PACKED, Kept
from riskstrat.scoring import FEWEST_PEOPLE, Package, RiskModel, read_package, strip_model
from riskstrat.site.opening import Site
from riskstrat.workspace import Workspace

NAMED = 12
"""Features that a refusal names; the rest are counted."""


def build_package(workspace: Workspace, kept: Kept, licence: str, given_by: str, taken_by: str) -> Package:
    """A version's model as another site may have it.

    licence: the line under which it may be used. given_by, taken_by: the references of both controllers' approvals.
    Raises ModelError where the model may not leave: few people made a part of it, it rests on what is sensitive, or its
    definitions are not those that the workspace has now.
    """
    evidence, model = kept.evidence_for(PACKED), kept.model()
    _refuse_sensitive(workspace, model)
    _refuse_redefined(workspace, model, "train again, then export")
    _refuse_started(evidence)
    _refuse_few_people(model)
    recipe = read(Recipe, evidence["recipe"], "the recipe in its evidence", ModelError)
    if recipe.outcome not in workspace.outcomes:
        raise ModelError(f"training/outcomes.py no longer names {recipe.outcome}; restore it, or train again")
    predicts = describe_prediction(recipe, workspace.outcomes)
    return Package(strip_model(model), predicts, _summarise(evidence), licence, given_by, taken_by)


def accept_package(opened: Site, recipe_name: str, file: Path, approval: str | None) -> Package:
    """The package in a file, if its model may be used for the recipe here.

    approval: this controller's reference. Raises ModelError if it is not the one in the package, or if the package is
    damaged, predicts something else, or rests on features that are defined otherwise here; StorageError.
    """
    package, workspace, recipe = read_package(file), opened.workspace, opened.recipe(recipe_name)
    if approval != package.taken_by:
        raise ModelError(
            f"{file.name} was made for a site whose approval has another reference than --approval gives; give that of "
            "your own controller's approval, or ask for a package that names it"
        )
    differs = find_difference(package.predicts, describe_prediction(recipe, workspace.outcomes))
    if differs:
        raise ModelError(
            f"{file.name} predicts something else than {recipe_name} does here: they differ in {differs}; use the "
            "recipe and training/outcomes.py that it was trained with"
        )
    _refuse_sensitive(workspace, package.model)
    _refuse_redefined(workspace, package.model, "use the definitions and codelists that it was trained with")
    return package


def _refuse_sensitive(workspace: Workspace, model: RiskModel) -> None:
    if workspace.settings.sensitive.in_score:
        raise ModelError(
            "sensitive records count in the score here ([sensitive] in_score), and a model that has seen them does not "
            "go from site to site; set in_score = false, and train again before an export"
        )
    features = workspace.features
    found = [name for name in model.columns if name in features and features[name].wording.sensitive]
    if found:
        raise ModelError(f"the model rests on what is sensitive: {_list_names(found)}; train it without")


def _refuse_redefined(workspace: Workspace, model: RiskModel, advice: str) -> None:
    found = [name for name in model.columns if workspace.fingerprints.get(name) != model.fingerprints[name]]
    if found:
        raise ModelError(
            f"of {len(model.columns)} features {len(found)} are defined otherwise here, or not at all: "
            f"{_list_names(found)}; {advice}"
        )


def _refuse_started(evidence: Mapping[str, object]) -> None:
    if "start" in evidence:
        raise ModelError("this version is another site's model; ask that site for a package of your own to pass on")


def _refuse_few_people(model: RiskModel) -> None:
    few = model.trained.get("few_people")
    if few is None:
        raise ModelError("this version does not record how few people made a part of it; train again, then export")
    if few["features"]:
        raise ModelError(
            f"fewer than {FEWEST_PEOPLE} people differ from all others in these {len(few['features'])} features, so "
            "put them under exclude_features in the recipe and train again, or learn from more people: "
            f"{', '.join(few['features'])}"
        )
    if few["leaf"] < FEWEST_PEOPLE:
        raise ModelError(
            f"a leaf of its trees was made by fewer than {FEWEST_PEOPLE} people; raise learner.min_rows_in_leaf in the "
            f"recipe (to more than {FEWEST_PEOPLE} for each training date: LightGBM counts roughly) and train again"
        )


def _summarise(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """How the version did where it was made; counts are rounded, so that no two packages tell of a person."""
    own = evidence["models"][find_own(evidence["models"])]
    figures = {name: own[name] for name in ("auroc", "calibration_slope", "calibration_intercept", "ici")}
    rounded = {name: None if figure is None else round(figure, 3) for name, figure in figures.items()}
    return {**rounded, "rows": round(own["n"], -2), "events": round(own["events"], -1)}


def _list_names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
