"""A filled-in workbook in, reviews out: which cells are refused, what is kept, and that nothing is overwritten."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty

from riskstrat.errors import IndexDateError, PublicationError, RiskstratError, SourceError, StorageError
from riskstrat.reviews import COLUMNS, TITLES
from riskstrat.verbs.reviews_import import import_reviews
from tests.unit.filled_lists import (
    DAY,
    ELSEWHERE,
    MONDAY,
    NAME,
    NEVER,
    NHS_NUMBER,
    TELECARE,
    TODAY,
    A,
    B,
    C,
    Rows,
    files,
    filled,
    kept,
    make_workspace,
    outcomes,
    read_imported,
    write_csv,
)

NOTHING_TO_SAY = (
    *("taken_back", "recorded_but_emptied", "recorded_but_not_given", "columns_not_found", "ticked_without_outcome"),
    *(
        "deferred_without_due",
        "dues_in_series",
        "hidden",
        "rows_not_read",
        "columns_not_read",
        "facts_changed",
        "sheets_not_read",
    ),
    "comments_not_read",
)
AT = (pd.Timestamp(MONDAY), "North Huyton")
DECIDED = pd.Timestamp(DAY)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one published list of two teams, on a day two weeks later."""
    monkeypatch.setattr("riskstrat.audit.today", lambda: TODAY)
    return make_workspace(tmp_path / "workspace")


def refusal(root: Path, rows: Rows) -> str:
    with pytest.raises(PublicationError) as refused:
        import_reviews(root, filled(root, rows))
    assert files(root) == {}
    return str(refused.value)


# ---- What is kept ----


def test_up_to_three_outcomes_of_a_person_come_back_by_reference_each_with_owner_and_due_date(root: Path) -> None:
    row = TELECARE | {
        "Outcome 2": "falls_service",
        "Due 2": "04/12/2026",
        "Outcome 3": " long-term CONDITION review ",
        "Owner 3": "Practice nurse",
        "Due 3": datetime(2027, 1, 11),
        "Agree": "No",
        "Note": "Lives with\nher daughter",
        "Decided by": "Dr Asha Rao",
    }
    path = filled(root, {A: row, B: {}, C: {"Note": "away"}})
    report = import_reviews(root, path, leave_out=f"{C.lower()}, ", confirm=A)
    told = ("Lives with her daughter", False, DECIDED, "Dr Asha Rao")
    assert list(read_imported(root).columns) == list(COLUMNS)
    assert kept(root) == [
        ("pa", *AT, "falls_service", *told, pd.Timestamp(2026, 12, 4), None),
        ("pa", *AT, "ltc_review", *told, pd.Timestamp(2027, 1, 11), "Practice nurse"),
        ("pa", *AT, "telecare", *told, None, "Falls nurse"),
    ]
    assert report.summary == {
        "list_date": MONDAY,
        "team": "North Huyton",
        "people": 1,
        "outcomes": 3,
        "already_recorded": 0,
        "without_outcome": 1,
        "left_out": [C],
        "file": f"reviews/{MONDAY}-NHU-1.csv",
    } | dict.fromkeys(("corrected", "status_not_ticked"), 0) | {key: [] for key in NOTHING_TO_SAY}
    assert report.lines == (
        f"the list of North Huyton of {MONDAY}: 3 outcomes of 1 person imported to reviews/{MONDAY}-NHU-1.csv",
        f"left out as asked: {C}",
        "left out: 1 row without an outcome",
    )


def test_columns_are_found_by_title_wherever_they_went_and_however_rows_were_sorted(root: Path) -> None:
    titles = ["My own", "Due 1", "Owner\n1", "OUTCOME 1", "Reference", "Next visit"]
    path = root.parent / "moved.xlsx"
    book = Workbook()
    page = book.active
    page.title = "List"
    page.append(titles)
    page.append(["x", datetime(2026, 12, 1), "AB", "Monitor", C, "y"])
    page.append([None, None, None, None, B, None])
    page.append(["z", None, None, "Telecare", A, "y"])
    page.auto_filter.ref = "A1:F4"
    page.row_dimensions[4].hidden = True
    book.custom_doc_props.append(StringProperty(name="riskstrat_list", value=f"NHU {MONDAY} edition 2"))
    book.save(path)
    absent = [title for title in TITLES[:-1] if title.upper() not in (" ".join(one.split()).upper() for one in titles)]
    report = import_reviews(root, path, leave_out=", ".join(absent))
    nothing = (None, None, None, None)
    assert kept(root) == [
        ("pa", *AT, "telecare", *nothing, None, None),
        ("pc", *AT, "monitor", *nothing, pd.Timestamp(2026, 12, 1), "AB"),
    ]
    assert report.summary["columns_not_found"] == absent
    assert f"no column of that title, so nothing was read of it: {', '.join(absent)}" in report.lines
    assert f"read from rows that do not show: {A}" in report.lines


