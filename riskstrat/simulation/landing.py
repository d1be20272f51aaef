"""What an organisation would have landed by the last day: every table with its reporting lags, nothing known later.

A row known after `until` is not landed; a column not yet known is null; an open spell has no discharge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from riskstrat.simulation import activity, codes, primary_care, social_care, teams
from riskstrat.simulation.calendar import NEVER
from riskstrat.simulation.coding import THROUGH_A_AND_E, Stays, condition_codes, diagnoses
from riskstrat.simulation.conditions import CONDITIONS
from riskstrat.simulation.draws import lag, one_of
from riskstrat.simulation.places import Borough
from riskstrat.simulation.population import OPT_OUT_SHARE
from riskstrat.simulation.state import State
from riskstrat.simulation.writing import Coded, Writer

RECORDED_BY_GP = 0.92
OPT_OUT_KINDS = ("type1", "national", "risk_stratification")
DEPARTMENTS = ("01", "02", "03", "04", "05")
TOWN_PROVIDERS = ("REM", "RQ6", "RBQ")


@dataclass
class BoroughLanding:
    """One chunk on its way to files."""

    rng: np.random.Generator
    state: State
    borough: Borough
    ids: np.ndarray
    chunk: int
    writer: Writer

    def __post_init__(self) -> None:
        time = self.state.death_time
        self.death_day = np.where(time < NEVER, np.floor(time) + 1, NEVER).astype(np.int32)
        self.until = self.state.calendar.until

    def here(self, who: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Whether each person was alive and registered on each day, and the day is not after the last."""
        people = self.state.people
        alive = (day >= people.joined[who]) & (day <= self.death_day[who])
        return alive & (day < people.leaves[who]) & (day <= self.until)

    def land(
        self, table: str, who: np.ndarray, day: np.ndarray, known: np.ndarray, columns: dict[str, Any]
    ) -> np.ndarray:
        """Write rows known by the last day in order of person and day; returns which rows, in the order written."""
        rows = np.flatnonzero(known <= self.until)
        key = who[rows].astype(np.int64) * 2 * NEVER + day[rows]
        rows = rows[np.argsort(key, kind="stable")]
        taken = {
            name: column.taken(rows) if isinstance(column, Coded) else column[rows] for name, column in columns.items()
        }
        self.writer.add(table, {"patient_id": Coded(who[rows], self.ids)} | taken)
        return rows


def land_people(landing: BoroughLanding, care_home_from: np.ndarray) -> None:
    """people, registrations, opt_outs."""
    rng, people, until = landing.rng, landing.state.people, landing.until
    areas, everyone = landing.borough.areas, np.arange(len(people))
    known = landing.death_day + lag(rng, len(people), 2, 11, 150)
    dead = (known <= until) & (landing.death_day <= people.leaves)
    home = np.where((care_home_from <= until) & (care_home_from <= landing.death_day), care_home_from, NEVER)
    columns = {
        "date_of_birth": people.born,
        "sex": people.sex,
        "ethnicity": people.ethnicity,
        "lsoa": Coded(people.area, areas.lsoa),
        "imd_decile": people.decile.astype(np.int32),
        "imd_year": np.full(len(people), 2025, dtype=np.int32),
        "care_home_from": home,
        "died_known_on": np.where(dead, known, NEVER),
        "date_of_death": np.where(dead, landing.death_day, NEVER),
    }
    landing.land("people", everyone, people.born, np.zeros(len(people)), columns)
    _land_registrations(landing)
    _land_opt_outs(landing)


def _land_registrations(landing: BoroughLanding) -> None:
    rng, people, until = landing.rng, landing.state.people, landing.until
    everyone = np.arange(len(people))
    moved = np.flatnonzero((people.changes_practice < people.leaves) & (people.changes_practice < landing.death_day))
    first_end = people.leaves.copy()
    first_end[moved] = people.changes_practice[moved] - 1
    who = np.concatenate([everyone, moved])
    begins = np.concatenate([people.joined, people.changes_practice[moved]])
    ends = np.concatenate([first_end, people.leaves[moved]])
    ends = np.where((ends <= until) & (ends < landing.death_day[who]), ends, NEVER)
    practice = np.concatenate([people.practice, people.second_practice[moved]])
    known = begins + lag(rng, len(who), 1, 8, 60)
    columns = {
        "practice": Coded(practice, landing.borough.areas.practice),
        "registered_from": begins,
        "registered_to": ends,
        "known_on": known,
    }
    landing.land("registrations", who, begins, known, columns)


