"""Nobody is listed because a cell of a row that keeps them off lists cannot be read, in any column of any such row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.packed_matrix import PackedMatrix, pack_column
from riskstrat.definitions.schemas import CARE_HOMES, SCHEMAS
from riskstrat.errors import SourceError
from riskstrat.reviews import Snapshot
from riskstrat.site.opening import Site, engine_of
from riskstrat.site.pathways import pathways_of
from riskstrat.site.residents import assume_homes
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import open_store
from riskstrat.sources.validation import (
    AFTER_EXTRACT,
    DUPLICATE,
    HARMLESS,
    KNOWN_AFTER_EXTRACT,
    RULES,
    SPELL_USED_AGAIN,
)
from riskstrat.weekly.choosing import case_facts
from riskstrat.workspace import load
from tests.suite.properties import population_settings

WORKSPACE = load(Path(__file__).resolve().parents[2])
PEOPLE = 60
AS_AT, MONDAY = date(2026, 9, 30), date(2026, 9, 28)
STAY = {"spell_id": "s", "admitted_on": "2026-09-21", "method": "21"}
PLACE = {"service": "nursing", "started_on": "2025-03-04"}


def write_rows(file: Path, rows: Sequence[Mapping[str, str]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [",".join(row.get(column, "") for column in columns) for row in rows]
    file.write_text("\n".join([",".join(columns), *lines, ""]), "utf-8")


def open_site(folder: Path, homes: Mapping[str, str] | None = None, **tables: Sequence[Mapping[str, str]]) -> Site:
    """A site of 60 people, some of them with a `care_home_from`, and of one accepted row of each table beside these."""
    source = folder / "source"
    source.mkdir(parents=True)
    known = {f"p{number}": {"date_of_birth": "1950-01-01", "sex": "F"} for number in range(PEOPLE)}
    people = [{"patient_id": name, **row, "care_home_from": (homes or {}).get(name, "")} for name, row in known.items()]
    write_rows(source / "people.csv", people)
    accepted = {
        "admissions": STAY | {"spell_id": "s0", "admitted_on": "2026-01-05", "discharged_on": "2026-01-06"},
        "social_care": PLACE | {"service": "telecare"},
        "reviews": {"list_date": "2026-09-07", "team": "North", "outcome": "monitor"},
    }
    for table, first in accepted.items():
        if table == "admissions" or table in tables:
            write_rows(source / f"{table}.csv", [{"patient_id": "p59"} | first, *tables.get(table, ())])
    data = WORKSPACE.settings.data.model_copy(update={"quarantine_limit": 1})
    settings = WORKSPACE.settings.model_copy(update={"data": data})
    ingest(source, folder / "store", settings, as_at=AS_AT)
    store = open_store(folder / "store")
    return Site(WORKSPACE, store, engine_of(WORKSPACE, store))


def name_people(site: Site, persons: Collection[int]) -> set[str]:
    return set(site.store.people()["patient_id"].iloc[sorted(persons)])


def list_inpatients(site: Site, at: date = MONDAY) -> set[str]:
    return name_people(site, case_facts(site, at, Snapshot(())).in_hospital or ())


def list_residents(site: Site, at: date = MONDAY) -> set[str]:
    """Whom the features that say so would have in a care home, had they seen no row of anybody."""
    matrix = build_matrix(site, at)
    return set(matrix.keys["patient_id"][assume_homes(site, matrix).values.all(axis=1)])


def build_matrix(site: Site, at: date, **said: float) -> PackedMatrix:
    keys = pd.DataFrame({"patient_id": site.store.people()["patient_id"], "index_date": pd.Timestamp(at)})
    columns = dict.fromkeys(WORKSPACE.roles.care_home, 0.0) | said
    values = np.tile(np.array(list(columns.values()), np.float32), (len(keys), 1))
    packed = [pack_column(column) for column in values.T]
    return PackedMatrix(keys, packed, tuple(columns), dict.fromkeys(columns, ""))


BAD_STAYS: Mapping[str, Sequence[Mapping[str, str]]] = {
    "spell_id": [{"spell_id": ""}],
    "admitted_on": [
        {"admitted_on": day} for day in ("", "soon", "31/06/2026", "1066-10-14", "1944-02-01", "2027-02-01", "46286")
    ],
    "method": [{"method": code} for code in ("", "emergency", "2Z")],
    "source": [{"source": "home"}],
    "patient_class": [{"patient_class": code} for code in ("9", "ordinary")],
    "provider": [{"provider": "?"}],
    "known_on": [{"known_on": day} for day in ("yesterday", "2026-02-30", "2027-01-01")],
    "discharged_on": [
        {"discharged_on": day} for day in ("not yet", "2026-09-31", "2025-09-22", "1066-10-14", "2026-09-29", "9.2026")
    ],
    "discharge_method": [{"discharge_method": "x"}],
    "destination": [{"destination": "home"}],
    "specialty": [{"specialty": "?"}],
    "settled_known_on": [{"settled_known_on": day} for day in ("later", "1066-10-14")],
}
"""By column cells that cannot be read, or are empty, of a stay that has not ended."""

BAD_PLACES: Mapping[str, Sequence[Mapping[str, str]]] = {
    "started_on": [
        {"started_on": day} for day in ("", "spring", "2025-04-31", "1066-10-14", "1944-02-01", "2027-02-01")
    ],
    "ended_on": [{"ended_on": day} for day in ("unknown", "2026-02-30", "2025-03-03", "1066-10-14", "0")],
    "known_on": [{"known_on": day} for day in ("?", "2027-01-01")],
}
"""The same of a place in a care home."""

BAD_HOMES = ("yes", "2024-02-30", "04-2024", "1066-10-14", "1949-12-31", "2027-03-01", "45000")
"""Cells of `care_home_from` that are filled in, with no day on which somebody could have moved."""


def spread_rows(bad: Mapping[str, Sequence[Mapping[str, str]]], row: Mapping[str, str]) -> list[dict[str, str]]:
    every = [cells for some in bad.values() for cells in some]
    return [{"patient_id": f"p{place}"} | dict(row) | dict(cells) for place, cells in enumerate(every)]


def test_every_column_of_a_stay_and_of_a_place_is_tried() -> None:
    assert BAD_STAYS.keys() == SCHEMAS["admissions"].names.keys() - {"patient_id"}
    # The service is what says that it is a care home.
    assert BAD_PLACES.keys() == SCHEMAS["social_care"].names.keys() - {"patient_id", "service"}


def test_whoever_is_in_hospital_by_a_row_that_cannot_be_read_is_in_hospital(tmp_path: Path) -> None:
    rows = spread_rows(BAD_STAYS, STAY)
    site = open_site(tmp_path, admissions=[row | {"spell_id": row["spell_id"] and row["patient_id"]} for row in rows])
    assert list_inpatients(site) == {row["patient_id"] for row in rows}
    broken = {one["rule"] for one in pq.read_table(site.store.folder / "quarantine.parquet").to_pylist()}
    no_fault_of_a_person = {"code not mapped", "code as a number", "empty row"}
    assert broken == {rule.name for rule in RULES["admissions"]} - no_fault_of_a_person | {
        AFTER_EXTRACT,
        KNOWN_AFTER_EXTRACT,
    }
    assert not broken & set(HARMLESS)


LASTING: tuple[tuple[list[dict[str, str]], date, bool], ...] = (
    # An end that is past and can be read is one, whatever else is wrong.
    ([{"method": "?", "discharged_on": "2026-09-28"}], MONDAY, False),
    ([{"method": "?", "discharged_on": "2026-09-29"}], MONDAY, True),
    # A row that can be read says how the same stay, or a later one, went on.
    ([{"method": "?"}, {"discharged_on": "2026-09-25"}], MONDAY, False),
    ([{"admitted_on": "soon"}, {"discharged_on": "2026-09-25"}], MONDAY, False),
    (
        [{"method": "?"}, {"spell_id": "t", "admitted_on": "2026-09-24", "discharged_on": "2026-09-25"}],
        MONDAY,
        False,
    ),
    (
        [{"method": "?"}, {"spell_id": "t", "admitted_on": "2026-09-14", "discharged_on": "2026-09-15"}],
        MONDAY,
        True,
    ),
    ([{"spell_id": "", "admitted_on": "soon"}, {"discharged_on": "2026-09-25"}], MONDAY, True),
    # A discharge that was never recorded does not keep somebody off for ever, and a day case keeps nobody off.
    ([{"method": "?", "admitted_on": "2025-09-28"}], MONDAY, False),
    ([{"method": "?", "admitted_on": "2025-09-29"}], MONDAY, True),
    ([{"admitted_on": "soon", "known_on": "2025-09-28"}], MONDAY, False),
    ([{"method": "?", "patient_class": "2"}], MONDAY, False),
    # A list of a past day knows nothing of what came later.
    ([{"method": "?"}], date(2026, 9, 20), False),
    ([{"method": "?", "known_on": "2026-09-25"}], date(2026, 9, 24), False),
)
"""What the rows of one person's stays say otherwise than STAY, the day of a list, and whether the person is inside."""


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with each of these cases, told of a person of its own: an ingest costs the same for one as for all."""
    made = [{"patient_id": f"p{person}"} | STAY | row for person, (rows, *_) in enumerate(LASTING) for row in rows]
    own = [row | {"spell_id": row["spell_id"] and f"{row['spell_id']}x{row['patient_id']}"} for row in made]
    return open_site(tmp_path_factory.mktemp("lasting"), admissions=own)


@pytest.mark.parametrize("person", range(len(LASTING)))
def test_such_a_stay_lasts_until_what_can_be_read_says_otherwise(person: int, lasting: Site) -> None:
    rows, at, inside = LASTING[person]
    assert (f"p{person}" in list_inpatients(lasting, at)) is inside, rows


def test_whoever_lives_in_a_care_home_by_a_cell_that_cannot_be_read_lives_there(tmp_path: Path) -> None:
    homes = {f"p{50 - place}": day for place, day in enumerate(BAD_HOMES)}
    rows = spread_rows(BAD_PLACES, PLACE)
    site = open_site(tmp_path, homes, social_care=rows)
    everybody = {*homes, *(row["patient_id"] for row in rows)}
    assert list_residents(site, AS_AT) == everybody
    # A list of a day before the extract's knows nothing of what is to come after it.
    assert list_residents(site) == everybody - {name for name, day in homes.items() if day == "2027-03-01"}
    assert [note for note in site.store.notes if "care home" in note] == [
        f"people.care_home_from and social_care: {len(everybody)} rows of a place in a care home cannot be read, or "
        "are to come; whoever is meant counts as living there"
    ]


UNTIL: tuple[tuple[dict[str, str], date, bool], ...] = (
    ({"started_on": "?"}, MONDAY, True),
    ({"started_on": "?", "ended_on": "2026-09-28"}, MONDAY, False),
    ({"started_on": "?", "ended_on": "2026-09-29"}, MONDAY, True),
    ({"known_on": "?", "started_on": "2026-09-25"}, date(2026, 9, 24), False),
)
IN_HOMES = [(service, *case) for service in CARE_HOMES for case in UNTIL]
"""A service, what a row of it says otherwise than PLACE, the day of a list, and whether the person lives there."""


@pytest.fixture(scope="module")
def in_homes(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with each of these cases, told of a person of its own."""
    rows = [
        {"patient_id": f"p{person}"} | PLACE | {"service": service} | row
        for person, (service, row, *_) in enumerate(IN_HOMES)
    ]
    return open_site(tmp_path_factory.mktemp("homes"), social_care=rows)


