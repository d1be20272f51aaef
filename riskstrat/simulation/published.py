"""Published figures that the simulated borough is held against, each with its source and the band it must meet.

"Recalled" marks figures from general knowledge of English statistics whose digits were not checked against a source;
their bands are wider.
"""

from __future__ import annotations

from dataclasses import dataclass

SPARRA = "SPARRA v4, jamesliley/SPARRAv4 at 3a4a4a6"
DEVON = "NEW Devon CCG, Pereira Gray 2017, BMJ Open 7:e014045"
GREENFIELD = "Greenfield 2020, EMJ 37:597, England's major A&E departments 2016/17"
HEALTH_FOUNDATION = "Health Foundation, May 2018, Emergency hospital admissions in England"
QOF = "Quality and Outcomes Framework, as compiled by an aggregator"
RECALLED = "recalled"


@dataclass(frozen=True)
class PublishedFigure:
    """One published figure. `low` and `high` bound simulated over published; `why` explains a band other than 20%."""

    name: str
    published: float
    source: str
    low: float = 0.8
    high: float = 1.2
    why: str = ""

    def holds(self, simulated: float) -> bool:
        """Whether the simulated figure is inside the band."""
        return self.low <= simulated / self.published <= self.high


AGE_BANDS = (0, 20, 30, 40, 50, 60, 70, 80, 121)
DEATH_BANDS = (0, 45, 65, 75, 85, 121)
GRADIENT_BANDS = (0, 20, 38, 53, 67, 121)
ATTENDANCE_BANDS = (0, 5, 20, 40, 65, 80, 121)

EVENT_RATES = tuple(
    PublishedFigure(f"admission or death in 12 months, age {ages}", rate, SPARRA)
    for ages, rate in zip(
        ("0-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80+"),
        (0.0487, 0.0513, 0.0555, 0.0623, 0.0761, 0.1006, 0.1709, 0.3288),
        strict=True,
    )
)
"""People with care recorded in the last three years, as SPARRA scores them (about 80% of residents)."""

_RARE = "few people: at 30,000 people the sampling error alone is about 10%"
EVENTS_EACH = tuple(
    PublishedFigure(f"of people with an event, share with {count}", share, SPARRA, low, high, why)
    for count, share, low, high, why in (
        ("1", 0.7117, 0.9, 1.1, "the commonest count must be near"),
        ("2", 0.1755, 0.8, 1.2, ""),
        ("3", 0.0609, 0.8, 1.2, ""),
        ("4", 0.0255, 0.7, 1.3, _RARE),
        ("5", 0.0118, 0.7, 1.3, _RARE),
        ("6 or more", 0.0146, 0.7, 1.3, _RARE),
    )
)

DEATHS = tuple(
    PublishedFigure(f"deaths per 1,000 a year, age {ages}", rate * 1.12, RECALLED, 0.75, 1.3, why)
    for ages, rate, why in (
        ("0-44", 1.0, "recalled, and few deaths"),
        ("45-64", 5.0, "recalled"),
        ("65-74", 17.0, "recalled"),
        ("75-84", 47.0, "recalled"),
        ("85+", 145.0, "recalled"),
    )
)
"""England's rates, raised by 12% for a borough of which half lives in the most deprived fifth (1.25 there)."""

_TWO_FIFTHS = "two fifths of one borough: sampling error about 10% at 30,000 people"
GRADIENTS = tuple(
    PublishedFigure(
        f"most over least deprived fifth, emergency admission, age {ages}", ratio, DEVON, 0.75, 1.3, _TWO_FIFTHS
    )
    for ages, ratio in zip(("0-19", "20-37", "38-52", "53-66", "67+"), (1.65, 1.99, 2.11, 1.92, 1.39), strict=True)
)
"""For a borough with all fifths, such as Wirral."""

ATTENDERS = (
    PublishedFigure(
        "of A&E attenders in a year, share with 1 attendance",
        0.735,
        GREENFIELD,
        0.9,
        1.1,
        "the commonest count must be near",
    ),
    PublishedFigure("of A&E attenders in a year, share with 2", 0.170, GREENFIELD),
    PublishedFigure("of A&E attenders in a year, share with 3 or more", 0.095, GREENFIELD),
    PublishedFigure("of A&E attenders in a year, share with 6 or more", 0.012, GREENFIELD, 0.7, 1.3, _RARE),
)
ATTENDANCES = tuple(
    PublishedFigure(
        f"A&E attendances per 1,000 a year, age {ages}", rate, RECALLED, 0.7, 1.3, "an order of magnitude, recalled"
    )
    for ages, rate in zip(
        ("0-4", "5-19", "20-39", "40-64", "65-79", "80+"), (650, 330, 390, 310, 370, 720), strict=True
    )
)
STAYS = (
    PublishedFigure("emergency spells without a night", 1 / 3, HEALTH_FOUNDATION),
    PublishedFigure("mean nights of emergency spells", 6.5, RECALLED, 0.85, 1.15, "published as 6 to 7"),
    PublishedFigure(
        "emergency readmission within 30 days", 0.15, "CCG OIS 3.2, England 14-15%, Halton 15.5%", 0.9, 1.1, "14 to 16%"
    ),
)
FALLS = (
    PublishedFigure(
        "falls admissions aged 65+ per 100,000 a year",
        3292,
        "PHOF C29, Knowsley 2017/18; published rate is age-standardised",
    ),
    PublishedFigure(
        "hip fracture admissions aged 65+ per 1,000 a year",
        5.95,
        "Knowsley 2015: 143 among 24,037 aged 65+",
        0.7,
        1.35,
        "few events",
    ),
)
PREVALENCES = tuple(
    PublishedFigure(f"prevalence, {name}", share, source, low, high, why)
    for name, share, source, low, high, why in (
        ("hypertension", 0.170, QOF, 0.8, 1.2, ""),
        ("coronary heart disease", 0.042, QOF, 0.8, 1.2, ""),
        ("COPD", 0.039, QOF, 0.8, 1.2, ""),
        ("asthma", 0.075, QOF, 0.8, 1.2, ""),
        ("diabetes, 17+", 0.080, QOF, 0.8, 1.2, ""),
        ("depression, 18+", 0.19, QOF, 0.8, 1.2, ""),
        ("obesity, 18+", 0.17, QOF, 0.8, 1.2, ""),
        ("chronic kidney disease, 18+", 0.044, RECALLED, 0.75, 1.25, "recalled"),
        ("atrial fibrillation", 0.021, RECALLED, 0.75, 1.25, "recalled"),
        ("heart failure", 0.011, RECALLED, 0.7, 1.4, "recalled for England; Knowsley is higher"),
        ("stroke or TIA", 0.019, RECALLED, 0.75, 1.3, "recalled for England; Knowsley is higher"),
        ("cancer", 0.036, RECALLED, 0.75, 1.25, "recalled"),
        ("severe mental illness", 0.010, RECALLED, 0.75, 1.35, "recalled for England; Knowsley is higher"),
        ("epilepsy, 18+", 0.008, RECALLED, 0.75, 1.35, "recalled for England; Knowsley is higher"),
        ("dementia, 65+", 0.0428, QOF, 0.75, 1.25, "few people"),
    )
)
"""Knowsley where a local figure is known in direction, else England."""

CARE_HOMES = (PublishedFigure("aged 65+ living in a care home", 0.03, RECALLED, 0.7, 1.3, "recalled"),)
