"""Which codes and words are sensitive, as SQL conditions made from the codelist `sensitive`.

Rows match by their system. ICD and BNF codes match by their beginning, where `?` stands for any one character. SNOMED
codes, registers, complaints and specialties match whole, since their digits have no hierarchy and their words no order.
A phrase matches where its words stand whole in a text: GUM in "gum_clinic", but not in "gums".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.codelists import BY_PREFIX, PHRASE, Codelist
from riskstrat.errors import DefinitionError
from riskstrat.sources.matching import build_code_test, build_words_test, starts_with
from riskstrat.sources.shared_engine import connect_shared

if TYPE_CHECKING:
    import pandas as pd

SENSITIVE = "sensitive"
"""Name of the codelist of what is never printed."""

ICD10 = ("icd10", "icd10cm")
"""Both ICD-10s are one for hiding: an ICD-10-CM code that was landed as ICD-10 must not pass."""

ATTENDANCE_SYSTEMS = ("snomed", "complaint", *ICD10)
"""Systems of what A&E writes. An ICD-9 code is left out: it may be the beginning of a SNOMED code."""

SYSTEMS_OF: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "attendances": {"complaint": (*ATTENDANCE_SYSTEMS, PHRASE), "diagnosis": (*ATTENDANCE_SYSTEMS, PHRASE)},
    "prescriptions": {"bnf": ("bnf",)},
    "contacts": {"service": (PHRASE,)},
    "measurements": {"measure": ("snomed", PHRASE)},
    "admissions": {"specialty": ("specialty",)},
    "caseload": {"team": (PHRASE,)},
}
"""By table and column the systems of the codelist that its values are held against."""

BY_ROLE = "by role"
"""The tier of what clinicians may be shown where a site has recorded that; any other tier is shown to nobody."""

CODED = ("diagnoses", "conditions")
"""Tables whose rows name the system of their code."""


def require_sensitive(codelists: Mapping[str, Codelist]) -> Codelist:
    """The codelist of what is sensitive. Raises DefinitionError where there is none: nobody could say what to hide."""
    if SENSITIVE not in codelists:
        raise DefinitionError(
            f"there is no codelist {SENSITIVE} in features/codelists, so nothing can be printed about a person and no "
            f"sensitive record kept out of a score; restore {SENSITIVE}.csv from the package"
        )
    return codelists[SENSITIVE]


def require_by_role(sensitive: Codelist, groups: Iterable[str]) -> None:
    """Raises DefinitionError for a group that is not in the codelist, or that may not be shown to anybody."""
    for group in groups:
        if any(entry.tier != BY_ROLE for entry in sensitive.only(group).entries):
            known = {entry.group for entry in sensitive.entries if entry.tier == BY_ROLE}
            allowed = ", ".join(f'"{name}"' for name in sensitive.groups if name in known and name != group)
            raise DefinitionError(
                f'sensitive.shown_to_clinicians: "{group}" is shown to nobody, by its tier in {SENSITIVE}.csv; '
                f"take it out of riskstrat.toml; by role are {allowed or 'none'}"
            )


def mark_coded(rows: pd.DataFrame, sensitive: Codelist) -> npt.NDArray[Any]:
    """Whether the code of each row (`system`, `code`) is sensitive."""
    return _mark(rows[["system", "code"]], build_coded_test(sensitive))


def mark_values(values: pd.Series, sensitive: Codelist, systems: Iterable[str]) -> npt.NDArray[Any]:
    """Whether each value is sensitive by the rows of these systems."""
    return _mark(values.to_frame("value"), build_value_test("value", sensitive, systems))


def mark_rows(table: str, rows: pd.DataFrame, sensitive: Codelist) -> npt.NDArray[Any]:
    """Which rows of a table hold what is sensitive in any of the columns that the codelist is held against."""
    marks = [mark_values(rows[name], sensitive, systems) for name, systems in SYSTEMS_OF[table].items()]
    return np.logical_or.reduce(marks)


def _mark(rows: pd.DataFrame, test: str) -> npt.NDArray[Any]:
    """Whether each row passes the test. Many rows hold few values, so each different one is tested once."""
    if rows.empty:
        return np.zeros(0, dtype=bool)
    number = rows.astype("string").groupby(list(rows.columns), dropna=False, sort=False).ngroup().to_numpy(np.int64)
    first = np.unique(number, return_index=True)[1]
    given = rows.iloc[first].astype("string").assign(place=range(len(first)))
    with connect_shared() as connection:
        connection.register("given", given)
        found = connection.execute(f"SELECT coalesce({test}, false) AS marked FROM given ORDER BY place").fetchnumpy()
    marked: npt.NDArray[np.bool_] = np.asarray(found["marked"], bool)[number]
    return marked


def build_coded_test(sensitive: Codelist) -> str:
    """SQL over `system` and `code`: whether a code is sensitive in its own system; false for a null system.

    A CASE, since DuckDB joins every look-up of an OR to every other before it reads a row.
    """
    tests = []
    for system in sorted({entry.system for entry in sensitive.entries} | set(ICD10)):
        systems = ICD10 if system in ICD10 else (system,)
        tests.append(f"WHEN '{system}' THEN {build_value_test('code', sensitive, systems)}")
    return f"CASE system {' '.join(tests)} ELSE false END"


def build_value_test(column: str, sensitive: Codelist, systems: Iterable[str]) -> str:
    """SQL: whether the value of a column is sensitive by the rows of these systems; false for null."""
    tests = [test for system in systems for test in _build_tests(column, sensitive, system)]
    return f"coalesce({' OR '.join(tests) or 'false'}, false)"


def _build_tests(column: str, sensitive: Codelist, system: str) -> Iterator[str]:
    entries = [entry for entry in sensitive.entries if entry.system == system]
    codes = [entry.code for entry in entries]
    if system == PHRASE:
        yield build_code_test(column, entries, "complaint")
    elif system in BY_PREFIX:
        yield starts_with(column, [code for code in codes if "?" not in code])
        patterns = sorted(code.replace("?", ".") for code in codes if "?" in code)
        if patterns:
            yield f"regexp_matches({column}, '^({'|'.join(patterns)})')"
    elif codes:
        yield build_words_test(f"upper({column})", (code.upper() for code in codes))
