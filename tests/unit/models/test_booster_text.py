"""A booster's text is judged before LightGBM reads it: damage is a refusal, never the end of the process or a hang."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.errors import ModelError
from riskstrat.scoring.booster_text import is_whole


@pytest.fixture(scope="module")
def text(fitted) -> str:
    """The booster of a small model."""
    return str(fitted.model.booster_text)


DAMAGE = {
    "cut": lambda text: text[: len(text) // 2],
    "cut in the first tree": lambda text: text[:1200],
    "empty": lambda text: "",
    "a feature that is none": lambda text: _edit(text, "split_feature", "99"),
    "a feature below none": lambda text: _edit(text, "split_feature", "-7"),
    "a child that is none": lambda text: _edit(text, "left_child", "77"),
    "a child above its parent": lambda text: _edit(text, "right_child", "0"),
    "a leaf that is none": lambda text: _edit(text, "left_child", "-99"),
    "a split by categories": lambda text: _edit(text, "decision_type", "1"),
    "too many leaves": lambda text: re.sub(r"num_leaves=\d+", "num_leaves=90", text, count=1),
    "endless leaves": lambda text: re.sub(r"num_leaves=\d+", "num_leaves=" + "9" * 9, text, count=1),
    "no leaves": lambda text: re.sub(r"num_leaves=\d+", "num_leaves=0", text, count=1),
    "another size": lambda text: re.sub(r"tree_sizes=\d+", "tree_sizes=7", text, count=1),
    "sizes below none": lambda text: re.sub(r"tree_sizes=\d+", "tree_sizes=-700", text, count=1),
    "no number": lambda text: _edit(text, "leaf_value", "nan"),
    "words": lambda text: _edit(text, "threshold", "high"),
    "many classes": lambda text: text.replace("num_class=1", "num_class=3"),
    "another objective": lambda text: text.replace("objective=binary", "objective=multiclass num_class:3"),
    "linear leaves": lambda text: text.replace("is_linear=0", "is_linear=1", 1),
}


def _edit(text: str, name: str, value: str) -> str:
    """The text with another first value of a line, its tree's size made to fit."""
    found = re.search(rf"^{name}=(\S+)", text, re.MULTILINE)
    assert found is not None
    edited = text[: found.start(1)] + value + text[found.end(1) :]
    grown = len(value) - len(found[1])
    return re.sub(r"tree_sizes=(\d+)", lambda size: f"tree_sizes={int(size[1]) + grown}", edited, count=1)


def test_what_was_trained_is_whole(text: str, fitted) -> None:
    assert is_whole(text, len(fitted.model.columns))
    assert not is_whole(text, len(fitted.model.columns) - 1)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_whose_digest_fits_is_refused(damage, text: str, fitted, borough) -> None:
    damaged = damage(text)
    assert damaged != text
    with pytest.raises(ModelError, match="restore its files or train again"):
        replace(fitted.model, booster_text=damaged).margin(borough.matrix)


@pytest.fixture(scope="module")
def score(fitted, borough) -> Callable[[str], int]:
    """How many risks a text gives for five people; it is whole, or refused."""

    def run(text: str) -> int:
        model = replace(fitted.model, booster_text=text)
        return len(model.margin(borough.matrix.take(np.arange(5))))

    return run


@given(data=st.data())
def test_whatever_passes_is_read_and_scores(data: st.DataObject, text: str, score: Callable[[str], int]) -> None:
    """One character changed, put in or taken out: either it is refused, or LightGBM scores with it."""
    place = data.draw(st.integers(0, text.index("end of trees")))
    put = data.draw(st.sampled_from(["", "0", "9", "-", " ", "\n", "=", "e", "x", "."]))
    changed = text[:place] + put + text[place + data.draw(st.integers(0, 1)) :]
    with suppress(ModelError):
        assert score(changed) == 5
