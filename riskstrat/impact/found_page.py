"""The page of `impact look`, and the same as data; small counts are hidden on both."""

from __future__ import annotations

from typing import Any

from riskstrat.definitions.phrases import capitalise_first, long_date
from riskstrat.documents.figures_page import FiguresPage, FiguresTable
from riskstrat.documents.words import suppressed
from riskstrat.impact import words
from riskstrat.impact.comparing import ComparedOutcome
from riskstrat.impact.crossing import BAND, LIMITED_WEEKS
from riskstrat.impact.expecting import COMPARED, KNOWN, LISTED
from riskstrat.impact.judging import ImpactFound
from riskstrat.impact.measuring import MEASURES, find_measure
from riskstrat.impact.starting import FEWEST_OTHERS, FEWEST_STARTS, LEAST_CHANCE, WayBefore

LIMITS = (
    "Where a team adds people whom it knows to be more ill than any record says, the planned comparison is not fair to "
    "it. Then lists by the estimate alone do not say the same, and nothing is told.",
    "People compared with may be helped too, where a team changes how everybody is cared for. That hides an effect.",
    "Everybody listed counts from their first list, whatever the team then did. Nothing is said of those alone whom a "
    "team accepted: they are chosen by the team and by themselves, and would differ without any effect.",
    "Somebody who dies is admitted no more. So deaths, and days alive and out of hospital, stand beside the outcome.",
    "Each range of the other outcomes holds by itself 19 times in 20; of several, one may miss by chance. None of them "
    "gives a verdict.",
    "The line has few people near it who come there for the first time, so it seldom tells an effect by itself.",
    "Teams seldom begin at a time that chance chose. One that began because a winter was bad would have got better.",
)


def build_impact_page(found: ImpactFound) -> FiguresPage:
    """The page, worded from what was found."""
    plan = found.logged.plan
    return FiguresPage(
        title="Whether the lists changed what came of people",
        about=f"Lists from {long_date(plan.since)}, looked at on data up to {long_date(found.day)}.",
        summary=list(words.list_summary(found)),
        tables=[
            _tabulate_looks(found),
            _tabulate_methods(found),
            _tabulate_line(found),
            _tabulate_starts(found),
            _tabulate_expected(found),
            _tabulate_others(found),
            _tabulate_balance(found),
            _tabulate_people(found),
            _tabulate_plan(found),
        ],
        limits=LIMITS,
        date=found.day.isoformat(),
    )


def _tabulate_looks(found: ImpactFound) -> FiguresTable:
    plan = found.logged.plan
    rows = [
        (
            long_date(look.day),
            suppressed(look.compared.people),
            words.NOT_SHOWN if look.compared.change is None else words.word_percent(look.compared.change),
            words.word_interval(look.compared),
            "nothing new" if look.critical is None else f"{look.critical:.2f}",
            look.verdict.value if look.critical is not None else look.compared.untold,
        )
        for look in found.looks
    ]
    says = (
        f"{capitalise_first(find_measure(plan.outcome).title)} of people listed, in the {plan.followed_weeks} weeks "
        "from the day after their first list, against people as likely who were not listed yet: of the same age band, "
        "sex and number of emergency admissions, the latest as long ago, the same estimate now and before. The first "
        "look that tells is the verdict. Each look asks for more than 1.96 standard errors, so that many looks are "
        "fooled at most once in 20.",
    )
    columns = (
        "Look",
        "People listed and compared",
        "Change",
        "Not ruled out",
        "Standard errors asked for",
        "By itself it says",
    )
    return FiguresTable("The planned comparison", says, columns, rows)


def _tabulate_methods(found: ImpactFound) -> FiguresTable:
    compared = [
        ("Against people as likely (the plan's)", found.deciding.compared),
        ("Whom the estimate alone would have listed", found.by_estimate),
        ("At the line: listed now rather than later", found.at_line),
        ("Teams that began, against those that had not yet", found.at_starts),
        ("Before and after, of the same people (not fair)", found.naive),
        ("Negative control: half a year that ended a year before the list", found.before),
    ]
    rows = [(name, *_word_cells(each), words.word_detectable_fall(each)) for name, each in compared]
    says = (
        "Before and after shows a fall after any list, because people are listed at their worst. The negative control "
        "compares the same people on a time that no team could change, as it was over before the list. If that "
        "differs, the people were not alike, and no effect is told. Whom the estimate alone would have listed is "
        "worked out from the lists' own estimates, with as many places each week: nobody chose these people, so what a "
        "team knows beyond the records cannot move this. A verdict is told only where it says the same.",
    )
    columns = ("Method", "People", "Change", "Not ruled out", "Smallest fall it would find in 8 of 10")
    return FiguresTable("Beside other ways of counting", says, columns, rows)


