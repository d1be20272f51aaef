"""The gates of registry/promotion.toml, held against the evidence of a version. Pure: no registry is read here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from riskstrat.definitions.baselines import LIGHTGBM, TRANSFERRED, find_learned, find_own
from riskstrat.definitions.promotion import PromotionPolicy
from riskstrat.errors import ModelError

Evidence = Mapping[str, Any]


@dataclass(frozen=True)
class Gate:
    """One gate: its key in promotion.toml, whether the version passes, and what was found against what is asked."""

    name: str
    passed: bool
    sentence: str


def gates(policy: PromotionPolicy, evidence: Evidence) -> tuple[Gate, ...]:
    """Every gate in the order of the file. A figure that could not be had does not pass.

    Raises ModelError where the model itself was not measured.
    """
    if find_own(evidence["models"]) not in evidence["models"]:
        raise ModelError("the evidence has no figures of the model itself; train again")
    parts = (
        _judge_evidence,
        _judge_discrimination,
        _judge_calibration,
        _judge_subgroups,
        _judge_equity,
        _judge_leakage,
    )
    return tuple(gate for part in parts for gate in part(policy, evidence))


def _judge_evidence(policy: PromotionPolicy, evidence: Evidence) -> Iterator[Gate]:
    asked = policy.evidence
    dates, events = len(evidence["test_dates"]), evidence["models"][find_own(evidence["models"])]["events"]
    if evidence["test_dates"]:
        yield _require_at_least("evidence.least_test_dates", "test dates", dates, asked.least_test_dates)
    yield _require_at_least("evidence.least_events", "outcome events on the test dates", events, asked.least_events)
    # Evidence of an earlier riskstrat counts rows alone.
    if (people := evidence.get("people_with_outcome")) is not None:
        name = "evidence.least_people_with_outcome"
        yield _require_at_least(
            name, "people with the outcome on the test dates", people, asked.least_people_with_outcome
        )


def _judge_discrimination(policy: PromotionPolicy, evidence: Evidence) -> Iterator[Gate]:
    asked = policy.discrimination
    found = _find_interval(evidence, "auroc")
    if found is None:
        yield Gate("discrimination.least_auroc", False, "AUROC has no interval, so it cannot be judged")
    else:
        said = f"AUROC {_spread(found)}; its upper end must reach {asked.least_auroc:g}"
        yield Gate("discrimination.least_auroc", found["high"] >= asked.least_auroc, said)
    for other in dict.fromkeys((*asked.not_worse_than, *_list_learned_here(evidence))):
        yield _compare_with_rival(evidence, other)
    lift = evidence["at_capacity"]["lift"]
    said = "the lists at capacity have no lift" if lift is None else f"lift {lift:.2f} of the lists at capacity"
    passed = lift is not None and lift >= asked.least_lift
    yield Gate("discrimination.least_lift", passed, f"{said}; at least {asked.least_lift:g} is asked")


def _list_learned_here(evidence: Evidence) -> tuple[str, ...]:
    """What another site's model is always held against: the model that the recipe learns here."""
    models = evidence["models"]
    if find_own(models) != TRANSFERRED:
        return ()
    return (find_learned(models if LIGHTGBM in models else evidence["left_out"]),)


def _compare_with_rival(evidence: Evidence, other: str, name: str = "discrimination.not_worse_than") -> Gate:
    """Passes unless the whole paired interval lies below 0. A rival that was left out holds nobody back."""
    spelled = _spell(other)
    if other not in evidence["models"]:
        why = evidence["left_out"].get(other, "it is not among the baselines")
        return Gate(name, other == "champion" or other in evidence["left_out"], f"not compared with {spelled}: {why}")
    found = _find_difference(evidence, other)
    if found is None:
        return Gate(name, False, f"the difference to {spelled} has no interval, so it cannot be judged")
    said = f"AUROC minus that of {spelled} {found['estimate']:+.4f} ({found['low']:+.4f} to {found['high']:+.4f})"
    verdict = "worse beyond noise" if found["high"] < 0 else "not worse beyond noise"
    return Gate(name, found["high"] >= 0, f"{said}: {verdict}")


def _judge_calibration(policy: PromotionPolicy, evidence: Evidence) -> Iterator[Gate]:
    asked, model = policy.calibration, evidence["models"][find_own(evidence["models"])]
    low, high = asked.slope_within
    found = _find_interval(evidence, "calibration_slope")
    if found is None:
        yield Gate("calibration.slope_within", False, "the calibration slope has no interval, so it cannot be judged")
    else:
        said = f"calibration slope {_spread(found)}; some of it must lie within {low:g} to {high:g}"
        yield Gate("calibration.slope_within", found["low"] <= high and found["high"] >= low, said)
    yield _require_at_most("calibration.largest_ici", "ICI", model["ici"], asked.largest_ici)
    top = model["ici_of_top_5_percent"]
    name = "calibration.largest_ici_of_top_5_percent"
    yield _require_at_most(name, "ICI among the 5% at highest risk", top, asked.largest_ici_of_top_5_percent)


