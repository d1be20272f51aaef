"""Loading a workspace whole: settings, codelists, features, outcomes, recipes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from riskstrat.definitions.assurance import Assurance, Framework
from riskstrat.definitions.baselines import Baseline, Baselines, ReplayOrder
from riskstrat.definitions.changeable import Opportunities, Opportunity
from riskstrat.definitions.codelists import Codelist, available
from riskstrat.definitions.cohorts import CohortRules
from riskstrat.definitions.continuous_stays import STAY_RULES
from riskstrat.definitions.declared import Model as Declaration
from riskstrat.definitions.declared import read
from riskstrat.definitions.expressions import rows_of, structure
from riskstrat.definitions.falls_rules import FallsRules
from riskstrat.definitions.features import Declared, Feature
from riskstrat.definitions.flags import Flag, Flags
from riskstrat.definitions.frailty import FrailtyScore, FrailtyScores
from riskstrat.definitions.hazards import Hazards
from riskstrat.definitions.indicators import Indicators
from riskstrat.definitions.monitoring import MonitoringPlan
from riskstrat.definitions.named_rows import offer_rows
from riskstrat.definitions.pathways import Pathway, Pathways
from riskstrat.definitions.promotion import PromotionPolicy
from riskstrat.definitions.recipes import Recipe
from riskstrat.definitions.roles import Roles
from riskstrat.definitions.settings import Settings
from riskstrat.definitions.trial import TrialLimits
from riskstrat.errors import DefinitionError
from riskstrat.sources.sensitive import SENSITIVE, require_by_role, require_sensitive
from riskstrat.sources.tables import STREAMS
from riskstrat.storage import compute_digest, list_folder
from riskstrat.storage.files import KeptFile, keep_file, read_toml
from riskstrat.workspace.codelists import Provenance, read_codelists
from riskstrat.workspace.declared_once import Declarations, declare_once
from riskstrat.workspace.finding import read_settings
from riskstrat.workspace.fingerprints import fingerprints_of
from riskstrat.workspace.modules import run

OUTCOMES_FILE = "training/outcomes.py"
PROMOTION_FILE = "registry/promotion.toml"
HAZARDS_FILE = "registry/hazards.toml"
MONITORING_FILE = "registry/monitoring.toml"
ASSURANCE_FILE = "registry/assurance.toml"
TRIAL_FILE = "registry/trial.toml"
CARD_FILE = "registry/model_card.md.j2"
PATHWAYS_FILE = "training/pathways.toml"
CHANGEABLE_FILE = "training/changeable.toml"
FLAGS_FILE = "training/flags.toml"
FRAILTY_FILE = "training/frailty.toml"
FALLS_FILE = "training/falls_criteria.toml"
BASELINES_FILE = "training/baselines.toml"
ROLES_FILE = "training/roles.toml"
INDICATORS_FILE = "training/indicators.toml"
COHORTS_FILE = "training/cohorts.toml"
RULES = (
    *(PATHWAYS_FILE, CHANGEABLE_FILE, FLAGS_FILE, FRAILTY_FILE, FALLS_FILE),
    *(BASELINES_FILE, ROLES_FILE, INDICATORS_FILE, COHORTS_FILE),
)
"""TOML files of training/ that are not recipes."""
KEPT = (*RULES, PROMOTION_FILE, HAZARDS_FILE, MONITORING_FILE, ASSURANCE_FILE, TRIAL_FILE, CARD_FILE)
"""Files of which a run reads what stood there when it began, and parses only what it needs."""


@dataclass(frozen=True)
class Workspace:
    """Everything a site has decided. Features stand in the order of their files' names, then of their declaration.

    `fingerprints` gives the sha256 of each feature with all it rests on, `origins` the file that declares it. `kept`
    has the files of `KEPT` as they stood when it was loaded: an edit counts from the next run.
    """

    root: Path
    settings: Settings
    codelists: Mapping[str, Codelist]
    provenance: Mapping[str, Provenance]
    features: Mapping[str, Feature]
    outcomes: Mapping[str, ir.Table]
    recipes: Mapping[str, Recipe]
    fingerprints: Mapping[str, str]
    origins: Mapping[str, str]
    kept: Mapping[str, KeptFile]

    @cached_property
    def promotion(self) -> PromotionPolicy:
        """The gates of registry/promotion.toml. Raises DefinitionError or StorageError if it cannot be read."""
        return _read_declaration(PromotionPolicy, self.kept[PROMOTION_FILE])

    @cached_property
    def hazards(self) -> Hazards:
        """The hazards of registry/hazards.toml. Raises DefinitionError or StorageError if it cannot be read."""
        return _read_declaration(Hazards, self.kept[HAZARDS_FILE])

    @cached_property
    def monitoring(self) -> MonitoringPlan:
        """The plan of registry/monitoring.toml. Raises DefinitionError."""
        return _read_required_file(MonitoringPlan, self.kept[MONITORING_FILE])

    @cached_property
    def assurance(self) -> tuple[Framework, ...]:
        """The frameworks of registry/assurance.toml in its order. Raises DefinitionError."""
        return _read_required_file(Assurance, self.kept[ASSURANCE_FILE]).framework

    @cached_property
    def trial_limits(self) -> TrialLimits:
        """The limits of registry/trial.toml. Raises DefinitionError."""
        return _read_required_file(TrialLimits, self.kept[TRIAL_FILE])

    @cached_property
    def pathways(self) -> tuple[Pathway, ...]:
        """The rules of training/pathways.toml in its order; none without the file. Raises DefinitionError."""
        kept = self.kept[PATHWAYS_FILE]
        return () if kept.contents is None else _read_declaration(Pathways, kept).pathway

    @cached_property
    def pathways_hash(self) -> str:
        """sha256 over the rules of the pathways, as they decide and as they are printed, in their order."""
        rules = [pathway.model_dump(mode="json") for pathway in self.pathways]
        return compute_digest(json.dumps(rules, sort_keys=True))

    @cached_property
    def changeable(self) -> tuple[Opportunity, ...]:
        """The rules of training/changeable.toml in its order. Raises DefinitionError."""
        return _read_required_file(Opportunities, self.kept[CHANGEABLE_FILE]).opportunity

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """The flags of training/flags.toml in its order. Raises DefinitionError."""
        return _read_required_file(Flags, self.kept[FLAGS_FILE]).flag

    @cached_property
    def frailty(self) -> tuple[FrailtyScore, ...]:
        """The scores of training/frailty.toml in its order. Raises DefinitionError."""
        return _read_required_file(FrailtyScores, self.kept[FRAILTY_FILE]).score

    @cached_property
    def falls_rules(self) -> FallsRules:
        """The rules of training/falls_criteria.toml. Raises DefinitionError."""
        return _read_required_file(FallsRules, self.kept[FALLS_FILE])

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """The baselines of training/baselines.toml in its order. Raises DefinitionError."""
        return self._baselines_file.baseline

    @property
    def replay_orders(self) -> tuple[ReplayOrder, ...]:
        """The orders of training/baselines.toml that replayed lists are held against. Raises DefinitionError."""
        return self._baselines_file.replay

    @cached_property
    def _baselines_file(self) -> Baselines:
        return _read_required_file(Baselines, self.kept[BASELINES_FILE])

    @cached_property
    def roles(self) -> Roles:
        """The roles of training/roles.toml. Raises DefinitionError."""
        return _read_required_file(Roles, self.kept[ROLES_FILE])

    @cached_property
    def indicators(self) -> Indicators:
        """The indicators of training/indicators.toml. Raises DefinitionError."""
        return _read_required_file(Indicators, self.kept[INDICATORS_FILE])

    @cached_property
    def cohort_rules(self) -> CohortRules | None:
        """The rules of training/cohorts.toml; None without the file. Raises DefinitionError."""
        kept = self.kept[COHORTS_FILE]
        return None if kept.contents is None else _read_declaration(CohortRules, kept)

    @cached_property
    def card_template(self) -> str:
        """The words of registry/model_card.md.j2. Raises DefinitionError or StorageError if it cannot be read."""
        return self.kept[CARD_FILE].get_text(DefinitionError)

    @cached_property
    def definitions_hash(self) -> str:
        """sha256 over every feature, codelist, outcome, recipe and rule of training/, and the rule of continuous stays.

        No other setting is in it.
        """
        facts = {
            "features": self.fingerprints,
            "codelists": {name: codelist.fingerprint for name, codelist in self.codelists.items()},
            "outcomes": {name: _describe_rows(table) for name, table in self.outcomes.items()},
            "continuous_stays": repr(STAY_RULES[self.settings.admissions.continuous_stays]),
            "recipes": {name: recipe.model_dump(mode="json") for name, recipe in self.recipes.items()},
            "pathways": self.pathways_hash,
            "changeable": [rule.model_dump(mode="json") for rule in self.changeable],
            "flags": [flag.model_dump(mode="json") for flag in self.flags],
            "frailty": [score.model_dump(mode="json") for score in self.frailty],
            "falls_rules": self.falls_rules.model_dump(mode="json"),
            "baselines": [baseline.model_dump(mode="json") for baseline in self.baselines],
            "roles": self.roles.model_dump(mode="json"),
        }
        if self.cohort_rules is not None:
            facts["cohorts"] = self.cohort_rules.model_dump(mode="json")
        return compute_digest(json.dumps(facts, sort_keys=True, default=dict))


def load(root: Path) -> Workspace:
    """The workspace at `root`. Raises WorkspaceError for its settings, DefinitionError for what it declares."""
    root = root.resolve()
    settings = read_settings(root)
    made = declare_once(root, _declare)
    if settings.sensitive.shown_to_clinicians:
        require_by_role(require_sensitive(made.codelists), settings.sensitive.shown_to_clinicians)
    return Workspace(
        root=root,
        settings=settings,
        codelists=dict(made.codelists),
        provenance=dict(made.provenance),
        features=dict(made.features),
        outcomes=dict(made.outcomes),
        recipes=dict(made.recipes),
        fingerprints=fingerprints_of(
            made.features,
            made.codelists,
            made.origins,
            settings.admissions.continuous_stays,
            None if settings.sensitive.in_score else SENSITIVE,
        ),
        origins=dict(made.origins),
        kept={where: keep_file(root, where) for where in KEPT},
    )


def _declare(root: Path) -> Declarations:
    codelists, provenance = read_codelists(root)
    with available(codelists):
        outcomes = _read_outcomes(root)
        with offer_rows(outcomes):
            features, origins = _read_features(root)
    return Declarations(codelists, provenance, features, outcomes, _read_recipes(root), origins)


def _read_features(root: Path) -> tuple[dict[str, Feature], dict[str, str]]:
    features: dict[str, Feature] = {}
    origins: dict[str, str] = {}
    for path in list_folder(root / "features", ".py"):
        where = f"features/{path.name}"
        for name, feature in _list_declared_features(run(path, where), where):
            if name in features:
                raise DefinitionError(f'{where}: feature "{name}" stands in {origins[name]} already; rename one')
            features[name] = replace(feature, name=name)
            origins[name] = where
    return features, origins


def _list_declared_features(names: Mapping[str, Any], where: str) -> Iterator[tuple[str, Feature]]:
    for name, value in names.items():
        declared = value if isinstance(value, dict) else {name: value}
        for key, features in declared.items():
            if _is_declared(features):
                yield from _name_features(key, features, where)
            elif _holds_feature(features):
                raise DefinitionError(
                    f'{where}: "{name}" holds a feature among other things, where it has no name; give each feature a '
                    "name of its own, or a place in a dictionary of names"
                )


def _is_declared(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(part, Feature) for part in value)


def _holds_feature(value: object) -> bool:
    """Whether a feature stands somewhere in a value that declares none, and would be passed over."""
    if isinstance(value, list | tuple | set | frozenset | dict):
        return any(map(_holds_feature, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Feature)


def _name_features(name: object, declared: Declared, where: str) -> Iterator[tuple[str, Feature]]:
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in ("patient_id", "index_date"):
        raise DefinitionError(f'{where}: "{name}" cannot name a feature; use small letters, digits and underscores')
    for feature in declared:
        yield name + feature.suffix, feature


def _read_outcomes(root: Path) -> dict[str, ir.Table]:
    path = root / OUTCOMES_FILE
    if not path.exists():
        return {}
    streams = {id(stream.table) for stream in STREAMS.values()}
    tables = {name: value for name, value in run(path, OUTCOMES_FILE).items() if isinstance(value, ir.Table)}
    outcomes = {name: table for name, table in tables.items() if id(table) not in streams}
    for name, table in outcomes.items():
        try:
            rows_of(table)
        except DefinitionError as wrong:
            raise DefinitionError(f"{OUTCOMES_FILE}: {name}: {wrong}") from None
    return outcomes


def _read_recipes(root: Path) -> dict[str, Recipe]:
    paths = [path for path in list_folder(root / "training", ".toml") if f"training/{path.name}" not in RULES]
    return {path.stem: _read_recipe(path) for path in paths}


def _read_recipe(path: Path) -> Recipe:
    where = f"training/{path.name}"
    given = read_toml(path, where, DefinitionError)
    if given.get("name", path.stem) != path.stem:
        raise DefinitionError(f'{where}: name "{given["name"]}" is not that of the file; leave it out')
    return read(Recipe, given | {"name": path.stem}, where, DefinitionError)


# A file that is as it was is not parsed again, in this workspace or in another of this process.
@lru_cache(maxsize=64)
def _read_declaration(kind: type[Declaration], kept: KeptFile) -> Declaration:
    return read(kind, kept.get_toml(DefinitionError), kept.where, DefinitionError)


def _read_required_file(kind: type[Declaration], kept: KeptFile) -> Declaration:
    """What a file of rules declares. Raises DefinitionError where it is not there: without it they would be silent."""
    if kept.contents is None:
        raise DefinitionError(f"{kept.where} is not there; take it from a new workspace: riskstrat init FOLDER")
    return _read_declaration(kind, kept)


def _describe_rows(table: ir.Table) -> list[str]:
    rows = rows_of(table)
    return [rows.stream, *sorted(structure(condition) for condition in rows.conditions)]
