"""Hospital codes of the simulated borough: why people are admitted, signs that accompany frailty, planned care."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskstrat.simulation.conditions import NUMBER

AGE_GROUPS = (16, 45, 65, 80)


@dataclass(frozen=True)
class Reason:
    """Why somebody is admitted in an emergency: codes, weight by age group (0-15, -44, -64, -79, 80+), specialty."""

    name: str
    codes: tuple[str, ...]
    weights: tuple[float, float, float, float, float]
    specialty: str
    complaint: str
    raised_by: tuple[tuple[str, float], ...] = ()
    cause: tuple[str, ...] = ()


FALL_CAUSES = ("W190", "W190", "W180", "W010", "W109", "W069", "W079", "W199")

REASONS: tuple[Reason, ...] = (
    Reason(
        "fall",
        (
            "S720",
            "S720",
            "S721",
            "S010",
            "S018",
            "S008",
            "S099",
            "S525",
            "S422",
            "S324",
            "S223",
            "S060",
            "S800",
            "S320",
            "S826",
            "S202",
            "S500",
        ),
        (4.0, 2.0, 3.6, 6.9, 12.6),
        "110",
        "FALL",
        (
            ("parkinson", 2.0),
            ("dementia", 1.6),
            ("osteoporosis", 1.6),
            ("stroke", 1.3),
            ("alcohol", 2.0),
            ("visual_impairment", 1.4),
        ),
        FALL_CAUSES,
    ),
    Reason(
        "injury",
        ("S610", "S023", "S626", "T149", "S826", "S069"),
        (6, 7, 4, 2, 1),
        "110",
        "INJURY",
        (),
        ("V892", "X599", "Y049", "W229"),
    ),
    Reason(
        "chest_infection",
        ("J189", "J181", "J22", "J690", "J159"),
        (5, 3, 6, 12, 17),
        "300",
        "BREATHLESS",
        (("copd", 1.6), ("dementia", 1.4), ("lung_other", 2.5)),
    ),
    Reason("copd", ("J441", "J440", "J449"), (0, 0.02, 0.3, 0.5, 0.3), "340", "BREATHLESS", (("copd", 60.0),)),
    Reason("asthma", ("J459", "J46"), (0.5, 0.4, 0.3, 0.2, 0.1), "340", "BREATHLESS", (("asthma", 14.0),)),
    Reason("child_infection", ("J219", "B349", "J069", "A099", "R560", "J050"), (45, 2, 0.5, 0.2, 0.2), "420", "FEVER"),
    Reason(
        "heart_failure",
        ("I500", "I501", "I509"),
        (0, 0.05, 0.5, 1.5, 3),
        "320",
        "BREATHLESS",
        (("heart_failure", 12.0),),
    ),
    Reason("coronary", ("I214", "I219", "I200", "I248"), (0, 0.5, 5, 5, 4), "320", "CHEST_PAIN", (("coronary", 3.0),)),
    Reason(
        "atrial_fibrillation",
        ("I489", "I480"),
        (0, 0.4, 1.6, 2.2, 2),
        "320",
        "PALPITATIONS",
        (("atrial_fibrillation", 4.0),),
    ),
    Reason(
        "chest_pain",
        ("R074", "R073", "R072"),
        (1, 7, 11, 6, 3),
        "300",
        "CHEST_PAIN",
        (("coronary", 2.0), ("anxiety", 1.5)),
    ),
    Reason(
        "stroke",
        ("I639", "I619", "G459", "I638"),
        (0.1, 0.6, 3, 5, 5.5),
        "328",
        "STROKE_SYMPTOMS",
        (("stroke", 1.8), ("atrial_fibrillation", 1.7)),
    ),
    Reason(
        "abdominal",
        ("R104", "K359", "K810", "K859", "K573", "K566", "R11"),
        (9, 22, 16, 10, 7),
        "100",
        "ABDOMINAL_PAIN",
        (("liver", 1.5),),
    ),
    Reason(
        "bleeding", ("K922", "K921", "K920"), (0.5, 2, 3, 3, 3), "301", "BLEEDING", (("liver", 3.0), ("alcohol", 2.0))
    ),
    Reason(
        "urinary",
        ("N390", "N10", "N209", "R33"),
        (4, 5, 5, 7, 10),
        "300",
        "URINARY",
        (("incontinence", 1.8), ("hemiplegia", 2.0), ("dementia", 1.5)),
    ),
    Reason("sepsis", ("A419", "A415"), (1, 1, 3, 5, 6), "300", "FEVER", (("cancer", 1.8), ("skin_ulcer", 2.0))),
    Reason(
        "kidney",
        ("N179", "E871", "E875", "E86"),
        (0.5, 1, 2, 4, 5),
        "361",
        "UNWELL",
        (("kidney", 3.0), ("heart_failure", 1.4)),
    ),
    Reason(
        "diabetes", ("E101", "E110", "E162", "E105"), (0.8, 0.5, 0.5, 0.5, 0.5), "302", "UNWELL", (("diabetes", 6.0),)
    ),
    Reason(
        "self_harm",
        ("T391", "T509", "T424"),
        (1.5, 7, 3, 0.5, 0.1),
        "300",
        "OVERDOSE",
        (("depression", 3.0), ("severe_mental_illness", 4.0), ("substance", 2.5), ("alcohol", 2.0)),
        ("X60", "X61", "X64"),
    ),
    Reason(
        "mental_health",
        ("F329", "F209", "F432", "F419"),
        (0.5, 3, 2, 0.8, 0.5),
        "710",
        "MENTAL_HEALTH",
        (("severe_mental_illness", 9.0), ("depression", 2.0)),
    ),
    Reason("alcohol", ("F100", "F103", "K703"), (0.2, 1.5, 2, 0.6, 0.1), "300", "INTOXICATED", (("alcohol", 16.0),)),
    Reason("seizure", ("G409", "R568", "G410"), (3, 2, 1.5, 1.2, 1), "400", "SEIZURE", (("epilepsy", 14.0),)),
    Reason("collapse", ("R55", "R296", "R268", "I951"), (1, 3, 4, 6, 8), "430", "COLLAPSE", (("parkinson", 1.6),)),
    Reason(
        "confusion",
        ("F059", "R410", "R418"),
        (0, 0.1, 0.4, 1.8, 4),
        "430",
        "CONFUSION",
        (("dementia", 3.5), ("delirium", 3.0)),
    ),
    Reason(
        "cancer",
        ("C349", "C787", "D70", "C189"),
        (0.6, 0.5, 1.0, 1.2, 0.8),
        "800",
        "UNWELL",
        (("cancer", 4.0), ("metastatic_cancer", 8.0)),
    ),
    Reason(
        "skin",
        ("L031", "L089", "L022"),
        (2, 5, 4, 4, 4),
        "300",
        "SKIN",
        (("skin_ulcer", 3.0), ("diabetes", 1.5), ("obesity", 1.5)),
    ),
    Reason("headache", ("R51", "G439", "R42"), (3, 6, 4, 2, 1), "300", "HEADACHE"),
    Reason("other", ("R509", "R688", "R53", "T814", "D649", "M545", "R060"), (9, 14, 14, 14, 13), "300", "OTHER"),
)

REASON_NUMBER = {reason.name: number for number, reason in enumerate(REASONS)}
REASON_WEIGHTS = np.array([reason.weights for reason in REASONS]).T.copy()
COMPLAINTS = np.array([reason.complaint for reason in REASONS])
SPECIALTIES = np.array([reason.specialty for reason in REASONS])

SIGNS: tuple[tuple[str, float, float], ...] = (
    ("R296", 0.030, 0.55),
    ("R268", 0.035, 0.55),
    ("R54", 0.020, 0.60),
    ("Z740", 0.012, 0.60),
    ("Z993", 0.006, 0.60),
    ("N390", 0.050, 0.35),
    ("N179", 0.050, 0.35),
    ("E86", 0.030, 0.35),
    ("E871", 0.040, 0.30),
    ("R410", 0.020, 0.50),
    ("R13", 0.010, 0.50),
    ("R33", 0.018, 0.30),
    ("I951", 0.025, 0.35),
    ("K590", 0.035, 0.40),
    ("J960", 0.025, 0.30),
    ("L031", 0.025, 0.20),
    ("Z602", 0.030, 0.15),
    ("B962", 0.025, 0.25),
    ("Z501", 0.020, 0.30),
    ("Z864", 0.060, 0.00),
    ("Z720", 0.080, 0.05),
    ("R11", 0.030, 0.00),
    ("F171", 0.040, 0.05),
)
"""Codes that accompany an emergency spell with a night: chance at age 65 and zero frailty, and slope on frailty."""

PLANNED: tuple[tuple[str, str, float, str, bool], ...] = (
    ("H259", "130", 12.0, "visual_impairment", True),
    ("K409", "100", 6.0, "", True),
    ("D122", "301", 10.0, "", True),
    ("K210", "301", 9.0, "", True),
    ("M171", "110", 6.0, "osteoarthritis", False),
    ("M161", "110", 4.0, "osteoarthritis", False),
    ("K802", "100", 4.0, "obesity", True),
    ("Z511", "800", 5.0, "cancer", True),
    ("C509", "103", 2.0, "cancer", False),
    ("N185", "361", 0.5, "kidney", True),
    ("I251", "320", 4.0, "coronary", True),
    ("N40", "101", 4.0, "", False),
    ("N920", "502", 5.0, "", True),
    ("J350", "120", 4.0, "", True),
    ("M545", "191", 6.0, "", True),
    ("D509", "301", 4.0, "anaemia", True),
    ("K011", "140", 6.0, "", True),
    ("G560", "110", 5.0, "", True),
)
"""Planned care: primary code, specialty, weight, condition that makes it eight times as likely, usually a day case."""

MATERNITY = ("O800", "O800", "O342", "O429", "O139", "O471")


def reason_weights(age: np.ndarray, held: np.ndarray, level_value: np.ndarray) -> np.ndarray:
    """Weight of each reason (columns) for each emergency spell (rows)."""
    weights = REASON_WEIGHTS[np.searchsorted(AGE_GROUPS, age, side="right")]
    for number, reason in enumerate(REASONS):
        for condition, factor in reason.raised_by:
            weights[:, number] *= np.where(held[:, NUMBER[condition]], factor, 1.0)
    weights[:, REASON_NUMBER["fall"]] *= np.exp(0.15 * level_value)
    return weights
