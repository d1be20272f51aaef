"""MIMIC-IV in MEDS form (Medical Event Data Standard) as canonical tables.

What is assumed, because the events do not say it:

- An admission is known on its day, and its discharge, destination and diagnoses on the day of discharge. When coding
  was finished is not recorded, so knowledge here is earlier than a hospital's would be.
- Dates are shifted by a different amount for each person: nothing may be compared between people by date.
- A date of birth is a year only (1 January), and somebody over 89 is given a year that makes them 91 at their anchor.
- A death is known on the day of death.
- Codes are the American clinical modifications of ICD-9 and ICD-10, landed as icd9 and icd10cm.
- Without a `hadm_id` column a discharge ends the subject's earliest open admission, and diagnoses belong to the spell
  that ends at their minute.
- Without a `seq_num` column the order of diagnoses is lost. Positions then start at 2, in order of appearance, so that
  none is taken for the primary diagnosis.
- BMI is weight over height squared, both charted at the same minute of an intensive care stay.
- Left out rather than guessed: eGFR (creatinine of an acutely ill inpatient is not steady), prescriptions (American
  medicines carry no BNF code), ethnicity (race there is not a 2001 census category).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.sources.mimic_codes import METHOD_OF_TYPE, admission_method, admission_source, discharge_codes
from riskstrat.sources.mimic_events import (
    ADMISSION,
    ARRIVAL,
    BIRTH,
    DEATH,
    DIAGNOSIS,
    DISCHARGE,
    HEIGHT_CM,
    SEX,
    WEIGHT_KG,
    code_part,
    of_kind,
    read_events,
)

COMPARABLE_DATES = False
"""Dates are shifted per person: split by person, and take each person's own index dates."""

UNORDERED_FIRST_POSITION = 2
REQUIRED_TABLES = ("people", "admissions")

_SPELL_COLUMNS = ["subject", "spell_id", "admitted", "kind", "location", "discharged", "place"]
_ARROW = {"text": pa.string(), "date": pa.date32(), "integer": pa.int32(), "number": pa.float64()}


@dataclass(frozen=True)
class MimicExtract:
    """The canonical tables of one extract by name, and one sentence for each thing a reader should know of them."""

    tables: dict[str, pa.Table]
    notes: tuple[str, ...]


def mimic_tables(folder: Path) -> dict[str, pa.Table]:
    """Canonical tables by name, each with the grain of its schema; what the events cannot fill is left out.

    Raises SourceError for a missing folder, file, column or kind of event.
    """
    return read_mimic(folder).tables


def mimic_notes(folder: Path) -> tuple[str, ...]:
    """One sentence with its count for each thing that could not be carried over or looks odd. Raises SourceError."""
    return read_mimic(folder).notes


def read_mimic(folder: Path) -> MimicExtract:
    """The tables and the notes of one extract. Raises SourceError as mimic_tables does."""
    events = read_events(folder)
    spells = _build_spells(events)
    frames = {
        "people": _build_people(events),
        "admissions": _build_admissions(spells),
        "diagnoses": _build_diagnoses(events, spells),
        "attendances": _build_attendances(events),
        "measurements": _build_measurements(events),
    }
    tables = {
        name: _convert_frame(name, frame) for name, frame in frames.items() if name in REQUIRED_TABLES or len(frame)
    }
    return MimicExtract(tables, _format_notes(events, spells, frames))


def _truncate_to_day(times: pd.Series) -> pd.Series:
    return pd.to_datetime(times).dt.normalize()


def _build_people(events: pd.DataFrame) -> pd.DataFrame:
    """One row per subject. Somebody without a birth or a sex stays, with null and U, for validation to judge."""
    people = pd.DataFrame(index=pd.Index(sorted(events["subject"].unique()), name="patient_id"))
    sexes = of_kind(events, SEX).drop_duplicates("subject").set_index("subject")
    died_on = _truncate_to_day(of_kind(events, DEATH).groupby("subject")["time"].min())
    people["date_of_birth"] = _truncate_to_day(of_kind(events, BIRTH).groupby("subject")["time"].min())
    people["sex"] = code_part(sexes, 1).map({"F": "F", "M": "M"})
    people["sex"] = people["sex"].fillna("U")
    people["died_known_on"] = died_on
    people["date_of_death"] = died_on
    return people.reset_index()


