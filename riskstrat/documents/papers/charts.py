"""The pictures of the model card. Each gives None where its part of the evidence is null or has too little to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor
from typing import TYPE_CHECKING, Any

from riskstrat.documents.papers.drawing import (
    BLUE,
    FIRST,
    INK,
    SECOND,
    THIRD,
    figure,
    legend_above,
    png,
    style,
    title,
)
from riskstrat.documents.papers.explanation_charts import dependence, importance
from riskstrat.documents.papers.registered import RIVAL, Registered, Row
from riskstrat.documents.papers.wording import day, known, measure
from riskstrat.documents.papers.wording import figure as number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RISK_STEP = 0.05
FEWEST_SHOWN = 8
"""People below whom a bar of the histogram is not drawn: counts of 1 to 7 do not leave."""
OVER = "mean_risk_over_observed"


@dataclass(frozen=True)
class Picture:
    """A picture with the file it goes to and the words that stand for it."""

    file: str
    alt: str
    png: bytes


def pictures(version: Registered) -> dict[str, Picture]:
    """Every picture that the evidence allows, by its name in the template."""
    makers = {
        "calibration": calibration,
        "decision_curve": decision_curve,
        "subgroups": subgroups,
        "freshness": freshness,
        "test_dates": by_test_date,
        "importance": importance,
        "dependence": dependence,
    }
    with style():
        drawn = {name: make(version) for name, make in makers.items()}
    return {name: Picture(f"{name}.png", *one) for name, one in drawn.items() if one}


Drawn = tuple[str, bytes] | None


def calibration(version: Registered) -> Drawn:
    """Observed rate against risk, and below it how many people have such risks."""
    points = _without_the_ends(version.rows("calibration_curve"))
    if len(points) < 2:
        return None
    drawn = figure(7, 7.4)
    curve, bars = drawn.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
    end = min(1.0, RISK_STEP * (floor(max(max(row["risk"], row["observed"]) for row in points) / RISK_STEP) + 1))
    curve.plot([0, end], [0, end], label="Ideal: risk and observed rate agree", linewidth=1.3, **THIRD)
    curve.plot(
        [row["risk"] for row in points],
        [row["observed"] for row in points],
        label=version.title_of(version.own_name),
        **_remove_markers(FIRST),
    )
    curve.set(xlim=(0, end), ylim=(0, end), ylabel="Observed rate, smoothed")
    title(curve, "Does 30 in 100 mean 30 in 100?")
    legend_above(curve)
    _draw_histogram(bars, version.rows("risk_histogram"), end)
    slope, ici = (number(version.own.get(name)) for name in ("calibration_slope", "ici"))
    alt = (
        f"Calibration curve: the smoothed observed rate against the risk given by {version.own_title}, with the "
        f"diagonal on which both agree, above a histogram of the risks. Calibration slope {slope}, ICI {ici}."
    )
    return alt, png(drawn)


def _without_the_ends(rows: list[Row]) -> list[Row]:
    """The points of the curve that have figures and at least 8 people at or beyond them on either side: the highest
    risk of all is one person's."""
    points = [row for row in rows if known(row.get("risk")) and known(row.get("observed"))]
    for end in (points, points[::-1]):
        people = 0
        for row in end:
            people += row.get("people") or 0
            if people >= FEWEST_SHOWN:
                break
            points = [one for one in points if one is not row]
    return points


def _remove_markers(look: Mapping[str, object]) -> dict[str, Any]:
    """The look of a line of many points, without their markers."""
    return {name: value for name, value in look.items() if not name.startswith("marker")}


def _draw_histogram(axes: Axes, points: list[Row], end: float) -> None:
    people: dict[int, float] = {}
    for row in points:
        place = min(floor(row["risk"] / RISK_STEP + 1e-9), round(end / RISK_STEP) - 1)
        people[place] = people.get(place, 0) + (row.get("people") or 0)
    whole = sum(people.values()) or 1
    shown = {place: 100 * n / whole for place, n in people.items() if n >= FEWEST_SHOWN}
    left = [RISK_STEP * place for place in shown]
    axes.bar(left, list(shown.values()), RISK_STEP, align="edge", color=BLUE, edgecolor="white", linewidth=0.8)
    axes.set(yscale="log", ylim=(min([0.1, *shown.values()]) / 2, 100), xlabel="Risk given by the model")
    axes.set_ylabel("% of rows\n(log scale)")
    ticks = [at for at in (0.01, 0.1, 1, 10, 100) if at >= axes.get_ylim()[0]]
    axes.set_yticks(ticks, [f"{at:g}" for at in ticks])
    axes.minorticks_off()


