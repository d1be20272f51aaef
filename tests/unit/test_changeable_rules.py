"""What a team could act on: rules over small tables, and what `check` finds in them."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.changeable import Opportunity
from riskstrat.definitions.features import Feature, Wording
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.pathways import Pathway
from riskstrat.errors import DefinitionError
from riskstrat.people.changeable import find_opportunities
from riskstrat.people.met import MetFacts
from riskstrat.people.untold import find_undecided
from riskstrat.workspace import check, load

THREE_FEATURES = Path(__file__).resolve().parents[1] / "three_features"
FALLS = {"feature": "falls", "at_least": 2, "says": "{n} or more falls in the last 12 months"}
RULE = Opportunity.model_validate(
    {"name": "falls", "says": "No contact is recorded.", "all": [FALLS], "not_recorded": ["clinic", "therapy"]}
)


def column(**words: object) -> Wording:
    given = {"theme": "falls and frailty", "unit": "falls", "why": "for the test", "sensitive": False}
    return Wording(**{**given, **words})  # type: ignore[arg-type]


FEATURES = {
    "falls": Feature("count", column(says="{n} fall{s}, the latest on {date}"), 0, lookback=365, name="falls"),
    "clinic": Feature("count", column(says="{n} visit{s}"), 0, lookback=365, name="clinic"),
    "therapy": Feature("count", column(says="{n} session{s}"), 0, lookback=365, name="therapy"),
    "age": Feature("age", column(says="Aged {n}"), None, name="age"),
    "weight": Feature("latest", column(says="Weight {n}"), None, name="weight"),
}


LATE = "reported falls begin on 1 May 2026"


class Shown:
    """The part of some people's records that rules read: what can be told of them, and the whole beside it."""

    def __init__(
        self,
        rows: list[dict[str, float]],
        whole: list[dict[str, float]] | None = None,
        reasons: dict[str, str] | None = None,
        least: dict[str, str] | None = None,
    ) -> None:
        self.reasons, self.least = reasons or {}, least or {}
        self.matrix = self.told = matrix(rows)
        self.whole = matrix(rows if whole is None else whole)
        workspace = SimpleNamespace(features=FEATURES, changeable=(RULE,), roles=SimpleNamespace(care_home=()))
        self.opened = SimpleNamespace(workspace=workspace)
        self.features = {name: FEATURES[name] for name in self.matrix.columns}
        self.roles = SimpleNamespace(age="age")
        self.ends = dict[tuple[str, str], date]()

    def bound_discharges(self, given: FeatureMatrix) -> FeatureMatrix:
        return given

    def __len__(self) -> int:
        return len(self.matrix.values)

    def untold(self, name: str) -> np.ndarray:
        return np.full(len(self), self.reasons.get(name), object)

    def find_least(self, name: str) -> np.ndarray:
        return np.full(len(self), self.least.get(name), object)

    def value(self, name: str) -> np.ndarray:
        missing = np.full(len(self), np.nan)
        return self.matrix.select([name])[:, 0].astype(float) if name in self.matrix.columns else missing

    def when(self, name: str) -> np.ndarray:
        return np.full(len(self), np.datetime64("2026-03-04"))


def matrix(rows: list[dict[str, float]]) -> FeatureMatrix:
    table = pd.DataFrame(rows)
    keys = pd.DataFrame({"patient_id": [f"P{row}" for row in range(len(rows))]})
    return FeatureMatrix(keys, table.to_numpy(np.float32), tuple(table.columns), {})


def told(
    rows: list[dict[str, float]],
    whole: list[dict[str, float]] | None = None,
    reasons: dict[str, str] | None = None,
) -> list[tuple[str, ...]]:
    records = Shown(rows, whole, reasons)
    return find_opportunities(records, MetFacts(records))  # type: ignore[arg-type]


def test_a_need_without_its_answer_is_told_with_the_fact_and_its_date() -> None:
    rows = [
        {"falls": 2, "clinic": 0, "therapy": 0},
        {"falls": 3, "clinic": 1, "therapy": 0},
        {"falls": 3, "clinic": 0, "therapy": 2},
        {"falls": 1, "clinic": 0, "therapy": 0},
        {"falls": np.nan, "clinic": 0, "therapy": 0},
    ]
    said = ("No contact is recorded. 2 falls, the latest on 4 March 2026.",)
    assert told(rows) == [said, (), (), (), ()]


