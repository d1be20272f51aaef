"""The papers of a registered version: nothing in them that is not in the evidence, and nothing about one person."""

from __future__ import annotations

import csv
import io
import re
import struct
import tomllib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import exp, log
from pathlib import Path
from typing import Any

import matplotlib
import pytest

from riskstrat.definitions.hazards import Hazards
from riskstrat.documents import papers_of
from riskstrat.documents.papers.charts import _without_the_ends
from riskstrat.documents.papers.registered import Registered
from riskstrat.documents.papers.wording import days
from riskstrat.documents.words import suppressed
from riskstrat.errors import DefinitionError

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = (ROOT / "registry/model_card.md.j2").read_text(encoding="utf-8")
HAZARDS = Hazards.model_validate(tomllib.loads((ROOT / "registry/hazards.toml").read_text(encoding="utf-8")))
PURPOSE = "To help a multi-disciplinary team choose whom to review for proactive care."
CLINICAL_USE = "Not for clinical use until the site's DCB0160 and medical-device position are signed."
VERDICT = (
    "LightGBM does not beat logistic regression: AUROC 0.7871 against 0.7852, difference +0.0019 "
    "(95% interval -0.0004 to +0.0041, same people drawn for both)."
)
PICTURES = ("calibration", "decision_curve", "subgroups", "freshness", "test_dates")
PAGES = ("model_card.md", "tripod_ai.md", "hazard_log.md", "transparency_record.md")
TEST_DATES = ("2023-09-07", "2024-03-07", "2024-09-05", "2025-03-06", "2025-09-04")
AUROCS = (0.7841, 0.7902, 0.7867, 0.7893, 0.7858)
GATES = (
    {"name": "evidence.least_test_dates", "passed": True, "sentence": "5 test dates; at least 3 are asked"},
    {"name": "evidence.least_events", "passed": True, "sentence": "3,562 outcome events; at least 100 are asked"},
    {"name": "calibration.slope_within", "passed": False, "sentence": "slope | 0.973 <b>within</b> 1 to 1.18"},
)


def measured(auroc: float, rows: int, events: int, listed: int, found: int) -> dict[str, Any]:
    """One model on one test set, as Evaluation.to_dict() gives it."""
    yields = [("capacity", listed, found), ("0.5%", listed, found), ("2%", 4 * listed, 3 * found), ("10%", 3, 2)]
    return {
        "n": rows, "people": rows // 4, "events": events, "prevalence": events / rows, "mean_risk": 0.0871,
        "auroc": auroc, "auprc": 0.3412, "brier": 0.0693, "scaled_brier": 0.1312, "calibration_in_the_large": -0.0121,
        "calibration_slope": 0.9731, "calibration_intercept": -0.0412, "ici": 0.0043, "ici_of_top_5_percent": 0.0231,
        "e90": 0.0088, "emax": 0.0912,
        "yields": [
            {"label": label, "k": k, "events": n, "ppv": n / k, "sensitivity": n / events, "lift": 9.1,
             "number_needed_to_review": k / n, "reason": None}
            for label, k, n in yields
        ],
        "reasons": {},
    }  # fmt: skip


OF_A_GROUP = ("auroc", "mean_risk_over_observed", "calibration_slope", "net_benefit", "sensitivity_at_capacity")


def group(dimension: str, name: str, ratio: float | None, half: float = 0.09) -> dict[str, Any]:
    """One row of the subgroups; without a ratio the group is too small for figures and counts."""
    row: dict[str, Any] = {"dimension": dimension, "group": name}
    if ratio is None:
        nothing = dict.fromkeys([f"{each}{end}" for each in OF_A_GROUP for end in ("", "_low", "_high")])
        return (
            row | {"people": None, "rows": None, "events": None, "reason": "only 3 people", "mean_risk": None} | nothing
        )
    centres = {"auroc": 0.7712, "mean_risk_over_observed": ratio, "calibration_slope": 0.991, "net_benefit": 0.0413}
    row |= {"people": 2412, "rows": 9648, "events": 733, "reason": None, "mean_risk": 0.0771}
    for each, centre in centres.items():
        row |= {each: centre, f"{each}_low": centre - half, f"{each}_high": centre + half}
    found = 3 if name == "18 to 39" else 51
    return row | {f"sensitivity_at_capacity{end}": found / 733 for end in ("", "_low", "_high")}


