"""The same rows in any order, again, or first in part and then whole, make the same store to the byte."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.sources.ingest import IngestReport, ingest
from tests.suite.properties import population_settings
from tests.suite.stores import find_version

Row = dict[str, str]

LATE = {
    "people": ("ethnicity", "date_of_death", "died_known_on"),
    "registrations": ("registered_to",),
    "admissions": ("provider", "discharged_on", "discharge_method", "destination", "specialty", "settled_known_on"),
    "conditions": ("ended_on",),
    "social_care": ("ended_on",),
    "caseload": ("to_on", "owner"),
    "reviews": ("reason", "decided_on"),
    "areas": ("hub", "borough"),
    "care_plans": ("ended_on",),
    "circumstances": ("housebound", "carer", "language"),
}
"""By table the columns that an extract may say later."""


def make_tables(rng: random.Random) -> dict[str, list[Row]]:
    """Clean tables of 12 people, every row with its own natural key."""
    who = [f"p{n}" for n in range(12)]
    tables: dict[str, list[Row]] = {
        "people": [
            {"patient_id": p, "date_of_birth": "1950-01-01", "sex": "F", "ethnicity": rng.choice(["A", ""])}
            for p in who
        ]
    }
    for row in tables["people"]:
        died = rng.random() < 0.3
        row |= {"date_of_death": "2024-09-20" if died else "", "died_known_on": "2024-09-22" if died else ""}
    tables["registrations"] = [
        {"patient_id": p, "practice": "N83001", "registered_from": "2001-01-01", "registered_to": rng.choice(ENDS)}
        for p in who
    ]
    tables["admissions"] = [
        {
            "patient_id": p,
            # Two hospitals number their spells alike.
            "spell_id": str(n // 4),
            "provider": ("RXX", "RYY")[n % 2],
            "admitted_on": f"2024-0{1 + n % 6}-1{n % 9}",
            "method": "21",
            "discharged_on": rng.choice(ENDS),
            "destination": rng.choice(["19", ""]),
        }
        for n, p in enumerate(who * 2)
    ]
    for row in tables["admissions"]:
        settled = {"discharge_method": "1", "specialty": "300", "settled_known_on": row["discharged_on"]}
        row |= settled if row["discharged_on"] else dict.fromkeys(settled, "")
    tables["diagnoses"] = [
        {"patient_id": r["patient_id"], "spell_id": r["spell_id"], "provider": r["provider"], "position": str(n)}
        | {"system": "icd10", "code": rng.choice(["I21", "J44"])}
        for r in tables["admissions"]
        for n in (1, 2)
    ]
    dated = {"recorded_on": "2020-01-01", "ended_on": ""}
    tables["conditions"] = [
        {"patient_id": p, "system": "register", "code": code} | dated | {"ended_on": rng.choice(ENDS)}
        for p in who
        for code in ("AF", "DM")
    ]
    tables["social_care"] = [
        {"patient_id": p, "service": "home_care", "started_on": "2024-01-02", "ended_on": rng.choice(ENDS)} for p in who
    ]
    tables["caseload"] = [
        {"patient_id": p, "team": "A", "status": "active", "from_on": "2024-01-01", "to_on": rng.choice(ENDS)}
        | {"owner": "x"}
        for p in who
    ]
    tables["reviews"] = [
        {"patient_id": p, "list_date": "2024-01-01", "team": "A", "outcome": "monitor", "reason": "r"}
        | {"decided_on": rng.choice(ENDS)}
        for p in who
    ]
    tables["areas"] = [{"practice": "N83001", "from_on": "", "pcn": "N", "hub": rng.choice(["H", ""]), "borough": "B"}]
    tables["opt_outs"] = [
        {"patient_id": p, "kind": "type1", "from_on": "2020-01-01", "to_on": rng.choice(ENDS)} for p in who[:4]
    ]
    tables["statuses"] = [{"patient_id": p, "as_at": "2024-09-30", "died": rng.choice(["true", ""])} for p in who]
    tables["care_plans"] = [
        {"patient_id": p, "kind": kind, "made_on": "2024-01-02", "ended_on": rng.choice(ENDS)}
        for p in who
        for kind in ("care_plan", "respect")
    ]
    tables["circumstances"] = [
        {"patient_id": p, "recorded_on": "2024-03-01", "housebound": rng.choice(["true", "false"])}
        | {"carer": rng.choice(["true", ""]), "language": "en"}
        for p in who
    ]
    return tables


ENDS = ["2024-09-2" + str(n) for n in range(9)] + [""] * 3


def _repeat(name: str, rows: list[Row], rng: random.Random) -> Iterator[Row]:
    """Each row, some again, some first in part; opt-outs are not shortened, as an open one has its own effect."""
    for row in rows:
        yield row
        if rng.random() < 0.3:
            yield row
        if rng.random() < 0.5 and name in LATE:
            yield row | {column: "" for column in LATE[name] if rng.random() < 0.7}


def build_store(folder: Path, tables: dict[str, list[Row]]) -> tuple[dict[str, bytes], IngestReport]:
    """The bytes of the stored tables."""
    (folder / "source").mkdir(parents=True)
    for name, rows in tables.items():
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        (folder / "source" / f"{name}.csv").write_text("\n".join(lines) + "\n")
    report = ingest(folder / "source", folder / "store", Settings())
    return {
        file.name: file.read_bytes() for file in sorted((find_version(folder / "store") / "tables").iterdir())
    }, report


@population_settings(1, drawn=2)
@given(st.integers(0, 1_000_000))
def test_rows_that_come_again_in_any_order_and_in_part_change_no_byte(seed: int) -> None:
    rng = random.Random(seed)
    clean = make_tables(rng)
    again = {name: list(_repeat(name, rows, rng)) for name, rows in clean.items()}
    for rows in again.values():
        rng.shuffle(rows)
    with TemporaryDirectory() as folder:
        wanted, _ = build_store(Path(folder) / "clean", clean)
        found, report = build_store(Path(folder) / "again", again)
    assert [name for name in wanted if found[name] != wanted[name]] == []
    for name, table in report.tables.items():
        assert table.accepted == len(clean[name])
        assert set(table.rules) <= {"duplicate", "spell id used again"}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_table_with_a_key_is_made_above(name: str) -> None:
    assert not SCHEMAS[name].key or name in make_tables(random.Random(0))
