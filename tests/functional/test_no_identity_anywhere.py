"""From identified records to a named copy and back: no number and no name stands anywhere but where it must."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat.audit import system_user
from tests.suite.quick import leave_out_pdf, take_one_learner

Verb = Callable[..., subprocess.CompletedProcess[str]]

SURNAME = "Quillfeather"
"""Everybody's, so that one word finds every name."""

TEAM = "NKI"
WORDS = ["South Huyton", "North Huyton", "South Kirkby", "North Kirkby", "Halewood", "Prescot/Whiston/Cronton"]
"""The teams of the borough as its source tables name them."""

MONDAYS = ("2026-11-09", "2026-11-16")
"""The last is the day up to which a simulated borough's data go."""

TEN_DIGITS = re.compile(rb"(?<![0-9.])(999[0-9]{7})(?![0-9])")


def nhs_numbers(count: int) -> list[str]:
    """Valid numbers of the range kept for tests: they begin with 999 and pass modulus 11."""
    found: list[str] = []
    body = 999_400_000
    while len(found) < count:
        body += 1
        digits = [int(digit) for digit in str(body)]
        check = 11 - sum(digit * (10 - place) for place, digit in enumerate(digits)) % 11
        if check != 10:
            found.append(f"{body}{0 if check == 11 else check}")
    return found


def identified(source: Path, target: Path) -> dict[str, str]:
    """The tables of a simulated borough as a site holds them, with numbers and names; the number by patient_id."""
    target.mkdir()
    people = pq.read_table(source / "people.parquet").to_pandas(date_as_object=True)
    number = dict(zip(people["patient_id"], nhs_numbers(len(people)), strict=True))
    people["name"] = [f"Person{place} {SURNAME}" for place in range(len(people))]
    for file in sorted(source.glob("*.parquet")):
        rows = people if file.stem == "people" else pq.read_table(file).to_pandas(date_as_object=True)
        if "patient_id" in rows:
            rows = rows.assign(nhs_number=rows["patient_id"].map(number)).drop(columns="patient_id")
        rows.to_parquet(target / file.name, index=False)
    return number


class Site:
    """Both installs after a week: what was typed into them and what they said is kept in `said`."""

    def __init__(self, folder: Path, verb: Verb) -> None:
        self.verb, self.folder = verb, folder
        self.install, self.workspace = folder / "identity", folder / "analytics" / "borough"
        self.records, self.landed, self.named = folder / "records", folder / "landed", folder / "team" / "named.xlsx"
        self.said: list[str] = []

    def run(self, *given: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = self.verb(*given)
        assert done.returncode == code, done.stderr
        self.said += [done.stdout, done.stderr]
        return done

    def allow(self, *publishers: str) -> None:
        self.install.joinpath("identity.toml").write_text(
            f"publishers = {list(publishers)}\n"
            f'[[people]]\nuser = "{system_user()}"\nrole = "coordinator"\n'
            f'teams = ["{TEAM}"]\npurposes = ["direct_care"]\n'
            f'[words]\n"caseload.team" = {WORDS}\n"reviews.team" = {WORDS}\n',
            encoding="utf-8",
        )

    def pseudonymise(self) -> None:
        self.landed.mkdir()
        for file in sorted(self.records.glob("*.parquet")):
            out = self.landed / file.name
            if "nhs_number" not in pq.read_schema(file).names:
                out.write_bytes(file.read_bytes())
                continue
            birth = ["--birth-month"] if file.stem == "people" else []
            self.run("identity", "pseudonymise", file, "--out", out, *birth, "-i", self.install)

    def fill_in_and_import(self) -> str:
        """An outcome for the first person of the named copy, taken back; the reference."""
        book = openpyxl.load_workbook(self.named)
        sheet = book["List"]
        header = next(row for row in sheet.iter_rows() if "Outcome 1" in [cell.value for cell in row])
        column = {cell.value: cell.column for cell in header}
        first = header[0].row + 1
        sheet.cell(first, column["Outcome 1"]).value = "Case management"
        sheet.cell(first, column["Agree"]).value = "Yes"
        book.save(self.named)
        self.run("reviews", "import", self.named, "-w", self.workspace)
        return str(sheet.cell(first, column["Reference"]).value)


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    verb: Verb,
    quick_recipe: Callable[[Path], None],
    state_basis: Callable[[Path], None],
    without_pictures: None,
) -> Site:
    made = Site(tmp_path_factory.mktemp("site"), verb)
    simulated = tmp_path_factory.mktemp("simulated") / "borough"
    assert verb("simulate", "--people", 1500, "--seed", 2026, "--out", simulated).returncode == 0
    numbers = identified(simulated, made.records)
    made.folder.joinpath("team").mkdir()
    made.run("identity", "init", made.install)
    made.allow()
    made.pseudonymise()
    made.workspace.parent.mkdir()
    made.run("init", made.workspace)
    state_basis(made.workspace)
    quick_recipe(made.workspace)
    take_one_learner(made.workspace)
    # What is printed is packed in a PDF, where nothing below looks; the pages that it is made of stand beside it.
    leave_out_pdf(made.workspace)
    made.run("ingest", made.landed, "-w", made.workspace)
    made.run("train", "emergency_admission_12m", "-w", made.workspace)
    made.run("promote", "emergency_admission_12m", "-w", made.workspace)
    made.run("weekly", "--index-date", MONDAYS[0], "-w", made.workspace)
    made.allow((made.workspace / "audit" / "publisher.pub").read_text("ascii").strip())
    asked = ("--team", TEAM, "--purpose", "direct_care", "--reason", "Weekly meeting", "--out", made.named)
    made.run("identity", "name", made.workspace / "lists" / MONDAYS[0], *asked, "-i", made.install)
    made.reviewed = made.fill_in_and_import()  # type: ignore[attr-defined]
    made.run("weekly", "--index-date", MONDAYS[1], "-w", made.workspace)
    # What somebody types by mistake must not be repeated back to them, nor kept.
    number = next(iter(numbers.values()))
    made.run("why", number, "--index-date", MONDAYS[1], "--purpose", "Asked by the team", "-w", made.workspace)
    asked = ("--purpose", f"To talk about {number}", "-w", made.workspace)
    made.run("why", number, "--index-date", MONDAYS[1], *asked, code=13)
    asked = ("--purpose", "Asked by the team", "-w", made.workspace)
    made.run("explain", number, "--index-date", MONDAYS[1], *asked, code=7)
    made.run("withdraw", MONDAYS[1], "--reason", f"About {number}", "-w", made.workspace, code=13)
    return made


