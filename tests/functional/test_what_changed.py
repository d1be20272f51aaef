"""What changed between two lists of the demo: parts of each person's change, and who entered, moved and left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.progress import silent
from riskstrat.registry import champion
from riskstrat.scoring import RiskModel
from riskstrat.site.opening import Site, build_matrix, cohort_at, engine_of, open_workspace
from riskstrat.site.scored import Scored
from riskstrat.sources.store import open_store
from riskstrat.weekly.changes import KINDS, MODEL, Before, causes, data_moved, moves
from tests.suite.stores import change_version, find_version

SOME = 60
READMISSION = "emergency_readmission_30d"


@dataclass(frozen=True)
class Weeks:
    """The demo at two list dates, four weeks apart, scored by one model."""

    opened: Site
    day: date
    then: Scored
    now: Scored

    @property
    def before(self) -> Before:
        return Before(self.day, self.then.model, self.then.rows.set_index("patient_id")["margin"])

    @property
    def patients(self) -> list[str]:
        """Those with the highest margins now, all of whom were eligible at the earlier list."""
        known = self.now.rows[self.now.rows["patient_id"].isin(self.before.margins.index)]
        return known.nlargest(SOME, "margin")["patient_id"].tolist()

    def causes(self, before: Before, now: Scored | None = None, recipe: str | None = None) -> pd.DataFrame:
        return causes(self.opened, self.opened.recipe(recipe), before, now or self.now, self.patients)


def at(opened: Site, day: date, recipe: str | None = None) -> Scored:
    model, version = champion(opened.workspace.root / "registry", opened.recipe().name)
    cohort = cohort_at(opened, opened.recipe(recipe), day)
    return Scored(cohort, build_matrix(opened, cohort, silent), model, version)


def by(model: RiskModel, scored: Scored) -> Scored:
    return Scored(scored.cohort, scored.matrix, model, scored.version)


@pytest.fixture(scope="module")
def weeks(demo_workspace: Path, copy: Callable, monday: str, tmp_path_factory: pytest.TempPathFactory) -> Weeks:
    """Of a copy: an excerpt is written beside the store while it is worked on, which another worker might copy."""
    opened = open_workspace(copy(demo_workspace, tmp_path_factory.mktemp("weeks") / "workspace"))
    now = date.fromisoformat(monday)
    before = now - timedelta(weeks=4)
    return Weeks(opened, before, at(opened, before), at(opened, now))


@pytest.fixture(scope="module")
def found(weeks: Weeks) -> pd.DataFrame:
    return weeks.causes(weeks.before)


@pytest.fixture(scope="module")
def by_another(weeks: Weeks) -> pd.DataFrame:
    """Who has the highest margins, the first of them a newcomer, where the earlier list was of a shorter model."""
    model = weeks.now.model
    shorter = replace(model, booster_text=model.booster.model_to_string(num_iteration=5))
    margins = by(shorter, weeks.then).rows.set_index("patient_id")["margin"].drop(weeks.patients[0])
    return weeks.causes(Before(weeks.day, shorter, margins))


def parts(found: pd.DataFrame) -> pd.DataFrame:
    return found[[f"part_{kind}" for kind in KINDS]].astype(float)


def adds_up(found: pd.DataFrame) -> None:
    change = (found["margin_now"] - found["margin_before"]).to_numpy()
    assert np.abs(parts(found).sum(axis=1).to_numpy() - change).max() <= 1e-6
    for kind in KINDS:
        sums = found[f"themes_{kind}"].map(lambda themes: sum(part for _, part in themes)).to_numpy()
        assert np.abs(sums - found[f"part_{kind}"].to_numpy(float)).max() <= 1e-6


class TestCauses:
    def test_there_is_one_row_per_patient_in_the_order_asked_for_and_its_parts_add_up(
        self, weeks: Weeks, found: pd.DataFrame
    ) -> None:
        assert found["patient_id"].tolist() == weeks.patients
        assert (
            found["margin_now"].tolist()
            == weeks.now.rows.set_index("patient_id").loc[weeks.patients, "margin"].tolist()
        )
        adds_up(found)
        assert (parts(found)["part_new_events"] != 0).any()
        assert (parts(found)["part_ageing"] != 0).any()
        assert set(found["part_model_change"]) == {0.0}
        assert found["why_none"].isna().all()

    def test_themes_come_largest_first_and_other_last_in_every_part(self, found: pd.DataFrame) -> None:
        for kind in KINDS:
            for themes in found[f"themes_{kind}"]:
                names, sizes = [name for name, _ in themes], [abs(part) for _, part in themes[:-1]]
                assert names[-1] == "other"
                assert names.count("other") == 1
                assert sizes == sorted(sizes, reverse=True)

    def test_another_model_is_a_part_of_its_own(
        self, weeks: Weeks, found: pd.DataFrame, by_another: pd.DataFrame
    ) -> None:
        other, found = by_another.iloc[1:], found.iloc[1:]
        assert other["patient_id"].tolist() == found["patient_id"].tolist() == weeks.patients[1:]
        adds_up(other)
        assert (parts(other)["part_model_change"] != 0).all()
        same = ["part_new_events", "part_ageing", "part_late_data"]
        pd.testing.assert_frame_equal(parts(other)[same], parts(found)[same])
        base = {dict(themes).get(MODEL, 0.0) for themes in other["themes_model_change"]}
        assert len(base) == 1
        assert not any(MODEL in dict(themes) for kind in ("new_events", "ageing") for themes in other[f"themes_{kind}"])

    def test_people_without_a_margin_then_have_no_parts_and_a_reason(
        self, weeks: Weeks, by_another: pd.DataFrame
    ) -> None:
        found, first = by_another, by_another.iloc[0]
        assert first["patient_id"] == weeks.patients[0]
        assert first["why_none"] == "not eligible at the last list"
        assert first[[f"part_{kind}" for kind in KINDS]].tolist() == [None] * 4
        assert found["why_none"].isna().sum() == SOME - 1
        nobody = weeks.causes(replace(weeks.before, margins=weeks.before.margins.iloc[:0]))
        assert set(nobody["why_none"]) == {"not eligible at the last list"}

    def test_a_model_on_other_definitions_is_said_and_nothing_is_split(self, weeks: Weeks) -> None:
        model = weeks.then.model
        older = replace(model, fingerprints=dict.fromkeys(model.fingerprints, "0" * 64))
        found = weeks.causes(replace(weeks.before, model=older))
        assert set(found["why_none"]) == {"features were defined otherwise at the last list"}
        assert found["part_ageing"].tolist() == [None] * SOME

    def test_a_corrected_record_is_late_or_corrected_data(
        self, weeks: Weeks, found: pd.DataFrame, workspace: Path
    ) -> None:
        corrected = pd.Timestamp(weeks.day) - pd.Timedelta(days=200)
        mended, patient = without_old_admissions(workspace, weeks, corrected.date())
        now = by(weeks.now.model, at(mended, date.fromisoformat(str(weeks.now.rows["index_date"].iloc[0].date()))))
        after = causes(mended, mended.recipe(), weeks.before, now, weeks.patients)
        adds_up(after)
        place = weeks.patients.index(patient)
        told = dict(after["themes_late_data"][place])
        at_first = at(mended, weeks.day).rows.set_index("patient_id")["margin"]
        assert told["corrected records"] == at_first[patient] - weeks.before.margins[patient] != 0
        others = [number for number in range(SOME) if number != place]
        pd.testing.assert_frame_equal(after.iloc[others], found.iloc[others])
        assert data_moved({"inputs": {"data": weeks.opened.store.fingerprint}}, mended)
        assert not data_moved({"inputs": {"data": weeks.opened.store.fingerprint}}, weeks.opened)

    def test_of_discharges_each_person_is_compared_at_their_own(self, weeks: Weeks) -> None:
        then, now = (at(weeks.opened, day, READMISSION) for day in (weeks.day, weeks.day + timedelta(days=1)))
        both = now.rows.merge(then.rows, on="patient_id", suffixes=("", "_then"))
        same = both["spell"] == both["spell_then"]
        assert same.any()
        before = Before(weeks.day, then.model, then.rows.set_index("patient_id")["margin"])
        recipe = weeks.opened.recipe(READMISSION)
        found = causes(weeks.opened, recipe, before, now, both["patient_id"].tolist())
        adds_up(found)
        assert set(found.loc[same.to_numpy(), "part_ageing"]) == {0.0}


def without_old_admissions(workspace: Path, weeks: Weeks, before: date) -> tuple[Site, str]:
    """A new extract in which the admissions of one listed person before a day are gone, and who that is."""
    frame = pq.read_table(find_version(workspace / "data") / "tables" / "admissions.parquet").to_pandas()
    listed = weeks.now.rows.set_index("patient_id").loc[weeks.patients, "person"]
    recent = pd.Timestamp(before) - pd.Timedelta(days=365)
    old = frame["admitted_on"].between(recent.date(), before) & frame["person"].isin(listed)
    person = frame.loc[old, "person"].value_counts().index[0]
    spells = frame.loc[old & (frame["person"] == person), "spell"]

    def take_out(folder: Path, facts: dict[str, Any]) -> None:
        for name, stay in (("admissions", "spell"), ("diagnoses", "stay"), ("spells", "stay")):
            path = folder / "tables" / f"{name}.parquet"
            table = pq.read_table(path)
            kept = ~table[stay].to_pandas().isin(spells)
            pq.write_table(table.filter(kept.to_numpy()), path)
        facts["tables"]["admissions"]["sha256"] = "0" * 64

    change_version(workspace / "data", take_out)
    store = open_store(workspace / "data")
    opened = Site(weeks.opened.workspace, store, engine_of(weeks.opened.workspace, store))
    return opened, str(listed[listed == person].index[0])


# ---- Who entered, moved and left ----

LAST = pd.Timestamp("2026-11-09")


def before(**ranks: int) -> pd.DataFrame:
    rows = [(LAST, "North Huyton", patient, f"NHU-1109-0{rank}", rank) for patient, rank in ranks.items()]
    return pd.DataFrame(rows, columns=["list_date", "team", "patient_id", "reference", "rank"])


def everyone(**places: tuple[Any, ...]) -> pd.DataFrame:
    """By patient in order of estimate: place, reason, rank and team; the last two may be left out."""
    rows = []
    for order, (patient, given) in enumerate(places.items(), start=1):
        place, reason, rank, team = (*given, None, None, None)[:4] if len(given) < 4 else given
        reference = f"NHU-1116-0{rank}" if rank else None
        rows.append((team or "North Huyton", patient, place, reason, reference, rank, order))
    return pd.DataFrame(rows, columns=["team", "patient_id", "place", "reason", "reference", "rank", "order"])


def told(moved: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(moved[["reference", "what", "detail"]].itertuples(index=False, name=None))


class TestMoves:
    def test_who_entered_and_moved_stands_by_rank_now_and_who_left_by_rank_before(self) -> None:
        now = everyone(
            a=("listed", None, 2),
            b=("listed", None, 1),
            c=("listed", None, 3),
            e=("listed", None, 4),
            d=("below the line",),
        )
        assert told(moves(before(a=1, b=2, c=3, d=4), now)) == [
            ("NHU-1116-04", "entered", "Enters at rank 4"),
            ("NHU-1116-01", "moved", "Up from rank 2 to rank 1"),
            ("NHU-1116-02", "moved", "Down from rank 1 to rank 2"),
            ("NHU-1109-04", "left", "Below the line: others have a higher estimate"),
        ]

    def test_who_left_is_said_to_be_where_they_are_now(self) -> None:
        now = everyone(
            a=("known",),
            b=("excluded", "in hospital now"),
            c=("excluded", "on the palliative care register"),
            d=("listed", None, 1, "Halewood"),
        )
        assert [detail for _, what, detail in told(moves(before(a=1, b=2, c=3, d=4), now)) if what == "left"] == [
            "Now on the caseload",
            "In hospital now",
            "On the palliative care register",
            "Now with another team",
        ]
        assert told(moves(before(d=4), now))[0] == ("NHU-1116-01", "entered", "Enters at rank 1, from another team")

    def test_who_is_below_the_line_is_told_why_others_are_listed(self) -> None:
        now = everyone(
            a=("below the line", "no room for all"),
            b=("below the line",),
            c=("listed", None, 1),
            d=("below the line",),
            e=("listed", None, 1, "Halewood"),
        )
        left = {place: detail for place, what, detail in told(moves(before(a=1, b=2, d=3), now)) if what == "left"}
        assert left == {
            "NHU-1109-01": "Below the line: no room for all",
            "NHU-1109-02": "Below the line: others come first, some of them with a lower estimate",
            "NHU-1109-03": "Below the line: others have a higher estimate",
        }

    def test_a_review_is_told_with_its_date_and_outcomes(self) -> None:
        rows = [
            ("a", LAST, "telecare", pd.Timestamp("2026-11-12")),
            ("a", LAST, "falls_service", pd.Timestamp("2026-11-12")),
            ("a", LAST, "monitor", pd.Timestamp("2026-08-03")),
            ("b", LAST, "declined", pd.NaT),
            ("c", LAST, "telecare", pd.Timestamp("2026-11-12")),
        ]
        reviews = pd.DataFrame(rows, columns=["patient_id", "list_date", "outcome", "decided_on"])
        now = everyone(
            a=("excluded", "reviewed in the last 12 weeks"),
            b=("excluded", "declined"),
            c=("known",),
            d=("excluded", "reviewed in the last week"),
        )
        assert [detail for *_, detail in told(moves(before(a=1, b=2, c=3, d=4), now, reviews=reviews))] == [
            "Reviewed on 12 November 2026: falls service, telecare",
            "Reviewed on 9 November 2026: declined",
            "Now on the caseload",
            "Reviewed in the last week",
        ]

    def test_people_who_are_not_eligible_are_told_by_reason_and_an_opt_out_is_not_told(self) -> None:
        reasons: Mapping[str, str] = {"a": "dead", "b": "not registered", "c": "opted out"}
        moved = moves(before(a=1, b=2, c=3, d=4), everyone(z=("listed", None, 1)), why_absent=reasons.get)
        assert [detail for _, what, detail in told(moved) if what == "left"] == [
            "Died",
            "No longer registered",
            "Not available",
            "Not available",
        ]

    def test_a_first_list_and_an_empty_one_have_no_moves_but_entries_and_exits(self) -> None:
        first = moves(before(), everyone(a=("listed", None, 1)))
        assert told(first) == [("NHU-1116-01", "entered", "Enters at rank 1")]
        assert told(moves(before(), everyone())) == []
        assert list(moves(before(), everyone()).columns) == ["team", "reference", "patient_id", "what", "detail"]
