"""Statements that belong to every pack: what is watched, what this version is, and accessibility."""

from __future__ import annotations

from collections.abc import Mapping

from riskstrat import __version__
from riskstrat.definitions.monitoring import MonitoringPlan, Watch
from riskstrat.documents.papers.markdown import code, plain, table, tidy
from riskstrat.documents.papers.registered import Registered
from riskstrat.registry import Kept
from riskstrat.workspace import Workspace


def write_post_market_plan(plan: MonitoringPlan) -> str:
    """registry/monitoring.toml as a page: one row for each watch, with its limits."""
    watches = [watch for _, watch in plan.list_watches()]
    rows = [tuple(map(plain, (one.title, one.alert, one.delay, one.tells, one.does))) for one in watches]
    limits = [
        (code(f"{one.title}: {name}"), plain(_word_limit(value)))
        for one in watches
        for name, value in one.model_dump(mode="json").items()
        if name not in Watch.model_fields
    ]
    headings = ("What is watched", "An alert says", "It comes by", "Who is told", "What is done")
    return tidy(
        "\n\n".join(
            (
                "# Plan for watching the product in use",
                "From registry/monitoring.toml; `riskstrat monitor` looks at it, and writes what it found.",
                table(headings, rows, words=len(headings)),
                "## Limits",
                table(("Limit", "Value"), limits, words=2),
                "Incidents, their report to the MHRA where the product is a medical device, and recall of lists: for "
                "the site to state. `riskstrat withdraw` takes a list back, and logs why.",
            )
        )
    )


def _word_limit(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_word_limit(each)}" for name, each in value.items()) or "none"
    return " to ".join(map(str, value)) if isinstance(value, list) else str(value)


def write_change_control(workspace: Workspace, kept: Kept, version: Registered) -> str:
    """Which version this is, what it was made with, and the digest of each thing that decides a list."""
    model = kept.model()
    rows = [
        ("Software", f"riskstrat {__version__}"),
        ("Model", f"{version.name}, version {version.number}"),
        ("Record of the version", kept.record.digest),
        ("Data as at", version.as_at),
        ("Definitions of its features", model.definitions_hash),
        ("All definitions of the workspace now", workspace.definitions_hash),
        ("Files of the version", str(len(kept.record.files))),
    ]
    same = all(workspace.fingerprints.get(name) == known for name, known in model.fingerprints.items())
    return tidy(
        "\n\n".join(
            (
                f"# Change control: {plain(version.title)}, version {plain(version.number)}",
                table(("What", "Which"), [(plain(name), code(value)) for name, value in rows], words=2),
                "The features of the workspace are those that the version was trained with."
                if same
                else "**The features of the workspace are not those that the version was trained with: train again.**",
                "A version is promoted only where it passes the gates of registry/promotion.toml, or over them with a "
                "name and a reason in the audit log. Each training, promotion, list and withdrawal is a line there; "
                "`riskstrat audit verify` holds every file against it.",
                "Who approves a change, and who becomes the manufacturer when a site edits rules: for the site to "
                "state.",
            )
        )
    )


def write_accessibility_draft() -> str:
    """A draft of the accessibility statement, in the order that the public sector's model statement has."""
    return tidy(
        """# Accessibility statement (draft)

A draft for the site, which publishes its own. It is about the web pages of lists and people, and about the worklist.

## How accessible it is

Pages are meant to meet WCAG 2.2 at level AA. Tests of the product open every page in a browser at two widths and find
no failure by axe; they use it by keyboard alone and with JavaScript off. That finds some failures and not all: no test
with people who use assistive technology was made. For the site to state: what such a test found.

## What is not accessible

PDF files are made from the pages, tagged by the browser that prints them; they were not tested by themselves.
Workbooks are tables for work, and need a program that reads them.
Pictures of the model card have the words that stand for them, and no table of their points.

## How to report a problem

For the site to state: whom to write to, how soon they answer, and the enforcement procedure.

## How it was tested

For the site to state: when, by whom and on which pages.
"""
    )
