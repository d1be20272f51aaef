"""The sentences around the table, shared by page and workbook so that neither says less than the other."""

from __future__ import annotations

from dataclasses import dataclass

from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.phrases import long_date
from riskstrat.definitions.purpose import SUPPORTS_JUDGEMENT
from riskstrat.documents.person import FALLS_TITLE, PLACE_TITLES, find_suggested, status_check
from riskstrat.documents.words import (
    MOST_LOWERING,
    MOST_RAISING,
    NOT_LISTED,
    NOT_REACHED,
    OTHER_COUNTS,
    SUPPORTS,
    dates_by_table,
    joined,
    number,
    people,
    printable,
    sentence,
    spaced,
)
from riskstrat.publication import PLACES, TeamList

PATHWAYS = "Pathways to consider"
COLUMNS_MEAN = (
    ("Came to the list: new", "Was not on the last list."),
    ("Came to the list: carried over", "Was on the last list too: not discussed yet, or put off."),
    ("Came to the list: referred in", "A clinician asked the team to discuss this person."),
    (
        "Known before",
        "When a team reviewed this person, had them on its caseload or listed them, and what came of it. Blank for "
        "others. A caseload without a contact for a long time keeps nobody off the list.",
    ),
    (
        "Rising",
        "The estimate has gone up clearly since the date that stands there, by the same model. Blank for others.",
    ),
)


@dataclass(frozen=True)
class Section:
    """One part of the notes: sentences, or pairs of a label and its value.

    `on_paper`: off where the printed list has it elsewhere, in its heading or on the pages of its people.
    """

    title: str
    sentences: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    on_paper: bool = True


def title(team: TeamList) -> str:
    """The heading of every document of one team."""
    return f"Case-finding list: {printable(team.team)}"


def run_line(team: TeamList) -> str:
    """The dates and versions behind the list, in short sentences."""
    return (
        f"Index date {long_date(team.index_date)}, edition {team.edition}. Data as at {long_date(team.data_as_at)}. "
        f"Model {printable(team.model)}, version {printable(team.model_version)}. "
        f"Definitions {printable(team.definitions)}."
    )


def freshness_line(team: TeamList) -> str:
    """Up to when each source is complete, and what is doubtful about one, in one line."""
    complete = f"Sources complete to {dates_by_table(team.data_as_at_by_table)}"
    return " ".join([complete, *(f"Check the sources: {printable(doubt)}." for doubt in team.doubts)])


def purpose(team: TeamList) -> str:
    """What the list is for and that it may not be used yet, until the site says otherwise."""
    return f"{sentence(team.intended_purpose)} {sentence(team.clinical_use)}"


def purpose_alone(team: TeamList) -> str:
    """What the list is for, where what follows or goes before says that it supports judgement."""
    return sentence(team.intended_purpose).removesuffix(SUPPORTS_JUDGEMENT).strip()


def risk_meaning(team: TeamList) -> str:
    """What the printed risk is the chance of."""
    return f"Risk is the estimated chance of {printable(team.horizon).strip().rstrip('.')}."


def accounting(team: TeamList) -> str:
    """Where the eligible people of the team are, in one sentence; whom a caseload that was not landed holds is none."""
    counts, known = team.counts, team.known
    parts = [
        f"{number(counts.listed)} listed",
        f"{number(counts.below_the_line)} below the line",
        *([f"{number(known)} already known on the caseload and not listed"] if known is not None else []),
        *(f"{number(who)} not listed ({printable(reason)})" for reason, who in sorted(counts.excluded.items())),
    ]
    was, are = ("was", "is") if counts.eligible == 1 else ("were", "are")
    also = f" or {are} recorded dead with later activity" if DOUBTFUL_DEATH in counts.excluded else ""
    return f"{people(counts.eligible)} in this team {was} eligible{also}: {joined(parts)}."


def nobody(team: TeamList) -> str:
    """What stands in place of an empty table."""
    return f"Nobody is listed for this team on {long_date(team.index_date)}."


def sections(team: TeamList) -> tuple[Section, ...]:
    """The notes and limits, in reading order."""
    return (
        Section(
            "What this list is for",
            (purpose_alone(team), sentence(team.clinical_use), SUPPORTS),
            on_paper=False,
        ),
        Section("Limits", _list_limits(team)),
        Section("How people came to the list", _explain_statuses(team), COLUMNS_MEAN),
        *_tell_pathways(team),
        Section("How to read the risk", _explain_risk(team)),
        Section("How to read the reasons", _explain_reasons()),
        Section("Who is counted", _explain_counting(), _tabulate_routes(team)),
        Section("Where everybody is", (), _tabulate_counts(team), on_paper=False),
        Section("How recent each source is", (), _tabulate_freshness(team), on_paper=False),
        Section("How the list was made", (), _tabulate_provenance(team), on_paper=False),
    )


