"""From scores to cases: whom each team lists at one date, given the register, reviews and earlier lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.casefinding import (
    DIED,
    MOVED,
    WITHOUT_TABLE,
    CaseFacts,
    CaseList,
    CaseRegister,
    Membership,
    Memory,
    assign_teams,
    bring_forward,
    find_cases,
)
from riskstrat.cohort import mark_opted_out
from riskstrat.definitions import none_of
from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.settings import OPT_OUT_KINDS, Settings
from riskstrat.errors import WorkspaceError
from riskstrat.people.newest_stay import LONGEST_STAY
from riskstrat.people.palliative import find_palliative
from riskstrat.publication import EVERYONE_COLUMNS
from riskstrat.reviews import Notices, Snapshot
from riskstrat.site.opening import Site
from riskstrat.site.pathways import pathways_of
from riskstrat.site.residents import assume_homes
from riskstrat.site.scored import Scored
from riskstrat.sources.activity import find_last_activity
from riskstrat.sources.doubtful import STAYS, read_doubtful, select_holding
from riskstrat.sources.hospital_deaths import find_hospital_deaths
from riskstrat.sources.refreshed import DEATHS, DEPARTURES
from riskstrat.sources.selection import day, known_rows
from riskstrat.sources.sensitive import mark_rows, require_sensitive
from riskstrat.sources.streams import ADMISSION_DETAILS, NOT_ORDINARY, codes_in
from riskstrat.sources.tables import admissions, contacts
from riskstrat.weekly.between_lists import add_notices, open_told
from riskstrat.weekly.memory import PastList, find_team_codes, read_estimates_before, read_listed_before

OF_NO_TEAM = ("gp", "outpatient")
"""Services whose contacts do not show that a team which holds somebody on its caseload still sees them."""

REVIEW_COLUMNS = ("person", "patient_id", "list_date", "team", "outcome", "decided_on", "due_on", "reason", "owner")


@dataclass(frozen=True)
class ChosenCases:
    """Every team's cases at one date. everyone: one row per person with a team, eligible or with a doubtful death.

    doubtful: patients whom the records themselves call dead and show active later; they stand last in `membership`.
    """

    membership: Membership
    cases: tuple[CaseList, ...]
    everyone: pd.DataFrame
    facts: CaseFacts
    doubtful: tuple[str, ...] = ()

    @property
    def without_team(self) -> int:
        """Eligible people whose practice no team serves."""
        eligible = len(self.membership.rows) - len(self.doubtful)
        return int(self.membership.rows["team"].head(eligible).isna().sum())

    @property
    def practices_without_team(self) -> dict[str, int]:
        """Eligible people of each practice that no team serves, the most first; those without a practice as empty."""
        rows = self.membership.rows.head(len(self.membership.rows) - len(self.doubtful))
        counts = rows.loc[rows["team"].isna(), "practice"].fillna("").value_counts()
        return {str(name): int(counts[name]) for name in sorted(counts.index, key=lambda name: (-counts[name], name))}

    @property
    def to_be_checked(self) -> tuple[str, ...]:
        """Patients recorded dead who were active later, with a team or without."""
        placed = self.everyone.loc[self.everyone["reason"] == DOUBTFUL_DEATH, "patient_id"]
        return tuple(sorted({*placed, *self.doubtful}))

    @property
    def dead_by_hospital_alone(self) -> int:
        """People with a team who are kept off as dead by how a hospital stay ended, and by nothing else."""
        told = self.facts
        gone = {person for person, reason in told.gone.items() if reason == DIED}
        alone = set(told.died_in_hospital) - gone - set(_list_said_dead(told.reviews, told.statuses))
        off = (case.everyone.loc[case.everyone["reason"] == DIED, "person"] for case in self.cases)
        return sum(int(persons.isin(alone).sum()) for persons in off)


def choose_cases(
    opened: Site,
    scored: Scored,
    list_date: date,
    earlier: Sequence[PastList],
    imported: Snapshot,
    assumed: pd.DataFrame | None = None,
    register: CaseRegister | None = None,
    notices: Notices | None = None,
    *,
    with_lot: bool = False,
) -> ChosenCases:
    """Each team's cases among everybody scored.

    imported: decisions beside those that were landed. assumed: further decisions, one row each, for lists rebuilt.
    register: the cases of all lists, standing or withdrawn; without it every case is a first one. notices: what teams
    told between lists. with_lot: whether a lot may leave people off, as on a list that a team is given; none that is
    sealed or rebuilt. Raises WorkspaceError where no team serves anybody.
    """
    settings = opened.workspace.settings if with_lot else _leave_out_lot(opened.workspace.settings)
    areas = opened.store.read("areas") if "areas" in opened.store.landed else None
    everybody = _join_doubtful(opened, scored, list_date)
    capacity, codes = settings.lists.default_capacity, find_team_codes(earlier)
    membership = assign_teams(everybody["practice"], areas, settings.teams, capacity, list_date, codes)
    require_team(membership, list_date)
    people = everybody.join(membership.rows.drop(columns="practice"))
    told = notices or Notices()
    facts = case_facts(opened, list_date, imported, assumed, scored.cohort.doubtful["person"])
    facts = add_notices(facts, opened, told)
    memory = Memory(
        read_listed_before(earlier),
        read_estimates_before(earlier, list_date, settings.casefinding.rising_weeks, scored.version.version),
        tuple(one.day for one in earlier),
        open_told(register or CaseRegister(), told),
    )
    cases = find_cases(people, membership.teams, facts, memory, list_date, settings)
    doubtful = tuple(scored.cohort.doubtful["patient_id"])
    return ChosenCases(membership, cases, _combine_everyone(cases), facts, doubtful)


def require_team(membership: Membership, list_date: date) -> None:
    """Raises WorkspaceError where there is no team: nobody could stand on a list, and nobody would hear of it."""
    if not membership.teams:
        practices = membership.rows["practice"].nunique()
        raise WorkspaceError(
            f"no team serves any of the {practices:,} practices with eligible people on {list_date}: riskstrat.toml "
            "names no team, and no row of areas that holds on that day names one of these practices; add a [[teams]] "
            "with practices to riskstrat.toml, or land areas that hold then"
        )


def _join_doubtful(opened: Site, scored: Scored, list_date: date) -> pd.DataFrame:
    """One row per person scored, then one without an estimate per person whose recorded death is doubtful."""
    people = scored.rows.reset_index(drop=True).assign(**_gather_rule_columns(opened, scored))
    doubtful = scored.cohort.doubtful.drop(columns="left_as")
    if doubtful.empty:
        return people
    return pd.concat([people, doubtful.assign(index_date=pd.Timestamp(list_date).as_unit("s"))], ignore_index=True)


def case_facts(
    opened: Site,
    list_date: date,
    imported: Snapshot,
    assumed: pd.DataFrame | None = None,
    doubtful: Iterable[Any] = (),
) -> CaseFacts:
    """What is recorded of people by the day of a list: caseload, reviews, same-day statuses, who is in hospital.

    doubtful: persons recorded dead who were active later.
    """
    store = opened.store
    landed = {name: store.read(name) for name in ("caseload", "statuses") if name in store.landed}
    if "statuses" in landed:
        landed["statuses"] = bring_forward(landed["statuses"], list_date, store.data_as_at)
    decided = reviews_by(opened, list_date, imported)
    if assumed is not None and len(assumed):
        decided = pd.concat([decided, assumed], ignore_index=True)
    left_dead = find_hospital_deaths(store, opened.workspace.codelists, list_date)
    said_dead = [*_list_said_dead(decided, landed.get("statuses")), *left_dead.days]
    return CaseFacts(
        caseload=landed.get("caseload"),
        reviews=decided,
        statuses=landed.get("statuses"),
        in_hospital=_find_inpatients(opened, list_date),
        palliative=find_palliative(store, opened.workspace.codelists, list_date),
        contacted=_find_contacted(opened, list_date),
        doubtful=frozenset(int(person) for person in doubtful),
        last_active=find_last_activity(store, said_dead, list_date),
        died_in_hospital=left_dead.days,
        disputed_in_hospital=left_dead.disputed,
        gone=_find_gone(opened, list_date),
        unnamed=_find_unnamed(opened, landed.get("caseload")),
        objecting=_find_objecting(opened),
        # What a refresh brings is some rows of one day, and not the whole table; a table without rows tells of nobody.
        not_landed=frozenset({*WITHOUT_TABLE, "caseload"}).difference(
            name for name, table in store.manifest["tables"].items() if table["accepted"]
        ),
    )


def _leave_out_lot(settings: Settings) -> Settings:
    return settings.model_copy(update={"lists": settings.lists.model_copy(update={"hold_out": None})})


def _find_objecting(opened: Site) -> frozenset[int]:
    """Persons with an opt-out of any kind, whatever is approved; asked only where a lot may leave people off."""
    if opened.workspace.settings.lists.hold_out is None:
        return frozenset()
    return frozenset(int(person) for person in np.flatnonzero(mark_opted_out(opened.store, OPT_OUT_KINDS)))


def _find_unnamed(opened: Site, caseload: pd.DataFrame | None) -> frozenset[str]:
    """Teams of the caseload whose name says what is sensitive."""
    if caseload is None:
        return frozenset()
    teams = caseload[["team"]].drop_duplicates()
    return frozenset(teams["team"][mark_rows("caseload", teams, require_sensitive(opened.workspace.codelists))])


def _find_gone(opened: Site, list_date: date) -> dict[int, str]:
    """By person died or moved away, as refreshes say; of a list of a day before the extract's they know nothing."""
    refreshed = opened.store.refreshed
    if refreshed is None or list_date < opened.store.data_as_at:
        return {}
    people = opened.store.people()
    persons = dict(zip(people["patient_id"], people["person"], strict=True))
    said = ((DEPARTURES, MOVED), (DEATHS, DIED))
    told = {row["patient_id"]: reason for table, reason in said for row in refreshed.rows.get(table, ())}
    return {int(persons[patient]): reason for patient, reason in told.items() if patient in persons}


