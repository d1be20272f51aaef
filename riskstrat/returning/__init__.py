"""A filled-in list held against what was published and is on record: its edition, what it adds, what it changes."""

from riskstrat.returning.additions import Additions, find_additions
from riskstrat.returning.editions import Returned, find_edition
from riskstrat.returning.names import parse_names
from riskstrat.returning.record import Difference, compare_with_record, describe_conflicts

__all__ = [
    "Additions",
    "Difference",
    "Returned",
    "compare_with_record",
    "describe_conflicts",
    "find_additions",
    "find_edition",
    "parse_names",
]
