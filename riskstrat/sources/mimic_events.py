"""Reading the events of a MEDS extract (Medical Event Data Standard: one row per event of a subject).

`events.parquet`, or every `data/**/*.parquet` of a sharded extract. Only the events that fill a canonical table are
read, so the millions of charted values of a full MIMIC-IV stay on disk.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from riskstrat.errors import SourceError
from riskstrat.storage import list_files

REQUIRED_COLUMNS = ("subject_id", "time", "code")
VALUE_COLUMNS = ("numeric_value", "value")
IDENTIFIER_COLUMNS = ("hadm_id", "seq_num")
"""The hospital admission and the coder's sequence, where an extract kept them."""

BIRTH, DEATH, SEX = "MEDS_BIRTH", "MEDS_DEATH", "GENDER//"
ADMISSION, DISCHARGE, DIAGNOSIS = "HOSPITAL_ADMISSION//", "HOSPITAL_DISCHARGE//", "DIAGNOSIS//ICD//"
ARRIVAL = ("ED_REGISTRATION", "TRANSFER_TO//ED//")
WEIGHT_KG, HEIGHT_CM = "LAB//226512//kg", "LAB//226730//cm"
"""MIMIC-IV charted items (icu/d_items): admission weight in kilograms, height in centimetres."""

WANTED = (BIRTH, DEATH, SEX, ADMISSION, DISCHARGE, DIAGNOSIS, *ARRIVAL, WEIGHT_KG, HEIGHT_CM)


def read_events(folder: Path) -> pd.DataFrame:
    """One row per wanted event, in the extract's order: subject, time, code; value, hadm_id, seq_num if it has them.

    Raises SourceError for a missing folder, file or column, an unreadable file, or no birth or admission in it.
    """
    dataset = _open_dataset(folder)
    columns = _select_columns(dataset.schema, folder)
    wanted = reduce(or_, [pc.starts_with(columns["code"], prefix) for prefix in WANTED])
    try:
        events = dataset.to_table(columns=columns, filter=wanted).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"the MEDS events in {folder} cannot be read; export them again") from error
    _require_core_events(events, folder)
    return events


def _open_dataset(folder: Path) -> ds.Dataset:
    if not folder.is_dir():
        raise SourceError(f"{folder} is not a folder; give the folder that holds a MEDS extract's events.parquet")
    single = folder / "events.parquet"
    parts = [file for file in list_files(folder / "data") if file.suffix == ".parquet"]
    files = [single] if single.is_file() else parts
    if not files:
        raise SourceError(f"{folder} has no events.parquet and no data/**/*.parquet; give the folder of a MEDS extract")
    try:
        return ds.dataset([str(file) for file in files], format="parquet")
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"the MEDS events in {folder} are not parquet files; export them again") from error


def _select_columns(schema: pa.Schema, folder: Path) -> dict[str, pc.Expression]:
    absent = [name for name in REQUIRED_COLUMNS if name not in schema.names]
    if absent:
        allowed = ", ".join(REQUIRED_COLUMNS)
        raise SourceError(f"the MEDS events in {folder} lack {', '.join(absent)}; a MEDS table has at least {allowed}")
    given = schema.field("time").type
    if not (pa.types.is_timestamp(given) or pa.types.is_date(given)):
        raise SourceError(f"column time of the MEDS events in {folder} is {given}; write it as a timestamp")
    columns = {
        "subject": pc.field("subject_id").cast(pa.string()),
        "time": pc.field("time").cast(pa.timestamp("us")),
        "code": pc.field("code").cast(pa.string()),
    }
    value = next((name for name in VALUE_COLUMNS if name in schema.names), None)
    if value:
        columns["value"] = pc.field(value).cast(pa.float64())
    return columns | {name: pc.field(name).cast(pa.int64()) for name in IDENTIFIER_COLUMNS if name in schema.names}


def _require_core_events(events: pd.DataFrame, folder: Path) -> None:
    for kind in (BIRTH, ADMISSION):
        if of_kind(events, kind).empty:
            what = f"hold no {kind.strip('/')} event"
            raise SourceError(f"the MEDS events in {folder} {what}; give an extract of MIMIC-IV's hospital module")


def of_kind(events: pd.DataFrame, kind: str | tuple[str, ...]) -> pd.DataFrame:
    """The events whose code starts with the kind, or with one of them."""
    return events[events["code"].str.startswith(kind)]


def code_part(events: pd.DataFrame, number: int) -> pd.Series:
    """The numbered part of each event's code between double strokes, upper case; empty where there is none."""
    return events["code"].str.split("//").str[number].fillna("").str.strip().str.upper()
