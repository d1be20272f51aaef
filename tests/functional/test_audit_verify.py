"""`riskstrat audit verify` on a workspace: the log, and the lists that it must speak of."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat import audit
from riskstrat.errors import AuditError
from riskstrat.publication import compute_manifest_digest
from riskstrat.verbs.audit_verify import verify

Verb = Callable[..., subprocess.CompletedProcess[str]]
Refused = Callable[[subprocess.CompletedProcess[str], int], str]

MONDAY, NEXT = "2026-11-16", "2026-11-23"


def publish(root: Path, when: str) -> None:
    """Log the list of a date as it stands."""
    audit.log_published(root, when, compute_manifest_digest(root / "lists" / when))


@pytest.fixture
def site(tmp_path: Path, verb: Verb) -> Path:
    """A workspace with two lists that were published and logged."""
    root = tmp_path / "borough"
    assert verb("init", root).returncode == 0
    for when in (MONDAY, NEXT):
        (root / "lists" / when).mkdir(parents=True)
        (root / "lists" / when / "manifest.json").write_text(json.dumps({"index_date": when}), encoding="utf-8")
        publish(root, when)
    return root


def test_a_whole_log_is_said_with_the_head_to_keep(site: Path, verb: Verb) -> None:
    done = verb("audit", "verify", "-w", site)
    head = audit.read(site)[-1].hash
    assert (done.returncode, done.stdout) == (0, f"the audit log is whole: 2 lines\nhead 2:{head}\n")
    summary = json.loads(verb("audit", "verify", "-w", site, "--head", f"2:{head}", "--json").stdout)
    assert (summary["lines"], summary["head"], summary["whole"]) == (2, head, True)


def test_an_edit_ends_with_its_line_and_exit_code_13(site: Path, verb: Verb, refused: Refused) -> None:
    log = site / "audit" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(NEXT.encode(), b"2026-11-30"))
    assert "line 2 was changed" in refused(verb("audit", "verify", "-w", site), 13)


def test_a_list_changed_after_publication_is_found(site: Path, verb: Verb, refused: Refused) -> None:
    (site / "lists" / MONDAY / "manifest.json").write_text("{}", encoding="utf-8")
    said = refused(verb("audit", "verify", "-w", site), 13)
    assert f"the list of {MONDAY} has another manifest than line 1 says" in said


def test_a_list_without_a_manifest_and_one_that_nobody_logged_are_found(site: Path) -> None:
    (site / "lists" / MONDAY / "manifest.json").unlink()
    (site / "lists" / "2026-11-30").mkdir()
    with pytest.raises(AuditError) as found:
        verify(site)
    assert f"the list of {MONDAY} has another manifest" in str(found.value)
    assert 'the list of 2026-11-30 stands but the log has no "list published"' in str(found.value)


def test_a_log_that_is_gone_with_its_head_shows_by_the_lists(site: Path) -> None:
    for file in (site / "audit").iterdir():
        file.unlink()
    with pytest.raises(AuditError, match=f'the list of {MONDAY} stands but the log has no "list published"'):
        verify(site)


def test_a_list_that_vanished_is_found_and_one_that_was_withdrawn_is_not_missed(site: Path) -> None:
    (site / "lists" / NEXT).rename(site / "gone")
    with pytest.raises(AuditError, match=f"line 2 says the list of {NEXT} was published; it does not stand"):
        verify(site)
    audit.log_withdrawn(site, NEXT, "A practice's data were late.")
    assert verify(site).summary["lines"] == 3


def test_publishing_is_logged_once_however_often_it_is_said(site: Path) -> None:
    publish(site, MONDAY)
    assert len(audit.read(site)) == 2


def test_an_older_proof_shows_a_log_that_was_written_anew(site: Path, verb: Verb, refused: Refused) -> None:
    kept = f"2:{audit.verify(site).head}"
    for file in (site / "audit").iterdir():
        file.unlink()
    for when in (NEXT, MONDAY):
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
