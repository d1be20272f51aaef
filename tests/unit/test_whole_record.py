"""Whether anybody's record holds what a feature counts: the first people searched, then what any row could be of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import pytest

from riskstrat.definitions import Codelist, count, exists
from riskstrat.definitions.codelists import Entry
from riskstrat.definitions.features import Feature
from riskstrat.definitions.settings import EngineSettings, Settings
from riskstrat.features import FeatureEngine, engine, whole_record
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.tables import contacts, recorded_conditions

INDEX = date(2026, 9, 30)
WORDS: dict[str, Any] = {"theme": "hospital use", "unit": "times", "says": "{n}", "why": "a test", "sensitive": False}
PEOPLE = [f"p{number}" for number in range(8)]
STRANGER = "p7"
"""Of no cohort."""
TABLES = {
    "people": ["patient_id,date_of_birth,sex", *(f"{one},1950-06-15,F" for one in PEOPLE)],
    "registrations": ["patient_id,practice,registered_from", *(f"{one},A10000,2010-01-01" for one in PEOPLE)],
    "admissions": ["patient_id,spell_id,admitted_on,method", "p0,s1,2026-05-05,21"],
    "conditions": [
        "patient_id,system,code,recorded_on",
        "p0,register,STROKE,2020-01-01",
        "p6,register,COPD,2020-01-01",
        f"{STRANGER},register,EPILEPSY,2020-01-01",
        "p5,register,DEMENTIA,2026-10-15",
    ],
    "contacts": [
        "patient_id,contacted_on,service",
        "p6,2015-05-05,district_nursing",
        f"{STRANGER},2026-05-05,podiatry",
        *(f"{one},2026-05-05,gp" for one in PEOPLE),
    ],
}
HELD = {
    "STROKE": True,
    "COPD": True,
    "EPILEPSY": False,
    "DEMENTIA": False,
    "ASTHMA": False,
    "gp": True,
    "district_nursing": True,
    "podiatry": False,
    "mental_health": False,
}
"""Of the cohort by the index date, as the rows above say."""
OF_NO_ROW = {"ASTHMA", "mental_health"}


def ask(name: str) -> Feature:
    if name.isupper():
        codes = Codelist(name.lower(), (Entry(name, name.lower(), "", "test", "register"),), "test")
        (feature,) = exists(recorded_conditions, codes=codes, lookback="365d", missing=0, **WORDS)
    else:
        (feature,) = count(contacts.filter(contacts.service == name), lookback="365d", missing=0, **WORDS)
    return feature


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    source = tmp_path_factory.mktemp("whole") / "source"
    source.mkdir()
    for table, lines in TABLES.items():
        (source / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = Settings.model_validate({"data": {"quarantine_limit": 1}})
    ingest(source, source.with_name("store"), settings, as_at=date(2026, 10, 31))
    return open_store(source.with_name("store"))


@pytest.mark.parametrize("first", [1, 3, 100])
def test_what_somebody_has_by_then_is_held_however_many_are_searched_first(
    first: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_record, "FIRST_ROWS", first)
    asked: list[set[str]] = []
    search = whole_record._search_some

    def look(made: FeatureEngine, leaves: Mapping[str, Feature], people: pd.DataFrame) -> dict[str, bool]:
        asked.append(set(leaves))
        return search(made, leaves, people)

    monkeypatch.setattr(whole_record, "_search_some", look)
    leaves = {name: ask(name) for name in HELD}
    made = engine(store, leaves, dict.fromkeys(leaves, ""), {}, EngineSettings(), printable=False)
    everybody = store.people().sort_values("person")
    people = everybody.loc[everybody["patient_id"] != STRANGER, ["person"]].assign(index_date=pd.Timestamp(INDEX))
    assert whole_record.search_whole_record(made, leaves, people) == HELD
    assert asked[0] == set(HELD)
    assert not any(names & OF_NO_ROW for names in asked[1:])
    assert (len(asked) > 1) == (first < len(people))
