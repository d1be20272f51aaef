"""Hand-made tables in, the whole pack of a month out, counted here again from the landed rows by other code."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.suite.board_site import Rows, make_board_site
from tests.suite.verbs import Verb

ROOT = Path(__file__).resolve().parents[2]
MONTH = "2025-03"
PRACTICES = ("A10001", "A10002", "B20001")


def make_tables() -> dict[str, Rows]:
    """120 people of three practices in two localities, with stays, attendances, care and a caseload."""
    people: Rows = []
    tables: dict[str, Rows] = {"people": people}
    for name in ("registrations", "admissions", "diagnoses", "attendances", "social_care", "caseload"):
        tables[name] = []
    for number in range(120):
        patient = f"p{number:03}"
        born = f"{1935 + number % 60}-06-15"
        people.append(
            {"patient_id": patient, "date_of_birth": born, "sex": "FM"[number % 2], "imd_decile": str(number % 10 + 1)}
        )
        practice = PRACTICES[number % 3]
        tables["registrations"].append({"patient_id": patient, "practice": practice, "registered_from": "2020-01-01"})
        for again in range(number % 4):
            start = date(2025, 3 if again % 2 else 2, 1) + timedelta(days=(number * 7 + again * 11) % 27)
            spell = f"s{number}-{again}"
            end = start + timedelta(days=number % 5 + 1)
            admission = {
                "patient_id": patient,
                "spell_id": spell,
                "admitted_on": f"{start}",
                "method": "21" if number % 7 else "11",
            }
            ended = {"discharged_on": f"{end}", "discharge_method": "1", "destination": "19" if number % 6 else "54"}
            tables["admissions"].append(admission | {"source": "19", "patient_class": "1", "specialty": "300"} | ended)
            code = ("J459", "J13", "I50", "S720")[number % 4]
            tables["diagnoses"].append(
                {"patient_id": patient, "spell_id": spell, "position": "1", "system": "icd10", "code": code}
            )
        for visit in range(number % 3):
            tables["attendances"].append(
                {"patient_id": patient, "attended_on": f"2025-03-{number % 28 + 1:02}", "category": str(visit + 1)}
            )
        if number % 3 == 0:
            tables["social_care"].append(
                {"patient_id": patient, "service": "home_care", "started_on": "2025-01-10", "ended_on": ""}
            )
            tables["caseload"].append(
                {"patient_id": patient, "team": "North", "status": "active", "from_on": "2025-02-01", "to_on": ""}
            )
    areas = (
        {"practice": one, "locality": "North" if one[0] == "A" else "South", "from_on": "2010-01-01"}
        for one in PRACTICES
    )
    return tables | {"areas": list(areas)}


def state_coverage(root: Path) -> None:
    """Say that these tables are whole to the end of the data, though no row of them begins after March."""
    settings = root / "riskstrat.toml"
    whole = "".join(f"{table} = {{complete_to = 2025-06-30}}\n" for table in ("admissions", "social_care", "caseload"))
    settings.write_text(f"{settings.read_text('utf-8')}\n[data.coverage]\n{whole}", "utf-8")


@pytest.fixture(scope="module")
def site(verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new workspace with these tables, data as at 30 June 2025, without PDF."""
    root = tmp_path_factory.mktemp("board") / "site"
    return make_board_site(verb, root, make_tables(), "2025-06-30", state_coverage)


@pytest.fixture(scope="module")
def pack(verb: Verb, site: Path) -> Path:
    """The folder of the pack of March 2025."""
    out = site.parent / "pack"
    done = verb("board", "--month", MONTH, "--out", out, "-w", site)
    assert done.returncode == 0, done.stderr
    return out


def read_sheet(pack: Path, name: str) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(pack / f"board-{MONTH}.xlsx", read_only=True)
    return list(book[name].iter_rows(min_row=4, values_only=True))


