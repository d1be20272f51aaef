"""The named copy of a team's list: who gets it, what is on it, and where no name and no number ever goes."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from riskstrat import audit, identity
from riskstrat.documents import write_workbook
from riskstrat.errors import AuditError, IdentityError, StorageError
from riskstrat.naming.agreement import is_of_age
from riskstrat.publication import TeamCounts, WeeklyList, open_published, publish
from riskstrat.storage import compute_digest, format_json
from riskstrat.verbs.audit_verify import verify
from riskstrat.verbs.identity_init import init
from riskstrat.verbs.identity_name import Asked, name
from riskstrat.verbs.identity_pseudonymise import pseudonymise
from tests.browser.listed_team import people, team_list
from tests.suite.unlogged import do_unlogged

Verb = Callable[..., subprocess.CompletedProcess[str]]

MONDAY = "2026-11-16"
NAMES = ("Zebedee Quillfeather-Planted", "=HYPERLINK(0) Ottoline", "<script>Xanthippe</script>", "عائشة المزروعة")
NUMBERS = ("9990000018", "9990000026", "9990000034", "9990000042")
TELLING = ("planted", "quillfeather", "ottoline", "xanthippe", NAMES[3])
CONTACTS = ("7 Plantedname Lane\n0151 496 0999", "@planted", "-2+3 Planted Road", "Planted " * 20)
REASON = "Weekly meeting of the team"


def planted(folder: Path) -> Path:
    """A file of identified people, recognisable wherever they turn up."""
    path = folder / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["nhs_number", "name", "date_of_birth", "contact", "lone_visit_warning", "imd_decile"])
        for place, number in enumerate(NUMBERS):
            writer.writerow([number, NAMES[place], "1940-03-09", CONTACTS[place], "Planted: dog", place + 1])
        writer.writerow(["9990000019", "Wrongcheck Planted", "1940-03-09", "", "", 9])
    return path


def files_with_planted(folder: Path, but: Iterable[Path] = ()) -> list[str]:
    """Every file below a folder in which a planted number or name stands, also inside workbooks and Parquet."""
    left_out = {path.resolve() for path in but}
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.resolve() not in left_out):
        text = "\n".join(part.decode("utf-8", "replace") for part in parts_of(path)).casefold()
        bare = text.replace(" ", "").replace("-", "")
        if any(word in text for word in TELLING) or any(number in bare for number in NUMBERS):
            found.append(path.relative_to(folder).as_posix())
    return found


def parts_of(path: Path) -> Iterable[bytes]:
    """The file, its name and what is packed inside it."""
    yield path.name.encode()
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name) for name in book.namelist())
    if path.suffix == ".parquet":
        yield str(pq.read_table(path).to_pydict()).encode()


def reference(place: int) -> str:
    return f"KIR-1116-{place:02d}-X"


def published(folder: Path, patients: Iterable[str], band: str = "85 and over", by: str = "workspace") -> Path:
    """The folder of a published week with one team's list of these patients, and another team's of somebody else."""
    rows = list(patients)
    listed = [
        replace(person, reference=reference(place), rank=place, age_band=band)
        for place, person in enumerate(people()[: len(rows)], start=1)
    ]
    team = team_list(people=tuple(listed), counts=TeamCounts(len(rows), len(rows), 0, 0), moves=(), swaps=(), routed={})
    week = folder / MONDAY
    facts = {"index_date": MONDAY, "model": "m", "version": 1, "teams": [{"code": "KIR", "team": "Kirkby"}]}
    seal = partial(audit.make_seal, folder.parent / by)
    weekly = WeeklyList(date.fromisoformat(MONDAY), 1, "m", 1, (team,))
    with publish(week, weekly, facts, do_unlogged, seal=seal) as part:
        known = zip((person.reference for person in listed), rows, strict=True)
        lines = [f'"{one}","{patient}",{MONDAY}\n' for one, patient in known]
        text = '"reference","patient_id","index_date"\n' + "".join(lines)
        (part / "kir" / "references.csv").write_text(text, encoding="utf-8")
    return week


def heading_of(sheet: Worksheet) -> int:
    """The row of the headings."""
    return next(cell.row for row in sheet.iter_rows() for cell in row if cell.value == "Reference")


def table_of(sheet: Worksheet) -> list[list[object]]:
    """The rows below the headings."""
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=heading_of(sheet) + 1)]


class Site:
    """An identity folder that knows the planted people, a published week of them, and a place for the team."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "install"
        self.team = folder / "team"
        self.team.mkdir()
        init(self.root, external=False)
        pseudonymise(self.root, planted(folder), folder / "rows.parquet", "nhs_number")
        key = identity.open_folder(self.root).key()
        self.week = published(folder / "copied", [key.pseudonym(number) for number in NUMBERS])
        self.publisher = (folder / "workspace" / "audit" / "publisher.pub").read_text("ascii").strip()
        self.copy = self.team / "kir.xlsx"

    def allow(self, text: str = "") -> None:
        """Write the user of this process in, and whatever else."""
        person = f'[[people]]\nuser = "{audit.system_user()}"\nrole = "coordinator"\n'
        keys = f'publishers = ["{self.publisher}"]\n'
        settings = keys + person + 'teams = ["KIR"]\npurposes = ["direct_care"]\n' + text
        (self.root / "identity.toml").write_text(settings, encoding="utf-8")

    def stand(self, until: str, user: str | None = None) -> None:
        """Write in a standing authorisation."""
        self.allow(
            f'[[standing]]\nname = "monday"\nuser = "{user or audit.system_user()}"\nrole = "coordinator"\n'
            f'team = "KIR"\npurpose = "direct_care"\nreason = "{REASON}"\ndestination = "{self.team.as_posix()}"\n'
            f'approved_by = "IG lead"\nvalid_until = {until}\n'
        )

    def asked(self, **other: object) -> Asked:
        """What a coordinator asks for, or something else."""
        given = {"team": "KIR", "purpose": "direct_care", "reason": REASON, "out": self.copy} | other
        return Asked(**given)  # type: ignore[arg-type]

    def named(self, **other: object) -> Worksheet:
        """The sheet of the copy after it was written."""
        self.allow()
        name(self.root, self.week, self.asked(**other))
        return openpyxl.load_workbook(self.copy)["List"]

    def actions(self) -> list[str]:
        return [line.action for line in audit.read(self.root)]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_the_named_copy_says_who_each_reference_is(site: Site) -> None:
    sheet = site.named()
    titles = [cell.value for cell in sheet[heading_of(sheet)]]
    assert titles[:3] == ["Name", "Reference", "Status checked"]
    rows = [dict(zip(titles, row, strict=True)) for row in table_of(sheet)]
    assert [row["Name"] for row in rows] == list(NAMES)
    first = [rows[0][title] for title in ("NHS number", "Date of birth", "Contact")]
    assert first == ["999 000 0018", "9 March 1940", CONTACTS[0]]
    assert [row["Reference"] for row in rows] == [reference(place) for place in (1, 2, 3, 4)]


