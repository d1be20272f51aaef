"""What changed since the last list, in words and in figures."""

from __future__ import annotations

import pytest

from riskstrat.documents.changes import KINDS, cause_figures, cause_sentences, move_lines, swap_lines, swap_sentences
from riskstrat.documents.words import signed
from riskstrat.errors import PublicationError
from riskstrat.publication import Cause, Move, Swap
from tests.browser.listed_team import causes, team_list


def test_the_largest_part_is_said_first_with_its_themes() -> None:
    assert cause_sentences(causes(0.8)) == (
        "New events raised it a lot: hospital use and urgent care.",
        "Earlier events growing older lowered it a little: falls and frailty.",
    )


def test_themes_that_went_the_other_way_and_the_theme_other_are_not_named() -> None:
    cause = Cause("late or corrected data", 0.3, (("medicines", 0.5), ("social care", -0.4), ("other", 0.2)))
    assert cause_sentences([cause]) == ("Late or corrected data raised it: medicines.",)


def test_a_part_of_sensitive_facts_alone_is_said_without_a_theme() -> None:
    assert cause_sentences([Cause("new events", 0.3, (("other", 0.3),))]) == ("New events raised it.",)


def test_small_parts_are_summed_up_and_no_parts_say_nothing() -> None:
    assert cause_sentences([Cause("new events", 0.04), Cause("model change", -0.01)]) == (
        "Nothing moved the estimate clearly.",
    )
    assert cause_sentences([]) == ()
    assert cause_figures([]) == ()


def test_the_figures_hold_all_four_parts_and_their_sum() -> None:
    parts = [Cause("model change", -1.25), Cause("new events", 0.5)]
    assert cause_figures(parts) == ("+0.50", "0.00", "0.00", "−1.25", "−0.75")
    assert KINDS == ("new events", "ageing of earlier events", "late or corrected data", "model change")


@pytest.mark.parametrize(("value", "text"), [(0.004, "0.00"), (-0.004, "0.00"), (0.005001, "+0.01"), (-2, "−2.00")])
def test_a_change_in_log_odds_has_its_sign(value: float, text: str) -> None:
    assert signed(value) == text


def test_moves_stand_by_kind_entries_first() -> None:
    moves = (Move("A", "moved", ""), Move("B", "left", "died"), Move("C", "entered", "new"), Move("D", "left", ""))
    assert [(line.reference, line.what, line.detail) for line in move_lines(team_list(moves=moves))] == [
        ("C", "Entered", "New."),
        ("B", "Left", "Died."),
        ("D", "Left", ""),
        ("A", "Moved", ""),
    ]


def test_one_exchange_is_said_in_the_singular() -> None:
    team = team_list()
    said = " ".join(swap_sentences(team_list(swaps=team.swaps[:1])))
    assert said.startswith("One exchange was made")
    assert said.endswith(
        "By the estimates, less than 0.1 more of those left out than of those taken would have the outcome that the "
        "risk is the chance of."
    )


@pytest.mark.parametrize(
    ("given_up", "words", "cell"), [(0.84, "about 0.8 more", "0.84"), (-0.84, "about 0.8 fewer", "\u22120.84")]
)
def test_an_exchange_says_more_or_fewer_and_no_time_that_another_model_has(
    given_up: float, words: str, cell: str
) -> None:
    swap = Swap("rank 5", "KIR-062-O", given_up)
    said = " ".join(swap_sentences(team_list(swaps=(swap,))))
    assert words in said
    assert "12 months" not in said
    assert "admission" not in said
    assert [line.given_up for line in swap_lines((swap,))] == [cell]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cause("new data", 0.1),  # type: ignore[arg-type]
        lambda: Cause("new events", float("nan")),
        lambda: Cause("new events", 0.1, (("medicines", float("inf")),)),
        lambda: Move("A", "gone", ""),  # type: ignore[arg-type]
    ],
)
def test_a_cause_or_a_move_that_cannot_be_is_refused(make: object) -> None:
    with pytest.raises(PublicationError):
        make()  # type: ignore[operator]