def groups() -> list[dict[str, Any]]:
    found = [
        ("age_band", {"18 to 39": 1.04, "40 to 64": 0.98, "65 to 74": 1.01, "75 to 84": 0.97, "85 and over": 0.93}),
        ("sex", {"Female": 1.01, "Male": 0.99, "Indeterminate": None}),
        (
            "ethnicity",
            {"White": 1.0, "Asian or Asian British": 1.08, "Black, Black British, Caribbean or African": 0.91},
        ),
        ("imd_quintile", {"1 (most deprived)": 0.98, "2": 1.02, "3": 1.05, "4": 1.01, "5 (least deprived)": 0.96}),
        ("number_of_conditions", {"0": 1.07, "1": 1.0, "2 or 3": 0.99, "4 or more": 0.97}),
        ("care_home", {"yes": 0.88, "no": 1.0}),
    ]
    return [
        group(by, name, ratio, 0.2 if name == "yes" else 0.09) for by, rows in found for name, ratio in rows.items()
    ]


def fair(dimension: str, name: str, listed: int, found: int, few: bool = False) -> dict[str, Any]:
    ppv, low, high = (None, None, None) if few else (found / listed, found / listed - 0.1, found / listed + 0.1)
    sensitivity = found / 1781
    return {
        "dimension": dimension, "group": name, "rows": 20583, "events": 1781, "listed": listed,
        "selection_rate": 0.0052, "selection_rate_low": 0.0041, "selection_rate_high": 0.0063,
        "sensitivity": sensitivity,
        "sensitivity_low": sensitivity / 2, "sensitivity_high": 2 * sensitivity, "ppv": ppv, "ppv_low": low,
        "ppv_high": high,
        "false_positive_rate": 0.0014, "share_of_list": 0.4412, "share_of_admissions": 0.4613,
        "list_over_admissions": 0.9564, "list_over_admissions_low": 0.8713, "list_over_admissions_high": 1.0421,
        "reason": None,
    }  # fmt: skip


def aged(kind: str, months: int) -> dict[str, Any]:
    drop = 0.004 * months**0.5 * (1 if kind == "score" else 0.5)
    auroc, ppv = 0.7871 - drop, 0.7213 - 3 * drop
    return {
        "kind": kind, "months": months, "auroc": auroc, "auroc_low": auroc - 0.006, "auroc_high": auroc + 0.006,
        "difference": -drop, "difference_low": -drop - 0.002, "difference_high": -drop + 0.002, "ppv": ppv,
        "ppv_low": ppv - 0.06, "ppv_high": ppv + 0.06, "rows": 9733, "events": 871,
    }  # fmt: skip


def span(
    metric: str, estimate: float, half: float, model: str = "lightgbm", versus: str | None = None
) -> dict[str, Any]:
    ends = {"estimate": estimate, "low": estimate - half, "high": estimate + half}
    return {"metric": metric, "model": model, "versus": versus, **ends, "level": 0.95, "rounds": 200, "reason": None}


def net_benefit(threshold: float, model: str) -> float:
    prevalence, cost = 0.0866, threshold / (1 - threshold)
    if model == "everybody":
        return prevalence - (1 - prevalence) * cost
    return max(0.0866 * exp(-7.5 * threshold) - (0.0004 if model == "logistic_regression" else 0), -0.0002)


