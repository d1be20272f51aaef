"""Medicines. Source: GP prescribing, one row per issue, BNF codes. Clinical owner: to be named by the site (a
pharmacist). Reviewed: 2026-11.

A medicine is a BNF chemical substance group: the first 7 characters of its code. Counts of current medicines look back
90 days, as most repeat prescriptions last one to three months; flags look back 6 months. Medicines given in hospital
are not seen.
"""

from riskstrat.definitions import codelist, count, days_since, distinct, exists
from riskstrat.definitions.features import Declared
from riskstrat.sources.tables import prescriptions

_MEDICINES = codelist("medicines")
_HIGH_RISK = _MEDICINES.only(
    "anticoagulant",
    "antiplatelet",
    "anti-inflammatory painkiller",
    "opioid",
    "insulin",
    "sulfonylurea",
    "loop diuretic",
    "digoxin",
    "oral steroid",
    "cancer or immune medicine",
)
_FALLS_RELATED = _MEDICINES.only(
    "sleeping tablet or sedative",
    "antipsychotic",
    "antidepressant",
    "opioid",
    "epilepsy or nerve pain medicine",
    "Parkinson's disease medicine",
    "loop diuretic",
    "other diuretic",
    "beta blocker",
    "ACE inhibitor or ARB",
    "nitrate",
    "calcium channel blocker",
    "bladder medicine",
)

items_issued = count(
    prescriptions,
    lookback=("90d", "365d"),
    missing=0,
    theme="medicines",
    unit="prescriptions",
    says="{n} prescription{s} issued in the last {lookback}, the latest on {date}",
    absent="No prescription in the last {lookback}, or the person may not be reaching services",
    why="The number of prescriptions follows the burden of disease",
    sensitive=False,
)

different_medicines = distinct(
    prescriptions,
    prescriptions.bnf.substr(0, 7),
    lookback=("90d", "365d"),
    missing=0,
    theme="medicines",
    unit="medicines",
    says="{n} kind{s} of medicine prescribed in the last {lookback}, the latest on {date}",
    absent="No medicine prescribed in the last {lookback}, or the person may not be reaching services",
    why="Ten or more medicines bring side effects and falls, and mark many conditions",
    sensitive=False,
)

high_risk_medicines = distinct(
    prescriptions,
    "group",
    codes=_HIGH_RISK,
    lookback=("90d",),
    missing=0,
    theme="medicines",
    unit="kinds of medicine",
    says="Medicines of {n} kind{s} known to lead to hospital admissions prescribed in the last {lookback}",
    absent="No medicine that often leads to hospital admission prescribed in the last {lookback}",
    why="A few kinds of medicine account for most admissions from side effects",
    sensitive=False,
)

falls_related_medicines = distinct(
    prescriptions,
    "group",
    codes=_FALLS_RELATED,
    lookback=("90d",),
    missing=0,
    theme="medicines",
    unit="kinds of medicine",
    says="{n} kind{s} of medicine that can add to falls prescribed in the last {lookback}",
    absent="No medicine that can add to falls prescribed in the last {lookback}",
    why="Sedatives and medicines that lower blood pressure add to falls, above all together",
    sensitive=False,
)

days_since_prescription = days_since(
    prescriptions,
    lookback="1095d",
    missing=None,
    theme="medicines",
    unit="days",
    says="Last prescription {ago}, on {date}",
    absent="No prescription in the last {lookback}, or the person may not be reaching services",
    why="Regular medicines that stop may be a person who has lost contact",
    sensitive=False,
)

antibiotic_courses = count(
    prescriptions,
    codes=_MEDICINES.only("antibiotic"),
    lookback=("90d", "365d"),
    missing=0,
    theme="medicines",
    unit="prescriptions",
    says="{n} antibiotic prescription{s} in the last {lookback}, the latest on {date}",
    absent="No antibiotic prescription in the last {lookback}",
    why="Repeated infections come before an admission for infection",
    sensitive=False,
)

oral_steroid_courses = count(
    prescriptions,
    codes=_MEDICINES.only("oral steroid"),
    lookback=("365d",),
    missing=0,
    theme="medicines",
    unit="prescriptions",
    says="{n} prescription{s} of steroid tablets in the last {lookback}, the latest on {date}",
    absent="No prescription of steroid tablets in the last {lookback}",
    why="Steroid courses count flare-ups of lung disease",
    sensitive=False,
)

_TAKEN = (
    ("loop_diuretic", "loop diuretic", "a loop diuretic", "Treats heart failure and can bring falls and kidney injury"),
    ("anticoagulant", "anticoagulant", "an anticoagulant", "Bleeding on anticoagulants brings admissions"),
    ("inhaled_bronchodilator", "inhaled bronchodilator", "an inhaled bronchodilator", "Treats breathlessness"),
    ("home_oxygen", "home oxygen", "home oxygen", "Severe lung disease"),
    ("sedative", "sleeping tablet or sedative", "a sleeping tablet or sedative", "Adds to falls and confusion"),
    ("antipsychotic", "antipsychotic", "an antipsychotic", "Severe mental illness, or distress in dementia"),
    ("antidepressant", "antidepressant", "an antidepressant", "Depression, anxiety or long-lasting pain"),
    ("opioid", "opioid", "an opioid painkiller", "Severe pain; adds to falls, constipation and confusion"),
    (
        "epilepsy_or_nerve_pain_medicine",
        "epilepsy or nerve pain medicine",
        "a medicine for epilepsy or nerve pain",
        "Seizures, or pain that is hard to treat",
    ),
    ("dementia_medicine", "dementia medicine", "a medicine for dementia", "Dementia that coding may have missed"),
    ("insulin", "insulin", "insulin", "Low blood sugar on insulin brings admissions"),
    ("bladder_medicine", "bladder medicine", "a medicine for the bladder", "Anticholinergic effects add to confusion"),
    ("nutritional_supplement", "nutritional supplement", "a nutritional supplement", "Weight loss and frailty"),
    (
        "cancer_or_immune_medicine",
        "cancer or immune medicine",
        "a medicine for cancer or that lowers immunity",
        "Infection is more likely and more serious",
    ),
    (
        "anti_inflammatory_painkiller",
        "anti-inflammatory painkiller",
        "an anti-inflammatory painkiller",
        "Bleeding and kidney injury bring admissions",
    ),
)


def _taken(group: str, said: str, why: str) -> Declared:
    return exists(
        prescriptions,
        codes=_MEDICINES.only(group),
        lookback="180d",
        missing=0,
        theme="medicines",
        unit="yes/no",
        says=f"Prescribed {said} in the last {{lookback}}, the latest on {{date}}",
        absent=f"Not prescribed {said} in the last {{lookback}}",
        why=why,
        sensitive=False,
    )


medicines = {f"takes_{name}": _taken(group, said, why) for name, group, said, why in _TAKEN}

takes_medicine_for_dependence = exists(
    prescriptions,
    codes=_MEDICINES.only("substance dependence"),
    lookback="365d",
    missing=0,
    theme="medicines",
    unit="yes/no",
    says="Prescribed a medicine for substance dependence in the last {lookback}",
    absent="Not prescribed a medicine for substance dependence in the last {lookback}",
    why="Treated dependence brings physical illness that usual care may miss",
    sensitive=True,
)
