"""One page for each listed person, all of a team in one file: text first, a drawing second, boxes to fill in last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from riskstrat import storage
from riskstrat.definitions.phrases import long_date
from riskstrat.documents.by_role import FOR_CLINICIANS_ONLY, word_decisions, word_sensitive_facts
from riskstrat.documents.files import write_bytes
from riskstrat.documents.named import WARNING, Names
from riskstrat.documents.notes import freshness_line, nobody, purpose_alone, risk_meaning
from riskstrat.documents.person import (
    COHORTS_TITLE,
    FALLS_TITLE,
    MAIN_TITLE,
    NO_SUPPORT,
    Pairs,
    PrintedPerson,
    people_of,
)
from riskstrat.documents.rendering import render_html
from riskstrat.documents.timeline import Strip, percent_place, strip
from riskstrat.documents.words import (
    NOT_REACHED,
    OTHER_NOT_SET_OUT,
    ReasonLine,
    natural_frequency,
    no_reason,
    printable,
    sentence,
    word_reach,
)
from riskstrat.publication import ForClinicians, TeamList, name_files

SUPPORTS_REVIEW = "Supports, does not replace, clinical judgement."
MATTERS_HINT = "For the team to fill in: strengths, wishes, who matters, what a good day looks like."
CONDITIONS_TITLE = "Conditions, with the month first recorded"
MEDICINES_TITLE = "Kinds of medicine that often lead to admission, with the last issue"
NOT_COMPARED = "Too few people of this age and sex are here to say what is typical."
OUTCOME_BOXES = 3
# Sentences of one reason that stand on the page: what follows them repeats the same events in other lookbacks.
MOST_SENTENCES = 2
# Characters from which a page is printed smaller, to stay on one sheet of A4: found by printing.
DENSE, DENSER, DENSEST = 4_000, 4_800, 6_400
# What the section for clinicians alone takes besides its words, as characters.
OWN_SECTION = 850
# Sentences on reliability that stand on paper; on a screen all do.
RELIABILITY_ON_PAPER = 3
# Estimates of earlier lists that stand on the page, latest last.
TREND_SHOWN = 6


@dataclass(frozen=True)
class Sheet:
    """One person's page as printed, beside what `PrintedPerson` says already.

    `by_role` and `decisions` are of what clinicians alone are shown, and empty on every other page.
    """

    person: PrintedPerson
    name: str
    held: Pairs
    date: str
    typical: str
    trend: str
    scale: dict[str, float | None]
    raises: list[ReasonLine]
    lowers: list[ReasonLine]
    facts: Pairs
    falls: str
    changeable: tuple[str, ...]
    strip: Strip
    cannot_see: tuple[str, ...]
    missing: tuple[str, ...]
    reliability: tuple[str, ...]
    not_reached: str
    by_role: Pairs
    decisions: str

    @property
    def density(self) -> str:
        """How small the page is printed: "" as usual, dense, denser, where each reason keeps one sentence, or densest.

        The densest page says on paper that the drawing of the last 24 months, whose events it lists, is on the screen.
        """
        person = self.person
        lines = [f"{line.heading()} {line.facts}" for line in (*self.raises, *self.lowers)]
        ways = [f"{way.title} {way.consider} {' '.join(way.met)}" for way in person.pathways]
        pairs = [f"{name} {text}" for name, text in (*self.facts, *person.about)]
        events = [text for lane in self.strip.lanes for text in lane.events]
        told = (*self.changeable, *person.support, *self.cannot_see, *self.missing, *self.reliability, person.caution)
        held = [f"{title} {text}" for title, text in (*self.held, *self.by_role)]
        length = OWN_SECTION * bool(self.by_role) + sum(map(len, (*lines, *ways, *pairs, *events, *told, *held)))
        steps = {"densest": DENSEST, "denser": DENSER, "dense": DENSE, "": 0}
        return next(density for density, least in steps.items() if length >= least)


def write_people(team_list: TeamList, path: Path) -> None:
    """Write the pages of every listed person of one team. Raises StorageError if the file cannot be written."""
    write_bytes(build_people(team_list), Path(path))


def write_clinician_pages(team_list: TeamList, shown: ForClinicians, path: Path) -> None:
    """Write the same with what clinicians alone are shown, into a folder that it makes. Raises StorageError."""
    storage.write_bytes(build_people(team_list, shown=shown), path, parents=True)


def build_people(team_list: TeamList, names: Names | None = None, shown: ForClinicians | None = None) -> bytes:
    """The pages of every listed person of one team, by rank: one page of A4 portrait each when printed.

    Each stands under its reference as an anchor. With `names` its head says who the person is, or why it does not.
    shown: what clinicians alone are shown; the page then says that it is theirs alone.
    """
    copy, warning = ("Named copy. ", WARNING) if names else ("", "")
    if shown:
        copy, warning = "For clinicians. ", FOR_CLINICIANS_ONLY
    return render_html(
        "people.html.j2",
        title=f"{copy}One page for each person: {printable(team_list.team)}",
        notice=names.notice if names else (),
        warning=f"{warning}." if warning else "",
        date=team_list.index_date.isoformat(),
        index_date=long_date(team_list.index_date),
        list_file=f"{name_files(team_list.team_code)}.html",
        sheets=[build_sheet(person, names, shown) for person in people_of(team_list)],
        nobody=nobody(team_list),
        said=word_page(team_list),
        boxes=range(1, OUTCOME_BOXES + 1),
    )


def word_page(team: TeamList) -> dict[str, object]:
    """What stands on every page of a team's list whoever it is about, by the name that the templates know it by."""
    return {
        "team": printable(team.team),
        "supports": SUPPORTS_REVIEW,
        "purpose": f"{purpose_alone(team)} {sentence(team.clinical_use)}",
        "run_line": run_words(team),
        "sources": freshness_line(team),
        "risk_meaning": risk_meaning(team),
        "not_set_out": OTHER_NOT_SET_OUT,
        "no_reason": {"raises": no_reason("raises"), "lowers": no_reason("lowers")},
        "no_support": NO_SUPPORT,
        "matters_hint": MATTERS_HINT,
        "reliability_on_paper": RELIABILITY_ON_PAPER,
        "falls_title": FALLS_TITLE,
    }


