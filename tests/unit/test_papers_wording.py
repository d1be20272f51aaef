"""Sentences and figures that a paper repeats: no count of 1 to 7 leaves in them, nor what leads back to it."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from riskstrat.documents.papers import tables
from riskstrat.documents.papers.registered import Registered
from riskstrat.documents.papers.tripod_answers import answers
from riskstrat.documents.papers.wording import fit_to_leave
from riskstrat.sources import notes
from riskstrat.sources.validation import DEAD_BY_ANOTHER_ROW, DUPLICATE, END_LOST, UNKNOWN_PERSON


def list_notes(count: int) -> tuple[str, ...]:
    """Every sentence that an ingest says of so many rows."""
    rules = dict.fromkeys((DUPLICATE, UNKNOWN_PERSON, DEAD_BY_ANOTHER_ROW, *END_LOST), count)
    found = {"landed": 40, "data_as_at": None, "rules": rules, "converted": {"unit": count, "bound": count}}
    emptied = {"opt_outs": {"kind": count}, "falls": {"source": count}}
    names = ("people", "opt_outs", "falls", "reviews", "measurements")
    reports: dict[str, Any] = {
        name: SimpleNamespace(**found, emptied=emptied.get(name, {}), recoded={"patient_id": count}) for name in names
    }
    given = dict.fromkeys(names, ())
    return notes.notes_on(given, given, {"admissions": count, "people": count}, (count, 900), reports, {})


@pytest.mark.parametrize("count", [1, 3, 7])
def test_no_sentence_of_an_ingest_tells_of_a_few_rows(count: int) -> None:
    said = [note for note in list_notes(count) if re.search(rf"\b{count}\b", note)]
    assert len(said) >= 12
    told = [fit_to_leave(note) for note in said]
    assert [note for note in told if re.search(rf"(?<!to )\b{count}\b(?! to 7)", note) or "%" in note] == []


def test_other_numbers_of_a_sentence_stay_as_they_are() -> None:
    kept = (
        "40 settings tried on 3 folds: none beats the recipe's own (log loss 0.31; at least 0.3)",
        "falls lacks known_on: a row counts as known 3 days after fell_on",
        "none of 6 groups has mean risk over observed outside 0.8 to 1.25",
    )
    assert tuple(map(fit_to_leave, kept)) == kept
    assert fit_to_leave("reviews left out: 1,234; mend them") == "reviews left out: 1,235; mend them"
    assert fit_to_leave("opt_outs: 12 of 300 rows (4%) name nobody") == "opt_outs: 10 of 300 rows (4%) name nobody"


@pytest.mark.parametrize(("found", "lift"), [(6, None), (12, "3.0"), (0, "0.0")])
def test_a_lift_is_hidden_with_the_share_that_it_gives_away(found: int, lift: str | None) -> None:
    capacity = {"lists": 5, "capacity": 8, "rows": 2_000, "listed": 40, "listed_events": found, "events": 200}
    given = {"at_capacity": capacity | {"lift": found / 4}}
    gate = {"name": "discrimination.least_lift", "passed": True, "sentence": f"lift {found / 4:.2f} of the lists; at"}
    version = Registered(given, "1", "", "", (gate,))
    row = next(line for line in tables.at_capacity(version).splitlines() if line.startswith("| Lift: "))
    assert row.endswith(f"| {lift or 'hidden'} |")
    assert (f"{found / 4:.2f}" in tables.gates(version)) is (lift is not None)


def test_what_another_site_learned_is_not_said_to_have_been_learned_here() -> None:
    given = {
        "model": "emergency_admission_12m",
        "as_at": "2026-11-14",
        "test_dates": ["2025-11-16"],
        "models": {"transferred": {"n": 900, "events": 90, "auroc": 0.7}, "lightgbm": {"auroc": 0.7}},
        "recipe": {"learner": {"rounds": 400, "seed": 1}},
        "registered": {
            "rows": {"train": 2_000, "calibration": 500},
            "events": {"train": 200, "calibration": 50},
            "train_dates": ["2024-11-16"],
            "calibration_dates": ["2025-05-16"],
            "calibration": "Platt scaling on 2500 rows",
        },
    }
    said = answers(Registered(given, "1", "", ""))
    told = "\n".join(said.values())
    for untrue in ("To develop", "development and evaluation", "training rows of this version", "at most 400 trees"):
        assert untrue not in told
    assert not re.search(r"Same site|fitted again|training rows with|All features that the workspace declares", told)
    assert said["16"].startswith("Learned at another site; calibrated and tested at this one")
    assert "2,500 calibration rows with 250 outcome events; 900 test rows" in said["10"]
    assert said["5b"].startswith("Index dates of calibration 16 November 2024 and 16 May 2025; of testing 16 November")
    own = answers(Registered(given | {"models": {"lightgbm": {"n": 900, "events": 90}}}, "1", "", ""))
    assert own["16"] == "Same site, same rules, later dates."
    assert "2,000 training rows with 200 outcome events; 500 calibration rows" in own["10"]
