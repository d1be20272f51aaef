"""The model card: the site's own template, filled with sentences, tables and pictures of one version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError

from riskstrat.documents.papers.charts import Picture
from riskstrat.documents.papers.markdown import image, plain, tidy
from riskstrat.documents.papers.registered import Registered
from riskstrat.documents.papers.tables import tables
from riskstrat.documents.papers.wording import count, figure, fit_to_leave, known, spread
from riskstrat.documents.words import sentence
from riskstrat.errors import DefinitionError

TEMPLATE = "registry/model_card.md.j2"

INTERVENED = {
    "treat": "Rows with such an action keep their outcome, so the risk is that of care as it is given.",
    "censor": "Rows with such an action have no outcome, unless it came before the action.",
    "exclude": "Rows with such an action are left out.",
    "hold_out": "Rows with such an action keep their outcome, but those of people whom a lot listed: for them stand "
    "the people whom it left off.",
}


def model_card(version: Registered, drawn: Mapping[str, Picture], template: str) -> str:
    """The card as Markdown. Raises DefinitionError naming the template's fault, such as a name that does not exist."""
    # Markdown, which no browser reads as it stands.
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    try:
        return tidy(environment.from_string(template).render(context(version, drawn)))
    except TemplateError as fault:
        number = getattr(fault, "lineno", None)
        line = f" line {number}" if number else ""
        raise DefinitionError(f"{TEMPLATE}{line}: {fault.message}; put the template right") from None


def context(version: Registered, drawn: Mapping[str, Picture]) -> dict[str, Any]:
    """What the template may name: facts as texts, `tables` and `pictures` as Markdown, empty where there is none."""
    names = ("calibration", "decision_curve", "subgroups", "freshness", "test_dates", "importance", "dependence")
    return {
        "verdict": _format_verdict(version),
        "title": plain(version.title),
        "model": version.name,
        "version": version.number,
        "as_at": version.as_at,
        "purpose": plain(sentence(version.intended_purpose)),
        "clinical_use": plain(sentence(version.clinical_use)),
        "outcome": plain(version.outcome),
        "eligible": version.eligible,
        "death": version.death,
        "tested": version.tested,
        "by_person": version.by_person,
        "kind": version.kind,
        "features": version.fact("features"),
        "definitions_hash": version.fact("definitions_hash"),
        "store": version.fact("store"),
        "as_at_iso": version.fact("as_at"),
        "calibration": plain(sentence(fit_to_leave(version.fact("registered", "calibration")))),
        "person_disjoint": person_disjoint(version),
        "sensitive": sensitive(version),
        "intervened": INTERVENED.get(str(version.part("intervened", "mode")), ""),
        "tuning": tuning(version),
        "gates": gates(version),
        "tables": tables(version),
        "pictures": {name: image(drawn[name].alt, drawn[name].file) if name in drawn else "" for name in names},
    }


def _format_verdict(version: Registered) -> str:
    return plain(version.part("verdict") or "No verdict: the model was not compared with logistic regression.")


def person_disjoint(version: Registered) -> str:
    """Whether the model does better on people it knows, in a sentence; empty where that was not looked at."""
    found = version.part("person_disjoint") or {}
    if not known(found.get("difference")):
        reason = found.get("reason")
        return f"It could not be worked out: {plain(fit_to_leave(reason))}." if reason else ""
    gap = {f"gap{end}": found.get(name) for end, name in (("", "difference"), ("_low", "low"), ("_high", "high"))}
    return (
        f"On the same test rows AUROC is {figure(found.get('auroc_known'), 4)} from the model that had seen these "
        f"people on earlier dates, and {figure(found.get('auroc_new'), 4)} from one that had seen none of them: "
        f"difference {spread(gap, 'gap', 4, signed=True)}, on {count(found.get('rows'))} rows with "
        f"{count(found.get('events'))} outcome events."
    )


def sensitive(version: Registered) -> str:
    """What sensitive records in the score are worth, in sentences; empty where that was not looked at."""
    found = version.part("sensitive") or {}
    if not found:
        return ""
    way = "count" if found.get("in_score") else "do not count"
    said = f"Sensitive records {way} in the score."
    if not known(found.get("difference")):
        return f"{said} What that costs could not be worked out: {plain(fit_to_leave(found.get('reason')))}."
    gap = {f"gap{end}": found.get(name) for end, name in (("", "difference"), ("_low", "low"), ("_high", "high"))}
    return (
        f"{said} On the same test rows AUROC is {figure(found.get('auroc_with'), 4)} with them and "
        f"{figure(found.get('auroc_without'), 4)} without: difference {spread(gap, 'gap', 4, signed=True)}, on "
        f"{count(found.get('rows'))} rows with {count(found.get('events'))} outcome events."
    )


def tuning(version: Registered) -> str:
    """What was searched, in a sentence; empty where nothing was."""
    found = version.part("tuning") or {}
    return plain(sentence(fit_to_leave(found["sentence"]))) if found.get("sentence") else ""


def gates(version: Registered) -> str:
    """How many gates were passed, in a sentence; empty where the version was not held against any."""
    if version.gates is None:
        return ""
    passed = sum(bool(row.get("passed")) for row in version.gates)
    return f"{passed} of {len(version.gates)} gates passed."
