"""What lists could free and how many are expected: held against hand-made people and against other ways to count."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from riskstrat.documents.figures_page import render_figures_page
from riskstrat.errors import DefinitionError
from riskstrat.planning.capacity import choose_lengths, compute_carried
from riskstrat.planning.capacity_page import CapacityFound, build_capacity_page, describe_capacity
from riskstrat.planning.caseload_page import CaseloadFound
from riskstrat.planning.counting import bound_number, compute_chances
from riskstrat.planning.demand import ExpectedAdmissions, compute_expected
from riskstrat.planning.demand_page import DemandFound, build_demand_page, describe_demand
from riskstrat.planning.used import Used, count_used
from riskstrat.site.opening import open_workspace
from tests.suite.board_site import Rows, make_board_site
from tests.suite.verbs import Verb
from tests.suite.watched_site import make_watched_site

DAY = date(2025, 6, 2)
NO_CASELOAD = CaseloadFound(DAY, None, "no caseload table was landed", None, "no caseload table was landed")


# ---- How many of some people ----


def test_chances_are_those_of_every_way_in_which_it_can_come_out() -> None:
    risks = np.array([0.1, 0.5, 0.93, 0.02, 0.4])
    by_hand = np.zeros(6)
    for had in itertools.product([0, 1], repeat=5):
        by_hand[sum(had)] += np.prod([r if one else 1 - r for r, one in zip(risks, had, strict=True)])
    assert compute_chances(risks) == pytest.approx(by_hand)


def test_equal_risks_of_many_are_binomial() -> None:
    assert compute_chances(np.full(301, 0.07)) == pytest.approx(binom.pmf(np.arange(302), 301, 0.07), abs=1e-12)
    low, high = bound_number(np.full(301, 0.07))
    assert (low, high) == (binom.ppf(0.025, 301, 0.07), binom.ppf(0.975, 301, 0.07))


def test_unequal_risks_are_surer_than_equal_ones() -> None:
    spread = bound_number(np.repeat([0.02, 0.98], 150))
    alike = bound_number(np.full(300, 0.5))
    assert spread[1] - spread[0] < alike[1] - alike[0]


# ---- Capacity ----


def make_people() -> tuple[np.ndarray, Used]:
    """200 people in no order of risk; the 40 at highest risk had 2 stays of 5 nights, 20 others 1 of 10 nights; of the
    first 10 each died."""
    margin = np.arange(200) * 37 % 200 / 100.0
    rank = (-margin).argsort(kind="stable").argsort()
    stays = np.where(rank < 40, 2.0, np.where(rank % 8 == 0, 1.0, 0.0))
    return margin, Used(stays, np.where(rank < 40, 10.0, stays * 10), (rank < 10).astype(float))


def test_what_the_first_people_used_is_what_was_planted() -> None:
    short, half = compute_carried(*make_people(), (30, 100))
    assert (short.people, short.admitted, short.admissions.estimate, short.bed_days.estimate) == (30, 30, 60, 300)
    assert (short.ended, half.ended) == (10, 10)
    assert (half.admitted, half.admissions.estimate, half.bed_days.estimate) == (48, 88, 480)
    assert half.share_of_admissions.estimate == pytest.approx(88 / 100)
    assert half.share_of_bed_days.estimate == pytest.approx(480 / 600)
    assert half.free_beds(0.1, 365).estimate == pytest.approx(48 / 365)


def test_what_is_used_ends_with_the_life_and_with_the_registration(verb: Verb, tmp_path: Path) -> None:
    """The window goes from 3 June 2024 to 2 June 2025; each person is one case of how a stay or the follow-up ends."""
    stays = {
        "ended": ("2024-07-01", "2024-07-11", "", ""),
        "still there": ("2025-05-24", "", "", ""),
        "died in it": ("2024-07-01", "", "2024-07-06", ""),
        "left in it": ("2024-07-01", "", "", "2024-07-04"),
        "died later": ("2024-07-01", "2024-07-11", "2024-09-01", ""),
        "came after leaving": ("2024-09-01", "2024-09-11", "", "2024-08-01"),
        "left after the window": ("2024-07-01", "2024-07-11", "", "2025-06-10"),
        "wrongly dead": ("2024-09-01", "2024-09-05", "2024-08-01", ""),
    }
    tables: dict[str, Rows] = {"people": [], "registrations": [], "admissions": []}
    for number, (began, ended, died, left) in enumerate(stays.values()):
        patient = {"patient_id": f"p{number}"}
        tables["people"].append({**patient, "date_of_birth": "1950-01-01", "sex": "F", "date_of_death": died})
        registered = {"practice": "A10001", "registered_from": "2015-01-01", "registered_to": left}
        tables["registrations"].append(patient | registered)
        stay = {"spell_id": f"s{number}", "admitted_on": began, "discharged_on": ended, "method": "21"}
        tables["admissions"].append(patient | stay)
    opened = open_workspace(make_board_site(verb, tmp_path / "site", tables, "2025-12-01"))
    recipe = opened.recipe(None)
    people = opened.store.people().sort_values("patient_id")[["person"]]
    used = count_used(opened, recipe, people, date(2024, 6, 2))
    assert used.bed_days.tolist() == [10, 10, 5, 3, 10, 0, 10, 4]
    assert used.admissions.tolist() == [1, 1, 1, 1, 1, 0, 1, 1]
    assert used.ended.tolist() == [0, 0, 1, 1, 1, 1, 0, 1]


def test_ranges_hold_the_figure_and_are_none_where_all_are_alike() -> None:
    short, half = compute_carried(*make_people(), (30, 100))
    assert short.bed_days.low == short.bed_days.high == 300
    assert half.bed_days.low < 480 < half.bed_days.high
    assert half.share_of_bed_days.low < 0.8 < half.share_of_bed_days.high < 1


def test_the_range_is_that_of_a_known_spread() -> None:
    """Of 400 people whose stays are Poisson with mean 1, the sum varies by 20 either way, two standard errors by 39."""
    stays = np.random.default_rng(7).poisson(1.0, 400).astype(float)
    (all_of_them,) = compute_carried(np.zeros(400), Used(stays, stays, stays * 0), (400,))
    assert (all_of_them.admissions.high - all_of_them.admissions.low) / 2 == pytest.approx(39, rel=0.2)


def test_lengths_rise_and_no_list_is_longer_than_everybody() -> None:
    assert choose_lengths(2500, ()) == (50, 100, 200, 500, 1000)
    assert choose_lengths(30, ()) == ()
    assert choose_lengths(2500, (300, 48, 300)) == (48, 300)
    for wrong in (19, 2501):
        with pytest.raises(DefinitionError, match=f"--people {wrong} is no length of list here; give 20 to 2,500"):
            choose_lengths(2500, (wrong,))


def make_capacity(lengths: tuple[int, ...] = (30, 100)) -> CapacityFound:
    lines = compute_carried(*make_people(), lengths)
    return CapacityFound(DAY, 365, 200, "a model", lines, (0.1,), 3)


def test_the_page_says_the_figures_and_what_was_assumed() -> None:
    text = render_figures_page(build_capacity_page(make_capacity())).decode("utf-8")
    assert text == render_figures_page(build_capacity_page(make_capacity())).decode("utf-8")
    for said in ("50.0% (", "80.0% (", "6 (6 to 6) admissions; 0.08 of a bed (0.08 to 0.08)", "2 June 2025"):
        assert said in text
    assert "3; what teams did about them is in these figures" in text
    assert "raised emergency admissions by 1%" in text


def test_lists_of_which_few_were_admitted_are_hidden_in_page_and_data() -> None:
    margin, (stays, nights, ended) = make_people()
    rank = (-margin).argsort(kind="stable").argsort()
    few = np.where((rank < 40) & (rank >= 7), 0.0, stays)
    lines = compute_carried(margin, Used(few, np.where(few > 0, nights, 0), ended), (30, 100))
    found = CapacityFound(DAY, 365, 200, "a model", lines, (0.1,), 0)
    told = describe_capacity(found)["lengths"]
    assert told[0] == {"people": 30, "admitted": "1 to 7"}
    assert told[1]["admitted"] == 15
    page = build_capacity_page(found)
    assert page.tables[0].rows[0][2:] == ("10", "1 to 7", *["not shown"] * 4)
    assert page.tables[1].rows[0][1:] == ("not shown",)
    assert page.picture is None


# ---- Demand ----


def test_each_place_sums_the_risks_of_its_own_people() -> None:
    people = pd.DataFrame(
        {
            "team": ["North", "North", "South", "South"],
            "practice": ["A", "B", "B", "B"],
            "age_band": ["65 to 74"] * 3 + ["85 and over"],
            "risk": [0.2, 0.3, 0.4, 0.5],
            "outcome": [1.0, 0.0, 1.0, 1.0],
        }
    )
    found = {(one.kind, one.name, one.within): one for one in compute_expected(people)}
    assert len(found) == 1 + 2 + 3 + 2
    assert found["all", "All together", ""].expected == pytest.approx(1.4)
    assert found["practice", "B", "South"].expected == pytest.approx(0.9)
    assert found["practice", "B", "South"].observed == 2
    assert found["practice", "B", "North"].expected == pytest.approx(0.3)
    assert found["age_band", "85 and over", ""].expected == pytest.approx(0.5)


def make_demand(observed: dict[str, int]) -> DemandFound:
    """Two teams of two practices each, every practice of which expects 20; `observed` by practice."""
    past = [ExpectedAdmissions("all", "All together", "", 400, 80, 65, 95, sum(observed.values()))]
    for team in ("North", "South"):
        inside = {name: had for name, had in observed.items() if name.startswith(team[0])}
        past.append(ExpectedAdmissions("team", team, "", 200, 40, 29, 51, sum(inside.values())))
        past += [ExpectedAdmissions("practice", name, team, 100, 20, 12, 28, had) for name, had in inside.items()]
    return DemandFound(DAY, 365, "a model", past, date(2024, 3, 4), NO_CASELOAD, past)


def test_what_came_of_it_is_held_against_the_range() -> None:
    found = describe_demand(make_demand({"N1": 13, "N2": 31, "S1": 8, "S2": 22}))
    told = {one["name"]: (one["observed"], one["inside"]) for one in found["past"]}
    assert told["N1"] == ("15", "yes")
    assert told["N2"] == ("30", "more")
    assert told["S1"] == ("10", "fewer")
    assert told["All together"] == ("75", "yes")
    assert "in 5 of 7 places" in found["sentences"][1]


def test_a_hidden_number_cannot_be_found_by_subtraction() -> None:
    """Of a team with a practice of 1 to 7, no practice is shown; the other team's are."""
    found = describe_demand(make_demand({"N1": 3, "N2": 31, "S1": 0, "S2": 22}))
    told = {one["name"]: (one["observed"], one["inside"]) for one in found["past"]}
    assert told["N1"] == told["N2"] == ("not shown", "not shown")
    assert (told["North"][0], told["S1"][0], told["S2"][0]) == ("35", "0", "20")
    few = describe_demand(make_demand({"N1": 2, "N2": 3, "S1": 20, "S2": 22}))
    shown = {one["name"]: one["observed"] for one in few["past"]}
    assert {name for name, words in shown.items() if words != "not shown"} == {"All together"}


