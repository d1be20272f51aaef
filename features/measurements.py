"""Measurements. Source: GP record, one row per measurement. Clinical owner: to be named by the site. Reviewed:
2026-11.

Units: bmi kg/m2; efi the electronic frailty index from 0 to 1 (validated at 65 and over; fit up to 0.12, mild to
0.24, moderate to 0.36, severe above); egfr mL/min/1.73 m2; smoking 0 never, 1 former, 2 current; systolic mmHg;
hba1c mmol/mol; haemoglobin g/L. What was never measured stays missing: it is not normal.
"""

from riskstrat.definitions import days_since, latest, lower_first, slope
from riskstrat.definitions.features import Declared
from riskstrat.sources.tables import measurements

bmi = measurements.filter(measurements.measure == "bmi", measurements.value.notnull())
egfr = measurements.filter(measurements.measure == "egfr", measurements.value.notnull())
efi = measurements.filter(measurements.measure == "efi", measurements.value.notnull())
smoking = measurements.filter(measurements.measure == "smoking", measurements.value.notnull())

bmi_latest = latest(
    bmi.value,
    lookback="1825d",
    missing=None,
    theme="long-term conditions",
    unit="kg/m2",
    says="Body mass index {n} on {date}",
    absent="No body mass index is recorded in the last {lookback}",
    called="body mass index",
    why="Low weight marks frailty; high weight brings disease",
    sensitive=False,
)


bmi_change_a_year = slope(
    bmi.value,
    at_least="90d",
    lookback="1095d",
    missing=None,
    theme="falls and frailty",
    unit="kg/m2 a year",
    says="Weight gain: body mass index rose by {n} a year, by the measurements of the last {lookback}",
    says_negative="Weight loss: body mass index fell by {n} a year, by the measurements of the last {lookback}",
    said_from=1,
    absent="A change of body mass index over the last 3 years cannot be told",
    why="Losing weight without trying marks frailty and serious disease",
    sensitive=False,
)

efi_latest = latest(
    efi.value,
    lookback="1095d",
    missing=None,
    theme="falls and frailty",
    unit="share of 36 deficits",
    says="Frailty in the GP record on {date}: {n} (electronic frailty index, 0 to 1)",
    printed_from=65,
    absent="Frailty is not recorded in the GP record of the last {lookback} (electronic frailty index)",
    called="electronic frailty index",
    why="Counts deficits in the GP record; follows loss of independence",
    sensitive=False,
)

egfr_latest = latest(
    egfr.value,
    lookback="1095d",
    missing=None,
    theme="long-term conditions",
    unit="mL/min/1.73 m2",
    says="Kidney function (eGFR) {n} on {date}",
    absent="No kidney function test is recorded in the last {lookback}",
    called="kidney function (eGFR)",
    why="Poor kidney function brings acute kidney injury and makes medicines riskier",
    sensitive=False,
)


egfr_change_a_year = slope(
    egfr.value,
    at_least="90d",
    lookback="1825d",
    missing=None,
    theme="long-term conditions",
    unit="mL/min/1.73 m2 a year",
    says="Kidney function (eGFR) rose by {n} a year, by the measurements of the last {lookback}",
    says_negative="Kidney function (eGFR) fell by {n} a year, by the measurements of the last {lookback}",
    said_from=2,
    absent="A change of kidney function over the last 5 years cannot be told",
    why="Kidney function that falls fast comes before crises",
    sensitive=False,
)

smoking_latest = latest(
    smoking.value,
    lookback="1825d",
    missing=None,
    theme="long-term conditions",
    unit="0 never, 1 former, 2 current",
    says="Smoking, recorded on {date}: {n}",
    values=("never", "in the past", "now"),
    absent="Smoking status is not recorded in the last {lookback}",
    called="smoking",
    why="Smoking brings lung, heart and vascular disease",
    sensitive=False,
)


def _latest(measure: str, said: str, unit: str, why: str) -> Declared:
    rows = measurements.filter(measurements.measure == measure, measurements.value.notnull())
    return latest(
        rows.value,
        lookback="1095d",
        missing=None,
        theme="long-term conditions",
        unit=unit,
        says=f"{said} {{n}} on {{date}}",
        absent=f"{said} is not recorded in the last {{lookback}}",
        called=lower_first(said),
        why=why,
        sensitive=False,
    )


tests = {
    "systolic_latest": _latest(
        "systolic", "Upper blood pressure", "mmHg", "High pressure brings stroke; low pressure brings falls"
    ),
    "hba1c_latest": _latest(
        "hba1c", "Average blood sugar (HbA1c)", "mmol/mol", "Poor control brings infection and admission"
    ),
    "haemoglobin_latest": _latest("haemoglobin", "Haemoglobin", "g/L", "Anaemia marks bleeding and chronic disease"),
}

days_since_measurement = days_since(
    measurements,
    lookback="1825d",
    missing=None,
    theme="community and GP contact",
    unit="days",
    says="Last measurement in the GP record {ago}, on {date}",
    absent="No measurement in the GP record in the last {lookback}, or the person may not be reaching services",
    why="A long gap may be good health or lost contact",
    sensitive=False,
)
