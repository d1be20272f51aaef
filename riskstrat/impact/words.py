"""How findings on impact are worded on the page: shares, ranges, people, and the sentences of the summary."""

from __future__ import annotations

from collections.abc import Iterator

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.words import round_count
from riskstrat.impact.comparing import ComparedOutcome
from riskstrat.impact.expecting import Expected
from riskstrat.impact.judging import UNLIKE, ImpactFound
from riskstrat.impact.measuring import find_measure
from riskstrat.impact.verdicts import Verdict

NOT_SHOWN = "not shown"

VERDICT_WORDS = {
    Verdict.WORKS: "Works: being listed lowered {outcome}.",
    Verdict.HARMS: "Harms: {outcome} rose with being listed, and lists by the estimate alone say the same.",
    Verdict.NOT_WORTH: "No effect worth having: {outcome} did not fall by {least}%, nor rise as much.",
    Verdict.TOO_FEW: "Too few to tell whether being listed changed {outcome}.",
}


def word_verdict(found: ImpactFound) -> str:
    """The verdict in one sentence; of an effect that is withheld, that it cannot be told."""
    plan = found.logged.plan
    outcome = find_measure(plan.outcome).title
    if found.withheld:
        return f"It cannot be told whether being listed changed {outcome}."
    return VERDICT_WORDS[found.verdict].format(outcome=outcome, least=plan.least_fall)


def list_summary(found: ImpactFound) -> Iterator[str]:
    """What a member of a board needs to know, a sentence or two at a time."""
    deciding = found.deciding
    yield word_verdict(found)
    yield from found.withheld
    yield f"{word_change(deciding.compared)} By the look of {long_date(deciding.day)}."
    if found.naive.change is not None:
        yield (
            f"A plain before and after shows {word_percent(found.naive.change)}, and is no evidence: people are listed "
            "at their worst."
        )
    if UNLIKE not in found.withheld:
        yield word_control(found.before)
    yield found.logged.summarise_origin()
    if found.to_come:
        yield f"More looks are to come, the last on {long_date(found.logged.plan.analysis)}."


def word_change(compared: ComparedOutcome) -> str:
    """One sentence on what the planned comparison found."""
    if compared.change is None:
        return f"The comparison gives no figure: {compared.untold}."
    against = "against people as likely who were not listed yet"
    if compared.interval is None:
        return f"The change was {word_percent(compared.change)} {against}, and no size of effect can be ruled out."
    size = f"a fall of {compared.found:.0%}" if compared.found else "no fall of any size"
    found = f"It would find {size} in 8 trials of 10."
    return f"The change was {word_percent(compared.change)} ({word_interval(compared)}) {against}. {found}"


def word_control(before: ComparedOutcome) -> str:
    """One sentence on the negative control."""
    if before.interval is None:
        return "Whether the people compared were alike long before cannot be told."
    low, high = before.interval
    if low <= 0 <= high:
        return "Long before their list the people compared were alike, as they should be."
    return "Long before their list the people compared were not alike, so the comparison is doubtful."


def word_percent(change: float) -> str:
    """A relative change with its sign."""
    return f"{round(100 * change):+d}%"


def word_interval(compared: ComparedOutcome) -> str:
    """The range that is not ruled out."""
    if compared.interval is None:
        return "anything" if compared.change is not None else NOT_SHOWN
    return " to ".join(word_percent(end) for end in compared.interval)


def word_detectable_fall(compared: ComparedOutcome) -> str:
    """The smallest fall that the comparison would find."""
    if compared.change is None:
        return NOT_SHOWN
    return f"{compared.found:.0%}" if compared.found else "none could be found"


def word_ratio(expected: Expected | None) -> tuple[str, str]:
    """Observed over expected, and its range; hidden where 1 to 7 people had the outcome, or few were expected to."""
    if expected is None or min(expected.observed or 8, expected.expected) < 8:
        return NOT_SHOWN, NOT_SHOWN
    return f"{expected.ratio:.2f}", f"{expected.low:.2f} to {expected.high:.2f}"


def word_share(part: int, whole: int) -> str:
    """A part of some people in percent; hidden where the part, or what is left, is of 1 to 7."""
    if not whole or 0 < part < 8 or 0 < whole - part < 8:
        return NOT_SHOWN
    return f"{part / whole:.0%}"


def word_errors(errors: float | None) -> str:
    """A number of standard errors with its sign."""
    return NOT_SHOWN if errors is None else f"{errors:+.1f}"


def word_rate(mean: float | None) -> str:
    """A mean of a person as one of 100 people."""
    return NOT_SHOWN if mean is None else f"{100 * mean:,.0f}"


def round_people(people: int) -> int | None:
    """A number of people fit to leave a team as data: to the nearest 5, none for 1 to 7."""
    return None if 0 < people < 8 else round_count(people)
