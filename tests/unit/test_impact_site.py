"""`impact plan` and `impact look` on ten made-up people whose comparison is worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from riskstrat import audit
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.errors import DefinitionError, IndexDateError, PublicationError
from riskstrat.impact.comparing import ComparedOutcome, Comparison
from riskstrat.impact.estimating import Effect, estimate_effect
from riskstrat.impact.expecting import KNOWN, LISTED, build_expected
from riskstrat.impact.judging import BEGUN, NOT_BEGUN, UNDECIDED, Beside, conclude, count_decisions
from riskstrat.impact.measuring import find_measure
from riskstrat.impact.planning import ImpactPlan, LoggedPlan, read_plan
from riskstrat.impact.verdicts import Verdict
from riskstrat.impact.words import VERDICT_WORDS
from riskstrat.reviews import Review
from riskstrat.site.opening import open_workspace
from tests.suite.hand_made import MODEL
from tests.suite.impact_site import ANALYSIS, EARLY_LOOK, FIRST, SECOND, make_impact_site, name_person
from tests.suite.verbs import Done, run_verb

COPIES = 12
PLANNED = ("--analysis", ANALYSIS, "--look", EARLY_LOOK, "--since", FIRST)
PLAN = ImpactPlan(MODEL, "emergency_admissions", FIRST, 26, (EARLY_LOOK, ANALYSIS), 10)
LOGGED = LoggedPlan(PLAN, FIRST, 7, None, 1, 0)


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    opened = open_workspace(make_impact_site(tmp_path_factory.mktemp("ten")))
    return Comparison(opened, opened.recipe(), LOGGED)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_impact_site(tmp_path_factory.mktemp("many"), COPIES)


@pytest.fixture
def planned(site: Path, copy: Callable[[Path, Path], Path], tmp_path: Path) -> Path:
    root = copy(site, tmp_path / "workspace")
    done = plan_in(root)
    assert done.returncode == 0, done.stderr
    return root


def plan_in(root: Path, *given: object) -> Done:
    return run_verb("impact", "plan", "-w", root, *(given or PLANNED))


def look_in(root: Path, out: Path) -> dict[str, Any]:
    done = run_verb("impact", "look", "-w", root, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Ten people by hand


def estimate(ten: Comparison, name: str, look: date = ANALYSIS) -> Effect | None:
    measure, matches = find_measure(name), ten.follow(look).matches
    tally = ten.read_tally(measure, look)
    return estimate_effect(ten.count_outcomes(measure, tally, matches), matches)


def list_sets(ten: Comparison, look: date) -> set[tuple[str, frozenset[str]]]:
    """Whom each person listed is compared with, by number."""
    matches = ten.follow(look).matches
    ids = ten.opened.store.people()["patient_id"].to_numpy(object)[ten.site.person[matches.person]]
    return {
        (
            str(ids[matches.listed & (matches.set == number)][0])[-1],
            frozenset(str(each)[-1] for each in ids[~matches.listed & (matches.set == number)]),
        )
        for number in set(matches.set.tolist())
    }


def test_each_person_listed_is_held_against_the_nearest_who_could_have_been(ten: Comparison) -> None:
    """p8 is nearest of all and moved away; p5 is known to services, p6 a man, p7 far, p9 opted out."""
    assert list_sets(ten, ANALYSIS) == {("0", frozenset("23")), ("1", frozenset("23")), ("3", frozenset("24"))}


def test_people_of_the_second_list_are_followed_only_once_their_time_is_over(ten: Comparison) -> None:
    assert list_sets(ten, EARLY_LOOK) == {("0", frozenset("23")), ("1", frozenset("23"))}


def test_the_ratio_is_that_of_the_hand_calculation(ten: Comparison) -> None:
    """Listed 2 + 0 + 1. Controls (2 + 1) / 2 twice and (2 + 0) / 2, of which p3's 1/2 twice came when p3 was listed.
    So (3 - 1) / (4 - 1)."""
    effect = estimate(ten, "emergency_admissions")
    assert effect is not None
    assert effect.change == pytest.approx(2 / 3 - 1)
    assert (effect.listed, effect.controls) == (pytest.approx(1), pytest.approx(4 / 3))


def test_what_was_not_known_on_the_day_of_a_look_is_not_seen_by_it(ten: Comparison) -> None:
    """Of p0's two stays one was known then: (1 - 1) / (3 - 1)."""
    effect = estimate(ten, "emergency_admissions", EARLY_LOOK)
    assert effect is not None
    assert effect.change == pytest.approx(-1)


