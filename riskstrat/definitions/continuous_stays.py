"""The published rules by which hospital spells are joined into one continuous stay.

A person who is moved from one hospital to another lies in one stay, recorded as two spells. Sources: three_days is the
rule of HFAnalyticsLab/HES_pipeline (src/spells.R and its decision record, MIT), with the lower bound of 0 days of
BHFDSC's SCORE-CVD (02_hes_apc_generate_cips.R, 2025). hscic_2014 is HSCIC's Provider Spells Methodology (2014) as
implemented in ukhsa-collaboration/epidm (R/cip_spells.R); the methodology itself was not seen. Codes are those of the
HES data dictionary; 67 is 2B in extracts that turned methods of admission into numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ContinuousStays = Literal["three_days", "hscic_2014", "off"]


@dataclass(frozen=True)
class StayRule:
    """When a spell goes on from the one before: at most `days` later, and either tells of the move.

    destinations: of the first. sources, methods: of the second. home_source_method: a destination, source and method
    that together tell of two stays. apart: patient classes that are never joined.
    """

    days: int
    destinations: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    home_source_method: tuple[str, str, str] | None = None
    apart: tuple[str, ...] = ()


_MOVED = ("2B", "67", "81")

STAY_RULES: Mapping[ContinuousStays, StayRule] = {
    "three_days": StayRule(3, ("51", "52", "53"), ("51", "52", "53"), _MOVED),
    "hscic_2014": StayRule(
        2,
        ("49", "50", "51", "52", "53", "84"),
        ("49", "50", "51", "52", "53", "87"),
        _MOVED,
        ("19", "51", "21"),
        ("3", "4"),
    ),
    "off": StayRule(-1, ("51", "52", "53"), ("51", "52", "53"), _MOVED),
}
"""By their names in riskstrat.toml. "off" joins nothing; its codes put spells of one day in order all the same."""
