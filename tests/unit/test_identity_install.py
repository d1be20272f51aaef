"""The identity install: numbers, key, store, pseudonyms, crosswalk, and who may name."""

from __future__ import annotations

import csv
import hashlib
import hmac
import os
import stat
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat import audit, identity
from riskstrat.errors import IdentityError, StorageError
from riskstrat.identity import IdentityFolder
from riskstrat.identity.authority import IdentitySettings
from riskstrat.identity.key import SiteKey
from riskstrat.identity.nhs_numbers import EMPTY, PLACEHOLDER, WRONG_CHECK, WRONG_LENGTH, usable

ANN, BEN = "9990000018", "9990000026"
TODAY = date(2026, 11, 16)
PEOPLE = f"""nhs_number,name,date_of_birth,contact,Named GP,imd_decile,score
{ANN},Ann Testpatient,1940-03-09,1 High Street,Dr Patel,7,high
999 000 0026,"Ben ""Bo"" O'Test",1951-12-31,,Dr Patel,8,high
9990000019,Cy Wrongcheck,1951-12-31,,Dr Patel,9,high
"""


@pytest.fixture
def folder(tmp_path: Path) -> IdentityFolder:
    return identity.init(tmp_path / "identity", "nhs_number", user="ann")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(encoding="utf-8")))


def secret_of(folder: IdentityFolder) -> bytes:
    return bytes.fromhex((folder.root / "site.key").read_text(encoding="ascii").strip())


# ---- Numbers


@pytest.mark.parametrize("written", [ANN, "999 000 0018", " 9990000018\n", 9990000018, 9990000018.0, "٩٩٩٠٠٠٠٠١٨"])
def test_a_number_is_read_as_people_and_systems_write_it(written: object) -> None:
    assert usable(written) == (ANN, None)


@pytest.mark.parametrize("written", [str(digit) * 10 for digit in range(10)] + ["9876543210", "111 111 1111"])
def test_numbers_that_stand_for_nobody_are_refused(written: str) -> None:
    assert usable(written) == (None, PLACEHOLDER)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", EMPTY),
        (None, EMPTY),
        (float("nan"), EMPTY),
        (" - ", EMPTY),
        ("9990000019", WRONG_CHECK),
        ("999000001", WRONG_LENGTH),
        ("99900000181", WRONG_LENGTH),
        ("ward 9990000018", WRONG_LENGTH),
        (999000001.8, WRONG_LENGTH),
        ("999000001B", WRONG_LENGTH),
    ],
)
def test_an_unusable_number_has_a_reason(written: object, why: str) -> None:
    assert usable(written) == (None, why)


# ---- The folder


def test_a_new_folder_lets_nobody_name_anybody(folder: IdentityFolder) -> None:
    assert folder.settings == IdentitySettings()
    assert folder.identities().people == {}
    assert [(line.action, line.user) for line in audit.read(folder.root)] == [("key made", "ann")]


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
def test_key_store_and_settings_are_their_owners_alone(folder: IdentityFolder) -> None:
    for name in ("site.key", "identities.store", "identity.toml"):
        assert stat.S_IMODE((folder.root / name).stat().st_mode) == 0o600, name


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_not_used(folder: IdentityFolder, mode: int) -> None:
    (folder.root / "site.key").chmod(mode)
    with pytest.raises(IdentityError, match="can be read by others"):
        folder.key()


def test_two_folders_have_two_keys_of_256_bits(folder: IdentityFolder, tmp_path: Path) -> None:
    other = identity.init(tmp_path / "other", "nhs_number", user="ann")
    assert len(secret_of(folder)) == len(secret_of(other)) == 32
    assert secret_of(folder) != secret_of(other)


def test_a_store_does_not_open_with_another_key_or_after_a_change(folder: IdentityFolder) -> None:
    store = folder.root / "identities.store"
    sealed = store.read_bytes()
    with pytest.raises(IdentityError, match="does not open"):
        SiteKey(b"x" * 32).opened(sealed)
    store.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(IdentityError, match="does not open"):
        folder.identities()


@pytest.mark.parametrize("written", ["", "abc", "g" * 64, "a" * 63])
def test_what_is_not_a_key_is_refused(folder: IdentityFolder, written: str) -> None:
    (folder.root / "site.key").write_text(written, encoding="ascii")
    with pytest.raises(IdentityError, match="not a key"):
        folder.key()


