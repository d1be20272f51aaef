"""Every document that names people: who is named on it, who never is, and what of others never stands there."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskstrat import audit, documents, identity
from riskstrat.documents import build_people, find_browser
from riskstrat.errors import IdentityError
from riskstrat.identity.restrictions import NOT_RESTRICTED, RESTRICTED_COLUMNS, is_restricted
from riskstrat.naming import copies
from riskstrat.publication import open_published
from riskstrat.verbs.audit_verify import verify
from riskstrat.verbs.identity_init import init
from riskstrat.verbs.identity_name import Asked, name
from riskstrat.verbs.identity_pseudonymise import pseudonymise
from tests.browser.reading_back import Reader
from tests.functional.test_identity_naming import MONDAY, NUMBERS, REASON, published, reference

HELD = {"contact": "7 Orchard Lane, 0151 496 0999", "contact_safely": "By letter, mornings; never through the son"}
NAMES = ("Ottoline Threlkeld", "<b>Zebedee</b> Quill", "Xanthippe Vane", "عائشة المزروعة")
COLUMNS = ("nhs_number", "name", "date_of_birth", *HELD)
printing = pytest.mark.skipif(find_browser() is None, reason="no Edge, Chrome or Chromium on this machine")


class Install:
    """An identity folder that knows four people, with whatever else a file says of them, and a week that lists them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root, self.team = folder, folder / "install", folder / "team"
        self.team.mkdir()
        init(self.root, external=False)
        key = identity.open_folder(self.root).key()
        self.week = published(folder / "copied", [*map(key.pseudonym, NUMBERS), "unknown"])
        self.publisher = (folder / "workspace" / "audit" / "publisher.pub").read_text("ascii").strip()

    def learn(self, *more: Iterable[str], born: str = "1940-03-09", times: int = 1) -> None:
        """Give the store the four people, with further columns: the heading, then a value for each person."""
        path = self.folder / "people.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            headings, *rows = zip(*more, strict=True) if more else [(), *[()] * 4]
            writer.writerow([*COLUMNS, *headings])
            for place, number in enumerate(NUMBERS * times):
                person = place % len(NUMBERS)
                writer.writerow([number, NAMES[person], born, *HELD.values(), *rows[place]])
        pseudonymise(self.root, path, self.folder / "rows.parquet", "nhs_number")

    def allow(self, standing: str = "") -> None:
        """Write the user of this process in, and whatever else."""
        person = f'[[people]]\nuser = "{audit.system_user()}"\nrole = "coordinator"\n'
        text = person + 'teams = ["KIR"]\npurposes = ["direct_care"]\n' + standing
        keys = f'publishers = ["{self.publisher}"]\n'
        (self.root / "identity.toml").write_text(keys + text, encoding="utf-8")

    def make(self, file: str) -> Path:
        """A document of that name."""
        self.allow()
        out = self.team / file
        name(self.root, self.week, Asked("KIR", "direct_care", REASON, out))
        return out

    def read_pages(self, file: str = "kir.html") -> str:
        return Reader(self.make(file).read_text(encoding="utf-8")).words()

    def read_workbook(self, file: str = "kir.xlsx") -> str:
        """Every cell of every sheet."""
        book = openpyxl.load_workbook(self.make(file))
        return "\n".join(str(cell) for sheet in book for row in sheet.values for cell in row if cell is not None)


@pytest.fixture
def install(tmp_path: Path) -> Install:
    return Install(tmp_path)


def test_each_persons_page_says_in_its_head_who_it_is_about(install: Install) -> None:
    install.learn()
    pages = install.read_pages()
    heads = pages.split("Rank ")
    assert f"{reference(1)} , {NAMES[0]} NHS number: 999 000 0018 Date of birth: 9 March 1940 Contact: " in heads[0]
    assert all(text in heads[0] for text in HELD.values())
    assert [NAMES[place] in heads[place] for place in range(4)] == [True] * 4
    assert f"{reference(5)} , not named: not held here" in heads[4]
    assert "Named copy. One page for each person" in pages
    assert pages.count("Names people: keep it where the team keeps patient records.") == 6
    assert f"Direct care. {REASON}" in pages