def test_beside_who_people_are_the_named_copy_is_the_published_list(site: Site) -> None:
    copy = site.named()
    write_workbook(open_published(site.week).read_list().team("KIR"), site.folder / "kir.xlsx")
    original = openpyxl.load_workbook(site.folder / "kir.xlsx")["List"]
    assert heading_of(copy) == heading_of(original) == 1
    titles = [cell.value for cell in original[1]]
    named = [cell.value for cell in copy[1]]
    assert len(named) == len(titles) + 10
    kept = [[row[named.index(title)] for title in titles] for row in table_of(copy)]
    assert kept == table_of(original)


def test_what_the_team_fills_in_is_where_its_title_is(site: Site) -> None:
    sheet = site.named()
    heading = heading_of(sheet)
    titles = {cell.value: cell.column_letter for cell in sheet[heading]}
    rules = {str(rule.sqref): rule.type for rule in sheet.data_validations.dataValidation}
    place = titles["Outcome 1"]
    assert rules[f"{place}{heading + 1}:{place}{heading + 4}"] == "list"
    assert sheet.freeze_panes == f"C{heading + 1}"
    (table,) = sheet.tables.values()
    assert table.ref == f"A{heading}:{titles['List']}{heading + 4}"
    assert sheet.print_area == f"'List'!$A${heading}:${titles['Decided by']}${heading + 4}"
    book = openpyxl.load_workbook(site.copy)
    assert book.custom_doc_props["riskstrat_list"].value == f"KIR {MONDAY} edition 1"
    assert book.custom_doc_props["riskstrat_copy"].value == "named"