def evidence() -> dict[str, Any]:
    """The evidence of one version with every part filled."""
    sizes = {"rows": {"train": 48213, "calibration": 9712}, "events": {"train": 4183, "calibration": 843}}
    tested = {"rows": sizes["rows"] | {"test": 8233}, "events": sizes["events"] | {"test": 713}}
    risks = [0.002 * exp(place * log(0.72 / 0.002) / 99) for place in range(100)]
    return {
        "model": "emergency_admission_12m",
        "as_at": "2026-11-16",
        "title": "Emergency admission in 12 months",
        "sentence": "at least one unplanned (emergency) hospital admission in the 12 months after {date}",
        "recipe": {
            "name": "emergency_admission_12m", "outcome": "emergency_admission", "exclude_features": [],
            "cohort": {"index": "calendar", "min_age": 18, "max_age": 120},
            "label": {"horizon": "365d", "gap_days": 0, "death": "negative", "intervened": "treat"},
            "learner": {"rounds": 400, "learning_rate": 0.04, "seed": 20261117},
            "evaluation": {"capacity_per_1000": 5.0, "bootstrap_rounds": 200, "person_disjoint": True},
        },
        "features": 181,
        "definitions_hash": "9f3c1a7e" * 8,
        "store": "5b21d0c4" * 8,
        "verdict": VERDICT,
        "registered": {
            "train_dates": ["2023-11-15", "2024-05-15"], "calibration_dates": ["2025-08-31"], **sizes,
            "calibration": "smoothed isotonic, the lowest log loss on people held out",
        },
        "test_dates": list(TEST_DATES),
        "origins": [
            {
                "test_date": when, "train_dates": ["2021-03-04", "2021-09-02"], "calibration_dates": ["2022-03-03"],
                **tested, "notes": [],
                "models": {
                    "lightgbm": measured(auroc, 8233, 713, 41, 31),
                    "logistic_regression": measured(auroc - 0.0019, 8233, 713, 41, 30),
                },
            }
            for when, auroc in zip(TEST_DATES, AUROCS, strict=True)
        ],
        "models": {
            "lightgbm": measured(0.7871, 41165, 3562, 203, 147),
            "logistic_regression": measured(0.7852, 41165, 3562, 203, 144),
            "age_and_sex": measured(0.7013, 41165, 3562, 203, 82) | {"calibration_slope": None},
            "emergency_admissions_last_year": measured(0.6614, 41165, 3562, 203, 121) | {"ici": None},
        },
        "left_out": {"parr30": "its columns are not among the features", "champion": "there is none yet"},
        "intervals": [
            span("auroc", 0.7871, 0.0062), span("auroc", 0.7852, 0.0061, "logistic_regression"),
            span("auroc", 0.0019, 0.0023, "lightgbm", "logistic_regression"),
            span("auroc", -0.0858, 0.0071, "age_and_sex", "lightgbm"),
            span("auprc", 0.3412, 0.0151), span("brier", 0.0693, 0.0011), span("calibration_slope", 0.9731, 0.0312),
            span("ici", 0.0043, 0.0012) | {"low": None, "high": None, "reason": "no interval"},
        ],
        "at_capacity": {
            "index_dates": 5, "lists": 5, "short_lists": 0, "rows": 41165, "events": 3562, "listed": 203,
            "listed_events": 147, "rate": 147 / 203, "low": 0.659, "high": 0.781, "prevalence": 3562 / 41165,
            "lift": 8.369, "sensitivity": 147 / 3562, "reason": None, "capacity": 41,
        },
        "risk_histogram": [{"risk": 0.025, "people": 5000}, {"risk": 0.325, "people": 60}],
        "calibration_curve": [
            {"risk": risk, "observed": risk * (1.05 - 0.12 * risk), "people": max(3, int(900 * (1 - risk) ** 9))}
            for risk in risks
        ],
        "decision_curve": [
            {"threshold": round(at / 100, 2), "model": name, "net_benefit": net_benefit(at / 100, name)}
            for name in ("lightgbm", "logistic_regression", "everybody")
            for at in range(5, 51)
        ],
        "subgroups": groups(),
        "fairness": {
            "at": "capacity",
            "groups": [
                fair("sex", "Female", 103, 75), fair("sex", "Male", 97, 70),
                fair("sex", "Indeterminate", 3, 3), fair("care_home", "yes", 41, 37),
                fair("care_home", "no", 41, 7, few=True),
            ],
            "differences": [
                {"dimension": "sex", "measure": "selection_rate", "difference": 0.0013, "ratio": 0.8131},
                {"dimension": "care_home", "measure": "ppv", "difference": 0.1713, "ratio": None},
            ],
        },
        "freshness": [aged(kind, months) for kind in ("score", "model") for months in (0, 1, 3, 6, 12, 24)],
        "person_disjoint": {
            "auroc_known": 0.7883, "auroc_new": 0.7861, "difference": 0.0022, "low": -0.0031, "high": 0.0074,
            "rows": 10291, "events": 884, "reason": None,
        },
        "sensitive": {
            "in_score": False, "auroc_with": 0.7913, "auroc_without": 0.7883, "difference": 0.0031, "low": -0.0007,
            "high": 0.0068, "rows": 41163, "events": 3562, "reason": None,
        },
        "leakage": {
            "features": [
                {"feature": "emergency_admissions_365d", "auroc": 0.6614, "ppv": 0.4613, "captured": 0.1213,
                 "early_auroc": 0.6912, "late_auroc": 0.6614, "early_over_late": 0.0298, "z": 1.31},
                {"feature": "days_since_emergency_discharge", "auroc": 0.6511, "ppv": None, "captured": None,
                 "early_auroc": None, "late_auroc": None, "early_over_late": None, "z": None},
                {"feature": "rare", "auroc": 0.5012, "ppv": 0.8, "captured": 0.0011},
            ],
            "alarms": [{"feature": "peeks", "sentence": "peeks alone has AUROC 0.9312, above 0.85"}],
            "warnings": ["AUROC is 0.0612 above logistic regression"],
        },
        "tuning": {
            "trials": 23, "rows": 100000, "best": {"learning_rate": 0.0413, "leaves": 9},
            "sentence": "Of 23 settings tried on 100,000 rows the ninth had the lowest log loss.",
        },
        "calibrators": [
            {"method": name, "log_loss": loss, "standard_error": 0.00213, "strictly_increasing": True, "chosen": best}
            for name, loss, best in (("platt", 0.23481, False), ("isotonic", 0.23312, True))
        ],
        "intervened": {
            "mode": "treat", "train": {"rows": 48213, "with_action": 412, "changed": 0},
            "calibration": {"rows": 9712, "with_action": 81, "changed": 0},
            "test": {"rows": 41165, "with_action": 4, "changed": 0}, "sentence": "412 of 48213 had an action",
        },
        "cohort": {"candidates": 61347, "opted out": 1213, "died": 2, "eligible": 58002},
        "labels": {"event": 5026, "deregistered": 1277, "no event": 51699},
        "notes": ["no falls table: falls features use hospital records only", "3 rows have no sex | they count as men"],
    }  # fmt: skip