def test_nothing_is_written_over(folder: IdentityFolder) -> None:
    before = {path: path.read_bytes() for path in folder.root.rglob("*") if path.is_file()}
    with pytest.raises(StorageError, match="not an empty folder"):
        identity.init(folder.root, "nhs_number")
    assert {path: path.read_bytes() for path in folder.root.rglob("*") if path.is_file()} == before


def test_an_empty_folder_may_become_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert identity.init(tmp_path / "empty", "external", user="ann").external


@pytest.mark.parametrize(
    ("workspace", "install", "where"),
    [("a", "a", "in an"), ("a", "a/b", "inside an"), ("a", "a/b/c", "inside an"), ("a/b", "a", "around an")],
)
def test_an_install_with_a_workspace_is_refused(tmp_path: Path, workspace: str, install: str, where: str) -> None:
    (tmp_path / workspace).mkdir(parents=True)
    (tmp_path / workspace / "riskstrat.toml").touch()
    with pytest.raises(IdentityError, match=where):
        identity.init(tmp_path / install, "nhs_number")
    assert list(tmp_path.rglob("site.key")) == []


def test_a_workspace_that_comes_later_closes_the_folder(folder: IdentityFolder) -> None:
    (folder.root / "riskstrat.toml").touch()
    with pytest.raises(IdentityError, match="may not stand in an analytics workspace"):
        identity.open_folder(folder.root)


def test_a_misspelt_key_of_the_settings_is_said(folder: IdentityFolder) -> None:
    (folder.root / "identity.toml").write_text("[[persons]]\n", encoding="utf-8")
    with pytest.raises(IdentityError, match=r'unknown key "persons"'):
        identity.open_folder(folder.root)


# ---- Pseudonyms


def test_a_file_goes_out_under_pseudonyms_without_identifiers(folder: IdentityFolder, people: Path) -> None:
    out = people.with_name("out.csv")
    done = identity.pseudonymise(folder, people, out, user="ann")
    expected = [hmac.new(secret_of(folder), number.encode(), hashlib.sha256).hexdigest() for number in (ANN, BEN)]
    assert rows_of(out) == [
        {"patient_id": expected[0], "imd_decile": "7"},
        {"patient_id": expected[1], "imd_decile": "8"},
    ]
    assert (done.rows, done.written, done.people, done.new_or_changed) == (3, 2, 2, 2)
    assert done.kept == ("name", "date_of_birth", "contact", "Named GP")
    assert (done.leaving.left_behind, done.leaving.emptied) == (("score",), {})
    assert folder.identities().people[expected[0]] == {
        "nhs_number": ANN,
        "name": "Ann Testpatient",
        "date_of_birth": "1940-03-09",
        "contact": "1 High Street",
        "named_gp": "Dr Patel",
    }


def test_rows_without_a_usable_number_are_numbered_and_not_quoted(folder: IdentityFolder, people: Path) -> None:
    done = identity.pseudonymise(folder, people, people.with_name("out.csv"), user="ann")
    assert done.quarantined == {WRONG_CHECK: 1}
    assert rows_of(done.quarantine) == [{"row": "3", "reason": WRONG_CHECK}]


def test_the_same_file_gives_the_same_bytes_and_nothing_new(folder: IdentityFolder, people: Path) -> None:
    for name in ("out.csv", "out.parquet"):
        out = people.with_name(name)
        identity.pseudonymise(folder, people, out, user="ann")
        before, store = out.read_bytes(), (folder.root / "identities.store").read_bytes()
        again = identity.pseudonymise(folder, people, out, user="ann")
        assert out.read_bytes() == before
        assert again.new_or_changed == 0
        assert (folder.root / "identities.store").read_bytes() == store


def test_parquet_keeps_the_types_of_what_stays(folder: IdentityFolder, tmp_path: Path) -> None:
    table = pa.table({"n": [int(ANN), None], "measured_on": pa.array([TODAY, TODAY]), "value": [1.5, None]})
    pq.write_table(table, tmp_path / "measurements.parquet")
    done = identity.pseudonymise(folder, tmp_path / "measurements.parquet", tmp_path / "out.parquet", "n", user="ann")
    read = pq.read_table(tmp_path / "out.parquet")
    assert [(field.name, str(field.type)) for field in read.schema] == [
        ("patient_id", "string"),
        ("measured_on", "date32[day]"),
        ("value", "double"),
    ]
    assert (read.num_rows, done.quarantined) == (1, {EMPTY: 1})


