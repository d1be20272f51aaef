"""A filled-in list held against what was published and is on record: its edition, what it adds, what it changes."""

from riskstrat.returning.additions import Additions, find_additions
from riskstrat.returning.editions import Returned, find_edition
from riskstrat.returning.exported import ListChange, find_change, read_editions, require_newer
from riskstrat.returning.names import parse_names
from riskstrat.returning.record import Difference, compare_with_record, describe_conflicts

__all__ = [
    "Additions",
    "Difference",
    "ListChange",
    "Returned",
    "compare_with_record",
    "describe_conflicts",
    "find_additions",
    "find_change",
    "find_edition",
    "parse_names",
    "read_editions",
    "require_newer",
]
