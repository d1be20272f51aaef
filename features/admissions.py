"""Hospital admissions. Source: SUS+ / HES admitted patient care, joined into continuous stays: whoever was moved to
another hospital had one stay, which is what its first spell is. Clinical owner: to be named by the site. Reviewed:
2026-11.

What an emergency admission is stands in training/outcomes.py, and nowhere else. Length of stay, destination and
specialty of an open stay are not known yet, so they do not count; the admission itself does. A stay whose discharge was
not received is over by the day on which the next began.
"""

import numpy as np
import numpy.typing as npt

from riskstrat.definitions import (
    active,
    codelist,
    count,
    days_in,
    days_since,
    derive,
    distinct,
    episodes,
    none_of,
    rows_named,
)
from riskstrat.definitions.features import Columns, Words
from riskstrat.sources.tables import admissions, diagnoses


def _codes(name: str, group: str) -> list[str]:
    return list(codelist(name).only(group).codes)


emergency = rows_named("emergency_admission")
planned = admissions.filter(admissions.method.isin(_codes("admission_methods", "elective")))
_of_emergencies = rows_named("emergency_admission", on=diagnoses)
main_diagnoses = _of_emergencies.filter(_of_emergencies.position == 1, _of_emergencies.spell == _of_emergencies.stay)
nights = emergency.discharged_on.delta(emergency.admitted_on, unit="day")

emergency_admissions = count(
    emergency,
    lookback=("30d", "90d", "180d", "365d", "730d", "1095d"),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} emergency admission{s} in the last {lookback}, the latest on {date}",
    absent="No emergency admission in the last {lookback}",
    why="Past emergency admissions are the strongest single sign of the next one",
    sensitive=False,
)

days_since_emergency_admission = days_since(
    emergency,
    lookback="1825d",
    missing=None,
    theme="hospital use",
    unit="days",
    says="Last emergency admission {ago}, on {date}",
    absent="No emergency admission in the last {lookback}",
    why="Risk is highest in the weeks after an admission and falls with time",
    sensitive=False,
)

_time_since: Words = {
    "theme": "hospital use",
    "unit": "days",
    "says": "{ago}",
    "why": "An older discharge is not the latest where that of the newest stay is not known",
    "sensitive": False,
}


def latest_discharge(columns: Columns) -> npt.NDArray[np.float64]:
    """Days since the latest discharge; not known where the newest stay has no known discharge."""
    outlived = columns["stay_without_discharge"] <= columns["stay_with_discharge"]
    return np.where(outlived, np.nan, columns["discharge"])


days_since_emergency_discharge = derive(
    {
        "discharge": days_since(emergency.discharged_on, lookback="730d", missing=None, **_time_since),
        "stay_with_discharge": days_since(
            emergency.filter(emergency.discharged_on.notnull()), lookback="ever", missing=None, **_time_since
        ),
        "stay_without_discharge": days_since(
            emergency.filter(emergency.discharged_on.isnull()), lookback="ever", missing=None, **_time_since
        ),
    },
    latest_discharge,
    missing=None,
    theme="hospital use",
    unit="days",
    says="Left hospital after an emergency admission {ago}, on {date}",
    absent="No emergency stay is known to have ended in the last 2 years",
    why="The first weeks after discharge carry the risk of readmission",
    sensitive=False,
)

emergency_stay_open = active(
    emergency.admitted_on,
    emergency.ended_by,
    missing=0,
    theme="hospital use",
    unit="yes/no",
    says="In hospital as an emergency, admitted on {date}",
    absent="Not in hospital as an emergency, as far as the records show",
    why="A person in hospital now is ill now, and the stay has no discharge yet",
    sensitive=False,
)

emergency_nights = days_in(
    emergency.admitted_on,
    emergency.ended_by,
    lookback=("90d", "365d", "730d"),
    missing=0,
    theme="hospital use",
    unit="nights",
    says="{n} night{s} in hospital as an emergency in the last {lookback}",
    absent="No night in hospital as an emergency in the last {lookback}",
    why="Nights in hospital show how severe past illness was",
    sensitive=False,
)