def test_the_month_of_birth_goes_out_only_when_asked_and_never_the_day(folder: IdentityFolder, people: Path) -> None:
    out = people.with_name("out.csv")
    identity.pseudonymise(folder, people, out, birth_month=True, user="ann")
    assert [row["date_of_birth"] for row in rows_of(out)] == ["1940-03-01", "1951-12-01"]


def test_names_in_parts_are_put_together(folder: IdentityFolder, tmp_path: Path) -> None:
    source = tmp_path / "people.csv"
    source.write_text(f"NHS Number,Forename,Surname,Postcode,Mobile\n{ANN},Ann,Testpatient,L32 8RQ,07700900123\n")
    identity.pseudonymise(folder, source, tmp_path / "out.csv", "NHS Number", user="ann")
    (person,) = folder.identities().people.values()
    assert person == {"nhs_number": ANN, "name": "Ann Testpatient", "contact": "L32 8RQ, 07700900123"}
    assert list(rows_of(tmp_path / "out.csv")[0]) == ["patient_id"]


def test_a_later_file_adds_to_what_is_kept_and_takes_nothing_away(folder: IdentityFolder, tmp_path: Path) -> None:
    for text in (f"nhs_number,name,contact\n{ANN},Ann Test,here\n", f"nhs_number,name,contact\n{ANN},Ann Wed,\n"):
        (tmp_path / "people.csv").write_text(text, encoding="utf-8")
        identity.pseudonymise(folder, tmp_path / "people.csv", tmp_path / "out.csv", user="ann")
    (person,) = folder.identities().people.values()
    assert person == {"nhs_number": ANN, "name": "Ann Wed", "contact": "here"}


def test_two_names_of_one_number_are_counted_and_the_last_is_kept(folder: IdentityFolder, tmp_path: Path) -> None:
    text = f"nhs_number,name\n{ANN},Ann Test\n{ANN},ann  test\n{BEN},Ben Test\n{BEN},Bob Other\n"
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    done = identity.pseudonymise(folder, tmp_path / "people.csv", tmp_path / "out.csv", user="ann")
    again = identity.pseudonymise(folder, tmp_path / "people.csv", tmp_path / "out.csv", user="ann")
    assert (done.two_names, again.new_or_changed) == (1, 0)
    assert folder.identities().people[folder.key().pseudonym(BEN)]["name"] == "Bob Other"


