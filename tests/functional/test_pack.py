"""An evidence pack: made from a version, proved without any data, and whatever is changed in it is named."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from riskstrat import audit
from riskstrat.storage import compute_digest, format_json
from riskstrat.verbs import pack_verify
from tests.suite.quick import copy_workspace
from tests.suite.stores import find_version
from tests.suite.verbs import Verb

Tree = Callable[[Path], dict[str, str]]
BILL = '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, demo_workspace: Path) -> Path:
    """A copy of the demo, whose version 1 is champion, with a bill of materials beside it."""
    folder = tmp_path_factory.mktemp("packs")
    (folder / "sbom.json").write_text(BILL, encoding="utf-8")
    return copy_workspace(demo_workspace, folder / "site")


@pytest.fixture(scope="module")
def made(site: Path, verb: Verb) -> Path:
    out = site.parent / "pack"
    done = verb("pack", "make", "-w", site, "--out", out, "--sbom", site.parent / "sbom.json")
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def pack(made: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    shutil.copytree(made, tmp_path / "pack")
    return tmp_path / "pack"


def reseal(pack: Path, key: Path) -> None:
    """Make the manifest tell what stands there now, and seal it by the key of another folder."""
    manifest = pack / "manifest.json"
    facts = json.loads(manifest.read_text("utf-8"))
    files = [path for path in pack.rglob("*") if path.is_file() and path.name not in ("manifest.json", "seal.json")]
    facts["files"] = {path.relative_to(pack).as_posix(): compute_digest(path.read_bytes()) for path in files}
    content = format_json(facts, strict=True).encode("utf-8")
    manifest.write_bytes(content)
    (pack / "seal.json").write_text(format_json(audit.make_seal(key, content)), encoding="utf-8")


def read_rows(pack: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((pack / f"{name}.csv").read_text("utf-8"))))


def test_the_same_version_gives_the_same_bytes(made: Path, site: Path, verb: Verb, tmp_path: Path, tree: Tree) -> None:
    again = tmp_path / "again"
    done = verb("pack", "make", "-w", site, "--out", again, "--sbom", site.parent / "sbom.json", "--json")
    assert done.returncode == 0, done.stderr
    assert tree(again) == tree(made)
    said = json.loads(done.stdout)
    assert said["manifest"] == compute_digest((made / "manifest.json").read_bytes())
    assert sorted(said["files"]) == sorted(p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file())
    assert verb("audit", "verify", "-w", site).returncode == 0
    (line,) = [line for line in audit.read(site) if line.action == "evidence pack made"][-1:]
    assert line.details["manifest"] == said["manifest"]


def test_it_is_proved_without_a_workspace(made: Path, site: Path, verb: Verb) -> None:
    done = verb("pack", "verify", made, "--publisher", site / "audit" / "publisher.pub")
    assert done.returncode == 0, done.stderr
    assert "sealed by the site's key" in done.stdout
    assert "the sample gives the same features here, to the byte" in done.stdout


def test_whose_seal_it_is_takes_the_key_of_the_site(made: Path, verb: Verb, refused: Callable, tmp_path: Path) -> None:
    audit.make_seal(tmp_path, b"another site")
    other = tmp_path / "audit" / "publisher.pub"
    assert "not sealed by that key" in refused(verb("pack", "verify", made, "--publisher", other), 10)


@pytest.mark.parametrize(
    "name",
    [
        "model_card.md",
        "importance.png",
        "definitions/features/codelists/codelists.toml",
        "sample/source/admissions.parquet",
        "sbom.cdx.json",
    ],
)
@pytest.mark.parametrize("change", ["a byte", "missing"])
def test_each_change_is_named(pack: Path, verb: Verb, refused: Callable, name: str, change: str) -> None:
    path = pack / name
    content = path.read_bytes()
    if change == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    said = refused(verb("pack", "verify", pack), 10)
    assert f"{name} {'is missing' if change == 'missing' else 'was changed'}" in said


def test_a_file_that_was_put_in_is_named(pack: Path, verb: Verb, refused: Callable) -> None:
    (pack / "definitions" / "features" / "more.py").write_text("raise SystemExit", encoding="utf-8")
    assert "definitions/features/more.py does not belong to it" in refused(verb("pack", "verify", pack), 10)


def test_a_manifest_that_was_made_to_fit_has_no_seal(pack: Path, verb: Verb, refused: Callable) -> None:
    manifest = pack / "manifest.json"
    (pack / "model_card.md").write_text("# Best model\n", encoding="utf-8")
    facts = json.loads(manifest.read_text("utf-8"))
    facts["files"]["model_card.md"] = compute_digest(b"# Best model\n")
    manifest.write_text(format_json(facts), encoding="utf-8")
    assert "the manifest was not sealed by that key" in refused(verb("pack", "verify", pack), 10)


@pytest.mark.parametrize("content", ["", "{", '{"format": 2}', '{"format": 1, "files": []}'])
@pytest.mark.parametrize("name", ["manifest.json", "seal.json"])
def test_what_is_no_pack_is_one_line(pack: Path, verb: Verb, refused: Callable, name: str, content: str) -> None:
    (pack / name).write_text(content, encoding="utf-8")
    refused(verb("pack", "verify", pack), 10)


def test_features_that_come_out_otherwise_are_told(pack: Path, verb: Verb, refused: Callable, tmp_path: Path) -> None:
    path = pack / "sample" / "features.csv"
    path.write_text(path.read_text("utf-8").replace(",0,", ",1,", 1), encoding="utf-8")
    reseal(pack, tmp_path)
    assert "the sample of the pack gives other features here" in refused(verb("pack", "verify", pack), 10)


def test_python_files_of_a_site_run_only_where_they_are_trusted(pack: Path, verb: Verb, tmp_path: Path) -> None:
    mark = tmp_path / "it-ran"
    path = pack / "definitions" / "training" / "outcomes.py"
    added = f"\n__import__('pathlib').Path({str(mark)!r}).write_text('ran')\n"
    path.write_text(path.read_text("utf-8") + added, encoding="utf-8")
    reseal(pack, tmp_path)
    done = verb("pack", "verify", pack)
    assert done.returncode == 17
    assert "--trust-definitions" in done.stderr
    assert not mark.exists()
    assert verb("pack", "verify", pack, "--trust-definitions").returncode == 0
    assert mark.exists()


def test_settings_that_lead_elsewhere_are_not_followed(pack: Path, tmp_path: Path) -> None:
    (pack / "definitions" / "riskstrat.toml").write_text('[data]\nstore = "../../elsewhere"\n', encoding="utf-8")
    reseal(pack, tmp_path)
    assert pack_verify.verify_pack(pack).attention


def test_nobody_of_the_workspace_stands_in_it(made: Path, demo_workspace: Path) -> None:
    (table,) = find_version(demo_workspace / "data").rglob("people.parquet")
    people = pd.read_parquet(table, columns=["patient_id"])["patient_id"]
    assert len(people) > 500
    content = b"\n".join(path.read_bytes() for path in made.rglob("*") if path.is_file() and path.suffix != ".parquet")
    assert not [patient for patient in people if patient.encode() in content]
    text = (made / "definitions" / "riskstrat.toml").read_text("utf-8")
    assert text == '[admissions]\ncontinuous_stays = "three_days"\n'


@pytest.mark.parametrize(
    ("name", "rows"), [("nice_esf", 21), ("probast_ai", 4 + 16 + 4 + 18), ("dtac", 5), ("software_security", 14)]
)
def test_each_question_is_answered_or_left_to_the_site(made: Path, name: str, rows: int) -> None:
    answers = read_rows(made, name)
    assert len(answers) == rows
    for answer in answers:
        assert answer["draft"] or answer["for_site"], answer["number"]
        assert "{" not in answer["draft"]
        assert answer["state"] in {"drafted", "drafted, in part", "for the site"}
    if name == "probast_ai":
        left = [row for row in answers if "question" in row["number"]]
        assert {row["topic"] for row in left} == {"Not given here: read it in the source."}
        assert {row["draft"] for row in left} == {""}


def test_the_change_control_says_whether_rules_were_changed_since(
    made: Path, site: Path, verb: Verb, tmp_path: Path
) -> None:
    assert "The features of the workspace are those that the version was trained with." in (
        made / "change_control.md"
    ).read_text("utf-8")
    changed = copy_workspace(site, tmp_path / "changed")
    settings = changed / "riskstrat.toml"
    text = settings.read_text("utf-8").replace('continuous_stays = "three_days"', 'continuous_stays = "off"')
    settings.write_text(text, encoding="utf-8")
    statement = changed / "registry" / "assurance.toml"
    text = statement.read_text("utf-8").replace('for_site = "Budget impact analysis."', 'statement = "Paper 7 of May."')
    statement.write_text(text, encoding="utf-8")
    done = verb("pack", "make", "-w", changed, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "are not those that the version was trained with" in (tmp_path / "out" / "change_control.md").read_text(
        "utf-8"
    )
    (stated,) = [row for row in read_rows(tmp_path / "out", "nice_esf") if row["state"] == "stated by the site"]
    assert (stated["number"], stated["for_site"]) == ("17", "Paper 7 of May.")
    assert "No bill of materials was given" in (tmp_path / "out" / "index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('evidence = ["hazard_log.md"]', 'evidence = ["hazards.md"]', "which no pack holds"),
        ("{outcome}", "{patient}", "is no fact of a version"),
        ('name = "dtac"', 'name = "hazard_log"', "would take the place of something else"),
        ('name = "dtac"', 'name = "change_control"', "would take the place of something else"),
    ],
)
def test_a_file_of_questions_that_leads_nowhere_is_refused(
    site: Path, verb: Verb, refused: Callable, tmp_path: Path, before: str, after: str, said: str
) -> None:
    changed = copy_workspace(site, tmp_path / "changed")
    path = changed / "registry" / "assurance.toml"
    text = path.read_text("utf-8")
    head, _, rest = text.partition("[[framework]]")
    assert before in rest
    path.write_text(f"{head}[[framework]]{rest.replace(before, after, 1)}", encoding="utf-8")
    assert said in refused(verb("pack", "make", "-w", changed, "--out", tmp_path / "out"), 4)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [None, "not JSON", "{}"])
def test_a_bill_that_is_none_is_refused(
    site: Path, verb: Verb, refused: Callable, tmp_path: Path, content: str | None
) -> None:
    bill = tmp_path / "bill.json"
    if content is not None:
        bill.write_text(content, encoding="utf-8")
    refused(verb("pack", "make", "-w", site, "--out", tmp_path / "out", "--sbom", bill), 11)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_left_alone(site: Path, verb: Verb, refused: Callable, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine", encoding="utf-8")
    assert "stands already" in refused(verb("pack", "make", "-w", site, "--out", tmp_path), 11)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]