def count_by_hand() -> dict[str, tuple[int, int]]:
    """Numerator and denominator of March 2025, exact, from the landed rows."""
    tables = make_tables()
    age = {row["patient_id"]: 2025 - int(row["date_of_birth"][:4]) - 1 for row in tables["people"]}
    code = {row["spell_id"]: row["code"] for row in tables["diagnoses"]}
    emergencies = [row for row in tables["admissions"] if row["method"] == "21"]
    march = [row for row in emergencies if row["admitted_on"].startswith(MONTH)]
    ended = [row for row in emergencies if row["discharged_on"].startswith(MONTH) and age[row["patient_id"]] >= 65]
    left = [row for row in tables["admissions"] if row["discharged_on"].startswith(MONTH)]
    known = {row["patient_id"] for row in tables["caseload"]}
    older = sum(years >= 65 for years in age.values())
    adults = {patient for patient, years in age.items() if 18 <= years <= 64}
    nights = [date.fromisoformat(row["discharged_on"]) - date.fromisoformat(row["admitted_on"]) for row in ended]

    def is_again(row: dict[str, str]) -> bool:
        days = [
            (date.fromisoformat(one["admitted_on"]) - date.fromisoformat(row["discharged_on"])).days
            for one in emergencies
            if one["patient_id"] == row["patient_id"] and one["spell_id"] != row["spell_id"]
        ]
        return any(0 <= each <= 29 for each in days)

    return {
        "K01": (sum(code[row["spell_id"]] == "J13" for row in march), 120),
        "K02": (sum(map(is_again, left)), len(left)),
        "K06": (sum(row["patient_id"] in adults for row in tables["social_care"]), len(adults)),
        "K08": (len(known), 120),
        "K09": (len(march), 120),
        "K10": (sum(code[row["spell_id"]] in ("J459", "I50") for row in march), 120),
        "K11": (sum(each.days for each in nights), older),
        "K13": (sum(row["destination"] == "19" for row in left), len(left)),
        "K14": (sum(row["patient_id"] in known for row in tables["attendances"]), len(known)),
    }


def show(count: int) -> Any:
    """A count as the small number rule has it."""
    if 0 < count < 8:
        return "1 to 7"
    return (count + 2) // 5 * 5


def test_every_indicator_of_the_hand_made_borough_is_what_its_rows_say(pack: Path) -> None:
    printed = {row[0]: (row[3], row[4]) for row in read_sheet(pack, "Indicators")}
    wanted = {name: (show(part), show(whole)) for name, (part, whole) in count_by_hand().items()}
    assert {name: printed[name] for name in wanted} == wanted


def test_what_no_table_gives_says_why_and_is_never_0(pack: Path) -> None:
    untold = {row[0]: row[2] for row in read_sheet(pack, "Cannot be told")}
    assert set(untold) == {"K07", "K12", "K15", "K16", "K17", "K18", "K19", "K20"}
    assert untold["K18"] == "No table holds care plans or statements of needs."
    page = (pack / f"board-{MONTH}.html").read_text(encoding="utf-8")
    assert "Cannot be told: no table holds care plans or statements of needs." in page


def test_a_month_that_a_source_does_not_reach_cannot_be_told_and_is_never_0(
    verb: Verb, site: Path, tmp_path: Path
) -> None:
    """A&E attendances end in March; that no stay began in May is what the site says of its admissions."""
    done = verb("board", "--month", "2025-05", "--out", tmp_path / "pack", "--json", "-w", site)
    told = json.loads(done.stdout)
    assert told["cannot_be_told"]["K14"] == "A&E visits end on 28 March 2025, and are needed up to 31 May 2025"
    assert told["cannot_be_told"]["K01"].startswith("hospital diagnoses end on")
    assert {"K08", "K09", "K11"} <= set(told["told"])


def test_the_same_data_give_the_same_bytes(verb: Verb, site: Path, pack: Path, tmp_path: Path) -> None:
    assert verb("board", "--month", MONTH, "--out", tmp_path / "again", "-w", site).returncode == 0
    for file in sorted(pack.iterdir()):
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_the_summary_has_at_most_150_words(verb: Verb, site: Path, tmp_path: Path) -> None:
    done = verb("board", "--month", MONTH, "--out", tmp_path / "pack", "--json", "-w", site)
    assert 20 < len(json.loads(done.stdout)["summary"].split()) <= 150


def test_what_the_board_cannot_be_given_is_refused_in_one_line(
    verb: Verb, site: Path, pack: Path, refused: Any, tmp_path: Path
) -> None:
    def ask(month: str, out: Path) -> str:
        done = verb("board", "--month", month, "--out", out, "-w", site)
        line: str = refused(done, done.returncode)
        return line

    assert ask("2025-13", tmp_path / "new") == '--month "2025-13" is not a month; write it as 2026-10'
    assert ask("2025-07", tmp_path / "new").startswith("--month 2025-07 ends on 2025-07-31, but the data are as at")
    assert ask(MONTH, pack).endswith("stands already and is not written over; give a new or an empty folder")
    assert not (tmp_path / "new").exists()


def test_without_social_care_its_indicators_cannot_be_told(verb: Verb, site: Path, tmp_path: Path) -> None:
    root = tmp_path / "site"
    shutil.copytree(site, root, ignore=shutil.ignore_patterns("data"))
    (root / "source" / "social_care.csv").unlink()
    assert verb("ingest", root / "source", "--as-at", "2025-06-30", "-w", root).returncode == 0
    done = verb("board", "--month", MONTH, "--out", tmp_path / "pack", "--json", "-w", root)
    untold = json.loads(done.stdout)["cannot_be_told"]
    assert {name: untold[name] for name in ("K03", "K06")} == dict.fromkeys(
        ("K03", "K06"), "no social care table was landed"
    )