def test_a_row_whose_cells_have_slipped_is_left_out(folder: IdentityFolder, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(
        f"nhs_number,name,imd_decile\n{ANN},Test, Ann,7\n{BEN},Ben Test,8\n", encoding="utf-8"
    )
    done = identity.pseudonymise(folder, tmp_path / "people.csv", tmp_path / "out.csv", user="ann")
    assert [row["imd_decile"] for row in rows_of(tmp_path / "out.csv")] == ["8"]
    assert rows_of(done.quarantine)[0]["row"] == "1"


@pytest.mark.parametrize(
    ("text", "out", "match"),
    [
        ("name\nAnn\n", "out.csv", 'no column "nhs_number"'),
        ("nhs_number,patient_id\n1,2\n", "out.csv", "has a column patient_id already"),
        ("nhs_number,a,A\n1,2,3\n", "out.csv", "heading of its own"),
        ("", "out.csv", "is empty"),
        ("nhs_number\n1\n", "out.xlsx", "must be .csv or .parquet"),
        ("nhs_number\n1\n", "people.csv", "not written over"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    folder: IdentityFolder, tmp_path: Path, text: str, out: str, match: str
) -> None:
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    with pytest.raises(IdentityError, match=match):
        identity.pseudonymise(folder, tmp_path / "people.csv", tmp_path / out)
    assert (tmp_path / "people.csv").read_text(encoding="utf-8") == text


def test_a_site_that_holds_no_identities_pseudonymises_nothing(tmp_path: Path, people: Path) -> None:
    folder = identity.init(tmp_path / "external", "external", user="ann")
    with pytest.raises(IdentityError, match="holds no identities"):
        identity.pseudonymise(folder, people, people.with_name("out.csv"))


# ---- The crosswalk


def test_rows_of_another_source_come_under_this_sites_pseudonym(folder: IdentityFolder, tmp_path: Path) -> None:
    (tmp_path / "walk.csv").write_text(f"source,pseudonym,nhs_number\ncare,C1,{ANN}\ncare,C2,123\n", encoding="utf-8")
    (tmp_path / "social_care.csv").write_text("patient_id,service\nC1,telecare\nC9,telecare\n", encoding="utf-8")
    kept = identity.add_crosswalk(folder, tmp_path / "walk.csv", user="ann")
    done = identity.translate(folder, tmp_path / "social_care.csv", "care", tmp_path / "out.csv", user="ann")
    assert (kept.used, kept.quarantined) == (1, {WRONG_LENGTH: 1})
    assert rows_of(tmp_path / "out.csv") == [{"patient_id": folder.key().pseudonym(ANN), "service": "telecare"}]
    assert (done.used, sum(done.quarantined.values())) == (1, 1)


def test_a_pseudonym_of_two_people_is_left_out_and_the_first_stays(folder: IdentityFolder, tmp_path: Path) -> None:
    (tmp_path / "walk.csv").write_text("source,pseudonym,patient_id\ncare,C1,a1\ncare,C1,b1\n", encoding="utf-8")
    done = identity.add_crosswalk(folder, tmp_path / "walk.csv", user="ann")
    assert done.quarantined == {"the pseudonym stands for another person already": 1}
    assert folder.identities().crosswalk == {"care": {"C1": "a1"}}


def test_an_unknown_source_and_a_file_with_names_are_refused(folder: IdentityFolder, tmp_path: Path) -> None:
    (tmp_path / "social_care.csv").write_text("patient_id,surname\nC1,Test\n", encoding="utf-8")
    with pytest.raises(IdentityError, match="say who people are: surname"):
        identity.translate(folder, tmp_path / "social_care.csv", "care", tmp_path / "out.csv")
    (tmp_path / "social_care.csv").write_text("patient_id\nC1\n", encoding="utf-8")
    with pytest.raises(IdentityError, match="no source of that name"):
        identity.translate(folder, tmp_path / "social_care.csv", "care", tmp_path / "out.csv")


# ---- Who may


def settings(**person: object) -> IdentitySettings:
    given = {"user": "ann", "role": "coordinator", "teams": ["KIR"], "purposes": ["direct_care"]} | person
    return IdentitySettings.model_validate({"people": [given]})


def test_a_person_written_in_may_name_their_team_for_their_purpose() -> None:
    authority = identity.permitted(settings(), "ann", "KIR", "direct_care", " Weekly meeting ", TODAY)
    assert (authority.role, authority.reason) == ("coordinator", "Weekly meeting")


@pytest.mark.parametrize(
    ("user", "team", "purpose", "reason", "person"),
    [
        ("bob", "KIR", "direct_care", "Weekly meeting", {}),
        ("ann", "HAL", "direct_care", "Weekly meeting", {}),
        ("ann", "KIR", "safeguarding", "Weekly meeting", {}),
        ("ann", "KIR", "research", "Weekly meeting", {}),
        ("ann", "KIR", "direct_care", "  ", {}),
        ("ann", "KIR", "direct_care", "x", {}),
        ("ann", "KIR", "direct_care", "meeting meeting", {}),
        ("ann", "KIR", "direct_care", "Weekly meeting", {"valid_until": date(2026, 11, 15)}),
    ],
)
def test_anything_else_is_refused(user: str, team: str, purpose: str, reason: str, person: dict[str, object]) -> None:
    with pytest.raises(IdentityError):
        identity.permitted(settings(**person), user, team, purpose, reason, TODAY)


def test_a_purpose_that_the_role_does_not_have_cannot_be_written_in() -> None:
    with pytest.raises(ValueError, match='a coordinator has no purpose "safeguarding"'):
        settings(purposes=["safeguarding"])


def test_without_anybody_written_in_everybody_is_refused() -> None:
    with pytest.raises(IdentityError, match=r"is not written into identity\.toml"):
        identity.permitted(IdentitySettings(), "ann", "KIR", "direct_care", "Weekly meeting of the team", TODAY)
