"""The page of `capacity`: by length of list what its people used, and what an assumed effect would free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.figures_page import FiguresPage, FiguresTable
from riskstrat.documents.line_picture import LinePicture, PictureLine, draw_lines
from riskstrat.documents.words import TOO_FEW, round_count, suppressed
from riskstrat.planning.capacity import Bounded, Carried

EFFECTS = (0.05, 0.1, 0.2)
WEEKS_A_YEAR = 52

LIMITS = (
    "No effect is known to be there. In a trial of 230,099 people a risk tool raised emergency admissions by 1% "
    "(Snooks and others, BMJ Quality and Safety 2019); then nothing is freed and more is used.",
    "The effect is taken to be the same for everybody on the list, and to begin on the day of the list. A team that "
    "reviews over a year reaches most people later, and frees less.",
    "A bed that is free on an average day is not a bed that can be closed, and no money saved: it is used by others.",
    "The range is by chance alone: another year's people as likely. It knows nothing of a hard winter or a change of "
    "services.",
    "People known to a team already are counted in, also those whom a list would not show.",
    "Whoever dies or leaves uses nothing after it, so nothing after it is freed. Bed days of the time that somebody "
    "might live longer are not in these figures.",
    "Whether an effect of this size could be seen afterwards is said by riskstrat power.",
)


@dataclass(frozen=True)
class CapacityFound:
    """What the page is made of. published: lists that stood in the window, whose reviews may have changed it."""

    day: date
    window_days: int
    everybody: int
    model: str
    lines: Sequence[Carried]
    effects: Sequence[float]
    published: int


def build_capacity_page(found: CapacityFound) -> FiguresPage:
    """The page; its figures are rounded and small ones hidden, so that it may leave the site."""
    return FiguresPage(
        title="What a list of some length could free",
        about=f"Everybody eligible on {long_date(found.day)}, scored as they would have been on that day by "
        f"{found.model}, and what they used in the {found.window_days} days after it.",
        summary=_summarise(found),
        tables=[_tabulate_used(found), _tabulate_freed(found), _tabulate_assumed(found)],
        limits=LIMITS,
        date=found.day.isoformat(),
        picture=_draw(found),
    )


def describe_capacity(found: CapacityFound) -> dict[str, Any]:
    """The same as data, rounded and hidden as on the page."""
    return {
        "index_date": found.day,
        "window_days": found.window_days,
        "model": found.model,
        "effects": list(found.effects),
        "lists_published_in_the_window": found.published,
        "lengths": [_describe_line(one, found) for one in found.lines],
        "sentences": _summarise(found),
        "assumptions": [" ".join(row) for row in _tabulate_assumed(found).rows],
    }


def is_shown(one: Carried) -> bool:
    """Whether enough people of a list were admitted for figures on them to leave the site."""
    return one.admitted >= TOO_FEW


def _describe_line(one: Carried, found: CapacityFound) -> dict[str, Any]:
    if not is_shown(one):
        return {"people": one.people, "admitted": suppressed(one.admitted)}
    ended = suppressed(one.ended)
    shown = {name: [round_count(end) for end in getattr(one, name)] for name in ("admissions", "bed_days")}
    shares = {
        name: [round(end, 3) for end in getattr(one, name)] for name in ("share_of_admissions", "share_of_bed_days")
    }
    freed = [
        {
            "effect": effect,
            "admissions": [round(end, 1) for end in _round(one.admissions).scale(effect)],
            "beds": [round(end, 2) for end in _round_line(one).free_beds(effect, found.window_days)],
        }
        for effect in found.effects
    ]
    return {"people": one.people, "admitted": round_count(one.admitted), "died_or_left": ended, **shown} | {
        **shares,
        "freed": freed,
    }


def _summarise(found: CapacityFound) -> list[str]:
    shown = [one for one in found.lines if is_shown(one)]
    if not shown:
        return [
            f"Too few of the {round_count(found.everybody):,} people were admitted for anything to be said of lists of "
            "these lengths. Give longer ones."
        ]
    effect = found.effects[len(found.effects) // 2]
    said = [f"In the year after {long_date(found.day)}:"]
    for one in dict.fromkeys((shown[0], shown[-1])):
        freed = _round_line(one).free_beds(effect, found.window_days)
        said.append(
            f"The {one.people:,} people at highest risk used {one.share_of_bed_days.estimate:.0%} of emergency bed "
            f"days ({one.share_of_bed_days.low:.0%} to {one.share_of_bed_days.high:.0%}). Had they used "
            f"{effect:.0%} less, {_word_beds(freed)} would have been free on an average day."
        )
    said.append("That is arithmetic and no promise: whether reviews have an effect is not known from it.")
    return said


def _tabulate_used(found: CapacityFound) -> FiguresTable:
    says = (
        "The people at highest risk, how many of them were admitted as an emergency, how often, and for how many "
        f"nights. In brackets the 95% range. Counts are to the nearest 5; 1 to {TOO_FEW - 1} people are not shown. Who "
        "died or left in the time used as much as is recorded until then, and nothing after.",
    )
    columns = (
        *("People on the list", "People a week, over a year", "Died or left", "People admitted"),
        *("Emergency admissions", "Share of all admissions", "Bed days", "Share of all bed days"),
    )
    return FiguresTable("What they used", says, columns, [_word_used(one) for one in found.lines])


def _word_used(one: Carried) -> tuple[str, ...]:
    lead = (f"{one.people:,}", f"{one.people / WEEKS_A_YEAR:.1f}")
    if not is_shown(one):
        return (*lead, suppressed(one.ended), suppressed(one.admitted), *["not shown"] * 4)
    shares = [
        f"{share.estimate:.1%} ({share.low:.1%} to {share.high:.1%})"
        for share in (one.share_of_admissions, one.share_of_bed_days)
    ]
    counts = [_word_some(_round(each)) for each in (one.admissions, one.bed_days)]
    return (*lead, suppressed(one.ended), suppressed(one.admitted), counts[0], shares[0], counts[1], shares[1])


def _tabulate_freed(found: CapacityFound) -> FiguresTable:
    says = (
        "Were that share of their emergency admissions and bed days avoided: admissions in the year, and beds free on "
        "an average day.",
    )
    columns = ("People on the list", *(f"{effect:.0%} fewer" for effect in found.effects))
    rows = [(f"{one.people:,}", *_word_freed(one, found)) for one in found.lines]
    return FiguresTable("What an effect would free", says, columns, rows)


def _word_freed(one: Carried, found: CapacityFound) -> list[str]:
    if not is_shown(one):
        return ["not shown"] * len(found.effects)
    return [
        f"{_word_some(_round(one.admissions).scale(effect))} admissions; "
        f"{_word_beds(_round_line(one).free_beds(effect, found.window_days))}"
        for effect in found.effects
    ]


def _tabulate_assumed(found: CapacityFound) -> FiguresTable:
    rows = (
        ("Effect", ", ".join(f"{effect:.0%}" for effect in found.effects) + " fewer: assumed, not found"),
        ("Who is on the list", "the people at highest risk, all on one day, whatever team they have"),
        ("An admission", "a continuous stay that counts as the outcome of the model and begins in the window"),
        (
            "A bed day",
            "a night of such a stay, up to the end of the window; without a discharge up to death or leaving",
        ),
        ("A bed", f"{found.window_days} bed days in {found.window_days} days; no allowance for empty beds"),
        ("People who died or left", "count with what they used until then; nothing of theirs is freed after it"),
        ("Lists published in the window", _word_published(found.published)),
    )
    return FiguresTable("What is assumed", (), ("Assumption", "Taken as"), rows)


def _draw(found: CapacityFound) -> LinePicture | None:
    shown = [one for one in found.lines if is_shown(one)]
    if len(shown) < 2:
        return None
    lines = [
        PictureLine("admissions", [one.share_of_admissions for one in shown]),
        PictureLine("bed days", [one.share_of_bed_days for one in shown]),
    ]
    ends = f"from {shown[0].share_of_bed_days.estimate:.0%} to {shown[-1].share_of_bed_days.estimate:.0%}"
    words = f"Share of bed days, {ends} as the list grows from {shown[0].people:,} to {shown[-1].people:,} people."
    caption = (
        "Share of all emergency admissions (squares) and bed days (circles) that the people on a list used, with the "
        "95% range."
    )
    return draw_lines(lines, [f"{one.people:,}" for one in shown], "People on the list", words, caption)


def _word_published(lists: int) -> str:
    return f"{lists}; what teams did about them is in these figures" if lists else "none"


def _word_beds(beds: Bounded) -> str:
    unit, digits = ("of a bed", 2) if beds.estimate < 0.95 else ("beds", 1)
    return f"{beds.estimate:.{digits}f} {unit} ({beds.low:.{digits}f} to {beds.high:.{digits}f})"


def _word_some(figure: Bounded) -> str:
    return f"{figure.estimate:,.0f} ({figure.low:,.0f} to {figure.high:,.0f})"


def _round(figure: Bounded) -> Bounded:
    return Bounded(*(float(round_count(end)) for end in figure))


def _round_line(one: Carried) -> Carried:
    """The same with rounded bed days, from which what may be freed is worked out."""
    return Carried(
        *(one.people, one.admitted, one.ended, one.admissions, _round(one.bed_days)),
        *(one.share_of_admissions, one.share_of_bed_days),
    )