def _list_limits(team: TeamList) -> tuple[str, ...]:
    missing = [PLACE_TITLES[name] for name in PLACES if name in team.places_missing()]
    left_out = [f"Not shown, as no source gives it: {joined(missing)}."] if missing else []
    return (
        NOT_LISTED,
        "The estimate rests on the sources named below, up to their dates. It cannot see what happened later, what was "
        "not recorded, or what matters to the person.",
        NOT_REACHED,
        *left_out,
        *(sentence(note) for note in team.notes),
    )


def _explain_statuses(team: TeamList) -> tuple[str, ...]:
    return (
        status_check(team),
        "A reference belongs to a person's case with this team. It stays the same from list to list. "
        "It is never given to anybody else.",
        "“Escalate” stands where somebody has been on the list for some weeks and no decision is recorded.",
        f"“{FALLS_TITLE}” says whether the records meet the criteria of NICE guideline NG249 for a full falls "
        "assessment. It is a check of facts, not a forecast of falls.",
    )


def _tell_pathways(team: TeamList) -> tuple[Section, ...]:
    """What each pathway on the list is, and by which rule it is suggested."""
    found = find_suggested(team)
    if not found:
        told = " by what can be told here" if any("pathways" in one.untold for one in team.people) else ""
        return (Section(PATHWAYS, (f"Nobody on this list meets the rule of a pathway{told}.",)),)
    explained = (
        "A pathway stands beside a person whose records meet its rule. The team decides.",
        "Each person's page gives the facts that met it. The rules stand in the notes of the workbook and of the web "
        "page.",
    )
    return (
        Section(PATHWAYS, explained, tuple((one.title, one.consider) for one in found)),
        Section("Rules of the pathways", (), tuple((one.title, one.rule) for one in found), on_paper=False),
    )


def _explain_risk(team: TeamList) -> tuple[str, ...]:
    return (
        risk_meaning(team),
        "“About 34 in 100” means: of 100 people with similar records, this would be expected to happen to about 34.",
        "The range shows where the true figure is likely to be for people with similar records. It is counted from "
        "what happened to such people, so the estimate may stand near one end of it.",
        "The order follows the estimate before rounding. People with the same printed risk can have different ranks. "
        "Where two estimates are equal, a fixed rule sets their order and the order means nothing.",
    )


def _explain_reasons() -> tuple[str, ...]:
    return (
        "Each reason is a group of facts that raised or lowered the estimate. It is compared with the average of the "
        "people that the model learned from. The largest comes first.",
        "“A lot” means that the group at least doubled or halved the odds. “A little” means that it changed "
        "them by less than a fifth.",
        "A reason says what moved the estimate. It does not say what leads to an admission.",
        f"Each person's page shows up to {MOST_RAISING} groups that raised the estimate and {MOST_LOWERING} that "
        "lowered it. Smaller groups also count.",
        OTHER_COUNTS,
    )


def _explain_counting() -> tuple[str, ...]:
    return (
        "Each eligible person is counted once. Whom an opt-out takes out is in none of these counts.",
        "The counts are exact and for this team alone. Apply the small number rule before they go further.",
    )


def count_known(team: TeamList) -> str:
    """How many are known on a caseload, in words where none was landed."""
    return "cannot be told" if team.known is None else number(team.known)


def _tabulate_counts(team: TeamList) -> tuple[tuple[str, str], ...]:
    counts = team.counts
    also = ", or recorded dead with later activity," if DOUBTFUL_DEATH in counts.excluded else ""
    return (
        (f"Eligible{also} in this team", number(counts.eligible)),
        ("Listed", number(counts.listed)),
        ("Below the line", number(counts.below_the_line)),
        ("Known on the caseload, not listed", count_known(team)),
        *((f"Not listed: {printable(reason)}", number(who)) for reason, who in sorted(counts.excluded.items())),
    )


def _tabulate_routes(team: TeamList) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"Of those not listed, for the {printable(to)}", number(who)) for to, who in sorted(team.routed.items())
    )


def _tabulate_freshness(team: TeamList) -> tuple[tuple[str, str], ...]:
    tables = sorted(team.data_as_at_by_table.items())
    return tuple((sentence(spaced(table))[:-1], long_date(day)) for table, day in tables)


def _tabulate_provenance(team: TeamList) -> tuple[tuple[str, str], ...]:
    return (
        ("Index date", long_date(team.index_date)),
        ("Edition", str(team.edition)),
        ("Data as at", long_date(team.data_as_at)),
        ("Model", printable(team.model)),
        ("Model version", printable(team.model_version)),
        ("Definitions", printable(team.definitions)),
    )
