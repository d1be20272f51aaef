"""Whatever one byte does to a CSV file, no record is lost without a word."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskstrat.errors import SourceError
from riskstrat.sources.landing import land_csv
from tests.suite.properties import property_settings

PLAIN = b"patient_id,contacted_on,service\np1,2024-01-01,gp\np2,2024-01-02,home care\np3,,\np4,2024-01-04,gp\n"
FILES = (
    PLAIN,
    PLAIN.removesuffix(b"\n"),
    PLAIN.replace(b"\n", b"\r\n"),
    PLAIN.replace(b"\n", b"\r"),
    b"\xef\xbb\xbf" + PLAIN + b"\n\n",
    b'patient_id,contacted_on,service\np1,2024-01-01,"home, care"\np2,2024-01-02,"the ""old"" gp"\np3,2024-01-03,gp\n',
    b'"patient_id","contacted_on","service"\r\n"p1","2024-01-01","gp"\r\n"p2","","home care"\r\n"p3","",""\r\n',
    b'patient_id,contacted_on,service\n="p1",2024-01-01,5" tube\np2,2024-01-02,\xc3\xa9\n',
    b"patient_id,contacted_on,service\np1\np2,2024-01-02,gp,more\n,,\np4,2024-01-04,gp\n",
)
BYTES = st.one_of(st.sampled_from(b'"\n\r,\0 ;|\xff\xc3'), st.integers(0, 255))


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """One of the files with one byte inserted, deleted or changed."""
    content = draw(st.sampled_from(FILES))
    at = draw(st.integers(0, len(content) - 1))
    put = draw(st.one_of(st.just(b""), BYTES.map(lambda byte: bytes([byte]))))
    kept = draw(st.booleans()) if put else False
    return content[:at] + put + content[at + (not kept) :]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def count_line_ends(text: bytes) -> int:
    return len(text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")) - 1


def check(content: bytes, folder: Path) -> None:
    file = folder / "contacts.csv"
    file.write_bytes(content)
    lines = count_line_ends(content) + (content[-1:] not in (b"\n", b"\r")) - 1
    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            landed = land_csv(connection, "contacts", [file])
        except SourceError as error:
            says = str(error)
            landed = None
        else:
            rows = connection.execute(f"FROM {landed.relation}").fetchall()
    if landed is None:
        assert str(file) in says or "contacts has two columns" in says
        assert "\n" not in says
        return
    within = sum(count_line_ends(value.encode()) for row in rows for value in row if isinstance(value, str))
    numbers = [row[-1] for row in rows]
    assert landed.records == len(rows) + len(landed.unreadable) == lines - within
    assert sorted([*numbers, *landed.unreadable]) == list(range(1, landed.records + 1))


@property_settings(80, drawn=200)
@given(content=mutants())
def test_lines_are_rows_and_unreadable_rows_or_the_file_is_refused_by_name(content: bytes, folder: Path) -> None:
    check(content, folder)


@pytest.mark.exhaustive
@settings(property_settings(200), max_examples=10_000)
@given(content=mutants())
def test_the_same_of_ten_thousand_files(content: bytes, folder: Path) -> None:
    check(content, folder)