def written(given: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, bytes]:
    """The papers of version 7 of the evidence."""
    arguments: dict[str, Any] = {"version": 7, "card_template": TEMPLATE, "hazards": HAZARDS, "gates": GATES}
    arguments |= {"intended_purpose": PURPOSE, "clinical_use": CLINICAL_USE}
    return papers_of(evidence() if given is None else given, **(arguments | changes))


@pytest.fixture(scope="module")
def filled() -> dict[str, bytes]:
    return written()


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pictures, which take most of the time."""
    monkeypatch.setattr("riskstrat.documents.papers.bundle.pictures", lambda version: {})


@pytest.fixture(scope="module")
def card(filled: dict[str, bytes]) -> str:
    return filled["model_card.md"].decode()


# ---- Nothing is printed that is not in the evidence ----

NUMBER = re.compile(r"(?<![\w.])[−+-]?\d[\d,]*(?:\.\d+)?%?(?![\w])")
DERIVED = {"8.6%", "4.1%", "12.4%", "71%", "54%", "64%", "76%", "58%"}
"""Shares of rounded counts and their interval, worked out by hand: 3,560 of 41,165, 145 of 3,560, 440 of 3,560, 145 of
205 with its Wilson interval, 440 of 810, 95 of 165."""


def numbers_in(value: Any) -> Iterator[float]:
    """Every number of the evidence, those inside texts and dates too."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from numbers_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers_in(one)
    elif isinstance(value, str):
        yield from (float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", value))
    elif value is not None and not isinstance(value, bool):
        yield float(value)


def sayings(number: float) -> Iterator[str]:
    """Every way in which a paper may word a number of the evidence."""
    size = abs(number)
    yield from (f"{size:.{places}f}" for places in (1, 2, 3, 4, 5))
    yield from (f"{100 * size:.{places}f}%" for places in (0, 1))
    yield f"{size:.0f}" if size.is_integer() else f"{size:g}"
    if size.is_integer():
        yield suppressed(int(size))


def unsigned(text: str) -> str:
    return text.lstrip("−+-").rstrip(",")


def without_the_prose(card: str) -> str:
    """What the template did not write itself: its own lines, names of feature and version aside."""
    own = {line.strip() for line in TEMPLATE.splitlines() if "{" not in line and line.strip()}
    return "\n".join(line for line in card.splitlines() if line.strip() not in own)


def test_every_number_of_the_card_is_in_the_evidence(card: str) -> None:
    allowed = {said for number in [*numbers_in(evidence()), 7.0, *numbers_in(list(GATES))] for said in sayings(number)}
    fixed = r"`[^`]*`|DCB0160|E90|95% interval|0\.5 is none|highest 2%|5% at highest|1 to 7|2006|\d of \d gates"
    text = re.sub(fixed, " ", without_the_prose(card))
    printed = {unsigned(found) for found in NUMBER.findall(text)}
    assert printed - allowed <= DERIVED
    assert len(printed) > 150


@pytest.mark.usefixtures("undrawn")
def test_a_count_of_a_few_people_is_never_printed_exactly() -> None:
    given = evidence()
    given["cohort"]["died"] = 6
    given["fairness"]["groups"][0] |= {"listed": 103, "sensitivity": 4 / 1781}
    given["notes"] = ["6 people have no sex", "1,006 rows were left out"]
    card = written(given)["model_card.md"].decode()
    assert "| Died | 1 to 7 |" in card
    assert "- 1 to 7 people have no sex." in card
    assert "- 1,005 rows were left out." in card
    (line,) = [line for line in card.splitlines() if line.startswith("| Sex | Female | 20,585 ")]
    assert line == "| Sex | Female | 20,585 | 105 |" + " hidden |" * 7


def test_counts_leave_as_the_small_number_rule_says(card: str) -> None:
    assert "| Listed, and had the outcome | 145 |" in card
    assert "| PPV: share of those listed who had the outcome | 71% |" in card
    assert "| Sex | Indeterminate | too few | too few | too few | too few | too few | too few |" in card
    assert "| Test | 41,165 | 1 to 7 | 0 |" in card
    for exact in ("41165", "3562", "3,562", "58,002", "48,213", "only 3 people"):
        assert exact not in card


def test_rates_of_a_group_are_hidden_where_they_rest_on_a_few_of_those_listed(card: str) -> None:
    rows = {tuple(row[:2]): row[3:] for row in map(_cells, card.splitlines()) if len(row) == 11}
    assert rows["Sex", "Female"][0] == "105"
    assert rows["Sex", "Indeterminate"] == ["1 to 7", *["hidden"] * 7]
    assert rows["Care home", "no"] == ["40", *["hidden"] * 7], (
        "7 of the listed had the outcome, as the sensitivity says"
    )
    assert rows["Care home", "yes"][3:5] == ["90% (80% to 100%)", "hidden"], "4 listed did not have the outcome"
    assert "| Age band | 18 to 39 | hidden |" in card, "3 of 733 events were listed"
    assert "| Age band | 40 to 64 | 7% (7% to 7%) |" in card
    assert "| `rare` | 0.501 | hidden | hidden |" in card, "it holds 4 of 3,562 events"


def test_every_measure_of_each_group_stands_in_a_table_for_spreadsheets(filled: dict[str, bytes]) -> None:
    rows = list(csv.DictReader(io.StringIO(filled["subgroups.csv"].decode())))
    assert len(rows) == len(evidence()["subgroups"])
    assert {f"{each}{end}" for each in OF_A_GROUP for end in ("", "_low", "_high")} < set(rows[0])
    assert [rows[0][name] for name in ("people", "rows", "events", "net_benefit", "sensitivity_at_capacity")] == [
        "2410", "9650", "735", "0.041", "hidden",
    ]  # fmt: skip
    assert rows[0]["net_benefit_low"] == "-0.049", "a negative number is no formula"
    (small,) = [row for row in rows if row["group"] == "Indeterminate"]
    assert (small["people"], small["rows"], small["auroc"]) == ("too few", "too few", "")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []


# ---- The card ----


def test_the_verdict_is_the_first_line(card: str) -> None:
    assert card.splitlines()[0] == f"**{VERDICT}**"


def test_the_card_says_what_it_is_for_and_that_it_may_not_be_used_yet(card: str) -> None:
    assert f"**{CLINICAL_USE}**" in card
    assert PURPOSE in card
    assert "Not being listed does not mean low risk." in card


def test_a_pair_of_models_is_always_lightgbm_minus_the_other(card: str) -> None:
    assert "| Logistic regression | 0.785 (0.779 to 0.791) | +0.0019 (−0.0004 to +0.0042) |" in card
    assert "| Age and sex | 0.701 | +0.0858 (+0.0787 to +0.0929) |" in card


def stacked_evidence() -> dict[str, Any]:
    """The same evidence as that of a stack, with its trees beside it."""
    whole = evidence()
    for models in (whole["models"], *(origin["models"] for origin in whole["origins"])):
        models["stack"] = models["lightgbm"] | {"auroc": models["lightgbm"]["auroc"] + 0.004}
    whole["intervals"] = [row | {"model": "stack"} if row["model"] == "lightgbm" else row for row in whole["intervals"]]
    whole["intervals"].append(span("auroc", 0.0041, 0.0009, "stack", "lightgbm"))
    curve = whole["decision_curve"]
    whole["decision_curve"] = [row | {"model": "stack"} if row["model"] == "lightgbm" else row for row in curve]
    whole["registered"]["weights"] = {"lightgbm": 0.6712, "logistic_regression": 0.3441}
    return whole


@pytest.mark.usefixtures("undrawn")
def test_papers_of_a_stack_say_what_each_member_weighs_and_show_the_trees_beside_it() -> None:
    card = written(stacked_evidence())["model_card.md"].decode()
    assert "gradient-boosted trees (LightGBM), whose log odds count 0.67 times, and a logistic regression" in card
    assert "whose log odds count 0.34 times" in card
    assert "| Stack of LightGBM and logistic regression | 0.791 (" in card
    assert "| LightGBM | 0.787 | +0.0041 (+0.0032 to +0.0050) |" in card
    assert "| Measure | How to read it | The stack | 95% interval |" in card
    plain = written()["model_card.md"].decode()
    assert "A stack of two" not in plain
    assert "Gradient-boosted trees (LightGBM) on 181 features" in plain


@pytest.mark.usefixtures("undrawn")
@pytest.mark.usefixtures("undrawn")
def test_what_sensitive_records_are_worth_stands_with_its_interval_or_why_not(card: str) -> None:
    assert (
        "Sensitive records do not count in the score. On the same test rows AUROC is 0.7913 with them and 0.7883 "
        "without: difference +0.0031 (−0.0007 to +0.0068), on 41,165 rows with 3,560 outcome events."
    ) in card
    for part, says in (
        (None, "It was not measured what it costs to keep sensitive records out of the score"),
        ({"in_score": True, "reason": "one outcome only"}, "Sensitive records count in the score. What that costs"),
    ):
        assert says in written({**evidence(), "sensitive": part})["model_card.md"].decode()


@pytest.mark.usefixtures("undrawn")
def test_gates_stand_with_their_results_or_it_is_said_that_there_were_none(card: str) -> None:
    assert "2 of 3 gates passed." in card
    assert "| `calibration.slope_within` | FAILED | slope \\| 0.973 \\<b\\>within\\</b\\> 1 to 1.18 |" in card
    assert "had not been held against the gates" in written(gates=None)["model_card.md"].decode()


@pytest.mark.usefixtures("undrawn")
def test_the_words_of_the_card_are_the_sites() -> None:
    made = written(card_template="{{ verdict }}\n\n\n\n{{ title }} 7 of {{ model }}  \n")
    assert (
        made["model_card.md"].decode()
        == f"{VERDICT}\n\nEmergency admission in 12 months 7 of emergency_admission_12m\n"
    )


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ verdikt }}", "'verdikt' is undefined"),
        ("\n{% if %}", "line 2"),
        ("{{ tables.performence }}", "performence"),
    ],
)
@pytest.mark.usefixtures("undrawn")
def test_a_template_that_cannot_be_filled_is_refused_by_name(template: str, says: str) -> None:
    with pytest.raises(DefinitionError, match=r"registry/model_card\.md\.j2") as refused:
        written(card_template=template)
    assert says in str(refused.value)