@pytest.mark.parametrize("person", range(len(IN_HOMES)))
def test_such_a_place_lasts_until_its_end(person: int, in_homes: Site) -> None:
    service, row, at, there = IN_HOMES[person]
    assert (f"p{person}" in list_residents(in_homes, at)) is there, (service, row)


def test_a_place_that_is_no_care_home_or_a_placeholder_makes_nobody_a_resident(tmp_path: Path) -> None:
    homes = {"p1": "9999-12-31", "p2": "1900-01-01", "p3": "2024-05-06", "p4": ""}
    rows = [{"patient_id": "p5", "service": service, "started_on": "?"} for service in ("telecare", "home_care", "?")]
    assert list_residents(open_site(tmp_path, homes, social_care=rows)) == set()


def test_nothing_is_suggested_to_them_that_is_not_for_residents(tmp_path: Path) -> None:
    """A pendant alarm for whoever is 80 and fell twice, but for a person who may live in a care home."""
    site = open_site(tmp_path, {"p1": "soon"})
    rule = next(one for one in WORKSPACE.pathways if one.name == "telecare")
    bare = rule.model_copy(update={"any": (), "none": tuple(one for one in rule.none if "care_home" in one.feature)})
    site = replace(site, workspace=replace(WORKSPACE, root=WORKSPACE.root))
    site.workspace.__dict__["pathways"] = (bare,)
    features = {one.feature: 0.0 for one in bare.none} | {WORKSPACE.roles.age: 80.0}
    matrix = build_matrix(site, MONDAY, **features)
    found = dict(zip(matrix.keys["patient_id"], pathways_of(site, matrix), strict=True))
    assert found.pop("p1") == ()
    assert set(found.values()) == {("telecare",)}


