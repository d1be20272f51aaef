"""A lot at the line of a list: whom it may leave off, whom never, and what training makes of both sides."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskstrat.casefinding import IN_LOT, LEFT_OFF, CaseFacts, CaseList, ListTeam, Memory
from riskstrat.casefinding.cases import CASE_COLUMNS, CaseRegister
from riskstrat.casefinding.lots import draw_lot
from riskstrat.definitions.recipes import LabelRecipe
from riskstrat.definitions.settings import Settings
from riskstrat.errors import TrainingError
from riskstrat.study import lots
from riskstrat.study.gathering import Study
from riskstrat.weekly.team_lists import describe_lot
from tests.unit.test_casefinding_lists import CASELOAD, LISTED, MONDAY, one, table

ETHICS = """One in four of those who would newly come onto a list near its line is left off by lot for half a year, so
that we can learn what happens without a list. A research ethics committee agreed. Ask the Caldicott guardian."""
LOT: dict[str, Any] = {
    "share": 0.25,
    "within": 0.5,
    "never_above": 0.4,
    "begins": MONDAY,
    "ends": MONDAY + timedelta(days=200),
    "approval": "REC 26/NW/0001",
    "ethics": ETHICS,
}
TEAM = ListTeam("Kirkby", "KIR", 120)
PEOPLE = 400


def people() -> pd.DataFrame:
    """400 people whose margins fall from 1 by 0.01; the 120th, at the line, has -0.19."""
    rows = pd.DataFrame({"patient_id": [f"p{number:03}" for number in range(PEOPLE)], "person": range(PEOPLE)})
    rows["margin"] = 1 - rows["person"] / 100
    rows["risk"] = (1 / (1 + np.exp(-rows["margin"]))).clip(upper=0.6) - 0.15
    return rows.assign(index_date=pd.Timestamp(MONDAY), team="Kirkby")


def draw(facts: CaseFacts | None = None, memory: Memory | None = None, at: date = MONDAY, **changes: Any) -> CaseList:
    settings = Settings.model_validate({"lists": {"hold_out": LOT | changes, "reserve": 5}})
    return one(people(), facts, memory, TEAM, settings, at)


def find(case: CaseList, reason: str) -> pd.DataFrame:
    return case.everyone[case.everyone["reason"] == reason]


# ---- Whom it leaves off ----


def test_a_lot_leaves_off_its_share_of_newcomers_near_the_line_and_others_take_their_places() -> None:
    without, case = one(people(), team=TEAM), draw()
    off, kept = find(case, LEFT_OFF), find(case, IN_LOT)
    assert 0.1 < len(off) / (len(off) + len(kept)) < 0.4
    assert (len(case.rows), case.eligible, case.left_off) == (120, PEOPLE, len(off))
    assert len(case.rows) + case.below_the_line + case.known + sum(case.excluded.values()) == PEOPLE
    line = without.rows["margin"].min()
    assert off["margin"].max() <= line + LOT["within"]
    assert off["risk"].max() <= LOT["never_above"]
    assert set(off["place"]) == {"below the line"}
    assert set(kept["place"]) == {"listed"}
    assert not set(case.reserve["patient_id"]) & set(off["patient_id"])
    # Above what the lot reaches everybody is listed, and nothing is said of them.
    above = people().loc[lambda rows: (rows["margin"] > line + LOT["within"]) | (rows["risk"] > LOT["never_above"])]
    assert set(above["patient_id"].head(120)) <= set(case.rows["patient_id"])
    assert not set(above["patient_id"]) & {*off["patient_id"], *kept["patient_id"]}


def test_of_many_people_one_in_four_is_drawn() -> None:
    count = 4000
    rows = pd.DataFrame({"patient_id": [f"q{number}" for number in range(count)], "risk": 0.2, "margin": 0.0})
    told = dict.fromkeys(("nominated", "on_last", "keeps_place", "objecting", "has_case"), pd.Series(False, rows.index))
    rules = Settings.model_validate({"lists": {"hold_out": LOT}}).lists.hold_out
    lot = draw_lot(rows, pd.DataFrame(told).assign(listed_before=pd.NaT), 0.0, rules, MONDAY)
    assert lot.decides.all()
    assert abs(lot.leaves_off.mean() - 0.25) < 0.025


def test_the_same_lot_falls_on_every_list_and_another_one_with_another_approval() -> None:
    first = draw()
    assert first.everyone.equals(draw().everyone)
    listed = first.rows["patient_id"]
    memory = Memory(listed=table(LISTED, *((MONDAY, who, f"KIR-{n:05}", MONDAY) for n, who in enumerate(listed))))
    later = draw(memory=memory, at=MONDAY + timedelta(weeks=1))
    assert set(later.rows["patient_id"]) == set(listed)
    assert find(later, IN_LOT).empty
    other = draw(approval="REC 26/NW/0002")
    assert set(find(other, LEFT_OFF)["patient_id"]) != set(find(first, LEFT_OFF)["patient_id"])


@pytest.mark.parametrize("day", [MONDAY - timedelta(weeks=1), MONDAY + timedelta(days=201)])
def test_outside_its_days_nobody_is_left_off(day: date) -> None:
    case = draw(at=day)
    assert case.everyone.equals(one(people(), team=TEAM, at=day).everyone)


def test_nobody_is_left_off_who_was_put_forward_was_listed_before_or_objected() -> None:
    off = find(draw(), LEFT_OFF)
    forward, before, objecting = (off.iloc[number] for number in (0, 1, 2))
    caseload = table(CASELOAD, (int(forward["person"]), "Kirkby", "identified", "2026-11-01", None, True))
    memory = Memory(listed=table(LISTED, (date(2026, 6, 1), before["patient_id"], "KIR-00001", date(2026, 6, 1))))
    case = draw(CaseFacts(caseload=caseload, objecting=frozenset({int(objecting["person"])})), memory)
    withdrawn = pd.DataFrame([("KIR", 7, off.iloc[3]["patient_id"], MONDAY, MONDAY)], columns=CASE_COLUMNS)
    again = draw(memory=Memory(cases=CaseRegister(withdrawn)))
    assert off.iloc[3]["patient_id"] in set(again.rows["patient_id"])
    assert set(find(again, LEFT_OFF)["patient_id"]) < set(off["patient_id"])
    spared = {forward["patient_id"], before["patient_id"], objecting["patient_id"]}
    assert spared <= set(case.rows["patient_id"])
    assert not spared & {*find(case, LEFT_OFF)["patient_id"], *find(case, IN_LOT)["patient_id"]}


def test_every_list_with_a_lot_says_how_many_it_left_off_and_the_approved_words() -> None:
    case = draw()
    rules = Settings.model_validate({"lists": {"hold_out": LOT}}).lists.hold_out
    said = describe_lot(case, rules)
    assert f"a random draw left {case.left_off} people near the line off" in said[0]
    assert "REC 26/NW/0001" in said[0]
    assert "put forward whoever needs the team now" in said[0]
    assert said[1] == f"What was approved: {' '.join(ETHICS.split())}"
    assert f"above {100 * rules.never_above:g} in 100" in said[0]  # type: ignore[union-attr]
    assert describe_lot(one(people(), team=TEAM), rules) == describe_lot(case, None) == ()
    fine = Settings.model_validate({"lists": {"hold_out": LOT | {"never_above": 0.305}}}).lists.hold_out
    assert "a risk above 30.5 in 100 is left off" in describe_lot(case, fine)[0]


# ---- What is refused ----


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"approval": " "}, "research ethics committee"),
        ({"ethics": "It was agreed."}, "3 words are too few"),
        ({"share": 0.3}, "less than or equal to 0.25"),
        ({"share": 0.15}, "one in a whole number"),
        ({"within": 1.5}, "less than or equal to 1"),
        ({"never_above": 1}, "less than 1"),
        ({"ends": MONDAY + timedelta(days=366)}, "at most 366 days"),
        ({"ends": MONDAY - timedelta(days=1)}, "not before the beginning"),
    ],
)
def test_a_lot_is_refused_without_all_that_it_needs(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Settings.model_validate({"lists": {"hold_out": LOT | changes}})


@pytest.mark.parametrize("left_out", LOT)
def test_no_part_of_it_has_a_default(left_out: str) -> None:
    given = {name: value for name, value in LOT.items() if name != left_out}
    with pytest.raises(ValueError, match=left_out):
        Settings.model_validate({"lists": {"hold_out": given}})


# ---- What is learned ----

INDEX = pd.Timestamp(2026, 1, 5)


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lots decided first of five people: two left off, three listed, one of each outside the windows."""
    days = {"off": 0, "off late": 400, "in": 30, "in late": -1, "in last": 365}
    rows = pd.DataFrame(
        {
            "day": [INDEX + pd.Timedelta(days=day) for day in days.values()],
            "left_off": [name.startswith("off") for name in days],
            "times": [4, 4, 4, 4, 4],
        },
        index=pd.Index(days, name="patient_id"),
    )
    monkeypatch.setattr(lots, "_read_first_lots", lambda opened: rows)