def test_periods_that_follow_each_other_are_said_as_one() -> None:
    periods = ["2023-07-01 to 2023-12-31", ["2023-01-01", "2023-06-30"], "2024-06-01 to 2024-06-30"]
    assert days(periods) == "1 January 2023 to 31 December 2023 and 1 June 2024 to 30 June 2024"
    assert days(["2024-03-05", "2024-03-04"]) == "4 March 2024 and 5 March 2024"
    assert days([]) == "not available"


# ---- Every page ----


def cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line.strip())[1:-1]


@pytest.mark.parametrize("page", PAGES)
def test_every_table_has_as_many_cells_in_each_row_as_headings(page: str, filled: dict[str, bytes]) -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", filled[page].decode(), re.MULTILINE)
    for block in blocks:
        heading, marks, *rows = (cells(line) for line in block.splitlines())
        assert {len(row) for row in (marks, *rows)} == {len(heading)}, heading
        assert all(re.fullmatch(r" ---:? ", mark) for mark in marks)
        assert rows
    assert len(blocks) == {"model_card.md": 21, "tripod_ai.md": 1, "hazard_log.md": 2}.get(page, 0)


@pytest.mark.parametrize("page", PAGES)
def test_a_table_stands_apart_from_the_text_around_it(page: str, filled: dict[str, bytes]) -> None:
    lines = filled[page].decode().splitlines()
    for above, line in pairwise(lines):
        assert line.startswith("|") == above.startswith("|") or "" in (line, above)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_ends_in_one_newline_and_has_no_blanks_at_line_ends(page: str, filled: dict[str, bytes]) -> None:
    text = filled[page].decode()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert [line for line in text.splitlines() if line != line.rstrip()] == []
    assert "\n\n\n" not in text


