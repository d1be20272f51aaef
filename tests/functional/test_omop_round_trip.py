"""A borough written as OMOP, as Oxford's mapper does it, and read back: what comes back whole, and what is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.simulation import simulate
from riskstrat.sources.adapting import land
from riskstrat.sources.ingest import ingest
from riskstrat.sources.mapping import read_mapping
from tests.suite.as_omop import write_as_omop

UNTIL = date(2026, 3, 31)
OXFORD = 'emergency = ["262"]\nsource_values = "nhs"'
EMERGENCIES = ("21", "22", "23", "24", "25", "28", "2A", "2D")
TOLD = ("21", "24")
"""Methods that Oxford's mapper makes a visit of 262."""

Rows = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class Trip:
    """One database: the borough's tables by their names, and `back_<table>` with the borough's people and spells."""

    connection: duckdb.DuckDBPyConnection
    outcomes: Mapping[str, int]
    folder: Path

    def rows(self, query: str) -> Rows:
        """The rows of a query as text, each with how often it is there."""
        return Counter(tuple(map(str, row)) for row in self.connection.execute(query).fetchall())


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    folder = tmp_path_factory.mktemp("omop")
    simulate(1500, 7, folder / "borough", years=4, until=UNTIL)
    write_as_omop(folder / "borough", folder / "cdm.duckdb", UNTIL)
    source = folder / "source.toml"
    source.write_text(f'[source]\nkind = "omop"\nlocation = "cdm.duckdb"\n{OXFORD}\n', encoding="utf-8")
    connection = duckdb.connect()
    for table in sorted((folder / "borough").glob("*.parquet")):
        connection.execute(f"CREATE TABLE {table.stem} AS FROM read_parquet('{table.as_posix()}')")
    with duckdb.connect() as staging, land(staging, read_mapping(source)) as landing:
        landed = {
            name: staging.execute(f"FROM {one.relation}").to_arrow_table() for name, one in landing.tables.items()
        }
    connection.execute(f"ATTACH '{(folder / 'cdm.duckdb').as_posix()}' AS cdm (READ_ONLY)")
    for name, rows in landed.items():
        connection.register("landed", rows)
        spell = "spell_id" in rows.column_names
        connection.execute(
            f"CREATE TABLE back_{name} AS SELECT l.* EXCLUDE (landed_row) REPLACE (n.patient_id AS patient_id"
            f"{', v.spell_id AS spell_id' if spell else ''}) FROM landed l "
            "JOIN cdm.person_numbers n ON n.person_id::VARCHAR = l.patient_id::VARCHAR"
            f"{' JOIN cdm.visit_numbers v ON v.visit_occurrence_id::VARCHAR = l.spell_id::VARCHAR' if spell else ''}"
        )
    return Trip(connection, {f"{kind}: {what}": count for kind, what, count in landing.outcomes}, folder)


def test_people_come_back_whole(trip: Trip) -> None:
    kept = "patient_id, date_of_birth::DATE, sex, ethnicity, lsoa, date_of_death"
    assert trip.rows(f"SELECT {kept} FROM back_people") == trip.rows(f"SELECT {kept} FROM people")


def test_spells_of_ordinary_admissions_come_back_but_for_what_omop_has_no_place_for(trip: Trip) -> None:
    kept = "patient_id, spell_id, admitted_on, discharged_on, source, destination, provider"
    given = trip.rows(f"SELECT {kept} FROM admissions WHERE patient_class = '1'")
    assert trip.rows(f"SELECT {kept} FROM back_admissions") == given
    (days,) = trip.connection.execute("SELECT count(*) FROM admissions WHERE patient_class <> '1'").fetchone() or (0,)
    (said,) = (count for what, count in trip.outcomes.items() if what.startswith("lost: visits of concept 9202 "))
    assert said == days > 0
    died = "SELECT spell_id FROM {} WHERE discharge_method = '4'"
    assert trip.rows(died.format("back_admissions")) == trip.rows(died.format("admissions"))


