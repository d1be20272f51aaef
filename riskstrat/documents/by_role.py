"""Sensitive facts that clinicians alone are shown, in words."""

from __future__ import annotations

from collections.abc import Mapping

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.words import printable, sentence
from riskstrat.publication import ForClinicians, SensitiveFact, SensitiveKind

FOR_CLINICIANS_ONLY = "For clinicians only: keep it where nobody else can open it"
NOTHING_RECORDED = "Nothing recorded in what was sent here."
NOT_TOLD = "Not told before the next list: the one that stands did not look this person up."
KINDS: Mapping[SensitiveKind, tuple[str, str]] = {
    "condition": ("entry in the GP record", "entries in the GP record"),
    "emergency stay": ("emergency hospital stay", "emergency hospital stays"),
    "other stay": ("other hospital stay", "other hospital stays"),
    "A&E visit": ("A&E visit", "A&E visits"),
    "medicine": ("prescription", "prescriptions"),
    "contact": ("contact with a service", "contacts with a service"),
    "measurement": ("measurement", "measurements"),
}
"""One record of each kind in words, and several."""


def word_decisions(shown: ForClinicians) -> str:
    """Which groups are shown, each by which decision of the Caldicott guardian."""
    groups = "; ".join(f"{printable(group)} ({printable(said)})" for group, said in shown.decisions.items())
    return f"Shown by decision of the Caldicott guardian: {groups}."


def word_sensitive_facts(shown: ForClinicians, reference: str) -> tuple[tuple[str, str], ...]:
    """For each group that is shown, what is recorded of one listed person; last, of which of them nothing is.

    Whoever the list holds nothing about was not looked up, which is not that nothing is recorded.
    """
    facts = shown.people.get(reference)
    if facts is None:
        groups = ", ".join(map(printable, shown.decisions))
        return ((groups, NOT_TOLD),) if groups else ()
    words = {group: "; ".join(_word_fact(one) for one in facts if one.group == group) for group in shown.decisions}
    told = tuple((printable(group), sentence(said)) for group, said in words.items() if said)
    nothing = [printable(group) for group, said in words.items() if not said]
    return (*told, (", ".join(nothing), NOTHING_RECORDED)) if nothing else told


def _word_fact(fact: SensitiveFact) -> str:
    one, several = KINDS[fact.kind]
    if fact.times == 1:
        return f"1 {one}, on {long_date(fact.latest)}"
    if fact.first == fact.latest:
        return f"{fact.times} {several} on {long_date(fact.latest)}"
    return f"{fact.times} {several} from {long_date(fact.first)} to {long_date(fact.latest)}"
