"""What an ingest has to say in words: what was not landed, and what that leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol

from riskstrat.definitions.coded_columns import RECODED
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.sources.extract_day import APART
from riskstrat.sources.validation import DEAD_BY_ANOTHER_ROW, DUPLICATE, END_LOST, HARMLESS, UNKNOWN_PERSON

_WITHOUT = {
    "registrations": "everybody in people counts as registered",
    "areas": "teams serve the practices that riskstrat.toml names, none a locality; without such, one team, all",
    "falls": "falls features use hospital records only",
    "opt_outs": "nobody counts as opted out",
    "caseload": "nobody counts as already known to a team",
    "reviews": "no decision is carried over",
    "care_plans": "whether somebody has a care plan cannot be told",
    "circumstances": "who is housebound, a carer or has another main language cannot be told",
    "statuses": "listed people are not checked for being in hospital, moved or dead that day",
}
_MANY_UNKNOWN = 0.1
"""Share of a table's rows from which people who are not in people look like other pseudonyms."""


class _Counts(Protocol):
    @property
    def landed(self) -> int: ...
    @property
    def data_as_at(self) -> str | None: ...
    @property
    def rules(self) -> dict[str, int]: ...
    @property
    def emptied(self) -> dict[str, int]: ...
    @property
    def recoded(self) -> dict[str, int]: ...
    @property
    def converted(self) -> dict[str, int]: ...


def notes_on(
    absent_columns: Mapping[str, tuple[str, ...]],
    empty_columns: Mapping[str, tuple[str, ...]],
    unsettled: Mapping[str, int],
    discharges: tuple[int, int],
    reports: Mapping[str, _Counts],
    lags: Mapping[str, int],
) -> tuple[str, ...]:
    """One sentence for each thing a reader should know; `absent_columns` has an entry for every landed table.

    Of the absent columns `empty_columns` are those that the mapping gives, without a value in any row.
    `discharges` counts those without a known destination, and all.
    """
    return (
        *_report_absent_tables(absent_columns),
        *_report_empty_tables(reports),
        *_report_absent_columns(absent_columns, empty_columns, lags),
        *_report_unsettled(unsettled),
        *_report_unplaced(*discharges),
        *_report_emptied(reports),
        *_report_recoded(reports),
        *_report_deaths_by_dress(reports),
        *_report_converted(reports),
        *_report_unread_opt_outs(reports),
        *_report_left_out(reports),
        *_report_unknown_people(reports),
        *_report_repeated(reports),
        *_report_table_ahead(reports),
    )


