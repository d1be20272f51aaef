"""Three months of a board's packs, read by somebody who subtracts: no count of 1 to 7 is found to within one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.suite.board_reader import Reader, read_pack
from tests.suite.board_site import Rows, make_board_site
from tests.suite.verbs import Verb

MONTHS = ("2025-03", "2025-04", "2025-05")
PRACTICES = {
    **{f"A1000{number}": (18 + (number == 4), 1, 0) for number in range(1, 5)},
    "B20001": (60, 31, 12),
    "B20002": (58, 29, 3),
}
"""By practice people of 40, of 80 and children."""

LOCALITIES = {practice: "North" if practice[0] == "A" else "South" for practice in PRACTICES}


def list_people() -> Iterator[tuple[str, str, int]]:
    """Everybody's pseudonym, practice and year of birth."""
    for practice, sizes in PRACTICES.items():
        for born, size in zip((1985, 1945, 2015), sizes, strict=True):
            yield from ((f"{practice}-{born}-{number}", practice, born) for number in range(size))


def make_tables() -> dict[str, Rows]:
    """In each month of each practice 18 discharges, of which 17 to the usual place.

    So 18 to 22 less 13 to 17 are at least one in each of the four of North, and 68 to 72 less 68 to 72 are at most four
    in all of them: it is known to be one in each, although nothing but the rounded counts is printed.
    """
    tables: dict[str, Rows] = {name: [] for name in ("people", "registrations", "admissions", "diagnoses", "caseload")}
    for order, (patient, practice, born) in enumerate(list_people()):
        number = int(patient.rsplit("-", 1)[1])
        person = {"patient_id": patient, "date_of_birth": f"{born}-01-15", "sex": "FM"[order % 2]}
        tables["people"].append(person | {"imd_decile": str(order % 10 + 1)})
        tables["registrations"].append({"patient_id": patient, "practice": practice, "registered_from": "2020-01-01"})
        if born == 1985 and number % 3 == 0:
            row = {"patient_id": patient, "team": "North", "status": "active", "from_on": "2025-01-10", "to_on": ""}
            tables["caseload"].append(row)
        if born == 1985 and number < 18:
            for month in MONTHS:
                start = date.fromisoformat(f"{month}-01") + timedelta(days=number)
                spell = {"patient_id": patient, "spell_id": f"{patient}-{month}"}
                stay = {"admitted_on": f"{start}", "discharged_on": f"{start + timedelta(days=2)}", "method": "21"}
                ended = {"discharge_method": "1", "destination": "54" if number == 7 else "19"}
                kind = {"source": "19", "patient_class": "1", "specialty": "300"}
                tables["admissions"].append(spell | stay | ended | kind)
                code = ("J459", "J13", "I50", "S720", "K37")[number % 5]
                tables["diagnoses"].append(spell | {"position": "1", "system": "icd10", "code": code})
    areas = [{"practice": one, "locality": locality, "from_on": "2010-01-01"} for one, locality in LOCALITIES.items()]
    return tables | {"areas": areas}


def ask_for_three_months(root: Path) -> None:
    """And say that the caseload is whole, though no row of it begins after January."""
    indicators = root / "training/indicators.toml"
    indicators.write_text(indicators.read_text("utf-8").replace("months = 24", "months = 3"), "utf-8")
    settings = root / "riskstrat.toml"
    whole = "[data.coverage]\ncaseload = {complete_to = 2025-07-31}\n"
    settings.write_text(f"{settings.read_text('utf-8')}\n{whole}", "utf-8")


@pytest.fixture(scope="module")
def site(verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with these tables, data as at 31 July 2025, without PDF."""
    root = tmp_path_factory.mktemp("attacked") / "site"
    return make_board_site(verb, root, make_tables(), "2025-07-31", ask_for_three_months)


def attack(verb: Verb, site: Path, folder: Path) -> list[Any]:
    """What a reader of the packs of three months finds of counts that are not printed as numbers."""
    reader = Reader()
    for month in MONTHS:
        done = verb("board", "--month", month, "--out", folder / month, "-w", site)
        assert done.returncode == 0, done.stderr
        read_pack(reader, folder / month, LOCALITIES)
    return list(reader.list_guessed())


def test_three_packs_held_together_give_away_no_count_of_1_to_7(verb: Verb, site: Path, tmp_path: Path) -> None:
    assert attack(verb, site, tmp_path) == []


@pytest.mark.exhaustive
def test_the_same_reader_finds_some_where_each_indicator_is_hidden_by_itself(
    verb: Verb, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskstrat.indicators.showing.list_sums", lambda indicators: [])
    found = {(what, place): (least, most) for (what, place, _), least, most in attack(verb, site, tmp_path)}
    assert {found["discharged elsewhere", f"Practice A1000{number}"] for number in range(1, 5)} == {(1, 1)}