def run_words(team: TeamList) -> str:
    """The dates and the version behind a page, in one line."""
    return (
        f"Data as at {long_date(team.data_as_at)}. Model {printable(team.model)}, "
        f"version {printable(team.model_version)}."
    )


def build_sheet(person: PrintedPerson, names: Names | None = None, shown: ForClinicians | None = None) -> Sheet:
    """The page of one listed person, with what `names` says of them, and `shown` to clinicians alone."""
    page = person.page
    name, held = names.tell_who(person.reference) if names else ("", ())
    return Sheet(
        person=person,
        name=name,
        held=held,
        date=long_date(person.index_date),
        typical=_describe_typical_risk(person),
        trend=_describe_trend(person),
        scale={
            "low": percent_place(person.low),
            "high": percent_place(person.high),
            "here": percent_place(person.risk_value),
            "typical": None if page.typical_risk is None else percent_place(page.typical_risk),
        },
        raises=_truncate_reasons(person.raises),
        lowers=_truncate_reasons(person.lowers),
        facts=list_facts(person),
        falls=dict(person.health)[FALLS_TITLE],
        changeable=_format_sentences(page.changeable),
        strip=strip(page.timeline, person.index_date, person.untold),
        cannot_see=_format_sentences(page.cannot_see),
        missing=_format_sentences(page.missing),
        reliability=_format_sentences(page.reliability),
        not_reached=word_reach(person.lowers, person.untold, NOT_REACHED),
        by_role=word_sensitive_facts(shown, person.reference) if shown else (),
        decisions=word_decisions(shown) if shown and shown.decisions else "",
    )


def _truncate_reasons(lines: list[ReasonLine]) -> list[ReasonLine]:
    return [line._replace(sentences=line.sentences[:MOST_SENTENCES]) for line in lines]


def list_facts(person: PrintedPerson) -> Pairs:
    """Every condition in place of the main ones, then frailty, flags, cohorts with what cannot be told of them and why,
    counts, and the medicines that are named.
    """
    rest = [(name, text) for name, text in person.health if name not in (MAIN_TITLE, FALLS_TITLE, COHORTS_TITLE)]
    if COHORTS_TITLE in dict(person.health):
        rest.append((COHORTS_TITLE, person.cohorts))
    medicines = [f"{printable(kind)} ({long_date(day)})" for kind, day in person.page.medicines]
    named = [(MEDICINES_TITLE, sentence(", ".join(medicines)))] if medicines else []
    pairs = ((CONDITIONS_TITLE, person.conditions), *rest, *person.counts, *named)
    return tuple((name, _add_full_stop(text)) for name, text in pairs)


def _add_full_stop(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _format_sentences(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sentence(text) for text in texts if text.strip())


def _describe_typical_risk(person: PrintedPerson) -> str:
    page = person.page
    if page.typical_risk is None:
        return NOT_COMPARED
    return sentence(f"Typical for {printable(page.typical_group)}: {natural_frequency(page.typical_risk)}")


def _describe_trend(person: PrintedPerson) -> str:
    earlier = sorted(point for point in person.page.trend if point[0] < person.index_date)[-TREND_SHOWN:]
    if not earlier:
        return ""
    return f"Earlier estimates: {'; '.join(f'{natural_frequency(risk)} on {long_date(day)}' for day, risk in earlier)}."
