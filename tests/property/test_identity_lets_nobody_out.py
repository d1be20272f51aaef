"""Whatever stands in a file, no identity verb lets a name or an NHS number out of the install."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from riskstrat import identity
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import IdentityError
from riskstrat.identity import IdentityFolder
from riskstrat.verbs.identity_crosswalk import crosswalk
from riskstrat.verbs.identity_pseudonymise import pseudonymise
from riskstrat.verbs.identity_translate import translate
from riskstrat.verbs.report import Report
from tests.suite.properties import property_settings
from tests.suite.spellings import spellings

HELD, IN_FILE, STRANGE = "9990000018", "9990000026", "9990000034"
NAMES = ("Zebedee Quillfeather", "OTTOLINE VANTERPOOL", "Xanthippe Wilkersley-Nobb")
WORDS = ("zebedee", "quillfeather", "ottoline", "vanterpool", "xanthippe", "wilkersley", "nobb")
TABLES = sorted(name for name, schema in SCHEMAS.items() if "patient_id" in schema.names and name != "statuses")

SPELT = spellings(st.sampled_from([HELD, IN_FILE])).map(lambda spelt: spelt[1])
NAMED = st.sampled_from(
    [*NAMES, *(word.title() for word in WORDS), *(name.upper() for name in NAMES), *map(str.upper, WORDS)]
)
TYPED = st.sampled_from([float(HELD), int(IN_FILE), 9.5, 21, True, None])
ORDINARY = st.sampled_from(
    ["21", "I10", "F", "gp", "2026-03-04", "1", "true", "55.5", "kg/m2", "icd10", "register", "KIR", "active", "", "x"]
)
TOLD = st.tuples(NAMED, SPELT).map(" ".join)
CELLS = ORDINARY | NAMED | SPELT | TOLD
HEADINGS = st.sampled_from(
    ["notes", "patient_name", "nok_name", "Surname", "dob", "DateOfBirth", "postal_code", "extra"]
)


@st.composite
def tables(draw: st.DrawFn, table: str, first: str, keys: list[str]) -> pa.Table:
    """A table of some of the schema's columns and others, with persons planted in headings and cells."""
    own = draw(st.lists(st.sampled_from(sorted({*SCHEMAS[table].names} - {"patient_id"})), min_size=1, max_size=6))
    odd = draw(st.lists(HEADINGS | NAMED | SPELT if draw(st.integers(0, 3)) == 0 else HEADINGS, max_size=3))
    headings = list(dict.fromkeys(heading for heading in (first, *own, *odd) if heading.strip()))
    rows = draw(st.integers(1, 4))
    columns: list[pa.Array] = [pa.array([keys[place % len(keys)] for place in range(rows)])]
    for _ in headings[1:]:
        typed = draw(st.booleans())
        cells = draw(st.lists(TYPED if typed else CELLS, min_size=rows, max_size=rows))
        columns.append(
            pa.array([None if cell is None else float(cell) for cell in cells]) if typed else pa.array(cells)
        )
    return pa.Table.from_arrays(columns, names=headings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> IdentityFolder:
    """An install that holds one person, with a crosswalk."""
    made = identity.init(tmp_path_factory.mktemp("site") / "identity", "nhs_number", user="ann")
    held = made.root.parent / "people.csv"
    held.write_text(f"nhs_number,name\n{HELD},{NAMES[0]}\n", encoding="utf-8")
    identity.pseudonymise(made, held, made.root.parent / "out.csv", user="ann")
    walk = made.root.parent / "walk.csv"
    walk.write_text("source,pseudonym,patient_id\ncare,C1,a1\ncare,C2,a2\n", encoding="utf-8")
    identity.add_crosswalk(made, walk, user="ann")
    return made


def say(report: Report | None, out: Path, source: Path, folder: IdentityFolder) -> Iterator[str]:
    """Everything that a run left behind where others can read it."""
    yield from report.lines if report else ()
    yield str(report.summary) if report else ""
    yield (folder.root / "audit" / "log.jsonl").read_text("utf-8")
    quarantine = source.with_name(source.name + ".quarantine")
    yield quarantine.read_text("utf-8") if quarantine.exists() else ""
    if out.exists():
        table = pq.read_table(out)
        yield from table.column_names
        yield from (str(cell) for column in table.columns for cell in column.to_pylist() if cell is not None)


def require_nobody(said: str) -> None:
    """Held apart from the product's own recogniser: no word of a name, and no digits of a number in their order."""
    letters = said.casefold()
    assert not [word for word in WORDS if word in letters]
    digits = "".join(str(unicodedata.digit(sign)) for sign in said if unicodedata.digit(sign, None) is not None)
    if len(said) < 200:
        assert HELD not in digits
        assert IN_FILE not in digits
    assert HELD not in said
    assert IN_FILE not in said


def require_nobody_out(folder: IdentityFolder, verb: str, table_name: str, table: pa.Table) -> None:
    source, out = folder.root.parent / f"{table_name}.parquet", folder.root.parent / "left.parquet"
    out.unlink(missing_ok=True)
    pq.write_table(table, source)
    report, refused = None, ""
    try:
        if verb == "pseudonymise":
            report = pseudonymise(folder.root, source, out, "nhs_number", birth_month=True, user="ann")
        elif verb == "translate":
            report = translate(folder.root, source, "care", out, "pseudo", user="ann")
        else:
            report = crosswalk(folder.root, source, user="ann")
    except IdentityError as error:
        refused = str(error)
    for said in (refused, *say(report, out, source, folder)):
        require_nobody(said)
    if out.exists():
        assert {*pq.read_schema(out).names} <= {*SCHEMAS[table_name].names} - {"reason", "owner", "decided_by"}
        assert report is not None


CASES = st.sampled_from(TABLES).flatmap(
    lambda name: (
        st.tuples(st.just("pseudonymise"), st.just(name), tables(name, "nhs_number", [IN_FILE, STRANGE, HELD]))
        | st.tuples(st.just("translate"), st.just(name), tables(name, "pseudo", ["C1", "C2", "C9"]))
    )
)
WALKS = st.tuples(
    st.just("crosswalk"),
    st.just("people"),
    st.lists(st.tuples(NAMED | SPELT | ORDINARY, CELLS, NAMED | SPELT | ORDINARY), min_size=1, max_size=3).map(
        lambda rows: pa.Table.from_pylist(
            [dict(zip(("source", "pseudonym", "patient_id"), row, strict=True)) for row in rows]
        )
    ),
)
ALLOWED = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)


@property_settings(60, allow=ALLOWED)
@given(CASES | WALKS)
def test_no_name_and_no_number_leaves(folder: IdentityFolder, case: tuple[str, str, pa.Table]) -> None:
    require_nobody_out(folder, *case)


@pytest.mark.exhaustive
@property_settings(400, allow=ALLOWED)
@given(CASES | WALKS)
def test_no_name_and_no_number_leaves_two_thousand_times(
    folder: IdentityFolder, case: tuple[str, str, pa.Table]
) -> None:
    require_nobody_out(folder, *case)
