"""Whether anybody's record holds a row that a feature counts, at any time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from riskstrat.definitions.durations import EVER
from riskstrat.definitions.features import Feature
from riskstrat.features.assembly import FeatureEngine
from riskstrat.features.plan import plan

FIRST_ROWS = 4_000
"""Rows of a cohort that are searched first: most kinds of rows that anybody has are met among so few people."""


def search_whole_record(engine: FeatureEngine, leaves: Mapping[str, Feature], people: pd.DataFrame) -> dict[str, bool]:
    """By key of a feature with rows whether anybody has one that it counts, at any time up to the index date.

    people: one row per person and index date, sorted by both. A feature whose sources were not landed is left out.
    What was met among the first people is not searched for among the others.
    """
    found = _search_some(engine, leaves, people.iloc[:FIRST_ROWS])
    unmet = {key: leaf for key, leaf in leaves.items() if key in found and not found[key]}
    return found | _search_some(engine, unmet, people.iloc[FIRST_ROWS:])


def _search_some(engine: FeatureEngine, leaves: Mapping[str, Feature], people: pd.DataFrame) -> dict[str, bool]:
    if not leaves or people.empty:
        return {}
    ever = {key: _ask_ever(leaf, key) for key, leaf in leaves.items()}
    made = plan(ever, engine.store.landed, engine.store.absent_columns)
    # Rows that meet no filter are most, and are read for nothing: a feature that nobody has a row of has none.
    searched = replace(engine, plan=replace(made, scans=tuple(scan.leave_out_unmet() for scan in made.scans)))
    ago = searched.compute_days_ago(people)
    return {name: not np.isnan(ago[:, column]).all() for column, name in enumerate(made.names)}


def _ask_ever(leaf: Feature, name: str) -> Feature:
    """A feature asked of the whole record, where what has ended since was recorded too."""
    asked = replace(leaf, lookback=EVER, name=name)
    return replace(asked, verb="exists", until=None) if leaf.verb == "active" else asked