def _list_said_dead(decided: pd.DataFrame | None, statuses: pd.DataFrame | None) -> list[int]:
    """Persons whom a decision or a same-day status says to have died."""
    said = []
    if decided is not None:
        said.append(decided.loc[decided["outcome"].str.strip().str.lower() == "died", "person"])
    if statuses is not None:
        said.append(statuses.loc[statuses["died"].fillna(False).astype(bool), "person"])
    return [int(person) for persons in said for person in persons]


def reviews_by(opened: Site, list_date: date, imported: Snapshot) -> pd.DataFrame:
    """One row per decision taken before the day of a list, landed or imported; `person` is the row of people."""
    store, frames = opened.store, []
    taken = imported.to_frame()
    if len(taken):
        person = pd.Series(np.arange(store.people_count), index=store.people()["patient_id"])
        known = taken[taken["patient_id"].isin(person.index)]
        frames.append(known.assign(person=known["patient_id"].map(person)))
    if "reviews" in store.landed:
        # What an import lets through as a note was looked at for identifiers; what was landed was not.
        frames.append(store.read("reviews").drop(columns="reason", errors="ignore"))
    if not frames:
        return pd.DataFrame(columns=list(REVIEW_COLUMNS))
    whole = [frame.reindex(columns=list(REVIEW_COLUMNS)) for frame in frames]
    rows = pd.concat(whole, keys=range(len(whole)), names=["frame"])
    decided = pd.to_datetime(rows["decided_on"]).fillna(pd.to_datetime(rows["list_date"]))
    rows = rows[decided < pd.Timestamp(list_date)]
    # What an import repeats of a landed table counts once, as it was imported; two decisions of one table are two.
    frame = pd.Series(rows.index.get_level_values("frame"), index=rows.index)
    key = [rows[name] for name in ("person", "list_date", "outcome")]
    first = frame.groupby(key, dropna=False).transform("min")
    return rows[frame == first].reset_index(drop=True)