def test_the_named_copy_says_that_it_names_people_and_for_whom_it_was_made(site: Site) -> None:
    sheet = site.named()
    book = openpyxl.load_workbook(site.copy)
    assert str(book["Meeting"]["A1"].value).startswith("Named copy. Case-finding list: ")
    assert {NAMES[0] in str(list(book[title].values)) for title in ("Meeting", "List", "People")} == {True}
    assert "Names people" in sheet.oddFooter.center.text
    notes = [str(cell) for row in openpyxl.load_workbook(site.copy)["Notes and limits"].values for cell in row]
    assert f"Direct care. {REASON}" in notes
    assert "Names people: keep it where the team keeps patient records" in notes


def test_no_cell_of_a_named_copy_is_a_formula(site: Site) -> None:
    site.named()
    with zipfile.ZipFile(site.copy) as book:
        sheets = [book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/")]
    assert sum(sheet.count(b"<f>") for sheet in sheets) == 0
    sheet = openpyxl.load_workbook(site.copy)["List"]
    second = sheet.cell(heading_of(sheet) + 2, 1)
    assert (second.value, second.data_type, second.quotePrefix) == (NAMES[1], "s", True)


def test_the_same_list_and_store_give_the_same_bytes(site: Site) -> None:
    site.named()
    other = site.team / "again.xlsx"
    name(site.root, site.week, site.asked(out=other))
    assert other.read_bytes() == site.copy.read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
def test_the_named_copy_is_its_owners_alone(site: Site) -> None:
    site.named()
    assert stat.S_IMODE(site.copy.stat().st_mode) == 0o600
    assert list(site.team.iterdir()) == [site.copy]


def test_a_person_who_is_not_held_stands_there_with_those_words(site: Site) -> None:
    site.week = published(site.folder / "second", ["unknown"])
    site.allow()
    report = name(site.root, site.week, site.asked())
    assert table_of(openpyxl.load_workbook(site.copy)["List"])[0][0] == "not named: not held here"
    assert report.summary["not_held"] == 1


@pytest.mark.parametrize(
    ("band", "named"), [("85 and over", True), ("75 to 84", False), ("under 18", False), ("not recorded", True)]
)
def test_a_person_whose_date_of_birth_is_of_another_age_is_not_named_and_the_row_says_so(
    site: Site, band: str, named: bool
) -> None:
    key = identity.open_folder(site.root).key()
    site.week = published(site.folder / "second", [key.pseudonym(NUMBERS[0])], band)
    site.allow()
    report = name(site.root, site.week, site.asked())
    sheet = openpyxl.load_workbook(site.copy)["List"]
    titles = [cell.value for cell in sheet[heading_of(sheet)]]
    row = dict(zip(titles, table_of(sheet)[0], strict=True))
    words = "not named: the date of birth held does not agree with the age on the list"
    said = [row[title] or "" for title in ("Name", "NHS number", "Date of birth")]
    assert said == ([NAMES[0], "999 000 0018", "9 March 1940"] if named else [words, "", ""])
    assert report.summary["of_another_age"] == audit.read(site.root)[-1].details["of_another_age"] == (not named)
    assert report.summary["age_not_checked"] == (band == "not recorded")


@pytest.mark.parametrize(
    ("born", "band", "agrees"),
    [
        ("1941-11-16", "85 and over", True),
        ("1941-11-17", "75 to 84", True),
        # The list may know the month of birth alone.
        ("1941-11-17", "85 and over", True),
        ("1941-12-01", "85 and over", False),
        ("1951-11-30", "65 to 74", True),
        ("1951-11-30", "75 to 84", True),
        ("1951-10-31", "65 to 74", False),
        ("2008-11-16", "18 to 39", True),
        ("2008-12-16", "under 18", True),
        ("", "75 to 84", None),
        ("4 March 1941", "75 to 84", None),
        ("1941-03-04", "", None),
    ],
)
def test_a_date_of_birth_and_an_age_band_agree_at_the_date_of_the_list(
    born: str, band: str, agrees: bool | None
) -> None:
    assert is_of_age(born, band, date(2026, 11, 16)) is agrees


def test_a_list_of_nobody_is_copied_as_it_is(site: Site) -> None:
    site.week = published(site.folder / "second", [])
    site.allow()
    assert name(site.root, site.week, site.asked()).summary["references"] == 0


def test_each_naming_and_each_refusal_is_logged_without_saying_who(site: Site) -> None:
    with pytest.raises(IdentityError, match="is not written into"):
        name(site.root, site.week, site.asked())
    site.named()
    assert site.actions() == ["key made", "begun", "pseudonymised", "naming refused", "begun", "named"]
    line = audit.read(site.root)[-1]
    assert line.user == audit.system_user()
    assert (line.details["references"], line.details["purpose"], line.details["reason"]) == (4, "direct_care", REASON)
    assert verify(site.root).summary["whole"]


def test_a_copy_that_cannot_be_written_is_neither_logged_nor_left_in_part(site: Site) -> None:
    site.allow()
    with pytest.raises(StorageError):
        name(site.root, site.week, site.asked(out=site.folder / "nowhere" / "kir.xlsx"))
    assert "named" not in site.actions()


def test_a_log_that_is_not_whole_stops_the_naming_before_there_is_a_file(site: Site) -> None:
    site.allow()
    log = site.root / "audit" / "log.jsonl"
    log.write_bytes(log.read_bytes()[:-10])
    with pytest.raises(Exception, match="riskstrat audit verify"):
        name(site.root, site.week, site.asked())
    assert list(site.team.iterdir()) == []


def _withdrawn(site: Site) -> None:
    (site.week / "withdrawal.json").write_text("{}", encoding="utf-8")


def _changed(site: Site) -> None:
    with (site.week / "kir" / "references.csv").open("a", encoding="utf-8") as file:
        file.write('"KIR-1116-05-X","somebody",2026-11-16\n')


def _there_already(site: Site) -> None:
    site.copy.write_bytes(b"what the team wrote")


def _in_a_workspace(site: Site) -> None:
    (site.team / "riskstrat.toml").touch()


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (_withdrawn, "was withdrawn"),
        (_changed, "changed after publication"),
        (_there_already, "may hold what the team wrote"),
        (_in_a_workspace, "inside an analytics workspace"),
    ],
)
def test_what_must_not_be_named_is_refused_and_logged(site: Site, spoil: Callable[[Site], None], match: str) -> None:
    site.allow()
    spoil(site)
    before = site.copy.read_bytes() if site.copy.exists() else None
    with pytest.raises(IdentityError, match=match):
        name(site.root, site.week, site.asked())
    assert site.actions()[-1] == "naming refused"
    assert (site.copy.read_bytes() if site.copy.exists() else None) == before


