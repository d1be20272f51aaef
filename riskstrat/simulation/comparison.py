"""A simulated borough's own figures, computed from its landed tables alone, beside the published ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from riskstrat.simulation import published
from riskstrat.simulation.calendar import EPOCH
from riskstrat.simulation.published import PublishedFigure

EMERGENCY = ("21", "22", "23", "24", "25", "28", "2A", "2D")
TRANSFERRED = ("49", "51", "52", "53", "87")
MATERNITY = ("501", "560")
YEAR = 365
SETTLING = 91
"""Days after which admissions, deaths and codes of a period are taken as landed."""
CODED = (
    ("hypertension", ("I10",), 0),
    ("coronary heart disease", ("I20", "I21", "I22", "I23", "I24", "I25"), 0),
    ("COPD", ("J41", "J42", "J43", "J44"), 0),
    ("asthma", ("J45", "J46"), 0),
    ("diabetes, 17+", ("E10", "E11", "E12", "E13", "E14"), 17),
    ("depression, 18+", ("F32", "F33"), 18),
    ("obesity, 18+", ("E66",), 18),
    ("chronic kidney disease, 18+", ("N18",), 18),
    ("atrial fibrillation", ("I48",), 0),
    ("heart failure", ("I50",), 0),
    ("stroke or TIA", ("I6", "G45"), 0),
    ("cancer", ("C",), 0),
    ("severe mental illness", ("F20", "F25", "F31"), 0),
    ("epilepsy, 18+", ("G40",), 18),
    ("dementia, 65+", ("F00", "F01", "F02", "F03", "G30"), 65),
)


def comparison(folder: Path, figures: Iterable[PublishedFigure] | None = None) -> pd.DataFrame:
    """One row per published figure: name, published, simulated, ratio, low, high, holds, source, why."""
    chosen = tuple(figures) if figures is not None else every_figure()
    found = Simulated(folder).figures()
    rows = [
        {
            "figure": one.name,
            "published": one.published,
            "simulated": found[one.name],
            "ratio": found[one.name] / one.published,
            "low": one.low,
            "high": one.high,
            "holds": one.holds(found[one.name]),
            "source": one.source,
            "why": one.why,
        }
        for one in chosen
    ]
    return pd.DataFrame(rows)


def every_figure() -> tuple[PublishedFigure, ...]:
    """All published figures that any borough can be held against; the gradients need one with all fifths."""
    groups = (
        published.EVENT_RATES,
        published.EVENTS_EACH,
        published.DEATHS,
        published.ATTENDERS,
        published.ATTENDANCES,
        published.STAYS,
        published.FALLS,
        published.PREVALENCES,
        published.CARE_HOMES,
    )
    return tuple(figure for group in groups for figure in group)


class Simulated:
    """Figures of one simulated folder over its yearly index dates with three years before and a settled year after."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._until = (date.fromisoformat(json.loads((folder / "simulation.json").read_text())["until"]) - EPOCH).days
        self._years = json.loads((folder / "simulation.json").read_text())["years"]
        self._people = self._read_table("people", "date_of_birth", "date_of_death", "imd_decile", "care_home_from")
        self._number = pd.Series(np.arange(len(self._people)), index=self._people["patient_id"])

    def _read_table(self, name: str, *columns: str) -> pd.DataFrame:
        table = pq.read_table(self._folder / f"{name}.parquet", columns=["patient_id", *columns]).to_pandas()
        for column in columns:
            if column.endswith(("_on", "_from", "_to")) or column.startswith("date_of"):
                days = pd.to_datetime(table[column]).to_numpy().astype("datetime64[D]")
                table[column] = np.where(np.isnat(days), 10**6, days.astype(np.int64))
        return table

    def _number_patients(self, table: pd.DataFrame) -> np.ndarray:
        return self._number[table["patient_id"]].to_numpy()

    @cached_property
    def index_days(self) -> list[int]:
        """Index dates as days since 1970-01-01."""
        last = self._until - SETTLING - YEAR
        return [last - YEAR * back for back in range(self._years - 4)]

    @cached_property
    def _emergency(self) -> pd.DataFrame:
        columns = (
            "spell_id",
            "admitted_on",
            "discharged_on",
            "method",
            "source",
            "patient_class",
            "specialty",
            "discharge_method",
            "destination",
        )
        table = self._read_table("admissions", *columns)
        kept = table["method"].isin(EMERGENCY) & (table["patient_class"] == "1")
        kept &= ~table["source"].isin(TRANSFERRED) & ~table["specialty"].isin(MATERNITY)
        table = table[kept].copy()
        table["who"] = self._number_patients(table)
        return table

    @cached_property
    def person_years(self) -> pd.DataFrame:
        """One row per eligible person and index date: age, decile, what happened, scored, care_home."""
        return pd.concat([self._build_person_year(day) for day in self.index_days], ignore_index=True)

    def _build_person_year(self, day: int) -> pd.DataFrame:
        people, spells = self._people, self._emergency
        born, died = people["date_of_birth"].to_numpy(), people["date_of_death"].to_numpy()
        eligible = self._find_registered(day) & (born <= day) & (died > day)
        inside = spells["admitted_on"].between(day + 1, day + YEAR)
        admissions = np.bincount(spells["who"][inside], minlength=len(people))
        frame = pd.DataFrame(
            {
                "who": np.arange(len(people)),
                "day": day,
                "age": (day - born) / 365.25,
                "decile": people["imd_decile"],
                "admissions": admissions,
                "died": died <= day + YEAR,
                "admitted": admissions > 0,
                "scored": self._find_scored(day),
                "care_home": people["care_home_from"].to_numpy() <= day,
            }
        )
        return frame[eligible]

    def _find_registered(self, day: int) -> np.ndarray:
        spells = self._registrations
        inside = (spells["registered_from"] <= day) & (spells["registered_to"] > day)
        return np.bincount(self._number_patients(spells[inside]), minlength=len(self._people)) > 0

    @cached_property
    def _registrations(self) -> pd.DataFrame:
        return self._read_table("registrations", "registered_from", "registered_to")

    def _find_scored(self, day: int) -> np.ndarray:
        """Who has an admission, attendance, outpatient contact or prescription in the last three years."""
        seen = np.zeros(len(self._people), dtype=bool)
        for who, when in self._recorded_care:
            seen[who[(when > day - 3 * YEAR) & (when <= day)]] = True
        return seen

    @cached_property
    def _recorded_care(self) -> list[tuple[np.ndarray, np.ndarray]]:
        kept = []
        for name, column in (
            ("admissions", "admitted_on"),
            ("attendances", "attended_on"),
            ("prescriptions", "issued_on"),
        ):
            table = self._read_table(name, column)
            kept.append((self._number_patients(table), table[column].to_numpy()))
        contacts = self._read_table("contacts", "contacted_on", "service")
        contacts = contacts[contacts["service"] == "outpatient"]
        kept.append((self._number_patients(contacts), contacts["contacted_on"].to_numpy()))
        return kept

    def figures(self) -> dict[str, float]:
        """Every figure by the name it has in the published room."""
        found: dict[str, float] = {}
        for part in (
            self._measure_risks,
            self._measure_deaths,
            self._measure_gradients,
            self._measure_urgent_care,
            self._measure_stays,
            self._measure_falls,
            self._measure_prevalences,
        ):
            found |= part()
        return found

    def _measure_risks(self) -> dict[str, float]:
        scored = self.person_years[self.person_years["scored"]]
        event = (
            (scored["admitted"] | scored["died"]).groupby(_assign_age_bands(scored["age"], published.AGE_BANDS)).mean()
        )
        count = scored["admissions"].clip(lower=scored["died"].astype(int), upper=6)
        shares = count[count > 0].value_counts(normalize=True).reindex(range(1, 7), fill_value=0.0)
        return _name_figures(published.EVENT_RATES, event) | _name_figures(published.EVENTS_EACH, shares)

    def _measure_deaths(self) -> dict[str, float]:
        years = self.person_years
        rate = years["died"].groupby(_assign_age_bands(years["age"], published.DEATH_BANDS)).mean() * 1000
        old = years[years["age"] >= 65]
        return _name_figures(published.DEATHS, rate) | _name_figures(published.CARE_HOMES, [old["care_home"].mean()])

    def _measure_gradients(self) -> dict[str, float]:
        years = self.person_years
        fifth = (years["decile"] + 1) // 2
        rate = (
            years["admitted"]
            .groupby([_assign_age_bands(years["age"], published.GRADIENT_BANDS), fifth])
            .mean()
            .unstack()
            .reindex(columns=[1, 5])
        )
        return _name_figures(published.GRADIENTS, rate[1] / rate[5])

    def _measure_urgent_care(self) -> dict[str, float]:
        table = self._read_table("attendances", "attended_on", "category")
        table = table[table["category"] != "4"].copy()
        table["who"] = self._number_patients(table)
        table["age"] = (table["attended_on"] - self._people["date_of_birth"].to_numpy()[table["who"]]) / 365.25
        first, last = self.index_days[-1], self.index_days[0] + YEAR
        table = table[table["attended_on"].between(first + 1, last)]
        each = table.groupby(["who", (table["attended_on"] - first - 1) // YEAR]).size()
        share = [(each == 1).mean(), (each == 2).mean(), (each >= 3).mean(), (each >= 6).mean()]
        years = self.person_years.groupby(
            _assign_age_bands(self.person_years["age"], published.ATTENDANCE_BANDS)
        ).size()
        rate = table.groupby(_assign_age_bands(table["age"], published.ATTENDANCE_BANDS)).size() / years * 1000
        return _name_figures(published.ATTENDERS, share) | _name_figures(published.ATTENDANCES, rate)

    def _measure_stays(self) -> dict[str, float]:
        spells = self._emergency[self._emergency["admitted_on"] <= self._until - SETTLING].sort_values(
            ["who", "admitted_on"]
        )
        spells = spells[spells["discharged_on"] < 10**6]
        nights = spells["discharged_on"] - spells["admitted_on"]
        following = spells.groupby("who")["admitted_on"].shift(-1) - spells["discharged_on"]
        alive = (spells["discharge_method"] != "4") & (spells["destination"] != "51")
        alive &= spells["discharged_on"] <= self._until - SETTLING - 30
        return _name_figures(published.STAYS, [(nights == 0).mean(), nights.mean(), (following[alive] <= 29).mean()])

    def _measure_falls(self) -> dict[str, float]:
        table = self._read_table("diagnoses", "spell_id", "position", "code")
        primary = table[table["position"] == 1].set_index("spell_id")["code"]
        cause = table[(table["position"] > 1) & table["code"].str.match("W[01]")]["spell_id"]
        first, last = self.index_days[-1], self.index_days[0] + YEAR
        spells = self._emergency[self._emergency["admitted_on"].between(first + 1, last)].copy()
        born = self._people["date_of_birth"].to_numpy()[spells["who"]]
        spells = spells[(spells["admitted_on"] - born) / 365.25 >= 65]
        code = spells["spell_id"].map(primary).fillna("")
        falls = code.str.match("[ST]") & spells["spell_id"].isin(cause)
        hips = code.str.match("S72[012]")
        old_years = (self.person_years["age"] >= 65).sum()
        return _name_figures(published.FALLS, [falls.sum() / old_years * 100_000, hips.sum() / old_years * 1000])

    def _measure_prevalences(self) -> dict[str, float]:
        table = self._read_table("conditions", "code", "recorded_on")
        years = self.person_years[self.person_years["day"] == self.index_days[0]]
        table = table[table["recorded_on"] <= self.index_days[0]]
        shares = []
        for _, prefixes, least in CODED:
            group = years[years["age"] >= least]
            shares.append(
                group["who"].isin(self._number_patients(table[table["code"].str.startswith(prefixes)])).mean()
            )
        return _name_figures(published.PREVALENCES, shares)


def _assign_age_bands(age: pd.Series, starts: Sequence[int]) -> np.ndarray:
    return np.searchsorted(starts, age, side="right") - 1


def _name_figures(figures: Sequence[PublishedFigure], values: Iterable[float]) -> dict[str, float]:
    return {figure.name: float(value) for figure, value in zip(figures, values, strict=True)}
