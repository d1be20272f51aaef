"""A sample team's list, built by hand: eight listed people, one move of every kind, two swaps; and a replay."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from riskstrat.documents import ReplayGroup, ReplayOrderFigures, ReplaySummary, ReplayTeam, long_date
from riskstrat.publication import (
    CaseAction,
    CaseDecision,
    Cause,
    Change,
    CohortStanding,
    CountColumn,
    FallsCheck,
    ListedPerson,
    Move,
    PersonPage,
    RecordedCondition,
    Rise,
    Suggestion,
    Swap,
    TeamCounts,
    TeamList,
    ThemeReason,
    TimelineEvent,
)

LIST_DATE = date(2026, 11, 16)
LONG_NAME = "Northwood, Tower Hill and Westvale Integrated Neighbourhood Health and Care Team"
RTL_NAME = "מרפאת צפון (الشمال)"
SECRET = "a sensitive fact that must never be printed"

COUNTS = (
    CountColumn("emergency_admissions_12m", "Emergency admissions, 12 months", "admissions"),
    CountColumn("days_since_discharge", "Days since emergency discharge", "days", "none in 2 years"),
    CountColumn("attendances_12m", "A&E attendances, 12 months", "attendances"),
    CountColumn("long_term_conditions", "Long-term conditions", "conditions"),
    CountColumn("falls_12m", "Falls, 12 months", "falls"),
    CountColumn("medicines_3m", "Medicines, 3 months", "medicines"),
)

PEOPLE = (
    # reference, risk, low, high, band, arrival, weeks, practice, age band, sex, the six counts
    ("KIR-012-Q", 0.6149, 0.55, 0.71, "very high", "carried over", 4, "Millbrook Medical Centre",
     "85 and over", "F", (5, 12, 7, 8, 2, 11)),
    ("KIR-057-I", 0.5230, 0.44, 0.60, "very high", "new", 1, "Wingate Medical Centre",
     "75 to 84", "M", (4, 31, 5, 6, 0, 9)),
    ("KIR-058-P", 0.4471, 0.36, 0.52, "very high", "new", 1, "Millbrook Medical Centre",
     "75 to 84", "F", (3, 64, 4, 5, 3, 8)),
    ("KIR-059-5", 0.4471, 0.36, 0.52, "very high", "new", 1, "St Laurence's Medical Centre",
     "65 to 74", "M", (3, 9, 3, 4, 0, 14)),
    ("KIR-060-J", 0.3962, 0.31, 0.47, "high", "new", 1, "Trentham Medical Centre",
     "85 and over", "F", (2, 118, 2, 5, 1, 6)),
    ("KIR-031-K", 0.3420, 0.25, 0.43, "high", "carried over", 2, "Wingate Medical Centre",
     "65 to 74", "F", (2, 203, 6, 3, 1, 4)),
    ("KIR-061-Q", 0.3397, 0.25, 0.43, "high", "referred in", 1, "Hillside House Surgery",
     "18 to 64", "M", (1, 40, 9, 2, 0, 3)),
    ("KIR-062-O", 0.2911, 0.21, 0.38, "high", "new", 1, "Millbrook Medical Centre",
     "75 to 84", "U", (0, None, 1, 4, 2, 7)),
)  # fmt: skip

CONDITIONS = (
    RecordedCondition("COPD", date(2021, 3, 9)),
    RecordedCondition("heart failure", date(2019, 6, 2)),
    RecordedCondition("diabetes", date(2004, 1, 20)),
    RecordedCondition("osteoarthritis"),
    RecordedCondition("depression", date(2015, 6, 1), date(2018, 3, 2)),
)
KNOWN_BEFORE = {
    1: "Reviewed on 3 February 2026: telecare, monitor",
    3: "On the caseload of Kirkby locality hub until 1 May 2026",
}
DECISION = CaseDecision(
    date(2026, 2, 3),
    (CaseAction("Telecare", "AB", date(2026, 3, 4)), CaseAction("Monitor", "Community matron")),
    "Prefers to be called in the morning",
)

FALLS = Suggestion(
    "Falls service",
    "Consider a referral to the falls service for a full assessment.",
    "2 or more falls in the last 12 months",
    ("2 recorded falls in the last 12 months, the latest on 4 March 2026",),
)
MEDICINES = Suggestion(
    "Medication review",
    "Consider a structured medication review by the practice pharmacist.",
    "10 or more different medicines in the last 3 months",
)
PLAN = Suggestion(
    "Proactive care plan",
    "Consider a care plan agreed with the person and those who matter to them.",
    "3 or more emergency admissions in the last 12 months and 4 or more long-term conditions",
)


def reasons(position: int) -> list[ThemeReason]:
    """The themes of one sample person; a different mix for each."""
    admissions, days, *_ = PEOPLE[position][-1]
    discharged = (
        ("no emergency discharge in the last 2 years",)
        if days is None
        else (f"last emergency discharge {days} days ago, on {long_date(LIST_DATE - timedelta(days=days))}",)
    )
    falls = ("2 recorded falls in the last 12 months, the latest on 4 March 2026",)
    themes = [
        ThemeReason(
            "hospital use",
            "raises",
            0.92 - 0.1 * position,
            (f"{admissions} emergency admissions in the last 12 months", *discharged),
        ),
        ThemeReason("long-term conditions", "raises", 0.41, ("COPD is recorded in hospital data since 2021",)),
        ThemeReason("falls and frailty", "raises", 0.22 + 0.05 * (position % 3), falls),
        ThemeReason("medicines", "raises", 0.12, ("11 different medicines issued in the last 90 days",)),
        ThemeReason("age and area", "raises", 0.02, ("aged 75 to 84",)),
        ThemeReason("other", "raises", 0.80, (SECRET,)),
        ThemeReason(
            "urgent care", "lowers", -0.31, ("no A&E attendance in the last 6 months, or may not be reaching services",)
        ),
        ThemeReason("social care", "lowers", -0.09, ("home care in place since 2 June 2026",)),
    ]
    return themes if position % 2 == 0 else themes[:3] + themes[5:6]


def causes(size: float = 0.4) -> tuple[Cause, ...]:
    """A change split into its four parts."""
    return (
        Cause("new events", size, (("hospital use", 0.75 * size), ("urgent care", 0.2 * size), ("other", 0.05 * size))),
        Cause("ageing of earlier events", -0.12, (("falls and frailty", -0.1), ("other", -0.02))),
        Cause("late or corrected data", 0.0, ()),
        Cause("model change", 0.0, ()),
    )


def timeline(events: int = 9) -> tuple[TimelineEvent, ...]:
    """So many events over two years, over all four lanes."""
    kinds = (
        ("Hospital", "Emergency admission, Whiston Hospital", 9),
        ("A&E", "A&E attendance", 0),
        ("Falls", "Recorded fall", 0),
        ("Contacts", "GP contact", 0),
        ("Care", "Home care", 60),
    )
    made = []
    for number in range(events):
        lane, label, days = kinds[number % len(kinds)]
        start = date(2024, 12, 4) + timedelta(days=(number * 653) // events)
        end = min(start + timedelta(days=days), LIST_DATE) if days else None
        made.append(TimelineEvent(start, end, lane, label))  # type: ignore[arg-type]
    return tuple(made)


def person_page(position: int, events: int = 9) -> PersonPage:
    """What stands on one sample person's page alone."""
    return PersonPage(
        typical_risk=0.14,
        typical_group="women aged 75 to 84 here",
        trend=((date(2026, 11, 2), 0.27), (date(2026, 11, 9), 0.31)) if position % 2 == 0 else (),
        changeable=("No medication review is recorded in the last 12 months. 11 different medicines are issued",),
        medicines=(("opioid", date(2026, 11, 3)), ("loop diuretic", date(2026, 10, 20))) if position % 2 == 0 else (),
        timeline=timeline(events),
        cannot_see=(
            "What happened after 14 November 2026",
            "What matters to the person, how they live and who supports them",
            "Falls that nobody reported",
        ),
        missing=("Social care records end on 31 October 2026",),
        reliability=(
            "Of 100 people aged 85 and over with an estimate like this one, about 58 had an admission in the test year",
        ),
    )


