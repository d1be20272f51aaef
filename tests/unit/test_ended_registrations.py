"""An end of a registration that cannot be read, and ends in rows that are kept out, leave nobody registered."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from riskstrat.cohort import at_dates
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.store import open_store

EXTRACT = date(2026, 9, 30)
HEADER = "patient_id,practice,registered_from,registered_to"


def run(folder: Path, *rows: str, leave_out: tuple[str, ...] = (), header: str = HEADER) -> IngestReport:
    """Ingest registrations of p1, p2 and so on, of whom p99 is quarantined, beside that of one who is registered."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    people = "".join(f"p{n},1950-01-01,F\n" for n in range(1, 20))
    (source / "people.csv").write_text(f"patient_id,date_of_birth,sex\n{people}here,1950-01-01,M\np99,1950-01-01,?\n")
    (source / "admissions.csv").write_text("patient_id,spell_id,admitted_on,method\nhere,s1,2026-09-30,21\n")
    here = f"here,N83001,2001-01-01,{',' * (header.count(',') - HEADER.count(','))}"
    (source / "registrations.csv").write_text("\n".join([header, *rows, here]) + "\n")
    settings = Settings.model_validate({"data": {"quarantine_limit": 1}})
    return ingest(source, folder / "store", settings, as_at=EXTRACT, leave_out=leave_out)


def list_registered(folder: Path, at: date = EXTRACT) -> list[str]:
    cohort = at_dates(open_store(folder / "store"), CohortRecipe(min_age=0), [at], ())
    return sorted(set(cohort.rows["patient_id"]) - {"here"})


def of_each(rows: list[str]) -> list[str]:
    """The rows of which each is of another person, who has `{}` for a patient_id."""
    return [row.format(f"p{n}") for n, row in enumerate(rows, 1)]


UNREAD = ["left", "30.06.2026", "46203", "2026-06-31", "June 2026", "x", "2026-6", "31/06/2026", "1743-04-09"]


def test_an_end_that_cannot_be_read_stops_the_run(tmp_path: Path) -> None:
    said = r"1 row of registrations \(row 1; most often: column registered_to is filled in and cannot be read"
    with pytest.raises(SourceError, match=said) as refused:
        run(tmp_path, "p1,N83001,2010-01-01,left", "p1,N83001,2010-01-01,")
    assert "--leave-out registrations" in str(refused.value)
    assert "left" not in str(refused.value).split("leave")[0]


def test_an_end_that_cannot_be_read_and_is_left_out_ends_the_registration(tmp_path: Path) -> None:
    ended = of_each([f"{{}},N83001,2010-01-01,{end}" for end in UNREAD])
    report = run(tmp_path, *ended, *of_each(["{},N83001,2010-01-01,"] * len(ended)), leave_out=("registrations",))
    assert list_registered(tmp_path) == []
    assert report.quarantined["registrations"] == dict.fromkeys(("end not read", "registration in doubt"), len(ended))
    said = f"registrations left out and so without effect: {len(ended)}; mend them before lists are made"
    assert said in report.notes


def test_no_end_and_one_that_is_to_come_keep_the_person_registered(tmp_path: Path) -> None:
    ends = ["", "9999-12-31", "1900-01-01", "2999-12-31", "2026-12-01"]
    run(tmp_path, *of_each([f"{{}},N83001,2010-01-01,{end}" for end in ends]))
    assert list_registered(tmp_path) == [f"p{n}" for n in range(1, 6)]


BROKEN = [
    "{},N83001,2010-01-01 ?,2026-05-01",
    "{},,2010-01-01,2026-05-01",
    "{},N83001,2010-01-40,2026-05-01",
    "{},N83001,,2026-05-01",
    "{},N83001,2026-05-02,2026-05-01",
    "{},N83001,1910-01-01,2026-05-01",
]


@pytest.mark.parametrize("turned", [False, True])
def test_an_end_in_a_row_that_another_rule_keeps_out_ends_the_open_row_of_the_practice(
    turned: bool, tmp_path: Path
) -> None:
    rows = [*of_each(BROKEN), *of_each(["{},N83001,2010-01-01,"] * len(BROKEN))]
    run(tmp_path, *(rows[::-1] if turned else rows))
    assert list_registered(tmp_path) == []


