"""When a long-term condition has ended: by the GP record alone, and never against a later or an open record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.people.ended import find_ends
from tests.browser.listed_team import RecordedCondition as Recorded
from tests.browser.listed_team import changed_people
from tests.unit.test_documents import csv_rows, everything

DAY = pd.Timestamp("2026-11-16")
DEPRESSION = Codelist(
    "conditions",
    (Entry("F32", "Depression", "", ""), Entry("35489007", "Depression", "", "", system="snomed")),
    "",
)
ASTHMA = Codelist("conditions", (Entry("J45", "Asthma", "", ""),), "")


def tell(gp: list[tuple[str, str, str, str | None]], hospital: Sequence[tuple[str, str]] = ()) -> dict[Any, str]:
    """Ends by patient and feature; gp: patient, code, recorded, ended; hospital: of patient "a" code, admitted."""
    entries = pd.DataFrame(gp, columns=["patient_id", "code", "recorded_on", "ended_on"]).astype({"code": object})
    entries["system"] = ["snomed" if code.isdigit() else "icd10" for code in entries["code"]]
    coded = pd.DataFrame(hospital, columns=["code", "recorded_on"]).astype({"code": object})
    coded = coded.assign(patient_id="a", system="icd10", origin="hospital")
    merged = pd.concat([coded, entries.assign(origin="register")], ignore_index=True)
    for rows in (entries, merged):
        rows["index_date"] = DAY
        for day in ("recorded_on", "ended_on"):
            rows[day] = pd.to_datetime(rows[day])
    found = find_ends(entries, merged, {"depressed": DEPRESSION, "asthmatic": ASTHMA})
    return {key: day.isoformat() for key, day in found.items()}


@pytest.mark.parametrize(
    ("gp", "hospital", "ends"),
    [
        ([("2015-06-01", "2018-03-02")], [], "2018-03-02"),
        ([("2015-06-01", None)], [], None),
        ([("2015-06-01", "2026-11-16")], [], "2026-11-16"),
        ([("2015-06-01", "2026-11-17")], [], None),
        ([("2015-06-01", "2018-03-02"), ("2020-01-01", "2021-05-06")], [], "2021-05-06"),
        ([("2015-06-01", "2018-03-02"), ("2010-01-01", None)], [], None),
        ([("2015-06-01", "2015-06-01")], [], "2015-06-01"),
        ([("2015-06-01", "2018-03-02")], [("F321", "2017-01-01")], "2018-03-02"),
        ([("2015-06-01", "2018-03-02")], [("F321", "2018-03-02")], None),
        ([("2015-06-01", "2018-03-02")], [("F321", "2019-01-01")], None),
        ([("2015-06-01", "2018-03-02")], [("J45", "2019-01-01")], "2018-03-02"),
        ([], [("F321", "2017-01-01")], None),
    ],
)
def test_a_condition_has_ended_when_every_entry_has_and_no_hospital_code_came_since(
    gp: list[tuple[str, str | None]], hospital: list[tuple[str, str]], ends: str | None
) -> None:
    for code in ("F329", "35489007"):
        found = tell([("a", code, *days) for days in gp], hospital)
        assert found == ({("a", "depressed"): ends} if ends else {})


def test_each_person_and_each_condition_ends_by_its_own_entries() -> None:
    gp = [
        ("a", "F32", "2015-06-01", "2018-03-02"),
        ("a", "J450", "2001-01-01", "2002-01-01"),
        ("b", "F32", "2015-06-01", None),
        ("b", "J45", "2015-06-01", "2016-02-29"),
    ]
    ended = {("a", "depressed"): "2018-03-02", ("a", "asthmatic"): "2002-01-01", ("b", "asthmatic"): "2016-02-29"}
    assert tell(gp) == ended
    assert tell(gp[::-1]) == ended


STANDING = Recorded("asthma", pd.Timestamp("2001-01-01").date())
ENDED = Recorded("depression", pd.Timestamp("2015-06-01").date(), pd.Timestamp("2018-03-02").date())
UNDATED = Recorded("anxiety", None, pd.Timestamp("2019-01-02").date())
WHY = "the codes are not understood here"
UNTOLD = f"Whether there are others cannot be told: {WHY}."
BOTH = "Asthma (January 2001). Ended: depression (June 2015 to March 2018)."
NONE = "None that has not ended."


@pytest.mark.parametrize(
    ("conditions", "why", "page", "row", "cell"),
    [
        ((STANDING, ENDED), "", BOTH, "Asthma.", "asthma"),
        (
            (ENDED, UNDATED),
            "",
            f"{NONE} Ended: depression (June 2015 to March 2018), anxiety (January 2019).",
            NONE,
            "",
        ),
        ((UNDATED,), WHY, f"Ended: anxiety (January 2019). {UNTOLD}", f"Cannot be told: {WHY}.", ""),
        ((STANDING, ENDED), WHY, f"{BOTH} {UNTOLD}", f"Asthma. {UNTOLD}", "asthma"),
    ],
)
def test_what_has_ended_is_named_apart_and_never_among_the_main_conditions(
    tmp_path: Path, conditions: tuple[Recorded, ...], why: str, page: str, row: str, cell: str
) -> None:
    team = changed_people(conditions=[conditions] * 8, untold=[{"conditions": why} if why else {}] * 8)
    said = everything(team, tmp_path)
    assert f"Conditions, with the month first recorded: {page}" in said["people"]
    assert f"Main conditions: {row}" in said["page"]
    assert row in said["List"]
    assert {line["top_conditions"] for line in csv_rows(team, tmp_path)} == {cell}