def test_a_place_that_expects_few_is_hidden() -> None:
    places = [
        ExpectedAdmissions("all", "All together", "", 60, 9.2, 4, 15),
        ExpectedAdmissions("team", "North", "", 60, 7.9, 3, 14),
    ]
    found = DemandFound(DAY, 365, "a model", places, DAY, NO_CASELOAD, why_none="it has no model made by then")
    told = describe_demand(found)["places"]
    assert (told[0]["expected"], told[1]["expected"], told[1]["high"]) == (9, None, None)
    text = render_figures_page(build_demand_page(found)).decode("utf-8")
    assert "fewer than 8" in text
    assert "Cannot be told: it has no model made by then." in text
    assert "The caseload in 12 months cannot be told: no caseload table was landed." in text


# ---- The verbs ----


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_watched_site(tmp_path_factory.mktemp("planned"))


def test_a_date_whose_time_is_not_over_is_refused_with_the_latest_that_is(
    site: Path, verb: Verb, refused: Callable, tmp_path: Path
) -> None:
    out = tmp_path / "capacity.html"
    said = refused(verb("capacity", "-w", site, "--index-date", "2025-12-01", "--out", out), 6)
    assert said.startswith("index date 2025-12-01 is too late: 365 days must be over")
    assert said.endswith("give 2025-09-02 or earlier")
    said = refused(verb("capacity", "-w", site, "--effect", "1.5", "--out", out), 4)
    assert said == "--effect 1.5 is no share; give one above 0 and below 1, such as 0.1"
    assert not out.exists()
