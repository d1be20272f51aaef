"""The outcomes that a comparison can be about, each as a tally of the store as it was known on a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np

from riskstrat.impact.tallies import EventTally, HomeTally, NightTally, Tally
from riskstrat.labels import find_deaths
from riskstrat.site.opening import Site
from riskstrat.sources import tables
from riskstrat.sources.selection import known_rows
from riskstrat.sources.store import Store
from riskstrat.sources.tables import STREAMS

CARE_HOME = ("residential", "nursing")
"""Services of adult social care that are a place in a care home."""


@dataclass(frozen=True)
class OutcomeMeasure:
    """One outcome: its name, its title in a sentence, the source tables that its figures end with, how it is read.

    rises: whether more of it is better. expected: whether more of it is expected of people with a higher estimate.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    read: Callable[[Site, ir.Table, date], Tally]
    rises: bool = False
    expected: bool = True


def _read_admissions(opened: Site, rows: ir.Table, known: date) -> Tally:
    found, _ = known_rows(opened.store, rows, ("person", "admitted_on"), known)
    return EventTally(found["person"], found["admitted_on"])


def _read_nights(opened: Site, rows: ir.Table, known: date) -> NightTally:
    """Nights of stays; one without a discharge ends with the person's life, if not before the stay."""
    found, _ = known_rows(opened.store, rows, ("person", "admitted_on", "discharged_on"), known)
    since, until = found["admitted_on"], found["discharged_on"]
    died = find_deaths(opened.store, known)[found["person"]]
    return NightTally(found["person"], since, np.where(np.isnat(until) & (died >= since), died, until))


def _read_attendances(opened: Site, _: ir.Table, known: date) -> Tally:
    found, _notes = known_rows(opened.store, tables.attendances, ("person", "attended_on"), known)
    return EventTally(found["person"], found["attended_on"])


def _read_falls(opened: Site, _: ir.Table, known: date) -> Tally:
    """Falls, one a person and day however many sources tell of it."""
    found, _notes = known_rows(opened.store, tables.all_falls, ("person", "fell_on"), known)
    pairs = np.unique(np.rec.fromarrays([found["person"], found["fell_on"].astype(np.int64)]))
    return EventTally(pairs["f0"], pairs["f1"].astype("datetime64[D]"))


def _read_care_home_moves(opened: Site, _: ir.Table, known: date) -> Tally:
    """The day on which each person first had a place in a care home."""
    rows = tables.social_care.filter(tables.social_care.service.isin(CARE_HOME))
    found, _notes = known_rows(opened.store, rows, ("person", "started_on"), known)
    person, first = np.unique(found["person"], return_index=True)
    return EventTally(person, found["started_on"][first])


def _read_deaths(opened: Site, _: ir.Table, known: date) -> Tally:
    died = find_deaths(opened.store, known)
    person = np.flatnonzero(~np.isnat(died))
    return EventTally(person, died[person])


def _read_home(opened: Site, _: ir.Table, known: date) -> Tally:
    return HomeTally(_read_nights(opened, tables.admissions, known), find_deaths(opened.store, known))


MEASURES: tuple[OutcomeMeasure, ...] = (
    OutcomeMeasure("emergency_admissions", "emergency admissions", ("admissions",), _read_admissions),
    OutcomeMeasure("attendances", "A&E attendances", ("attendances",), _read_attendances),
    OutcomeMeasure("falls", "recorded falls", ("falls", "diagnoses", "attendances"), _read_falls),
    OutcomeMeasure("bed_days", "emergency bed days", ("admissions",), _read_nights),
    OutcomeMeasure("care_home_moves", "moves to a care home", ("social_care",), _read_care_home_moves),
    OutcomeMeasure("deaths", "deaths", (), _read_deaths),
    OutcomeMeasure("days_at_home", "days alive and out of hospital", ("admissions",), _read_home, True, False),
)
"""In the order of the page. Days in hospital are taken off whatever brought the person there."""

PRIMARY = ("emergency_admissions", "attendances", "falls")
"""Those that a plan may choose: counts of events. The range is proven on emergency admissions alone."""

_STREAM_OF = {"attendances": "attendances", "falls": "all_falls", "care_home_moves": "social_care"}


def find_measure(name: str) -> OutcomeMeasure:
    """The outcome of that name."""
    return next(measure for measure in MEASURES if measure.name == name)


def is_told(measure: OutcomeMeasure, store: Store) -> bool:
    """Whether the landed tables tell of it."""
    stream = STREAMS[_STREAM_OF.get(measure.name, "admissions")]
    return stream.available(store.landed)


def find_early_end(measure: OutcomeMeasure, store: Store, needed: date) -> date | None:
    """The latest day of a landed source of an outcome that ends before `needed`; None where none does."""
    ends = (store.manifest["tables"].get(table, {}).get("data_as_at") for table in measure.tables)
    early = [date.fromisoformat(end) for end in ends if end and date.fromisoformat(end) < needed]
    return min(early, default=None)