def test_a_registration_that_such_a_row_says_nothing_of_stands(tmp_path: Path) -> None:
    # Another practice since, the same practice again since, an end at another practice, and ends that are to come.
    said = ["N83002,2010-01-01,left", "N83001,2010-01-01,left", "N8300,2010-01-01,2016-01-01"]
    said += ["N83002,2010-01-01,2009-01-01", "N8300,2027-01-01,2028-01-01"]
    # An end before the open row began, with a beginning that cannot be read; a practice that is another.
    said += ["N83001,,2015-12-31", ",2010-01-40,2015-12-31", "N8300,2010-01-01,2026-05-01"]
    begun = ["2016-01-01"] * 3 + ["2010-01-01"] * 2 + ["2016-01-01"] * 2 + ["2010-01-01"]
    kept_out, standing = ([f"{{}},{row}" for row in said], [f"{{}},N83001,{day}," for day in begun])
    run(tmp_path, *of_each(kept_out), *of_each(standing), leave_out=("registrations",))
    assert list_registered(tmp_path) == [f"p{n}" for n in range(1, 9)]


def test_who_left_by_a_row_that_is_kept_out_was_registered_until_then(tmp_path: Path) -> None:
    report = run(tmp_path, *of_each(BROKEN), *of_each(["{},N83001,2010-01-01,"] * len(BROKEN)))
    everybody = sorted(f"p{n}" for n in range(1, len(BROKEN) + 1))
    assert list_registered(tmp_path, date(2026, 4, 30)) == everybody
    assert list_registered(tmp_path, date(2026, 5, 2)) == []
    assert "registration in doubt" not in report.quarantined["registrations"]


def test_an_end_in_a_row_that_is_kept_out_counts_from_the_day_on_which_it_was_known(tmp_path: Path) -> None:
    rows = ("p1,N83001,2010-01-01,,2010-01-01", "p1,N83001,2010-01-40,2026-05-01,2026-07-01")
    run(tmp_path, *rows, header=f"{HEADER},known_on")
    registered = [list_registered(tmp_path, date(2026, month, 30)) for month in (4, 6, 7)]
    assert registered == [["p1"], ["p1"], []]


@pytest.mark.parametrize("end", ["2026-10-01", "2999-01-01"])
def test_a_planned_end_keeps_nobody_registered_who_has_left(end: str, tmp_path: Path) -> None:
    said = ["{},N83001,2010-01-01,2026-05-01", "{},N83001,2010-01-40,2026-05-01", "{},N83001,2010-01-01,left"]
    rows = [*of_each(said), *of_each([f"{{}},N83001,2010-01-01,{end}"] * 3)]
    run(tmp_path, *rows, leave_out=("registrations",))
    assert list_registered(tmp_path) == []


def test_an_end_known_after_the_extract_ends_the_open_row_too(tmp_path: Path) -> None:
    rows = ("p1,N83001,2010-01-01,,2010-01-01", "p1,N83001,2010-01-01,2026-05-01,2062-05-02")
    run(tmp_path, *rows, header=f"{HEADER},known_on")
    assert list_registered(tmp_path) == []


def test_an_unread_end_of_somebody_who_is_not_there_stops_nothing(tmp_path: Path) -> None:
    run(tmp_path, *(f"{who},N83001,2010-01-01,left" for who in ("nobody", "p99")), "p1,N83001,2010-01-01,")
    assert list_registered(tmp_path) == ["p1"]


def test_a_death_of_which_only_the_day_of_knowing_is_filled_in_is_a_death(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    dead = ["deceased", "31/02/2026", "1890-03-03", "1743-04-09", "2062-03-03", "2026-03-03"]
    alive = ["9999-12-31", "1900-01-01", ""]
    people = [f"p{n},1950-01-01,F,,{known}" for n, known in enumerate(dead + alive)]
    people += ["p9,1950-01-01,F,2026-03-01,unknown"]
    header = "patient_id,date_of_birth,sex,date_of_death,died_known_on"
    (source / "people.csv").write_text("\n".join([header, *people]) + "\n")
    (source / "admissions.csv").write_text("patient_id,spell_id,admitted_on,method\np8,s1,2026-09-30,21\n")
    ingest(source, tmp_path / "store", Settings.model_validate({"data": {"quarantine_limit": 1}}), as_at=EXTRACT)
    assert list_registered(tmp_path) == ["p6", "p7", "p8"]
    stored = open_store(tmp_path / "store").people()
    assert sorted(stored["patient_id"]) == ["p5", "p6", "p7", "p8", "p9"]