def test_other_outcomes_are_those_of_the_hand_calculation(ten: Comparison) -> None:
    """Nights are five for each stay. p1 dies after 59 of 182 days, p4 after 21; p3 after the second list has 170."""
    nights, died, home = (estimate(ten, name) for name in ("bed_days", "deaths", "days_at_home"))
    assert nights is not None
    assert nights.change == pytest.approx(2 / 3 - 1)
    assert died is not None
    assert died.change == pytest.approx(1 / 0.5 - 1)
    assert home is not None
    assert home.change == pytest.approx((172 + 59 + 177 - 170) / (172 + 177 + (172 + 21) / 2 - 170) - 1)


def test_who_is_counted_adds_up(ten: Comparison) -> None:
    """Four were listed: p6 had nobody alike. Of the three compared one died."""
    followed = ten.follow(ANALYSIS)
    assert (len(followed.listed), followed.matches.sets, followed.alone, followed.left, followed.died) == (
        4,
        3,
        1,
        0,
        1,
    )
    assert dict(ten.site.left_out) == {"opted out since": 1, "in the records no more": 0}


def test_lists_by_the_estimate_alone_are_those_of_the_hand_calculation(ten: Comparison) -> None:
    """Of equal estimates the first by number: p0, p1 and p2 on the first list, on which p6 was for p2; then p6."""
    ids = ten.opened.store.people()["patient_id"].to_numpy(object)[ten.site.person]
    first = dict(zip((str(each)[-1] for each in ids), ten.ranked.panel.first_week.tolist(), strict=True))
    assert first == {"0": 0, "1": 0, "2": 0, "3": -1, "4": -1, "5": -1, "6": 1, "7": -1, "8": -1}
    assert (ten.ranked.new, ten.ranked.out_of_order) == (4, 2)
    assert ten.ranked.line[0] == pytest.approx(-1.0)
    assert ten.compare_by_estimate(ANALYSIS).people == 3


def test_ten_people_are_too_few_for_the_line(ten: Comparison) -> None:
    """p3 and p4 stand below it; those on it, p8 who moved away and p7 far below count for nothing."""
    found = ten.judge_line(ANALYSIS)
    assert "fewer than 150 people" in found.untold
    assert (found.above, found.below) == (0, 2)


def test_observed_and_expected_are_of_the_models_own_span(ten: Comparison) -> None:
    """A quarter was expected of each; p0, p3 and p6 had a stay of those listed, and p5 is known to services."""
    found = ten.compare_with_expected(ANALYSIS)
    listed, known = found[LISTED], found[KNOWN]
    assert (listed.people, listed.observed, listed.expected) == (4, 3, 1.0)
    assert (known.people, known.observed, known.expected) == (1, 1, 0.25)
    assert ten.compare_with_expected(EARLY_LOOK) == {}


def test_the_range_of_a_count_is_that_in_print() -> None:
    """Exact limits of 10 events: 4.80 and 18.39 (Garwood 1936)."""
    ten_of_five = build_expected(100, 10, 5.0)
    assert (ten_of_five.low, ten_of_five.high) == (
        pytest.approx(4.795 / 5, abs=1e-3),
        pytest.approx(18.39 / 5, abs=1e-3),
    )


def test_the_negative_control_is_of_people_whose_span_was_over_by_the_first_list(ten: Comparison) -> None:
    """A list a year and more after the first is none of it; of the two that stand a week apart both are."""
    followed = ten.follow(ANALYSIS)
    assert ten.compare_before(followed).people == 3
    days, kept = ten.site.day, ten.site
    try:
        ten.site = replace(kept, day=np.array([days[0] - np.timedelta64(365, "D"), *days[1:]]))
        late = replace(followed.matches, week=np.ones_like(followed.matches.week))
        assert ten.compare_before(replace(followed, matches=late)).people == 0
    finally:
        ten.site = kept


# The whole site


