"""Whether a booster's text is whole, asked before LightGBM reads it.

LightGBM trusts what it reads: a tree whose numbers do not fit ends the process, or never ends. Trees here are binary,
with a number for every split, no categories and no linear leaves, as `riskstrat.training` makes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

_SPLITS = ("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child")
_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_INNER = ("internal_value", "internal_weight", "internal_count")
_DECISIONS = frozenset({"0", "2", "4", "6", "8", "10"})
"""Of splits by a number: where a missing value goes, and what counts as one."""

_HEADER = {"version": "v4", "num_class": "1", "num_tree_per_iteration": "1", "label_index": "0"}
AFTER = "end of trees\n"


def is_whole(text: str, columns: int) -> bool:
    """Whether the text is of trees over that many columns, each a tree, of the sizes that its head gives."""
    try:
        head, body = read_head(text)
        names = len(head["feature_names"].split(" ")), len(head["feature_infos"].split(" "))
        fits = int(head["max_feature_idx"]) == columns - 1 and names == (columns, columns)
        stated = all(head[name] == value for name, value in _HEADER.items())
        blocks = list(split_trees(body, [int(size) for size in head["tree_sizes"].split()]))
        objective = head["objective"] == "binary sigmoid:1" and _is_monotone(head, columns)
        return fits and stated and objective and all(_is_tree(block, columns) for block in blocks)
    except (KeyError, ValueError):
        return False


def read_head(text: str) -> tuple[Mapping[str, str], str]:
    """The lines before the first tree by their names, and the rest. Raises ValueError where it does not begin so."""
    begin, _, rest = text.partition("\n")
    head, blank, body = rest.partition("\n\n")
    if begin != "tree" or not blank or not text.isascii():
        raise ValueError(begin)
    return _read_lines(head), body


def split_trees(body: str, sizes: list[int]) -> Iterator[Mapping[str, str]]:
    """The lines of each tree by their names. Raises ValueError unless the sizes lead to the end of the trees."""
    place = 0
    for number, size in enumerate(sizes):
        block = body[place : place + size]
        place += size
        title, _, lines = block.partition("\n")
        if size <= 0 or title != f"Tree={number}" or not block.endswith("\n"):
            raise ValueError(number)
        yield _read_lines(lines.strip("\n"))
    if not body[place:].startswith(AFTER):
        raise ValueError(place)


def _read_lines(lines: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in lines.split("\n")]
    found = {name: value for name, _, value in pairs}
    if len(found) < len(pairs):
        raise ValueError(len(pairs))
    return found


def _is_monotone(head: Mapping[str, str], columns: int) -> bool:
    given = head.get("monotone_constraints")
    return given is None or (len(given.split(" ")) == columns and set(given.split(" ")) <= {"-1", "0", "1"})


def _is_tree(lines: Mapping[str, str], columns: int) -> bool:
    leaves = int(lines["num_leaves"])
    plain = (lines["num_cat"], lines["is_linear"]) == ("0", "0") and math.isfinite(float(lines["shrinkage"]))
    if not plain or leaves < 1:
        return False
    if not all(math.isfinite(float(value)) for value in lines["leaf_value"].split(" ")):
        return False
    if leaves == 1:
        # A tree that never split has its one value and nothing else that is read.
        return _are_numbers(lines["leaf_value"], 1)
    counted = [*((name, leaves - 1) for name in _SPLITS + _INNER), *((name, leaves) for name in _LEAVES)]
    if not all(_are_numbers(lines[name], number) for name, number in counted):
        return False
    features = [int(each) for each in lines["split_feature"].split(" ")]
    decided = set(lines["decision_type"].split(" ")) <= _DECISIONS
    return decided and all(0 <= each < columns for each in features) and _is_joined(lines, leaves)


def _is_joined(lines: Mapping[str, str], leaves: int) -> bool:
    """Whether every split and every leaf hangs below just one split, and no split below a later one."""
    sides = [[int(child) for child in lines[name].split(" ")] for name in ("left_child", "right_child")]
    children = sorted(child for side in sides for child in side)
    after = all(child < 0 or child > parent for side in sides for parent, child in enumerate(side))
    return after and children == [*range(-leaves, 0), *range(1, leaves - 1)]


def _are_numbers(text: str, number: int) -> bool:
    """Whether a text is so many numbers. A threshold may be endless, where only a missing value goes the other way."""
    parts = text.split(" ")
    return len(parts) == number and not any(math.isnan(float(part)) for part in parts)
