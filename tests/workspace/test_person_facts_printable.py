"""Two people with the same stays, visits and falls who differ in what is sensitive: what is printed is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskstrat.cohort import at_dates
from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.definitions.settings import Settings
from riskstrat.errors import DefinitionError, SourceError
from riskstrat.people import (
    Records,
    explain_printable,
    gather_records,
    person_facts,
    printed_counts,
    themes_by_patient,
)
from riskstrat.people import facts as facts_module
from riskstrat.people import records as records_module
from riskstrat.publication import RecordedCondition
from riskstrat.site.opening import Site, engine_of
from riskstrat.sources.ingest import ingest
from riskstrat.sources.people_store import take_people
from riskstrat.sources.store import Store, open_store
from riskstrat.workspace import Workspace, load

ROOT = Path(__file__).resolve().parents[2]
INDEX = date(2026, 11, 16)
OPEN, SECRET = "twin_without", "twin_with"

# Every row stands for both people, unless it is one of `hidden`: those are of the person with something to hide.
SHOWN = {
    "admissions": """
    s1 , 2026-01-05 , 21 , 1 , 2026-01-06 , 2026-01-09 , 2026-01-20 , 19 , 300
    s2 , 2025-06-02 , 11 , 2 , 2025-06-03 , 2025-06-02 , 2025-06-20 , 19 , 130
    s3 , 2026-10-30 , 21 , 1 , 2026-10-31 ,            ,            ,    ,
    s4 , 2026-08-03 , 21 , 1 , 2026-08-04 , 2026-08-06 , 2026-08-20 , 51 , 300
    """,
    "diagnoses": """
    s1 , 1 , icd10 , J18.9 , 2026-01-20
    s1 , 2 , icd10 , I50.0 , 2026-01-20
    s2 , 1 , icd10 , H25   , 2025-06-20
    s4 , 1 , icd10 , T39.1 , 2026-08-20
    """,
    "attendances": """
    2026-01-05 , 01 , 1 , 1 , BREATHLESS , 2026-01-06
    2026-06-10 , 01 , 1 , 2 , FALL       , 2026-06-11
    """,
    "falls": """
    2026-06-10 , gp        , true , 2026-06-12
    2026-08-02 , ambulance , true , 2026-08-05
    """,
    "conditions": "icd10 , E11.9 , 2019-03-04 , 2019-03-05",
    "prescriptions": "2026-11-01 , 0601023A0 , 2026-11-02",
    "contacts": "2026-10-01 , gp , true , 2026-10-02",
    "measurements": "2026-09-01 , bmi , 31.5 , 2026-09-02",
    "social_care": "home_care , 2026-02-01 , , 2026-02-20",
}
HIDDEN = {
    "admissions": """
    h1 , 2026-03-02 , 11 , 1 , 2026-03-03 , 2026-03-04 , 2026-03-20 , 19 , 300
    h2 , 2026-04-02 , 12 , 2 , 2026-04-03 , 2026-04-02 , 2026-04-20 , 19 , 360
    h3 , 2026-10-20 , 11 , 2 , 2026-10-21 , 2026-10-20 , 2026-11-20 , 19 , 300
    """,
    "diagnoses": """
    h1 , 1 , icd10 , O04.9   , 2026-03-20
    h1 , 2 , icd10 , E66     , 2026-03-20
    h2 , 1 , icd10 , N39.0   , 2026-04-20
    s1 , 3 , icd10 , F10.2   , 2026-01-20
    s4 , 2 , icd10 , X60     , 2026-08-20
    s4 , 3 , icd10 , T391X2A , 2026-08-20
    s2 , 2 , icd10 , B24     , 2025-06-20
    """,
    "conditions": """
    register , ALCOHOL_PROBLEMS , 2018-01-01 , 2018-01-02
    icd10    , B24              , 2017-01-01 , 2017-01-02
    """,
    "prescriptions": "2026-11-10 , 0410030A0 , 2026-11-11",
    "contacts": "2026-11-12 , drug_and_alcohol , true , 2026-11-13",
    "measurements": "2026-11-13 , alcohol_units , 40 , 2026-11-14",
}
# One visit to A&E that both made: what the complaint was is secret of the one and not recorded of the other.
VISIT = {OPEN: "2026-05-01 , 01 , 1 , 1 , , 2026-05-02", SECRET: "2026-05-01 , 01 , 1 , 1 , X70 , 2026-05-02"}
COLUMNS = {
    "admissions": "spell_id,admitted_on,method,patient_class,known_on,discharged_on,settled_known_on,"
    "destination,specialty",
    "diagnoses": "spell_id,position,system,code,known_on",
    "attendances": "attended_on,department_type,category,arrival_mode,complaint,known_on",
    "falls": "fell_on,source,injury,known_on",
    "conditions": "system,code,recorded_on,known_on",
    "prescriptions": "issued_on,bnf,known_on",
    "contacts": "contacted_on,service,attended,known_on",
    "measurements": "measured_on,measure,value,known_on",
    "social_care": "service,started_on,ended_on,known_on",
}


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in text.strip().splitlines()]


def landed(table: str) -> str:
    """The table of both twins; the spells of each have names of their own."""
    given = [(OPEN, row) for row in rows(SHOWN[table])]
    given += [(SECRET, row) for row in rows(SHOWN[table]) + rows(HIDDEN.get(table, "")) if row != [""]]
    given += [(who, row) for who in VISIT if table == "attendances" for row in rows(VISIT[who])]
    spelled = table in ("admissions", "diagnoses")
    lines = [[who, f"{who}-{row[0]}" if spelled else row[0], *row[1:]] for who, row in given]
    return "\n".join(["patient_id," + COLUMNS[table], *(",".join(line) for line in lines)]) + "\n"


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """The shipped one, but every reason that may be told is: which others are not hangs on the name of a person."""
    shipped = load(ROOT)
    told = shipped.settings.sensitive.model_copy(update={"untold_reasons": {"0": 0.0}})
    return replace(shipped, settings=shipped.settings.model_copy(update={"sensitive": told}))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("twins")
    source = folder / "source"
    source.mkdir()
    people = "".join(f"{who},1944-02-03,F,\n" for who in (OPEN, SECRET, "nobody_else"))
    registered = "".join(f"{who},N83001,2005-01-01\n" for who in (OPEN, SECRET, "nobody_else"))
    texts = {
        "people": "patient_id,date_of_birth,sex,care_home_from\n" + people,
        "registrations": "patient_id,practice,registered_from\n" + registered,
        "reviews": "patient_id,list_date,team,outcome,decided_on\n"
        f"{OPEN},2026-03-02,A,monitor,2026-03-05\n{SECRET},2026-03-02,A,monitor,2026-03-05\n"
        f"{SECRET},2026-03-02,A,safeguarding,2026-03-05\n",
    } | {table: landed(table) for table in COLUMNS}
    for name, text in texts.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    ingest(source, folder / "store", Settings.model_validate({"data": {"quarantine_limit": 0.5}}))
    return open_store(folder / "store")


@dataclass(frozen=True)
class PaperModel:
    """A model whose margin is a weighted sum, so that contributions are known by hand."""

    columns: tuple[str, ...]
    recipe: dict[str, str]

    def narrow(self, matrix: FeatureMatrix) -> FeatureMatrix:
        kept = {name: matrix.fingerprints[name] for name in self.columns}
        return FeatureMatrix(matrix.keys, matrix.select(self.columns), self.columns, kept)

    def explained(self, matrix: FeatureMatrix) -> np.ndarray:
        values = np.nan_to_num(self.narrow(matrix).values.astype(float)) * 0.03
        return np.column_stack([values, np.full(len(values), -2.0)])

    def margin(self, matrix: FeatureMatrix) -> np.ndarray:
        return self.explained(matrix).sum(axis=1)


@pytest.fixture(scope="module")
def opened(workspace: Workspace, store: Store) -> Site:
    """With what is sensitive in the score, so that there is something to hide in it."""
    return Site(workspace, store, replace(engine_of(workspace, store), printable=False))


@pytest.fixture(scope="module")
def scored(opened: Site) -> tuple[Site, Any]:
    """Both twins, as if a model had scored them on their whole records."""
    return opened, scored_at(opened, INDEX)


def scored_at(opened: Site, when: date) -> Any:
    cohort = at_dates(opened.store, CohortRecipe(min_age=18), [when], ())
    matrix = opened.engine.matrix(cohort.rows)
    model = PaperModel(matrix.columns, {"title": "Emergency admission in 12 months"})
    margin = model.margin(matrix)
    told = cohort.rows.assign(margin=margin, risk=1 / (1 + np.exp(-margin)))
    version = SimpleNamespace(name="paper", version=1)
    return SimpleNamespace(cohort=cohort, eligible=cohort.rows, matrix=matrix, model=model, version=version, rows=told)


@pytest.fixture(scope="module")
def records(scored: tuple[Site, Any]) -> Iterator[Records]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "contributions", lambda model, matrix: model.explained(matrix))
        opened, told = scored
        yield gather_records(opened, told, pd.Series([OPEN, SECRET]))


@pytest.fixture
def facts(records: Records, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    monkeypatch.setattr(facts_module, "kept", lambda *given: SimpleNamespace(evidence={}))
    return person_facts(records.opened, records.scored, pd.Series([OPEN, SECRET]), INDEX, records=records)


def test_the_whole_records_differ_so_there_is_something_to_hide(scored: tuple[Site, Any]) -> None:
    told = scored[1].rows.set_index("patient_id")["margin"]
    assert abs(told[SECRET] - told[OPEN]) > 0.1


def test_every_feature_and_date_of_the_printable_records_is_the_same(records: Records) -> None:
    order = list(records.rows["patient_id"])
    one, other = order.index(OPEN), order.index(SECRET)
    pd.testing.assert_series_equal(*(records.matrix.frame().iloc[at, 2:] for at in (one, other)), check_names=False)
    assert records.evidence[one].astype("datetime64[D]").astype(str).tolist() == (
        records.evidence[other].astype("datetime64[D]").astype(str).tolist()
    )


def test_every_fact_is_the_same_and_nothing_hidden_is_told(facts: pd.DataFrame) -> None:
    printed = facts.astype(str)
    assert printed.loc[OPEN].to_dict() == printed.loc[SECRET].to_dict()
    (told,) = {
        tuple((e.start, e.label) for e in page.timeline if e.lane in ("Hospital", "A&E")) for page in facts["page"]
    }
    assert told == (
        (date(2025, 6, 2), "Planned day in hospital"),
        (date(2026, 1, 5), "A&E visit: breathing problem; came by ambulance"),
        (date(2026, 1, 5), "Emergency hospital stay: pneumonia or flu; 4 nights; went home"),
        (date(2026, 5, 1), "A&E visit: another reason; came by ambulance"),
        (date(2026, 6, 10), "A&E visit: fall; came another way"),
        (date(2026, 8, 3), "Emergency hospital stay: another reason; 3 nights; went to another hospital"),
        (date(2026, 10, 30), "Emergency hospital stay: another reason; no end recorded"),
    )


def test_without_an_approval_both_have_the_same_estimate(workspace: Workspace, store: Store) -> None:
    told = scored_at(Site(workspace, store, engine_of(workspace, store)), INDEX).rows.set_index("patient_id")
    assert told.loc[OPEN, "margin"] == told.loc[SECRET, "margin"]


def test_every_reason_is_the_same_but_other_which_takes_the_difference(records: Records) -> None:
    reasons = explain_printable(records.opened, records.scored, pd.Series([OPEN, SECRET]), records)
    said = themes_by_patient(reasons)
    seen = {who: [theme for theme in said[who] if theme.theme != "other"] for who in said}
    assert seen[OPEN] == seen[SECRET]
    assert {abs(theme.contribution) for theme in seen[OPEN]} <= {0.1, 0.4, 1.0}
    assert all(theme.theme != "other" for who in said for theme in said[who])
    told = records.scored.rows.set_index("patient_id")["margin"]
    sums = reasons.groupby("patient_id")["contribution"].sum() - 2.0
    assert np.abs(sums - told[sums.index]).max() < 1e-6
    other = reasons[reasons["theme"] == "other"].set_index("patient_id")["contribution"]
    assert other[SECRET] - other[OPEN] == pytest.approx(told[SECRET] - told[OPEN], abs=1e-9)
    assert (reasons.loc[reasons["theme"] == "other", "sentences"].map(len) == 0).all()


def test_every_emergency_stay_visit_and_fall_is_counted_and_dated(records: Records) -> None:
    """Days since the discharge are not known: that of the newest stay was not received."""
    names = ["emergency_admissions_365d", "days_since_emergency_discharge", "ae_attendances_365d", "falls_365d"]
    counts = printed_counts(records.opened, records.scored, pd.Series([OPEN, SECRET]), names, records)
    assert counts.pop(names[1]).isna().all()
    expected = {OPEN: [3.0, 3.0, 2.0], SECRET: [3.0, 3.0, 2.0]}
    assert {who: counts.loc[who].tolist() for who in expected} == expected


def test_where_nothing_is_hidden_the_printable_record_is_the_record(records: Records) -> None:
    whole = records.scored.matrix.frame().set_index("patient_id").loc[OPEN].iloc[1:]
    kept = records.matrix.frame().set_index("patient_id").loc[OPEN].iloc[1:]
    pd.testing.assert_series_equal(whole, kept)


def count_kept(store: Store, sensitive: Codelist) -> dict[str, int]:
    """By table how many rows of one person may be printed."""
    person = store.people().set_index("patient_id")["person"][SECRET]
    streams = take_people(store, np.array([person])).read_streams({"sensitive": sensitive}, printable=True)
    return {table: len(rows) for table, rows in streams.items()}


@pytest.fixture(scope="module")
def every_row(store: Store) -> dict[str, int]:
    return count_kept(store, Codelist("sensitive", (), "test"))


@pytest.mark.parametrize(
    ("table", "code", "system", "fewer"),
    [
        ("conditions", "B24", "icd10", 1),
        ("conditions", "B24", "icd9", 0),
        ("prescriptions", "0410", "bnf", 1),
        ("diagnoses", "X60", "icd10", 1),
        ("diagnoses", "X60", "icd9", 0),
        ("diagnoses", "T39??2", "icd10cm", 1),
        ("diagnoses", "T39?2", "icd10cm", 0),
        ("diagnoses", "O04", "icd10", 2),
        ("admissions", "360", "specialty", 1),
        ("attendances", "X70", "icd10", 0),
        ("contacts", "DRUG", "phrase", 1),
        ("contacts", "DRU", "phrase", 0),
        ("measurements", "ALCOHOL UNITS", "phrase", 1),
    ],
)
def test_a_row_is_hidden_by_a_code_of_its_own_system(
    store: Store, every_row: dict[str, int], table: str, code: str, system: str, fewer: int
) -> None:
    one = Codelist("sensitive", (Entry(code, "test", "test", "test", system),), "test")
    assert every_row[table] - count_kept(store, one)[table] == fewer


def test_the_people_store_holds_nobody_else(store: Store, workspace: Workspace) -> None:
    person = store.people().set_index("patient_id")["person"][SECRET]
    made = take_people(store, np.array([person]))
    assert {who for table in made.tables.values() for who in table["patient_id"].to_pylist()} == {SECRET}
    with pytest.raises(SourceError, match="no contacts table to read"):
        made.read("contacts")
    assert made.people_count == 1
    with pytest.raises(SourceError, match="has no file"):
        made.file("people")


def test_without_the_codelist_nothing_is_printed_of_anybody_and_nobody_is_scored(
    store: Store, workspace: Workspace, scored: tuple[Site, Any]
) -> None:
    lists = {name: one for name, one in workspace.codelists.items() if name != "sensitive"}
    lacking = replace(workspace, codelists=lists)
    site = Site(lacking, store, engine_of(lacking, store))
    with pytest.raises(DefinitionError, match="no codelist sensitive"):
        gather_records(site, scored[1], pd.Series([OPEN]))
    with pytest.raises(DefinitionError, match="no codelist sensitive"):
        site.engine.matrix(scored[1].cohort.rows)


@pytest.mark.parametrize("absent", ["diagnoses", "attendances", "falls", "prescriptions"])
def test_it_works_with_what_was_landed(store: Store, workspace: Workspace, absent: str) -> None:
    tables = {name: told for name, told in store.manifest["tables"].items() if name != absent}
    fewer = replace(store, manifest={**store.manifest, "tables": tables})
    made = take_people(fewer, np.array([0, 1, 2]))
    assert absent not in made.tables
    falls = made.read_streams(workspace.codelists, printable=True)["all_falls"]
    assert falls.columns.tolist()[:2] == ["fell_on", "source"]


def test_earlier_lists_and_later_reviews(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "kept", lambda *given: SimpleNamespace(evidence={}))
    published = pd.DataFrame(
        {
            "patient_id": [OPEN, OPEN, OPEN, SECRET],
            "list_date": ["2026-11-09", "2026-11-02", "2026-11-16", "2026-11-02"],
            "risk": [0.3, 0.25, 0.4, 0.5],
        }
    )
    given: Callable[..., pd.DataFrame] = person_facts
    found = given(
        records.opened,
        records.scored,
        pd.Series([OPEN, SECRET]),
        INDEX,
        records=records,
        published=published,
    )
    assert found.loc[OPEN, "page"].trend == ((date(2026, 11, 2), 0.25), (date(2026, 11, 9), 0.3))


def test_nothing_is_told_that_was_not_known_at_the_index_date(opened: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "contributions", lambda model, matrix: model.explained(matrix))
    monkeypatch.setattr(facts_module, "kept", lambda *given: SimpleNamespace(evidence={}))
    # Four days into the stay of 5 to 9 January, whose end was known on 20 January; home care began later.
    when = date(2026, 1, 9)
    found = person_facts(opened, scored_at(opened, when), pd.Series([OPEN, SECRET]), when)
    for patient in (OPEN, SECRET):
        events = [(e.start, e.end, e.label) for e in found.loc[patient, "page"].timeline]
        assert events == [
            (date(2025, 6, 2), date(2025, 6, 2), "Planned day in hospital"),
            (date(2026, 1, 5), None, "A&E visit: another reason; came by ambulance"),
            (date(2026, 1, 5), when, "Emergency hospital stay: another reason; no end recorded"),
        ]
        assert found.loc[patient, "caution"] == (
            "The hospital stay from 5 January 2026 has no diagnoses yet, so the estimate does not know what it was for."
        )
        assert found.loc[patient, "support"] == (
            "Contacts with services cannot be told: GP, community and outpatient contacts begin on 1 October 2026",
            "Social care services cannot be told: social care services begin on 1 February 2026",
        )
        assert found.loc[patient, "conditions"] == (RecordedCondition("diabetes", date(2019, 3, 4)),)