def _word_cells(compared: ComparedOutcome) -> tuple[str, str, str]:
    change = words.NOT_SHOWN if compared.change is None else words.word_percent(compared.change)
    told = f"{words.NOT_SHOWN}: {compared.untold}" if compared.untold else words.word_interval(compared)
    return suppressed(compared.people), change, told


def _tabulate_line(found: ImpactFound) -> FiguresTable:
    line, plan = found.line, found.logged.plan
    rows = [
        ("Above it", suppressed(line.above)),
        ("Below it", suppressed(line.below)),
        ("Of them just below it", suppressed(line.just)),
        *((f"Of those, listed within {weeks} weeks", words.word_share(*each)) for weeks, each in _list_shares(found)),
        ("Jump of the number of people, in standard errors", words.word_errors(line.density)),
        ("Jump of admissions in the year before, in standard errors", words.word_errors(line.placebo)),
    ]
    says = (
        f"People when they first came within {BAND} log-odds of their team's line. Those just above and just below are "
        "alike but for being listed now rather than later. Nothing is told where more than "
        f"{plan.most_caught_up} of 100 just below are listed within {LIMITED_WEEKS} weeks, as the plan says, or where "
        "either jump is beyond 1.96.",
    )
    return FiguresTable("At the line of the lists", says, ("People", "Found"), rows)


def _tabulate_starts(found: ImpactFound) -> FiguresTable:
    starts = found.starts
    rows = [
        ("Began since the plan counts, and followed since", str(starts.begun)),
        ("Of them, can be compared", str(len(starts.starts))),
        ("Different days on which these began", str(starts.dates)),
        ("Went the same way as the others before they began", _word_before(starts.before)),
    ]
    says = (
        "Each team that began is held against teams whose first list came only after its time was over, or never, by "
        "how both changed from the time before. On each side stand those with the highest estimates before anybody of "
        f"the team was listed. Nothing is told of fewer than {FEWEST_STARTS} starts, or of one without {FEWEST_OTHERS} "
        "teams to hold it against, nor where teams that began had gone another way than the others in the times "
        f"before: of teams that go the same way that is found in {LEAST_CHANCE * 100:.0f} of 100 all the same.",
    )
    return FiguresTable("Teams that began at different times", says, ("Teams", "How many"), rows)


def _word_before(before: WayBefore | None) -> str:
    if before is None or before.chance is None:
        return "cannot be told: too few lists or events so long before"
    times = "1 time" if before.times == 1 else f"{before.times} times"
    return f"{'no' if before.is_apart else 'yes'}, in {times} (p {before.chance:.2f})"


def _list_shares(found: ImpactFound) -> list[tuple[int, tuple[int, int]]]:
    return [(weeks, (caught, found.line.just)) for weeks, caught in found.line.caught_up.items()]


def _tabulate_expected(found: ImpactFound) -> FiguresTable:
    rows = []
    for name in (LISTED, COMPARED, KNOWN):
        one = found.expected.get(name)
        rows.append((name, suppressed(one.people) if one else "not complete yet", *words.word_ratio(one)))
    says = (
        "How many had the outcome of the model over its whole span, over how many it expected when it made the list. "
        "People known to services are told of apart, as they are helped whatever the list does. Where people compared "
        "with lie above or below 1 too, it is the model that was off.",
    )
    columns = ("People", "How many", "Observed over expected", "Not ruled out")
    return FiguresTable("Against what the model expected", says, columns, rows)


def _tabulate_others(found: ImpactFound) -> FiguresTable:
    rows = []
    for measure in MEASURES:
        if (one := found.others.get(measure.name)) is None:
            continue
        rates = (words.word_rate(one.listed), words.word_rate(one.controls))
        rows.append((capitalise_first(measure.title), *rates, *_word_cells(one)[1:], words.word_detectable_fall(one)))
    says = ("Of each 100 people, over the same weeks. Days alive and out of hospital are better when there are more.",)
    columns = ("Outcome", "Listed", "Compared with", "Change", "Not ruled out", "Smallest change it would find")
    return FiguresTable("Other outcomes", says, columns, rows)


