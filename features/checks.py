"""Contacts and checks that rules ask for and no model reads: a falls service, a medication review, tests of the last
15 months. Source: contacts, reported falls and GP measurements. Clinical owner: to be named by the site. Reviewed:
2026-11.

training/changeable.toml says what a team could act on where one of these is lacking; recipes leave them out of their
own columns. 15 months for a yearly check is ours: a year, and three months to make and record it. The words of
`service` are those that a source writes; a site that writes others changes them here.
"""

from riskstrat.definitions import count, episodes, exists
from riskstrat.definitions.features import Declared
from riskstrat.sources.tables import all_falls, contacts, measurements

attended = contacts.filter(contacts.attended.isnull() | contacts.attended)

falls_service_contacts = count(
    attended.filter(attended.service.isin(("falls_service", "falls_clinic", "falls"))),
    lookback=("365d",),
    missing=0,
    theme="falls and frailty",
    unit="contacts",
    says="{n} contact{s} with a falls service in the last {lookback}, the latest on {date}",
    absent="No contact with a falls service is recorded in the last {lookback}",
    why="A falls assessment lowers the chance of the next fall",
    sensitive=False,
)

falls_reported_by_falls_service = episodes(
    all_falls.filter(all_falls.source == "falls_service"),
    within="3d",
    lookback=("365d",),
    missing=0,
    theme="falls and frailty",
    unit="falls",
    says="{n} fall{s} reported by a falls service in the last {lookback}, the latest on {date}",
    absent="No fall reported by a falls service in the last {lookback}",
    why="A falls service that reports a fall knows the person",
    sensitive=False,
)

medication_review_contacts = count(
    attended.filter(
        attended.service.isin(("medication_review", "medicines_review", "pharmacist", "clinical_pharmacist"))
    ),
    lookback=("365d",),
    missing=0,
    theme="medicines",
    unit="contacts",
    says="{n} medication review{s} recorded in the last {lookback}, the latest on {date}",
    absent="No medication review is recorded in the last {lookback}",
    why="A review finds medicines that can be lowered or stopped",
    sensitive=False,
)


def _checked(measure: str, said: str, why: str) -> Declared:
    return exists(
        measurements.filter(measurements.measure == measure, measurements.value.notnull()),
        lookback="456d",
        missing=0,
        theme="long-term conditions",
        unit="yes/no",
        says=f"{said} measured in the last {{lookback}}, the latest on {{date}}",
        absent=f"{said} not measured in the last {{lookback}}",
        why=why,
        sensitive=False,
    )


checks = {
    "hba1c_checked": _checked("hba1c", "Average blood sugar (HbA1c)", "A yearly check in diabetes"),
    "egfr_checked": _checked("egfr", "Kidney function (eGFR)", "A yearly check in kidney disease and diabetes"),
    "systolic_checked": _checked("systolic", "Blood pressure", "A yearly check with high blood pressure or diabetes"),
}