def test_the_page_says_what_the_hand_calculation_says(planned: Path, tmp_path: Path) -> None:
    said = look_in(planned, tmp_path / "page.html")
    early, late = said["looks"]
    assert (early["day"], late["day"]) == (f"{EARLY_LOOK}", f"{ANALYSIS}")
    assert early["change"] == pytest.approx(-1)
    assert late["change"] == pytest.approx(-1 / 3, abs=1e-6)
    # Six stays came after the four first lists where eight were in the half year before, and p1 and p6 have two each.
    assert said["before_and_after"]["change"] == pytest.approx((2 + 0 + 1 + 1) / (4 * 2) - 1)
    # Before the list: p0 and p1 once; p2 twice, a half of it in each of three sets.
    assert said["negative_control"]["change"] == pytest.approx(2 / 3 - 1, abs=1e-6)
    assert said["outcomes"]["attendances"]["untold"] == "no table tells of it"
    assert said["outcomes"]["deaths"]["change"] == pytest.approx(1, abs=1e-6)
    assert said["people"]["Of them compared"] == 35  # 36, to the nearest 5
    assert said["people"]["Left out: opted out since"] == 10  # 12, to the nearest 5
    text = (tmp_path / "page.html").read_text("utf-8")
    assert "no evidence" in text
    assert "p00-" not in text
    assert len(" ".join(said["sentences"]).split()) <= 150


def test_the_same_data_give_the_same_page_and_each_look_is_logged(planned: Path, tmp_path: Path) -> None:
    pages = []
    for name in ("one.html", "two.html"):
        look_in(planned, tmp_path / name)
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]
    assert audit.count_looks(audit.read(planned)) == 2
    assert run_verb("audit", "verify", "-w", planned).returncode == 0


def test_ten_people_give_no_figure_that_rests_on_few(tmp_path: Path) -> None:
    root = make_impact_site(tmp_path)
    assert plan_in(root).returncode == 0
    said = look_in(root, tmp_path / "page.html")
    assert said["verdict"] == Verdict.TOO_FEW
    for figures in (*said["looks"], said["before_and_after"], said["negative_control"], *said["outcomes"].values()):
        assert (figures["change"], figures["listed"], figures["controls"]) == (None, None, None)
        assert figures["untold"]
    assert said["observed_over_expected"][LISTED] is None
    assert set(said["people"].values()) <= {None, 0}


# The plan


def test_a_look_without_a_plan_is_refused(site: Path, refused: Callable, tmp_path: Path) -> None:
    said = refused(run_verb("impact", "look", "-w", site, "--out", tmp_path / "page.html"), 13)
    assert said == "no plan is logged; write one before any result is seen: riskstrat impact plan"
    assert not (tmp_path / "page.html").exists()


def test_another_plan_is_refused_and_with_a_reason_said_to_be_another(
    planned: Path, refused: Callable, tmp_path: Path
) -> None:
    changed = (*PLANNED, "--least-fall", 20)
    said = refused(plan_in(planned, *changed), 13)
    assert said.startswith("a plan stands since ")
    assert plan_in(planned).returncode == 0  # the same again is the same plan
    assert len(audit.find_plans(audit.read(planned))) == 1
    assert "says too little" in refused(plan_in(planned, *changed, "--reason", "because"), 13)
    assert plan_in(planned, *changed, "--reason", "The board asked for a larger fall.").returncode == 0
    found = look_in(planned, tmp_path / "page.html")
    assert found["plan_changed"] == "The board asked for a larger fall."
    assert "It was changed once, last before any look." in " ".join(found["sentences"])
    assert "last before any look: “The board asked for a larger fall.”" in (tmp_path / "page.html").read_text("utf-8")
    assert read_plan(planned).plan.least_fall == 20


def test_a_plan_changed_after_a_look_says_so(planned: Path, tmp_path: Path) -> None:
    look_in(planned, tmp_path / "page.html")
    plan_in(planned, *PLANNED, "--least-fall", 20, "--reason", "The board asked for a larger fall.")
    assert "last after 1 look:" in " ".join(read_plan(planned).describe_origin())


@pytest.mark.parametrize(("written", "after"), [(FIRST, False), (FIRST + timedelta(days=1), True)])
def test_a_plan_is_after_the_fact_once_a_list_that_counts_has_come_out(written: date, after: bool) -> None:
    logged = replace(LOGGED, logged_on=written)
    assert logged.after_the_fact is after
    assert ("after the fact" in " ".join(logged.describe_origin())) is after


