"""Whatever is landed, every row ends in exactly one of two places."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.definitions.table_schema import Column, TableSchema
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import open_store
from tests.suite.properties import population_settings
from tests.suite.stores import find_version

PATIENTS = ["p1", "p2", "p3", "9434765919", "", None]
DATES = ["2024-01-01", "2024-02-28", "2023-12-31", "2024-02-30", "1800-01-01", "31/12/2023", "soon", "1940-05", None]
SPELLS = ["s1", "s2", "s3", None]
ANY = ["", None, "x", "0", "1", "21", "I10X", "250", "true", "-3", "1e400", "'", '"; --', "é"]


def cells(column: Column) -> st.SearchStrategy[str | None]:
    named = {"patient_id": PATIENTS, "spell_id": SPELLS, "date_of_birth": ["1940-05-01", *DATES]}
    dates = DATES if column.type == "date" else []
    return st.sampled_from([*named.get(column.name, dates), *column.allowed, *ANY[: 3 if column.required else None]])


KEEPING_OFF = tuple(name for name, schema in SCHEMAS.items() if schema.must_have_effect)


def rows(schema: TableSchema) -> st.SearchStrategy[list[list[str | None]]]:
    return st.lists(st.tuples(*(cells(column) for column in schema.columns)).map(list), max_size=18)


def write(folder: Path, schema: TableSchema, landed: list[list[str | None]]) -> None:
    columns = list(zip(*landed, strict=True)) if landed else [()] * len(schema.columns)
    arrays = [pa.array(list(cells), pa.string()) for cells in columns]
    pq.write_table(pa.table(arrays, names=list(schema.names)), folder / f"{schema.name}.parquet")


def last_versions(stored: pd.DataFrame) -> int:
    """Rows of a stored table that stand for a landed one: each has one version that no other follows."""
    return len(stored) if "valid_to" not in stored else int((stored["valid_to"] == pd.Timestamp("9999-12-31")).sum())


@population_settings(2, drawn=5)
@given(st.fixed_dictionaries({name: rows(schema) for name, schema in SCHEMAS.items()}))
def test_rows_in_are_accepted_and_quarantined_rows(landed: dict[str, list[list[str | None]]]) -> None:
    clean: dict[str, list[str | None]] = {
        # Nobody else's row says that this person died.
        "people": ["p0", "1940-05-01", "F", *[None] * 7],
        "admissions": ["p0", "s1", "2024-01-01", "21", *[None] * 9],
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "source").mkdir()
        for table, schema in SCHEMAS.items():
            first = [clean[table]] if table in clean else []
            write(folder / "source", schema, first + landed[table])
        settings = Settings.model_validate({"data": {"quarantine_limit": 1}})
        report = ingest(folder / "source", folder / "store", settings, leave_out=KEEPING_OFF)
        quarantine = pq.read_table(find_version(folder / "store") / "quarantine.parquet").to_pandas()
        store = open_store(folder / "store")
        for table, counts in report.tables.items():
            rows_in = len(landed[table]) + (table in clean)
            quarantined = quarantine.loc[quarantine["table"] == table, "row"]
            assert counts.landed == rows_in == counts.accepted + counts.quarantined
            assert len(quarantined) == len(set(quarantined)) == counts.quarantined
            assert set(quarantined) <= set(range(1, rows_in + 1))
            stored = store.read(table)
            assert last_versions(stored) == counts.accepted
        assert sorted(store.people()["person"]) == list(range(store.people_count))