def _tabulate_balance(found: ImpactFound) -> FiguresTable:
    rows = [(name, f"{apart:+.2f}") for name, apart in found.balance.items()] or [("Nobody is compared", "")]
    says = (
        "How far people listed lie above those compared with, on the day of the list, in standard deviations; below "
        "0.1 is usually taken as alike.",
    )
    return FiguresTable("How alike the people compared are", says, ("On the day of the list", "Apart by"), rows)


def _tabulate_people(found: ImpactFound) -> FiguresTable:
    rows = [(what, suppressed(number)) for what, number in found.people.items()]
    says = ("Counts of 1 to 7 are hidden and others rounded to the nearest 5.",)
    return FiguresTable("Who is counted", says, ("People", "How many"), rows)


def _tabulate_plan(found: ImpactFound) -> FiguresTable:
    plan = found.logged.plan
    rows = (
        ("Outcome", capitalise_first(find_measure(plan.outcome).title)),
        ("Method", capitalise_first(plan.method)),
        ("Lists from", long_date(plan.since)),
        ("Each person followed for", f"{plan.followed_weeks} weeks"),
        ("Looks", ", ".join(long_date(look) for look in plan.looks)),
        ("Least fall worth having", f"{plan.least_fall}%"),
        ("Of 100 just below the line, most who may be listed soon", str(plan.most_caught_up)),
        ("Line of the audit log", str(found.logged.number)),
    )
    return FiguresTable("The plan", found.logged.describe_origin(), ("Fixed in advance", "As"), rows)


def describe_found(found: ImpactFound) -> dict[str, Any]:
    """The same as data."""
    expected = {name: _describe_expected(found, name) for name in (LISTED, COMPARED, KNOWN)}
    return {
        "verdict": found.verdict,
        "withheld": list(found.withheld),
        "sentences": list(words.list_summary(found)),
        "plan": found.logged.plan.describe_terms() | {"line": found.logged.number},
        "after_the_fact": found.logged.after_the_fact,
        "plan_changed": found.logged.changed,
        "looks": [
            {"day": look.day, "critical": look.critical, "verdict": look.verdict} | _describe_compared(look.compared)
            for look in found.looks
        ],
        "before_and_after": _describe_compared(found.naive),
        "negative_control": _describe_compared(found.before),
        "by_estimate": _describe_compared(found.by_estimate),
        "at_line": _describe_compared(found.at_line) | _describe_line(found),
        "at_starts": _describe_compared(found.at_starts) | _describe_starts(found),
        "observed_over_expected": expected,
        "outcomes": {name: _describe_compared(one) for name, one in found.others.items()},
        "balance": {name: round(apart, 6) for name, apart in found.balance.items()},
        "people": {what: words.round_people(number) for what, number in found.people.items()},
        "to_come": list(found.to_come),
    }


def _describe_compared(compared: ComparedOutcome) -> dict[str, Any]:
    figures = {name: getattr(compared, name) for name in ("change", "low", "high", "listed", "controls", "found")}
    rounded = {name: None if figure is None else round(figure, 6) for name, figure in figures.items()}
    return {"people": words.round_people(compared.people), **rounded, "untold": compared.untold}


def _describe_line(found: ImpactFound) -> dict[str, Any]:
    line = found.line
    shares = {f"within_{weeks}_weeks": words.word_share(*each) for weeks, each in _list_shares(found)}
    checks = {"density": line.density, "year_before": line.placebo}
    sides = {"above": words.round_people(line.above), "below": words.round_people(line.below)}
    return {**sides, "just_below_listed": shares, "checks": checks}


def _describe_starts(found: ImpactFound) -> dict[str, Any]:
    starts, before = found.starts, found.starts.before or WayBefore(0, None)
    counts = {"begun": starts.begun, "comparable": len(starts.starts), "dates": starts.dates}
    chance = None if before.chance is None else round(before.chance, 4)
    return counts | {"earlier_times": before.times, "chance_of_same_way_before": chance}


def _describe_expected(found: ImpactFound, name: str) -> dict[str, Any] | None:
    one = found.expected.get(name)
    if one is None or words.word_ratio(one)[0] == words.NOT_SHOWN:
        return None
    return {"people": words.round_people(one.people), "ratio": one.ratio, "low": one.low, "high": one.high}