emergency_stays_without_a_night = count(
    emergency.filter(nights == 0),
    lookback=("365d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} emergency admission{s} without a night in hospital in the last {lookback}, the latest on {date}",
    absent="No emergency admission without a night in hospital in the last {lookback}",
    why="Short stays often mean a crisis that could have been met at home",
    sensitive=False,
)

long_emergency_stays = count(
    emergency.filter(nights >= 14),
    lookback=("730d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} emergency stay{s} of 14 nights or more in the last {lookback}, the latest on {date}",
    absent="No emergency stay of 14 nights or more in the last {lookback}",
    why="Long stays bring loss of strength and a harder return home",
    sensitive=False,
)

emergency_admissions_through_ae = count(
    emergency.filter(emergency.method.isin(_codes("admission_methods", "through A&E"))),
    lookback=("365d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} emergency admission{s} through A&E in the last {lookback}, the latest on {date}",
    absent="No emergency admission through A&E in the last {lookback}",
    why="Coming through A&E suggests a crisis that primary care did not see coming",
    sensitive=False,
)

emergency_admissions_from_care_home = count(
    emergency.filter(emergency.source.isin(_codes("admission_details", "care home source"))),
    lookback=("730d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} emergency admission{s} from a care home in the last {lookback}, the latest on {date}",
    absent="No emergency admission from a care home in the last {lookback}",
    why="Care home residents are frail and their admissions are often avoidable",
    sensitive=False,
)

discharges_to_care_home = count(
    admissions.filter(admissions.destination.isin(_codes("admission_details", "care home destination"))),
    lookback=("730d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} hospital stay{s} that ended in a care home in the last {lookback}",
    absent="No hospital stay that ended in a care home in the last {lookback}",
    why="A stay that ends in a care home marks a large loss of independence",
    sensitive=False,
)

own_discharges = count(
    emergency.filter(emergency.discharge_method.isin(_codes("admission_details", "own discharge"))),
    lookback=("730d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="Left hospital before staff advised it {times} in the last {lookback}",
    absent="Did not leave hospital before staff advised it in the last {lookback}",
    why="Treatment cut short is often followed by another admission",
    sensitive=False,
)

emergency_admissions_to_older_peoples_care = count(
    emergency.filter(emergency.specialty.isin(_codes("admission_details", "care of older people"))),
    lookback=("730d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} emergency admission{s} under care of older people in the last {lookback}, the latest on {date}",
    absent="No emergency admission under care of older people in the last {lookback}",
    why="Care under geriatricians marks frailty that diagnoses alone miss",
    sensitive=False,
)

planned_admissions = count(
    planned.filter(none_of(planned.patient_class, _codes("admission_details", "not an ordinary admission"))),
    lookback=("365d", "1095d"),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} planned admission{s} in the last {lookback}, the latest on {date}",
    absent="No planned admission in the last {lookback}",
    why="Planned stays show known disease under treatment",
    sensitive=False,
)

day_cases = count(
    planned.filter(planned.patient_class.isin(_codes("admission_details", "day case"))),
    lookback=("365d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} day case{s} in the last {lookback}, the latest on {date}",
    absent="No day case in the last {lookback}",
    why="Day cases show disease that is being investigated or treated",
    sensitive=False,
)

regular_attendances = count(
    admissions.filter(admissions.patient_class.isin(_codes("admission_details", "regular attender"))),
    lookback=("180d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} regular day or night attendance{s} in the last {lookback}, the latest on {date}",
    absent="No regular day or night attendance in the last {lookback}",
    why="Regular attenders have treatment such as dialysis or chemotherapy",
    sensitive=False,
)

days_since_planned_admission = days_since(
    planned,
    lookback="1095d",
    missing=None,
    theme="hospital use",
    unit="days",
    says="Last planned day or stay in hospital {ago}, on {date}",
    absent="No planned day or stay in hospital in the last {lookback}",
    why="Recent surgery or treatment can be followed by complications",
    sensitive=False,
)

different_diagnoses = distinct(
    diagnoses,
    diagnoses.code,
    lookback=("730d",),
    missing=0,
    theme="hospital use",
    unit="diagnosis codes",
    says="{n} different problem{s} coded in hospital records of the last {lookback} (diagnosis codes)",
    absent="No problem coded in hospital records of the last {lookback} (diagnosis codes)",
    why="Many different diagnoses mean complex needs",
    sensitive=False,
)

admissions_for_chronic_conditions_that_can_be_managed = count(
    main_diagnoses,
    codes=codelist("acsc_chronic"),
    lookback=("365d", "1095d"),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} emergency admission{s} in the last {lookback} for a chronic condition that can often be managed outside "
    "hospital (NHSOF 2.3.i list), the latest on {date}",
    absent="No emergency admission in the last {lookback} for a chronic condition of the NHSOF 2.3.i list",
    why="Ambulatory care sensitive admissions are what proactive care aims to prevent",
    sensitive=False,
)

admissions_for_acute_conditions_that_can_be_managed = count(
    main_diagnoses,
    codes=codelist("acsc_acute"),
    lookback=("1095d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} emergency admission{s} in the last {lookback} for an acute condition that should not usually need "
    "hospital (NHSOF 3a list), the latest on {date}",
    absent="No emergency admission in the last {lookback} for an acute condition of the NHSOF 3a list",
    why="Infections, dehydration and fits that return point to a need that is not met at home",
    sensitive=False,
)


def repeats(columns: Columns) -> npt.NDArray[np.float64]:
    """Admissions that came within 30 days of the first of their run."""
    return columns["admissions"] - columns["runs"]


repeat_emergency_admissions_730d = derive(
    {
        "admissions": "emergency_admissions_730d",
        "runs": episodes(
            emergency,
            within="30d",
            lookback="730d",
            missing=0,
            theme="hospital use",
            unit="runs of admissions",
            says="{n} separate run{s} of emergency admissions in the last {lookback}",
            why="Admissions within 30 days of the first belong together",
            sensitive=False,
        ),
    },
    repeats,
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} emergency admission{s} in the last 2 years came within 30 days of another",
    absent="No emergency admission in the last 2 years came within 30 days of another",
    why="Early returns show that a crisis was not over",
    sensitive=False,
)


def mean_stay(columns: Columns) -> npt.NDArray[np.float64]:
    """Nights for each admission; not known without an admission."""
    stays = columns["admissions"]
    return np.where(stays > 0, columns["nights"] / np.maximum(stays, 1), np.nan)


mean_emergency_stay_730d = derive(
    {"nights": "emergency_nights_730d", "admissions": "emergency_admissions_730d"},
    mean_stay,
    missing=None,
    theme="hospital use",
    unit="nights",
    says="On average {n} night{s} in hospital for each emergency admission of the last 2 years",
    absent="No emergency admission in the last 2 years",
    why="Longer stays mean more severe illness or a harder return home",
    sensitive=False,
)


def recent_change(columns: Columns) -> npt.NDArray[np.float64]:
    """Admissions in the last 6 months minus those in the 6 months before."""
    return 2 * columns["half_year"] - columns["year"]


emergency_admissions_rising = derive(
    {"half_year": "emergency_admissions_180d", "year": "emergency_admissions_365d"},
    recent_change,
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} more emergency admission{s} in the last 6 months than in the 6 months before",
    says_negative="{n} fewer emergency admission{s} in the last 6 months than in the 6 months before",
    absent="As many emergency admissions in the last 6 months as in the 6 months before",
    why="A rising number says more than a steady one",
    sensitive=False,
)
