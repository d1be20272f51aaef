"""Long-term conditions. Source: hospital diagnoses (all positions) and GP registers, merged; one row per person, code
and date. Clinical owner: to be named by the site. Reviewed: 2026-11.

37 conditions of codelists/long_term_conditions.csv, looked for in the whole record. A GP register lands in `conditions`
with system register and the condition in capitals as its code, spaces as underscores (HEART_FAILURE). Alcohol problems
and substance misuse stand apart as sensitive; every count here leaves them out, so that no printed number can give them
away. Beside each merged flag that may be printed stands one of the GP records alone, which only a model sees: a person
is told of a condition once.
"""

import numpy as np
import numpy.typing as npt

from riskstrat.definitions import Codelist, codelist, days_since, derive, distinct, exists, lower_first
from riskstrat.definitions.features import Columns, Declared
from riskstrat.sources.tables import conditions as gp_conditions
from riskstrat.sources.tables import recorded_conditions

_ALL = codelist("long_term_conditions")
_SENSITIVE = ("Alcohol problems", "Substance misuse")
_PRINTABLE = _ALL.only(*(group for group in _ALL.groups if group not in _SENSITIVE))
_MENTAL = _ALL.only("Depression", "Anxiety", "Severe mental illness")

_CONDITIONS = (
    ("hypertension", "Hypertension", "Common; raises the risk of stroke, heart and kidney disease"),
    ("coronary_heart_disease", "Coronary heart disease", "Angina and heart attack bring emergency admissions"),
    ("heart_failure", "Heart failure", "Fluid overload brings repeated admissions that good care can prevent"),
    ("atrial_fibrillation", "Atrial fibrillation", "Brings stroke, fast heart rate and bleeding on treatment"),
    ("stroke_or_tia", "Stroke or TIA", "Leaves disability and is often followed by another"),
    ("peripheral_vascular_disease", "Peripheral vascular disease", "Poor circulation brings ulcers and infection"),
    ("diabetes", "Diabetes", "Low and high blood sugar, infection and foot ulcers bring admissions"),
    ("copd", "COPD", "Flare-ups are among the most common causes of admission"),
    ("asthma", "Asthma", "Attacks bring admissions that good control can prevent"),
    (
        "chronic_lung_disease",
        "Interstitial and other chronic lung disease",
        "Little lung reserve: an infection becomes an admission",
    ),
    ("chronic_kidney_disease", "Chronic kidney disease", "Acute kidney injury and fluid problems bring admissions"),
    ("chronic_liver_disease", "Chronic liver disease", "Bleeding, fluid and confusion bring admissions"),
    ("cancer", "Cancer", "The disease and its treatment bring infection and pain"),
    ("metastatic_cancer", "Metastatic cancer", "Advanced disease with high need of urgent care"),
    ("depression", "Depression", "Makes other conditions harder to live with and to treat"),
    ("anxiety", "Anxiety", "Often present with breathlessness and chest pain"),
    ("severe_mental_illness", "Severe mental illness", "Physical illness comes earlier and is found later"),
    ("dementia", "Dementia", "Infection, falls and delirium bring admissions"),
    ("delirium", "Delirium", "An episode marks a vulnerable brain and is likely to return"),
    ("epilepsy", "Epilepsy", "Seizures bring emergency admissions"),
    ("parkinsons_disease", "Parkinson's disease", "Falls, swallowing problems and missed doses bring admissions"),
    ("multiple_sclerosis", "Multiple sclerosis", "Infection and loss of mobility bring admissions"),
    ("hemiplegia_or_paraplegia", "Hemiplegia or paraplegia", "Immobility brings infection and skin damage"),
    ("learning_disability", "Learning disability", "Illness is found late and admission is often avoidable"),
    (
        "rheumatoid_or_connective_tissue_disease",
        "Rheumatoid arthritis or connective tissue disease",
        "Disease and its medicines weaken defences against infection",
    ),
    ("osteoarthritis", "Osteoarthritis", "Pain and poor mobility add to frailty"),
    ("osteoporosis", "Osteoporosis", "Fragile bones turn a fall into a fracture"),
    ("thyroid_disease", "Thyroid disease", "Common in multimorbidity"),
    ("obesity", "Obesity", "Raises the risk of diabetes, heart and lung disease"),
    ("anaemia", "Anaemia", "A marker of chronic disease and of bleeding"),
    ("alcohol_problems", "Alcohol problems", "Brings injury, liver disease and withdrawal"),
    ("substance_misuse", "Substance misuse", "Brings overdose, infection and injury"),
    ("malnutrition_or_weight_loss", "Malnutrition or weight loss", "Marks frailty and serious disease"),
    ("incontinence", "Incontinence", "Marks frailty and brings urinary infection"),
    ("pressure_or_skin_ulcer", "Pressure ulcer or chronic skin ulcer", "Marks immobility and can become infected"),
    ("visual_impairment", "Visual impairment", "Adds to falls and to difficulty with medicines"),
    ("hearing_loss", "Hearing loss", "Adds to isolation and to missed care"),
)