def _land_opt_outs(landing: BoroughLanding) -> None:
    rng, people, until = landing.rng, landing.state.people, landing.until
    who = np.flatnonzero(rng.random(len(people)) < OPT_OUT_SHARE)
    low = np.maximum(people.joined[who], landing.state.calendar.start - 1200)
    begins = low + np.floor(rng.random(len(who)) * np.maximum(until - low, 1)).astype(np.int32)
    ends = begins + 100 + np.floor(rng.random(len(who)) * 1500).astype(np.int32)
    ends = np.where((rng.random(len(who)) < 0.07) & (ends <= until), ends, NEVER)
    kind = Coded(one_of(rng, len(who), (45, 45, 10)), OPT_OUT_KINDS)
    landing.land("opt_outs", who, begins, begins, {"kind": kind, "from_on": begins, "to_on": ends})


def land_hospital(landing: BoroughLanding, stays: Stays) -> None:
    """admissions and diagnoses."""
    rng, until = landing.rng, landing.until
    stays = stays.only(np.flatnonzero(landing.here(stays.who, stays.admitted)))
    stays = stays.only(np.lexsort((stays.kind, stays.admitted, stays.who)))
    count = len(stays)
    number = np.arange(count)
    spell = np.array([f"S{landing.chunk:04d}{n:08d}" for n in range(count)], dtype=str)
    known = stays.admitted + 1
    settled = stays.discharged + lag(rng, count, 4, 20, 75)
    is_settled = settled <= until
    away = np.where(rng.random(count) < 0.07, rng.integers(1, 4, count), 0)
    columns = {
        "spell_id": Coded(number, spell),
        "admitted_on": stays.admitted,
        "method": stays.method,
        "source": stays.source,
        "patient_class": stays.patient_class,
        "provider": Coded(away, (landing.borough.provider, *TOWN_PROVIDERS)),
        "known_on": known,
        "discharged_on": np.where(is_settled, stays.discharged, NEVER),
        "discharge_method": np.where(is_settled, _draw_discharge_methods(rng, stays), ""),
        "destination": np.where(is_settled, stays.destination, ""),
        "specialty": np.where(is_settled, stays.specialty, ""),
        "settled_known_on": np.where(is_settled, settled, NEVER),
    }
    landing.land("admissions", stays.who, stays.admitted, known, columns)
    stay, position, code = diagnoses(rng, landing.state, stays)
    columns = {
        "spell_id": Coded(stay, spell),
        "position": position,
        "system": Coded(np.zeros(len(stay), int), ("icd10",)),
        "code": code,
        "known_on": settled[stay],
    }
    landing.land("diagnoses", stays.who[stay], stays.admitted[stay], settled[stay], columns)


def _draw_discharge_methods(rng: np.random.Generator, stays: Stays) -> np.ndarray:
    return np.where(stays.died, "4", np.where((stays.kind == 0) & (rng.random(len(stays)) < 0.025), "2", "1"))


def land_attendances(landing: BoroughLanding, done: activity.Activity, stays: Stays) -> None:
    """attendances: those that ended in an emergency admission, and all others."""
    rng, state = landing.rng, landing.state
    other = done.attendances.rows()
    through = np.flatnonzero((stays.kind == 0) & np.isin(stays.method, THROUGH_A_AND_E))
    who = np.concatenate([stays.who[through], other["who"]])
    day = np.concatenate([stays.admitted[through], other["day"]])
    admitted = np.arange(len(who)) < len(through)
    complaints, number = np.unique(codes.COMPLAINTS, return_inverse=True)
    names = tuple(complaints) + activity.COMPLAINTS
    complaint = np.concatenate([number[stays.reason[through]], len(complaints) + other["complaint"]]).astype(np.int32)
    kept = np.flatnonzero(landing.here(who, day))
    who, day, admitted, complaint = who[kept], day[kept], admitted[kept], complaint[kept]
    age = (day - state.people.born[who]) / 365.25
    known = day + lag(rng, len(who), 1, 2.4, 7)
    unsaid = rng.random(len(who)) < 0.04
    columns = {
        "attended_on": day,
        "department_type": Coded(np.where(admitted, 0, one_of(rng, len(who), (58, 3, 30, 4, 5))), DEPARTMENTS),
        "arrival_mode": np.where(rng.random(len(who)) < np.where(admitted, 0.45, 0.1) + 0.3 * (age >= 75), "1", "2"),
        "acuity": Coded(_draw_acuity(rng, admitted), tuple("12345")),
        "category": Coded(np.where(admitted, 0, one_of(rng, len(who), (92, 4, 1.5, 2.5))), tuple("1234")),
        "complaint": Coded(np.where(unsaid, -1, complaint), names),
        "diagnosis": Coded(np.full(len(who), -1), ("",)),
        "disposal": Coded(np.where(admitted, 0, 1 + one_of(rng, len(who), (48, 30, 5, 5, 5, 4, 3))), DISPOSALS),
        "known_on": known,
    }
    landing.land("attendances", who, day, known, columns)


