"""What a study does with what it cannot know: test dates that cannot be fitted, and facts that nobody recorded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from riskstrat.errors import TrainingError
from riskstrat.study import equity, fitting
from riskstrat.study.gathering import Study
from riskstrat.training import Fitted


def make_fit(name: str) -> Fitted:
    return Fitted(cast(Any, name), {}, {}, np.zeros(0, np.int64), {}, [])


@pytest.mark.parametrize("refused", [False, True])
def test_older_models_and_people_held_out_stand_beside_the_latest_test_date_alone(
    refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folds = tuple(SimpleNamespace(name=name) for name in ("2026-03-02", "2025-12-01"))
    made: dict[str, Fitted | TrainingError] = {
        name: make_fit(name) for name in ("2026-03-02", "2025-12-01", "2025-09-01", "registered", fitting.HELD_OUT)
    }
    if refused:
        made["2026-03-02"] = TrainingError("nothing that lasts")
    opened = SimpleNamespace(rows_named=lambda name: None, store=None)
    older = {6: SimpleNamespace(name="2025-09-01")}
    study = SimpleNamespace(
        opened=opened, recipe=SimpleNamespace(outcome=""), as_at=None, folds=lambda: folds, origins=(1,), older=older
    )
    monkeypatch.setattr(fitting, "gather", lambda *given: study)
    monkeypatch.setattr(fitting, "events_by_provider", lambda *given: None)
    monkeypatch.setattr(fitting, "tuned_recipe", lambda *given: (None, None))
    monkeypatch.setattr(fitting, "_plan_jobs", lambda *given: {})
    monkeypatch.setattr(fitting, "_run_fits", lambda *given: made)
    monkeypatch.setattr(fitting, "_record_few_people", lambda study, fit: fit)
    run = fitting.learn(cast(Any, opened), "")
    assert [one.fold.name for one in run.tested] == ["2026-03-02", "2025-12-01"][refused:]
    assert run.older == ({} if refused else {6: "2025-09-01"})
    assert run.held_out == (None if refused else made[fitting.HELD_OUT])
    assert len(run.left_out) == refused


def test_people_of_whom_no_contacts_are_known_are_neither_few_nor_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equity, "groups", lambda *given: {})
    contacts = np.array([[0.0], [5.0], [np.nan], [9.0], [7.0], [8.0]])

    roles = SimpleNamespace(contacts="seen", days_registered=None)

    def tell(values: Any) -> list[str]:
        study = SimpleNamespace(
            opened=SimpleNamespace(store=None, workspace=SimpleNamespace(roles=roles)),
            matrix=SimpleNamespace(columns=("seen",), select=lambda names: values),
            cohort=SimpleNamespace(rows=pd.DataFrame(index=range(len(values)))),
        )
        return list(equity.tell_groups(cast(Study, study), np.arange(len(values)))["contacts"])

    assert tell(contacts) == [equity.FEW, "more", "not recorded", "more", "more", "more"]
    assert tell(np.full((2, 1), np.nan)) == ["not recorded", "not recorded"]
