"""A replay makes the features of many dates in one pass: each date has the rows and bytes that it has alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.progress import silent
from riskstrat.errors import CohortError
from riskstrat.site.opening import Site, build_matrix, cohort_at, open_workspace
from riskstrat.weekly import replayed_matrices
from riskstrat.weekly.replayed_matrices import iterate_dates, split_dates

PEOPLE = 1500
WEEKS = 5


@pytest.fixture(scope="module")
def site(verb: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("replayed")
    workspace = folder / "workspace"
    at = ("-w", str(workspace))
    for given in (
        ("init", str(workspace)),
        ("simulate", "--people", str(PEOPLE), "--seed", "11", "--out", str(folder / "borough")),
        ("ingest", str(folder / "borough"), *at),
    ):
        done = verb(*given)
        assert done.returncode == 0, done.stderr
    return open_workspace(Path(workspace))


def list_dates(site: Site, weeks: int = WEEKS) -> list[date]:
    """The same day of each week, the last that on which the data are as at."""
    return [site.store.data_as_at - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]


@pytest.mark.parametrize("held", [1, PEOPLE * 2, PEOPLE * 100], ids=["one date", "two dates", "all dates"])
@pytest.mark.parametrize("name", ["emergency_admission_12m", "emergency_readmission_30d"])
def test_each_date_has_the_rows_and_values_that_it_has_alone(
    name: str, held: int, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replayed_matrices, "ROWS_AT_ONCE", held)
    recipe, dates, seen = site.recipe(name), list_dates(site), 0
    for one, day in zip(iterate_dates(site, recipe, dates, silent), dates, strict=True):
        alone = cohort_at(site, recipe, day)
        matrix = build_matrix(site, alone, silent)
        assert one.day == day
        pd.testing.assert_frame_equal(one.cohort.rows, alone.rows)
        assert dict(one.cohort.counts) == dict(alone.counts)
        pd.testing.assert_frame_equal(one.matrix.keys, matrix.keys)
        assert (one.matrix.columns, one.matrix.fingerprints) == (matrix.columns, matrix.fingerprints)
        assert one.matrix.values.tobytes() == matrix.values.tobytes()
        seen += len(matrix)
    assert seen > WEEKS


@pytest.mark.parametrize("held", [1, PEOPLE * 2, PEOPLE * 100])
def test_what_is_told_of_its_progress_only_grows_and_ends_whole(
    held: int, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replayed_matrices, "ROWS_AT_ONCE", held)
    told: list[float] = []
    recipe = site.recipe("emergency_admission_12m")
    passes = list(iterate_dates(site, recipe, list_dates(site), lambda stage, share: told.append(share)))
    assert len(passes) == WEEKS
    assert all(first <= second for first, second in pairwise(told))
    assert told[-1] == 1


def test_a_date_with_nobody_is_said_and_nothing_is_given_for_it(site: Site) -> None:
    dates = [date(1900, 1, 1), *list_dates(site, 2)]
    with pytest.raises(CohortError, match="nobody is eligible at 1900-01-01"):
        next(iterate_dates(site, site.recipe("emergency_admission_12m"), dates, silent))


@pytest.mark.parametrize(
    ("weeks", "people", "runs"),
    [
        (52, 1_000, [52]),
        (52, 100_000, [17, 17, 18]),
        (52, 0, [52]),
        (5, 700_000, [1, 2, 2]),
        (3, 9_000_000, [1, 1, 1]),
        (1, 9_000_000, [1]),
    ],
)
def test_dates_are_split_into_equal_runs_that_fit(weeks: int, people: int, runs: list[int]) -> None:
    dates = [date(2026, 1, 5) + timedelta(weeks=week) for week in range(weeks)]
    split = list(split_dates(dates, people))
    assert [len(one) for one in split] == runs
    assert [day for one in split for day in one] == dates


def test_one_pass_is_made_for_the_dates_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted by whoever builds the matrix, and the values of a date are those of its own rows."""
    passes: list[int] = []

    def make_cohort(opened: object, recipe: object, day: date) -> Any:
        rows = pd.DataFrame({"person": [0, 1, 2], "index_date": pd.Timestamp(day)})
        return replayed_matrices.Cohort(rows, {})

    def build(opened: object, cohort: Any, progress: object) -> Any:
        passes.append(len(cohort.rows))
        days = cohort.rows["index_date"].to_numpy().astype("datetime64[D]").astype(int)
        values = cohort.rows["person"].to_numpy() + days
        return SimpleNamespace(keep=lambda kept: values[kept])

    monkeypatch.setattr(replayed_matrices, "cohort_at", make_cohort)
    monkeypatch.setattr(replayed_matrices, "build_matrix", build)
    opened = SimpleNamespace(store=SimpleNamespace(people_count=3))
    dates = [date(1970, 1, 1) + timedelta(weeks=week) for week in range(52)]
    given = list(iterate_dates(cast(Any, opened), cast(Any, None), dates, silent))
    assert passes == [3 * 52]
    assert [list(cast(Any, one.matrix)) for one in given] == [
        list(np.arange(3) + 7 * week) for week in range(len(dates))
    ]
