"""Everything that the looks of a plan found, and the one verdict on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from riskstrat.definitions.vocabulary import NO_ACTION
from riskstrat.impact.comparing import ComparedOutcome, Comparison, Followed, SiteLook, compare_others, word_effect
from riskstrat.impact.crossing import LineFound
from riskstrat.impact.estimating import TWO_SIDED
from riskstrat.impact.expecting import Expected
from riskstrat.impact.matching import compute_balance
from riskstrat.impact.planning import LoggedPlan
from riskstrat.impact.starting import StartsFound
from riskstrat.impact.verdicts import Verdict, is_confirmed, judge_interval
from riskstrat.reviews import Review

BEGUN, NOT_BEGUN, UNDECIDED = "Reviewed, and something begun", "Reviewed, and nothing begun", "No decision on record"
UNLIKE = "The people compared were unlike long before the list, so what is seen may not come from it."
OUT_OF_ORDER = "Listed for the first time by any look, whom the estimate alone would not have listed then"


@dataclass(frozen=True)
class Beside:
    """What can speak against a verdict: deaths, the negative control, other comparisons of the primary outcome."""

    deaths: ComparedOutcome
    before: ComparedOutcome
    by_estimate: ComparedOutcome
    at_line: ComparedOutcome
    at_starts: ComparedOutcome


@dataclass(frozen=True)
class ImpactFound:
    """What was found by the newest look that is due.

    looks: at the primary outcome, the oldest first. withheld: why an effect that was found is no verdict, in sentences.
    naive, expected: other methods. others: other outcomes by name. before: the negative control. balance: how far apart
    people listed and compared with were, in standard deviations. people: counts of people, by what they are.
    by_estimate: whom the estimate alone would have listed, at the deciding look. line, at_line: what the line tells.
    starts, at_starts: which starts of teams can be compared, and what they tell.
    """

    logged: LoggedPlan
    looks: tuple[SiteLook, ...]
    verdict: Verdict
    withheld: tuple[str, ...]
    naive: ComparedOutcome
    expected: Mapping[str, Expected]
    others: Mapping[str, ComparedOutcome]
    before: ComparedOutcome
    balance: Mapping[str, float]
    people: Mapping[str, int]
    by_estimate: ComparedOutcome
    line: LineFound
    at_line: ComparedOutcome
    starts: StartsFound
    at_starts: ComparedOutcome

    @property
    def day(self) -> date:
        """The day of the newest look."""
        return self.looks[-1].day

    @property
    def deciding(self) -> SiteLook:
        """The look that the verdict comes from: the first that tells, else the last at which somebody new was seen."""
        return find_deciding(self.looks)

    @property
    def to_come(self) -> tuple[date, ...]:
        """The looks of the plan that are not due yet."""
        return tuple(look for look in self.logged.plan.looks if look > self.day)


def judge_site(comparison: Comparison, logged: LoggedPlan, reviews: Sequence[Review]) -> ImpactFound:
    """Everything, once."""
    followed = [comparison.follow(look) for look in comparison.due]
    looks = tuple(comparison.take_looks(followed))
    newest, before = followed[-1], comparison.compare_before(followed[-1])
    others = compare_others(comparison, newest)
    deciding = find_deciding(looks)
    by_estimate = comparison.compare_by_estimate(deciding.day)
    line = comparison.judge_line(newest.day)
    starts, at_starts = comparison.judge_starts(newest.day)
    beside = Beside(others["deaths"], before, by_estimate, word_line(line), at_starts)
    verdict, withheld = conclude(deciding.verdict, beside, logged.plan.least_fall)
    return ImpactFound(
        logged,
        looks,
        verdict,
        withheld,
        comparison.compare_naively(newest.day),
        comparison.compare_with_expected(newest.day),
        others,
        before,
        measure_balance(comparison, newest),
        count_people(comparison, newest, reviews),
        by_estimate,
        line,
        beside.at_line,
        starts,
        at_starts,
    )


def find_deciding(looks: Sequence[SiteLook]) -> SiteLook:
    """The first look that tells works or harms; else the last at which somebody new was followed, or the last."""
    told = [look for look in looks if look.verdict in (Verdict.WORKS, Verdict.HARMS)]
    taken = [look for look in looks if look.critical is not None]
    return told[0] if told else (taken or list(looks))[-1]


def word_line(line: LineFound) -> ComparedOutcome:
    """What the line of the lists says of the primary outcome, with its range."""
    if line.untold:
        return ComparedOutcome(line.above, untold=line.untold)
    return word_effect(line.effect, line.above, TWO_SIDED)


def conclude(verdict: Verdict, beside: Beside, least_fall: int) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict, unless something else found speaks against telling it; and what does. least_fall: in percent."""
    against = []
    low, high = beside.before.interval or (0.0, 0.0)
    if verdict in (Verdict.WORKS, Verdict.HARMS) and not low <= 0 <= high:
        against.append(UNLIKE)
    if not is_confirmed(verdict, judge_interval(beside.by_estimate.interval, least_fall / 100)):
        against.append("Lists by the estimate alone do not say the same: it may come from whom the team chose.")
    opposite = {"at the lists' line": beside.at_line, "at teams' starts": beside.at_starts}
    if seen := [where for where, compared in opposite.items() if _is_opposite(verdict, compared)]:
        against.append(f"The opposite was seen {' and '.join(seen)}.")
    if verdict is Verdict.WORKS and beside.deaths.low is not None and beside.deaths.low > 0:
        against.append("More of the people listed died, and who has died is not admitted.")
    return (Verdict.TOO_FEW if against else verdict), tuple(against)


