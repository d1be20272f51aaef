"""Cohorts and labels of random small boroughs against a few lines of plain Python that read day by day.

Days are counted from the index date. Windows are short and days lie close together, so that every edge is met often.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st

from riskstrat.cohort import Cohort, at_dates, at_discharges
from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.recipes import CohortRecipe, LabelRecipe
from riskstrat.definitions.settings import Settings
from riskstrat.labels import label
from riskstrat.sources import tables
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from tests.suite.properties import population_settings

INDEX, AS_AT, EXTRACT = date(2025, 1, 1), 60, 250
ADULTS = CohortRecipe(min_age=18, max_age=70)
OUTCOME = tables.admissions.filter(tables.admissions.method == "21")
DISCHARGES = tables.admissions.filter(tables.admissions.destination == "19")
KINDS = ("type1", "national")
MOVING = 28

WINDOWS = [
    LabelRecipe(horizon=horizon, gap_days=gap, includes_index_day=on_the_day, death=death, delay="30d")
    for horizon, gap, on_the_day in (("10d", 0, False), ("7d", 3, False), ("10d", 0, True), ("1d", 0, False))
    for death in ("negative", "composite", "exclude")
]

# ---- A random borough ----


@dataclass(frozen=True)
class Stay:
    number: int
    day: int
    method: str
    known: int
    left: int | None
    settled: int | None
    destination: str


@dataclass(frozen=True)
class Registration:
    practice: str
    first: int
    end: int | None
    known: int


@dataclass(frozen=True)
class OptOut:
    kind: str
    first: int
    end: int | None


@dataclass(frozen=True)
class Person:
    name: str
    born: date
    died: int | None = None
    death_known: int | None = None
    registrations: tuple[Registration, ...] = ()
    stays: tuple[Stay, ...] = ()
    opt_outs: tuple[OptOut, ...] = ()


DAYS = st.integers(-4, 14)
LAGS = st.sampled_from([0, 0, 0, 1, 2, 7, 55, 70])
BIRTHS = st.sampled_from([date(1950, 6, 1), *(date(year, 1, day) for year in (1953, 1954, 2007) for day in (1, 2))])


@st.composite
def registrations(draw: st.DrawFn) -> tuple[Registration, ...]:
    """A chain of spells with a practice, each beginning up to about 28 days after the one before, or overlapping it."""
    made: list[Registration] = []
    first = draw(st.sampled_from([-50, -50, -50, -1, 0, 1]))
    for practice in draw(st.sampled_from([1, 1, 1, 2, 3])) * ["N"]:
        end = draw(st.none() | st.integers(max(first, -2), max(first, -2) + 16))
        made.append(Registration(f"{practice}8300{len(made)}", first, end, first + draw(LAGS)))
        first = (draw(DAYS) if end is None else end) + draw(st.sampled_from([-3, 0, 1, 27, 28, 29]))
    return tuple(made)


@st.composite
def stays(draw: st.DrawFn) -> tuple[Stay, ...]:
    made = []
    for _ in range(draw(st.integers(0, 3))):
        day = draw(DAYS)
        known = day + draw(LAGS)
        left = draw(st.none() | st.integers(day, day + 3))
        settled = None if left is None else left + draw(LAGS)
        made.append(Stay(0, day, draw(st.sampled_from(["21", "21", "11"])), known, left, settled, "19"))
    return tuple(made)


@st.composite
def people(draw: st.DrawFn) -> tuple[Person, ...]:
    """Sixty people, because an ingest costs more than a person; some of the dead have records after their death."""
    spell = count(1)
    made = []
    for number in range(60):
        died = draw(st.none() | st.none() | DAYS)
        known = None if died is None else draw(st.none() | LAGS.map(lambda lag, died=died: died + lag))
        opt_out = st.builds(
            OptOut, st.sampled_from([*KINDS, "risk_stratification"]), DAYS, st.none() | st.just(EXTRACT)
        )
        made.append(
            Person(
                name=f"p{number}",
                born=draw(BIRTHS),
                died=died,
                death_known=known,
                registrations=tuple(r for r in draw(registrations()) if died is None or r.first <= died + 30),
                stays=tuple(replace(s, number=next(spell)) for s in draw(stays())),
                opt_outs=(draw(opt_out),) if draw(st.integers(0, 5)) == 0 else (),
            )
        )
    return tuple(made)


# ---- Landing it ----


def on(day: int | None) -> str:
    return "" if day is None else (INDEX + timedelta(days=day)).isoformat()


def landed(borough: Sequence[Person]) -> dict[str, list[str]]:
    return {
        "people": [f"{p.name},{p.born},F,{on(p.death_known)},{on(p.died)}" for p in borough],
        "registrations": [
            f"{p.name},{r.practice},{on(r.first)},{on(r.end)},{on(r.known)}" for p in borough for r in p.registrations
        ],
        "admissions": [
            f"{p.name},s{s.number:02d},{on(s.day)},{s.method},{on(s.known)},{on(s.left)},{s.destination},{on(s.settled)}"
            for p in borough
            for s in p.stays
        ],
        "opt_outs": [f"{p.name},{o.kind},{on(o.first)},{on(o.end)}" for p in borough for o in p.opt_outs],
    }


HEADERS = {
    "people": "patient_id,date_of_birth,sex,died_known_on,date_of_death",
    "registrations": "patient_id,practice,registered_from,registered_to,known_on",
    "admissions": "patient_id,spell_id,admitted_on,method,known_on,discharged_on,destination,settled_known_on",
    "opt_outs": "patient_id,kind,from_on,to_on",
}


@contextmanager
def store_of(rows: dict[str, list[str]]) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as named:
        source, folder = Path(named) / "source", Path(named) / "store"
        source.mkdir()
        for name, lines in rows.items():
            (source / f"{name}.csv").write_text("\n".join([HEADERS[name], *lines]) + "\n", encoding="utf-8")
        strict = Settings.model_validate({"data": {"quarantine_limit": 0}})
        ingest(source, folder, strict, as_at=INDEX + timedelta(days=EXTRACT))
        yield open_store(folder)


# ---- The same, in plain Python ----


def age(born: date, day: int) -> int:
    then = INDEX + timedelta(days=day)
    return then.year - born.year - ((then.month, then.day) < (born.month, born.day))


def practice_at(person: Person, day: int) -> str | None:
    """The practice of the latest registration that stood and was known; of those of one day, the last by name."""
    known = [r for r in person.registrations if r.first <= day and r.known <= day and (r.end is None or r.end > day)]
    return max(known, key=lambda r: (r.first, r.practice)).practice if known else None


def not_eligible_for(person: Person, day: int) -> str | None:
    """The first reason why a person is not eligible on a day, if any."""
    if any(o.kind in KINDS and (o.end is None or o.end > EXTRACT) for o in person.opt_outs):
        return "opted out"
    if person.died is not None and max(person.died, person.death_known or person.died) <= day:
        return "dead"
    if practice_at(person, day) is None:
        return "not registered"
    if age(person.born, day) < ADULTS.min_age:
        return "too young"
    return "too old" if age(person.born, day) > ADULTS.max_age else None


def registered_until(person: Person, day: int) -> int | None:
    """The first day on which the person is with no practice, unless with another within 28 days; None = never."""
    periods = [
        (r.first, r.end if r.end is not None and max(r.end, r.known) <= AS_AT else 10_000)
        for r in person.registrations
        if max(r.first, r.known) <= AS_AT
    ]
    until = day
    while later := [end for first, end in periods if end > until and first <= until + (MOVING if until > day else 0)]:
        until = max(later)
    return None if until == 10_000 else until


def seen_alive(person: Person) -> int:
    """The latest day on which a stay or a registration began, as known when labels are made."""
    begun = [(s.day, s.known) for s in person.stays] + [(r.first, r.known) for r in person.registrations]
    return max((first for first, known in begun if max(first, known) <= AS_AT), default=-1_000)


def happened(person: Person, day: int, spell: int | None, recipe: LabelRecipe) -> tuple[float | None, str]:
    """Outcome (None = it cannot be said) and reason."""
    opens, end = day + recipe.first_day, day + recipe.last_day
    death_known = person.death_known if person.death_known is not None else person.died
    died = person.died if death_known is not None and death_known <= AS_AT else None
    left = registered_until(person, day)
    events = [
        s.day
        for s in person.stays
        if s.method == "21"
        and s.known <= AS_AT
        and s.number != spell
        and opens <= s.day <= end
        and (died is None or s.day <= died)
    ]
    doubted = died is not None and seen_alive(person) > died + 7
    if died is not None and (died < day or (died == day and opens > day)):
        return None, DOUBTFUL_DEATH if doubted else "dead by the index date, not known then"
    if events and (left is None or min(events) <= left):
        return 1.0, "event"
    if left is not None and left <= end and (died is None or died > left):
        return None, "deregistered"
    if died is None or died > end:
        return 0.0, "no event"
    if doubted:
        return None, DOUBTFUL_DEATH
    composite = 1.0 if died >= opens else None
    return {"negative": 0.0, "composite": composite, "exclude": None}[recipe.death], "died"


def said(rows: pd.DataFrame) -> list[tuple[str, date, float | None, str]]:
    outcome = rows["outcome"].astype(object).where(rows["outcome"].notna(), None)
    return list(zip(rows["patient_id"], rows["index_date"].dt.date, outcome, rows["reason"], strict=True))


def expected(borough: Sequence[Person], cohort: Cohort, spells: Sequence[int | None], recipe: LabelRecipe) -> list:
    by_name = {person.name: person for person in borough}
    rows = zip(cohort.rows["patient_id"], cohort.rows["index_date"].dt.date, spells, strict=True)
    return [(name, when, *happened(by_name[name], (when - INDEX).days, spell, recipe)) for name, when, spell in rows]


def calendar(store: Store) -> Cohort:
    return at_dates(store, ADULTS, [INDEX, INDEX + timedelta(days=2)], KINDS)


def by_discharge(store: Store) -> Cohort:
    recipe = ADULTS.model_copy(update={"index": "live_discharge"})
    return at_discharges(store, recipe, DISCHARGES, INDEX + timedelta(days=AS_AT), KINDS)


def labels_of(store: Store, cohort: Cohort, recipe: LabelRecipe) -> pd.DataFrame:
    labels = label(store, cohort.rows, OUTCOME, recipe, INDEX + timedelta(days=AS_AT))
    assert sum(labels.counts.values()) == len(cohort.rows)
    return labels.rows


def spell_numbers(store: Store, cohort: Cohort) -> list[int]:
    named = store.read("admissions").drop_duplicates("spell").set_index("spell")["spell_id"]
    return [int(name[1:]) for name in cohort.rows["spell"].map(named)]


few = population_settings(1, drawn=30)
recipes = st.lists(st.sampled_from(WINDOWS), min_size=4, max_size=4, unique_by=WINDOWS.index)

# ---- What must hold ----


@few
@given(people(), recipes, st.randoms(use_true_random=False))
def test_cohort_and_labels_are_as_read_plainly_and_neither_later_news_nor_the_order_of_rows_moves_them(
    borough: tuple[Person, ...], windows: list[LabelRecipe], source: random.Random
) -> None:
    """Four laws over one store, since an ingest is most of the time; in the simplest borough all are alike."""
    assume(any(person.stays for person in borough))
    with store_of(landed(borough)) as store:
        require_plain_reading_at_two_dates(borough, windows, store)
        require_plain_reading_of_discharges(borough, windows, store)
        require_no_trace_of_later_news(borough, windows, store, source)
        require_no_trace_of_the_order(borough, store, source)


def require_plain_reading_at_two_dates(borough: Sequence[Person], windows: list[LabelRecipe], store: Store) -> None:
    """Everybody's place at two dates, and their label, are those of plain Python."""
    cohort = calendar(store)
    reasons = {(p.name, day): not_eligible_for(p, day) for p in borough for day in (0, 2)}
    given_rows = cohort.rows[["patient_id", "index_date", "practice"]].itertuples(index=False)
    assert sorted((name, (when.date() - INDEX).days, practice) for name, when, practice in given_rows) == sorted(
        (p.name, day, practice_at(p, day)) for p in borough for day in (0, 2) if reasons[p.name, day] is None
    )
    counts = dict(cohort.counts)
    for reason in ("opted out", "dead", "not registered", "too young", "too old"):
        assert counts[reason] == list(reasons.values()).count(reason)
    assert counts.pop("candidates") == sum(counts.values()) == 2 * len(borough)
    for recipe in windows:
        rows = labels_of(store, cohort, recipe)
        assert said(rows) == expected(borough, cohort, [None] * len(rows), recipe)