DISPOSALS = ("01", "03", "02", "05", "06", "12", "11", "14")


def _draw_acuity(rng: np.random.Generator, admitted: np.ndarray) -> np.ndarray:
    return np.where(
        admitted, one_of(rng, len(admitted), (3, 25, 55, 15, 2)), one_of(rng, len(admitted), (0.3, 6, 36, 48, 9.7))
    )


def land_falls(landing: BoroughLanding, done: activity.Activity, stays: Stays) -> None:
    """falls: reported falls, and half of the falls that ended in an admission."""
    rng, rows = landing.rng, done.falls.rows()
    fell = np.flatnonzero((stays.kind == 0) & (stays.reason == codes.REASON_NUMBER["fall"]))
    fell = fell[rng.random(len(fell)) < 0.5]
    extra = len(fell)
    who = np.concatenate([rows["who"], stays.who[fell]])
    day = np.concatenate([rows["day"], stays.admitted[fell]])
    flags = {name: np.concatenate([rows[name], rng.random(extra) < share]) for name, share in INJURED.items()}
    source = np.concatenate([rows["source"], one_of(rng, extra, (70, 30))]).astype(np.int32)
    kept = np.flatnonzero(landing.here(who, day))
    who, day = who[kept], day[kept]
    known = day + lag(rng, len(who), 1, 6, 30)
    silent = rng.random(len(who)) < 0.12
    columns: dict[str, Any] = {
        "fell_on": day,
        "source": Coded(source[kept], activity.SOURCES),
        "injury": flags["injury"][kept],
        "treated": flags["treated"][kept],
        "loss_of_consciousness": flags["faint"][kept],
        "unable_to_get_up": np.where(silent, False, flags["long_lie"][kept]),
        "known_on": known,
    }
    landing.land("falls", who, day, known, columns)


INJURED = {"injury": 1.0, "treated": 0.95, "faint": 0.1, "long_lie": 0.4}


def land_conditions(landing: BoroughLanding) -> None:
    """conditions: most conditions that arose, as the practice recorded them."""
    rng, state = landing.rng, landing.state
    rows = state.record.rows()
    kept = np.flatnonzero((rng.random(len(rows["who"])) < RECORDED_BY_GP) & (rows["day"] < NEVER))
    who, what = rows["who"][kept], rows["what"][kept]
    recorded = rows["day"][kept] + lag(rng, len(who), 0, 40, 400)
    alive = landing.here(who, np.maximum(recorded, state.people.joined[who]))
    who, what, recorded = who[alive], what[alive], recorded[alive]
    lasts = np.array([c.lasts or NEVER for c in CONDITIONS])[what]
    ended = np.where(lasts < NEVER, recorded + lasts, NEVER)
    ended = np.where(ended <= np.minimum(landing.until, landing.death_day[who]), ended, NEVER)
    # A new patient's earlier record arrives with the registration.
    known = np.maximum(recorded, state.people.joined[who]) + lag(rng, len(who), 1, 8, 45)
    first = _find_first_rows(who, what, recorded)
    columns = {
        "system": Coded(np.zeros(len(who), int), ("icd10",)),
        "code": condition_codes(state, who, what),
        "recorded_on": recorded,
        "ended_on": ended,
        "known_on": known,
    }
    taken = {name: c.taken(first) if isinstance(c, Coded) else c[first] for name, c in columns.items()}
    landing.land("conditions", who[first], recorded[first], known[first], taken)


def _find_first_rows(who: np.ndarray, what: np.ndarray, day: np.ndarray) -> np.ndarray:
    key = (who.astype(np.int64) * 64 + what) * 2 * NEVER + day
    return np.unique(key, return_index=True)[1]


def land_primary_care(landing: BoroughLanding, care: primary_care.PrimaryCare) -> None:
    """contacts, prescriptions, measurements."""
    rng = landing.rng
    rows = _keep_present(landing, care.contacts.rows())
    known = rows["day"] + lag(rng, len(rows["day"]), 1, 6, 30)
    columns: dict[str, Any] = {
        "contacted_on": rows["day"],
        "service": Coded(rows["service"], primary_care.SERVICES),
        "attended": rows["attended"],
        "known_on": known,
    }
    landing.land("contacts", rows["who"], rows["day"], known, columns)
    rows = _keep_present(landing, care.prescriptions.rows())
    known = rows["day"] + lag(rng, len(rows["day"]), 1, 7, 35)
    columns = {"issued_on": rows["day"], "bnf": Coded(rows["medicine"], primary_care.BNF), "known_on": known}
    landing.land("prescriptions", rows["who"], rows["day"], known, columns)
    rows = _keep_present(landing, care.measurements.rows())
    known = rows["day"] + lag(rng, len(rows["day"]), 1, 6, 30)
    columns = {
        "measured_on": rows["day"],
        "measure": Coded(rows["measure"], tuple(name for name, _ in primary_care.MEASURES)),
        "value": rows["value"],
        "unit": Coded(rows["measure"], tuple(unit for _, unit in primary_care.MEASURES)),
        "known_on": known,
    }
    landing.land("measurements", rows["who"], rows["day"], known, columns)


