"""The page of an ingest's codes: by table, column and system what is understood, by what, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.rendering import write_html

FEWER = "fewer than 8 people"


def write_codes_page(manifest: Mapping[str, Any], path: Path) -> None:
    """Write the page for what one ingest's manifest says of its codes. Raises StorageError."""
    entries = [{**entry, **_say(entry)} for entry in manifest["codes"]]
    day = date.fromisoformat(manifest["data_as_at"])
    partly = ", ".join(manifest["understood"])
    write_html("codes.html.j2", path, entries=entries, date=day.isoformat(), day=long_date(day), partly=partly)


def _say(entry: Mapping[str, Any]) -> dict[str, Any]:
    lists = [f"{name} {share:.1%}" for name, share in sorted(entry["lists"].items(), key=lambda one: (-one[1], one[0]))]
    return {
        "share": f"{entry['understood']:.1%}",
        "change": say_change(entry),
        "named": ", ".join(lists) or "none",
        "unknown": [_say_unknown(code) for code in entry["commonest_unknown"]],
    }


def say_change(entry: Mapping[str, Any]) -> str:
    """How the share understood differs from the load before."""
    if entry["before"] is None:
        return "first load"
    points = 100 * (entry["understood"] - entry["before"])
    return "as before" if abs(points) < 0.05 else f"{points:+.1f} points"


def _say_unknown(code: Mapping[str, object]) -> str:
    count = FEWER if code["rows"] is None else f"{code['rows']:,}"
    meant = f", did you mean {code['near']}?" if code["near"] else ""
    return f"{code['code']} ({count}{meant})"


def describe_entry(entry: Mapping[str, Any]) -> str:
    """One line on one entry: the share of rows that is understood, its change, and the commonest codes that are not."""
    column = f"{entry['table']}.{entry['column']}"
    system = "" if entry["system"] == entry["column"] else f" {entry['system']}"
    change = "" if entry["before"] is None else f", {say_change(entry)}"
    lost = round((1 - entry["understood"]) * entry["rows"])
    unknown = ", ".join(_say_unknown(code) for code in entry["commonest_unknown"])
    return (
        f"{column}{system}: {lost:,} of {entry['rows']:,} rows are named by no codelist or known word "
        f"({entry['understood']:.1%} are{change})" + (f"; commonest: {unknown}" if unknown else "")
    )