def _is_opposite(verdict: Verdict, compared: ComparedOutcome) -> bool:
    low, high = compared.interval or (0.0, 0.0)
    return (verdict is Verdict.WORKS and low > 0) or (verdict is Verdict.HARMS and high < 0)


def measure_balance(comparison: Comparison, followed: Followed) -> dict[str, float]:
    """How far people listed and compared with lie apart on their list's day, in standard deviations; by what."""
    matches, site = followed.matches, comparison.site
    if not matches.sets:
        return {}
    at = matches.week, matches.person
    values = {
        "Estimate (log-odds)": site.panel.margin[at],
        "Emergency admissions in the year before": site.prior[at].astype(float),
        "Age in years": site.age[at],
    }
    return {name: compute_balance(each, matches) for name, each in values.items()}


def count_people(comparison: Comparison, followed: Followed, reviews: Sequence[Review]) -> dict[str, int]:
    """Who is counted and who is not, in the order of the page."""
    site, matches = comparison.site, followed.matches
    ids = comparison.opened.store.people()["patient_id"].to_numpy(object)[site.person[followed.listed]]
    told = {
        "Listed for the first time, whose time is over": len(followed.listed),
        "Of them compared": matches.sets,
        "With nobody alike to compare with": followed.alone,
        OUT_OF_ORDER: comparison.ranked.out_of_order,
        "Moved away before their time was over": followed.left,
        "Compared, and died within their time": followed.died,
        "Different people compared with": len(np.unique(matches.person[~matches.listed])),
    }
    decided = count_decisions(ids, (review for review in reviews if not review.takes_back))
    return told | decided | {f"Left out: {why}": number for why, number in site.left_out.items()}


def count_decisions(patients: Iterable[str], reviews: Iterable[Review]) -> dict[str, int]:
    """Of some people: for how many a team began something, decided to begin nothing, or has decided nothing."""
    begun: dict[str, bool] = {}
    for review in reviews:
        begun[review.patient_id] = begun.get(review.patient_id, False) or review.outcome not in NO_ACTION
    states = [begun.get(patient) for patient in patients]
    return {BEGUN: states.count(True), NOT_BEGUN: states.count(False), UNDECIDED: states.count(None)}