def test_the_same_evidence_gives_the_same_bytes_whatever_the_readers_settings_and_is_left_as_it_was(
    filled: dict[str, bytes],
) -> None:
    before, given = dict(matplotlib.rcParams), evidence()
    with matplotlib.rc_context({"lines.linewidth": 9, "font.family": "serif", "axes.facecolor": "black"}):
        again = written(given)
    assert again == filled
    assert dict(matplotlib.rcParams) == before
    assert given == evidence()


# ---- Pictures ----


def test_every_picture_stands_in_the_card_with_words_in_its_place(card: str, filled: dict[str, bytes]) -> None:
    shown = dict(re.findall(r"^!\[(.+)\]\((\w+)\.png\)$", card, re.MULTILINE))
    assert sorted(shown.values()) == sorted(PICTURES)
    assert {f"{name}.png" for name in PICTURES} == {name for name in filled if name.endswith(".png")}
    assert min(len(alt) for alt in shown) > 80


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_a_small_png_without_a_date_or_a_program(name: str, filled: dict[str, bytes]) -> None:
    png = filled[f"{name}.png"]
    width, height = struct.unpack(">II", png[16:24])
    assert png.startswith(b"\x89PNG")
    assert 700 < width < 1100
    assert 400 < height < 1400
    assert len(png) < 120_000
    assert b"tEXt" not in png
    assert b"tIME" not in png