def _recorded(group: str, why: str) -> Declared:
    return exists(
        recorded_conditions,
        codes=_ALL.only(group),
        lookback="ever",
        missing=0,
        theme="long-term conditions",
        unit="yes/no",
        says=f"Recorded condition: {lower_first(group)}, the latest entry on {{date}}",
        absent=f"No {lower_first(group)} is recorded",
        why=why,
        sensitive=group in _SENSITIVE,
    )


conditions = {f"has_{name}": _recorded(group, why) for name, group, why in _CONDITIONS}


def _recorded_by_gp(name: str, group: str, why: str) -> Declared:
    return exists(
        gp_conditions,
        codes=_ALL.only(group),
        lookback="ever",
        missing=0,
        theme="long-term conditions",
        unit="yes/no",
        says=f"Recorded by the GP: {lower_first(group)}, the latest entry on {{date}}",
        absent=f"No {lower_first(group)} is recorded by the GP",
        why=why,
        sensitive=False,
        said_by=f"has_{name}",
    )


# A register is kept and looked after; a hospital code may be of one stay. Beside the merged flag a model can tell them.
conditions_by_gp = {
    f"{name}_in_gp_records": _recorded_by_gp(name, group, why)
    for name, group, why in _CONDITIONS
    if group not in _SENSITIVE
}


def years(columns: Columns) -> npt.NDArray[np.float64]:
    """Days as years with one decimal, at least a tenth."""
    return np.maximum(np.round(columns["days"] / 365.25, 1), 0.1)


def _years_since_first(codes: Codelist, said: str, absent: str, why: str) -> Declared:
    days = days_since(
        recorded_conditions,
        codes=codes,
        lookback="ever",
        first=True,
        missing=None,
        theme="long-term conditions",
        unit="days",
        says=f"{said} was first recorded {{n}} day{{s}} ago",
        absent=absent,
        why=why,
        sensitive=False,
    )
    return derive(
        {"days": days},
        years,
        missing=None,
        theme="long-term conditions",
        unit="years",
        says=f"{said} was first recorded {{n}} year{{s}} ago",
        absent=absent,
        why=why,
        sensitive=False,
    )


first_records = {
    f"years_since_first_{name}": _years_since_first(
        _ALL.only(group),
        group,
        f"No {lower_first(group)} is recorded",
        "A new diagnosis is unsettled; an old one has had time to bring complications",
    )
    for name, group in (
        ("copd", "COPD"),
        ("heart_failure", "Heart failure"),
        ("dementia", "Dementia"),
        ("cancer", "Cancer"),
    )
}

years_since_first_condition = _years_since_first(
    _PRINTABLE,
    "A long-term condition",
    "No long-term condition is recorded",
    "Years lived with disease add up",
)

number_of_conditions = distinct(
    recorded_conditions,
    "group",
    codes=_PRINTABLE,
    lookback="ever",
    missing=0,
    theme="long-term conditions",
    unit="conditions",
    says="{n} long-term condition{s} recorded",
    absent="No long-term condition is recorded",
    why="Risk rises with each further condition",
    sensitive=False,
)

conditions_recorded = distinct(
    recorded_conditions,
    "group",
    codes=_PRINTABLE,
    lookback=("365d", "1095d"),
    missing=0,
    theme="long-term conditions",
    unit="conditions",
    says="{n} long-term condition{s} recorded in the last {lookback}, the latest on {date}",
    absent="No long-term condition was recorded in the last {lookback}, or the person may not be reaching services",
    why="Conditions that were recorded lately are active",
    sensitive=False,
)

mental_health_conditions = distinct(
    recorded_conditions,
    "group",
    codes=_MENTAL,
    lookback="ever",
    missing=0,
    theme="long-term conditions",
    unit="conditions",
    says="{n} mental health condition{s} recorded",
    absent="No mental health condition is recorded",
    why="Mental and physical illness together need more care than either",
    sensitive=False,
)

days_since_condition_recorded = days_since(
    recorded_conditions,
    codes=_PRINTABLE,
    lookback="ever",
    missing=None,
    theme="long-term conditions",
    unit="days",
    says="A long-term condition was last recorded {ago}, on {date}",
    absent="No long-term condition is recorded",
    why="A condition that was recorded lately is active",
    sensitive=False,
)
