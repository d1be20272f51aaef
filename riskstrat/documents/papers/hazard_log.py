"""The hazard log of one version: the site's rows, each with what this version's evidence says about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from riskstrat.definitions.hazards import RISK_MEANS, RISKS, Hazard, Hazards, Rating, Severity
from riskstrat.documents.papers.markdown import bullets, code, csv_text, plain, table, tidy
from riskstrat.documents.papers.registered import Registered
from riskstrat.documents.papers.wording import count, figure, measure

HEADINGS = (
    "number", "name", "hazard", "cause", "effect", "initial_severity", "initial_likelihood", "initial_risk", "control",
    "tests", "this_version", "residual_severity", "residual_likelihood", "residual_risk", "status", "owner",
    "left_to_the_deployer",
)  # fmt: skip
NO_TEST = "none yet"
SEVERITIES = get_args(Severity)
RATED_BY = (
    "Each hazard has a severity, the worst harm that can well be thought of, and a likelihood, that the harm comes to "
    "a person. The table gives the risk of the two. It is the matrix of DCB0129, version 4.2, as NHS England prints it "
    "in the hazard log of UK Core. The initial risk is that without the control, the residual risk that with it. The "
    "ratings are a starting point: the site's clinical safety officer rates each hazard anew."
)


def hazard_log_csv(version: Registered, hazards: Hazards) -> str:
    """One line per hazard, in the order of registry/hazards.toml."""
    rows = [
        (
            str(number), row.name, row.hazard, row.cause, row.effect, *_list_cells(row.initial), row.control,
            "; ".join(row.tests) or NO_TEST, shown(version, row), *_list_cells(row.residual), row.status, row.owner,
            row.residual_risk,
        )
        for number, row in enumerate(hazards.hazards, 1)
    ]  # fmt: skip
    return csv_text(HEADINGS, rows)


def hazard_log(version: Registered, hazards: Hazards) -> str:
    """The log as a page: how risk is rated, a table of all hazards, then each with its parts."""
    rows = [
        (
            str(number), plain(row.hazard), row.status, str(len(row.tests)) if row.tests else NO_TEST,
            str(row.initial.risk), str(row.residual.risk),
        )
        for number, row in enumerate(hazards.hazards, 1)
    ]  # fmt: skip
    return tidy(
        "\n\n".join(
            (
                f"# Hazard log: {plain(version.title)}, version {version.number}",
                plain(version.clinical_use),
                "This log starts a site's own clinical safety case (DCB0129 and DCB0160) and does not replace it. Its "
                "rows are read from `registry/hazards.toml`. A test that is named here runs with the source of "
                'riskstrat; "none yet" means that no test holds the hazard.',
                table(("No.", "Hazard", "Status", "Tests", "Initial risk", "Residual risk"), rows, words=4),
                "## How risk is rated",
                RATED_BY,
                table(("Likelihood", *map(str.capitalize, SEVERITIES)), _tabulate_matrix()),
                bullets(f"Risk {risk}: {means}." for risk, means in RISK_MEANS.items()),
                *(_format_section(version, number, row) for number, row in enumerate(hazards.hazards, 1)),
            )
        )
    )


def _format_section(version: Registered, number: int, row: Hazard) -> str:
    tests = "; ".join(code(each) for each in row.tests) or NO_TEST
    parts = [
        ("Cause", plain(row.cause)),
        ("Effect", plain(row.effect)),
        ("Initial risk", _format_rating(row.initial)),
        ("Control in the software", plain(row.control)),
        ("Tests", tests),
        ("Residual risk", _format_rating(row.residual)),
        ("Status", row.status),
        ("Owner", plain(row.owner)),
        ("Left to the deployer", plain(row.residual_risk)),
    ]
    if said := shown(version, row):
        parts.insert(5, ("This version", plain(said)))
    lines = "\n".join(f"- **{name}:** {text}" for name, text in parts)
    return f"## {number}. {plain(row.hazard)}\n\n{lines}"


def _format_rating(rating: Rating) -> str:
    return f"{rating.risk} (severity {rating.severity}, likelihood {rating.likelihood})"


def _list_cells(rating: Rating) -> tuple[str, str, str]:
    return rating.severity, rating.likelihood, str(rating.risk)


def _tabulate_matrix() -> list[tuple[str, ...]]:
    return [(likelihood.capitalize(), *map(str, risks)) for likelihood, risks in RISKS.items()]


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
