"""The three features of this workspace: an age, a count of stays, a count of falls."""

from riskstrat.definitions import age, count, episodes, rows_named
from riskstrat.sources.tables import all_falls

years_lived = age(
    missing=None,
    theme="age and area",
    unit="years",
    says="Aged {n}",
    absent="Age is not recorded",
    why="Stays are more common in old age",
    sensitive=False,
)

stays = count(
    rows_named("stay"),
    lookback=("365d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} stay{s} in the last {lookback}, the latest on {date}",
    absent="No stay in the last {lookback}",
    why="Past stays are the strongest single sign of the next one",
    sensitive=False,
)

tumbles = episodes(
    all_falls,
    within="3d",
    lookback=("365d",),
    missing=0,
    theme="falls and frailty",
    unit="falls",
    says="{n} recorded fall{s} in the last {lookback}, the latest on {date}",
    absent="No fall is recorded in the last {lookback}",
    why="Falls mark frailty",
    sensitive=False,
)
