"""Frailty and comorbidity scores. Source: hospital diagnoses in all positions (HFRS, frailty syndromes); these and
GP registers (Charlson). Clinical owner: to be named by the site. Reviewed: 2026-11.

Hospital Frailty Risk Score: Gilbert and others, Lancet 2018; each code once, spells admitted in the last 2 years;
below 5 low, 5 to 15 intermediate, above 15 high; validated at 75 and over only. Charlson: Quan 2005 maps with Quan
2011 weights (AIDS or HIV 4), each condition once, the milder form dropped where the severer stands. The parts of
both that rest on sensitive codes (HFRS F10 and Z91, Charlson AIDS or HIV) are columns of their own and are never
printed: printed and private parts add up to the published score.
"""

import numpy as np
import numpy.typing as npt

from riskstrat.definitions import codelist, derive, distinct, exists, lower_first
from riskstrat.definitions.features import Columns, Declared
from riskstrat.sources.tables import diagnoses, recorded_conditions

_HFRS = codelist("hfrs")
_CHARLSON = codelist("charlson")
_SYNDROMES = codelist("frailty_syndromes")
_WEIGHTS = {entry.group: entry.weight for entry in _CHARLSON.entries}
_PRIVATE = "AIDS or HIV"

hfrs = distinct(
    diagnoses,
    "entry",
    codes=_HFRS.only("printable"),
    weighted=True,
    lookback=("730d",),
    missing=0,
    theme="falls and frailty",
    unit="points",
    says="Signs of frailty in hospital records of the last {lookback}: {n} point{s} (Hospital Frailty Risk Score)",
    printed_from=75,
    absent="No sign of frailty in hospital records of the last {lookback} (Hospital Frailty Risk Score)",
    why="The score marks older people at risk of long stays, readmission and death",
    sensitive=False,
)

hfrs_private_items = distinct(
    diagnoses,
    "entry",
    codes=_HFRS.only("held private"),
    weighted=True,
    lookback=("730d",),
    missing=0,
    theme="falls and frailty",
    unit="points",
    says="{n} further point{s} of the Hospital Frailty Risk Score in the last {lookback}",
    absent="No further point of the Hospital Frailty Risk Score in the last {lookback}",
    why="Completes the published score; rests on codes that are never printed",
    sensitive=True,
)


def _item(group: str) -> Declared:
    return exists(
        recorded_conditions,
        codes=_CHARLSON.only(group),
        lookback="ever",
        missing=0,
        theme="long-term conditions",
        unit="yes/no",
        says=f"Recorded condition: {lower_first(group)}, the latest entry on {{date}}",
        why="One item of the Charlson index",
        sensitive=group == _PRIVATE,
    )


def charlson(columns: Columns) -> npt.NDArray[np.float64]:
    """Weights of the conditions present, without the milder form where the severer is present."""
    milder = {
        "Mild liver disease": "Moderate or severe liver disease",
        "Diabetes without complications": "Diabetes with complications",
        "Cancer": "Metastatic solid tumour",
    }
    score = np.zeros_like(columns["Cancer"], dtype=np.float64)
    for group, present in columns.items():
        counts = present > 0
        if group in milder:
            counts &= ~(columns[milder[group]] > 0)
        score += np.where(counts, _WEIGHTS[group], 0)
    return score


charlson_index = derive(
    {group: _item(group) for group in _CHARLSON.groups if group != _PRIVATE},
    charlson,
    missing=0,
    theme="long-term conditions",
    unit="points",
    says="Weight of serious conditions on record: {n} point{s} (Charlson comorbidity index)",
    absent="No serious condition is recorded (Charlson comorbidity index)",
    why="Weighs conditions by how much they shorten life",
    sensitive=False,
)

charlson_private_item = distinct(
    recorded_conditions,
    "group",
    codes=_CHARLSON.only(_PRIVATE),
    weighted=True,
    lookback="ever",
    missing=0,
    theme="long-term conditions",
    unit="points",
    says="{n} further point{s} of the Charlson comorbidity index",
    absent="No further point of the Charlson comorbidity index",
    why="Completes the published index; rests on codes that are never printed",
    sensitive=True,
)

charlson_conditions_1825d = distinct(
    recorded_conditions,
    "group",
    codes=_CHARLSON.only(*(group for group in _CHARLSON.groups if group != _PRIVATE)),
    lookback="1825d",
    missing=0,
    theme="long-term conditions",
    unit="conditions",
    says="{n} serious condition{s} recorded in the last {lookback}, the latest on {date} (Charlson comorbidity index)",
    absent="No serious condition was recorded in the last {lookback} (Charlson comorbidity index)",
    why="Separates disease that is active from disease long past",
    sensitive=False,
)

frailty_syndromes = distinct(
    diagnoses,
    "group",
    codes=_SYNDROMES,
    lookback=("730d",),
    missing=0,
    theme="falls and frailty",
    unit="syndromes",
    says="{n} kind{s} of frailty seen in hospital in the last {lookback}, the latest from {date} (frailty syndromes)",
    absent="No kind of frailty seen in hospital in the last {lookback} (frailty syndromes)",
    why="Delirium, immobility, incontinence and dependence mark frailty (Imperial score)",
    sensitive=False,
)


def _syndrome(group: str, said: str, why: str) -> Declared:
    return exists(
        diagnoses,
        codes=_SYNDROMES.only(group),
        lookback="1095d",
        missing=0,
        theme="falls and frailty",
        unit="yes/no",
        says=f"{said} is recorded in hospital, the latest stay from {{date}}",
        absent=f"{said} is not recorded in hospital in the last {{lookback}}",
        why=why,
        sensitive=False,
    )


syndromes = {
    "has_mobility_problem": _syndrome("Mobility problem", "A mobility problem", "Poor mobility comes before falls"),
    "depends_on_care": _syndrome(
        "Dependence on care", "Dependence on care", "Care that fails, even for a day, becomes an admission"
    ),
}
