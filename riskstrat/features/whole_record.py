"""Whether anybody's record holds a row that a feature counts, at any time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from riskstrat.definitions.durations import EVER
from riskstrat.definitions.features import Feature
from riskstrat.features import kinds
from riskstrat.features.assembly import FeatureEngine
from riskstrat.features.links import match_codes
from riskstrat.features.plan import Measure, Plan, ScanPlan

FIRST_ROWS = 4_000
"""Rows of a cohort that are searched first: most kinds of rows that anybody has are met among so few people."""


def search_whole_record(engine: FeatureEngine, leaves: Mapping[str, Feature], people: pd.DataFrame) -> dict[str, bool]:
    """By key of a feature with rows whether anybody has one that it counts, at any time up to the index date.

    people: one row per person and index date, sorted by both. A feature whose sources were not landed is left out.
    What was met among the first people is not searched for among the others, nor what no row of the store is of.
    """
    found = _search_some(engine, leaves, people.iloc[:FIRST_ROWS])
    others = people.iloc[FIRST_ROWS:]
    unmet = {key: leaf for key, leaf in leaves.items() if key in found and not found[key]}
    if not unmet or others.empty:
        return found
    possible = _find_possible(engine, unmet)
    return found | _search_some(engine, {key: leaf for key, leaf in unmet.items() if key in possible}, others)


def _find_possible(engine: FeatureEngine, leaves: Mapping[str, Feature]) -> set[str]:
    """Keys of the features that some row of the store is counted by, whoever's it is and whenever it was known."""
    made = _plan_ever(engine, leaves)
    with engine.store.connect(engine.codelists, printable=engine.printable) as connection:
        return {made.names[measure.column] for scan in made.scans for measure in _list_possible(scan, connection)}


def _list_possible(scan: ScanPlan, connection: Any) -> Iterator[Measure]:
    coded = [f"c{number}" for number in range(len(scan.codes))]
    rows = scan.compiled.read_distinct(connection, ["word", *coded])
    words = rows["word"].to_numpy()
    for measure in scan.measures:
        met = rows.filter(pa.array(words >> measure.filter & 1 == 1))
        if measure.code < 0:
            counted = met.num_rows > 0
        else:
            counted = any(match_codes(measure, met[coded[measure.code]].unique().drop_null().to_pylist()))
        if counted:
            yield measure


def _search_some(engine: FeatureEngine, leaves: Mapping[str, Feature], people: pd.DataFrame) -> dict[str, bool]:
    if not leaves or people.empty:
        return {}
    made = _plan_ever(engine, leaves)
    # Rows that meet no filter are most, and are read for nothing: a feature that nobody has a row of has none.
    searched = replace(engine, plan=replace(made, scans=tuple(scan.leave_out_unmet() for scan in made.scans)))
    ago = searched.compute_days_ago(people)
    return {name: not np.isnan(ago[:, column]).all() for column, name in enumerate(made.names)}


def _plan_ever(engine: FeatureEngine, leaves: Mapping[str, Feature]) -> Plan:
    """A plan of the features by their keys, each asked of the whole record. It reads scans that the engine's own has.

    So nothing is put into SQL again. A feature that the engine does not build is left out.
    """
    keys = {leaf.fingerprint: key for key, leaf in leaves.items()}
    names: list[str] = []
    features, scans = [], []
    for scan in engine.plan.scans:
        measures = []
        for measure in scan.measures:
            key = keys.pop(measure.feature.fingerprint, None)
            if key is not None:
                measures.append(_ask_ever(measure, key, len(names)))
                names.append(key)
        features += [measure.feature for measure in measures]
        scans += [replace(scan, measures=measures)] if measures else []
    return Plan(tuple(names), tuple(features), tuple(scans), (), (), ())


def _ask_ever(measure: Measure, name: str, column: int) -> Measure:
    """A measure of the whole record, where what has ended since was recorded too."""
    asked = replace(measure, column=column, feature=replace(measure.feature, lookback=EVER, name=name))
    return replace(asked, kind=kinds.EXISTS, until=-1) if measure.kind == kinds.ACTIVE else asked