def test_the_named_copy_gives_the_same_bytes_and_no_name_is_kept_or_said(root: Path) -> None:
    import_reviews(root, filled(root, {A: TELECARE}))
    plain = files(root)
    for part in ("reviews", "audit"):
        shutil.rmtree(root / part)
    report = import_reviews(root, filled(root, {A: TELECARE}, named=True))
    assert files(root) == plain
    everything = repr(report) + "".join(plain.values())
    assert NAME not in everything
    assert NHS_NUMBER not in everything


def test_a_csv_with_the_same_headings_says_by_option_which_list_it_is(root: Path) -> None:
    cells = {"Reference": B.lower(), "Outcome 1": "Monitor", "Agree": "yes", "Note": "Café", "Decided on": "2026-11-19"}
    path = write_csv(root, [cells], encoding="cp1252")
    with pytest.raises(PublicationError, match="give --list-date"):
        import_reviews(root, path)
    with pytest.raises(IndexDateError, match="--list-date"):
        import_reviews(root, path, "16/11/2026")
    report = import_reviews(root, path, MONDAY.isoformat())
    assert kept(root) == [("pb", *AT, "monitor", "Café", True, DECIDED, None, None, None)]
    assert report.summary["status_not_ticked"] == 1
    assert report.lines[-1] == "status not ticked as checked: 1 of 1 person reviewed"


def test_nothing_was_imported_reads_as_an_empty_table(tmp_path: Path) -> None:
    assert list(read_imported(tmp_path).columns) == list(COLUMNS)
    assert len(read_imported(tmp_path)) == 0


# ---- Twice, more, and otherwise ----


def test_the_same_contents_again_are_nothing_new(root: Path) -> None:
    import_reviews(root, filled(root, {A: TELECARE}))
    before = files(root)
    again = {"Outcome 3": "telecare", "Owner 3": "Falls  nurse ", "Agree": "yes", "Decided on": DAY}
    report = import_reviews(root, filled(root, {A: again}))
    assert files(root) == before
    assert report.summary["file"] is None
    assert report.lines[0] == f"the list of North Huyton of {MONDAY}: nothing new"


def test_a_later_import_adds_the_people_who_are_new_in_a_file_of_its_own(root: Path) -> None:
    import_reviews(root, filled(root, {A: TELECARE}))
    first = files(root)
    report = import_reviews(root, filled(root, {A: TELECARE, B: {"Outcome 1": "Deferred"}}))
    assert {name: text for name, text in files(root).items() if name in first} == first
    assert sorted(files(root)) == [f"{MONDAY}-NHU-1.csv", f"{MONDAY}-NHU-2.csv"]
    assert outcomes(root) == [("pa", "telecare"), ("pb", "deferred")]
    assert (report.summary["people"], report.summary["already_recorded"]) == (1, 1)


def test_another_review_of_the_same_person_is_a_conflict_and_nothing_is_written(root: Path) -> None:
    import_reviews(root, filled(root, {A: TELECARE | {"Note": "no phone"}}))
    before = files(root)
    other = TELECARE | {"Outcome 1": "Declined", "Note": "said no"}
    with pytest.raises(PublicationError) as refused:
        import_reviews(root, filled(root, {A: other, B: TELECARE}))
    assert f"{A}: Telecare is recorded, Declined is given; another note" in str(refused.value)
    assert "said no" not in str(refused.value)
    assert files(root) == before


def test_another_owner_or_due_date_is_another_review(root: Path) -> None:
    import_reviews(root, filled(root, {A: TELECARE}))
    for changed in ({"Owner 1": "AB"}, {"Due 1": DAY}):
        with pytest.raises(PublicationError, match=f"{A}: another owner or due date"):
            import_reviews(root, filled(root, {A: TELECARE | changed}))


