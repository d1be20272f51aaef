"""The planned comparison on a site's own lists: looks, other methods, other outcomes and a negative control."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from riskstrat.definitions.durations import days
from riskstrat.definitions.phrases import long_date
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import DefinitionError, IndexDateError, PublicationError
from riskstrat.impact.crossing import LineFound, LineOutcomes, find_approaches, judge_line, keep_approaches
from riskstrat.impact.estimating import TWO_SIDED, Effect, Outcomes, estimate_effect
from riskstrat.impact.expecting import Expected, compare_expected
from riskstrat.impact.looking import price_looks
from riskstrat.impact.matching import Matches, keep_rows, match_controls, pair_with_themselves, take_alone
from riskstrat.impact.measuring import MEASURES, OutcomeMeasure, find_early_end, find_measure, is_told
from riskstrat.impact.planning import LoggedPlan, find_due
from riskstrat.impact.ranking import rank_lists
from riskstrat.impact.reading import build_panel, read_lists
from riskstrat.impact.starting import (
    StartsFound,
    add_windows,
    check_before,
    choose_windows,
    estimate_starts,
    find_starts,
    stack_windows,
)
from riskstrat.impact.tallies import Days, EventTally, Tally
from riskstrat.impact.verdicts import Verdict, judge_interval
from riskstrat.labels import find_deaths, registered_until
from riskstrat.reviews import Notices
from riskstrat.site.opening import Site
from riskstrat.site.stays import require_stays

FEWEST = 8
"""Events on either side, below which but for none an effect is neither shown nor judged."""

CONTROL_BEGINS, CONTROL_ENDS = 547, 365
"""Days before the list between which the negative control counts: half a year, before the year that is matched on."""

WENT_APART = "the teams that began had gone another way than the others before they began"

POWERED = 0.8416212335729143
"""Standard errors beyond the boundary at which an effect is found in 8 trials of 10."""


@dataclass(frozen=True)
class ComparedOutcome:
    """What one comparison says. people: of those listed. change, low, high: relative; None where nothing can be said.

    listed, controls: the mean of a person. found: the smallest fall that it would find in 8 trials of 10, None where
    not even a fall to nothing would be. untold: why there is no figure, in words; blank where there is one.
    """

    people: int
    change: float | None = None
    low: float | None = None
    high: float | None = None
    listed: float | None = None
    controls: float | None = None
    found: float | None = None
    untold: str = ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """The relative changes not ruled out; None where nothing is."""
        return None if self.low is None or self.high is None else (self.low, self.high)


@dataclass(frozen=True)
class SiteLook:
    """One look: its day, the standard errors that it asks for (None where nobody new was followed), what it says."""

    day: date
    critical: float | None
    compared: ComparedOutcome
    verdict: Verdict


@dataclass(frozen=True)
class Followed:
    """Whom a look compares, as known on its day.

    matches: sets whose people were followed. listed: people whose time after their first list is over. alone: of them
    those whom nobody could be compared with. left: those who moved away meanwhile. died: of the sets, those who died.
    """

    day: date
    matches: Matches
    listed: npt.NDArray[np.int64]
    alone: int
    left: int
    died: int


class Comparison:
    """Everything that the looks of a plan need of a site, read once."""

    def __init__(self, opened: Site, recipe: Recipe, logged: LoggedPlan, told: Notices | None = None) -> None:
        """told: who was taken up from reserves, and so was listed.

        Raises IndexDateError, PublicationError and DefinitionError where there is nothing to compare.
        """
        require_followed_lists(opened, recipe)
        self.opened, self.recipe, self.plan = opened, recipe, logged.plan
        self.delay = days(recipe.label.delay)
        self.due = find_due(self.plan, opened.store.data_as_at)
        found = read_lists(opened, recipe, self.due[-1])
        self.lists = [one.count_taken_up((told or Notices()).find_taken_up(one.list_date)) for one in found]
        self.site = build_panel(opened, recipe, self.lists)
        since = int(np.searchsorted(self.site.day, np.datetime64(self.plan.since)))
        if since == len(self.site.day):
            raise PublicationError(
                f"no list stands from {self.plan.since}, when the plan begins, to {self.due[-1]}; publish lists, or "
                "change the plan"
            )
        self.since = since
        self._died: dict[date, Days] = {}
        self._tallies: dict[tuple[str, date], Tally] = {}
        self.matches = match_controls(self.site.panel, since)
        rankable = replace(self.site.panel, margin=self.site.rankable)
        self.ranked = rank_lists(rankable, self.site.team, since)

    @property
    def rows(self) -> ir.Table:
        """The rows of the recipe's own outcome."""
        return self.opened.rows_named(self.recipe.outcome)

    def read_tally(self, measure: OutcomeMeasure, look: date) -> Tally:
        """An outcome of everybody as known on a day; read once."""
        if (measure.name, look) not in self._tallies:
            self._tallies[measure.name, look] = measure.read(self.opened, self.rows, look)
        return self._tallies[measure.name, look]

    def find_deaths(self, look: date) -> Days:
        """By the store's number of a person the day of a death known on a day, or NaT; read once."""
        if look not in self._died:
            self._died[look] = find_deaths(self.opened.store, look)
        return self._died[look]

    def follow(self, look: date) -> Followed:
        """Whom a look compares."""
        everybody = self.pair_listed()
        heads = everybody.listed & self._mark_ripe(everybody, look)
        listed = everybody.person[heads]
        kept, left = self._mark_followed(self.matches, look)
        matches = keep_rows(self.matches, kept)
        compared = np.isin(listed, matches.person[matches.listed])
        moved = int((left[self.matches.listed] & self._mark_ripe(self.matches, look)[self.matches.listed]).sum())
        died = self.find_deaths(look)[self._persons(matches)] <= self._ends(matches)
        alone = int((~compared).sum()) - moved
        return Followed(look, matches, listed, alone, moved, int((died & matches.listed).sum()))

    def pair_listed(self) -> Matches:
        """Everybody first listed since the plan counts, each with themselves."""
        first = self.site.panel.first_week
        person = np.flatnonzero(first >= self.since)
        return pair_with_themselves(person, first[person])

    def _mark_ripe(self, matches: Matches, look: date) -> npt.NDArray[np.bool_]:
        return np.asarray(self._ends(matches) + self.delay <= np.datetime64(look))

    def _mark_followed(self, matches: Matches, look: date) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Rows of people who were followed for the whole span, late events too; and of people who moved away in it."""
        person = self._persons(matches)
        begins, ends = self._days(matches), self._ends(matches)
        died = self.find_deaths(look)[person]
        until = registered_until(self.opened.store, person, begins, look)
        left = (until <= ends) & ~(died <= until)
        return self._mark_ripe(matches, look) & ~left, left

    def _persons(self, matches: Matches) -> npt.NDArray[np.int32]:
        return self.site.person[matches.person].astype(np.int32)

    def _days(self, matches: Matches) -> Days:
        return np.asarray(self.site.day[matches.week])

    def _ends(self, matches: Matches) -> Days:
        return np.asarray(self._days(matches) + np.timedelta64(self.plan.followed_days, "D"))

    def count_outcomes(self, measure: OutcomeMeasure, tally: Tally, matches: Matches) -> Outcomes:
        """What became of each row in its span."""
        person, begins, ends = self._persons(matches), self._days(matches), self._ends(matches)
        first = self.site.panel.first_week[matches.person]
        listed_on = np.where(first < 0, ends, self.site.day[np.maximum(first, matches.week)])
        after = tally.count_between(person, np.minimum(listed_on, ends), ends)
        risk = np.clip(self.site.risk[matches.week, matches.person], 0, 1 - 1e-9)
        expected = -np.log1p(-risk) if measure.expected else np.ones(len(risk))
        events = tally.count_between(person, begins, ends)
        later, earlier = np.where(matches.listed, 0.0, after), np.where(matches.listed, events - after, 0.0)
        return Outcomes(events, later, expected, earlier)

    def compare_outcome(
        self, measure: OutcomeMeasure, followed: Followed, critical: float = TWO_SIDED
    ) -> ComparedOutcome:
        """One outcome of the people whom a look compares, as known on its day."""
        matches = followed.matches
        if untold := self.find_untold(measure, followed.day):
            return ComparedOutcome(matches.sets, untold=untold)
        tally = self.read_tally(measure, followed.day)
        effect = estimate_effect(self.count_outcomes(measure, tally, matches), matches)
        return word_effect(effect, matches.sets, critical)

    def find_untold(self, measure: OutcomeMeasure, look: date) -> str:
        """Why an outcome cannot be told by a look, in words; blank where it can."""
        if not is_told(measure, self.opened.store):
            return "no table tells of it"
        end = find_early_end(measure, self.opened.store, look - timedelta(days=self.delay))
        return "" if end is None else f"its source ends on {long_date(end)}, before people's time is over"

    def compare_by_estimate(self, look: date) -> ComparedOutcome:
        """The primary outcome of whom the estimate alone would have listed, whoever was listed in truth."""
        matches = match_controls(self.ranked.panel, self.since)
        kept, _ = self._mark_followed(matches, look)
        followed = Followed(look, keep_rows(matches, kept), np.empty(0, np.int64), 0, 0, 0)
        return self.compare_outcome(find_measure(self.plan.outcome), followed)

    def judge_line(self, look: date) -> LineFound:
        """What the line of the lists tells of the primary outcome, as known on a day."""
        approaches = find_approaches(self.ranked)
        kept, _ = self._mark_followed(take_alone(approaches.person, approaches.week), look)
        approaches = keep_approaches(approaches, kept)
        measure, rows = find_measure(self.plan.outcome), take_alone(approaches.person, approaches.week)
        first, day = self.site.panel.first_week[rows.person], self.site.day
        waited = np.where(first < 0, np.inf, (day[first] - day[rows.week]).astype(float) / 7)
        outcomes = self.count_outcomes(measure, self.read_tally(measure, look), rows)
        prior = self.site.prior[rows.week, rows.person].astype(float)
        before = np.asarray(outcomes.earlier)
        told = LineOutcomes(waited, before, outcomes.events - before, prior)
        found = judge_line(approaches, told, self.plan.most_caught_up)
        untold = self.find_untold(measure, look)
        return replace(found, effect=None, untold=untold) if untold else found

    def judge_starts(self, look: date) -> tuple[StartsFound, ComparedOutcome]:
        """Which starts of teams can be compared, as known on a day, and what they tell of the primary outcome."""
        site, measure = self.site, find_measure(self.plan.outcome)
        until, span = np.datetime64(look) - self.delay, self.plan.followed_days
        found = find_starts(site.panel, site.team, site.day, span, until, self.since)
        if untold := found.untold or self.find_untold(measure, look):
            return found, ComparedOutcome(0, untold=untold)
        rows = stack_windows(choose_windows(found.starts, site.panel, site.team, site.day, span))
        alone = take_alone(rows.person, rows.week)
        kept, _ = self._mark_followed(alone, look)
        outcomes = self.count_outcomes(measure, self.read_tally(measure, look), alone)
        before = np.asarray(outcomes.earlier)
        totals = add_windows(rows, before, outcomes.events - before, outcomes.expected, kept)
        told, found = estimate_starts(found.starts, totals), replace(found, before=check_before(found.starts, totals))
        if found.before is not None and found.before.is_apart:
            return found, ComparedOutcome(told.people, untold=WENT_APART)
        return found, word_effect(told.effect, told.people, told.critical)

    def compare_before(self, followed: Followed) -> ComparedOutcome:
        """The negative control: the primary outcome long before the list, which nothing done since can have changed.

        Of people whose span was over by the first of all lists: later ones were chosen for not having been listed then.
        """
        measure = find_measure(self.plan.outcome)
        over = self._days(followed.matches) - np.timedelta64(CONTROL_ENDS, "D") <= self.site.day[0]
        matches = keep_rows(followed.matches, over)
        tally = self.read_tally(measure, followed.day)
        assert isinstance(tally, EventTally)
        if not matches.sets or not tally.day.size or tally.day.min() > self._days(matches).min() - CONTROL_BEGINS:
            return ComparedOutcome(matches.sets, untold="the records do not go back far enough")
        begins, ends = (self._days(matches) - np.timedelta64(ago, "D") for ago in (CONTROL_BEGINS, CONTROL_ENDS))
        counted = tally.count_between(self._persons(matches), begins, ends)
        nothing, alike = np.zeros(len(counted)), np.ones(len(counted))
        return word_effect(estimate_effect(Outcomes(counted, nothing, alike), matches), matches.sets, TWO_SIDED)

    def compare_naively(self, look: date) -> ComparedOutcome:
        """The primary outcome of everybody listed, after their first list against before it, as people often report."""
        pairs = self.pair_listed()
        kept, _ = self._mark_followed(pairs, look)
        pairs = keep_rows(pairs, kept)
        tally = self.read_tally(find_measure(self.plan.outcome), look)
        persons, day, span = self._persons(pairs), self._days(pairs), np.timedelta64(self.plan.followed_days, "D")
        begins: Days = np.where(pairs.listed, day, day - span).astype("datetime64[D]")
        counted = tally.count_between(persons, begins, begins + span)
        outcomes = Outcomes(counted, np.zeros(len(counted)), np.ones(len(counted)))
        return word_effect(estimate_effect(outcomes, pairs), pairs.sets, TWO_SIDED)

    def take_looks(self, followed: Sequence[Followed]) -> Iterator[SiteLook]:
        """Each look at the primary outcome, paid for."""
        measure = find_measure(self.plan.outcome)
        times = [self.plan.measure_time(one.day, self.delay) for one in followed]
        prices = dict(price_looks([one.matches.sets for one in followed], times))
        for number, one in enumerate(followed):
            if number not in prices:
                nobody = ComparedOutcome(one.matches.sets, untold="nobody new was followed")
                yield SiteLook(one.day, None, nobody, Verdict.TOO_FEW)
                continue
            compared = self.compare_outcome(measure, one, prices[number])
            verdict = judge_interval(compared.interval, self.plan.least_fall / 100)
            yield SiteLook(one.day, prices[number], compared, verdict)

    def compare_with_expected(self, look: date) -> Mapping[str, Expected]:
        """Observed over expected by the model's own outcome, of people listed, compared with, and known to services."""
        return compare_expected(self.opened, self.recipe, self.site, self.matches, self.since, look)