def decision_curve(version: Registered) -> Drawn:
    """Net benefit over thresholds, for the model, logistic regression, everybody and nobody."""
    needed = ("threshold", "net_benefit")
    points = [row for row in version.rows("decision_curve") if all(known(row.get(name)) for name in needed)]
    own = version.own_name
    lines = {name: [row for row in points if row["model"] == name] for name in (own, RIVAL, "everybody")}
    if len(lines[own]) < 2:
        return None
    drawn = figure(7, 4.6)
    axes = drawn.subplots()
    # The two often run together: the dashes lie on the broader line and both are seen.
    looks = {own: _remove_markers(FIRST) | {"linewidth": 3}, RIVAL: _remove_markers(SECOND), "everybody": THIRD}
    for name, rows in lines.items():
        if rows:
            x, y = [row["threshold"] for row in rows], [row["net_benefit"] for row in rows]
            axes.plot(x, y, label="List everybody" if name == "everybody" else version.title_of(name), **looks[name])
    axes.axhline(0, color=INK, linewidth=1.2, label="List nobody")
    best = max(row["net_benefit"] for name in (own, RIVAL) for row in lines[name])
    axes.set(ylim=(-0.25 * max(best, 0.001), 1.1 * max(best, 0.001)), xlim=_find_range(lines[own], "threshold"))
    axes.set(xlabel="Risk from which a person would be listed", ylabel="Net benefit")
    title(axes, "Is it better than listing everybody or nobody?")
    legend_above(axes, lines=2)
    alt = (
        f"Decision curve: net benefit over the risk from which a person would be listed, for {version.own_title}, "
        "logistic regression, listing everybody and listing nobody. The highest line is the best choice at that risk."
    )
    return alt, png(drawn)


def _find_range(rows: list[Row], name: str) -> tuple[float, float]:
    values = [row[name] for row in rows]
    return min(values), max(values)


def subgroups(version: Registered) -> Drawn:
    """Mean risk over observed rate of each group, with simultaneous intervals, on a log scale around 1."""
    shown = [row for row in version.rows("subgroups") if all(known(row.get(f"{OVER}{end}")) for end in _ENDS)]
    if not shown:
        return None
    labels, places, heads = _place_labels(shown)
    drawn = figure(7.4, 1.5 + 0.25 * len(labels))
    axes = drawn.subplots()
    for row, place in zip(shown, places, strict=True):
        ends = [max(row[f"{OVER}_low"], SMALLEST_RATIO), row[f"{OVER}_high"]]
        axes.plot(ends, [place, place], color=BLUE, linewidth=2.2, solid_capstyle="butt")
        axes.plot([row[OVER]], [place], marker="s", markersize=5.5, color=INK)
    axes.axvline(1, color=INK, linewidth=1.2)
    _set_ratio_axis(axes, [row[f"{OVER}{end}"] for row in shown for end in _ENDS])
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    for tick, place in zip(axes.get_yticklabels(), range(len(labels)), strict=True):
        tick.set_fontweight("bold" if place in heads else "normal")
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    title(axes, "Is the risk right in each group?")
    alt = (
        "Forest plot: mean risk over observed rate in each group, with simultaneous 95% intervals, around a line at 1 "
        "where both agree. To the left the risks are too low, to the right too high. The table below has the figures."
    )
    return alt, png(drawn)


_ENDS = ("", "_low", "_high")


def _place_labels(shown: list[Row]) -> tuple[list[str], list[int], set[int]]:
    """Labels from top to bottom, the place of each group among them, and the places that are headings."""
    labels: list[str] = []
    places: list[int] = []
    heads: set[int] = set()
    above = None
    for row in shown:
        if row["dimension"] != above:
            above = row["dimension"]
            heads.add(len(labels))
            labels.append(measure(str(above)))
        places.append(len(labels))
        labels.append(str(row["group"]))
    return labels, places, heads


SMALLEST_RATIO = 0.1
"""Where an interval is cut on the left: a log scale has no 0."""

RATIOS = (0.1, 0.25, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 4)


def _set_ratio_axis(axes: Axes, values: list[float]) -> None:
    low = min([0.85, *(max(value / 1.03, SMALLEST_RATIO) for value in values)])
    high = max([1.18, *(value * 1.03 for value in values)])
    ticks = [at for at in RATIOS if low <= at <= high]
    # Where the axis is wide, near ticks would run into each other.
    ticks = [at for at in ticks if at not in (0.9, 1.1)] if high / low > 3 else ticks
    axes.set(
        xscale="log",
        xlim=(low, high),
        xlabel="Mean risk over observed rate\nleft of 1 the risks are too low, right of 1 too high",
    )
    axes.minorticks_off()
    axes.set_xticks(ticks, [f"{at:g}" for at in ticks])


