"""A booster's text without what it tells of the people it learned from, and with counts of other people instead.

LightGBM writes beside what predicts (splits, thresholds, values of leaves) the range of every feature, how many rows
reached each split and leaf and the weight of these, what every split gained, the value each split had before it was
made, and its settings. None of these decides a margin. Counts decide how a margin is shared out among features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from riskstrat.scoring.booster_text import AFTER, read_head, split_trees

_HEAD = (
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "feature_names",
)
"""What of the head is kept as it is."""

_TREE = ("num_leaves", "num_cat", "split_feature", "threshold", "decision_type", "left_child", "right_child")
"""What of a tree is kept as it is, besides the values of its leaves."""

Counts = npt.NDArray[np.int64]


def strip_booster(text: str) -> str:
    """The same trees, which predict the same, and nothing else; every leaf counts as one row.

    text: whole, as `is_whole` has it.
    """
    head, trees = _split(text)
    return _join(head, [_strip_tree(tree, np.ones(int(tree["num_leaves"]), np.int64)) for tree in trees])


def recount_booster(text: str, leaves: npt.NDArray[np.int32]) -> str:
    """A stripped booster whose leaves count the rows given and one more, so that none is empty.

    leaves: for each row the leaf that it reaches in each tree (rows by trees).
    """
    head, trees = _split(text)
    counted = (
        np.bincount(reached, minlength=int(tree["num_leaves"])) + 1
        for tree, reached in zip(trees, leaves.T, strict=True)
    )
    return _join(head, [_strip_tree(tree, counts) for tree, counts in zip(trees, counted, strict=True)])


def count_rows_in_leaves(text: str) -> list[Counts]:
    """How many rows LightGBM says that each leaf of each tree was made from; none for a tree that never split."""
    return [
        np.array(tree["leaf_count"].split(" "), np.int64) if int(tree["num_leaves"]) > 1 else np.zeros(0, np.int64)
        for tree in _split(text)[1]
    ]


def _split(text: str) -> tuple[Mapping[str, str], list[Mapping[str, str]]]:
    head, body = read_head(text)
    return head, list(split_trees(body, [int(size) for size in head["tree_sizes"].split()]))


def _join(head: Mapping[str, str], trees: Sequence[Mapping[str, str]]) -> str:
    blocks = [f"Tree={number}\n{_write_lines(tree)}\n\n" for number, tree in enumerate(trees)]
    unsaid = " ".join(["none"] * len(head["feature_names"].split(" ")))
    sizes = " ".join(str(len(block)) for block in blocks)
    lines = {name: head[name] for name in _HEAD} | {"feature_infos": unsaid, "tree_sizes": sizes}
    return f"tree\n{_write_lines(lines)}\n" + "".join(blocks) + AFTER


def _write_lines(lines: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _strip_tree(tree: Mapping[str, str], counts: Counts) -> dict[str, str]:
    """The lines of a tree whose leaves count so many rows."""
    rest = {"is_linear": tree["is_linear"], "shrinkage": tree["shrinkage"]}
    if len(counts) < 2:
        return {"num_leaves": "1", "num_cat": tree["num_cat"], "leaf_value": tree["leaf_value"], **rest}
    inner = len(counts) - 1
    kept = {name: tree[name] for name in _TREE} | {"leaf_value": tree["leaf_value"]}
    made = {
        "split_gain": _repeat("0", inner),
        "leaf_weight": _repeat("1", inner + 1),
        "leaf_count": " ".join(map(str, counts.tolist())),
        "internal_value": _repeat("0", inner),
        "internal_weight": _repeat("1", inner),
        "internal_count": " ".join(map(str, _add_up(tree, counts))),
    }
    return kept | made | rest


def _repeat(value: str, times: int) -> str:
    return " ".join([value] * times)


def _add_up(tree: Mapping[str, str], counts: Counts) -> list[int]:
    """How many rows each split counts: those of both its sides. A split's own splits come after it."""
    left, right = ([int(child) for child in tree[name].split(" ")] for name in ("left_child", "right_child"))
    found = [0] * (len(counts) - 1)
    for place in reversed(range(len(found))):
        sides = (left[place], right[place])
        found[place] = sum(int(counts[~side]) if side < 0 else found[side] for side in sides)
    return found