@pytest.mark.parametrize(
    "said",
    [
        NAMES[0].upper(),
        "Quillfeather",
        "mrs zebedee",
        "Quill\u200dfeather",
        "quíllfeather's daughter",
        "kir_Quillfeather_week",
        f"{NUMBERS[1][:3]} {NUMBERS[1][3:6]} {NUMBERS[1][6:]}",
        f"{NUMBERS[1][:5]}\u200d/{NUMBERS[1][5:]}",
        "0151 443 1234",
    ],
)
def test_a_reason_or_a_file_name_that_says_who_is_refused_and_stands_in_no_log(site: Site, said: str) -> None:
    site.allow()
    with pytest.raises(IdentityError, match="may not say who"):
        name(site.root, site.week, site.asked(reason=f"To talk about {said}"))
    with pytest.raises(IdentityError, match="may not say who"):
        name(site.root, site.week, site.asked(out=site.team / f"{said.replace('/', '.')}.xlsx"))
    assert files_with_planted(site.root) == []
    assert not [line for line in audit.read(site.root) if said.casefold() in str(line.details).casefold()]


def test_the_name_of_somebody_who_is_held_and_not_listed_is_no_reason_either(site: Site) -> None:
    site.week = published(site.folder / "second", [identity.open_folder(site.root).key().pseudonym(NUMBERS[1])])
    site.allow()
    with pytest.raises(IdentityError, match="may not say who"):
        name(site.root, site.week, site.asked(reason="Meeting about Xanthippe today"))


# ---- Only what the workspace published


