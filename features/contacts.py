"""GP, community, mental health and outpatient contacts. Source: GP appointments, CSDS, MHSDS and outpatient data,
one row per contact. Clinical owner: to be named by the site. Reviewed: 2026-11.

The service is gp, mental_health, outpatient, or any other word (district_nursing, physiotherapy ...), which counts as
community. A contact whose attendance is not known counts as attended.
"""

import numpy as np
import numpy.typing as npt

from riskstrat.definitions import count, days_since, derive, distinct, none_of
from riskstrat.definitions.features import Columns, Words
from riskstrat.sources.tables import contacts

attended = contacts.filter(contacts.attended.isnull() | contacts.attended)
missed = contacts.filter(~contacts.attended)
gp = attended.filter(attended.service == "gp")

gp_contacts = count(
    gp,
    lookback=("30d", "90d", "365d"),
    missing=0,
    theme="community and GP contact",
    unit="contacts",
    says="{n} GP contact{s} in the last {lookback}, the latest on {date}",
    absent="No GP contact in the last {lookback}, or the person may not be reaching services",
    why="Frequent contact shows illness that is changing",
    sensitive=False,
)

days_since_gp_contact = days_since(
    gp,
    lookback="1095d",
    missing=None,
    theme="community and GP contact",
    unit="days",
    says="Last GP contact {ago}, on {date}",
    absent="No GP contact in the last {lookback}, or the person may not be reaching services",
    why="A long gap may be good health or lost contact",
    sensitive=False,
)

community_contacts = count(
    attended.filter(none_of(attended.service, ("gp", "mental_health", "outpatient"))),
    lookback=("90d", "365d"),
    missing=0,
    theme="community and GP contact",
    unit="contacts",
    says="{n} community health contact{s} in the last {lookback}, the latest on {date}",
    absent="No community health contact in the last {lookback}, or the person may not be reaching services",
    why="Community nurses and therapists see people who are frail or recovering",
    sensitive=False,
)

mental_health_contacts = count(
    attended.filter(attended.service == "mental_health"),
    lookback=("365d",),
    missing=0,
    theme="community and GP contact",
    unit="contacts",
    says="{n} mental health contact{s} in the last {lookback}, the latest on {date}",
    absent="No mental health contact in the last {lookback}, or the person may not be reaching services",
    why="Mental ill health makes physical illness harder to manage",
    sensitive=False,
)

outpatient_attendances = count(
    attended.filter(attended.service == "outpatient"),
    lookback=("365d",),
    missing=0,
    theme="hospital use",
    unit="attendances",
    says="{n} outpatient attendance{s} in the last {lookback}, the latest on {date}",
    absent="No outpatient attendance in the last {lookback}, or the person may not be reaching services",
    why="Specialist follow-up shows disease that is known and watched",
    sensitive=False,
)

_over_years: Words = {
    "theme": "community and GP contact",
    "unit": "contacts",
    "says": "{n}",
    "why": "How much care somebody has needed over years says more than one year alone",
    "sensitive": False,
}


def a_year(columns: Columns) -> npt.NDArray[np.float64]:
    """Contacts a year, from the first in the lookback on and over a year at least; one decimal.

    A plain count would take whoever came lately, and all when records are short, for people who need little.
    """
    years = np.maximum(np.nan_to_num(columns["days"]), 365) / 365
    return np.round(columns["contacts"] / years, 1)


contacts_a_year = derive(
    {
        "contacts": count(attended, lookback="1825d", missing=0, **_over_years),
        "days": days_since(attended, lookback="1825d", first=True, missing=None, **_over_years),
    },
    a_year,
    missing=0,
    theme="community and GP contact",
    unit="contacts a year",
    says="On average {n} contact{s} a year with GP, community, mental health or outpatient services, since the first "
    "of the last 5 years",
    absent="No contact in the last 5 years, or the person may not be reaching services",
    why="How much care somebody has needed over years says more than one year alone",
    sensitive=False,
)

missed_contacts = count(
    missed,
    lookback=("365d",),
    missing=0,
    theme="community and GP contact",
    unit="contacts",
    says="{n} missed appointment{s} in the last {lookback}, the latest on {date}",
    absent="No missed appointment in the last {lookback}",
    why="Missed appointments come before admissions; the person may need help to attend",
    sensitive=False,
)

different_services = distinct(
    attended,
    attended.service,
    lookback=("365d",),
    missing=0,
    theme="community and GP contact",
    unit="services",
    says="In contact with {n} kind{s} of service in the last {lookback}",
    absent="No contact in the last {lookback}, or the person may not be reaching services",
    why="Many services at once mean complex needs",
    sensitive=False,
)