def test_where_an_answer_cannot_be_told_its_absence_says_nothing() -> None:
    unknown = np.nan
    assert told([{"falls": 2, "clinic": unknown, "therapy": unknown}]) == [()]
    assert told([{"falls": 2, "clinic": 0, "therapy": unknown}]) != [()]
    assert told([{"falls": 2, "clinic": 1, "therapy": unknown}]) == [()]
    assert told([{"falls": 2}]) == [()]


def test_nothing_is_lacking_while_a_source_of_an_answer_did_not_come() -> None:
    """Each answer in turn, and all: that nobody at all has one, in a source that came, leaves it to the others."""
    rows = [{"falls": 2.0, "clinic": 0.0, "therapy": np.nan}]
    came = "these data hold no such record about anybody"
    for why in ("contacts are not in these data", "contacts begin on 1 May 2026", "this practice sends no contacts"):
        assert told(rows, reasons={"therapy": why}) == [()]
        assert told(rows, reasons={"clinic": why}) == [()]
        assert told(rows, reasons={"clinic": why, "therapy": came}) == [()]
    assert told(rows, reasons={"therapy": came}) != [()]


def test_an_answer_that_may_not_be_shown_is_an_answer() -> None:
    shown = [{"falls": 2, "clinic": 0, "therapy": 0}]
    assert told(shown) != [()]
    assert told(shown, [{"falls": 2, "clinic": 1, "therapy": 0}]) == [()]


def test_by_which_branches_a_rule_was_met_is_told_by_facts_and_an_age_by_the_rules_words() -> None:
    rule = Pathway.model_validate(
        {
            "name": "falls_service", "title": "Falls service", "consider": "Ask.",
            "all": [{"feature": "age", "at_least": 65, "says": "aged {n} or over"}],
            "any": [
                FALLS,
                {"feature": "clinic", "at_least": 1, "says": "{n} or more visits"},
                {"feature": "weight", "at_most": 40, "says": "a weight of {n} or less"},
            ],
        }
    )  # fmt: skip
    rows = [
        {"age": 83, "falls": 2, "clinic": 0, "weight": 38},
        {"age": 66, "falls": 0, "clinic": 3, "weight": np.nan},
    ]
    facts = MetFacts(Shown(rows))  # type: ignore[arg-type]
    assert [facts.tell(row, rule) for row in range(2)] == [
        ("Aged 65 or over.", "2 falls, the latest on 4 March 2026.", "Weight 38."),
        ("Aged 65 or over.", "3 visits."),
    ]


def test_a_condition_that_has_ended_is_told_so_where_it_meets_a_rule() -> None:
    shown = Shown([{"falls": 3}, {"falls": 2}])
    shown.ends["P1", "falls"] = date(2018, 3, 2)
    facts = MetFacts(shown)  # type: ignore[arg-type]
    assert [facts.tell(row, RULE) for row in range(2)] == [
        ("3 falls, the latest on 4 March 2026.",),
        ("2 falls, the latest on 4 March 2026 (ended by the GP record in March 2018).",),
    ]


def test_of_a_number_that_may_be_too_low_a_rule_is_met_by_its_own_words() -> None:
    facts = MetFacts(Shown([{"falls": 3}], least={"falls": LATE}))  # type: ignore[arg-type]
    assert facts.tell(0, RULE) == ("2 or more falls in the last 12 months.",)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"falls": 1, "clinic": 1, "weight": 60, "therapy": 0}, LATE),
        ({"falls": 2, "clinic": 0, "weight": 60, "therapy": 0}, None),
    ],
)
def test_a_number_that_may_be_too_low_leaves_a_rule_that_it_does_not_meet_undecided(
    values: dict[str, float], why: str | None
) -> None:
    assert find_undecided(Shown([values], least={"falls": LATE}), (CLINIC,)) == [why]  # type: ignore[arg-type]