def _forge(week: Path, name: str, content: bytes) -> None:
    """Change a file of a list and the digest that its manifest has of it."""
    (week / name).write_bytes(content)
    manifest = json.loads((week / "manifest.json").read_text("utf-8"))
    manifest["files"][name] = compute_digest(content)
    (week / "manifest.json").write_text(format_json(manifest), encoding="utf-8")


def _swap_people(site: Site) -> None:
    """Two references with each other's people."""
    path = site.week / "kir" / "references.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    first, second = (line.split(",") for line in lines[1:3])
    first[1], second[1] = second[1], first[1]
    _forge(site.week, "kir/references.csv", "".join([lines[0], ",".join(first), ",".join(second), *lines[3:]]).encode())


def _add_a_person(site: Site) -> None:
    """A list of our own making, of whoever is held."""
    key = identity.open_folder(site.root).key()
    site.week = published(site.folder / "forged", [key.pseudonym(NUMBERS[3])], by="elsewhere")


def _take_the_seal_off(site: Site) -> None:
    manifest = json.loads((site.week / "manifest.json").read_text("utf-8"))
    del manifest["seal"]
    (site.week / "manifest.json").write_text(format_json(manifest), encoding="utf-8")


def _borrow_a_seal(site: Site) -> None:
    """The seal of the published list on another."""
    seal = json.loads((site.week / "manifest.json").read_text("utf-8"))["seal"]
    _add_a_person(site)
    manifest = json.loads((site.week / "manifest.json").read_text("utf-8")) | {"seal": seal}
    (site.week / "manifest.json").write_text(format_json(manifest), encoding="utf-8")


def _spoil_the_seal(site: Site) -> None:
    manifest = json.loads((site.week / "manifest.json").read_text("utf-8"))
    manifest["seal"] = {"key": manifest["seal"]["key"], "signature": ["x"]}
    (site.week / "manifest.json").write_text(format_json(manifest), encoding="utf-8")


@pytest.mark.parametrize("forge", [_swap_people, _add_a_person, _take_the_seal_off, _borrow_a_seal, _spoil_the_seal])
def test_a_list_that_fits_itself_but_was_not_published_names_nobody(site: Site, forge: Callable[[Site], None]) -> None:
    site.allow()
    forge(site)
    with pytest.raises(IdentityError, match="not known to be published"):
        name(site.root, site.week, site.asked())
    assert site.actions()[-1] == "naming refused"
    assert list(site.team.iterdir()) == []


def test_without_a_publisher_written_in_nobody_is_named(site: Site) -> None:
    site.allow()
    settings = site.root / "identity.toml"
    settings.write_text(settings.read_text("utf-8").partition("\n")[2], encoding="utf-8")
    with pytest.raises(IdentityError, match=r"write audit/publisher\.pub of the workspace in"):
        name(site.root, site.week, site.asked())


def test_the_key_of_a_workspace_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    first, again = (audit.make_seal(tmp_path, b"list") for _ in range(2))
    assert first == again
    assert audit.is_sealed_by([first["key"]], b"list", first)
    assert not audit.is_sealed_by([first["key"]], b"lists", first)
    assert not audit.is_sealed_by([], b"list", first)
    secret = tmp_path / "audit" / "publisher.key"
    assert os.name != "posix" or stat.S_IMODE(secret.stat().st_mode) == 0o600
    secret.write_text("lost", encoding="ascii")
    with pytest.raises(AuditError, match="is not a key"):
        audit.make_seal(tmp_path, b"list")


def test_a_standing_authorisation_names_the_latest_week_and_leaves_a_filled_in_copy_alone(site: Site) -> None:
    site.stand("2999-12-31")
    asked = Asked(standing="monday")
    written = name(site.root, site.week.parent, asked)
    copy = site.team / f"kir-{MONDAY}-named.xlsx"
    assert written.summary["out"] == str(copy.resolve())
    assert audit.read(site.root)[-1].details["approved_by"] == "IG lead"
    copy.write_bytes(b"filled in")
    assert "left as it is" in name(site.root, site.week.parent, asked).summary["status"]
    assert copy.read_bytes() == b"filled in"


