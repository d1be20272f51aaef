"""A site of 400 made-up people whose stays are known, with lists of two summers: what `monitor` finds is known too."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pandas as pd

from riskstrat.casefinding import CaseRegister
from riskstrat.publication import EVERYONE_COLUMNS
from tests.suite.daily import SETTINGS, ingest_everybody
from tests.suite.hand_made import THREE_FEATURES, publish_list, register_champion

PEOPLE = 400
AS_AT = date(2026, 11, 16)
EARLY, LATE, RIPENS = date(2025, 6, 2), date(2026, 11, 9), date(2026, 8, 16)
"""Dates of the two lists, and the day by which a year and 75 days have passed since the first."""

LISTED, KNOWN = 20, 10
"""The first people are listed, those after them known to a team."""

STAYED = range(5, 105)
"""Those who had an emergency stay in the year after the first list, by number: 25 of those who were not left alone."""

RISK = 0.25


def make_watched_site(folder: Path) -> Path:
    """The workspace: everybody's risk is a quarter, and a quarter of all people have a stay."""
    root = folder / "workspace"
    shutil.copytree(THREE_FEATURES, root, ignore=shutil.ignore_patterns("__pycache__"))
    settings = root / "riskstrat.toml"
    settings.write_text(settings.read_text("utf-8") + SETTINGS.format(data=""), "utf-8")
    ingest_everybody(folder, root, AS_AT, **_write_tables())
    register_champion(root)
    for day in (EARLY, LATE):
        publish_list(root, day, CaseRegister(), everyone=_score_everybody())
    return root


def _write_tables() -> dict[str, str]:
    numbers = range(PEOPLE)
    people = "".join(f"p{n},1950-01-01,{'FM'[n % 2]},\n" for n in numbers)
    registered = "".join(f"p{n},N83001,2001-01-01,\n" for n in numbers)
    stays = "".join(f"p{n},s{n},2025-09-15,21,2025-09-20\n" for n in STAYED)
    # One stay before the list, one after its year: neither counts.
    others = f"p399,early,2025-05-01,21,2025-05-03\np398,late,2026-06-10,21,2026-06-12\np0,now,2026-11-02,21,{AS_AT}\n"
    return {
        "people": f"patient_id,date_of_birth,sex,date_of_death\n{people}",
        "registrations": f"patient_id,practice,registered_from,registered_to\n{registered}",
        "admissions": f"patient_id,spell_id,admitted_on,method,known_on\n{stays}{others}",
    }


def _score_everybody() -> pd.DataFrame:
    places = ["listed"] * LISTED + ["known"] * KNOWN + ["below the line"] * (PEOPLE - LISTED - KNOWN)
    frame = pd.DataFrame(None, index=range(PEOPLE), columns=list(EVERYONE_COLUMNS))
    return frame.assign(
        patient_id=[f"p{n}" for n in range(PEOPLE)], team="KIR", place=places, margin=-1.0986, risk=RISK
    )
