"""`riskstrat audit verify` on a workspace: the log, and the lists that it must speak of."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat import audit
from riskstrat.errors import AuditError
from riskstrat.publication import compute_manifest_digest
from riskstrat.storage import compute_digest
from riskstrat.verbs.audit_verify import verify

Verb = Callable[..., subprocess.CompletedProcess[str]]
Refused = Callable[[subprocess.CompletedProcess[str], int], str]

MONDAY, NEXT = "2026-11-16", "2026-11-23"


def publish(root: Path, when: str) -> None:
    """A list of a date that holds nothing but its manifest, logged."""
    manifest = root / "lists" / when / "manifest.json"
    content = json.dumps({"index_date": when, "model": "m", "version": 1, "teams": [], "files": {}})
    with audit.log_publishing(root, manifest, when, compute_digest(content)):
        manifest.parent.mkdir(parents=True)
        manifest.write_text(content, encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, verb: Verb) -> Path:
    """A workspace with two lists that were published and logged."""
    root = tmp_path / "borough"
    assert verb("init", root).returncode == 0
    for when in (MONDAY, NEXT):
        publish(root, when)
    return root


def test_a_whole_log_is_said_with_the_head_to_keep(site: Path, verb: Verb) -> None:
    done = verb("audit", "verify", "-w", site)
    head = audit.read(site)[-1].hash
    assert (done.returncode, done.stdout) == (0, f"the audit log is whole: 4 lines\nhead 4:{head}\n")
    summary = json.loads(verb("audit", "verify", "-w", site, "--head", f"4:{head}", "--json").stdout)
    assert (summary["lines"], summary["head"], summary["whole"]) == (4, head, True)


def test_an_edit_ends_with_its_line_and_exit_code_13(site: Path, verb: Verb, refused: Refused) -> None:
    log = site / "audit" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(NEXT.encode(), b"2026-11-30"))
    assert "line 3 was changed" in refused(verb("audit", "verify", "-w", site), 13)


def test_a_list_changed_after_publication_is_found(site: Path, verb: Verb, refused: Refused) -> None:
    (site / "lists" / MONDAY / "manifest.json").write_text("{}", encoding="utf-8")
    said = refused(verb("audit", "verify", "-w", site), 13)
    assert f"lists/{MONDAY}/manifest.json was changed: it is not as line 2 of the log has it" in said


def test_a_list_without_a_manifest_and_one_that_nobody_logged_are_found(site: Path) -> None:
    (site / "lists" / MONDAY / "manifest.json").unlink()
    (site / "lists" / "2026-11-30").mkdir()
    with pytest.raises(AuditError) as found:
        verify(site)
    assert f"lists/{MONDAY}/manifest.json is missing" in str(found.value)
    assert "lists/2026-11-30/manifest.json stands, but no line of the log speaks of it" in str(found.value)


def test_a_list_that_vanished_is_found_and_one_that_was_withdrawn_is_not_missed(site: Path, verb: Verb) -> None:
    (site / "lists" / NEXT).rename(site / "gone")
    with pytest.raises(AuditError, match=f"lists/{NEXT}/manifest.json is missing: line 4 of the log says"):
        verify(site)
    (site / "gone").rename(site / "lists" / NEXT)
    given = ("withdraw", NEXT, "--reason", "A practice's data were late.", "-w", site)
    assert verb(*given).returncode == 0
    assert verify(site).summary["lines"] == 6
    assert "withdrawn already for that reason" in verb(*given).stdout
    assert verify(site).summary["lines"] == 6


def test_a_folder_of_lists_that_was_renamed_with_its_setting_is_held_where_it_is(site: Path) -> None:
    settings = site / "riskstrat.toml"
    (site / "lists").rename(site / "weeks")
    settings.write_text(settings.read_text("utf-8").replace('folder = "lists"', 'folder = "weeks"'), encoding="utf-8")
    assert verify(site).summary["whole"]


def test_a_list_that_stands_unlogged_is_not_logged_by_publishing_it_again(site: Path) -> None:
    digest = compute_manifest_digest(site / "lists" / MONDAY)
    audit.require_published(site, MONDAY, digest)
    with pytest.raises(AuditError, match="does not say that it was published as it stands"):
        audit.require_published(site, MONDAY, "0" * 64)
    with pytest.raises(AuditError, match="does not say that it was published as it stands"):
        audit.require_published(site, "2026-11-30", digest)


@pytest.mark.parametrize("moved", [False, True])
def test_a_withdrawal_that_was_killed_is_finished_for_the_reason_it_was_begun_for(
    moved: bool, site: Path, verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the folder is moved, or before its note is written; nothing that runs after a kill is logged."""
    before = len(audit.read(site))

    def kill(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killing:
        killing.setattr(f"riskstrat.publication.publishing.{'write_json' if moved else 'move_folder'}", kill)
        killing.setattr("riskstrat.audit.begun._is_standing", lambda *given, first=False: True)
        assert verb("withdraw", MONDAY, "--reason", "The wrong week.", "-w", site).returncode == 130
    assert [line.action for line in audit.read(site)[before:]] == ["begun"]
    with pytest.raises(AuditError, match='begins "list withdrawn" and no line says that it was done'):
        verify(site)
    assert verb("withdraw", MONDAY, "--reason", "Another reason altogether.", "-w", site).returncode == 0
    done = [line for line in audit.read(site)[before:] if line.action == "list withdrawn"]
    assert [line.details["reason"] for line in done] == ["The wrong week." if moved else "Another reason altogether."]
    note = json.loads((site / "lists/withdrawn" / f"{MONDAY}-1" / "withdrawal.json").read_text("utf-8"))
    assert note["reason"] == done[0].details["reason"]
    assert verify(site).summary["whole"]


def test_an_older_proof_shows_a_log_that_was_written_anew(site: Path, verb: Verb, refused: Refused) -> None:
    kept = f"4:{audit.verify(site).head}"
    for file in (site / "audit").iterdir():
        file.unlink()
    for when in (NEXT, MONDAY):
        shutil.rmtree(site / "lists" / when)
        publish(site, when)
    assert verify(site).summary["whole"]
    assert "earlier proof" in refused(verb("audit", "verify", "-w", site, "--head", kept), 13)


def test_a_head_that_is_none_is_refused(site: Path, verb: Verb, refused: Refused) -> None:
    assert "COUNT:HASH" in refused(verb("audit", "verify", "-w", site, "--head", "two"), 13)


def test_a_reason_with_a_number_is_refused_before_anything_is_done(
    site: Path, verb: Verb, refused: Refused, tree: Callable[[Path], dict[str, str]]
) -> None:
    before = tree(site)
    said = refused(verb("withdraw", MONDAY, "--reason", "wrong person: 999 000 0018", "-w", site), 13)
    assert "--reason holds an NHS number" in said
    assert tree(site) == before
    audit.require_loggable("the list of 2026-11-16 was late", "--reason")
