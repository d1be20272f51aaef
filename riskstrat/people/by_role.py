"""Sensitive facts that clinicians alone are shown, of the groups for which the site has recorded a decision.

They are told apart from everything else: no sentence of the list or of the page that others read rests on them. What is
of a group without a decision as well is left out. Of a stay counts what would otherwise make its reason "another
reason": its main diagnosis or its specialty, or beside an injury or poisoning a code of self-harm or abuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.codelists import Codelist
from riskstrat.people.records import Records
from riskstrat.people.told_reasons import HARM, INJURY
from riskstrat.publication import SensitiveFact, SensitiveKind
from riskstrat.sources.sensitive import mark_coded, mark_rows, require_sensitive
from riskstrat.sources.streams import ADMISSION_METHODS, EMERGENCY, codes_in

Flags = npt.NDArray[np.bool_]
PLAIN: tuple[tuple[str, str, SensitiveKind], ...] = (
    ("attendances", "attended_on", "A&E visit"),
    ("prescriptions", "issued_on", "medicine"),
    ("contacts", "contacted_on", "contact"),
    ("measurements", "measured_on", "measurement"),
)
"""Streams whose rows are told by the values of their columns: the day of each, and what a row is."""


class _FoundRows(NamedTuple):
    """Rows of one kind: patient_id and day, and which of them have one of the codes looked for."""

    kind: SensitiveKind
    days: pd.DataFrame
    told: Flags


def find_sensitive_facts(records: Records) -> dict[str, tuple[SensitiveFact, ...]]:
    """For each person what clinicians may be shown, by group in the order of the codelist; empty for who has nothing.

    From the whole record as known at the index date.
    """
    workspace = records.opened.workspace
    sensitive, decided = require_sensitive(workspace.codelists), workspace.settings.sensitive.shown_to_clinicians
    made: dict[str, list[SensitiveFact]] = {str(patient): [] for patient in records.rows["patient_id"]}
    hidden = tuple(_find_rows(records, sensitive.without(*decided))) if decided else ()
    for group in (group for group in sensitive.groups if group in decided):
        for found, kept_back in zip(_find_rows(records, sensitive.only(group)), hidden, strict=True):
            shown = found.days[found.told & ~kept_back.told]
            for patient, days in shown.groupby("patient_id", sort=True)["day"]:
                made[str(patient)].append(
                    SensitiveFact(group, found.kind, len(days), days.min().date(), days.max().date())
                )
    return {patient: tuple(facts) for patient, facts in made.items()}


def _find_rows(records: Records, codes: Codelist) -> Iterator[_FoundRows]:
    """The rows of each kind, and which of them have one of the codes: always the same kinds and rows in one order."""
    coded = records.known_whole("conditions")
    yield _FoundRows("condition", _take_days(coded, "recorded_on"), mark_coded(coded, codes))
    yield from _find_stays(records, codes)
    for stream, day, kind in PLAIN:
        rows = records.known_whole(stream)
        if stream == "contacts":
            rows = rows[rows["attended"].astype("boolean").fillna(True).to_numpy(bool)]
        yield _FoundRows(kind, _take_days(rows, day), mark_rows(stream, rows, codes))


def _find_stays(records: Records, codes: Codelist) -> Iterator[_FoundRows]:
    stays, diagnoses = records.known_whole("admissions"), records.known_whole("diagnoses")
    told = _mark_stays(stays, diagnoses, codes)
    urgent = stays["method"].isin(codes_in(records.opened.workspace.codelists, ADMISSION_METHODS, EMERGENCY)).to_numpy()
    days = _take_days(stays, "admitted_on")
    yield _FoundRows("emergency stay", days, told & urgent)
    yield _FoundRows("other stay", days, told & ~urgent)


def _mark_stays(stays: pd.DataFrame, diagnoses: pd.DataFrame, codes: Codelist) -> Flags:
    """Which stays have one of the codes as their main diagnosis or specialty, or of harm beside an injury."""
    main = diagnoses[(diagnoses["position"] == 1).to_numpy()]
    injured = set(main["spell"][main["code"].str[:1].isin(INJURY)])
    harm = codes.only(*(name for name in HARM if name in codes.groups))
    harmed = set(diagnoses["spell"][mark_coded(diagnoses, harm)]) & injured
    found = set(main["spell"][mark_coded(main, codes)]) | harmed
    marked: Flags = stays["spell"].isin(found).to_numpy() | mark_rows("admissions", stays, codes)
    return marked


def _take_days(rows: pd.DataFrame, day: str) -> pd.DataFrame:
    return rows[["patient_id", day]].rename(columns={day: "day"}).reset_index(drop=True)