def _build_spells(events: pd.DataFrame) -> pd.DataFrame:
    """One row per provider spell: subject, spell_id, times of admission and discharge, and MIMIC's words for them."""
    admitted, discharged = of_kind(events, ADMISSION), of_kind(events, DISCHARGE)
    admitted = admitted.assign(
        admitted=admitted["time"], kind=code_part(admitted, 1), location=code_part(admitted, 2)
    ).sort_values(["subject", "time", "code"])
    discharged = discharged.assign(discharged=discharged["time"], place=code_part(discharged, 1)).sort_values(
        ["subject", "time", "code"]
    )
    pair = _match_by_identifier if _has_identifiers(events) else _match_by_time
    return pair(admitted, discharged)[_SPELL_COLUMNS].sort_values(
        ["subject", "admitted", "spell_id"], ignore_index=True
    )


def _has_identifiers(events: pd.DataFrame) -> bool:
    return "hadm_id" in events and bool(of_kind(events, ADMISSION)["hadm_id"].notna().all())


def _match_by_identifier(admitted: pd.DataFrame, discharged: pd.DataFrame) -> pd.DataFrame:
    first = admitted.drop_duplicates("hadm_id")
    last = discharged.dropna(subset="hadm_id").drop_duplicates("hadm_id", keep="last")
    spells = first.merge(last[["hadm_id", "place", "discharged"]], on="hadm_id", how="left", validate="one_to_one")
    return spells.assign(spell_id=spells["hadm_id"].astype("int64").astype("str"))


def _match_by_time(admitted: pd.DataFrame, discharged: pd.DataFrame) -> pd.DataFrame:
    first = admitted.drop_duplicates(["subject", "time"]).reset_index(drop=True)
    ends = discharged.reset_index(drop=True)
    spells = first.assign(
        end=_match_earliest_discharge(first, ends),
        spell_id=first["subject"] + "-" + first["time"].dt.strftime("%Y%m%d%H%M%S"),
    )
    return spells.merge(ends[["place", "discharged"]], left_on="end", right_index=True, how="left")


def _match_earliest_discharge(spells: pd.DataFrame, ends: pd.DataFrame) -> np.ndarray:
    """For each admission the row of the subject's next discharge that is not yet taken; -1 where none is left."""
    rows_of = {subject: list(rows) for subject, rows in ends.groupby("subject").indices.items()}
    times = ends["time"].to_numpy()
    taken = np.full(len(spells), -1)
    for row, (subject, admitted) in enumerate(zip(spells["subject"], spells["time"].to_numpy(), strict=True)):
        waiting = rows_of.get(subject, [])
        while waiting and times[waiting[0]] < admitted:
            waiting.pop(0)
        if waiting:
            taken[row] = waiting.pop(0)
    return taken


def _build_admissions(spells: pd.DataFrame) -> pd.DataFrame:
    """One row per provider spell. All are ordinary admissions (class 1): MIMIC-IV lists no day cases among them."""
    ended = spells["discharged"].notna()
    left = [discharge_codes(place) for place in spells["place"].fillna("")]
    return pd.DataFrame(
        {
            "patient_id": spells["subject"],
            "spell_id": spells["spell_id"],
            "admitted_on": _truncate_to_day(spells["admitted"]),
            "method": [admission_method(*words) for words in zip(spells["kind"], spells["location"], strict=True)],
            "source": [admission_source(location) for location in spells["location"]],
            "patient_class": "1",
            "known_on": _truncate_to_day(spells["admitted"]),
            "discharged_on": _truncate_to_day(spells["discharged"]),
            "discharge_method": pd.Series([method for _, method in left], dtype="str").where(ended),
            "destination": pd.Series([destination for destination, _ in left], dtype="str").where(ended),
            "settled_known_on": _truncate_to_day(spells["discharged"]),
        }
    )


