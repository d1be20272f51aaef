"""What a CSV file holds is counted before it is parsed, and refused where no parser can be trusted with it."""

import gzip
from pathlib import Path

import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources import lines
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.lines import count_records

HEADER = b"patient_id,fell_on,source\n"


def count(folder: Path, content: bytes, name: str = "falls.csv") -> int:
    (folder / name).write_bytes(content)
    return count_records(folder / name)


def refused(folder: Path, content: bytes, name: str = "falls.csv") -> str:
    with pytest.raises(SourceError) as caught:
        count(folder, content, name)
    assert str(caught.value).startswith(str(folder / name))
    return str(caught.value).removeprefix(str(folder / name))


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (HEADER, 0),
        (HEADER.removesuffix(b"\n"), 0),
        (HEADER + b"p1,2024-01-01,gp\np2,,", 2),
        (HEADER + b"p1,2024-01-01,gp\r\np2,,\r\n", 2),
        (HEADER + b"p1,2024-01-01,gp\rp2,,\r", 2),
        (HEADER + b"p1,2024-01-01,gp\n\np2,,\n\n", 4),
        (HEADER + b'p1,2024-01-01,"gp, ""old"""\n="p2",,5" tube\n', 2),
        (b'"patient_id","note"\n"p1","one\ntwo\r\nthree"\n"p2",""\n', 2),
        (b'patient_id,note\n"p1","one ""\n,"" two"\np2,\n', 2),
    ],
)
def test_records_are_lines_but_for_line_ends_in_fields_of_a_file_that_quotes(
    content: bytes, records: int, tmp_path: Path
) -> None:
    assert count(tmp_path, content) == records
    assert count(tmp_path, gzip.compress(content), "falls.csv.gz") == records


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (
            b'p1,2024-01-01,gp\np2,2024-01-02,"gp\np3,2024-01-03,gp\n',
            ": line 3 opens a quote that is not closed on it,",
        ),
        (b'p1,,gp\np2,,"gp\np3,,"\n', ": line 3 opens a quote that is not closed on it, and the file does not quote"),
        (b'p1,,"gp" or so\n', ": line 2 has text behind the quote that closes a field; double a quote that is part"),
        (b'"p1",,"a\nb" c\n', ": line 3 has text behind the quote that closes a field that was opened in line 2;"),
        (b'"p1",,"a\nb\n', ": line 2 opens a quote that is not closed on it; close it, double it or take it out"),
        (b"p1,,\np2,,\0gp\n", ": line 3 holds a zero byte, which is no text; write the file again as CSV UTF-8"),
        (
            b"p1,,\r\np2,,\r\np3,,caf\xe9\r\n",
            ": line 4 is not UTF-8; under [source.files.falls] of source.toml",
        ),
    ],
)
def test_a_line_that_cannot_be_told_is_named(rows: bytes, says: str, tmp_path: Path) -> None:
    assert says in refused(tmp_path, HEADER + rows)


def test_lines_keep_their_number_over_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_AT_A_TIME", 64)
    rows = b"".join(b'p%d,2024-01-01,"a, b"\r\n' % number for number in range(500))
    assert count(tmp_path, HEADER + rows) == 500
    assert refused(tmp_path, HEADER + rows + b'p,,"x\n').startswith(": line 502 opens a quote")
    monkeypatch.setattr(lines, "LONGEST", 256)
    assert refused(tmp_path, HEADER + b"x" * 1000).startswith(": line 2 is longer than 256 bytes")


@pytest.mark.parametrize("cut", [1, 9, 30])
def test_a_packed_file_that_was_cut_short_is_refused(cut: int, tmp_path: Path) -> None:
    packed = gzip.compress(HEADER + b"".join(b"p%d,2024-01-01,gp\n" % number for number in range(2000)))
    assert refused(tmp_path, packed[:-cut], "falls.csv.gz").startswith(" is cut short or damaged")


def test_utf_16_is_refused_by_its_name(tmp_path: Path) -> None:
    said = refused(tmp_path, "patient_id,fell_on\n".encode("utf-16"))
    assert said.startswith(' is UTF-16; under [source.files.falls] of source.toml write encoding = "utf-16"')


def run(folder: Path, falls: bytes) -> IngestReport:
    source = folder / "source"
    source.mkdir()
    (source / "people.csv").write_text("patient_id,date_of_birth,sex\np1,1950-01-01,F\n")
    (source / "admissions.csv").write_text("patient_id,spell_id,admitted_on,method\np1,s1,2024-06-01,21\n")
    (source / "falls.csv").write_bytes(falls)
    return ingest(source, folder / "store", Settings.model_validate({"data": {"quarantine_limit": 0}}))


def test_empty_lines_are_rows_that_say_nothing_and_no_fault(tmp_path: Path) -> None:
    report = run(tmp_path, HEADER + b"p1,2024-01-01,gp\n\n,,\np1,2024-01-02,gp\n\n\n").tables["falls"]
    assert (report.landed, report.accepted, report.rules) == (6, 2, {"empty row": 4})


def test_a_table_of_which_only_a_header_without_a_line_end_was_landed_is_empty(tmp_path: Path) -> None:
    assert run(tmp_path, HEADER.removesuffix(b"\n")).tables["falls"].landed == 0


def test_a_stray_quote_loses_no_row_without_a_word(tmp_path: Path) -> None:
    rows = b"".join(b"p1,2024-01-01,%s\n" % (b'"gp' if number == 200 else b"gp") for number in range(1, 1001))
    with pytest.raises(SourceError, match=r"falls\.csv: line 201 opens a quote that is not closed on it, and the file"):
        run(tmp_path, HEADER + rows)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskstrat.sources.landing.count_records", lambda *_, **__: 3)
    with pytest.raises(SourceError, match=r"^people: 1 rows were read of a file with 3 records"):
        run(tmp_path, HEADER)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (b"sep=;\npatient_id;fell_on\n", "begins with a line that only names a separator"),
        (b'"patient_id";"fell_on";"source"\n"p1";"2024-01-01";"gp"\n', "columns are patient_id, fell_on, source;"),
        (b"patient_id^fell_on\n", "is parted by the caret ^, not by commas: its columns are patient_id, fell_on;"),
    ],
)
def test_another_separator_is_named_before_quotes_are_judged(header: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        run(tmp_path, header)
    assert says in str(caught.value)
