"""The hazard log of one version: the site's rows, each with what this version's evidence says about it."""

from __future__ import annotations

from collections.abc import Callable

from riskstrat.definitions.hazards import Hazard, Hazards
from riskstrat.documents.papers.markdown import code, csv_text, plain, table, tidy
from riskstrat.documents.papers.registered import Registered
from riskstrat.documents.papers.wording import count, figure, measure

HEADINGS = (
    "number", "name", "hazard", "cause", "effect", "control", "tests", "this_version", "owner", "residual_risk",
)  # fmt: skip
NO_TEST = "none yet"


def hazard_log_csv(version: Registered, hazards: Hazards) -> str:
    """One line per hazard, in the order of registry/hazards.toml."""
    rows = [
        (
            str(number), row.name, row.hazard, row.cause, row.effect, row.control,
            "; ".join(row.tests) or NO_TEST, shown(version, row), row.owner, row.residual_risk,
        )
        for number, row in enumerate(hazards.hazards, 1)
    ]  # fmt: skip
    return csv_text(HEADINGS, rows)


def hazard_log(version: Registered, hazards: Hazards) -> str:
    """The log as a page: a table of all hazards, then each with its cause, effect, control, tests and residual risk."""
    rows = [
        (str(number), plain(row.hazard), str(len(row.tests)) if row.tests else NO_TEST, plain(row.owner))
        for number, row in enumerate(hazards.hazards, 1)
    ]
    return tidy(
        "\n\n".join(
            (
                f"# Hazard log: {plain(version.title)}, version {version.number}",
                plain(version.clinical_use),
                "This log starts a site's own clinical safety case (DCB0129 and DCB0160) and does not replace it. Its "
                "rows are read from `registry/hazards.toml`. A test that is named here runs with the source of "
                'riskstrat; "none yet" means that no test holds the hazard.',
                table(("No.", "Hazard", "Tests", "Owner"), rows, words=4),
                *(_format_section(version, number, row) for number, row in enumerate(hazards.hazards, 1)),
            )
        )
    )


def _format_section(version: Registered, number: int, row: Hazard) -> str:
    tests = "; ".join(code(each) for each in row.tests) or NO_TEST
    parts = [
        ("Cause", plain(row.cause)),
        ("Effect", plain(row.effect)),
        ("Control in the software", plain(row.control)),
        ("Tests", tests),
        ("Owner", plain(row.owner)),
        ("Residual risk left to the deployer", plain(row.residual_risk)),
    ]
    if said := shown(version, row):
        parts.insert(4, ("This version", plain(said)))
    lines = "\n".join(f"- **{name}:** {text}" for name, text in parts)
    return f"## {number}. {plain(row.hazard)}\n\n{lines}"


def shown(version: Registered, row: Hazard) -> str:
    """What this version's evidence says about the hazard; empty where the row names no part of it."""
    return SAID[row.evidence](version)


def _describe_calibration(version: Registered) -> str:
    slope, ici = (figure(version.own.get(name)) for name in ("calibration_slope", "ici"))
    return f"Calibration slope {slope}, ICI {ici}."


def _describe_fairness(version: Registered) -> str:
    differences = [row for row in version.rows("fairness", "differences") if row.get("difference") is not None]
    if not differences:
        return "No differences between groups were measured."
    worst = max(differences, key=lambda row: row["difference"])
    by, what = measure(str(worst.get("dimension"))).lower(), measure(str(worst.get("measure")))
    return f"Widest difference between groups: {what} by {by}, {figure(worst['difference'])}."


def _describe_freshness(version: Registered) -> str:
    scores = [row for row in version.rows("freshness") if row.get("kind") == "score" and row.get("auroc") is not None]
    if not scores:
        return "It was not measured how much worse an older score is."
    ages = (f"{row['months']} month{'' if row['months'] == 1 else 's'} old {figure(row['auroc'])}" for row in scores)
    return f"AUROC of a score: {'; '.join(ages)}."


def _describe_interventions(version: Registered) -> str:
    found = version.part("intervened") or {}
    if not found.get("train"):
        return "Nothing is recorded about actions of a team inside the label window."
    train = found["train"]
    return (
        f"Of {count(train.get('rows'))} training rows {count(train.get('with_action'))} had an action of a team inside "
        f"the label window; the recipe says {found.get('mode')}."
    )


def _describe_leakage(version: Registered) -> str:
    if not version.part("leakage"):
        return "No feature was looked at by itself."
    alarms, warnings = (len(version.part("leakage", kind) or ()) for kind in ("alarms", "warnings"))
    return f"Alarms: {alarms or 'none'}. Warnings: {warnings or 'none'}."


SAID: dict[str, Callable[[Registered], str]] = {
    "nothing": lambda version: "",
    "calibration": _describe_calibration,
    "fairness": _describe_fairness,
    "freshness": _describe_freshness,
    "intervened": _describe_interventions,
    "leakage": _describe_leakage,
}
