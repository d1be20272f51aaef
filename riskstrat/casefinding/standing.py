"""Who may be listed at all: each eligible person is a candidate, known to a team, or excluded for one reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from riskstrat.casefinding.facts import CaseFacts
from riskstrat.casefinding.register import find_quiet_holdings, register_at
from riskstrat.casefinding.reviews import rests, reviews_by
from riskstrat.casefinding.teams import ListTeam
from riskstrat.definitions.deaths import DOUBTFUL_DEATH, is_contradicted
from riskstrat.definitions.settings import CasefindingSettings
from riskstrat.errors import WorkspaceError

DIED, MOVED, IN_HOSPITAL = "died", "moved away", "in hospital now"
NOT_DISCHARGED = "in hospital, or no discharge received"
"""By a stay that is open as far as is known, where no status of the last week says that they are in hospital, and none
of the day that they are not."""

PALLIATIVE, DECLINED, DEFERRED = "on the palliative care register", "declined", "deferred to a later meeting"
AGE, CARE_HOME = "outside the team's age limits", "in a care home"
RESTING = "reviewed in the last {weeks} weeks"
IN_QUESTION = "reported as wrong, being checked"

ROUTED: Mapping[str, str] = {
    IN_HOSPITAL: "hospital discharge team",
    NOT_DISCHARGED: "hospital discharge team",
    PALLIATIVE: "palliative lead",
    CARE_HOME: "home round",
}
"""Reasons for which a person is passed on instead of listed, and to whom."""

INPATIENT_DAYS = 7
"""Age in days from which a same-day status no longer says that somebody is in hospital now."""


def name_state(reason: str) -> str:
    """The state behind a reason, whichever of two sources says it: whoever was not discharged counts as in hospital."""
    return IN_HOSPITAL if reason == NOT_DISCHARGED else reason


def standings(
    people: pd.DataFrame, teams: Sequence[ListTeam], facts: CaseFacts, list_date: date, rules: CasefindingSettings
) -> pd.DataFrame:
    """One row per row of `people`, with its index: place ("candidate", "known", "excluded"), reason, nominated.

    The first that holds decides: recorded dead and active later; died; moved away; reported as wrong and not settled;
    in hospital now by a status, or by an open stay; on the palliative care register; known (held on any team's
    caseload, and not on paper alone); declined; deferred; resting after a review; outside the team's age limits; in a
    care home. A nominated person is not known, and neither age limits, care homes nor a review before the nomination
    hold a nomination back: a clinician has decided. Died and moved are read from what statuses said last of each, from
    the latest review, and from what a refresh says; died also from how a hospital stay ended.
    """
    rows = _gather_facts(people, teams, facts, list_date, rules)
    now = pd.Timestamp(list_date)
    resting = (rows["until"] > now) & ~(rows["nominated_on"] > rows["day"])
    declined = resting & (rows["declined"] | rows["register_declined"]) | rows["register_declined"]
    limited = rows["nominated_on"].isna()
    tests = {
        DOUBTFUL_DEATH: rows["doubtful"],
        DIED: rows["status_died"] | rows["died"] | rows["gone"].eq(DIED) | rows["left_dead_on"].notna(),
        MOVED: rows["status_moved"] | (rows["moved"] & (rows["until"] > now)) | rows["gone"].eq(MOVED),
        IN_QUESTION: rows["in_question"],
        IN_HOSPITAL: rows["in_hospital"],
        NOT_DISCHARGED: rows["not_discharged"],
        PALLIATIVE: rows["palliative"],
        "known": rows["known"],
        DECLINED: declined,
        DEFERRED: resting & rows["deferred"],
        RESTING: resting,
        AGE: limited & rows["outside_ages"],
        CARE_HOME: limited & rows["excluded_care_home"],
    }
    found = np.select([test.to_numpy(dtype=bool) for test in tests.values()], list(tests), default="candidate")
    return _word_reasons(rows, found)


def _word_reasons(rows: pd.DataFrame, found: np.ndarray) -> pd.DataFrame:
    reasons = pd.Series(found, index=rows.index, dtype=object)
    place = reasons.where(reasons.isin(["candidate", "known"]), "excluded")
    resting = reasons == RESTING
    words = {weeks: RESTING.format(weeks=weeks) for weeks in rows["weeks"].unique()}
    words[1] = "reviewed in the last week"
    reasons = reasons.where(~resting, rows["weeks"].map(words).astype(object)).where(place == "excluded", None)
    kept = {"place": place, "reason": reasons, "nominated": rows["nominated_on"].notna()}
    return pd.DataFrame(kept, index=rows.index)


def _gather_facts(
    people: pd.DataFrame, teams: Sequence[ListTeam], facts: CaseFacts, list_date: date, rules: CasefindingSettings
) -> pd.DataFrame:
    """One row per row of `people`: every fact that decides, as a column that is never null where it is a truth."""
    person = people["person"]
    register = register_at(facts.caseload, list_date)
    quiet = find_quiet_holdings(facts.caseload, facts.contacted, list_date, rules.caseload_quiet_months)
    status = _find_latest_statuses(facts.statuses, list_date).reindex(person)
    rows = pd.DataFrame(
        {
            "known": person.isin(register.known.difference(quiet.index)),
            "register_declined": person.isin(register.declined),
            "nominated_on": pd.to_datetime(person.map(register.nominated)),
            "in_question": person.isin(facts.in_question),
            "palliative": person.isin(facts.palliative or ()) | _mark_true(status["palliative_register"], people),
            "in_hospital": _mark_inpatients(people, status, list_date),
            "not_discharged": _mark_not_discharged(people, status, facts, list_date),
            "status_died": _mark_true(status["died"], people),
            "status_moved": _mark_true(status["moved"], people),
            "gone": person.map(dict(facts.gone)).astype(object),
            "denied_dead_on": pd.to_datetime(status["died_on"]).where(status["died"].eq(False)).to_numpy(),
            "left_dead_on": pd.to_datetime(person.map(dict(facts.died_in_hospital))),
        },
        index=people.index,
    )
    rows = rows.join(_rest_of(people, teams, facts, list_date, rules))
    return rows.assign(
        doubtful=_mark_doubtful(people, rows, facts, list_date),
        outside_ages=_mark_outside_ages(people, teams),
        excluded_care_home=_mark_excluded_homes(people, teams),
    )


def _mark_doubtful(people: pd.DataFrame, rows: pd.DataFrame, facts: CaseFacts, list_date: date) -> pd.Series:
    """Who is recorded dead, by the records, statuses, a review or a hospital, and was active later.

    By a hospital also whom a status of a later day says not to have died, or whose stay contradicts itself and nobody
    else says so: one provider's code is easily wrong.
    """
    active = pd.Series(dtype="datetime64[s]") if facts.last_active is None else facts.last_active
    last = active.reindex(people["person"]).to_numpy().astype("datetime64[D]")
    doubtful = people["person"].isin(facts.doubtful).to_numpy()
    since = find_said_since(facts.statuses, "died", list_date).reindex(people["person"])
    left_dead = (rows["left_dead_on"].notna(), rows["left_dead_on"])
    for says, told_on in ((rows["status_died"], since), (rows["died"], rows["day"]), left_dead):
        doubtful = doubtful | says.to_numpy() & is_contradicted(told_on.to_numpy().astype("datetime64[D]"), last)
    said_dead = rows["status_died"] | rows["died"] | rows["gone"].eq(DIED)
    disputed = people["person"].isin(facts.disputed_in_hospital) & ~said_dead
    doubtful = doubtful | disputed.to_numpy() | (rows["denied_dead_on"] > rows["left_dead_on"]).to_numpy()
    return pd.Series(doubtful, index=people.index)


def find_said_since(statuses: pd.DataFrame | None, truth: str, at: date) -> pd.Series:
    """By person the first status that says what the column `truth` holds with none after it, up to that day, that
    says otherwise."""
    if statuses is None or statuses.empty:
        return pd.Series(dtype="datetime64[s]")
    rows = statuses.reindex(columns=["person", truth]).assign(as_at=pd.to_datetime(statuses["as_at"]))
    rows = rows[rows["as_at"] <= pd.Timestamp(at)]
    so, not_so = (rows[truth].eq(said).fillna(False).astype(bool) for said in (True, False))
    denied_on = rows[not_so].groupby("person")["as_at"].max().reindex(rows["person"]).to_numpy()
    return rows[(so & ~(rows["as_at"].to_numpy() <= denied_on)).to_numpy()].groupby("person")["as_at"].min()


def _find_latest_statuses(statuses: pd.DataFrame | None, at: date) -> pd.DataFrame:
    """One row per person, indexed by person: what was said last of each thing, up to that day; a cell may be empty.

    `inpatient_on` and `died_on` are the days on which inpatient and died were said.
    """
    columns = ["inpatient_on", "died_on", "inpatient", "died", "moved", "palliative_register"]
    if statuses is None or statuses.empty:
        return pd.DataFrame(columns=columns)
    rows = statuses.reindex(columns=["person", *columns]).assign(as_at=pd.to_datetime(statuses["as_at"]))
    rows = rows[rows["as_at"] <= pd.Timestamp(at)].sort_values(["person", "as_at"], kind="stable")
    said_on = pd.to_datetime(rows["inpatient_on"]).fillna(rows["as_at"])
    rows["inpatient_on"] = said_on.where(rows["inpatient"].notna())
    rows["died_on"] = rows["as_at"].where(rows["died"].notna())
    return rows.groupby("person")[columns].last()


def _mark_inpatients(people: pd.DataFrame, status: pd.DataFrame, list_date: date) -> pd.Series:
    """Who is in hospital by a status of the last week."""
    fresh = (_find_ages_of_status(status, list_date) < INPATIENT_DAYS).to_numpy()
    return fresh & _mark_true(status["inpatient"], people)


def _mark_not_discharged(people: pd.DataFrame, status: pd.DataFrame, facts: CaseFacts, list_date: date) -> pd.Series:
    """Of whom a spell is still open as far as is known; a status of the day itself outweighs it."""
    today = (_find_ages_of_status(status, list_date) == 0).to_numpy()
    says_out = today & _mark_true(status["inpatient"].eq(False), people)
    return people["person"].isin(facts.in_hospital or ()) & ~says_out


def _find_ages_of_status(status: pd.DataFrame, list_date: date) -> pd.Series:
    """How many days ago a status last said whether somebody is in hospital."""
    return (pd.Timestamp(list_date) - pd.to_datetime(status["inpatient_on"])).dt.days


def _rest_of(
    people: pd.DataFrame, teams: Sequence[ListTeam], facts: CaseFacts, list_date: date, rules: CasefindingSettings
) -> pd.DataFrame:
    decided = reviews_by(facts.reviews, list_date)
    reviewed = people[people["person"].isin(decided["person"])]
    weeks = {team.name: team.rest_weeks for team in teams}
    own = {person: weeks.get(team) for person, team in zip(reviewed["person"], reviewed["team"], strict=True)}
    found = rests(decided, own, rules).reindex(people["person"]).set_axis(people.index)
    for truth in ("declined", "died", "moved", "deferred"):
        found[truth] = _mark_true(found[truth], people)
    days = {name: pd.to_datetime(found[name]) for name in ("day", "until")}
    return found.assign(**days, weeks=found["weeks"].fillna(0).astype("int64"))


def _mark_outside_ages(people: pd.DataFrame, teams: Sequence[ListTeam]) -> pd.Series:
    outside = pd.Series(False, index=people.index)
    for team in teams:
        if team.min_age is None and team.max_age is None:
            continue
        age = _require_column(people, "age", f'team "{team.name}" has age limits')
        low, high = team.min_age or 0, 200 if team.max_age is None else team.max_age
        outside |= (people["team"] == team.name) & ((age < low) | (age > high))
    return outside


def _mark_excluded_homes(people: pd.DataFrame, teams: Sequence[ListTeam]) -> pd.Series:
    names = [team.name for team in teams if "care home" in team.excludes]
    if not names:
        return pd.Series(False, index=people.index)
    lives_there = _require_column(people, "care_home", f'team "{names[0]}" excludes people in a care home')
    return people["team"].isin(names) & _mark_true(lives_there, people)


def _require_column(people: pd.DataFrame, column: str, because: str) -> pd.Series:
    if column not in people:
        raise WorkspaceError(
            f"riskstrat.toml: {because}, but the scored people have no column {column}; declare the feature behind it, "
            "or take the limit out"
        )
    return people[column]


def _mark_true(values: pd.Series, people: pd.DataFrame) -> pd.Series:
    """Where a value is true or above 0, with the index of `people`; unknown counts as no."""
    return pd.Series(values.fillna(0).to_numpy().astype(float) > 0, index=people.index)