CLINIC = Pathway.model_validate(
    {
        "name": "falls_service", "title": "Falls service", "consider": "Ask.", "all": [FALLS],
        "any": [
            {"feature": "clinic", "at_least": 1, "says": "{n} or more visits"},
            {"feature": "weight", "at_most": 40, "says": "a weight of {n} or less"},
        ],
        "none": [{"feature": "therapy", "at_least": 1, "says": "{n} or more sessions"}],
    }
)  # fmt: skip
NO_TABLE, NOBODY = "contacts are not in these data", "these data hold no such record about anybody"
NO_SESSION = "not recorded of anybody: 1 or more sessions"


@pytest.mark.parametrize(
    ("values", "reasons", "why"),
    [
        ({"falls": 2, "clinic": 0, "weight": 60, "therapy": 0}, {}, None),
        ({"falls": 2, "clinic": np.nan, "weight": 60, "therapy": 0}, {"clinic": NO_TABLE}, NO_TABLE),
        ({"falls": 2, "weight": 60, "therapy": 0}, {"clinic": NO_TABLE}, NO_TABLE),
        ({"falls": np.nan, "clinic": 1, "weight": 60, "therapy": 0}, {"falls": NO_TABLE}, NO_TABLE),
        ({"falls": 2, "clinic": 1, "weight": 60, "therapy": np.nan}, {"therapy": NO_TABLE}, NO_TABLE),
        # What a rule must not find, and nobody's records hold, is all that it is not met for.
        ({"falls": 2, "clinic": 1, "weight": 60, "therapy": np.nan}, {"therapy": NOBODY}, NO_SESSION),
        ({"falls": 2, "clinic": 0, "weight": 60, "therapy": np.nan}, {"therapy": NOBODY}, None),
        # What can be told decides: no value of the rest would let the rule hold.
        ({"falls": 1, "clinic": np.nan, "weight": 60, "therapy": 0}, {"clinic": NO_TABLE}, None),
        ({"falls": 2, "clinic": np.nan, "weight": 60, "therapy": 1}, {"clinic": NO_TABLE}, None),
        ({"falls": np.nan, "clinic": 0, "weight": 60, "therapy": 0}, {"falls": NO_TABLE}, None),
        # A source that came and holds none of it of anybody is told of on every page; a weight may not be measured.
        ({"falls": 2, "clinic": np.nan, "weight": 60, "therapy": 0}, {"clinic": NOBODY}, None),
        ({"falls": 2, "clinic": 0, "weight": np.nan, "therapy": 0}, {}, None),
    ],
)
def test_a_rule_that_could_not_be_decided_is_told_from_one_that_is_not_met(
    values: dict[str, float], reasons: dict[str, str], why: str | None
) -> None:
    assert find_undecided(Shown([values], reasons=reasons), (CLINIC,)) == [why]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"stays_365d"', '"stay_365d"', 'not_recorded names a feature "stay_365d" that does not exist; did you mean'),
        ('["stays_365d"]', '["years_lived"]', "speaks of years_lived, which is not 0 where nothing is recorded"),
        ("the last 12 months.", "the last year.", 'speaks of stays_365d, but its words do not say "12 months"'),
        ("tumbles_365d", "tumble_365d", 'asks for a feature "tumble_365d" that does not exist; did you mean'),
    ],
)
def test_a_rule_that_does_not_fit_its_features_is_found(tmp_path: Path, old: str, new: str, says: str) -> None:
    shutil.copytree(THREE_FEATURES, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "training" / "changeable.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    (found,) = check(load(tmp_path))
    assert found.startswith(f"training/changeable.toml: falls_to_look_into {says}")


def test_rules_that_are_not_there_or_hold_for_everybody_are_refused(tmp_path: Path) -> None:
    shutil.copytree(THREE_FEATURES, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "training" / "changeable.toml"
    path.write_text('[[opportunity]]\nname = "all"\nsays = "S"\n', encoding="utf-8")
    with pytest.raises(DefinitionError, match='"all" needs conditions under all or any'):
        _ = load(tmp_path).changeable
    path.unlink()
    with pytest.raises(DefinitionError, match=r"changeable\.toml is not there; take it from a new workspace"):
        _ = load(tmp_path).changeable
