"""What MIMIC-IV calls an admission, a place and a discharge, in the codes of the NHS data dictionary.

MIMIC-IV words: MIMIC-IV documentation, hosp/admissions (admission_type, admission_location, discharge_location).
NHS codes: HES data dictionary, ADMIMETH, ADMISORC, DISDEST, DISMETH. The pairing is ours; each decision is stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BY_REFERRER = "by referrer"
NOT_KNOWN = "99"

METHOD_OF_TYPE: Mapping[str, str] = MappingProxyType(
    {
        # Unplanned. Came in through the hospital's own emergency ward, whoever sent them there.
        "EW EMER.": "21",
        # A stay in the emergency department's observation unit: a hospital bed reached through A&E, which in England
        # is an emergency admission. Kept also when it lasts no night; the setting min_nights leaves those out.
        "EU OBSERVATION": "21",
        # Unplanned without the emergency ward: the admission location says who sent them.
        "DIRECT EMER.": BY_REFERRER,
        "URGENT": BY_REFERRER,
        "DIRECT OBSERVATION": BY_REFERRER,
        # Observation that became an inpatient stay.
        "OBSERVATION ADMIT": BY_REFERRER,
        # Planned, with a date given: booked. Observation after a planned procedure is part of the planned stay.
        "ELECTIVE": "12",
        "SURGICAL SAME DAY ADMISSION": "12",
        "AMBULATORY OBSERVATION": "12",
    }
)
"""ADMIMETH of each admission type. Codes that start with 2 are unplanned."""

METHOD_OF_REFERRER: Mapping[str, str] = MappingProxyType(
    {
        "EMERGENCY ROOM": "21",
        "WALK-IN/SELF REFERRAL": "21",
        "PHYSICIAN REFERRAL": "22",
        "CLINIC REFERRAL": "24",
        # An inpatient elsewhere moved in an emergency: not a new emergency, and the outcomes leave 2B out.
        "TRANSFER FROM HOSPITAL": "2B",
        "INTERNAL TRANSFER TO OR FROM PSYCH": "2B",
    }
)
"""ADMIMETH of an unplanned admission by who sent the patient; any other referrer is OTHER_EMERGENCY."""

OTHER_EMERGENCY = "2D"

SOURCE_OF_LOCATION: Mapping[str, str] = MappingProxyType(
    {
        # Where somebody was seen on the way in is not where they live: the usual place of residence.
        "EMERGENCY ROOM": "19",
        "WALK-IN/SELF REFERRAL": "19",
        "PHYSICIAN REFERRAL": "19",
        "CLINIC REFERRAL": "19",
        "PROCEDURE SITE": "19",
        "PACU": "19",
        "AMBULATORY SURGERY TRANSFER": "19",
        "TRANSFER FROM HOSPITAL": "51",
        "INTERNAL TRANSFER TO OR FROM PSYCH": "53",
        "TRANSFER FROM SKILLED NURSING FACILITY": "85",
    }
)
"""ADMISORC of each admission location; any other is NOT_KNOWN."""

DISCHARGE_TO: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "HOME": ("19", "1"),
        "HOME HEALTH CARE": ("19", "1"),
        "ASSISTED LIVING": ("19", "1"),
        # Left against advice: the patient's own discharge, taken to be home.
        "AGAINST ADVICE": ("19", "2"),
        # Whoever owns them, other hospitals take the transfer codes that the readmission recipe leaves out.
        "ACUTE HOSPITAL": ("51", "1"),
        "REHAB": ("51", "1"),
        "CHRONIC/LONG TERM ACUTE CARE": ("51", "1"),
        "PSYCH FACILITY": ("53", "1"),
        # The nearest English place is a care home with nursing.
        "SKILLED NURSING FACILITY": ("85", "1"),
        "HOSPICE": ("88", "1"),
        "OTHER FACILITY": (NOT_KNOWN, "1"),
        "HEALTHCARE FACILITY": (NOT_KNOWN, "1"),
        "DIED": ("79", "4"),
    }
)
"""DISDEST and DISMETH of each discharge location. Observation stays carry none: both are then not known (99, 9)."""

DISCHARGE_NOT_KNOWN = (NOT_KNOWN, "9")


def admission_method(kind: str, location: str) -> str:
    """The ADMIMETH code of a MIMIC-IV admission type and location; 99 for a type that is not in the table."""
    method = METHOD_OF_TYPE.get(kind, NOT_KNOWN)
    return METHOD_OF_REFERRER.get(location, OTHER_EMERGENCY) if method == BY_REFERRER else method


def admission_source(location: str) -> str:
    """The ADMISORC code of a MIMIC-IV admission location; 99 where it says nothing of the place."""
    return SOURCE_OF_LOCATION.get(location, NOT_KNOWN)


def discharge_codes(place: str) -> tuple[str, str]:
    """The DISDEST and DISMETH codes of a MIMIC-IV discharge location; 99 and 9 where it is not known."""
    return DISCHARGE_TO.get(place, DISCHARGE_NOT_KNOWN)
