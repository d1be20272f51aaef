"""Ten made-up people, or as many copies of them as are asked for, whose comparison can be worked out by hand.

Two lists, a week apart. Of each copy p0 and p1 are listed on the first and p3 on the second; p2, p3 and p4 are as
likely; p8 is too, and moves away. p5 is known to services, p6 of another sex, p7 far from everybody, p9 opted out.
Everybody has had two stays in the year before, and each stay is of five nights.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from riskstrat.casefinding import CaseRegister
from riskstrat.publication import EVERYONE_COLUMNS
from tests.suite.daily import SETTINGS, ingest_everybody
from tests.suite.hand_made import THREE_FEATURES, publish_list, register_champion

FIRST, SECOND = date(2025, 6, 2), date(2025, 6, 9)
EARLY_LOOK, ANALYSIS = date(2026, 2, 20), date(2026, 11, 16)
"""By the first look the people of the first list alone were followed for 26 weeks and the 75 days of late events."""

RISK = 0.25
PEOPLE = 10
MARGINS = (-1.0, -1.0, -1.0, -1.01, -1.02, -1.0, -1.0, -1.5, -1.005, -1.0)
PLACES = ("listed", "listed", "below", "below", "below", "known", "listed", "below", "below", "below")
"""Of the first list; on the second p3 is listed too."""

STAYS = {
    0: ("2025-07-01", "2025-09-01"),
    2: ("2025-06-20", "2025-10-01"),
    3: ("2025-08-10",),
    5: ("2025-07-07", "2025-08-08", "2025-09-09"),
    6: ("2025-11-11",),
}
"""After the lists. The second of p0 was not known until May 2026."""

LONG_BEFORE = {0: 1, 1: 1, 2: 2}
"""Stays in the half year that ended a year before the first list."""


def make_impact_site(folder: Path, copies: int = 1) -> Path:
    """The workspace, with the data as at the analysis date and both lists published."""
    root = folder / "workspace"
    shutil.copytree(THREE_FEATURES, root, ignore=shutil.ignore_patterns("__pycache__"))
    settings = root / "riskstrat.toml"
    settings.write_text(settings.read_text("utf-8") + SETTINGS.format(data=""), "utf-8")
    ingest_everybody(folder, root, ANALYSIS, **_write_tables(copies))
    register_champion(root)
    for day, places in ((FIRST, PLACES), (SECOND, (*PLACES[:3], "listed", *PLACES[4:]))):
        publish_list(root, day, CaseRegister(), everyone=_score_everybody(copies, places))
    return root


def _score_everybody(copies: int, places: tuple[str, ...]) -> pd.DataFrame:
    """Each copy lies a whole log-odds below the one before, so that it is compared with itself alone."""
    everybody = [(copy, one) for copy in range(copies) for one in range(PEOPLE)]
    frame = pd.DataFrame(None, index=range(len(everybody)), columns=list(EVERYONE_COLUMNS))
    return frame.assign(
        patient_id=[name_person(*each) for each in everybody],
        team="KIR",
        place=["below the line" if places[one] == "below" else places[one] for _, one in everybody],
        margin=[MARGINS[one] - copy for copy, one in everybody],
        risk=RISK,
    )


def name_person(copy: int, one: int) -> str:
    """The patient_id of one of the ten."""
    return f"p{copy:02d}-{one}"


def _write_tables(copies: int) -> dict[str, str]:
    everybody = [(copy, one) for copy in range(copies) for one in range(PEOPLE)]
    died = {1: "2025-08-01", 4: "2025-07-01"}
    people = "".join(
        f"{name_person(*each)},1950-01-01,{'M' if each[1] == 6 else 'F'},{died.get(each[1], '')}\n"
        for each in everybody
    )
    registered = "".join(
        f"{name_person(*each)},N83001,2001-01-01,{'2025-08-01' if each[1] == 8 else ''}\n" for each in everybody
    )
    rows = [line for each in everybody for line in _list_stays(*each)]
    stays = "".join(f"{row},{number}\n" for number, row in enumerate(rows))
    opted = "".join(f"{name_person(copy, 9)},type1,2026-01-01,\n" for copy in range(copies))
    return {
        "people": f"patient_id,date_of_birth,sex,date_of_death\n{people}",
        "registrations": f"patient_id,practice,registered_from,registered_to\n{registered}",
        "admissions": f"patient_id,admitted_on,discharged_on,known_on,method,spell_id\n{stays}",
        "opt_outs": f"patient_id,kind,from_on,to_on\n{opted}",
    }


def _list_stays(copy: int, one: int) -> Iterator[str]:
    begins = ["2025-04-01", "2025-05-01", *STAYS.get(one, ())]
    begins += [f"2024-0{2 + number}-01" for number in range(LONG_BEFORE.get(one, 0))]
    begins += ["2022-01-01"] if one == 7 else []
    # Somebody is in hospital now, so that the source goes up to the day of the data.
    begins += ["2026-11-01"] if one == 7 else []
    for day in sorted(begins):
        began = date.fromisoformat(day)
        known = date(2026, 5, 1) if (one, day) == (0, "2025-09-01") else began + timedelta(days=6)
        yield f"{name_person(copy, one)},{day},{began + timedelta(days=5)},{known},21"
