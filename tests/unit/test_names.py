"""How the engine is named: functions by verbs, and one class to a name."""

import house


def test_at_least_half_of_the_functions_begin_with_a_verb() -> None:
    names = [name for _, name, _ in house.find_functions()]
    assert sum(map(house.begins_with_verb, names)) >= len(names) / 2


def test_no_two_classes_share_a_name() -> None:
    assert house.find_doubled_classes() == []