def require_plain_reading_of_discharges(borough: Sequence[Person], windows: list[LabelRecipe], store: Store) -> None:
    """The discharges that count, and their labels, are those of plain Python."""
    cohort = by_discharge(store)
    spells = spell_numbers(store, cohort)
    known = [
        (p.name, s.left, s.number)
        for p in borough
        for s in p.stays
        if s.left is not None and max(s.known, s.settled or 0) <= AS_AT and not_eligible_for(p, s.left) is None
    ]
    days = [(when - INDEX).days for when in cohort.rows["index_date"].dt.date]
    assert sorted(zip(cohort.rows["patient_id"], days, spells, strict=True)) == sorted(known)
    assert sum(cohort.counts.values()) == 2 * cohort.counts["candidates"]
    for recipe in windows:
        assert said(labels_of(store, cohort, recipe)) == expected(borough, cohort, spells, recipe)


def with_rows_known_later(borough: Sequence[Person], random_days: Callable[[int, int], int]) -> list[Person]:
    """The same people; whatever is added, or changed in a row, became known after the day the labels are made."""
    numbers = count(1 + max((s.number for p in borough for s in p.stays), default=0))
    changed = []
    for person in borough:
        later = random_days(AS_AT + 1, EXTRACT)
        stay = Stay(next(numbers), random_days(-4, 14), "21", later, random_days(14, 20), later, "19")
        open_stays = [s for s in person.stays if s.left is None]
        ended = [replace(s, left=random_days(14, 20), settled=later) for s in open_stays]
        known_stays = tuple(s for s in person.stays if s not in open_stays)
        still = [replace(r, end=later) if r.end is None else r for r in person.registrations]
        moved = Registration("N99999", random_days(-4, 14), None, later)
        newly_dead = person.died is None
        changed.append(
            replace(
                person,
                died=random_days(30, 60) if newly_dead else person.died,
                death_known=later if newly_dead else person.death_known,
                stays=(*known_stays, *ended, stay),
                registrations=(*(r for r in still if not newly_dead or r.first <= 60), moved),
            )
        )
    return changed


def require_no_trace_of_later_news(
    borough: Sequence[Person], windows: list[LabelRecipe], store: Store, source: random.Random
) -> None:
    """What becomes known after the labels are made changes neither cohort nor labels."""
    with store_of(landed(with_rows_known_later(borough, source.randint))) as later:
        for made in (calendar, by_discharge):
            first, second = made(store), made(later)
            keys = ["patient_id", "index_date", "person", "practice"]
            assert first.rows[keys].equals(second.rows[keys])
            assert dict(first.counts) == dict(second.counts)
            for recipe in windows:
                assert labels_of(store, first, recipe).equals(labels_of(later, second, recipe))


def require_no_trace_of_the_order(borough: Sequence[Person], store: Store, source: random.Random) -> None:
    """The order in which rows are landed changes nothing."""
    shuffled = {name: source.sample(lines, len(lines)) for name, lines in landed(borough).items()}
    with store_of(shuffled) as other:
        for made in (calendar, by_discharge):
            first, second = made(store), made(other)
            assert first.rows.equals(second.rows)
            assert labels_of(store, first, WINDOWS[0]).equals(labels_of(other, second, WINDOWS[0]))
