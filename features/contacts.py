"""GP, community, mental health and outpatient contacts. Source: GP appointments, CSDS, MHSDS and outpatient data,
one row per contact. Clinical owner: to be named by the site. Reviewed: 2026-11.

The service is gp, mental_health, outpatient, or any other word (district_nursing, physiotherapy ...), which counts as
community. A contact whose attendance is not known counts as attended.
"""

from riskstrat.definitions import count, days_since, distinct, none_of
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