def test_emergencies_are_lost_by_method_and_only_those(trip: Trip) -> None:
    methods = trip.rows(
        "SELECT g.method, b.method FROM admissions g JOIN back_admissions b USING (patient_id, spell_id)"
    )
    assert {back for given, back in methods if given in TOLD} == {"28"}
    assert {back for given, back in methods if given not in TOLD} == {"99"}
    lost = {given: count for (given, back), count in methods.items() if given in EMERGENCIES and back == "99"}
    assert set(lost) == set(EMERGENCIES) - set(TOLD)
    given = trip.rows("SELECT method FROM admissions WHERE patient_class = '1'")
    assert lost == {method: given[(method,)] for method in lost}
    (said,) = (count for what, count in trip.outcomes.items() if what.startswith("mapped: visits of concept 262 "))
    assert said == given[("21",)] + given[("24",)]
    assert 0 < sum(lost.values()) < said
    untold = trip.outcomes["lost: admissions that may have been emergencies or not, and that pages count as none"]
    assert untold == given.total() - said


def test_moves_between_hospitals_are_joined_as_before(trip: Trip) -> None:
    settings = Settings()
    before = ingest(trip.folder / "borough", trip.folder / "before", settings, as_at=UNTIL)
    after = ingest(read_mapping(trip.folder / "source.toml"), trip.folder / "after", settings, as_at=UNTIL)
    joined = [[note for note in report.notes if "counted as one stay with it" in note] for report in (before, after)]
    assert joined[0] == joined[1] != []
    assert after.quarantined.keys() <= {"conditions"}


def test_diagnoses_come_back_with_their_primary_one_unless_it_became_an_observation(trip: Trip) -> None:
    codes = (
        "SELECT DISTINCT d.spell_id, replace(code, '.', '') FROM {} d JOIN admissions a USING (patient_id, spell_id)"
    )
    given = trip.rows(f"{codes.format('diagnoses')} WHERE patient_class = '1'")
    assert trip.rows(codes.format("back_diagnoses")) == given
    main = f"{codes} WHERE position = 1 AND patient_class = '1'"
    assert trip.rows(main.format("back_diagnoses")) == trip.rows(f"{main.format('diagnoses')} AND code < 'V'")
    assert any(code.startswith("W") for _, code in given)


def test_conditions_come_back_whole_beside_what_day_cases_were_coded_with(trip: Trip) -> None:
    kept = "patient_id, replace(code, '.', '') AS code, recorded_on, ended_on"
    of_days = (
        "SELECT d.patient_id, d.code, admitted_on, NULL FROM diagnoses d JOIN admissions USING (patient_id, spell_id) "
        "WHERE patient_class <> '1'"
    )
    given = trip.rows(f"SELECT {kept} FROM conditions") + trip.rows(of_days)
    assert trip.rows(f"SELECT {kept} FROM back_conditions") == given


def test_attendances_come_back_with_how_people_came_and_went(trip: Trip) -> None:
    kept = "patient_id, attended_on, arrival_mode, disposal"
    assert trip.rows(f"SELECT {kept} FROM back_attendances") == trip.rows(f"SELECT {kept} FROM attendances")


def test_measurements_come_back_where_a_code_names_the_measure_and_medicines_never(trip: Trip) -> None:
    kept = "patient_id, measured_on, measure, value::DOUBLE, unit"
    given = trip.rows(f"SELECT {kept} FROM measurements WHERE measure IN ('bmi', 'systolic', 'egfr')")
    assert trip.rows(f"SELECT {kept} FROM back_measurements") == given
    others = trip.rows("SELECT 1 FROM measurements WHERE measure NOT IN ('bmi', 'systolic', 'egfr')").total()
    assert trip.outcomes["lost: measurements of anything else"] == others
    medicines = trip.rows("SELECT 1 FROM prescriptions").total()
    assert trip.outcomes["lost: medicines coded in dm+d, none of which is BNF"] == medicines
