"""PARR-30, a published score of emergency readmission within 30 days, to hold the readmission model against. Source:
hospital admissions and diagnoses (SUS+ / HES admitted patient care). Clinical owner: to be named by the site.
Reviewed: 2026-11.

Billings and others, BMJ Open 2012;2:e001667. The coefficients are single-source: one implementation has them
(features/codelists/parr30.csv), and they were not seen in the paper. The value is the log odds; recipes leave it out of
their own columns. At a discharge, the continuous stay that ends on the index day is the current one, and not among the
earlier admissions; those are counted back from the index day, without obstetrics and gynaecology. Conditions are those
of the Charlson index in hospital diagnoses of 2 years, each added by itself. Every trust has a coefficient of its own:
0 here.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from riskstrat.definitions import codelist, count, derive, distinct, exists, none_of, rows_named
from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.features import Columns, Words
from riskstrat.sources.tables import diagnoses

_PARR30 = codelist("parr30")
_WEIGHTS = {entry.code: entry.weight for entry in _PARR30.entries}
_BETA = {code: weight / _PARR30.scale for code, weight in _WEIGHTS.items()}
_CONDITIONS = _PARR30.only("condition").codes
_CHARLSON = codelist("charlson")
_WEIGHTED = Codelist(
    "charlson",
    tuple(
        replace(entry, weight=_WEIGHTS[named])
        for entry in _CHARLSON.entries
        if (named := entry.group.upper().replace(" ", "_")) in _CONDITIONS
    ),
    _PARR30.source,
    _PARR30.scale,
)
"""The codes of the Charlson index for the conditions of PARR-30, with its weights."""
_BANDS = (
    *("IMD_50_AND_OVER", "IMD_25_TO_40", "IMD_25_TO_40", "IMD_15_TO_25", "IMD_15_TO_25"),
    *("IMD_15_TO_25", "IMD_10_TO_15", "IMD_10_TO_15", "IMD_UNDER_10", "IMD_UNDER_10"),
)
_OF_DECILE = (0.0, *(_BETA[band] for band in _BANDS))
"""By decile (0 = not known): the band of its middle score. PARR-30 asks for the IMD score, and only the decile is
landed. The middle scores are those of the small areas of four boroughs in the Indices of Deprivation 2025."""


def _codes(name: str, group: str) -> list[str]:
    return list(codelist(name).only(group).codes)


_emergency = rows_named("emergency_admission")
_counted = _emergency.filter(none_of(_emergency.specialty, _codes("admission_details", "gynaecology")))

_words: Words = {
    "theme": "hospital use",
    "unit": "admissions",
    "says": "{n} emergency admission{s}",
    "why": "One item of PARR-30",
    "sensitive": False,
}


def log_odds(columns: Columns) -> npt.NDArray[np.float64]:
    """The log odds of a readmission; the current stay is taken out of the admissions that it is counted among."""
    earlier = np.maximum(columns["year"] - columns["current_counted"], 0)
    lately = columns["month"] - columns["current_counted"] > 0
    decile = np.nan_to_num(columns["imd_decile"]).astype(int)
    odds = _BETA["INTERCEPT"] + _BETA["AGE_SQUARED"] * columns["age"] ** 2 + np.array(_OF_DECILE)[decile]
    odds += _BETA["EMERGENCY_ADMISSIONS_12_MONTHS"] * earlier + _BETA["EMERGENCY_ADMISSION_30_DAYS"] * lately
    odds += _BETA["CURRENT_ADMISSION_EMERGENCY"] * columns["current"]
    return odds + columns["conditions"]


parr30 = derive(
    {
        "age": "age",
        "imd_decile": "imd_decile",
        "year": count(_counted, lookback="365d", missing=0, **_words),
        "month": count(_counted, lookback="30d", missing=0, **_words),
        "current": exists(_emergency.discharged_on, lookback="1d", missing=0, **_words),
        "current_counted": exists(_counted.discharged_on, lookback="1d", missing=0, **_words),
        "conditions": distinct(
            diagnoses, "group", codes=_WEIGHTED, weighted=True, lookback="730d", missing=0, **_words
        ),
    },
    log_odds,
    missing=None,
    theme="hospital use",
    unit="log odds",
    says="PARR-30 gives log odds of {n} for an emergency readmission within 30 days",
    absent="PARR-30 cannot be worked out: the age is not recorded",
    why="A published score to hold the readmission model against; recipes leave it out of their own columns",
    sensitive=False,
)
