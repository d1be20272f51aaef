"""Why a person has this score: themes by strength, in the features' own dated sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents import OTHER_COUNTS, strength
from riskstrat.errors import CohortError
from riskstrat.explanation import DIRECTION_WORDS, OTHER
from riskstrat.people import explain_printable, themes_by_patient
from riskstrat.publication import ThemeReason
from riskstrat.site.opening import index_date, open_workspace
from riskstrat.site.scored import Scored, score_person
from riskstrat.trial.standing import require_readable
from riskstrat.verbs.report import Report


def explain(
    root: Path | None,
    patient: str,
    when: str,
    recipe: str | None = None,
    progress: Progress = silent,
    purpose: str | None = None,
) -> Report:
    """The score of one patient and its themes; that it was asked, and for what, is logged.

    Raises CohortError where the patient has no score at that date, AuditError where the records are real and no
    purpose is given.
    """
    opened = open_workspace(root)
    chosen = opened.recipe(recipe)
    require_readable(opened.workspace.root, index_date(when, chosen, opened.store))
    audit.require_purpose(purpose, opened.store.simulated)
    scored = score_person(opened, chosen, patient, when, progress)
    audit.log_look(opened.workspace.root, "explain", patient, when, purpose, simulated=opened.store.simulated)
    if scored is None:
        raise CohortError(
            f"the patient asked for has no score at {when}: not in the data, not eligible then, or not available"
        )
    row = scored.rows[scored.rows["patient_id"] == patient]
    reasons = themes_by_patient(explain_printable(opened, scored, row["patient_id"]))[patient]
    risk, low, high = (float(row[name].iloc[0]) for name in ("risk", "risk_low", "risk_high"))
    summary: dict[str, Any] = {
        "patient_id": patient,
        "index_date": row["index_date"].iloc[0].date(),
        "risk": risk,
        "risk_low": low,
        "risk_high": high,
        "model": scored.version.name,
        "version": scored.version.version,
        "themes": [*map(_describe_theme, reasons), {"theme": OTHER}],
    }
    return Report(summary, _format_lines(summary, scored))


def _describe_theme(reason: ThemeReason) -> dict[str, Any]:
    """A theme without its size: with those of all the others, that of "other" could be taken from the estimate."""
    return {
        "theme": reason.theme,
        "direction": reason.direction,
        "strength": strength(reason.contribution),
        "sentences": list(reason.sentences),
    }


def _format_lines(summary: dict[str, Any], scored: Scored) -> tuple[str, ...]:
    recipe = scored.model.recipe
    head = f"Estimated chance: about {100 * summary['risk']:.0f} in 100 ({recipe['title']}), at {summary['index_date']}"
    lines = [
        head,
        f"For people with similar records, between {100 * summary['risk_low']:.0f} and "
        f"{100 * summary['risk_high']:.0f} in 100",
        f"Model {summary['model']} version {summary['version']}. Supports, does not replace, clinical judgement.",
    ]
    for theme in summary["themes"][:-1]:
        moved = f"{DIRECTION_WORDS[theme['direction']]} {theme['strength']}".rstrip()
        lines.append(f"{theme['theme']}: {moved}")
        lines += [f"    {sentence}" for sentence in theme["sentences"]]
    return (*lines, OTHER_COUNTS)