def _keep_present(landing: BoroughLanding, rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    kept = np.flatnonzero(landing.here(rows["who"], rows["day"]))
    return {name: column[kept] for name, column in rows.items()}


def land_social_care(landing: BoroughLanding, care: social_care.SocialCare) -> None:
    """social_care: a service ends at the latest with death or moving away."""
    rng, people = landing.rng, landing.state.people
    rows = care.spells.rows()
    who, start = rows["who"], rows["start"]
    kept = np.flatnonzero(landing.here(who, np.maximum(start, np.minimum(people.joined[who], start + 4000))))
    who, start, end, service = who[kept], start[kept], rows["end"][kept], rows["service"][kept]
    end = np.minimum(np.minimum(end, landing.death_day[who]), people.leaves[who])
    known = start + lag(rng, len(who), 20, 30, 60)
    one = _choose_longest(who, service, start, end)
    who, start, end, service, known = who[one], start[one], end[one], service[one], known[one]
    columns = {
        "service": Coded(service, social_care.SERVICES),
        "started_on": start,
        "ended_on": np.where(end <= landing.until, end, NEVER),
        "known_on": known,
    }
    landing.land("social_care", who, start, known, columns)


def _choose_longest(who: np.ndarray, service: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Places, in order, of one row for each person, service and start: that which lasts longest."""
    order = np.lexsort((-end, start, service, who))
    key = np.stack([who, service, start])[:, order]
    first = np.append(True, (key[:, 1:] != key[:, :-1]).any(axis=0))
    return np.sort(order[first[: len(order)]])


def land_teams(landing: BoroughLanding, met: teams.Teams) -> None:
    """reviews and caseload; the team is the locality of the person's practice on that day."""
    rows = met.reviews.rows()
    names = tuple(place.name for place in landing.borough.localities)
    columns: dict[str, Any] = {
        "list_date": rows["list_date"],
        "team": Coded(_find_team(landing, rows["who"], rows["list_date"]), names),
        "outcome": Coded(rows["outcome"], teams.OUTCOMES),
        "reason": Coded(rows["reason"], teams.REASONS),
        "agrees": rows["agrees"],
        "decided_on": rows["decided"],
        "decided_by": Coded(rows["owner"], teams.OWNERS),
        "due_on": rows["decided"] + 28,
    }
    here = landing.here(rows["who"], rows["decided"])
    landing.land("reviews", rows["who"], rows["list_date"], np.where(here, rows["decided"], NEVER), columns)
    rows = met.caseload.rows()
    who, start = rows["who"], rows["start"]
    end = np.minimum(np.minimum(rows["end"], landing.death_day[who]), landing.state.people.leaves[who])
    columns = {
        "team": Coded(_find_team(landing, who, start), names),
        "status": Coded((end <= landing.until).astype(int), ("active", "closed")),
        "from_on": start,
        "to_on": np.where(end <= landing.until, end, NEVER),
        "owner": Coded(rows["owner"], teams.OWNERS),
        "referred_in": rows["referred_in"],
    }
    landing.land("caseload", who, start, np.where(landing.here(who, start), start, NEVER), columns)


def _find_team(landing: BoroughLanding, who: np.ndarray, day: np.ndarray) -> np.ndarray:
    people = landing.state.people
    practice = np.where(day >= people.changes_practice[who], people.second_practice[who], people.practice[who])
    return landing.borough.areas.practice_locality[practice].astype(np.int32)


def land_statuses(landing: BoroughLanding, stays: Stays) -> None:
    """statuses on the last day: everybody registered in the last 90 days, dead or moved included."""
    people, until = landing.state.people, landing.until
    gone = np.minimum(people.leaves, landing.death_day)
    who = np.flatnonzero((people.joined <= until) & (gone > until - 90))
    inside = np.zeros(len(people), dtype=bool)
    now = (stays.admitted <= until) & (stays.discharged > until)
    inside[stays.who[now]] = True
    known_dying = landing.state.lethal > 1.6
    columns = {
        "as_at": np.full(len(who), until, dtype=np.int32),
        "inpatient": inside[who],
        "died": landing.death_day[who] <= until,
        "moved": people.leaves[who] <= until,
        "palliative_register": known_dying[who] & (landing.rng.random(len(who)) < 0.35),
    }
    landing.land("statuses", who, np.zeros(len(who), int), np.zeros(len(who)), columns)
