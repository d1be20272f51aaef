"""Long-term conditions, frailty and flags of each person: short facts beside the reasons, from the printable record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.flags import Flag
from riskstrat.definitions.frailty import FrailtyScore
from riskstrat.definitions.phrases import lower_first
from riskstrat.definitions.roles import list_conditions
from riskstrat.documents import STATUS_UNKNOWN, long_date
from riskstrat.explanation import in_figures
from riskstrat.people.behind import find_first_days, read_day
from riskstrat.people.limits import find_day_of_statuses, select_telling_statuses
from riskstrat.people.newest_stay import LONGEST_STAY, NewestStay, word_recent_discharge
from riskstrat.people.records import Records
from riskstrat.publication import RecordedCondition

NOT_RECORDED = "not recorded"
OLD_SCORE = ", not as of today"


def recorded_conditions(records: Records) -> list[tuple[RecordedCondition, ...]]:
    """For each person every recorded long-term condition in the order of training/roles.toml; never a sensitive one.

    Those that have ended stand last, in the same order.
    """
    named = list_conditions(records.features, records.roles)
    order = {group: place for place, group in enumerate(records.roles.conditions_in_order)}
    ordered = sorted(named.items(), key=lambda item: (order.get(item[1], len(order)), item[1]))
    first = find_first_days(records, {name: records.features[name] for name in named})
    made = []
    for row, patient in enumerate(records.rows["patient_id"]):
        found = [
            RecordedCondition(lower_first(group), read_day(first[name][row]), records.ends.get((patient, name)))
            for name, group in ordered
            if not np.isnat(first[name][row])
        ]
        made.append(tuple(sorted(found, key=lambda one: one.ended is not None)))
    return made


def frailty(records: Records) -> list[str]:
    """For each person the scores that are valid at their age, each with its band; else that there is none to tell."""
    scores = records.opened.workspace.frailty
    found = {score.feature: (records.value(score.feature), records.when(score.feature)) for score in scores}
    index = records.rows["index_date"].to_numpy().astype("datetime64[D]")
    said = [
        frailty_in_words(
            scores, age, {name: (float(value[row]), when[row]) for name, (value, when) in found.items()}, index[row]
        )
        for row, age in enumerate(records.value(records.roles.age))
    ]
    reasons = [[records.untold(score.feature)[row] for score in scores] for row in range(len(records))]
    return [_admit_untold(words, why) for words, why in zip(said, reasons, strict=True)]


def _admit_untold(words: str, reasons: Sequence[str | None]) -> str:
    """The words, unless they say that nothing is recorded and one of the scores could not be told."""
    why = next((reason for reason in reasons if reason), None)
    return f"cannot be told: {why}" if words == NOT_RECORDED and why else words


def frailty_in_words(
    scores: Sequence[FrailtyScore],
    age: float,
    found: Mapping[str, tuple[float, np.datetime64]],
    index_date: np.datetime64,
) -> str:
    """The scores that are valid at an age, such as "from the GP record, moderate on 4 March 2026 (eFI 0.28)".

    found: by feature the value and the day of the latest record behind it. One that is too old to be one of today is
    said to be.
    """
    youngest = min((score.from_age for score in scores), default=0)
    if not age >= youngest:
        return f"not scored under {youngest}"
    parts = []
    for score in scores:
        value, day = found[score.feature]
        if score.is_valid(age, value) and not (score.needs_a_date and np.isnat(day)):
            when = "" if np.isnat(day) else long_date(read_day(day))
            old = not score.is_current(day, index_date)
            parts.append(score.words(in_figures(value), score.band_of(value), when) + OLD_SCORE * old)
    return "; ".join(parts) or NOT_RECORDED


def flags(records: Records, list_date: date) -> list[tuple[str, ...]]:
    """For each person what stands out, and what is unknown because the records cannot tell it.

    Where nobody has a status of the list's own day, the list says so once, and no person's flags do.
    """
    status = same_day_status(records, list_date)
    unknown = UNKNOWN_TODAY if find_day_of_statuses(records.opened.store, list_date) == list_date else ()
    asked = any(flag.asks_newest_stay for flag in records.opened.workspace.flags)
    stays = records.find_newest_stays(list_date) if asked else [None] * len(records)
    told = [_word_stay_flags(records, stay, list_date) for stay in stays]
    said = [_word_feature_flag(records, flag) for flag in records.opened.workspace.flags]
    inpatient, persons = records.find_inpatients(list_date), records.rows["person"].tolist()
    return [
        (*status.get(patient, unknown), *_list_feature_flags(records, row, said, told[row], seen=person in inpatient))
        for row, (patient, person) in enumerate(zip(records.rows["patient_id"], persons, strict=True))
    ]


def _word_stay_flags(records: Records, stay: NewestStay | None, list_date: date) -> dict[str, str | None]:
    """By its words each flag that asks about a newest stay whose discharge was not received, with what it says then."""
    if stay is None or stay.discharged_on is not None:
        return {}
    return {
        flag.words: word_recent_discharge(stay, flag.comparison[1], flag.words, flag.unknown, list_date)
        for flag in records.opened.workspace.flags
        if flag.asks_newest_stay
    }


def _word_feature_flag(records: Records, flag: Flag) -> list[str | None]:
    """For each person what a flag says of its feature; None where it does not hold."""
    holds = np.ones(len(records), bool)
    for matrix in (records.told, records.whole):
        built = flag.feature in matrix.columns
        holds &= flag.holds(matrix.select([flag.feature])[:, 0]) if built else False
    old = _mark_long_ago(records, flag)
    return [
        f"{flag.unknown}: unknown" if reason is not None or (held and stale) else flag.words if held else None
        for reason, held, stale in zip(records.untold(flag.feature), holds, old, strict=True)
    ]


def _mark_long_ago(records: Records, flag: Flag) -> npt.NDArray[np.bool_]:
    """For whom a flag of what lasts until a status denies it rests on a beginning of long ago."""
    since = records.rows["index_date"].to_numpy().astype("datetime64[D]") - records.when(flag.feature)
    marked: npt.NDArray[np.bool_] = (since >= np.timedelta64(LONGEST_STAY, "D")) & flag.until_status_is_known
    return marked


def _list_feature_flags(
    records: Records, row: int, said: Sequence[Sequence[str | None]], told: Mapping[str, str | None], *, seen: bool
) -> Iterator[str]:
    """The flags of one person. said: for each flag what it says of everybody; told: what a newest stay says instead.

    seen: whether a status of the day says if they are in hospital.
    """
    for flag, words in zip(records.opened.workspace.flags, said, strict=True):
        if not (seen and flag.until_status_is_known):
            one = told[flag.words] if flag.words in told else words[row]
            yield from [one] if one else []


STATUS_WORDS = {"inpatient": "In hospital", "palliative_register": "On the palliative care register"}
UNKNOWN_TODAY = (STATUS_UNKNOWN,)


def same_day_status(records: Records, list_date: date) -> dict[str, tuple[str, ...]]:
    """Flags by patient_id of everybody of whom a status of the list's own day says anything; most people have none."""
    if "statuses" not in records.store.tables:
        return {}
    given = select_telling_statuses(records.store.read("statuses"))
    same_day = given[(given["as_at"] == pd.Timestamp(list_date)).to_numpy()]
    return {str(row["patient_id"]): _describe_status(row, list_date) for row in same_day.to_dict("records")}


def _describe_status(row: dict[Any, Any], list_date: date) -> tuple[str, ...]:
    told = [words for name, words in STATUS_WORDS.items() if row.get(name) is True]
    return tuple(f"{words} on {long_date(list_date)}" for words in told)