def parts_of(path: Path) -> Iterable[bytes]:
    """The file, its name, and what is packed inside it."""
    yield path.name.encode()
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name) for name in book.namelist())
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        for name, column in zip(table.column_names, table.columns, strict=True):
            if str(column.type) in ("string", "large_string"):
                yield "\n".join({str(value) for value in column.to_pylist()}).encode()
            yield name.encode()


def telling(content: bytes, numbers: set[bytes]) -> bool:
    """Whether the surname stands in it, or one of the numbers, also with spaces or hyphens."""
    if SURNAME.lower().encode() in content.lower():
        return True
    bare = content.replace(b" ", b"").replace(b"-", b"")
    # Ten digits that are part of a longer number, or come after its point, are not a person's.
    return any(found[1] in numbers for found in TEN_DIGITS.finditer(bare))


def test_only_the_records_and_the_named_copy_say_who_anybody_is(site: Site) -> None:
    numbers = {
        number.encode()
        for file in (site.records / "people.parquet",)
        for number in pq.read_table(file, columns=["nhs_number"]).column(0).to_pylist()
    }
    assert len(numbers) > 1000
    found = [
        path.relative_to(site.folder).as_posix()
        for path in sorted(site.folder.rglob("*"))
        if path.is_file() and any(telling(part, numbers) for part in parts_of(path))
    ]
    records = [f"records/{file.name}" for file in site.records.glob("*.parquet")]
    assert [name for name in found if name not in records] == ["team/named.xlsx"]
    assert "records/people.parquet" in found
    assert not telling("".join(site.said).encode(), numbers)


def test_the_named_copy_comes_back_and_the_next_list_respects_it(site: Site) -> None:
    before, after = (
        pd.read_parquet(site.workspace / "lists" / day / "internal" / "everyone.parquet").set_index("patient_id")
        for day in MONDAYS
    )
    patient = before.index[before["reference"] == site.reviewed][0]  # type: ignore[attr-defined]
    assert before.at[patient, "place"] == "listed"
    assert after.at[patient, "place"] == "excluded"
    assert after.at[patient, "reason"].startswith("reviewed in the last")


def test_both_logs_are_whole(site: Site) -> None:
    for folder in (site.install, site.workspace):
        told = json.loads(site.run("audit", "verify", "-w", folder, "--json").stdout)
        assert told["whole"]
