"""The page of an ingest's codes, and the line that a terminal shows for each entry."""

from pathlib import Path
from typing import Any

import pytest

from riskstrat.documents.codes import describe_entry, say_change, write_codes_page

ENTRY: dict[str, Any] = {
    "table": "conditions",
    "column": "code",
    "system": "snomed",
    "rows": 65_332,
    "distinct": 310,
    "understood": 0.0643,
    "before": None,
    "lists": {"heart": 0.02, "registers_snomed": 0.0643},
    "commonest_unknown": [
        {"code": "444814009", "rows": 17_268, "near": None},
        {"code": "<B>ASTMA", "rows": None, "near": "ASTHMA"},
    ],
}


def page(folder: Path, *entries: dict[str, Any], understood: dict[str, str] | None = None) -> str:
    manifest = {"codes": list(entries), "data_as_at": "2026-11-16", "understood": understood or {}}
    write_codes_page(manifest, folder / "codes.html")
    return (folder / "codes.html").read_text(encoding="utf-8")


def test_the_page_says_what_is_understood_by_what_and_what_is_not(tmp_path: Path) -> None:
    said = page(tmp_path, ENTRY, understood={"conditions": "partly"})
    for text in (
        "<h1>Codes understood, data as at 16 November 2026</h1>",
        '<th scope="row">conditions.code</th><td>snomed</td><td class="number">65,332</td><td class="number">310</td>',
        '<td class="number">6.4%</td><td>first load</td>',
        "registers_snomed 6.4%, heart 2.0%.",
        "<bdi>444814009 (17,268)</bdi>",
        "<bdi>&lt;B&gt;ASTMA (fewer than 8 people, did you mean ASTHMA?)</bdi>",
        "Accepted although many codes are not understood: conditions. What rests on them cannot be told.",
    ):
        assert text in said
    assert "http" not in said.replace("http-equiv", "")


def test_the_page_of_a_load_without_codes_says_so(tmp_path: Path) -> None:
    assert "No coded column was landed." in page(tmp_path)


def test_a_terminal_has_one_line_for_an_entry() -> None:
    assert describe_entry(ENTRY) == (
        "conditions.code snomed: 61,131 of 65,332 rows are named by no codelist or known word (6.4% are); "
        "commonest: 444814009 (17,268), <B>ASTMA (fewer than 8 people, did you mean ASTHMA?)"
    )
    again = ENTRY | {
        "column": "service",
        "system": "service",
        "table": "contacts",
        "before": 0.5,
        "commonest_unknown": [],
    }
    assert describe_entry(again) == (
        "contacts.service: 61,131 of 65,332 rows are named by no codelist or known word (6.4% are, -43.6 points)"
    )


@pytest.mark.parametrize(
    ("before", "said"), [(None, "first load"), (0.0643, "as before"), (0.05, "+1.4 points"), (0.0646, "as before")]
)
def test_the_change_since_the_last_load_is_in_points(before: float | None, said: str) -> None:
    assert say_change(ENTRY | {"before": before}) == said