def _find_inpatients(opened: Site, list_date: date) -> frozenset[int]:
    """Persons with an ordinary stay that had not ended on the day as far as known, unless it began too long ago.

    A quarantined stay counts too, until the person has an accepted one that began later.
    """
    columns: tuple[str, ...] = ("person", "admitted_on", "ended_by")
    if "patient_class" not in opened.store.absent_columns.get("admissions", ()):
        columns += ("patient_class",)
    known, _ = known_rows(opened.store, admissions, columns, list_date)
    begun = known["admitted_on"] <= day(list_date)
    stays = pd.DataFrame({name: known[name][begun] for name in columns}).astype({"admitted_on": "datetime64[s]"})
    rows = pd.concat([stays[stays["ended_by"].isna()], _find_doubtful_stays(opened, stays, list_date)])
    others = codes_in(opened.workspace.codelists, ADMISSION_DETAILS, NOT_ORDINARY)
    too_long_ago = rows["admitted_on"] <= pd.Timestamp(list_date) - pd.Timedelta(LONGEST_STAY, "D")
    ordinary = ~rows["patient_class"].isin(others) if "patient_class" in rows else True
    return frozenset(int(person) for person in rows.loc[~too_long_ago & ordinary, "person"])


def _find_doubtful_stays(opened: Site, stays: pd.DataFrame, list_date: date) -> pd.DataFrame:
    """The quarantined stays that may not have ended by the day: person, admitted_on (or when known), patient_class."""
    rows = read_doubtful(opened.store, STAYS)
    rows = select_holding(rows, list_date, opened.store.data_as_at, "admitted_on", "discharged_on")
    latest = stays[stays["person"].isin(rows["person"])].groupby("person")["admitted_on"].max().reindex(rows["person"])
    rows = rows[~(rows["admitted_on"].to_numpy() < latest.to_numpy())]
    began = rows["admitted_on"].fillna(rows["known_on"]).astype("datetime64[s]")
    return rows.assign(admitted_on=began)[["person", "admitted_on", "patient_class"]]


