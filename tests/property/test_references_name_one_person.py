"""Whatever happens to lists (withdrawn, made again, with more room or less, after a gap), a reference names one person.

The lists are those of two teams below a folder, as `publication` keeps their cases and reads them back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.casefinding import CASE_COLUMNS, CaseRegister
from riskstrat.casefinding.cases import CASE_WEEKS
from riskstrat.publication import CASES, dump_cases, read_case_register
from tests.suite.properties import property_settings

FIRST = date(2026, 1, 5)
TEAMS = ("NOR", "SOU")
PATIENTS = [f"P{number}" for number in range(12)]

people_listed = st.lists(st.sampled_from(PATIENTS), unique=True, max_size=8)
steps = st.lists(
    st.one_of(
        # A list so many weeks after the last, of these people in this order, these cases being closed the day before.
        st.tuples(
            st.just("publish"),
            st.sampled_from([1, 1, 1, 2, 40, CASE_WEEKS, CASE_WEEKS + 1]),
            people_listed,
            st.sets(st.sampled_from(PATIENTS), max_size=2),
        ),
        # The last list is withdrawn and made anew, of other people in another order.
        st.tuples(
            st.just("withdraw"),
            st.just(0),
            people_listed,
            st.just(set()),
        ),
        # A list of an earlier date, made late.
        st.tuples(st.just("late"), st.just(-3), people_listed, st.just(set())),
    ),
    max_size=8,
)


@dataclass
class Lists:
    """A folder of lists, and what each said: by team the (date, reference number, patient) of every row ever given."""

    folder: Path
    day: date = FIRST
    given: list[tuple[date, str, int, str]] = field(default_factory=list)

    def publish(self, day: date, patients: list[str], closed: set[str]) -> None:
        """Make the list of a day: the first of `patients` go to one team, the others to the other."""
        target = self.folder / day.isoformat() / CASES
        if target.exists():
            return
        register, half = read_case_register(self.folder), len(patients) // 2
        closed_on = dict.fromkeys(closed, day - timedelta(days=1))
        frames = [
            register.number_cases(team, own, day, closed_on)
            for team, own in zip(TEAMS, (patients[:half], patients[half:]), strict=True)
        ]
        rows = pd.concat(frames, ignore_index=True)
        self.check_again(register, rows, day, closed_on)
        target.parent.mkdir(parents=True)
        target.write_bytes(dump_cases(register.list_cases(rows, day)))
        self.given += [(day, row.team_code, row.number, row.patient_id) for row in rows.itertuples()]

    def check_again(self, register: CaseRegister, rows: pd.DataFrame, day: date, closed_on: Mapping[str, date]) -> None:
        """A second run, on the same lists or beside its own, gives the same numbers."""
        told = pd.concat([register.rows, rows], ignore_index=True) if len(register.rows) else rows
        for known in (register, CaseRegister(told)):
            for team, own in rows.groupby("team_code", sort=False):
                again = known.number_cases(str(team), own["patient_id"].tolist(), day, closed_on)
                assert again["number"].tolist() == own["number"].tolist()

    def withdraw(self, day: date) -> None:
        source = self.folder / day.isoformat()
        if source.exists():
            (self.folder / "withdrawn").mkdir(exist_ok=True)
            editions = len(list((self.folder / "withdrawn").glob(f"{day}-*")))
            source.rename(self.folder / "withdrawn" / f"{day}-{editions + 1}")

    def take(self, what: str, weeks: int, patients: list[str], closed: set[str]) -> None:
        if what == "publish":
            self.day += timedelta(weeks=weeks)
        if what == "withdraw":
            self.withdraw(self.day)
        self.publish(self.day + timedelta(weeks=min(weeks, 0)), patients, closed)


@given(steps)
@property_settings(15, drawn=40)
def test_a_reference_never_names_two_people_and_a_case_on_lists_in_a_row_keeps_its_own(
    taken: list[tuple[str, int, list[str], set[str]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lists = Lists(Path(folder))
        for step in taken:
            lists.take(*step)
    owner: dict[tuple[str, int], str] = {}
    for _, team, number, patient in lists.given:
        assert owner.setdefault((team, number), patient) == patient
    ends = any(closed for *_, closed in taken) or any(weeks > 40 for _, weeks, *_ in taken)
    if not ends:
        cases = {(team, patient): set() for _, team, _, patient in lists.given}
        for _, team, number, patient in lists.given:
            cases[team, patient].add(number)
        span = lists.day - FIRST
        assert span > timedelta(weeks=CASE_WEEKS) or all(len(numbers) == 1 for numbers in cases.values())


def test_what_a_list_hands_on_forgets_who_left_for_good_or_opted_out_but_never_a_teams_last_number() -> None:
    rows = pd.DataFrame(
        [
            ("NOR", 1, "P1", date(2024, 1, 1), date(2024, 1, 1)),
            ("NOR", 3, "P5", date(2025, 12, 1), date(2026, 1, 5)),
            ("NOR", 4, "P2", date(2024, 1, 1), date(2026, 1, 5)),
            ("SOU", 9, "P3", date(2024, 1, 1), date(2024, 1, 1)),
            ("WES", 3, "P5", date(2025, 12, 1), date(2025, 12, 29)),
        ],
        columns=list(CASE_COLUMNS),
    )
    listed = CaseRegister().number_cases("EAS", ["P4"], FIRST, {})
    handed_on = CaseRegister(rows).list_cases(listed, FIRST, opted_out={"P5"})
    assert dump_cases(handed_on).decode() == (
        "team_code,number,patient_id,opened_on,listed_on\n"
        "EAS,1,P4,2026-01-05,2026-01-05\n"
        "NOR,4,P2,2024-01-01,2026-01-05\n"
        "SOU,9,,2024-01-01,2024-01-01\n"
        "WES,3,,2025-12-01,2025-12-29\n"
    )
