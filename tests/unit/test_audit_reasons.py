"""What counts as a reason, wherever one is asked for and kept in the audit log."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskstrat import audit
from riskstrat.errors import AuditError


@pytest.mark.parametrize(
    "text", ["Weekly meeting", " MDT on Monday, Kirkby ", "Wrong capacity published", "Cyfarfod wythnosol y tîm"]
)
def test_a_few_different_words_are_a_reason(text: str) -> None:
    assert audit.is_reason(text)
    assert audit.require_reason(text, "--reason") == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x",
        "x x x x x x x x x x",
        "meeting",
        "meeting meeting MEETING",
        "aaaaaa bbbbbb",
        "1234567890 12345",
        "ok ok do it",
    ],
)
def test_what_says_nothing_is_none_and_the_refusal_says_what_is_wanted(text: str) -> None:
    assert not audit.is_reason(text)
    with pytest.raises(AuditError, match=r"--reason says too little: .*at least 10 letters and 2 different words"):
        audit.require_reason(text, "--reason")


def test_a_reason_that_holds_an_nhs_number_is_refused_as_such() -> None:
    with pytest.raises(AuditError, match="holds an NHS number"):
        audit.require_reason("To talk about 999 000 0018 today", "--reason")


def test_people_who_were_made_up_may_be_looked_at_without_a_purpose_but_not_with_an_empty_one(tmp_path: Path) -> None:
    audit.log_look(tmp_path, "why", "P1", "2026-11-16", None, simulated=True)
    with pytest.raises(AuditError, match="too little"):
        audit.log_look(tmp_path, "why", "P1", "2026-11-16", "x", simulated=True)
    with pytest.raises(AuditError, match="give --purpose TEXT"):
        audit.log_look(tmp_path, "why", "P1", "2026-11-16", None, simulated=False)
    assert [line.action for line in audit.read(tmp_path)] == ["looked at"]
