"""Why a person has this score: themes that add up to the margin, in the features' own dated sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from riskstrat.definitions.progress import Progress, silent
from riskstrat.errors import CohortError
from riskstrat.explanation import DIRECTION_WORDS
from riskstrat.people import explain_redacted
from riskstrat.site.opening import open_workspace
from riskstrat.site.scored import Scored, score_cohort
from riskstrat.verbs.report import Report


def explain(
    root: Path | None, patient: str, when: str, recipe: str | None = None, progress: Progress = silent
) -> Report:
    """The score of one patient and its themes. Raises CohortError where the patient has no score at that date."""
    opened = open_workspace(root)
    chosen = opened.recipe(recipe)
    scored = score_cohort(opened, chosen, when, progress)
    row = scored.rows[scored.rows["patient_id"] == patient]
    if row.empty:
        raise CohortError(
            f"the patient asked for has no score at {when}: not in the data, not eligible then, or not available"
        )
    reasons = explain_redacted(opened, scored, row["patient_id"])
    risk, low, high, margin = (float(row[name].iloc[0]) for name in ("risk", "risk_low", "risk_high", "margin"))
    themes = [_select_theme_fields(theme) for theme in reasons.to_dict("records")]
    summary: dict[str, Any] = {
        "patient_id": patient,
        "index_date": row["index_date"].iloc[0].date(),
        "risk": risk,
        "risk_low": low,
        "risk_high": high,
        "margin": margin,
        "base_margin": margin - sum(theme["contribution"] for theme in themes),
        "model": scored.version.name,
        "version": scored.version.version,
        "themes": themes,
    }
    return Report(summary, _format_lines(summary, scored))


def _select_theme_fields(theme: dict[Any, Any]) -> dict[str, Any]:
    kept = ("theme", "direction", "contribution")
    return {name: theme[name] for name in kept} | {"sentences": list(theme["sentences"])}


def _format_lines(summary: dict[str, Any], scored: Scored) -> tuple[str, ...]:
    recipe = scored.model.recipe
    head = f"Estimated chance: about {100 * summary['risk']:.0f} in 100 ({recipe['title']}), at {summary['index_date']}"
    lines = [
        head,
        f"For people with similar records, between {100 * summary['risk_low']:.0f} and "
        f"{100 * summary['risk_high']:.0f} in 100",
        f"Model {summary['model']} version {summary['version']}. Supports, does not replace, clinical judgement.",
    ]
    for theme in sorted(summary["themes"], key=lambda theme: -abs(theme["contribution"])):
        lines.append(f"{theme['theme']}: {DIRECTION_WORDS[theme['direction']]} ({theme['contribution']:+.2f})")
        lines += [f"    {sentence}" for sentence in theme["sentences"]]
    return tuple(lines)
