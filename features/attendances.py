"""A&E attendances. Source: ECDS or HES A&E, one row per attendance. Clinical owner: to be named by the site.
Reviewed: 2026-11.

Planned follow-up and same-day emergency care are not A&E attendances here. An attendance whose category, acuity or
arrival is not known counts as unplanned, and neither as urgent nor as brought by ambulance; one of which nobody knows
how it ended counts neither as admitted nor as sent home.
"""

import numpy as np
import numpy.typing as npt

from riskstrat.definitions import codelist, count, days_since, derive, episodes, none_of, rows_named
from riskstrat.definitions.features import Columns
from riskstrat.sources.tables import attendances


def _codes(group: str) -> list[str]:
    return list(codelist("attendance_details").only(group).codes)


unplanned = attendances.filter(
    none_of(attendances.category, _codes("planned")),
    none_of(attendances.department_type, _codes("same-day emergency care")),
)

ae_attendances = count(
    unplanned,
    lookback=("30d", "90d", "180d", "365d", "730d"),
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="{n} A&E attendance{s} in the last {lookback}, the latest on {date}",
    absent="No A&E attendance in the last {lookback}",
    why="Attending A&E often comes before an emergency admission",
    sensitive=False,
)

# What the recipe on high use of A&E counts, and rules ask for; no other estimate rests on it.
first_ae_attendances = count(
    rows_named("first_unplanned_ae_attendance"),
    lookback=("365d",),
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="{n} unplanned first A&E attendance{s} in the last {lookback}, the latest on {date}",
    absent="No unplanned first A&E attendance in the last {lookback}",
    why="Many first attendances, follow-ups apart, mark a need that A&E does not meet",
    said_by="ae_attendances_365d",
    sensitive=False,
)

days_since_ae = days_since(
    unplanned,
    lookback="1095d",
    missing=None,
    theme="urgent care",
    unit="days",
    says="Last A&E attendance {ago}, on {date}",
    absent="No A&E attendance in the last {lookback}",
    why="A recent attendance says more than an old one",
    sensitive=False,
)

ambulance_arrivals = count(
    unplanned.filter(unplanned.arrival_mode.isin(_codes("by ambulance"))),
    lookback=("90d", "365d"),
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="Brought to A&E by ambulance {times} in the last {lookback}, the latest on {date}",
    absent="Not brought to A&E by ambulance in the last {lookback}",
    why="Needing an ambulance marks severity, or nobody at home to help",
    sensitive=False,
)

major_department_attendances = count(
    unplanned.filter(unplanned.department_type.isin(_codes("major department"))),
    lookback=("365d",),
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="{n} attendance{s} at a major A&E department in the last {lookback}, the latest on {date}",
    absent="No attendance at a major A&E department in the last {lookback}",
    why="Major departments see the more serious problems",
    sensitive=False,
)

same_day_emergency_care = count(
    attendances.filter(attendances.department_type.isin(_codes("same-day emergency care"))),
    lookback=("365d",),
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="{n} visit{s} to same-day emergency care in the last {lookback}, the latest on {date}",
    absent="No visit to same-day emergency care in the last {lookback}",
    why="Same-day emergency care has replaced many short admissions",
    sensitive=False,
)

high_acuity_attendances = count(
    unplanned.filter(unplanned.acuity.isin(_codes("high acuity"))),
    lookback=("365d",),
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="{n} A&E attendance{s} judged immediate or very urgent in the last {lookback}, the latest on {date}",
    absent="No A&E attendance judged immediate or very urgent in the last {lookback}",
    why="High acuity marks an illness that can return",
    sensitive=False,
)

low_acuity_attendances = count(
    unplanned.filter(unplanned.acuity.isin(_codes("low acuity"))),
    lookback=("365d",),
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="{n} A&E attendance{s} judged standard or low acuity in the last {lookback}, the latest on {date}",
    absent="No A&E attendance judged standard or low acuity in the last {lookback}",
    why="Low acuity visits may mean trouble in reaching primary care",
    sensitive=False,
)

attendances_that_ended_in_a_bed = count(
    unplanned.filter(unplanned.disposal.isin(_codes("admitted"))),
    lookback=("365d",),
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="{n} A&E attendance{s} ended in a hospital bed in the last {lookback}, the latest on {date}",
    absent="No A&E attendance ended in a hospital bed in the last {lookback}",
    why="Being admitted from A&E is the event that the estimate is about",
    sensitive=False,
)

attendances_sent_home = count(
    unplanned.filter(
        unplanned.disposal.notnull(), none_of(unplanned.disposal, _codes("admitted") + _codes("ending not known"))
    ),
    lookback=("365d",),
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="{n} A&E attendance{s} without admission in the last {lookback}, the latest on {date}",
    absent="No A&E attendance without admission in the last {lookback}",
    why="Attendances without admission are need that has not been settled",
    sensitive=False,
)

left_ae_early = count(
    unplanned.filter(unplanned.disposal.isin(_codes("left before the end"))),
    lookback=("730d",),
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="Left A&E before the end of treatment {times} in the last {lookback}, the latest on {date}",
    absent="Did not leave A&E before the end of treatment in the last {lookback}",
    why="Leaving early means that the problem may come back",
    sensitive=False,
)


def returns(columns: Columns) -> npt.NDArray[np.float64]:
    """Attendances that came within 7 days of the first of their run."""
    return columns["attendances"] - columns["runs"]


ae_returns_within_a_week_365d = derive(
    {
        "attendances": "ae_attendances_365d",
        "runs": episodes(
            unplanned,
            within="7d",
            lookback="365d",
            missing=0,
            theme="urgent care",
            unit="runs of attendances",
            says="{n} separate run{s} of A&E attendances in the last {lookback}",
            why="Attendances within 7 days of the first belong together",
            sensitive=False,
        ),
    },
    returns,
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="{n} A&E attendance{s} in the last 12 months came within 7 days of another",
    absent="No A&E attendance in the last 12 months came within 7 days of another",
    why="Returning within a week shows that the problem was not settled",
    sensitive=False,
)


def recent_change(columns: Columns) -> npt.NDArray[np.float64]:
    """Attendances in the last 6 months minus those in the 6 months before."""
    return 2 * columns["half_year"] - columns["year"]


ae_attendances_rising = derive(
    {"half_year": "ae_attendances_180d", "year": "ae_attendances_365d"},
    recent_change,
    missing=0,
    theme="urgent care",
    unit="attendances",
    says="Change in A&E attendances from the 6 months before to the last 6 months: {n}",
    absent="As many A&E attendances in the last 6 months as in the 6 months before",
    why="A rising number says more than a steady one",
    sensitive=False,
)
