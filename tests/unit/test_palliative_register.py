"""Who is in palliative care by the recorded conditions: landed rows in, persons out, as known on a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.people.palliative import find_palliative
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.workspace.codelists import read_codelists

ROOT = Path(__file__).resolve().parents[2]
CODELISTS = read_codelists(ROOT)[0]
MONDAY = date(2026, 11, 16)

CONDITIONS = """
patient_id      , system   , code                  , recorded_on , ended_on   , known_on
on_the_register , register , PALLIATIVE_CARE       , 2026-03-01  ,            , 2026-03-02
ended           , register , PALLIATIVE_CARE       , 2026-03-01  , 2026-05-01 , 2026-03-02
ends_today      , register , PALLIATIVE_CARE       , 2026-03-01  , 2026-11-16 , 2026-03-02
ends_later      , register , PALLIATIVE_CARE       , 2026-03-01  , 2026-11-17 , 2026-03-02
not_known_yet   , register , PALLIATIVE_CARE       , 2026-11-10  ,            , 2026-11-17
taken_off       , snomed   , 526631000000108       , 2026-03-01  ,            , 2026-03-02
taken_off       , snomed   , 306597006             , 2026-06-01  ,            , 2026-06-02
on_again        , snomed   , 306597006             , 2026-03-01  ,            , 2026-03-02
on_again        , snomed   , 414937009             , 2026-06-01  ,            , 2026-06-02
both_one_day    , register , NO_LONGER_PALLIATIVE , 2026-06-01  ,            , 2026-06-02
both_one_day    , register , PALLIATIVE_CARE       , 2026-06-01  ,            , 2026-06-02
by_diagnosis    , icd10    , Z51.5                 , 2026-06-01  ,            , 2026-06-02
something_else  , register , DIABETES              , 2026-06-01  ,            , 2026-06-02
something_else  , icd10    , Z51.1                 , 2026-06-01  ,            , 2026-06-02
"""


def stored(folder: Path, conditions: str | None) -> Store:
    """A store of these conditions and whoever they are of, as at a month later."""
    source = folder / "source"
    source.mkdir()
    rows = "".join("".join(line.split()) + "\n" for line in (conditions or "").strip().splitlines())
    patients = sorted({line.split(",")[0] for line in rows.splitlines()[1:]} | {"nobody"})
    (source / "people.csv").write_text(
        "patient_id,date_of_birth,sex\n" + "".join(f"{patient},1950-03-15,F\n" for patient in patients), "utf-8"
    )
    (source / "admissions.csv").write_text("patient_id,spell_id,admitted_on,method\nnobody,s1,2026-01-01,21\n", "utf-8")
    if conditions is not None:
        (source / "conditions.csv").write_text(rows, "utf-8")
    ingest(source, folder / "data", Settings(), as_at=date(2026, 12, 16))
    return open_store(folder / "data")


def palliative(store: Store, at: date = MONDAY) -> set[str] | None:
    found = find_palliative(store, CODELISTS, at)
    return None if found is None else set(store.people()["patient_id"].iloc[sorted(found)])


def test_the_latest_code_and_its_end_decide_as_known_on_the_day(tmp_path: Path) -> None:
    store = stored(tmp_path, CONDITIONS)
    always = {"on_the_register", "on_again", "both_one_day", "by_diagnosis"}
    assert palliative(store) == always | {"ends_later"}
    assert palliative(store, date(2026, 11, 17)) == always | {"not_known_yet"}
    spring = {"on_the_register", "ended", "ends_today", "ends_later", "taken_off"}
    assert palliative(store, date(2026, 4, 1)) == spring


def test_nobody_on_it_on_the_day_is_another_thing_than_a_feed_that_cannot_tell(tmp_path: Path) -> None:
    heading = "patient_id,system,code,recorded_on,ended_on,known_on\n"
    ended = stored(tmp_path, f"{heading}p1,snomed,526631000000108,2026-01-01,2026-02-01,2026-01-01\n")
    assert palliative(ended) == set()
    others = {name: codelist for name, codelist in CODELISTS.items() if name != "palliative"}
    assert find_palliative(ended, others, MONDAY) is None, "a site without the codelist cannot tell"


@pytest.mark.parametrize(
    "conditions",
    [None, "patient_id,system,code,recorded_on\np1,register,DIABETES,2026-01-01\n"],
    ids=["no conditions landed", "no palliative code in the feed"],
)
def test_a_feed_without_the_register_cannot_tell(tmp_path: Path, conditions: str | None) -> None:
    store = stored(tmp_path, conditions)
    assert find_palliative(store, CODELISTS, MONDAY) is None