def freshness(version: Registered) -> Drawn:
    """AUROC and PPV at capacity over the age of a score, and of a model."""
    rows = version.rows("freshness")
    ages = sorted({row["months"] for row in rows if known(row.get("auroc"))})
    if len(ages) < 2:
        return None
    drawn = figure(8.4, 4.2)
    panels = drawn.subplots(1, 2)
    for axes, name, heading in zip(panels, ("auroc", "ppv"), ("AUROC", "PPV at capacity"), strict=True):
        for kind, look, shift in (("score", FIRST, -0.2), ("model", SECOND, 0.2)):
            _plot_by_age(
                axes, [row for row in rows if row.get("kind") == kind and known(row.get(name))], name, look, shift
            )
        axes.set(xlabel="Months old")
        axes.set_xticks(_select_spaced_ages(ages))
        title(axes, heading)
    handles, labels = panels[0].get_legend_handles_labels()
    if handles:
        drawn.legend(handles, labels, loc="outside upper left", ncols=2, handlelength=3)
    alt = (
        "Two line charts, AUROC and PPV at capacity, over the age in months of a score (solid line, circles) and of a "
        "model (dashed line, squares), with 95% intervals. The table below has the figures."
    )
    return alt, png(drawn)


def _plot_by_age(axes: Axes, rows: list[Row], name: str, look: Mapping[str, Any], shift: float) -> None:
    if not rows:
        return
    label = f"The {rows[0]['kind']} is old"
    x = [row["months"] + shift for row in rows]
    axes.plot(x, [row[name] for row in rows], label=label, **look)
    for at, row in zip(x, rows, strict=True):
        ends = [row[f"{name}{end}"] for end in _ENDS[1:] if known(row.get(f"{name}{end}"))]
        if len(ends) == 2:
            axes.plot([at, at], ends, color=look["color"], linewidth=1.1)


def _select_spaced_ages(ages: list[int]) -> list[int]:
    """The ages that can be labelled without running into each other, the first and the last among them."""
    least = (ages[-1] - ages[0]) / 14
    kept = ages[:1]
    for age in ages[1:]:
        if age - kept[-1] >= least:
            kept.append(age)
    return kept


def by_test_date(version: Registered) -> Drawn:
    """AUROC of the model and of logistic regression at each test date."""
    found = [(_date(row.get("test_date")), row.get("models") or {}) for row in version.rows("origins")]
    own = version.own_name
    measured = [(when, models) for when, models in found if when and known((models.get(own) or {}).get("auroc"))]
    dated = sorted(measured, key=lambda one: one[0])
    if len({when for when, _ in dated}) < 2:
        return None
    drawn = figure(7, 4)
    axes = drawn.subplots()
    for name, look in ((own, FIRST), (RIVAL, SECOND)):
        points = [(when, (models.get(name) or {}).get("auroc")) for when, models in dated]
        kept = [(when.toordinal(), auroc) for when, auroc in points if known(auroc)]
        if kept:
            axes.plot(*zip(*kept, strict=True), label=version.title_of(name), **look)
    _date_axis(axes, [when for when, _ in dated])
    axes.set(ylabel="AUROC", xlabel="Test date")
    title(axes, "Does it hold at each test date?")
    legend_above(axes)
    alt = (
        f"Line chart: AUROC of {version.own_title} (solid line, circles) and of logistic regression (dashed line, "
        f"squares) at each test date from {day(dated[0][0].isoformat())} to {day(dated[-1][0].isoformat())}. The table "
        "below has the figures."
    )
    return alt, png(drawn)


def _date(given: object) -> date | None:
    """The date as written, of a period its first; None for a test that had none."""
    try:
        return date.fromisoformat(str(given)[:10])
    except ValueError:
        return None


def _date_axis(axes: Axes, dates: list[date]) -> None:
    margin = timedelta(days=max(1, (dates[-1] - dates[0]).days // 12))
    axes.set_xlim((dates[0] - margin).toordinal(), (dates[-1] + margin).toordinal())
    said = ["\n".join(day(each.isoformat()).rsplit(" ", 1)) for each in dates]
    axes.set_xticks([each.toordinal() for each in dates], said)
    # At least 0.02 of AUROC in height, so that noise does not look like a landslide.
    low, high = axes.get_ylim()
    middle, half = (low + high) / 2, max((high - low) / 2, 0.01) * 1.15
    axes.set_ylim(middle - half, middle + half)