def test_a_picture_changes_with_its_part_of_the_evidence(filled: dict[str, bytes]) -> None:
    given = evidence()
    for point in given["calibration_curve"]:
        point["observed"] = point["observed"] / 2
    given["subgroups"][0]["mean_risk_over_observed_low"] = 0.0
    given["subgroups"][1]["mean_risk_over_observed_high"] = 14.0
    made = written(given)
    changed = {name for name in made if name.endswith(".png") and made[name] != filled[name]}
    assert changed == {"calibration.png", "subgroups.png"}


def test_the_curve_ends_where_no_single_persons_risk_could_be_read_off() -> None:
    given = evidence()
    alone = {"risk": 0.97, "observed": 0.99, "people": 7}
    given["calibration_curve"] = [{"risk": 0.0001, "observed": 0, "people": 1}, *given["calibration_curve"], alone]
    version = Registered(given, "7", PURPOSE, CLINICAL_USE)
    ends = _without_the_ends(version.rows("calibration_curve"))
    assert (ends[0]["risk"], ends[-1]["risk"]) == (0.002, given["calibration_curve"][-2]["risk"])
    assert _without_the_ends(given["calibration_curve"][-1:]) == []


# ---- Evidence that is not there ----

EMPTY = {
    "origins", "models", "left_out", "intervals", "calibration_curve", "decision_curve", "subgroups", "freshness",
    "calibrators", "test_dates", "notes", "cohort", "labels",
}  # fmt: skip
NULL = {"at_capacity", "fairness", "person_disjoint", "leakage", "tuning", "intervened", "registered", "verdict"}


def bare() -> dict[str, Any]:
    """The evidence of a version of which next to nothing could be had."""
    given = evidence() | dict.fromkeys(NULL)
    return given | {name: type(given[name])() for name in EMPTY}


def test_evidence_that_is_empty_is_said_in_sentences_and_drawn_by_nobody() -> None:
    made = written(bare(), gates=None)
    card = made["model_card.md"].decode()
    assert [name for name in made if name.endswith(".png")] == []
    assert re.findall(r"!\[", card) == []
    for said in (
        "No verdict: the model was not compared with logistic regression.",
        "Who was looked at is not recorded.",
        "No performance was measured.",
        "There is no picture: there are fewer than two test dates.",
        "There is no calibration curve.",
        "No list at capacity was measured.",
        "There is no decision curve.",
        "No group was measured.",
        "No fairness of the lists was measured.",
        "It was not measured how much worse an older score, or an older model, is.",
        "It was not measured how the model does on people it has never seen.",
        "No feature was looked at by itself.",
        "No settings were searched",
        "no reviews were landed",
    ):
        assert said in card, said
    assert len(re.findall(r"(?:^\|.*\n)+", card, re.MULTILINE)) == 1, "the recipe alone"


