"""The tables of the model card, each as Markdown; a part of the evidence that is null or empty gives an empty text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from riskstrat.documents.papers.groups import fairness, fairness_differences, few_found, subgroups
from riskstrat.documents.papers.markdown import bullets, code, plain, table
from riskstrat.documents.papers.registered import RIVAL, Registered, Row
from riskstrat.documents.papers.wording import (
    HIDDEN,
    count,
    day,
    days,
    figure,
    fit_to_leave,
    interval,
    known,
    measure,
    percent,
    percent_spread,
    sentence_case,
    share,
    share_interval,
    spread,
)
from riskstrat.documents.words import sentence

MEANING = {
    "auroc": "chance that a person with the outcome has the higher risk; 0.5 is none",
    "auprc": "average precision; without any signal it is the share with the outcome",
    "brier": "mean squared distance of risk and outcome; lower is better",
    "scaled_brier": "0 is no better than giving everybody the same risk, 1 is perfect",
    "calibration_in_the_large": "0 is ideal; above 0 the risks are too low on average",
    "calibration_slope": "1 is ideal; below 1 the risks are too extreme",
    "calibration_intercept": "0 is ideal",
    "ici": "mean distance of risk and observed rate; 0 is ideal",
    "e90": "nine in ten people have a distance of at most this",
    "emax": "the largest distance",
    "ici_of_top_5_percent": "the same distance among those at highest risk",
}
NET_BENEFIT_AT = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
OF_THE_TOP = "2%"
_LIFT = re.compile(r"\blift \d+(?:\.\d+)?")
MOST_FEATURES = 20


def tables(version: Registered) -> dict[str, str]:
    """Every table of the card by its name in the template."""
    return {
        "data": data(version),
        "cohort": counts(version.part("cohort"), "Who was looked at"),
        "labels": counts(version.part("labels"), "What became of the rows"),
        "performance": performance(version),
        "test_dates": by_test_date(version),
        "baselines": baselines(version),
        "left_out": left_out(version),
        "calibrators": calibrators(version),
        "at_capacity": at_capacity(version),
        "lists": lists(version),
        "decision_curve": decision_curve(version),
        "subgroups": subgroups(version),
        "fairness": fairness(version),
        "fairness_differences": fairness_differences(version),
        "freshness": freshness(version),
        "leakage": leakage(version),
        "leakage_alarms": leakage_alarms(version),
        "intervened": intervened(version),
        "tuning": tuning(version),
        "gates": gates(version),
        "notes": bullets(sentence(fit_to_leave(note)) for note in version.part("notes") or ()),
        "recipe": recipe(version),
    }


def data(version: Registered) -> str:
    """What the registered model and each tested one learned from and were tested on."""
    rows = [_format_slice_row(f"tested at {when}", origin) for when, origin in version.origins()]
    registered = version.part("registered")
    if registered:
        rows.append(_format_slice_row("this version", registered))
    headings = ("Model", "Training dates", "Calibration dates", "Training", "Calibration", "Test", "Test events")
    return table(headings, rows, words=3)


def _format_slice_row(name: str, origin: Row) -> tuple[str, ...]:
    rows, events = origin.get("rows") or {}, origin.get("events") or {}
    tested = (count(rows["test"]), count(events.get("test"))) if "test" in rows else ("none", "none")
    dates = (days(origin.get(f"{slice_}_dates")) for slice_ in ("train", "calibration"))
    return (name, *dates, count(rows.get("train")), count(rows.get("calibration")), *tested)


def counts(given: Mapping[str, object] | None, heading: str) -> str:
    """A table of reasons and how many rows each has."""
    rows = [(plain(sentence_case(name)), count(number)) for name, number in (given or {}).items()]
    return table((heading, "Rows"), rows)


def performance(version: Registered) -> str:
    """Each measure of the model on all test rows, with its interval and how to read it."""
    rows = []
    if known(risk := version.own.get("mean_risk")):
        happened = share(version.own.get("events"), version.own.get("n"))
        rows.append(("Mean risk", f"to be read beside the share who had the outcome, {happened}", figure(risk), "none"))
    for name, meaning in MEANING.items():
        if known(value := version.own.get(name)):
            row = version.interval(name)
            ends = interval(row.get("low"), row.get("high")) or "none"
            rows.append((measure(name), meaning, figure(value), ends))
    return table(("Measure", "How to read it", sentence_case(version.own_title), "95% interval"), rows, words=2)


def by_test_date(version: Registered) -> str:
    """One row for each test date: size, AUROC of the model and of logistic regression, calibration, yield."""
    rows = []
    for when, origin in version.origins():
        own, rival = ((origin.get("models") or {}).get(name) or {} for name in (version.own_name, RIVAL))
        measured = (own.get("auroc"), rival.get("auroc"), own.get("calibration_slope"), own.get("ici"))
        top: Row = next((row for row in own.get("yields") or () if row.get("label") == OF_THE_TOP), {})
        sizes = (count(own.get("n")), count(own.get("events")))
        rows.append((when, *sizes, *map(figure, measured), share(top.get("events"), top.get("k"))))
    names = (f"AUROC, {version.own_title}", "AUROC, logistic regression", "Slope", "ICI", f"PPV, highest {OF_THE_TOP}")
    return table(("Test date", "Rows", "Events", *names), rows)


def baselines(version: Registered) -> str:
    """One row for each model on the same test rows; the difference is the model itself minus that one, paired."""
    rows = []
    for name, one in (version.part("models") or {}).items():
        own, pair = version.interval("auroc", name), version.interval("auroc", None, name)
        auroc = {"auroc": one.get("auroc"), "auroc_low": own.get("low"), "auroc_high": own.get("high")}
        gap = {"gap": pair.get("estimate"), "gap_low": pair.get("low"), "gap_high": pair.get("high")}
        ahead = "" if name == version.own_name else spread(gap, "gap", 4, signed=True)
        rest = (figure(one.get(each)) for each in ("auprc", "brier", "scaled_brier", "ici"))
        rows.append((plain(version.title_of(name)), spread(auroc, "auroc"), ahead, *rest))
    headings = (
        "Model",
        "AUROC (95% interval)",
        f"{sentence_case(version.own_title)} minus it",
        "AUPRC",
        "Brier score",
        "Scaled Brier",
        "ICI",
    )
    return table(headings, rows)


def left_out(version: Registered) -> str:
    """The baselines that could not be had, with the reason."""
    given = version.part("left_out") or {}
    return table(
        ("Left out", "Why"), [(plain(version.title_of(name)), plain(why)) for name, why in given.items()], words=2
    )


def calibrators(version: Registered) -> str:
    """The maps from margin to risk that were compared."""
    rows = [
        (
            plain(measure(str(row.get("method")))),
            "yes" if row.get("strictly_increasing") else "no",
            "yes" if row.get("chosen") else "no",
            figure(row.get("log_loss"), 5),
            figure(row.get("standard_error"), 5),
        )
        for row in version.rows("calibrators")
    ]
    return table(("Calibrator", "Strictly increasing", "Chosen", "Log loss", "Standard error"), rows, words=3)


def at_capacity(version: Registered) -> str:
    """What the lists of all test dates, cut at capacity, would have found together."""
    found = version.part("at_capacity") or {}
    if not found:
        return ""
    rows = [
        ("Lists", str(found.get("lists"))),
        ("Places on each list", str(found.get("capacity") or "not available")),
        ("People eligible, over all dates", count(found.get("rows"))),
        ("Listed", count(found.get("listed"))),
        ("Listed, and had the outcome", count(found.get("listed_events"))),
        ("PPV: share of those listed who had the outcome", share(found.get("listed_events"), found.get("listed"))),
        ("95% interval of the PPV", share_interval(found.get("listed_events"), found.get("listed")) or "none"),
        ("Share of everybody eligible who had the outcome", share(found.get("events"), found.get("rows"))),
        ("Sensitivity: share of all outcomes that were listed", share(found.get("listed_events"), found.get("events"))),
        ("Lift: PPV over the share of everybody eligible", _format_lift(version)),
    ]
    return table(("Lists at capacity, all test dates", "Found"), rows)


def _format_lift(version: Registered) -> str:
    """The lift; hidden with the PPV, which it gives away beside the share of everybody eligible."""
    found = version.part("at_capacity")
    hidden = share(found.get("listed_events"), found.get("listed")) == HIDDEN
    return HIDDEN if hidden else figure(found.get("lift"), 1)


def lists(version: Registered) -> str:
    """Yield at the fixed shares of people, on all test rows ranked together."""
    rows = []
    for row in version.own.get("yields") or ():
        if row.get("label") == "capacity" or not known(row.get("events")):
            continue
        found, listed = row.get("events"), row.get("k")
        ppv, sensitivity = share(found, listed), share(found, version.own.get("events"))
        per_event = figure(row.get("number_needed_to_review"), 1) if ppv != HIDDEN else HIDDEN
        rows.append((str(row.get("label")), count(listed), count(found), ppv, sensitivity, per_event))
    return table(("Highest risks", "Listed", "With the outcome", "PPV", "Sensitivity", "Reviewed per outcome"), rows)


def decision_curve(version: Registered) -> str:
    """Net benefit at some thresholds, one column for each way of choosing."""
    points = [row for row in version.rows("decision_curve") if known(row.get("threshold"))]
    names = list(dict.fromkeys(str(row["model"]) for row in points))
    found = {(round(row["threshold"], 6), row["model"]): row.get("net_benefit") for row in points}
    rows = [
        (percent(at), *(figure(found.get((at, name)), 4) for name in names))
        for at in NET_BENEFIT_AT
        if any(known(found.get((at, name))) for name in names)
    ]
    return table(("Listed from a risk of", *(plain(version.title_of(name)) for name in names)), rows)


def freshness(version: Registered) -> str:
    """AUROC and PPV of a score, and of a model, that are some months old."""
    rows = [
        (
            sentence_case(str(row.get("kind"))),
            str(row.get("months")),
            spread(row, "auroc"),
            spread(row, "difference", 4, signed=True),
            percent_spread(row, "ppv"),
            count(row.get("rows")),
            count(row.get("events")),
        )
        for row in sorted(version.rows("freshness"), key=lambda row: row.get("kind") != "score")
    ]
    headings = ("What is old", "Months", "AUROC", "AUROC minus fresh", "PPV at capacity", "Rows", "Events")
    return table(headings, rows)


def leakage(version: Registered) -> str:
    """The features that tell most by themselves, worst first."""
    names, timed = ("auroc", "ppv", "captured"), ("early_auroc", "late_auroc", "early_over_late")
    few = {"events": version.own.get("events")}
    rows = [
        (
            code(row.get("feature")),
            *(
                HIDDEN if name != "auroc" and few_found({**row, **few}, "captured") else figure(row.get(name))
                for name in names
            ),
            *(figure(row.get(name)) for name in timed),
            figure(row.get("z"), 1),
        )
        for row in version.rows("leakage", "features")[:MOST_FEATURES]
    ]
    headings = (
        "Feature",
        "AUROC alone",
        "PPV of its top",
        "Events it holds",
        "AUROC early",
        "AUROC late",
        "Early − late",
    )
    return table((*headings, "z"), rows)


def leakage_alarms(version: Registered) -> str:
    """What raised the alarm, and what is only a warning, in a list."""
    alarms = [sentence(f"Alarm: {alarm.get('sentence')}") for alarm in version.rows("leakage", "alarms")]
    return bullets([*alarms, *(sentence(f"Warning: {text}") for text in version.part("leakage", "warnings") or ())])


def intervened(version: Registered) -> str:
    """Rows whose label window held an action of an MDT, by slice, and how many of them were changed for it."""
    found = version.part("intervened") or {}
    names = {"train": "Training", "calibration": "Calibration", "test": "Test"}
    slices = [(said, found[name]) for name, said in names.items() if found.get(name)]
    rows = [
        (name, count(one.get("rows")), count(one.get("with_action")), count(one.get("changed"))) for name, one in slices
    ]
    return table(("Rows for", "Rows", "With an action in the window", "Changed for it"), rows)


def tuning(version: Registered) -> str:
    """The learner settings that the search chose."""
    best = version.part("tuning", "best") or {}
    return table(("Setting", "Chosen"), [(code(name), _format_setting(value)) for name, value in best.items()])


def gates(version: Registered) -> str:
    """Every gate of registry/promotion.toml with whether it was passed."""
    few = bool(version.part("at_capacity")) and _format_lift(version) == HIDDEN
    rows = [
        (code(row.get("name")), "passed" if row.get("passed") else "FAILED", plain(_word_gate(row, few=few)))
        for row in version.gates or ()
    ]
    return table(("Gate", "Result", "Found"), rows, words=3)


def _word_gate(row: Row, *, few: bool) -> str:
    """What a gate found. few: whether 1 to 7 people on the tested lists had the outcome, so that no lift is told."""
    said = fit_to_leave(row.get("sentence"))
    return _LIFT.sub("a lift that rests on 1 to 7 people", said) if few else said


def recipe(version: Registered) -> str:
    """Every setting of the recipe."""
    rows = [(code(name), _format_setting(value)) for name, value in _flatten_settings(version.part("recipe") or {})]
    return table(("Setting", "Value"), rows, words=2)


def _flatten_settings(given: Mapping[str, object], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from _flatten_settings(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _format_setting(value: object) -> str:
    if isinstance(value, list | tuple):
        return plain(", ".join(day(one) if isinstance(one, list | tuple) else str(one) for one in value) or "none")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(f"{value:.6g}" if isinstance(value, float) else "none" if value in (None, "") else value)