def test_without_the_names_the_pages_are_those_of_the_published_list(install: Install) -> None:
    install.learn()
    team = open_published(install.week).read_list().team("KIR")
    plain = Reader(build_people(team).decode()).words()
    named = install.read_pages()
    assert [part in named for part in plain.split(" Rank ")[1].split(reference(2))[:1]] == [True]
    assert not any(word in plain for word in ("Named copy", "NHS number", "Made for"))


def test_what_a_store_says_is_text_on_a_page(install: Install) -> None:
    install.learn()
    html = install.make("kir.html").read_text(encoding="utf-8")
    assert "<b>Zebedee" not in html
    assert "&lt;b&gt;Zebedee" in html


@printing
def test_the_pages_as_pdf_take_a_sheet_each_and_leave_nothing_behind(install: Install) -> None:
    install.learn()
    before = sorted(path.name for path in install.root.iterdir())
    content = install.make("kir.pdf").read_bytes()
    assert content.count(b"/MediaBox [0 0 594.95996 841.91998]") == 5
    assert sorted(path.name for path in install.root.iterdir()) == before
    assert install.make("again.pdf").read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
def test_each_named_document_is_its_owners_alone_and_stands_in_the_log(install: Install) -> None:
    install.learn()
    files = [install.make(file) for file in ("kir.xlsx", "kir.html")]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    logged = [line.details["file"] for line in audit.read(install.root) if line.action == "named"]
    assert logged == ["kir.xlsx", "kir.html"]
    assert verify(install.root).summary["whole"]