HOUSEBOUND_NOT_TOLD = CohortStanding(
    "housebound", "Housebound or end of life", "cannot be told", "recorded circumstances are not in these data"
)


def people() -> tuple[ListedPerson, ...]:
    """The listed people of the sample team, by rank."""
    return tuple(
        ListedPerson(
            reference=reference,
            rank=position + 1,
            risk=risk,
            risk_low=low,
            risk_high=high,
            band=band,
            arrival=arrival,
            known_before=KNOWN_BEFORE.get(position, ""),
            rising=Rise(date(2026, 8, 24), 0.27) if position == 2 else None,
            opened_on=LIST_DATE - timedelta(weeks=weeks - 1),
            last_decision=DECISION if position == 1 else None,
            change=Change("New on this list" if weeks == 1 else "Up from rank 3", () if weeks == 1 else causes()),
            weeks_on_list=weeks,
            escalate=weeks > 3,
            practice=practice,
            pcn="Kirkby PCN",
            locality="Kirkby",
            age_band=age_band,
            sex=sex,
            themes=tuple(reasons(position)),
            conditions=CONDITIONS if position != 6 else (),
            frailty="Electronic frailty index 0.31, moderate, on 2 October 2026" if position != 6 else "Not recorded",
            falls_check=FallsCheck("met", "aged 65 or over, with 2 falls in the last 12 months")
            if position % 2 == 0
            else FallsCheck("cannot tell", "no falls are recorded, and falls at home are often not reported"),
            flags=("Lives in a care home",) if position == 4 else (),
            pathways=((FALLS, MEDICINES, PLAN), (PLAN,), ())[position % 3],
            support=("Home care since 2 June 2026, 7 hours a week", "Pendant alarm") if position % 2 == 0 else (),
            caution="No GP record has reached the model for 60 days" if position == 3 else "",
            page=person_page(position),
            counts=dict(zip([count.name for count in COUNTS], values, strict=True)),
            cohorts=(
                CohortStanding("frail", "75 or over and frail", "in" if position % 2 == 0 else "not in"),
                HOUSEBOUND_NOT_TOLD,
            ),
        )
        for position, (reference, risk, low, high, band, arrival, weeks, practice, age_band, sex, values) in enumerate(
            PEOPLE
        )
    )


