"""A draft record for the UK Algorithmic Transparency Recording Standard, filled as far as a version can tell.

Source of the structure: the standard of the UK Government, version 3 (two tiers, the second in five parts); headings in
our own words with its numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from riskstrat.documents.papers.card import INTERVENED
from riskstrat.documents.papers.markdown import plain, tidy
from riskstrat.documents.papers.registered import RIVAL, Registered
from riskstrat.documents.papers.wording import FOR_THE_SITE, SITE, count, figure, interval, known, share
from riskstrat.documents.words import joined, sentence, word_count

REVIEW = (
    "A list of references goes to a multi-disciplinary team, which reviews each person on it and decides. Nothing "
    "happens to anybody without a person's review."
)


class RecordField(NamedTuple):
    """One field of the record."""

    number: str
    heading: str
    text: str


def transparency_record(version: Registered) -> str:
    """The draft as a page, tier 1 first."""
    parts = [
        f"# Transparency record (draft): {plain(version.title)}, version {version.number}",
        "A draft for the Algorithmic Transparency Recording Standard. Fields that only the site can fill say so. "
        "Nothing here is published by the software.",
    ]
    for heading, fields in sections(version):
        parts += [f"## {heading}", *(f"### {one.number} {one.heading}\n\n{plain(one.text)}" for one in fields)]
    return tidy("\n\n".join(parts))


def sections(version: Registered) -> Iterator[tuple[str, list[RecordField]]]:
    """Each part of the record with its fields, in the order of the standard."""
    yield "Tier 1: for the public", _build_tier_1_fields(version)
    yield "Tier 2, part 1: who is responsible", _build_responsibility_fields()
    yield "Tier 2, part 2: what it is and why", _build_rationale_fields(version)
    yield "Tier 2, part 3: how decisions are made with it", _build_decision_fields(version)
    yield "Tier 2, part 4: the tool and its data", [*_build_tool_fields(version), *_build_data_fields(version)]
    yield "Tier 2, part 5: risks and their assessment", _build_risk_fields()


def _build_tier_1_fields(version: Registered) -> list[RecordField]:
    about = (
        f"{sentence(version.intended_purpose)} From records that health and care services hold already, the tool "
        f"estimates the chance of {version.outcome}. {REVIEW} {sentence(version.clinical_use)}"
    )
    return [
        RecordField("1", "Name", f"{version.title} (riskstrat)"),
        RecordField("2", "Description", about),
        RecordField("3", "Web page", SITE),
        RecordField("4", "Contact", SITE),
    ]


def _build_responsibility_fields() -> list[RecordField]:
    return [
        RecordField("1.1", "Organisation", SITE),
        RecordField("1.2", "Team", SITE),
        RecordField("1.3", "Senior responsible owner", SITE),
        RecordField("1.4", "Suppliers, their part, procurement and access to data", SITE),
    ]


def _build_rationale_fields(version: Registered) -> list[RecordField]:
    features = version.part("features") or "an unrecorded number of"
    scope = (
        f"{version.eligible} It is not for urgent care, it refuses no service, it predicts no falls, and not being "
        "listed does not mean low risk."
    )
    detail = (
        f"Gradient-boosted trees on {features} features give each person a score; a calibrator turns it into a risk. "
        "Each team gets the people at highest risk whom it does not know yet, as many as it can take on, each with the "
        "facts that raised or lowered the estimate."
    )
    return [
        RecordField("2.1", "How it works", detail),
        RecordField("2.2", "Scope", scope),
        RecordField("2.3", "Benefit", SITE),
        RecordField("2.4", "What was done before", SITE),
        RecordField("2.5", "Alternatives", _describe_alternatives(version)),
    ]


def _describe_alternatives(version: Registered) -> str:
    others = [version.title_of(name) for name in version.part("models") or {} if name != version.own_name]
    if not others:
        return SITE
    return f"{version.part('verdict') or ''} Measured beside it: {joined(others)}. Other ways: {FOR_THE_SITE}"


def _build_decision_fields(version: Registered) -> list[RecordField]:
    given = (
        "For each person on the list: the risk as a natural frequency, the facts that raised and lowered it, counts of "
        "recent care, and what the tool cannot see. Sensitive facts are on no list and on no page of it; some "
        "groups of them may be shown to clinicians alone, where the site's Caldicott guardian has decided so."
    )
    return [
        RecordField("3.1", "Its place in the process", REVIEW),
        RecordField("3.2", "What people are given", given),
        RecordField("3.3", "How often, and for how many", _describe_scale(version)),
        RecordField(
            "3.4", "Human decision and review", f"{REVIEW} Who reviews, and how it is recorded: {FOR_THE_SITE}"
        ),
        RecordField("3.5", "Training of users", SITE),
        RecordField("3.6", "Appeal", SITE),
    ]


def _describe_scale(version: Registered) -> str:
    found = version.part("at_capacity") or {}
    if not found:
        return SITE
    dates: Any = found.get("index_dates")
    over = word_count(dates, "date") if known(dates) else "dates that are not recorded"
    return (
        f"In testing, {count(found.get('listed'))} places on lists over {over}, from "
        f"{count(found.get('rows'))} people eligible at them, each counted once a date. In use: {FOR_THE_SITE}"
    )


def _build_tool_fields(version: Registered) -> list[RecordField]:
    acted = INTERVENED.get(str(version.part("intervened", "mode")), "Not looked at.")
    return [
        RecordField(
            "4.1.1", "Architecture", "Programs in Python on the site's own computers; no outside service is called."
        ),
        RecordField("4.1.2", "Phase", version.clinical_use),
        RecordField(
            "4.1.3",
            "Maintenance",
            f"Each new version is evaluated and held against gates before use. {SITE}",
        ),
        RecordField("4.2.1", "Model", f"{version.name}, version {version.number}, data as at {version.as_at}."),
        RecordField("4.2.2", "Task", f"To estimate the chance of {version.outcome}."),
        RecordField("4.2.3", "Input and output", "Features of one person at one index date; a risk from 0 to 1."),
        RecordField("4.2.4", "Kind of model", f"{version.kind} Its risks come from a strictly increasing calibrator."),
        RecordField("4.2.5", "Performance", _describe_performance(version)),
        RecordField("4.2.6", "Data of development", f"{sentence(version.sizes)} {version.tested}"),
        RecordField("4.2.7", "People on whom a team had acted", acted),
    ]


def _describe_performance(version: Registered) -> str:
    own, found = version.own, version.part("at_capacity") or {}
    if not own:
        return "Not measured."
    row, rival = version.interval("auroc"), version.part("models", RIVAL, "auroc")
    ends = interval(row.get("low"), row.get("high"))
    beside = f"; logistic regression {figure(rival)}" if known(rival) else ""
    listed = share(found.get("listed_events"), found.get("listed"))
    return (
        f"AUROC {figure(own.get('auroc'))}{f' ({ends})' if ends else ''}{beside}. Calibration slope "
        f"{figure(own.get('calibration_slope'))}, ICI {figure(own.get('ici'))}. Of those listed at capacity, {listed} "
        "had the outcome. The model card has all figures, also by group."
    )


def _build_data_fields(version: Registered) -> list[RecordField]:
    sensitive = (
        "Health, age, sex and deprivation of the area. Ethnicity is read only to compare groups and is never a feature."
    )
    return [
        RecordField(
            "4.3.1", "Sources", f"Tables of the site, fingerprint {version.fact('store')}. Which: {FOR_THE_SITE}"
        ),
        RecordField("4.3.2", "Personal and sensitive data", sensitive),
        RecordField("4.3.3", "Size", f"{sentence(version.sizes)}"),
        RecordField("4.3.4", "Completeness, and whom the data stand for", SITE),
        RecordField("4.3.5", "Cleaning", "Each row is accepted or quarantined under a rule, and the counts add up."),
        RecordField("4.3.6", "Legal basis, sharing agreements, opt-outs", f"Every opt-out applies by default. {SITE}"),
        RecordField("4.3.7", "Access and storage", SITE),
    ]


def _build_risk_fields() -> list[RecordField]:
    return [
        RecordField(
            "5.1", "Impact assessments", f"DPIA, equality, DCB0129 and DCB0160, medical-device position: {FOR_THE_SITE}"
        ),
        RecordField("5.2", "Risks and what is done about them", "See the hazard log of this version."),
    ]
