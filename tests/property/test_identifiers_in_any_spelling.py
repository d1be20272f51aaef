"""An NHS number is found at every door in whatever dress, and what is none passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from riskstrat import audit
from riskstrat.definitions.settings import Settings
from riskstrat.errors import AuditError
from riskstrat.identity.nhs_numbers import usable
from riskstrat.reviews.judging import is_numbered
from riskstrat.sources.ingest import ingest
from riskstrat.sources.validation import LOOKS_LIKE_NHS_NUMBER, nhs_numbers
from tests.suite.properties import property_settings, pure_settings
from tests.suite.spellings import compute_check, spellings
from tests.suite.stores import find_version

FEW, MANY = 200, 2_000
"""Of the many `make test-all` looks at five times as many, ten thousand."""

WORDS = st.sampled_from(
    ["", "Seen by Ann, ", "ward B: ", "re ", "(", "12/03/2026 ", "on 2026-11-16 10:30 ", "old\n", "see note "]
)
AFTER = st.sampled_from(["", " see notes", ")", ", rang twice", " - moved", "\nward B", "; and so on", "?"])


def is_candidate(texts: list[str]) -> list[bool]:
    """What the SQL of ingest says of each text."""
    with duckdb.connect(config={"threads": 1}) as connection:
        asked = f"SELECT {LOOKS_LIKE_NHS_NUMBER} FROM unnest(?) WITH ORDINALITY AS t(patient_id, place) ORDER BY place"
        return [bool(row[0]) for row in connection.execute(asked, [texts]).fetchall()]


def require_found(number: str, text: str, before: str, after: str) -> None:
    assert usable(text) == (number, None)
    assert nhs_numbers([text]) == [text]
    for said in (text, f"{before}{text}{after}"):
        assert audit.holds_nhs_number({"reason": [said]})
        assert is_numbered(said)
    with pytest.raises(AuditError, match="holds an NHS number"):
        audit.require_loggable(f"{before}{text}{after}", "--reason")


@property_settings(FEW)
@given(spellings(), WORDS, AFTER)
@example(("4857773457", "485\u200d777\u200d3457"), "Wrong for ", "")
@example(("4857773457", "48 57 77 34 57"), "", " see notes")
@example(("9434765919", "9.434765919E9"), "", "")
def test_a_number_is_found_at_every_door(spelt: tuple[str, str], before: str, after: str) -> None:
    require_found(*spelt, before, after)


@pytest.mark.exhaustive
@property_settings(MANY)
@given(spellings(), WORDS, AFTER)
def test_a_number_is_found_at_every_door_ten_thousand_times(spelt: tuple[str, str], before: str, after: str) -> None:
    require_found(*spelt, before, after)


ANYTHING = st.text(st.sampled_from("0123456789aAeEfFnNhHsS.,+-/ _'\"\u200d\uff11\u0661x"), max_size=24)


@pure_settings(30)
@given(st.lists(spellings().map(lambda spelt: spelt[1]) | ANYTHING, min_size=1, max_size=40))
def test_what_ingest_lets_by_without_a_look_is_no_number(texts: list[str]) -> None:
    for text, looked_at in zip(texts, is_candidate(texts), strict=True):
        assert looked_at or not nhs_numbers([text]), repr(text)


def test_a_spelt_number_as_patient_id_is_quarantined_in_every_table(tmp_path: Path) -> None:
    spelt = [
        "9434765919.0",
        "943.476\u200d5919",
        "NHS no: 943/476/5919",
        "09434765919",
        "9.434765919E9",
        "943_476_5919",
    ]
    spelt += ["\uff19\uff14\uff13\u00a0476 5919", '="9434765919"', "'9434765919", "94347 65919"]
    good = [f"P{place:02d}" for place in range(20)]
    people = {"patient_id": [*good, *spelt], "date_of_birth": "1950-06-15", "sex": "F"}
    stays = {"patient_id": ["P01", *spelt], "spell_id": [f"s{place}" for place in range(len(spelt) + 1)]}
    source = tmp_path / "source"
    source.mkdir()
    pd.DataFrame(people).to_parquet(source / "people.parquet")
    pd.DataFrame(stays | {"admitted_on": "2026-09-30", "method": "11"}).to_parquet(source / "admissions.parquet")
    ingest(source, tmp_path / "store", Settings.model_validate({"data": {"quarantine_limit": 1}}))
    quarantined = pd.read_parquet(find_version(tmp_path / "store") / "quarantine.parquet")
    of_people = quarantined[(quarantined["table"] == "people") & (quarantined["rule"] == "NHS number")]
    assert len(of_people) == len(spelt)
    assert len(quarantined[quarantined["table"] == "admissions"]) == len(spelt)
    assert not quarantined.astype(str).apply(lambda column: column.str.contains("9434765919")).any().any()


HEXADECIMAL = st.text("0123456789abcdef", min_size=16, max_size=64).filter(lambda text: not text.isdigit())
LOCAL = st.integers(0, 10**9 - 1).map(lambda body: f"{body:09d}{(int(compute_check(f'{body:09d}') or 0) + 1) % 10}")
DATES = st.dates().map(str) | st.datetimes().map(str) | st.dates().map(lambda day: f"{day:%d/%m/%Y}")
OTHERS = st.sampled_from(
    ["P01", "NOBODY0001234567", "1234567", "S-2026-00123", "MRN 123456", "123456789012"]
) | st.just("a0000000-0000-4000-8000-009990000018")


@pure_settings(FEW)
@given(HEXADECIMAL | HEXADECIMAL.map(str.upper) | st.uuids().map(str) | LOCAL | DATES | OTHERS)
def test_an_ordinary_key_passes(key: str) -> None:
    assert nhs_numbers([key]) == []


@pure_settings(FEW)
@given(st.datetimes(), st.sampled_from(["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%y %H:%M", "%Y-%m-%dT%H:%M:%SZ"]))
def test_a_date_with_its_time_is_no_number(at: object, form: str) -> None:
    text = f"Weekly meeting on {at:{form}}, as agreed" if 1900 <= at.year <= 2199 else "Weekly meeting"  # type: ignore[attr-defined]
    assert not audit.holds_nhs_number(text)
    assert not audit.holds_telephone_number(text)
    assert not is_numbered(text)


# ---- Telephone numbers

AREAS = ("0151 443 1234", "07700 900123", "020 7946 0999", "01632 960 001")


def write_abroad(text: str) -> str:
    return f"+44 (0){text[1:]}"


DRESSES: list[Callable[[str], str]] = [
    str,
    write_abroad,
    lambda text: "+44" + text[1:],
    lambda text: "0044 " + text[1:],
    lambda text: f"({text.partition(' ')[0]}) {text.partition(' ')[2]}",
    lambda text: text.replace(" ", ""),
    lambda text: text.replace(" ", "-"),
    lambda text: text.replace(" ", "."),
    lambda text: text.replace(" ", "\u00a0"),
    lambda text: text.replace(" ", "\u200d"),
    lambda text: "tel:" + text,
]


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("number", AREAS)
def test_a_telephone_number_is_refused_in_reasons_and_in_notes(
    number: str, dress: Callable[[str], str], tmp_path: Path
) -> None:
    said = f"Rang {dress(number)} about the visit"
    assert is_numbered(said)
    with pytest.raises(AuditError, match=r"holds an? (NHS|telephone) number"):
        audit.require_reason(said, "--reason")


@pytest.mark.parametrize(
    "said",
    [
        "Seen 3/4, 10/4, 17/4 and 24/4; BP 120/80, pulse 72",
        "Open 09:30-10:30, 11:15 and 12:00",
        "Two of 12 admissions, 2,400 pounds, 16/11/26 10:30",
    ],
)
def test_ordinary_numbers_in_a_note_pass(said: str) -> None:
    assert not is_numbered(said)
    assert not audit.holds_nhs_number(said)