def _build_diagnoses(events: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """One row per spell and position. A diagnosis of no known spell has a null spell_id, for validation to judge."""
    rows = of_kind(events, DIAGNOSIS)
    rows = rows.assign(
        spell_id=_find_spell_by_identifier(rows, spells)
        if _has_identifiers(events)
        else _find_spell_by_end(rows, spells)
    )
    frame = pd.DataFrame(
        {
            "spell_id": rows["spell_id"],
            "patient_id": rows["subject"],
            "position": _derive_positions(rows),
            "system": ("icd" + code_part(rows, 2)).replace("icd10", "icd10cm"),
            "code": code_part(rows, 3).str.replace(".", "", regex=False),
            "known_on": _truncate_to_day(rows["time"]),
        }
    )
    return frame.sort_values(["patient_id", "known_on", "spell_id", "position"], kind="stable", ignore_index=True)


def _find_spell_by_identifier(rows: pd.DataFrame, spells: pd.DataFrame) -> pd.Series:
    found = rows["hadm_id"].astype("Int64").astype("str")
    return found.where(found.isin(spells["spell_id"]))


def _find_spell_by_end(rows: pd.DataFrame, spells: pd.DataFrame) -> pd.Series:
    ends = spells.dropna(subset="discharged").drop_duplicates(["subject", "discharged"])
    ends = ends[["subject", "discharged", "spell_id"]].rename(columns={"discharged": "time"})
    found = rows[["subject", "time"]].merge(ends, on=["subject", "time"], how="left", validate="many_to_one")
    return pd.Series(found["spell_id"].to_numpy(), index=rows.index, dtype="str")


def _derive_positions(rows: pd.DataFrame) -> pd.Series:
    """The coder's sequence where the extract kept it; otherwise order of appearance, with nothing in first place."""
    if _has_sequence(rows):
        return rows["seq_num"]
    return rows.groupby(["subject", "spell_id"], dropna=False).cumcount() + UNORDERED_FIRST_POSITION


def _has_sequence(rows: pd.DataFrame) -> bool:
    return "seq_num" in rows and bool(rows["seq_num"].notna().all())


def _build_attendances(events: pd.DataFrame) -> pd.DataFrame:
    """One row per arrival in the emergency department; a registration and a transfer at the same minute are one."""
    arrivals = of_kind(events, ARRIVAL).drop_duplicates(["subject", "time"]).sort_values(["subject", "time"])
    days = _truncate_to_day(arrivals["time"])
    return pd.DataFrame({"patient_id": arrivals["subject"], "attended_on": days, "known_on": days})


def _build_measurements(events: pd.DataFrame) -> pd.DataFrame:
    """One row per BMI (kg/m2) from a weight and a height charted at the same minute; no rows without values."""
    if "value" not in events:
        return pd.DataFrame()
    valued = events[events["value"] > 0].drop_duplicates(["subject", "time", "code"])
    weights, heights = valued[valued["code"] == WEIGHT_KG], valued[valued["code"] == HEIGHT_CM]
    both = weights.merge(heights, on=["subject", "time"], suffixes=("_kg", "_cm")).sort_values(["subject", "time"])
    days = _truncate_to_day(both["time"])
    return pd.DataFrame(
        {
            "patient_id": both["subject"],
            "measured_on": days,
            "measure": "bmi",
            "value": (both["value_kg"] / (both["value_cm"] / 100) ** 2).round(1),
            "unit": "kg/m2",
            "known_on": days,
        }
    )


def _convert_frame(name: str, frame: pd.DataFrame) -> pa.Table:
    """The columns of the table's schema that the frame fills, in their order and types."""
    columns = [column for column in SCHEMAS[name].columns if column.name in frame]
    schema = pa.schema([(column.name, _ARROW[column.type]) for column in columns])
    dates = {column.name: frame[column.name].dt.date for column in columns if column.type == "date"}
    return pa.Table.from_pandas(frame.assign(**dates), schema=schema, preserve_index=False).replace_schema_metadata()


def _format_notes(events: pd.DataFrame, spells: pd.DataFrame, frames: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    always = "dates are shifted per person and births are years only"
    unordered = "the extract lost the order of diagnoses: none is taken for the primary diagnosis"
    order = () if _has_sequence(of_kind(events, DIAGNOSIS)) else (unordered,)
    counted = {what: int(rows.sum()) for what, rows in _find_oddities(spells, frames).items()}
    return (always, *order, *(f"{count} {what}" for what, count in counted.items() if count))


def _find_oddities(spells: pd.DataFrame, frames: dict[str, pd.DataFrame]) -> dict[str, pd.Series]:
    """The rows that a reader of the tables should know of, by what is odd about them."""
    people, admissions = frames["people"], frames["admissions"]
    died_on = admissions["patient_id"].map(people.set_index("patient_id")["date_of_death"])
    previous = spells.groupby("subject")["discharged"].shift()
    return {
        "admissions of a type the adapter does not know (method 99)": ~spells["kind"].isin(list(METHOD_OF_TYPE)),
        "admissions without a discharge": spells["discharged"].isna(),
        "discharges to a place that is not known (99), as every observation stay": admissions["destination"] == "99",
        "admissions with a discharge before the admission": spells["discharged"] < spells["admitted"],
        "admissions that begin before the person's previous discharge": spells["admitted"] < previous,
        "admissions that begin on the day of the previous discharge": _truncate_to_day(spells["admitted"])
        == _truncate_to_day(previous),
        "admissions that begin after the day of death": admissions["admitted_on"] > died_on,
        "admissions that end after the day of death": admissions["discharged_on"] > died_on,
        "diagnoses of no known spell": frames["diagnoses"]["spell_id"].isna(),
        "people without a date of birth": people["date_of_birth"].isna(),
    }