def _find_contacted(opened: Site, list_date: date) -> frozenset[int] | None:
    """Persons whom a service that may hold a caseload saw in the last months; None where that cannot be told."""
    if not {"caseload", "contacts"} <= set(opened.store.landed):
        return None
    months = opened.workspace.settings.casefinding.caseload_quiet_months
    since = (pd.Timestamp(list_date) - pd.DateOffset(months=months)).date()
    rows = contacts.filter(contacts.contacted_on > since, none_of(contacts.service, OF_NO_TEAM))
    told = "attended" not in opened.store.absent_columns.get("contacts", ())
    seen, _ = known_rows(opened.store, rows, ("person", "attended") if told else ("person",), list_date)
    persons = pd.Series(seen["person"])
    attended = seen["attended"] if told else [True] * len(persons)
    return frozenset(int(person) for person in persons[pd.Series(attended, dtype="boolean").fillna(True)])


def _gather_rule_columns(opened: Site, scored: Scored) -> dict[str, npt.NDArray[np.generic]]:
    """Columns of people that a team's limits, weights and slots read, as far as the features were built."""
    columns: dict[str, npt.NDArray[np.generic]] = {}
    roles = opened.workspace.roles
    for name, feature in {"age": roles.age, "conditions": roles.number_of_conditions}.items():
        if feature in scored.matrix.columns:
            columns[name] = scored.matrix.select([feature])[:, 0]
    homes = [feature for feature in roles.care_home if feature in scored.matrix.columns]
    if homes:
        told = assume_homes(opened, scored.matrix, homes).select(homes)
        columns["care_home"] = (np.nan_to_num(np.asarray(told, float)) > 0).any(axis=1)
    if any(team.slots for team in opened.workspace.settings.teams):
        columns["pathways"] = pathways_of(opened, scored.matrix).to_numpy()
    return columns


def _combine_everyone(cases: Sequence[CaseList]) -> pd.DataFrame:
    """Everybody eligible with a team, by team and order of margin; what only listed people have is empty for others."""
    frames = []
    for case in cases:
        kept = ["patient_id", "reference", "rank", "arrival", "listed_since", "weeks_on_list"]
        rows = case.everyone.merge(case.rows[kept], on="patient_id", how="left", sort=False)
        frames.append(rows.assign(team=case.team.name))
    if not frames:
        return pd.DataFrame(columns=list(EVERYONE_COLUMNS))
    whole = pd.concat(frames, ignore_index=True)[list(EVERYONE_COLUMNS)]
    counted = {"order": "Int64", "rank": "Int64", "weeks_on_list": "Int64"}
    worded = dict.fromkeys(("patient_id", "team", "place", "reason", "reference", "arrival"), "string")
    return whole.astype(counted | worded).assign(listed_since=pd.to_datetime(whole["listed_since"]))
