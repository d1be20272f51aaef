"""Rows of a study whose person came before a lot of a list: who was left off stands for those whom it listed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.casefinding import IN_LOT, LEFT_OFF
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import TrainingError
from riskstrat.publication import find_folders, open_published
from riskstrat.site.opening import Site


@dataclass(frozen=True)
class LotRows:
    """Of each row of a cohort: whether the person's first lot, in the label window, listed them.

    times: how often the row counts, more than once for whom that lot left off.
    """

    listed: npt.NDArray[np.bool_]
    times: npt.NDArray[np.int64]


def find_lot_rows(opened: Site, recipe: Recipe, rows: pd.DataFrame) -> LotRows | None:
    """What lots decided of the people of `rows` (patient_id, index_date); None where the recipe does not ask for it.

    A person's first lot alone was drawn for somebody whom no list had changed. It counts from the index date on, since
    a list of that day changes what follows. Raises TrainingError where no lot left anybody off.
    """
    if recipe.label.intervened != "hold_out":
        return None
    first = _read_first_lots(opened).reindex(rows["patient_id"])
    ahead = (first["day"].to_numpy("datetime64[D]") - rows["index_date"].to_numpy("datetime64[D]")).astype("float64")
    ahead[first["day"].isna().to_numpy()] = np.nan
    inside = (ahead >= 0) & (ahead <= recipe.label.last_day)
    off = inside & first["left_off"].eq(True).to_numpy(bool)
    if not off.any():
        raise TrainingError(
            'label.intervened = "hold_out" learns from people whom a lot left off a list, and no row here is of one; '
            'write "treat", or train again once the time after such lists is over'
        )
    return LotRows(inside & ~off, np.where(off, first["times"].fillna(1).to_numpy(np.int64), 1))


def describe_lot_rows(lot: LotRows | None, train: npt.NDArray[np.int64]) -> str:
    """What became of training rows by lots; blank without lots."""
    if lot is None:
        return ""
    listed, times = int(lot.listed[train].sum()), lot.times[train][lot.times[train] > 1]
    often = " to ".join(str(each) for each in dict.fromkeys((times.min(), times.max()))) if len(times) else ""
    return (
        f"their outcomes are kept; {listed:,} rows of people whom a lot listed are left out, and {len(times):,} of "
        f"people whom it left off stand for them, whatever came later{f', counted {often} times each' if often else ''}"
    )


def _read_first_lots(opened: Site) -> pd.DataFrame:
    """One row per person of whom a lot of a list that stands decided, by patient_id, of the first: day, left_off,
    times."""
    folder = opened.workspace.root / opened.workspace.settings.lists.folder
    frames = []
    for day, path in find_folders(folder).items():
        published = open_published(path)
        if "hold_out" in published.manifest:
            rows = published.read_everyone(["patient_id", "reason"])
            rows = rows[rows["reason"].isin([LEFT_OFF, IN_LOT])]
            times = round(1 / float(published.manifest["hold_out"]["share"]))
            frames.append(rows.assign(day=pd.Timestamp(day), left_off=rows["reason"] == LEFT_OFF, times=times))
    kinds: dict[str, type | str] = {"patient_id": object, "day": "datetime64[s]", "left_off": bool, "times": np.int64}
    every = pd.concat(frames) if frames else pd.DataFrame(columns=list(kinds))
    return every[list(kinds)].astype(kinds).drop_duplicates("patient_id", keep="first").set_index("patient_id")
