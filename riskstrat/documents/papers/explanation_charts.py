"""The pictures of what a model rests on: themes and features by strength, and which way the strongest move it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from riskstrat.documents.papers.drawing import BLUE, FIRST, INK, ORANGE, figure, png, title
from riskstrat.documents.papers.registered import Registered, Row
from riskstrat.documents.papers.wording import known, sentence_case

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNIT = "log odds"
NOT_RECORDED = "not\nrecorded"
PANELS_A_ROW = 2

Drawn = tuple[str, bytes] | None


def importance(version: Registered) -> Drawn:
    """Mean absolute contribution of each theme, and of the strongest features."""
    themes, features = (_select_measured(version, name) for name in ("themes", "features"))
    if len(themes) < 2 or not features:
        return None
    drawn = figure(7.4, 1.9 + 0.27 * (len(themes) + len(features)))
    above, below = drawn.subplots(2, 1, height_ratios=(len(themes) + 1, len(features) + 1))
    _draw_bars(above, [(sentence_case(str(row["theme"])), row["mean_absolute"]) for row in themes])
    title(above, "Which themes move the estimates most?")
    _draw_bars(below, [(spoken(str(row["feature"])), row["mean_absolute"]) for row in features])
    title(below, "Which facts move them most?")
    below.set_xlabel(f"Mean size of the contribution to an estimate ({UNIT})")
    first = ", ".join(str(row["theme"]) for row in themes[:3])
    alt = (
        "Two bar charts: the mean size of the contribution of each theme, and of the strongest features. The themes "
        f"that move the estimates most are {first}."
    )
    return alt, png(drawn)


def _select_measured(version: Registered, name: str) -> list[Row]:
    return [row for row in version.rows("explanation", name) if known(row.get("mean_absolute"))]


def _draw_bars(axes: Axes, rows: list[tuple[str, float]]) -> None:
    axes.barh(range(len(rows)), [value for _, value in rows], color=BLUE, height=0.7)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)


ACRONYMS = {"gp": "GP", "ae": "A&E", "imd": "IMD", "efi": "eFI", "hfrs": "HFRS", "bmi": "BMI", "egfr": "eGFR"}


def spoken(name: str) -> str:
    """A feature's name as words: `Falls, 365 days` of `falls_365d`."""
    words, _, last = name.rpartition("_")
    lookback = f", {last[:-1]} days" if words and last[:-1].isdigit() and last.endswith("d") else ""
    said = " ".join(ACRONYMS.get(word, word) for word in (words if lookback else name).split("_")) + lookback
    return said if said.split(" ")[0].rstrip(",") in ACRONYMS.values() else said[:1].upper() + said[1:]


def dependence(version: Registered) -> Drawn:
    """Median contribution over the value of each of the strongest features, one panel each."""
    found = [row for row in version.rows("explanation", "dependence") if len(_select_points(row)) >= 2]
    if not found:
        return None
    lines = -(-len(found) // PANELS_A_ROW)
    drawn = figure(8.4, 2.7 * lines)
    panels = drawn.subplots(lines, PANELS_A_ROW, squeeze=False).ravel()
    for axes, row in zip(panels, found, strict=False):
        _draw_panel(axes, row)
    for axes in panels[len(found) :]:
        axes.set_visible(False)
    names = "; ".join(spoken(str(row["feature"])) for row in found)
    alt = (
        "Line charts of the median contribution to an estimate over the value of each of the strongest features: "
        f"{names}. Above 0 a value raised the estimate, below 0 it lowered it."
    )
    return alt, png(drawn)


def _select_points(row: Mapping[str, Any]) -> list[Row]:
    return [point for point in row.get("points") or () if known(point.get("contribution"))]


def _draw_panel(axes: Axes, row: Row) -> None:
    points = _select_points(row)
    there = [point for point in points if known(point.get("value"))]
    axes.axhline(0, color=INK, linewidth=1)
    axes.plot([point["value"] for point in there], [point["contribution"] for point in there], **FIRST)
    unknown = [point["contribution"] for point in points if not known(point.get("value"))]
    if unknown:
        low, high = (there[0]["value"], there[-1]["value"]) if there else (0.0, 1.0)
        at = high + max(high - low, 1) * 0.18
        axes.plot([at], unknown[:1], color=ORANGE, marker="D", markersize=6, linestyle="none")
        axes.annotate(
            NOT_RECORDED, (at, unknown[0]), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=8
        )
        axes.margins(x=0.14, y=0.3)
    axes.set(xlabel=str(row.get("unit") or ""), ylabel=f"Contribution ({UNIT})")
    title(axes, spoken(str(row["feature"])))