def test_a_standing_authorisation_names_a_list_that_was_published_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy that stands is of a list that was withdrawn, and may be of other people."""
    site.stand("2999-12-31")
    name(site.root, site.week.parent, Asked(standing="monday"))
    monkeypatch.setattr("riskstrat.publication.PublishedList.edition", 2)
    again = name(site.root, site.week.parent, Asked(standing="monday"))
    assert again.summary["status"] == "written"
    assert Path(str(again.summary["out"])).name == f"kir-{MONDAY}-edition-2-named.xlsx"
    assert (site.team / f"kir-{MONDAY}-named.xlsx").exists()


@pytest.mark.parametrize(
    ("until", "user", "standing", "match"),
    [
        ("2020-01-01", None, "monday", "ended on 2020-01-01"),
        ("2999-12-31", "another", "monday", "another account"),
        ("2999-12-31", None, "tuesday", "none has that name"),
    ],
)
def test_a_standing_authorisation_that_does_not_hold_is_refused_and_logged(
    site: Site, until: str, user: str | None, standing: str, match: str
) -> None:
    site.stand(until, user)
    with pytest.raises(IdentityError, match=match):
        name(site.root, site.week, Asked(standing=standing))
    assert site.actions()[-1] == "naming refused"
    assert list(site.team.iterdir()) == []


def test_a_site_without_identities_gives_references_and_pseudonyms_to_the_practice(site: Site) -> None:
    init(site.folder / "external", external=True)
    site.root = site.folder / "external"
    site.allow("\n")
    settings = (site.root / "identity.toml").read_text(encoding="utf-8")
    (site.root / "identity.toml").write_text('mode = "external"\n' + settings, encoding="utf-8")
    out = site.team / "kir.csv"
    name(site.root, site.week, site.asked(out=out))
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert [row["reference"] for row in rows] == [reference(place) for place in (1, 2, 3, 4)]
    assert set(rows[0]) == {"reference", "patient_id"}


def test_no_number_and_no_name_stands_anywhere_but_in_the_named_copy(site: Site, verb: Verb) -> None:
    """Through the command line, so that what it prints is looked at too."""
    site.allow()
    rows, copy = site.folder / "rows.csv", site.team / "kir.xlsx"
    told = [
        verb("identity", "pseudonymise", site.folder / "people.csv", "--out", rows, "-i", site.root),
        verb("identity", "name", site.week, "--team", "KIR", "--purpose", "direct_care", "--reason", REASON, "--out",
             copy, "-i", site.root, "--json"),
        verb("identity", "name", site.week, "--team", "KIR", "--purpose", "direct_care", "--reason", NAMES[0], "--out",
             site.team / "b.xlsx", "-i", site.root),
        verb("audit", "verify", "-w", site.root),
    ]  # fmt: skip
    assert [done.returncode for done in told] == [0, 0, 14, 0]
    said = site.folder / "said.txt"
    said.write_text("".join(done.stdout + done.stderr for done in told), encoding="utf-8")
    assert files_with_planted(site.folder, but=[site.folder / "people.csv", copy]) == []
    assert files_with_planted(site.folder) == ["people.csv", "team/kir.xlsx"]


def test_each_verb_of_the_install_speaks_json_and_ends_with_its_code(tmp_path: Path, verb: Verb) -> None:
    made = verb("identity", "init", tmp_path / "install", "--json")
    assert json.loads(made.stdout)["mode"] == "nhs_number"
    assert json.loads(verb("identity", "page", "--out", tmp_path / "page.html", "--json").stdout)["out"]
    refused = verb("identity", "name", tmp_path, "-i", tmp_path / "install")
    assert (refused.returncode, len(refused.stderr.splitlines()), refused.stdout) == (14, 1, "")
    log = tmp_path / "install" / "audit" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"naming refused"', b'"named"'))
    broken = verb("audit", "verify", "-w", tmp_path / "install")
    assert (broken.returncode, len(broken.stderr.splitlines()), broken.stdout) == (13, 1, "")
    assert "line 2 was changed" in broken.stderr


def test_today_is_a_date_and_only_the_log_asks_the_clock() -> None:
    engine = Path(audit.__file__).parents[1]
    asking = ("datetime.now", "date.today", "time.time(", "utcnow")
    found = [
        p.relative_to(engine).as_posix() for p in engine.rglob("*.py") if any(a in p.read_text("utf-8") for a in asking)
    ]
    assert isinstance(audit.today(), date)
    assert found == ["audit/clock.py"]
