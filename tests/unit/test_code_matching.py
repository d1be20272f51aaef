"""Which codes belong to an entry of a codelist: by the code's beginning, whole, or as words in a row."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.definitions.snomed import is_concept
from riskstrat.sources.matching import build_code_test, build_system_test

SYSTEMS = ("icd10", "icd10cm", "icd9", "bnf", "snomed", "register", "complaint", "value")
"""Code systems that a landed row can name, or that a column stands for."""


def entry(system: str, code: str) -> Entry:
    return Entry(code, "group", "description", "source", system)


@pytest.mark.parametrize(
    ("system", "listed", "of", "code", "belongs"),
    [
        ("icd10", "I50", "icd10", "I509", True),
        ("icd10", "I509", "icd10", "I50", False),
        ("icd10", "I50", "icd10cm", "I5023", True),
        ("icd10cm", "E08", "icd10cm", "E0865", True),
        ("icd10cm", "E08", "icd10", "E0865", False),
        ("icd9", "428", "icd9", "4280", True),
        ("icd10", "428", "icd9", "4280", False),
        ("bnf", "0208", "bnf", "0208020V0AAABAB", True),
        ("snomed", "84114007", "snomed", "84114007", True),
        ("snomed", "84114007", "snomed", "841140071", False),
        ("snomed", "84114007", "snomed", "8411400712", False),
        ("snomed", "161898004", "complaint", "161898004", True),
        ("snomed", "161898004", "complaint", "1618980041", False),
        ("register", "ASTHMA", "register", "ASTHMA", True),
        ("register", "ASTHMA", "register", "ASTHMA_REVIEW", False),
        ("complaint", "FALL", "complaint", "FALL", True),
        ("complaint", "FALL", "complaint", "FALLOPIAN TUBE PAIN", False),
        ("complaint", "FALL", "complaint", "FALLOT'S TETRALOGY REVIEW", False),
        ("complaint", "FALL", "complaint", "FALLING HAEMOGLOBIN", False),
        ("complaint", "FALL", "complaint", "FALL IN BLOOD PRESSURE", False),
        ("phrase", "FELL OVER", "complaint", "FELL OVER", True),
        ("phrase", "FELL OVER", "complaint", "HEAD INJURY, FELL-OVER AT HOME", True),
        ("phrase", "FELL OVER", "complaint", "FELL_OVER", True),
        ("phrase", "FELL OVER", "complaint", "BEFELL OVERNIGHT", False),
        ("phrase", "FELL OVER", "complaint", "FELL THEN ROLLED OVER", False),
        ("phrase", "FELL OVER", "register", "FELL OVER", False),
        ("value", "1", "value", "1", True),
        ("value", "1", "value", "19", False),
    ],
)
def test_what_belongs_to_an_entry_follows_from_its_system(
    system: str, listed: str, of: str, code: str, belongs: bool
) -> None:
    assert entry(system, listed).holds(code, of) is belongs


texts = st.text("AB1 _-'", min_size=1, max_size=6)
entries = st.lists(st.builds(entry, st.sampled_from((*SYSTEMS, "phrase")), st.text("AB1", min_size=1, max_size=3)))


@given(entries, texts, st.sampled_from(SYSTEMS))
def test_a_codelist_finds_exactly_the_entries_that_hold_the_code(listed: list[Entry], code: str, system: str) -> None:
    codelist = Codelist("list", tuple(listed), "source")
    assert list(codelist.find(code, system)) == [n for n, one in enumerate(listed) if one.holds(code, system)]


@given(entries, texts, st.sampled_from(SYSTEMS))
def test_the_database_judges_a_code_as_the_entries_do(listed: list[Entry], code: str, system: str) -> None:
    tests = (build_system_test(listed), build_code_test("code", listed, system))
    query = f"SELECT {', '.join(tests)} FROM (SELECT ? AS system, ? AS code)"
    belongs = any(one.holds(code, system) for one in listed)
    assert duckdb.execute(query, [system, code]).fetchone() == (belongs, belongs)


def test_a_list_covers_another_where_all_codes_of_some_entry_belong_to_it() -> None:
    def covers(one: tuple[str, str], other: tuple[str, str]) -> bool:
        return Codelist("a", (entry(*one),), "x").covers_any(Codelist("b", (entry(*other),), "x"))

    assert covers(("icd10", "X7"), ("icd10cm", "X71"))
    assert covers(("snomed", "161898004"), ("complaint", "161898004"))
    # The rest of X7 is not in the list, and its rows stay.
    assert not covers(("icd10", "X71"), ("icd10cm", "X7"))
    assert not covers(("snomed", "84114007"), ("snomed", "841140071"))
    assert not covers(("icd9", "428"), ("icd10", "428"))


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("84114007", True),
        ("1064891000000107", True),
        ("8411400", False),
        ("841140070", False),
        ("39627500612", False),
        ("084114007", False),
        ("750827015", False),
        ("FALL", False),
        ("", False),
    ],
)
def test_a_concept_of_snomed_is_known_by_its_partition_and_check_digit(text: str, whole: bool) -> None:
    assert is_concept(text) is whole


@given(st.integers(10**7, 10**8 - 1), st.integers(0, 7), st.integers(0, 9))
def test_one_wrong_digit_makes_no_concept(number: int, place: int, digit: int) -> None:
    text = str(number)
    changed = text[:place] + str(digit) + text[place + 1 :]
    assert text == changed or not (is_concept(text) and is_concept(changed))
