"""What lies in a source under another name or of another kind, and would keep somebody off lists, stops the run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.adapting import land
from riskstrat.sources.connecting import connect_in_memory
from riskstrat.sources.ingest import ingest
from riskstrat.sources.mapping import choose_mapping, read_mapping
from riskstrat.sources.refreshing import REFRESHED

PEOPLE = "patient_id,date_of_birth,sex\nK01x,1950-06-15,F\nK02x,1950-06-15,F\n"
STAYS = "patient_id,spell_id,admitted_on,method\nK01x,s1,2026-09-30,21\n"
OPT_OUTS = "patient_id,kind\nK01x,type1\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "people.csv").write_text(PEOPLE, "utf-8")
    (folder / "admissions.csv").write_text(STAYS, "utf-8")
    return folder


def look(source: Path, only: tuple[str, ...] | None = None) -> set[str]:
    """The tables that are landed."""
    connection = connect_in_memory([source], source.parent / "spill")
    with land(connection, choose_mapping(source, "canonical", source / "none.toml"), only=only) as landing:
        return set(landing.tables)


@pytest.mark.parametrize(
    "file",
    [
        *(
            "opt_outs.tsv",
            "opt_outs.xlsx",
            "opt_outs.txt",
            "opt_outs",
            "opt_outs.csv.bz2",
            "opt-outs.csv",
            "OptOuts.csv",
        ),
        *("opt_outs .csv", "opt_outs (1).csv", "Copy of opt_outs.csv", "opt_outs_20260930.csv", ".opt_outs.csv"),
        *("type1_opt_outs.csv", "opt_outs_nov.csv", "opt_outs_v2.csv", "objections.csv", "Dissents 2026.csv"),
        *("status.csv", "daily_statuses.parquet", "caseload_kirkby.csv", "gp_registrations.csv"),
        *("statuses.xls", "registrations-final.parquet", "Caseload.json", "reviews 2026.csv", "opt_out.csv"),
    ],
)
def test_a_file_that_would_not_be_read_is_named_where_its_table_keeps_people_off_lists(file: str, source: Path) -> None:
    (source / file).write_text(OPT_OUTS, "utf-8")
    with pytest.raises(SourceError, match="may keep people off lists"):
        look(source)
    if file.startswith("reviews"):
        return  # a refresh reads none
    (source / "people.csv").unlink()
    with pytest.raises(SourceError, match="may keep people off lists"):
        look(source, REFRESHED)


def test_a_second_file_of_such_a_table_is_named_and_a_copy_that_is_no_table_is_not(source: Path) -> None:
    (source / "opt_outs.csv").write_text(OPT_OUTS, "utf-8")
    for file in ("opt_outs.xlsx", "opt_outs.csv.bak", "._opt_outs.csv", "notes.txt", "people.xlsx"):
        (source / file).write_text(OPT_OUTS, "utf-8")
    assert look(source) == {"people", "admissions", "opt_outs"}
    for second in ("opt_outs_2", "opt_outs_nov", "objections"):
        (source / f"{second}.csv").write_text(OPT_OUTS, "utf-8")
        with pytest.raises(SourceError, match=f'holds "{second}" beside opt_outs'):
            look(source)
        (source / f"{second}.csv").unlink()


def test_a_name_that_only_has_a_word_of_such_a_table_stands(source: Path) -> None:
    for name in ("opt_outs", "opt_outs_by_practice", "medication_reviews", "smoking_status", "young_people", "flags"):
        (source / f"{name}.csv").write_text(OPT_OUTS, "utf-8")
    assert look(source) == {"people", "admissions", "opt_outs"}


@pytest.mark.parametrize(
    ("table", "heading"),
    [
        ("statuses", "patient_id,as_at,inpatient,Died?"),
        ("statuses", "patient_id,as_at,moved,deceased"),
        ("statuses", "patient_id,as_at,died,In hospital"),
        ("statuses", "patient_id,as_at,note"),
        ("registrations", "patient_id,practice,registered_from,Registered-To"),
        ("registrations", "patient_id,practice,registered_from,deregistration_date"),
        ("people", "patient_id,date_of_birth,sex,DateOfDeath"),
        ("registrations", "patient_id,practice,registered_from,end_date"),
        ("registrations", "patient_id,practice,registered_from,Registered Until"),
        ("registrations", "patient_id,practice,registered_from,date_left"),
        ("people", "patient_id,date_of_birth,sex,dod"),
        ("people", "patient_id,date_of_birth,sex,deceased"),
        ("people", "patient_id,date_of_birth,sex,Died?"),
    ],
)
def test_a_column_under_another_name_is_named_where_it_keeps_people_off_lists(
    table: str, heading: str, source: Path
) -> None:
    (source / f"{table}.csv").write_text(f"{heading}\n", "utf-8")
    with pytest.raises(SourceError, match=f"{table} has no"):
        look(source)


def test_a_flag_of_death_stands_beside_days_of_death_and_beside_statuses(source: Path) -> None:
    (source / "people.csv").write_text("patient_id,date_of_birth,sex,date_of_death,deceased\n", "utf-8")
    assert "people" in look(source)
    (source / "people.csv").write_text("patient_id,date_of_birth,sex,deceased\n", "utf-8")
    (source / "statuses.csv").write_text("patient_id,as_at,died\n", "utf-8")
    assert "people" in look(source)


def test_what_nobody_sees_in_a_heading_is_no_part_of_it(source: Path) -> None:
    (source / "statuses.csv").write_text("\ufeff\ufeffpatient_id,as_at,died\u200b\nK01x,2026-09-30,true\n", "utf-8")
    assert "statuses" in look(source)


@pytest.mark.parametrize("said", ["type1", "dead", "moved", "result", "palliative", "Death,admitted"])
def test_a_first_line_that_may_be_a_row_is_not_repeated(said: str, source: Path) -> None:
    (source / "opt_outs.csv").write_text(f"Quillfeather,{said}\nK02x,{said}\n", "utf-8")
    with pytest.raises(SourceError, match="what looks like a row") as refused:
        look(source)
    assert "quillfeather" not in str(refused.value).lower()


@pytest.mark.parametrize("folder", ["_temporary/0", ".ipynb_checkpoints", "_delta_log"])
def test_a_part_in_a_hidden_folder_is_named(folder: str, source: Path) -> None:
    for place in ("", folder):
        (source / "falls" / place).mkdir(parents=True, exist_ok=True)
        pq.write_table(
            pa.table({"patient_id": ["K01x"], "fell_on": ["2026-09-01"]}), source / "falls" / place / "1.parquet"
        )
    with pytest.raises(SourceError, match="hidden from readers"):
        look(source)


def test_what_no_table_reads_is_kept_in_the_report(source: Path, tmp_path: Path) -> None:
    (source / "letters.csv").write_text("patient_id\n", "utf-8")
    report = ingest(source, tmp_path / "store", Settings(), as_at=date(2026, 9, 30))
    assert report.ignored_tables == ("letters",)


SPANS = "patient_id,practice,registered_from,registered_to\nK01x,Z00001,2020-01-01,\n"
BY_SQL = """
[source]
kind = "folder"
location = "source"
counts = "counts.sql"
[source.steps]
spans = "spans.sql"
[source.tables]
registrations = { from = "registrations.sql" }
caseload = { from = "caseload.sql" }
people = { from = "people.sql" }
statuses = { from = "statuses.sql" }
"""


def test_what_sql_reads_is_not_passed_over(source: Path, tmp_path: Path) -> None:
    people = (source / "people.csv").rename(source / "people_1.csv").read_text("utf-8")
    (source / "people_2.csv").write_text(people.replace("K0", "K1"), "utf-8")
    for name in ("registrations_1", "registrations_2", "new_registrations"):
        (source / f"{name}.csv").write_text(SPANS, "utf-8")
    (source / "caseload_export.csv").write_text("who\nK02x\n", "utf-8")
    (source / "letters.csv").write_text("who\nK02x\n", "utf-8")
    (source / "statuses.csv").write_text("patient_id,as_at,died\nK02x,2026-09-30,false\n", "utf-8")
    for name, sql in {
        "spans": "SELECT * FROM source.registrations_1 UNION ALL SELECT * FROM source.Registrations_2",
        "registrations": "SELECT * FROM step.spans",
        "caseload": "SELECT who AS patient_id, 'Kirkby' AS team, 'open' AS status, DATE '2026-01-01' AS from_on "
        "FROM source.caseload_export",
        "people": "SELECT * FROM source.people_1 UNION ALL SELECT * FROM source.people_2",
        "statuses": "SELECT * FROM source.statuses WHERE NOT died",
        "counts": "SELECT 'lost' AS kind, 'spans' AS what, count(*) AS rows FROM source.new_registrations",
    }.items():
        (tmp_path / f"{name}.sql").write_text(sql, "utf-8")
    file = tmp_path / "source.toml"
    file.write_text(BY_SQL, "utf-8")
    connection = connect_in_memory([source], tmp_path / "spill")
    with land(connection, read_mapping(file)) as landing:
        assert set(landing.tables) == {"people", "registrations", "admissions", "caseload", "statuses"}
        assert landing.ignored == ("letters",)
        for name in ("people", "registrations"):
            numbers = connection.execute(
                f"SELECT landed_row FROM {landing.tables[name].relation} ORDER BY 1"
            ).fetchall()
            assert [number for (number,) in numbers] == list(range(1, len(numbers) + 1)), name
            assert "landed_row" not in landing.tables[name].columns
