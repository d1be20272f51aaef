"""The shipped flags and frailty scores: at which ages, numbers and in which words they are told."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from riskstrat.people.conditions import frailty_in_words
from riskstrat.workspace import load

SHIPPED = load(Path(__file__).resolve().parents[2])


@pytest.mark.parametrize(
    ("age", "efi", "measured", "hfrs", "words"),
    [
        (64, 0.5, "2026-03-04", 20, "not scored under 65"),
        (np.nan, 0.5, "2026-03-04", 20, "not scored under 65"),
        (65, 0.28, "2026-03-04", 20, "from the GP record, moderate on 4 March 2026 (eFI 0.28)"),
        (74, 0.12, "2026-03-04", 20, "from the GP record, fit on 4 March 2026 (eFI 0.12)"),
        (74, np.float32(0.24), "2026-03-04", 20, "from the GP record, mild on 4 March 2026 (eFI 0.24)"),
        (74, 0.37, "2026-03-04", 20, "from the GP record, severe on 4 March 2026 (eFI 0.37)"),
        (74, 0.37, "2025-11-16", 20, "from the GP record, severe on 16 November 2025 (eFI 0.37)"),
        (
            74,
            0.37,
            "2025-11-15",
            20,
            "from the GP record, severe on 15 November 2025 (eFI 0.37), not as of today",
        ),
        (74, np.nan, "NaT", 20, "not recorded"),
        (75, np.nan, "NaT", 4.9, "from hospital records of 2 years, low (Hospital Frailty Risk Score 4.9)"),
        (75, np.nan, "NaT", 15, "from hospital records of 2 years, intermediate (Hospital Frailty Risk Score 15)"),
        (
            90,
            0.3,
            "2026-03-04",
            15.1,
            "from the GP record, moderate on 4 March 2026 (eFI 0.3); "
            "from hospital records of 2 years, high (Hospital Frailty Risk Score 15.1)",
        ),
        (90, np.nan, "NaT", 0, "not recorded"),
    ],
)
def test_frailty_is_told_at_the_ages_it_is_valid_for(
    age: float, efi: float, measured: str, hfrs: float, words: str
) -> None:
    found = {"efi_latest": (float(efi), np.datetime64(measured, "D")), "hfrs_730d": (hfrs, np.datetime64("2026-01-05"))}
    assert frailty_in_words(SHIPPED.frailty, age, found, np.datetime64("2026-11-16")) == words


def test_the_flags_are_told_in_these_words_and_this_order() -> None:
    assert [flag.words for flag in SHIPPED.flags] == [
        "Lives in a care home",
        "In hospital as an emergency, as far as is known",
        "Left hospital in the last 30 days",
        "2 or more emergency admissions in 90 days",
        "3 or more A&E visits in 90 days",
        "2 or more falls in 12 months",
        "10 or more medicines in 3 months",
        "3 or more missed appointments in 12 months",
        "No GP contact in 12 months, or may not be reaching services",
    ]


def test_only_the_stay_gives_way_to_a_status_of_the_day() -> None:
    assert [flag.unknown for flag in SHIPPED.flags if flag.until_status_is_known] == ["Hospital stays"]


def test_the_words_of_the_flags_are_short_and_lay_no_blame() -> None:
    banned = r"because of|\bcause|frequent flyer|frequent attender|diabetic|suffer|victim|elderly|non-?complian|landed"
    said = [words for flag in SHIPPED.flags for words in (flag.words, flag.unknown)]
    assert [text for text in said if re.search(banned, text, re.IGNORECASE) or len(text.split()) > 12] == []