def test_a_machine_that_prints_nothing_says_what_to_do_and_the_refusal_is_logged(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install.learn()
    monkeypatch.setattr(documents.pdf, "find_browser", lambda: None)
    with pytest.raises(IdentityError, match=r"give a file that ends in \.html"):
        install.make("kir.pdf")
    assert audit.read(install.root)[-1].action == "naming refused"
    assert list(install.team.iterdir()) == []


@pytest.mark.parametrize("file", ["kir.docx", "kir.csv", "kir"])
def test_a_document_of_another_ending_is_refused(install: Install, file: str) -> None:
    with pytest.raises(IdentityError, match=r"must end in \.xlsx or \.html or \.pdf"):
        install.make(file)


@pytest.mark.parametrize(
    ("document", "file"), [("workbook", f"kir-{MONDAY}-named.xlsx"), ("pages", f"kir-{MONDAY}-named-people.html")]
)
def test_a_standing_authorisation_says_which_document_it_makes(install: Install, document: str, file: str) -> None:
    install.learn()
    install.allow(
        f'[[standing]]\nname = "monday"\nuser = "{audit.system_user()}"\nrole = "coordinator"\nteam = "KIR"\n'
        f'purpose = "direct_care"\nreason = "{REASON}"\ndestination = "{install.team.as_posix()}"\n'
        f'approved_by = "IG lead"\nvalid_until = 2999-12-31\ndocument = "{document}"\n'
    )
    name(install.root, install.week, Asked(standing="monday"))
    assert [path.name for path in install.team.iterdir()] == [file]
    assert "left as it is" in name(install.root, install.week, Asked(standing="monday")).summary["status"]


@pytest.mark.parametrize("read", [Install.read_pages, Install.read_workbook])
@pytest.mark.parametrize("said", ["yes", "R", "1", "TRUE", "see notes", "No longer sure", "2027-01-01", "-", "no?"])
def test_somebody_restricted_is_neither_named_nor_contacted_in_any_document(
    install: Install, read: object, said: str
) -> None:
    install.learn(["restricted", said, "no", "", "unrestricted"])
    text = read(install)  # type: ignore[operator]
    assert "restricted: do not contact, ask the practice or the IG lead" in text
    assert [NAMES[place] in text for place in range(4)] == [False, True, True, True]
    assert not any(part in text for part in ("999 000 0018", "9990000018"))
    assert text.count(HELD["contact"]) == 3
    assert audit.read(install.root)[-1].details["restricted"] == 1


def test_of_all_who_are_restricted_nothing_held_stands_in_any_document(install: Install) -> None:
    install.learn(["confidentiality_code", *"RVRV"], ["key_worker", *["Nurse Hale"] * 4])
    for text in (install.read_pages(), install.read_workbook()):
        held = [*NAMES, *HELD.values(), "Nurse Hale", "9 March 1940"]
        assert [one for one in held if one in text] == []


@pytest.mark.parametrize("rows", [("yes", "no"), ("no", "yes")])
def test_somebody_restricted_in_one_row_of_a_file_is_restricted(install: Install, rows: tuple[str, str]) -> None:
    install.learn(["restricted", *[rows[0]] * 4, *[rows[1]] * 4], times=2)
    assert NAMES[0] not in install.read_pages()


def test_a_restriction_stays_until_a_file_says_that_it_has_ended(install: Install) -> None:
    install.learn(["restricted", *["yes"] * 4])
    install.learn()
    install.learn(["restricted", *[""] * 4])
    assert NAMES[0] not in install.read_pages("one.html")
    install.learn(["restricted", *["No"] * 4])
    assert NAMES[0] in install.read_pages("two.html")


@pytest.mark.parametrize("heading", ["Restricted?", "is restricted", "restriction", "S-flag restricted"])
def test_a_column_on_restriction_that_nobody_reads_stops_the_file(install: Install, heading: str) -> None:
    with pytest.raises(IdentityError, match="name it restricted, with yes or no"):
        install.learn([heading, *["yes"] * 4])


def test_somebody_of_another_age_who_is_restricted_is_counted_as_restricted(install: Install) -> None:
    install.learn(["restricted", "yes", *["no"] * 3], born="1990-01-01")
    install.allow()
    made = name(install.root, install.week, Asked("KIR", "direct_care", REASON, install.team / "kir.html"))
    assert (made.summary["restricted"], made.summary["of_another_age"], made.summary["not_held"]) == (1, 3, 1)


OTHERS = (
    *("next_of_kin", "next_of_kin_phone", "emergency_contact", "carer_name", "carer_phone", "mother_name", "household"),
    *("partner", "lives_with", "power_of_attorney", "safeguarding_other", "keyholder", "notes"),
)


def test_what_is_held_of_others_is_on_no_named_document(install: Install) -> None:
    facts = {place: f"Thirdparty{place}" for place, _ in enumerate(OTHERS)}
    more = [[heading, *[facts[place]] * 4] for place, heading in enumerate(OTHERS)]
    install.learn(*more)
    store = identity.open_folder(install.root).identities()
    told = [install.read_pages(), install.read_workbook(), str(store.people)]
    assert [fact for text in told for fact in facts.values() if fact in text] == []


@given(said=st.text(min_size=1).filter(lambda text: text.strip()))
@settings(suppress_health_check=[HealthCheck.differing_executors])
def test_only_the_words_for_no_say_that_somebody_is_not_restricted(said: str) -> None:
    words = {" ".join(part.casefold().replace("_", " ").replace("-", " ").split()) for part in said.split(",")}
    assert is_restricted({"restricted": said}) is not words.issubset(NOT_RESTRICTED)


@given(said=st.sampled_from(sorted(NOT_RESTRICTED)), other=st.text(alphabet="abcdefgyz1R", min_size=1, max_size=4))
def test_two_columns_that_disagree_are_a_restriction(said: str, other: str) -> None:
    assert not is_restricted({"restricted": f"{said}, {said.upper()}"})
    assert is_restricted({"restricted": f"{said}, {other}"}) is (other.casefold() not in NOT_RESTRICTED)


def test_what_says_restricted_is_no_column_of_a_named_copy() -> None:
    assert set(RESTRICTED_COLUMNS).isdisjoint(identity.IDENTIFIERS)
    assert set(copies.ENDINGS) == {"workbook", "pages", "pdf"}