def test_a_deferral_to_a_day_that_cannot_be_read_stops_the_run_and_no_other_due_day_does(tmp_path: Path) -> None:
    review = {"patient_id": "p3", "list_date": "2026-09-14", "team": "North", "due_on": "next month"}
    for place, outcome in enumerate(("Deferred", "deferred ")):
        with pytest.raises(SourceError, match=r"1 row of reviews .* due_on .* deferred"):
            open_site(tmp_path / f"{place}", reviews=[review | {"outcome": outcome}])
    site = open_site(tmp_path / "else", reviews=[review | {"outcome": "telecare"}])
    assert site.store.manifest["tables"]["reviews"]["emptied"] == {"due_on": 1}


CELLS = ["", "", "?", "21", "2026-09-21", "2026-09-31", "1066-10-14", "2027-05-05", "3/9/2026", "1800-01-01", "s1"]
STAYS = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 2),
        st.lists(st.sampled_from(sorted(SCHEMAS["admissions"].names.keys() - {"patient_id"})), min_size=1, max_size=3),
        st.sampled_from(CELLS),
    ),
    min_size=20,
    max_size=40,
    unique_by=lambda drawn: drawn[0],
)


@population_settings(3)
@given(STAYS)
def test_no_open_stay_of_the_month_is_lost_whatever_is_written_into_it(rows) -> None:  # type: ignore[no-untyped-def]
    made = [
        {"patient_id": f"p{person}"} | STAY | {"spell_id": f"x{person}"} | dict.fromkeys(columns, cell)
        for person, columns, cell in rows
    ]
    # What can be read may say that a stay ended, began later than the list, or was no ordinary one.
    over = [row for row in made if row.get("discharged_on") in ("2026-09-21", "3/9/2026")]
    with TemporaryDirectory() as folder:
        site = open_site(Path(folder), admissions=made)
        expected = {row["patient_id"] for row in made if row not in over}
        assert expected <= list_inpatients(site)
        assert {SPELL_USED_AGAIN, DUPLICATE}.isdisjoint(site.store.manifest["quarantined"].get("admissions", {}))