def require_followed_lists(opened: Site, recipe: Recipe) -> None:
    """Raises DefinitionError for a recipe of no lists by the calendar or of no stays, IndexDateError for odd dates."""
    if recipe.cohort.index != "calendar":
        raise DefinitionError(f"{recipe.name} scores people at discharges; impact is told of lists by the calendar")
    require_stays(opened.workspace, recipe)
    if not opened.store.comparable_dates:
        raise IndexDateError("the dates of this source are shifted from person to person; lists cannot be followed")


def word_effect(effect: Effect | None, people: int, critical: float) -> ComparedOutcome:
    """What an effect on a number of people listed says, unless it rests on few events."""
    if effect is None:
        return ComparedOutcome(people, untold="nothing happened on one side or the other")
    if effect.fewest < FEWEST:
        return ComparedOutcome(people, untold="it rests on 1 to 7 events")
    interval = effect.interval(critical)
    fall = (critical + POWERED) * effect.measure_error()
    low, high = interval or (None, None)
    return ComparedOutcome(people, effect.change, low, high, effect.listed, effect.controls, fall if fall < 1 else None)


def compare_others(comparison: Comparison, followed: Followed) -> dict[str, ComparedOutcome]:
    """Every outcome but the primary one."""
    others = [measure for measure in MEASURES if measure.name != comparison.plan.outcome]
    return {measure.name: comparison.compare_outcome(measure, followed) for measure in others}
