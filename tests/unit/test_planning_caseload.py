"""The caseload in 12 months: hand-made people with a known answer, ages that add up, and records that do not reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.casefinding.caseload_coverage import ENDLESS, add_caseload, explain_endless
from riskstrat.definitions.ages import AGE_BANDS
from riskstrat.documents.words import TOO_FEW
from riskstrat.planning.caseload import CaseloadForecast, follow_year, forecast_caseload, join_bands
from riskstrat.planning.caseload_page import CaseloadFound, describe_caseload, summarise_caseload, tabulate_caseload
from riskstrat.planning.held import explain_untold, forecast_back, forecast_from
from riskstrat.site.opening import open_workspace
from riskstrat.sources.coverage import read_coverage
from tests.suite.board_site import Rows, make_board_site
from tests.suite.properties import property_settings
from tests.suite.verbs import Verb

DAY = date(2026, 11, 16)
OLD, OLDEST = "75 to 84", "85 and over"


def people(*parts: tuple[int, str, str, bool]) -> pd.DataFrame:
    """So many people of an age, an age a year on, and held or not; numbered from 0."""
    rows = [one for number, *one in parts for _ in range(number)]
    made = pd.DataFrame(rows, columns=["band", "next_band", "held"])
    return made.astype({"held": bool}).assign(person=np.arange(len(rows)))


def follow(band: str, held: bool, **ends: int) -> pd.DataFrame:
    """What became of people of one age."""
    words = {"kept": "held", "gone": "not held", "died": "died", "left": "left"}
    rows = [(band, held, words[end]) for end, number in ends.items() for _ in range(number)]
    return pd.DataFrame(rows, columns=["band", "held", "end"])


def join(**numbers: int) -> pd.Series:
    made = pd.Series(0, index=list(AGE_BANDS))
    for band, number in numbers.items():
        made[{"old": OLD, "oldest": OLDEST}[band]] = number
    return made


def test_each_person_is_followed_to_one_end_and_who_is_new_has_joined() -> None:
    before = people((4, OLD, OLD, True), (2, OLD, OLD, False))
    after = pd.DataFrame(
        {"person": [0, 1, 4, 90, 91], "band": OLDEST, "next_band": OLDEST, "held": [True, False, True, True, False]}
    )
    followed, joined = follow_year(before, after, frozenset({2}))
    assert followed["end"].tolist() == ["held", "not held", "died", "left", "held", "left"]
    assert joined[OLDEST] == 1
    assert joined.sum() == 1


def test_the_forecast_of_hand_made_people_is_what_was_worked_out_by_hand() -> None:
    """Of 99 held a year back 60 were kept, and of 999 others 20 taken on; each age counts one person more, of all."""
    followed = pd.concat(
        [
            follow(OLD, True, kept=60, gone=19, died=15, left=5),
            follow(OLD, False, kept=20, gone=900, died=50, left=29),
        ]
    )
    now = people((100, OLD, OLD, True), (50, OLD, OLDEST, True), (1000, OLD, OLD, False))
    found = forecast_caseload(now, followed, join(old=7, oldest=3))
    kept, taken_on = 60 / 99, 20 / 999
    by_name = {one.name: one for one in found.bands}
    assert by_name[OLD].expected == pytest.approx(100 * kept + 1000 * taken_on + 7)
    assert by_name[OLDEST].expected == pytest.approx(50 * kept + 3)
    assert (by_name[OLD].held, by_name[OLDEST].held, found.whole.held) == (150, 0, 150)
    assert found.flows.gone == pytest.approx(150 * 20 / 99)
    assert found.flows.let_go == pytest.approx(150 * 19 / 99)
    assert found.flows.taken_on == pytest.approx(1000 * taken_on)
    assert found.flows.expected == pytest.approx(found.whole.expected)


def test_few_people_of_an_age_tell_little_and_none_tell_what_all_ages_do() -> None:
    followed = pd.concat([follow(OLD, True, kept=30, gone=70), follow(OLDEST, True, kept=1)])
    now = people((100, OLDEST, OLDEST, True), (100, "65 to 74", "65 to 74", True))
    by_name = {one.name: one for one in forecast_caseload(now, followed, join()).bands}
    every = 31 / 101
    assert by_name[OLDEST].expected == pytest.approx(100 * (1 + every) / 2)
    assert by_name["65 to 74"].expected == pytest.approx(100 * every)
    assert by_name[OLDEST].high - by_name[OLDEST].low > 60


def test_the_range_holds_what_comes_of_it_in_95_of_100_years() -> None:
    """A year behind and a year ahead are drawn from one truth, 100 times; the range knows of both."""
    random = np.random.default_rng(5)
    inside = 0
    now = people((120, OLD, OLD, True), (3000, OLD, OLD, False))
    for _ in range(100):
        kept, new, joined = random.binomial(110, 0.6), random.binomial(2900, 0.015), random.poisson(5)
        followed = pd.concat(
            [follow(OLD, True, kept=kept, gone=110 - kept), follow(OLD, False, kept=new, gone=2900 - new)]
        )
        whole = forecast_caseload(now, followed, join(old=joined)).whole
        came = random.binomial(120, 0.6) + random.binomial(3000, 0.015) + random.poisson(5)
        inside += whole.low <= came <= whole.high
    assert 88 <= inside <= 99


BANDS = st.integers(0, len(AGE_BANDS) - 1)
COUNTS = st.integers(0, 40)
DRAWN = st.lists(st.tuples(COUNTS, BANDS, st.booleans(), st.booleans()), min_size=1, max_size=12)


@property_settings(15, drawn=60)
@given(DRAWN, st.lists(st.tuples(BANDS, st.booleans(), *[st.integers(0, 9)] * 4), max_size=8), st.data())
def test_ages_add_up_to_the_whole(parts: list, ends: list, data: st.DataObject) -> None:
    now = people(*((number, AGE_BANDS[at], AGE_BANDS[min(at + older, 6)], held) for number, at, older, held in parts))
    names = ("kept", "gone", "died", "left")
    followed = [follow(AGE_BANDS[at], held, **dict(zip(names, rest, strict=True))) for at, held, *rest in ends]
    empty = pd.DataFrame({"band": [], "held": [], "end": []})
    joined = pd.Series(data.draw(st.lists(st.integers(0, 9), min_size=7, max_size=7)), index=list(AGE_BANDS))
    found = forecast_caseload(now, pd.concat([empty, *followed]), joined, now)
    for bands in (found.bands, *join_bands(TOO_FEW, found)):
        assert sum(one.expected for one in bands) == pytest.approx(found.whole.expected)
        assert sum(one.held for one in bands) == found.whole.held == now["held"].sum()
        assert sum(one.observed or 0 for one in bands) == found.whole.observed
    assert found.flows.expected == pytest.approx(found.whole.expected)
    (shown,) = join_bands(TOO_FEW, found)
    assert len(shown) == 1 or all(one.held >= TOO_FEW for one in shown)


def make_found(**numbers: int) -> CaseloadForecast:
    """Ages with so many people held, each of whom stays."""
    parts = [(number, band.replace("_", " "), band.replace("_", " "), True) for band, number in numbers.items()]
    return forecast_caseload(people(*parts), follow(OLD, True, kept=500, gone=1), join())


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ({"18_to_39": 3, "65_to_74": 40, "75_to_84": 60}, ["under 75", "75 and over"]),
        ({"50_to_64": 20, "85_and_over": 5}, ["all ages"]),
        ({"40_to_49": 30, "50_to_64": 30, "65_to_74": 9, "75_to_84": 4}, ["under 50", "50 to 64", "65 and over"]),
    ],
)
def test_an_age_of_few_is_told_with_the_next_and_named_so(numbers: dict[str, int], shown: list[str]) -> None:
    assert [[one.name for one in bands] for bands in join_bands(TOO_FEW, make_found(**numbers))] == [shown]


def test_two_forecasts_have_the_same_ages_so_that_neither_gives_the_other_away() -> None:
    now, past = make_found(**{"50_to_64": 9, "75_to_84": 60}), make_found(**{"40_to_49": 20, "75_to_84": 60})
    named = [[one.name for one in bands] for bands in join_bands(TOO_FEW, now, past)]
    assert named == [["under 65", "65 and over"]] * 2
    found = describe_caseload(CaseloadFound(DAY, now, "", past, ""))
    assert [one["ages"] for one in found["ages"]] == [one["ages"] for one in found["past"]]


def test_no_count_of_1_to_7_is_printed_nor_left_over_from_others() -> None:
    made = make_found(**{"18_to_39": 3, "65_to_74": 40, "75_to_84": 60})
    found = CaseloadFound(DAY, made, "", None, "the caseload is new")
    tables = tabulate_caseload(found)
    assert [row[:2] for row in tables[0].rows] == [("All together", "105"), ("under 75", "45"), ("75 and over", "60")]
    assert tables[2].says == ("Cannot be told: the caseload is new.",)
    assert "cannot be told" in summarise_caseload(found)
    few = replace(found, forecast=make_found(**{"75_to_84": 7}))
    assert describe_caseload(few)["ages"] == []
    assert tabulate_caseload(few)[0].rows == ()
    assert "7" not in summarise_caseload(few)


# ---- From landed tables ----


def make_tables() -> dict[str, Rows]:
    """300 people born 1945 of whom 60 were on the caseload throughout, 30 were let go in each half-year of two, and 30
    taken on in each; 10 of those held moved away in the last year; and 10 came to live here and were taken on."""
    rows: dict[str, Rows] = {name: [] for name in ("people", "registrations", "caseload")}

    def add(number: int, began: str, ended: str, held: tuple[str, str] | None) -> None:
        patient = f"p{number:03}"
        rows["people"].append({"patient_id": patient, "date_of_birth": "1945-06-15", "sex": "F"})
        rows["registrations"].append(
            {"patient_id": patient, "practice": "A10001", "registered_from": began, "registered_to": ended}
        )
        if held:
            rows["caseload"].append(
                {"patient_id": patient, "team": "North", "status": "active", "from_on": held[0], "to_on": held[1]}
            )

    halves = ("2024-12-02", "2025-06-02", "2025-12-01", "2026-06-01")
    for number in range(300):
        place = number // 30
        times = [
            *[("2024-03-01", "")] * 2,
            *(("2024-03-01", day) for day in halves),
            *((day, "") for day in halves),
        ]
        left = "2026-03-02" if 50 <= number < 60 else ""
        add(number, "2015-01-01", left, times[place])
    for number in range(300, 310):
        add(number, "2026-02-02", "", ("2026-04-06", ""))
    stay = {"patient_id": "p000", "spell_id": "s1", "admitted_on": "2024-03-02", "discharged_on": "2024-03-05"}
    rows["admissions"] = [stay | {"method": "21"}]
    return rows


@pytest.fixture(scope="module")
def site(verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("caseload") / "site"
    return make_board_site(verb, root, make_tables(), "2026-11-16", state_whole)


def state_whole(root: Path, *tables: str) -> None:
    """Say that tables are whole from 2024 to the end of the data: the caseload and registrations if none is named."""
    settings = root / "riskstrat.toml"
    whole = "".join(
        f"{table} = {{complete_from = 2024-03-01, complete_to = 2026-11-16}}\n"
        for table in tables or ("caseload", "registrations")
    )
    settings.write_text(f"{settings.read_text('utf-8')}\n[data.coverage]\n{whole}", "utf-8")


def test_landed_people_give_the_numbers_that_were_planted(site: Path) -> None:
    """A year back 60 + 60 + 60 were held: 110 still are, 10 moved, 60 were let go; 60 more were taken on, 10 joined."""
    opened = open_workspace(site)
    found, why = forecast_from(opened, DAY)
    assert why == ""
    assert found is not None
    assert found.whole.held == 60 - 10 + 120 + 10
    kept, taken_on = 110 / 180, 60 / 120
    assert found.whole.expected == pytest.approx(180 * kept + (300 - 10 - 170) * taken_on + 10, abs=0.01)
    past, why = forecast_back(opened, DAY)
    assert why == ""
    assert past is not None
    assert (past.whole.held, past.whole.observed) == (180, 180)


def test_days_in_which_few_would_have_registered_are_no_lack(verb: Verb, tmp_path: Path) -> None:
    """The last registration lies months before the day: of so few a year that is chance."""

    def state(root: Path) -> None:
        state_whole(root, "caseload")

    tables = make_tables()
    for row in tables["registrations"]:
        row["known_on"] = row["registered_from"]
    opened = open_workspace(make_board_site(verb, tmp_path / "site", tables, "2026-11-16", state))
    span = read_coverage(opened.store, {}).find_span("registrations")
    assert span is not None
    assert span.last == date(2026, 2, 2)
    assert explain_untold(opened, DAY - timedelta(days=365), DAY) == ""


def write_steady(team: str, months: int) -> Rows:
    """Nine people of a team on and off its caseload in each of so many months from January 2024."""
    days = [f"{2024 + month // 12}-{month % 12 + 1:02}" for month in range(months)]
    return [
        {"patient_id": f"p{number:03}", "team": team, "status": "active", "from_on": f"{day}-01", "to_on": f"{day}-27"}
        for day in days
        for number in range(100, 109)
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda tables: tables.pop("caseload"), "no caseload table was landed"),
        (lambda tables: tables.pop("registrations"), "no registrations table was landed"),
        (
            lambda tables: [row.update(from_on="2026-02-02", to_on="") for row in tables["caseload"]],
            "rows of the caseload begin on 2 February 2026, and are needed from 16 November 2025",
        ),
        (lambda tables: [row.update(to_on="") for row in tables["caseload"]], ENDLESS),
        (
            lambda tables: tables["caseload"].extend(write_steady("North", 34) + write_steady("South", 24)),
            "rows of the caseload of 1 large contributor are missing from 28 December 2025, while others go on",
        ),
    ],
)
def test_what_the_records_do_not_reach_cannot_be_told(
    verb: Verb, tmp_path: Path, change: Callable[[dict[str, Rows]], object], why: str
) -> None:
    tables = make_tables()
    change(tables)
    opened = open_workspace(make_board_site(verb, tmp_path / "site", tables, "2026-11-16"))
    assert forecast_from(opened, DAY) == (None, why)
    found = CaseloadFound(DAY, None, why, None, why)
    assert tabulate_caseload(found)[0].says == (f"Cannot be told: {why}.",)


def test_a_caseload_that_tells_of_nobody_let_go_before_a_day_begins_there(verb: Verb, tmp_path: Path) -> None:
    """Of those let go in 2024 and 2025 no row is left, as in an extract of who stands on it now."""
    tables = make_tables()
    tables["caseload"] = [row for row in tables["caseload"] if not "" < row["to_on"] < "2026-06-01"]
    opened = open_workspace(make_board_site(verb, tmp_path / "site", tables, "2026-11-16"))
    coverage = add_caseload(read_coverage(opened.store, {}), opened.store)
    span = coverage.find_span("caseload")
    assert span is not None
    assert span.first == date(2026, 6, 1)
    assert explain_endless(opened.store.read("caseload")) == ""