def team_list(**changes: object) -> TeamList:
    """The sample list of Kirkby, with some fields changed."""
    sample = TeamList(
        team="Kirkby locality hub",
        team_code="KIR",
        index_date=LIST_DATE,
        edition=1,
        data_as_at=date(2026, 11, 14),
        data_as_at_by_table={
            "people": date(2026, 11, 14),
            "admissions": date(2026, 11, 14),
            "attendances": date(2026, 11, 14),
            "social_care": date(2026, 10, 31),
        },
        model="emergency_admission_12m",
        model_version="3",
        definitions="9f3c1a7e",
        horizon="at least one unplanned (emergency) admission in the 12 months after 16 November 2026",
        counts=TeamCounts(5230, 8, 5003, 212, {"in hospital now": 5, "reviewed in the last 12 weeks": 2}),
        intended_purpose=(
            "To help a multidisciplinary team choose adults to review who may have an unplanned hospital admission"
        ),
        clinical_use="Not for clinical use until the site's DCB0160 and medical-device position are signed",
        people=people(),
        counts_shown=COUNTS,
        notes=("no falls table: falls features use hospital records only",),
        statuses_as_at=date(2026, 11, 9),
        not_checked=("Not checked: in hospital now (no same-day status was landed by the day of this list)",),
        previous_list=date(2026, 11, 9),
        moves=(
            Move("KIR-057-I", "entered", "rank 2, from below the line", causes(0.8)),
            Move("KIR-044-J", "left", "a review was recorded"),
            Move("KIR-012-Q", "moved", "up from rank 3 to rank 1", causes()),
        ),
        swaps=(Swap("rank 6", "KIR-031-K", 0.031), Swap("rank 9", "KIR-062-O", 0.052)),
        routed={"hospital discharge team": 5},
    )
    return replace(sample, **changes)  # type: ignore[arg-type]


def empty_team() -> TeamList:
    """A team in which nobody is listed."""
    counts = TeamCounts(14, 0, 2, 12)
    return team_list(people=(), counts=counts, moves=(), swaps=(), routed={}, previous_list=None)


def changed_people(**fields: object) -> TeamList:
    """The sample list with some fields of its people replaced; a list gives each person, by rank, a value of theirs."""
    changed = [
        replace(person, **{name: value[place] if isinstance(value, list) else value for name, value in fields.items()})
        for place, person in enumerate(people())
    ]
    return team_list(people=tuple(changed))


def long_list(length: int = 40) -> TeamList:
    """A team whose capacity is above its population: everybody is listed."""
    sample = people()
    listed = tuple(
        replace(
            sample[place % len(sample)],
            rank=place + 1,
            reference=f"KIR-1116-{place + 1:02d}-X",
            risk=0.6 - 0.01 * (place + 1),
            risk_low=0.1,
        )
        for place in range(length)
    )
    return team_list(people=listed, counts=TeamCounts(length, length, 0, 0), routed={})


def replayed() -> ReplaySummary:
    """A replay of a year for three teams, one of them small."""
    return ReplaySummary(
        first_list=date(2025, 11, 17),
        last_list=date(2026, 11, 9),
        data_as_at=date(2026, 11, 14),
        model="emergency_admission_12m",
        model_version="3",
        definitions="9f3c1a7e",
        intended_purpose=team_list().intended_purpose,
        clinical_use=team_list().clinical_use,
        window_days=182,
        whole_window=False,
        last_followed=date(2026, 5, 16),
        teams=(
            ReplayTeam("Kirkby locality hub", 52, 416, 203, 311, 101, 48, 46.2, 17.0, 1.2, 8.0, 8),
            ReplayTeam("Huyton", 52, 410, 187, 280, 94, 41, 44.0, 15.5, 1.1, 7.9, 8),
            ReplayTeam("Halewood", 52, 20, 6, 3, 5, 2, 1.1, 9.0, 0.1, 0.4, 8),
        ),
        over_all=ReplayTeam("All teams", 52, 846, 396, 594, 200, 91, 91.3, 16.2, 2.4, 16.3, 24),
        orders=(
            ReplayOrderFigures("Age alone", 410, 207, 52),
            ReplayOrderFigures("Admissions last year", 402, 203, 80),
        ),
        groups=(
            ReplayGroup("Age", "65 to 74", 2210, 102, 21),
            ReplayGroup("Age", "75 to 84", 1496, 201, 50),
            ReplayGroup("Age", "85 and over", 402, 93, 20),
            ReplayGroup("Ethnic group", "Asian", 204, 6, 3),
            ReplayGroup("Ethnic group", "Black", 98, 12, 2),
            ReplayGroup("Ethnic group", "White", 3806, 378, 86),
        ),
        notes=("no status records were kept before 1 March 2026",),
    )
