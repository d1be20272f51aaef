"""Every error is one line that can be read, whatever it quotes."""

from __future__ import annotations

import pytest

from riskstrat.errors import SourceError


def test_a_message_is_one_line() -> None:
    assert str(SourceError("a\n  b\tc ")) == "a b c"


@pytest.mark.parametrize("length", [1, 300])
def test_what_can_be_a_name_or_a_path_is_quoted_whole(length: int) -> None:
    assert str(SourceError(f"{'a' * length} is no date")) == f"{'a' * length} is no date"


@pytest.mark.parametrize("length", [301, 100_000])
def test_of_a_longer_word_the_ends_are_quoted(length: int) -> None:
    said = str(SourceError(f'key "{"a" * length}_end" is not known, nor is {"b" * length}'))
    assert said.startswith('key "aaa')
    assert "_end" in said
    assert len(said) < 250
