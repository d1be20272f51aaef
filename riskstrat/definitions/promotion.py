"""What a version must show before it may be the champion: registry/promotion.toml. Nothing inherits."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from riskstrat.definitions.baselines import CHAMPION, LOGISTIC
from riskstrat.definitions.declared import Declared


def _check_range_order(ends: tuple[float, float]) -> tuple[float, float]:
    if not 0 < ends[0] < ends[1]:
        raise ValueError(f"{list(ends)} is no range; give two numbers above 0, the lower first")
    return ends


Range = Annotated[tuple[float, float], AfterValidator(_check_range_order)]


class EvidenceGates(Declared):
    """How much there must be to judge by, over all test dates together.

    least_people_with_outcome: people counted once, however many dates they had it on.
    """

    least_test_dates: int = Field(3, ge=1)
    least_events: int = Field(100, ge=1)
    least_people_with_outcome: int = Field(50, ge=1)


class DiscriminationGates(Declared):
    """least_auroc: the upper end of the interval must reach it. not_worse_than: models that it may not be worse than
    beyond noise, by the paired interval of the AUROC. least_lift: of the lists at capacity, PPV over prevalence."""

    least_auroc: float = Field(0.6, ge=0.5, lt=1)
    not_worse_than: tuple[str, ...] = (LOGISTIC, CHAMPION)
    least_lift: float = Field(1.5, ge=0)


class CalibrationGates(Declared):
    """Refused where the whole interval of the slope lies outside the range, or an ICI is larger."""

    slope_within: Range = (0.85, 1.18)
    largest_ici: float = Field(0.02, gt=0, lt=1)
    largest_ici_of_top_5_percent: float = Field(0.06, gt=0, lt=1)


class SubgroupGates(Declared):
    """mean_risk_over_observed_within: refused where the whole simultaneous interval of a group lies outside."""

    mean_risk_over_observed_within: Range = (0.8, 1.25)


class EquityGates(Declared):
    """recall_not_below: models whose lists at capacity this one's may not find fewer than, of the people with the
    outcome: among those with the fewest contacts, those registered lately, in the most deprived fifth and in each
    ethnic group. Refused where the whole simultaneous interval of a paired difference lies below 0."""

    recall_not_below: tuple[str, ...] = (CHAMPION,)


class LeakageGates(Declared):
    """Signs that a feature knows what came after the index date.

    single_feature_auroc: of one feature alone. single_feature_ppv: share with the outcome among the people whom one
    feature puts highest, where they hold at least a twentieth of all events. early_over_late: how much better (AUROC)
    a feature tells events of the first twelfth of the window than those of the second twelfth.
    above_logistic_regression: a distance in AUROC that is said loudly and stops nothing.
    """

    single_feature_auroc: float = Field(0.85, gt=0.5, le=1)
    single_feature_ppv: float = Field(0.9, gt=0, le=1)
    early_over_late: float = Field(0.1, gt=0, le=0.5)
    above_logistic_regression: float = Field(0.05, gt=0, le=0.5)


class PromotionPolicy(Declared):
    """The gates of registry/promotion.toml."""

    evidence: EvidenceGates = EvidenceGates()
    discrimination: DiscriminationGates = DiscriminationGates()
    calibration: CalibrationGates = CalibrationGates()
    subgroups: SubgroupGates = SubgroupGates()
    equity: EquityGates = EquityGates()
    leakage: LeakageGates = LeakageGates()
