"""Age, sex and area. Source: people and GP registrations (PDS/NHAIS extract), one row per person. Clinical owner:
to be named by the site. Reviewed: 2026-11.

Ethnicity is not here: it serves the audit of fairness, never the estimate. Sex I (indeterminate) and U (unknown) read 0
in is_female, as M does, so nothing is said of a 0: the page says which sex is recorded. A missing deprivation decile
stays missing.
"""

from riskstrat.definitions import age as completed_years
from riskstrat.definitions import attribute, count, days_since
from riskstrat.sources.tables import people, registrations

age = completed_years(
    missing=None,
    theme="age and area",
    unit="years",
    says="Aged {n}",
    absent="Age is not recorded",
    why="Emergency admission is most common in the very old",
    sensitive=False,
)

is_female = attribute(
    people.sex == "F",
    missing=0,
    theme="age and area",
    unit="yes/no",
    says="Recorded sex: female",
    why="Rates of admission differ between women and men at the same age",
    sensitive=False,
)

imd_decile = attribute(
    people.imd_decile,
    missing=None,
    theme="age and area",
    unit="decile, 1 = most deprived",
    says="For context: the area of residence is in deprivation decile {n} (1 is the most deprived tenth of England)",
    absent="The area of residence is not known",
    why="Context only: people in deprived areas are admitted earlier in life and more often",
    sensitive=False,
    context=True,
)

days_since_registered = days_since(
    registrations.filter(registrations.registered_to.isnull()),
    lookback="ever",
    missing=None,
    theme="age and area",
    unit="days",
    says="Registered with this practice {roughly}",
    absent="No registration with a practice is recorded",
    why="A short registration means a short record, and a recent move",
    sensitive=False,
)

registrations_begun = count(
    registrations,
    lookback=("1825d",),
    missing=0,
    theme="age and area",
    unit="registrations",
    says="{n} new registration{s} with a practice in the last {lookback}",
    absent="No change of practice in the last {lookback}",
    why="Moving between practices breaks continuity of care",
    sensitive=False,
)
