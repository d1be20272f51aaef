"""What a stay or an A&E visit was for: when it is told, when it reads "another reason", and that it stays so."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.definitions.settings import SensitiveSettings
from riskstrat.people.told_reasons import ANOTHER, ReasonRules, draw_share, tell_stays, tell_visits
from riskstrat.workspace.codelists import read_codelists

ROOT = Path(__file__).resolve().parents[2]


def entries(system: str, **groups: str) -> list[Entry]:
    return [Entry(code, group.replace("_", " "), "a", "test", system) for code, group in groups.items()]


SENSITIVE = Codelist(
    "sensitive",
    (
        *entries("icd10", X60="Self-harm", Y04="Abuse", F10="Alcohol and drugs"),
        *entries("icd10cm", **{"T39??2": "Self-harm"}),
        *entries("specialty", **{"360": "Clinic"}),
    ),
    "test",
)
REASONS = Codelist(
    "stay_reasons", tuple(entries("icd10", J18="pneumonia", S72="broken_hip", S7="leg", T81="wound")), ""
)
COMPLAINTS = Codelist("attendance_reasons", tuple(entries("complaint", FALL="fall", **{"29857009": "chest_pain"})), "")
LISTS = {one.name: one for one in (SENSITIVE, REASONS, COMPLAINTS)}
DAY = pd.Timestamp("2026-06-01")


def rules(share: float = 0.0, **ages: float) -> ReasonRules:
    """Rules by which everybody born in 1940 has a share of ordinary reasons that are not told."""
    shares = SensitiveSettings(untold_reasons={"0": share} | {name.strip("_"): value for name, value in ages.items()})
    return ReasonRules(LISTS, shares, pd.Series(pd.Timestamp("1940-01-01"), index=[f"p{n}" for n in range(500)]))


@pytest.mark.parametrize(
    ("codes", "specialty", "said"),
    [
        (["J189"], "300", "pneumonia"),
        (["S720"], "110", "broken hip"),
        (["S730"], "110", "leg"),
        (["J189", "F102", "X60", "Y040"], "300", "pneumonia"),
        (["S720", "F102"], "110", "broken hip"),
        (["S720", "Y040"], "110", ANOTHER),
        (["T811", "X601"], "110", ANOTHER),
        (["F100", "J189"], "300", ANOTHER),
        (["J189"], "360", ANOTHER),
        (["T391X2A"], "300", ANOTHER),
        (["R53"], "300", ANOTHER),
        ([], "300", ANOTHER),
    ],
)
def test_the_reason_of_a_stay_is_the_group_of_its_main_diagnosis(codes: list[str], specialty: str, said: str) -> None:
    stays = pd.DataFrame({"patient_id": ["p1"], "spell": [7], "admitted_on": [DAY], "specialty": [specialty]})
    diagnoses = pd.DataFrame(
        {"spell": 7, "position": range(1, len(codes) + 1), "system": "icd10", "code": pd.Series(codes, dtype=object)}
    )
    strangers = pd.DataFrame({"spell": [8], "position": [1], "system": ["icd10"], "code": ["F100"]})
    assert tell_stays(stays, pd.concat([strangers, diagnoses]), rules()).tolist() == [said]


def test_a_visit_is_told_by_its_whole_complaint_and_never_where_the_stay_that_followed_is_not() -> None:
    visits = pd.DataFrame(
        [
            ("p1", "2026-06-01", "FALL"),
            ("p1", "2026-06-08", "29857009"),
            ("p1", "2026-06-09", "FALLEN"),
            ("p1", "2026-06-10", "298570090"),
            ("p1", "2026-06-11", None),
            ("p2", "2026-06-19", "FALL"),
            ("p2", "2026-06-20", "FALL"),
            ("p2", "2026-06-21", "FALL"),
            ("p3", "2026-06-20", "FALL"),
        ],
        columns=["patient_id", "attended_on", "complaint"],
    ).astype({"attended_on": "datetime64[s]"})
    stays = pd.DataFrame(
        {"patient_id": ["p2", "p3"], "admitted_on": [pd.Timestamp("2026-06-20")] * 2, "reason": [ANOTHER, "pneumonia"]}
    )
    said = tell_visits(visits, stays, rules()).tolist()
    assert said == ["fall", "chest pain", ANOTHER, ANOTHER, ANOTHER, ANOTHER, ANOTHER, "fall", "fall"]


def many_stays(age_at: str = "2026-06-01") -> pd.Series:
    stays = pd.DataFrame(
        {"patient_id": [f"p{n}" for n in range(500)], "spell": range(500), "admitted_on": pd.Timestamp(age_at)}
    ).assign(specialty="300")
    diagnoses = pd.DataFrame({"spell": range(500), "position": 1, "system": "icd10", "code": "J189"})
    return tell_stays(stays, diagnoses, rules(1.0, _65=0.4, _75=0.2))


def test_the_share_of_ordinary_reasons_that_is_not_told_hangs_on_the_age_at_the_time() -> None:
    shares = {when: (many_stays(when) == ANOTHER).mean() for when in ("2004-06-01", "2005-01-01", "2015-01-01")}
    assert shares["2004-06-01"] == 1.0
    assert abs(shares["2005-01-01"] - 0.4) < 0.07
    assert abs(shares["2015-01-01"] - 0.2) < 0.06


def test_the_same_stay_reads_the_same_whoever_else_is_asked_for_and_whatever_its_number() -> None:
    whole = many_stays()
    stays = pd.DataFrame({"patient_id": ["p7", "p3"], "spell": [1, 0], "admitted_on": DAY, "specialty": "300"})
    diagnoses = pd.DataFrame({"spell": [0, 1], "position": 1, "system": "icd10", "code": "J189"})
    assert tell_stays(stays, diagnoses, rules(1.0, _65=0.4, _75=0.2)).tolist() == [whole[7], whole[3]]


@given(st.lists(st.sampled_from(["F100", "X60", "B24", "Y040", "I500", "E119"]), max_size=6))
def test_no_secondary_code_changes_what_a_stay_without_an_injury_is_told_as(secondary: list[str]) -> None:
    stays = pd.DataFrame({"patient_id": ["p1"], "spell": [7], "admitted_on": [DAY], "specialty": ["300"]})
    codes = ["J189", *secondary]
    diagnoses = pd.DataFrame({"spell": 7, "position": range(1, len(codes) + 1), "system": "icd10", "code": codes})
    assert tell_stays(stays, diagnoses, rules()).tolist() == ["pneumonia"]


def test_draws_are_even_and_fixed() -> None:
    draws = np.array([draw_share(f"p{n}|2026-06-01") for n in range(2000)])
    assert abs(np.histogram(draws, 4, (0, 1))[0] / 2000 - 0.25).max() < 0.03
    assert round(draws[1], 6) == 0.981207


@pytest.mark.parametrize(
    "given_shares", [{"65": 0.4}, {"0": 1.2}, {"0": 1.0, "sixty": 0.4}, {"0": 1.0, "130": 0.1}, {"0": 1.0, "065": 0.4}]
)
def test_shares_need_ages_and_a_beginning(given_shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share|less than or equal"):
        SensitiveSettings(untold_reasons=given_shares)


def test_the_shipped_reasons_are_plain_groups_of_three_character_codes_with_a_source() -> None:
    with (ROOT / "features/codelists/stay_reasons.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all(row["system"] == "icd10" and len(row["code"]) == 3 and row["source"] for row in rows)
    assert len({row["code"] for row in rows}) == len(rows)
    assert 100 <= len({row["group"] for row in rows}) <= 160
    secret = [entry for entry in read_codelists(ROOT)[0]["sensitive"].entries if entry.system == "icd10"]
    told = {row["code"] for row in rows}
    assert not [entry.code for entry in secret if entry.code in told]
