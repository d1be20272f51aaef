"""Social care and care homes. Source: adult social care client level data, one row per service spell; care home
residence from people. Clinical owner: to be named by the site (with its legal basis: s251 for risk stratification
does not cover social care data). Reviewed: 2026-11.

A service without an end is still running. Not being in these data may mean no need, or need that nobody has seen.
"""

from riskstrat.definitions import active, count, days_in, days_since, distinct, exists
from riskstrat.definitions.features import Declared
from riskstrat.sources.tables import people, social_care

home_care = social_care.filter(social_care.service == "home_care")
reablement = social_care.filter(social_care.service == "reablement")
assessments = social_care.filter(social_care.service == "assessment")
services = social_care.filter(social_care.service != "assessment")

lives_in_care_home = exists(
    people.care_home_from,
    lookback="ever",
    missing=0,
    theme="social care",
    unit="yes/no",
    says="Lives in a care home, recorded from {date}",
    absent="Is not recorded as living in a care home",
    why="Care home residents are frail and are admitted more often",
    sensitive=False,
)

days_since_care_home = days_since(
    people.care_home_from,
    lookback="ever",
    missing=None,
    theme="social care",
    unit="days",
    says="Moved to a care home {ago}, on {date}",
    absent="Is not recorded as living in a care home",
    why="The first months in a care home carry the highest risk",
    sensitive=False,
)


def _running(service: str, said: str, why: str) -> Declared:
    rows = social_care.filter(social_care.service == service)
    return active(
        rows.started_on,
        rows.ended_on,
        missing=0,
        theme="social care",
        unit="yes/no",
        says=f"{said} in place since {{date}}",
        absent=f"{said} not in place, or the person may not be reaching services",
        why=why,
        sensitive=False,
    )


running = {
    "home_care_running": _running("home_care", "Home care", "Needs help with daily life; support can fail"),
    "residential_care_running": _running("residential", "Residential care", "Cannot live at home safely"),
    "nursing_care_running": _running("nursing", "Nursing care", "Has nursing needs day and night"),
    "telecare_running": _running("telecare", "Telecare", "Somebody judged the person to be at risk alone"),
    "day_care_running": _running("day_care", "Day care", "Needs company or supervision in the day"),
    "carer_support_running": _running("carer_support", "Support for a carer", "A carer under strain may not cope"),
}

home_care_days = days_in(
    home_care.started_on,
    home_care.ended_on,
    lookback=("365d",),
    missing=0,
    theme="social care",
    unit="days",
    says="{n} day{s} of home care in the last {lookback}",
    says_always="Home care all year",
    absent="No home care in the last {lookback}, or the person may not be reaching services",
    why="Tells lasting need from a short spell",
    sensitive=False,
)

days_since_service_began = days_since(
    services,
    lookback="1825d",
    missing=None,
    theme="social care",
    unit="days",
    says="The latest social care service began {ago}, on {date}",
    absent="No social care service began in the last {lookback}, or the person may not be reaching services",
    why="A new service marks a change in independence",
    sensitive=False,
)

reablement_spells = count(
    reablement,
    lookback=("365d", "1095d"),
    missing=0,
    theme="social care",
    unit="spells",
    says="{n} spell{s} of reablement in the last {lookback}, the latest from {date}",
    absent="No reablement in the last {lookback}, or the person may not be reaching services",
    why="Reablement follows a loss of independence, often after hospital",
    sensitive=False,
)

assessments_made = count(
    assessments,
    lookback=("365d",),
    missing=0,
    theme="social care",
    unit="assessments",
    says="{n} social care assessment{s} in the last {lookback}, the latest on {date}",
    absent="No social care assessment in the last {lookback}, or the person may not be reaching services",
    why="Somebody asked for help",
    sensitive=False,
)

equipment_supplied = count(
    social_care.filter(social_care.service == "equipment"),
    lookback=("1095d",),
    missing=0,
    theme="social care",
    unit="deliveries",
    says="Equipment supplied {times} in the last {lookback}, the latest on {date}",
    absent="No equipment supplied in the last {lookback}, or the person may not be reaching services",
    why="Equipment at home marks difficulty with daily life",
    sensitive=False,
)

different_social_care_services = distinct(
    services,
    services.service,
    lookback=("1095d",),
    missing=0,
    theme="social care",
    unit="services",
    says="{n} kind{s} of social care service in the last {lookback}, the latest from {date}",
    absent="No social care service began in the last {lookback}, or the person may not be reaching services",
    why="Several services mean needs in several parts of life",
    sensitive=False,
)
