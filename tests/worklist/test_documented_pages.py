"""What docs/coordinator.md quotes of the worklist's pages stands on them, in these words."""

from __future__ import annotations

import re
from pathlib import Path

from riskstrat.definitions.vocabulary import NO_ACTION, OUTCOME_WORDS
from riskstrat.reviews import CHECKED, DECIDED, DECIDED_BY, DUES, OUTCOMES, OWNERS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = " ".join((ROOT / "docs" / "coordinator.md").read_text("utf-8").split())
BROWSER = DOCUMENT[DOCUMENT.index("## In the browser") : DOCUMENT.index("## What the list does not say")]
SOURCES = [path for end in ("*.jinja", "*.py") for path in (ROOT / "riskstrat" / "worklist").rglob(end)]
SHOWN = " ".join(path.read_text("utf-8") for path in SOURCES)
TITLES = (CHECKED, DECIDED, DECIDED_BY, *DUES, *OUTCOMES, *OWNERS, *OUTCOME_WORDS.values())


def test_every_quoted_word_stands_on_a_page() -> None:
    quoted = set(re.findall(r'"([^"]+)"', BROWSER))
    assert len(quoted) > 30
    assert [words for words in sorted(quoted) if words not in TITLES and words not in SHOWN] == []


def test_every_outcome_that_is_no_action_is_named() -> None:
    actions = BROWSER[BROWSER.index("**During the week**") : BROWSER.index("Below the actions")]
    named = {words for words in OUTCOME_WORDS.values() if f'"{words}"' in actions}
    assert named == {OUTCOME_WORDS[one] for one in NO_ACTION}


def test_every_field_of_the_form_of_a_decision_is_told_of() -> None:
    for words in ("Status checked", "Outcome 1", "Owner 1", "Due 1", "Second and third outcome", DECIDED, DECIDED_BY):
        assert f'"{words}"' in BROWSER, words
