"""Named rows: the outcome events, and the discharges that give an index date. Recipes name them.

A row of admissions is a continuous stay: it is what its first spell is, on that spell's day, and it ends as its last
spell ends. So whoever is moved to another hospital has one event and one discharge, however the second hospital codes
the arrival.

emergency_admission: method of admission 21 22 23 24 25 28 2A 2D (2B is a transfer, 2C a birth), an ordinary admission
(patient class 1), not from another hospital (source 49 51 52 53 87), not maternity (specialty 501 560). A row whose
class, source or specialty is not known counts. Features ask for these rows by name: rows_named("emergency_admission").

live_discharge: the end of an ordinary stay to a usual residence (destination 19) or a care home (54 65 85), alive, so
no day cases, transfers, deaths, maternity or births. A stay whose destination is not known does not count.

first_unplanned_ae_attendance: an attendance of A&E that is neither planned nor a follow-up within 7 days (categories 2,
3 and 4), and no same-day emergency care. An attendance whose category is not known counts. Clinical owner: to be named
by the site. Reviewed: 2026-11.
"""

from riskstrat.definitions import codelist, none_of
from riskstrat.sources.tables import admissions, attendances


def _codes(name: str, group: str) -> list[str]:
    return list(codelist(name).only(group).codes)


emergency_admission = admissions.filter(
    admissions.method.isin(_codes("admission_methods", "emergency")),
    none_of(admissions.patient_class, _codes("admission_details", "not an ordinary admission")),
    none_of(admissions.source, _codes("admission_details", "transfer source")),
    none_of(admissions.specialty, _codes("admission_details", "maternity specialty")),
)

live_discharge = admissions.filter(
    admissions.discharged_on.notnull(),
    admissions.destination.isin(
        _codes("admission_details", "usual residence") + _codes("admission_details", "care home destination")
    ),
    none_of(admissions.discharge_method, _codes("admission_details", "not alive or not finished")),
    none_of(admissions.patient_class, _codes("admission_details", "not an ordinary admission")),
    none_of(admissions.method, _codes("admission_methods", "maternity") + _codes("admission_methods", "birth")),
    none_of(admissions.specialty, _codes("admission_details", "maternity specialty")),
)


def _attendance_codes(*groups: str) -> list[str]:
    return [code for group in groups for code in codelist("attendance_details").only(group).codes]


first_unplanned_ae_attendance = attendances.filter(
    none_of(attendances.category, _attendance_codes("planned", "unplanned follow-up")),
    none_of(attendances.department_type, _attendance_codes("same-day emergency care")),
)