def test_a_correction_supersedes_and_keeps_who_decided_so_and_why(root: Path) -> None:
    import_reviews(root, filled(root, {A: TELECARE | {"Outcome 2": "Monitor"}, B: TELECARE}))
    first = files(root)
    path = filled(root, {A: {"Outcome 1": "Declined"}, C: TELECARE})
    report = import_reviews(root, path, correct=True, by="Ann Coe", reason="wrong row ticked")
    assert outcomes(root) == [("pa", "declined"), ("pb", "telecare"), ("pc", "telecare")]
    assert files(root) | first == files(root)
    (added,) = set(files(root)) - set(first)
    rows = list(csv.DictReader(io.StringIO(files(root)[added])))
    assert [(row["patient_id"], row["corrected_by"], row["correction_reason"]) for row in rows] == [
        ("pa", "Ann Coe", "wrong row ticked"),
        ("pc", "", ""),
    ]
    assert report.summary["corrected"] == 1
    assert import_reviews(root, path).lines[0].endswith("nothing new")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"correct": True}, "--correct needs --by NAME and --reason TEXT"),
        ({"correct": True, "by": "Ann", "reason": " "}, "--correct needs --by NAME and --reason TEXT"),
        ({"by": "Ann"}, "go with --correct"),
        ({"correct": True, "by": "Ann", "reason": f"was {NHS_NUMBER}"}, "no number of nine digits"),
    ],
)
def test_a_correction_has_a_name_and_a_reason(root: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(PublicationError, match=said):
        import_reviews(root, filled(root, {A: TELECARE}), **given)


# ---- What is refused ----


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("Outcome 1", "Telekare", "is not one of the outcomes in the drop-down"),
        ("Outcome 3", "telecare", "is an outcome that stands in this row already"),
        ("Agree", "maybe", "is neither yes nor no"),
        ("Status checked", "crossed", "is neither yes nor no"),
        ("Decided on", "next Tuesday", "is not a date"),
        ("Decided on", 46000, "is not a date"),
        ("Decided on", datetime(2026, 11, 15), "is before the date of the list"),
        ("Decided on", datetime(2027, 11, 17), "is after today"),
        ("Decided on", "1 December", "is after today"),
        ("Due 2", datetime(2026, 11, 18), "is before Decided on"),
        ("Due 1", "31/02/2027", "is not a date"),
        ("Due 2", datetime(2025, 12, 1), "is before the date of the list"),
        ("Due 1", "01/12/2126", "is more than 104 weeks after the date of the list"),
        ("Due 3", DAY, "stands beside no Outcome 3"),
        ("Owner 3", "AB", "stands beside no Outcome 3"),
        ("Note", "phone 07700900123", "holds a number of nine digits or more"),
        ("Note", f"see {NHS_NUMBER}", "holds a number of nine digits or more"),
        ("Owner 1", 123456789, "holds a number of nine digits or more"),
    ],
)
def test_a_cell_that_cannot_be_taken_is_named_by_reference_and_column_alone(
    root: Path, column: str, cell: Any, said: str
) -> None:
    message = refusal(root, {A: TELECARE | {"Outcome 2": "Monitor"} | {column: cell}, B: TELECARE})
    assert f"{A}, {column}: {said}" in message
    assert B not in message
    assert str(cell) not in message


def test_every_problem_is_named_at_once(root: Path) -> None:
    message = refusal(root, {A: TELECARE | {"Agree": "?"}, B: {"Outcome 1": "no idea", "Decided on": "soon"}})
    for place in (f"{A}, Agree", f"{B}, Outcome 1", f"{B}, Decided on"):
        assert place in message


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (NHS_NUMBER, "is not written as a reference"),
        (A[:-1] + ("0" if A[-1] != "0" else "1"), "its last character does not fit the rest"),
        (NEVER, "is not on the list of North Huyton of 2026-11-16"),
        (ELSEWHERE, "is not on the list of North Huyton of 2026-11-16"),
        (None, "is empty beside what is filled in"),
    ],
)
def test_a_wrong_reference_is_named_by_its_row_alone(root: Path, written: str | None, said: str) -> None:
    message = refusal(root, {"any": TELECARE | {"Reference": written}})
    assert f"row 4, Reference: {said}" in message
    assert written is None or written not in message


def test_a_person_in_two_rows_is_refused(root: Path) -> None:
    message = refusal(root, {"one": TELECARE | {"Reference": A}, "two": TELECARE | {"Reference": A.lower()}})
    assert "row 5, Reference: stands in two rows with outcomes" in message


def test_a_file_of_another_or_of_no_published_list_is_refused(root: Path) -> None:
    for list_of, given, said in (
        ("NHU 2026-11-09 edition 1", None, "no list of 2026-11-09 stands published"),
        ("XXX 2026-11-16 edition 2", None, "has no team XXX"),
        ("NHU 2026-11-16 edition 2", "2026-11-09", "is of the list of 2026-11-16, not of 2026-11-09"),
        (None, None, "give --list-date"),
    ):
        with pytest.raises(PublicationError, match=said):
            import_reviews(root, filled(root, {A: TELECARE}, list_of=list_of), given)
    with pytest.raises(SourceError, match="in a way of its own"):
        import_reviews(root, filled(root, {A: TELECARE}, list_of="the list of last week"))
    with pytest.raises(PublicationError, match="references of 2 teams"):
        import_reviews(root, filled(root, {A: TELECARE, ELSEWHERE: TELECARE}, list_of=None), MONDAY.isoformat())