def _report_absent_tables(landed: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name in SCHEMAS:
        if name not in landed:
            yield f"no {name} table: {_WITHOUT.get(name, 'features on it are left out')}"


def _report_empty_tables(reports: Mapping[str, _Counts]) -> Iterator[str]:
    """A file that has its first line and nothing below it may be an extract that failed."""
    for name, report in reports.items():
        if SCHEMAS[name].takes_out and not report.landed:
            yield f"{name} has no row: {_WITHOUT[name]}"


def _report_absent_columns(
    absent: Mapping[str, tuple[str, ...]], empty: Mapping[str, tuple[str, ...]], lags: Mapping[str, int]
) -> Iterator[str]:
    for name, columns in absent.items():
        schema = SCHEMAS[name]
        dates = [schema.known, schema.settles.known if schema.settles else None]
        others = [column for column in columns if column not in (*dates, *empty[name])]
        if void := [column for column in columns if column not in dates and column in empty[name]]:
            yield f"{name} has no value of {', '.join(void)} in any row: a filter on an empty column is left out"
        if others:
            yield f"{name} lacks {', '.join(others)}: a filter on an absent column is left out"
        if schema.known in columns:
            event = "the spell's discharge" if name == "diagnoses" else schema.event
            lag = lags.get(name, schema.lag_days)
            yield f"{name} lacks {schema.known}: a row counts as known {lag} day{'s' * (lag != 1)} after {event}"
        if schema.settles and schema.settles.known in columns:
            yield f"{name} lacks {schema.settles.known}: {schema.settles.date} counts as known on its day"


def _report_unsettled(unsettled: Mapping[str, int]) -> Iterator[str]:
    for name, count in unsettled.items():
        settles = SCHEMAS[name].settles
        if count and settles:
            others = ", ".join(column for column in settles.columns if column != settles.date)
            yield f"{name} without {settles.date} but with {others}: {count}; these are not used"


def _report_unplaced(unplaced: int, discharges: int) -> Iterator[str]:
    if unplaced:
        yield (
            f"admissions: {unplaced:,} of {discharges:,} discharges have no known destination; recipes whose index "
            "dates are discharges to a destination leave them out"
        )


def _report_emptied(reports: Mapping[str, _Counts]) -> Iterator[str]:
    for name, report in reports.items():
        for column, count in report.emptied.items():
            yield f"{name}.{column}: {count} value{'s' * (count != 1)} that the column does not allow, read as empty"


def _report_recoded(reports: Mapping[str, _Counts]) -> Iterator[str]:
    for name, report in reports.items():
        for column, count in report.recoded.items():
            if column == "patient_id":
                yield f"{name}: {count:,} row{'s' * (count != 1)} whose patient_id is written otherwise than in people"
                continue
            codes = ", ".join(f"{given} as {meant}" for given, meant in RECODED[name, column].items())
            yield f"{name}.{column}: {count} value{'s' * (count != 1)} renumbered by HES cleaning, read back ({codes})"


def _report_deaths_by_dress(reports: Mapping[str, _Counts]) -> Iterator[str]:
    if count := reports["people"].rules.get(DEAD_BY_ANOTHER_ROW, 0) if "people" in reports else 0:
        yield (
            f"people: {count:,} row{'s' * (count != 1)} taken out by a death in a row of the same date of birth and "
            "sex whose patient_id is written otherwise"
        )


def _report_converted(reports: Mapping[str, _Counts]) -> Iterator[str]:
    ways = {"bound": "given as more or less than a number, read as that number", "unit": "in another unit, converted"}
    for name, report in reports.items():
        for way, count in report.converted.items():
            yield f"{name}.value: {count} value{'s' * (count != 1)} {ways[way]}"


def _report_unread_opt_outs(reports: Mapping[str, _Counts]) -> Iterator[str]:
    kinds = reports["opt_outs"].emptied.get("kind", 0) if "opt_outs" in reports else 0
    if kinds:
        allowed = ", ".join(SCHEMAS["opt_outs"].names["kind"].allowed)
        yield (
            f"opt_outs: {kinds} of a kind that is none of {allowed}; these people are out, whatever kinds the site has "
            "an approval to ignore"
        )


def _report_left_out(reports: Mapping[str, _Counts]) -> Iterator[str]:
    for name, report in reports.items():
        takes_out = SCHEMAS[name].takes_out
        lost = sum(
            count for rule, count in report.rules.items() if (rule not in HARMLESS if takes_out else rule in END_LOST)
        )
        if lost:
            yield f"{name} left out and so without effect: {lost}; mend them before lists are made"


def _report_unknown_people(reports: Mapping[str, _Counts]) -> Iterator[str]:
    for name, report in reports.items():
        unknown = report.rules.get(UNKNOWN_PERSON, 0)
        if SCHEMAS[name].takes_out and unknown:
            share = unknown / report.landed
            many = "; that is many: check that it has the pseudonyms of this extract" if share > _MANY_UNKNOWN else ""
            yield f"{name}: {unknown:,} of {report.landed:,} rows ({share:.0%}) name nobody in people{many}"


def _report_repeated(reports: Mapping[str, _Counts]) -> Iterator[str]:
    for name, report in reports.items():
        if count := report.rules.get(DUPLICATE, 0):
            rows = "1 row came again and was" if count == 1 else f"{count:,} rows came again and were"
            yield f"{name}: {rows} read once"


def _report_table_ahead(reports: Mapping[str, _Counts]) -> Iterator[str]:
    """A source of few rows shows no rate, and its latest day is data-as-at: it is said where one table alone has it."""
    days = sorted((date.fromisoformat(r.data_as_at), name) for name, r in reports.items() if r.data_as_at)
    if len(days) > 1 and (days[-1][0] - days[-2][0]).days > APART:
        yield (
            f"{days[-1][1]} reaches {days[-1][0]}, more than {APART} days after every other table: "
            "if that is a wrong date, give the date of the extract with --as-at"
        )
