"""Figures by group of people: what the model card prints of them, and the table of them all."""

from __future__ import annotations

from collections.abc import Iterable

from riskstrat.documents.papers.markdown import csv_text, plain, table
from riskstrat.documents.papers.registered import Registered, Row
from riskstrat.documents.papers.wording import (
    FEW,
    HIDDEN,
    count,
    figure,
    known,
    measure,
    percent,
    percent_spread,
    spread,
)

BY_GROUP = (
    ("auroc", "mean_risk_over_observed", "calibration_slope", "ici"),
    ("ppv_at_capacity", "sensitivity_at_capacity", "lift", "net_benefit"),
)
"""Measures of a group that the card shows, a table each; subgroups.csv has every one."""
OF_THE_LISTED = ("ppv_at_capacity", "sensitivity_at_capacity", "lift", "number_needed_to_review")
SHARES_OF_A_GROUP = ("prevalence", "ppv_at_capacity", "sensitivity_at_capacity")
SHARES = ("share_of_list", "share_of_admissions")
FAIR = ("selection_rate", "sensitivity", "ppv", "false_positive_rate")


def subgroups(version: Registered) -> str:
    """Sizes and measures of each group; a group that is too small has no figures."""
    groups = version.rows("subgroups")
    there = set(measures_by_group(version))
    parts = [[name for name in part if name in there] for part in BY_GROUP]
    return "\n\n".join(
        filter(None, (_tabulate_groups(groups, part, sizes=not at) for at, part in enumerate(parts) if part))
    )


def measures_by_group(version: Registered) -> list[str]:
    """The measures of the subgroups, in the order of the evidence."""
    ends = [key for row in version.rows("subgroups") for key in row if key.endswith("_low")]
    return list(dict.fromkeys(key.removesuffix("_low") for key in ends))


def _tabulate_groups(groups: list[Row], measured: list[str], *, sizes: bool) -> str:
    counted = ("people", "rows", "events") if sizes else ()
    rows = [
        (
            *_group(row),
            *(_format_size(row, name) for name in counted),
            *(_format_measure(row, name) for name in measured),
        )
        for row in groups
    ]
    return table(("By", "Group", *map(measure, counted), *map(measure, measured)), rows, words=2)


def _group(row: Row) -> tuple[str, str]:
    return plain(measure(str(row.get("dimension")))), plain(row.get("group"))


def _format_measure(row: Row, name: str) -> str:
    if name in OF_THE_LISTED and few_found(row, "sensitivity_at_capacity"):
        return HIDDEN
    if not known(row.get(name)):
        return FEW
    return percent_spread(row, name) if name in SHARES_OF_A_GROUP else spread(row, name)


def few_found(row: Row, sensitivity: str) -> bool:
    """Whether those of a group who were listed and had the outcome are 1 to 7, by the share of all who had it."""
    return 1 <= round((row.get(sensitivity) or 0) * (row.get("events") or 0)) <= 7


def _format_size(row: Row, name: str) -> str:
    return count(row[name]) if known(row.get(name)) else FEW


def subgroups_csv(version: Registered) -> str:
    """One line for each group with every measure and its interval; counts follow the small number rule."""
    measured = measures_by_group(version)
    columns = ["mean_risk", *(name for each in measured for name in (each, f"{each}_low", f"{each}_high"))]
    rows = [
        (
            str(row.get("dimension")),
            str(row.get("group")),
            *(_format_size(row, name).replace(",", "") for name in ("people", "rows", "events")),
            *(_format_exact_figure(row, name) for name in columns),
        )
        for row in version.rows("subgroups")
    ]
    return csv_text(("dimension", "group", "people", "rows", "events", *columns), rows)


def _format_exact_figure(row: Row, name: str) -> str:
    if name.removesuffix("_low").removesuffix("_high") in OF_THE_LISTED and few_found(row, "sensitivity_at_capacity"):
        return HIDDEN
    # More decimals would lead back from a share to the counts behind it.
    return f"{row[name]:.3f}" if known(row.get(name)) else ""


def fairness(version: Registered) -> str:
    """Who is on the lists, by group; figures that rest on 1 to 7 people are hidden."""
    rows = []
    for row in version.rows("fairness", "groups"):
        rates = {name: percent_spread(row, name) if known(row.get(name)) else FEW for name in FAIR}
        rates |= {name: percent(row.get(name)) if known(row.get(name)) else FEW for name in SHARES}
        rates["over"] = spread(row, "list_over_admissions", 2) if known(row.get("list_over_admissions")) else FEW
        rates |= dict.fromkeys(_find_rates_of_few(row, rates), HIDDEN)
        rows.append((*_group(row), _format_size(row, "rows"), _format_size(row, "listed"), *rates.values()))
    names = (*map(measure, FAIR), "Share of the list", "Share of outcomes", "List over outcomes")
    return table(("By", "Group", "Rows", "Listed", *names), rows, words=2)


def _find_rates_of_few(row: Row, rates: Iterable[str]) -> list[str]:
    """The rates that rest on 1 to 7 people: all where so few are listed, or so few of these had the outcome; else that
    of the listed without it, where they are so few."""
    listed = int(row.get("listed") or 0)
    found = round((row.get("sensitivity") or 0) * (row.get("events") or 0))
    if 1 <= listed <= 7 or 1 <= found <= 7:
        return list(rates)
    return ["false_positive_rate"] if 1 <= listed - found <= 7 else []


def fairness_differences(version: Registered) -> str:
    """The widest distance between two groups of a dimension, for each measure."""
    rows = [
        (
            plain(measure(str(row.get("dimension")))),
            plain(measure(str(row.get("measure")))),
            figure(row.get("difference"), 4),
            figure(row.get("ratio"), 2),
        )
        for row in version.rows("fairness", "differences")
        if known(row.get("difference"))
    ]
    return table(("By", "Measure", "Largest minus smallest", "Smallest over largest"), rows, words=2)
