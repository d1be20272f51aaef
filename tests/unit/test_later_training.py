"""A list dated before its model was trained says so."""

from datetime import date

import pytest

from riskstrat.weekly.team_lists import describe_later_training


@pytest.mark.parametrize("trained", [None, "2026-03-04", "2026-03-03"])
def test_a_model_that_knew_no_more_than_the_list_needs_no_word(trained: str | None) -> None:
    assert describe_later_training(trained, date(2026, 3, 4)) == ()


def test_a_model_trained_on_later_data_is_told_with_both_days() -> None:
    assert describe_later_training("2026-03-05", date(2025, 3, 4)) == (
        "This list is dated before its model was made: the model was trained on data as at 5 March 2026, so it knew "
        "what came after 4 March 2025",
    )