_TOO_FEW = "none has enough people and events to tell; look at who is listed, team by team"


def _judge_subgroups(policy: PromotionPolicy, evidence: Evidence) -> Iterator[Gate]:
    """One gate for each group that fails, or one that says that none does."""
    low, high = policy.subgroups.mean_risk_over_observed_within
    name, measure = "subgroups.mean_risk_over_observed_within", "mean_risk_over_observed"
    shown = [row for row in evidence["subgroups"] if row.get(f"{measure}_low") is not None]
    beyond = [row for row in shown if row[f"{measure}_low"] > high or row[f"{measure}_high"] < low]
    for row in beyond:
        found = f"{row[measure]:.2f} ({row[f'{measure}_low']:.2f} to {row[f'{measure}_high']:.2f})"
        group = f"{row['dimension'].replace('_', ' ')} {row['group']}"
        yield Gate(name, False, f"{group}: mean risk over observed {found} lies outside {low:g} to {high:g}")
    if not shown:
        yield Gate(name, True, f"no group was judged: {_TOO_FEW}")
    elif not beyond:
        yield Gate(name, True, f"none of {len(shown)} groups has mean risk over observed outside {low:g} to {high:g}")


def _judge_equity(policy: PromotionPolicy, evidence: Evidence) -> Iterator[Gate]:
    """For each rival a gate for each group of which its lists find more, or one that says that there is none.

    Evidence of an earlier riskstrat has no such figures.
    """
    if "equity" in evidence:
        for other in dict.fromkeys((*policy.equity.recall_not_below, *_list_learned_here(evidence))):
            yield from _compare_groups_with_rival(evidence, other)


def _compare_groups_with_rival(evidence: Evidence, other: str) -> Iterator[Gate]:
    name = "equity.recall_not_below"
    if other not in evidence["models"]:
        yield _compare_with_rival(evidence, other, name)
        return
    measured = [row for row in evidence["equity"] if row["against"] == other]
    judged = [row for row in measured if row["high"] is not None]
    fewer = [row for row in judged if row["high"] < 0]
    for row in fewer:
        yield Gate(name, False, _word_fall(row))
    if not measured:
        yield Gate(name, False, f"groups were not held against {_spell(other)}; train again")
    elif not judged:
        yield Gate(name, True, f"no group was held against {_spell(other)}: {_TOO_FEW}")
    elif not fewer:
        yield Gate(name, True, f"lists at capacity find no fewer than {_spell(other)} in {len(judged)} groups")


def _word_fall(row: Mapping[str, Any]) -> str:
    return (
        f"{_spell(row['dimension'])} {row['group']}: lists at capacity find {row['recall']:.1%} of those with the "
        f"outcome, those of {_spell(row['against'])} {row['recall_against']:.1%}; difference {row['difference']:+.4f} "
        f"({row['low']:+.4f} to {row['high']:+.4f})"
    )


def _spell(other: str) -> str:
    return other.replace("_", " ")


def _judge_leakage(policy: PromotionPolicy, evidence: Evidence) -> Iterator[Gate]:
    for alarm in evidence["leakage"]["alarms"]:
        yield Gate("leakage", False, alarm["sentence"])
    if not evidence["leakage"]["alarms"]:
        yield Gate("leakage", True, "no single feature decides too much")


def _find_interval(evidence: Evidence, metric: str) -> Mapping[str, Any] | None:
    """The model's own interval of a metric, or None where there is none."""
    own = find_own(evidence["models"])
    for row in evidence["intervals"]:
        if (row["metric"], row["model"], row["versus"]) == (metric, own, None):
            return row if row["low"] is not None else None
    return None


def _find_difference(evidence: Evidence, other: str) -> dict[str, float] | None:
    """The paired difference in AUROC, the model minus the other, whichever way round it was drawn."""
    own = find_own(evidence["models"])
    for row in evidence["intervals"]:
        if row["metric"] != "auroc" or row["low"] is None:
            continue
        ends = {name: row[name] for name in ("estimate", "low", "high")}
        if (row["model"], row["versus"]) == (own, other):
            return ends
        if (row["model"], row["versus"]) == (other, own):
            return {"estimate": -ends["estimate"], "low": -ends["high"], "high": -ends["low"]}
    return None


def _require_at_least(name: str, what: str, found: int, asked: int) -> Gate:
    return Gate(name, found >= asked, f"{found:,} {what}; at least {asked:,} are asked")


def _require_at_most(name: str, what: str, found: float | None, asked: float) -> Gate:
    if found is None:
        return Gate(name, False, f"{what} could not be had, so it cannot be judged")
    return Gate(name, found <= asked, f"{what} {found:.4f}; at most {asked:g} is allowed")


def _spread(found: Mapping[str, object]) -> str:
    return f"{found['estimate']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