@pytest.mark.parametrize("part", sorted(evidence()))
@pytest.mark.parametrize("absent", [True, False])
@pytest.mark.usefixtures("undrawn")
def test_any_one_part_may_be_null_or_absent(part: str, absent: bool) -> None:
    given = {name: value for name, value in evidence().items() if not (absent and name == part)}
    made = written(given if absent else given | {part: None})
    assert len(made) == 7
    assert b"None" not in b"".join(made.values())


def test_figures_without_a_value_are_said_to_be_missing() -> None:
    def emptied(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: emptied(one) for name, one in value.items()}
        if isinstance(value, list):
            return [emptied(one) for one in value]
        return None if isinstance(value, float) else value

    made = written(emptied(evidence()))
    assert sorted(name for name in made if name.endswith(".png")) == []
    assert "not available" in made["model_card.md"].decode()
    assert b"None" not in made["model_card.md"] + made["tripod_ai.md"] + made["transparency_record.md"]


@pytest.mark.usefixtures("undrawn")
def test_a_source_split_by_person_has_no_test_dates_and_says_so() -> None:
    given = evidence() | {"test_dates": []}
    given["origins"] = [given["origins"][0] | {"test_date": None, "train_dates": [["2023-01-01", "2023-06-30"]]}]
    card = written(given)["model_card.md"].decode()
    assert "It was tested on people who were held out" in card
    assert "| people held out | 8,235 | 715 |" in card
    assert "1 January 2023 to 30 June 2023" in card
    assert "newest dates" not in card


# ---- TRIPOD+AI and the transparency record ----

SUB_ITEMS = [
    "1", "2", "3a", "3b", "3c", "4", "5a", "5b", "6a", "6b", "6c", "7", "8a", "8b", "8c", "9a", "9b", "9c", "10", "11",
    "12a", "12b", "12c", "12d", "12e", "12f", "12g", "13", "14", "15", "16", "17", "18a", "18b", "18c", "18d", "18e",
    "18f", "19", "20a", "20b", "20c", "21", "22", "23a", "23b", "24", "25", "26", "27a", "27b", "27c",
]  # fmt: skip


@pytest.mark.parametrize("given", [evidence(), bare()], ids=["filled", "bare"])
@pytest.mark.usefixtures("undrawn")
def test_every_item_of_tripod_ai_is_filled_or_left_to_the_site(given: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(written(given)["tripod_ai.csv"].decode())))
    assert [row["item"] for row in rows] == SUB_ITEMS
    assert len({re.match(r"\d+", row["item"])[0] for row in rows}) == 27  # type: ignore[index]
    for row in rows:
        assert all(row[column].strip() for column in row), row
        assert (row["filled_by"] == "the site") == (row["reported"] == "For the site to state.")
        assert (row["filled_by"] == "this version, in part") == bool(
            re.search(r".for the site to state\.$", row["reported"], re.I)
        )


def test_the_page_and_the_csv_of_tripod_ai_say_the_same(filled: dict[str, bytes]) -> None:
    page = [
        [cell.strip() for cell in cells(line)]
        for line in filled["tripod_ai.md"].decode().splitlines()
        if line[:1] == "|"
    ]
    table = list(csv.reader(io.StringIO(filled["tripod_ai.csv"].decode())))
    assert [[cell.replace("\\", "") for cell in row] for row in page[2:]] == table[1:]


def test_the_transparency_record_has_two_tiers_and_leaves_the_rest_to_the_site(filled: dict[str, bytes]) -> None:
    text = filled["transparency_record.md"].decode()
    assert [line[3:9] for line in text.splitlines() if line.startswith("## ")] == ["Tier 1", *["Tier 2"] * 5]
    fields = re.findall(r"^### (\S+) .+\n\n(.+)$", text, re.MULTILINE)
    numbers = [number for number, _ in fields]
    assert len(numbers) == len(set(numbers)) == text.count("\n### ")
    assert {"1", "4", "1.1", "2.1", "3.4", "4.2.5", "5.2"} <= set(numbers)
    assert dict(fields)["1.3"] == "For the site to state."
    assert "AUROC 0.787 (0.781 to 0.793); logistic regression 0.785" in dict(fields)["4.2.5"]
    assert CLINICAL_USE in dict(fields)["2"]