@pytest.mark.parametrize(("edition", "of"), [(" edition 1", "edition 1"), ("", "an earlier edition")])
def test_a_file_of_a_withdrawn_edition_is_refused_with_what_to_do(root: Path, edition: str, of: str) -> None:
    path = filled(root, {A: TELECARE}, list_of=f"NHU {MONDAY}{edition}")
    with pytest.raises(PublicationError) as refused:
        import_reviews(root, path)
    assert f"it is of {of} of the list of 2026-11-16, which was withdrawn, and edition 2 stands" in str(refused.value)
    assert "copy what still holds into the workbook of that edition by reference" in str(refused.value)
    assert files(root) == {}


def test_each_row_carries_its_edition_where_the_document_lost_it(root: Path) -> None:
    path = root.parent / "filled.csv"
    for mark, given, said in (
        (f"NHU {MONDAY} edition 1", None, "it is of edition 1 of the list of 2026-11-16, which was withdrawn"),
        (f"NHU {MONDAY} edition 1", MONDAY.isoformat(), "it is of edition 1 of the list"),
        ("NHU 2026-11-09 edition 2", MONDAY.isoformat(), "is of the list of 2026-11-09, not of 2026-11-16"),
    ):
        write_csv(root, [{"Reference": A, "Outcome 1": "Telecare", "List": mark}])
        with pytest.raises(PublicationError, match=said):
            import_reviews(root, path, given)
    marks = [f"NHU {MONDAY} edition {number}" for number in (1, 2)]
    write_csv(
        root,
        [{"Reference": one, "Outcome 1": "Telecare", "List": mark} for one, mark in zip((A, B), marks, strict=True)],
    )
    with pytest.raises(SourceError, match="holds rows of 2 lists"):
        import_reviews(root, path)
    write_csv(root, [{"Reference": A, "Outcome 1": "Telecare", "List": marks[1]}, {"Reference": B}])
    import_reviews(root, path)
    assert outcomes(root) == [("pa", "telecare")]


def test_a_list_of_an_earlier_version_takes_no_outcomes(root: Path) -> None:
    path = root / "lists" / MONDAY.isoformat() / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["edition"]
    path.write_text(json.dumps(manifest | {"format": 1}), encoding="utf-8")
    with pytest.raises(PublicationError, match="published by an earlier version, whose workbooks have other columns"):
        import_reviews(root, filled(root, {A: TELECARE}, list_of=f"NHU {MONDAY}"))


def test_a_file_that_is_no_list_is_refused_in_one_line(root: Path) -> None:
    other = root.parent / "filled.ods"
    other.write_bytes(b"")
    broken = root.parent / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and then nothing")
    unheaded = root.parent / "unheaded.csv"
    unheaded.write_text("a,b\n1,2\n", encoding="utf-8")
    for error, path, said in (
        (SourceError, other, "neither .xlsx nor .csv"),
        (SourceError, broken, "cannot be read"),
        (SourceError, unheaded, "no row of headings"),
        (StorageError, root.parent / "absent.xlsx", "cannot read absent.xlsx"),
    ):
        with pytest.raises(error, match=said):
            import_reviews(root, path, MONDAY.isoformat())
    twice = root.parent / "twice.csv"
    twice.write_text(f"Reference,Outcome 1,Outcome 1\n{A},Telecare,Monitor\n", encoding="utf-8")
    with pytest.raises(SourceError, match='two columns "Outcome 1"'):
        import_reviews(root, twice, MONDAY.isoformat())


def test_a_workbook_that_names_entities_in_its_xml_is_refused(root: Path) -> None:
    path, hostile = filled(root, {A: TELECARE}), root.parent / "hostile.xlsx"
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(hostile, "w") as changed:
        for name in given.namelist():
            content = given.read(name)
            if name.startswith("xl/worksheets/"):
                content = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + content
            changed.writestr(name, content)
    with pytest.raises(SourceError, match="cannot be read"):
        import_reviews(root, hostile)


def test_a_kept_file_that_was_changed_is_refused_by_its_name(root: Path) -> None:
    import_reviews(root, filled(root, {A: TELECARE}))
    path = root / "reviews" / f"{MONDAY}-NHU-1.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("yes", "perhaps"), encoding="utf-8")
    with pytest.raises(RiskstratError, match=f"{path.name} was changed"):
        read_imported(root)