def ask(names: list[str], mode: str = "hold_out", opened: Any = None) -> Any:
    recipe: Any = type("Asked", (), {"label": LabelRecipe(intervened=mode)})()  # type: ignore[arg-type]
    rows = pd.DataFrame({"patient_id": names, "index_date": INDEX})
    return lots.find_lot_rows(opened, recipe, rows)


@pytest.mark.usefixtures("decided")
def test_whom_a_lot_listed_is_told_from_whom_it_left_off() -> None:
    found = ask(["off", "off late", "in", "in late", "in last", "nobody"])
    assert found.times.tolist() == [4, 1, 1, 1, 1, 1]
    assert found.listed.tolist() == [False, False, True, False, True, False]
    assert lots.describe_lot_rows(found, np.arange(5)) == (
        "their outcomes are kept; 2 rows of people whom a lot listed are left out, and 1 of people whom it left off "
        "stand for them, whatever came later, counted 4 times each"
    )
    two = lots.LotRows(found.listed, np.array([4, 10, 1, 1, 1, 1]))
    assert lots.describe_lot_rows(two, np.arange(5)).endswith("counted 4 to 10 times each")


def test_whom_a_lot_listed_is_not_learned_from_and_is_tested_on() -> None:
    listed, outcome = np.array([True, False, True, True]), np.array([1.0, 1, 0, 1])
    study: Any = SimpleNamespace(lot=lots.LotRows(listed, np.ones(4, int)))
    slice_of = pd.Categorical(["train", "train", "calibration", "test"])
    assert np.isnan(Study._leave_out_listed(study, outcome, slice_of)).tolist() == [True, False, True, False]
    study.lot = None
    assert Study._leave_out_listed(study, outcome, slice_of) is outcome


@pytest.mark.usefixtures("decided")
def test_without_anybody_left_off_it_is_refused_and_other_recipes_ask_nothing() -> None:
    assert ask(["in"], "treat") is None
    with pytest.raises(TrainingError, match="no row here is of one"):
        ask(["in", "nobody"])


def test_where_no_list_stands_it_is_refused_too(tmp_path: Path) -> None:
    workspace = SimpleNamespace(root=tmp_path, settings=Settings())
    with pytest.raises(TrainingError, match="no row here is of one"):
        ask(["in"], opened=SimpleNamespace(workspace=workspace))
