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
        (65, 0.28, "2026-03-04", 20, "eFI 0.28, moderate, 4 March 2026"),
        (74, 0.12, "2026-03-04", 20, "eFI 0.12, fit, 4 March 2026"),
        (74, np.float32(0.24), "2026-03-04", 20, "eFI 0.24, mild, 4 March 2026"),
        (74, 0.37, "2026-03-04", 20, "eFI 0.37, severe, 4 March 2026"),
        (74, np.nan, "NaT", 20, "not recorded"),
        (75, np.nan, "NaT", 4.9, "HFRS 4.9, low, hospital records of 2 years"),
        (75, np.nan, "NaT", 15, "HFRS 15, intermediate, hospital records of 2 years"),
        (90, 0.3, "2026-03-04", 15.1, "eFI 0.3, moderate, 4 March 2026; HFRS 15.1, high, hospital records of 2 years"),
        (90, np.nan, "NaT", 0, "not recorded"),
    ],
)
def test_frailty_is_told_at_the_ages_it_is_valid_for(
    age: float, efi: float, measured: str, hfrs: float, words: str
) -> None:
    found = {"efi_latest": (float(efi), np.datetime64(measured, "D")), "hfrs_730d": (hfrs, np.datetime64("2026-01-05"))}
    assert frailty_in_words(SHIPPED.frailty, age, found) == words


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