def test_the_day_of_a_plan_is_that_of_its_line(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskstrat.audit.log.now", lambda: "2031-05-06T07:08:09Z")
    plan_in(planned, *PLANNED, "--least-fall", 30, "--reason", "The board asked for a larger fall.")
    assert read_plan(planned).logged_on == date(2031, 5, 6)


def test_looks_that_would_see_nobody_or_are_not_due_are_refused(site: Path, refused: Callable, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    early = PLAN.find_first_complete(75) - timedelta(days=1)
    said = refused(plan_in(site, "--analysis", early, "--since", FIRST), 6)
    assert said.endswith(f"the first look may be on {early + timedelta(days=1)}")
    twice = ("--analysis", ANALYSIS, "--look", ANALYSIS, "--since", FIRST)
    assert "each once" in refused(plan_in(site, *twice), 6)
    assert '"beds" is no outcome of a plan' in refused(plan_in(site, *PLANNED, "--outcome", "beds"), 4)
    assert not (root / "audit").exists()


def test_a_look_before_the_first_is_due_is_refused(
    site: Path, copy: Callable[[Path, Path], Path], refused: Callable, tmp_path: Path
) -> None:
    root = copy(site, tmp_path / "workspace")
    assert plan_in(root, "--analysis", ANALYSIS + timedelta(days=1), "--since", FIRST).returncode == 0
    said = refused(run_verb("impact", "look", "-w", root, "--out", tmp_path / "page.html"), 6)
    assert said.startswith(f"the first look of the plan is on {ANALYSIS + timedelta(days=1)}")
    assert audit.count_looks(audit.read(root)) == 0


def test_lists_before_the_plan_counts_are_no_part_of_it(
    site: Path, copy: Callable[[Path, Path], Path], tmp_path: Path
) -> None:
    """From the second list on p3 alone is listed for the first time."""
    root = copy(site, tmp_path / "workspace")
    assert plan_in(root, "--analysis", ANALYSIS, "--since", SECOND).returncode == 0
    (look,) = look_in(root, tmp_path / "page.html")["looks"]
    assert look["people"] == 10  # 12, to the nearest 5
    assert look["change"] == pytest.approx(1 / 1 - 1)


def test_a_plan_from_after_the_last_list_says_that_no_list_stands(ten: Comparison) -> None:
    late = replace(LOGGED, plan=replace(PLAN, since=SECOND + timedelta(days=1), looks=(ANALYSIS,)))
    with pytest.raises(PublicationError, match=f"no list stands from {SECOND + timedelta(days=1)}, when"):
        Comparison(ten.opened, ten.recipe, late)


def test_lists_that_cannot_be_followed_by_the_calendar_are_refused(ten: Comparison) -> None:
    at_discharges = ten.recipe.model_copy(update={"cohort": CohortRecipe(index="live_discharge")})
    with pytest.raises(DefinitionError, match="scores people at discharges"):
        Comparison(ten.opened, at_discharges, LOGGED)
    shifted = replace(ten.opened.store, manifest={**ten.opened.store.manifest, "comparable_dates": False})
    with pytest.raises(IndexDateError, match="shifted from person to person"):
        Comparison(replace(ten.opened, store=shifted), ten.recipe, LOGGED)


def test_a_source_that_ends_early_gives_no_figure(ten: Comparison) -> None:
    """Admissions whose last row is of before the end of people's time tell of nobody."""
    manifest = ten.opened.store.manifest
    tables = manifest["tables"] | {"admissions": manifest["tables"]["admissions"] | {"data_as_at": "2026-08-01"}}
    stopped = replace(ten.opened, store=replace(ten.opened.store, manifest={**manifest, "tables": tables}))
    comparison = Comparison(stopped, ten.recipe, LOGGED)
    found = comparison.compare_outcome(find_measure("bed_days"), comparison.follow(ANALYSIS))
    assert found.untold == "its source ends on 1 August 2026, before people's time is over"


# What a verdict takes


def compared(low: float, high: float) -> ComparedOutcome:
    return ComparedOutcome(100, (low + high) / 2, low, high, 1.0, 1.0, 0.2)


ALIKE, NOTHING, UNTOLD = compared(-0.1, 0.1), compared(-0.3, 0.3), ComparedOutcome(100, untold=".")
SAYS = {
    Verdict.WORKS: compared(-0.5, -0.1),
    Verdict.HARMS: compared(0.1, 0.5),
    Verdict.NOT_WORTH: compared(-0.05, 0.05),
    Verdict.TOO_FEW: NOTHING,
}
"""What the comparison by the estimate alone finds where it says the same."""


@pytest.mark.parametrize(
    ("verdict", "deaths", "before", "said", "reasons"),
    [
        (Verdict.WORKS, NOTHING, ALIKE, Verdict.WORKS, 0),
        (Verdict.HARMS, NOTHING, ALIKE, Verdict.HARMS, 0),
        (Verdict.WORKS, compared(0.1, 0.9), ALIKE, Verdict.TOO_FEW, 1),
        (Verdict.HARMS, compared(0.1, 0.9), ALIKE, Verdict.HARMS, 0),
        (Verdict.WORKS, NOTHING, compared(-0.4, -0.1), Verdict.TOO_FEW, 1),
        (Verdict.HARMS, NOTHING, compared(0.1, 0.4), Verdict.TOO_FEW, 1),
        (Verdict.NOT_WORTH, NOTHING, compared(0.1, 0.4), Verdict.NOT_WORTH, 0),
        (Verdict.WORKS, UNTOLD, UNTOLD, Verdict.WORKS, 0),
        (Verdict.WORKS, compared(0.1, 0.9), compared(0.1, 0.4), Verdict.TOO_FEW, 2),
    ],
)
def test_an_effect_is_not_told_where_deaths_or_the_past_speak_against_it(
    verdict: Verdict, deaths: ComparedOutcome, before: ComparedOutcome, said: Verdict, reasons: int
) -> None:
    found, why = conclude(verdict, Beside(deaths, before, SAYS[verdict], UNTOLD, UNTOLD), 10)
    assert (found, len(why)) == (said, reasons)


@pytest.mark.parametrize(
    ("verdict", "by_estimate", "at_line", "said", "reason"),
    [
        (Verdict.HARMS, compared(-0.2, 0.4), UNTOLD, Verdict.TOO_FEW, "whom the team chose"),
        (Verdict.HARMS, UNTOLD, UNTOLD, Verdict.TOO_FEW, "whom the team chose"),
        (Verdict.WORKS, compared(0.1, 0.4), UNTOLD, Verdict.TOO_FEW, "whom the team chose"),
        (Verdict.NOT_WORTH, compared(-0.2, 0.05), UNTOLD, Verdict.TOO_FEW, "whom the team chose"),
        (Verdict.TOO_FEW, UNTOLD, UNTOLD, Verdict.TOO_FEW, ""),
        (Verdict.WORKS, compared(-0.5, -0.1), compared(0.1, 0.9), Verdict.TOO_FEW, "The opposite was seen"),
        (Verdict.HARMS, compared(0.1, 0.5), compared(-0.9, -0.1), Verdict.TOO_FEW, "The opposite was seen"),
        (Verdict.HARMS, compared(0.1, 0.5), compared(0.1, 0.9), Verdict.HARMS, ""),
    ],
)
def test_a_verdict_is_not_told_where_the_estimate_alone_its_line_or_teams_that_began_do_not_bear_it_out(
    verdict: Verdict, by_estimate: ComparedOutcome, at_line: ComparedOutcome, said: Verdict, reason: str
) -> None:
    for beside in ((at_line, UNTOLD), (UNTOLD, at_line)):
        found, why = conclude(verdict, Beside(NOTHING, ALIKE, by_estimate, *beside), 10)
        assert found is said
        assert reason in "".join(why)
        assert bool(why) == bool(reason)


def test_every_verdict_has_a_sentence() -> None:
    assert set(VERDICT_WORDS) == set(Verdict)


def test_reviewed_and_not_accepted_is_told_apart_from_not_reviewed() -> None:
    def review(patient: str, outcome: str) -> Review:
        return Review(patient, FIRST, "Kirkby", outcome, None, None, FIRST, None, None, None)

    reviews = [review("a", "declined"), review("b", "declined"), review("b", "palliative_care"), review("z", "moved")]
    assert count_decisions(["a", "b", "c"], reviews) == {BEGUN: 1, NOT_BEGUN: 1, UNDECIDED: 1}


def test_names_of_copies_differ() -> None:
    assert len({name_person(copy, one) for copy in range(COPIES) for one in range(10)}) == 10 * COPIES
