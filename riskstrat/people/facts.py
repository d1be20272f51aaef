"""Everything that a page about a person and their row of the list need besides the score."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from riskstrat.definitions.phrases import lower_first
from riskstrat.people import limits
from riskstrat.people.changeable import find_opportunities
from riskstrat.people.comparison import group_by_conditions, of_groups, outcome_in_words, reliability, typical_risks
from riskstrat.people.conditions import flags, frailty, recorded_conditions
from riskstrat.people.in_place import support_in_place
from riskstrat.people.met import MetFacts
from riskstrat.people.records import Records, gather_records
from riskstrat.people.timeline import timelines
from riskstrat.publication import PersonPage
from riskstrat.registry import kept
from riskstrat.site.opening import Site
from riskstrat.site.scored import Scored

COLUMNS = ("conditions", "frailty", "flags", "support", "caution", "page")


def person_facts(
    opened: Site,
    scored: Scored,
    patients: pd.Series,
    list_date: date,
    *,
    records: Records | None = None,
    published: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per patient of `patients`, indexed by patient_id; the columns of `TeamList.rows` that are about them.

    Everything is as known at the index date, from records without anything sensitive. records: those of the same
    patients, where they are at hand. published: one row per earlier list and patient with patient_id, list_date and
    risk. Raises DefinitionError where there is no codelist
    of what is sensitive.
    """
    records = records or gather_records(opened, scored, patients)
    names = [str(patient) for patient in records.rows["patient_id"]]
    support, caution = support_in_place(records, list_date), limits.cautions(records)
    columns = {
        "conditions": recorded_conditions(records),
        "frailty": frailty(records),
        "flags": flags(records, list_date),
        "support": [support[name] for name in names],
        "caution": [caution[name] for name in names],
        "page": _build_pages(records, names, published, list_date),
    }
    index = pd.Index(names, name="patient_id", dtype=object)
    return pd.DataFrame({name: pd.Series(columns[name], index=index, dtype=object) for name in COLUMNS}, index=index)


def _build_pages(
    records: Records, names: list[str], published: pd.DataFrame | None, list_date: date
) -> list[PersonPage]:
    opened, scored = records.opened, records.scored
    members = of_groups(opened.store, scored)
    # By the conditions that a page may name: a score may count others, and their group would tell of them.
    conditions = group_by_conditions(records.tell_value(records.roles.number_of_conditions))
    place = pd.Series(range(len(scored.rows)), index=scored.rows["patient_id"])[names].to_numpy().astype(np.int64)
    typical = typical_risks(members, scored.rows["risk"].to_numpy(float), place)
    evidence = kept(opened.workspace.root / "registry", scored.version.name, scored.version.version).evidence
    outcome = outcome_in_words(str(scored.model.recipe["title"]))
    events, missing, facts = timelines(records), limits.missing(records), MetFacts(records)
    changeable = find_opportunities(records, facts)
    medicines = facts.kinds(records.roles.named_medicines or "")
    unseen, trend = limits.cannot_see(opened.store.landed), _gather_trends(published, list_date)
    return [
        PersonPage(
            typical_risk=typical[row].risk,
            typical_group=typical[row].group,
            trend=trend.get(name, ()),
            changeable=changeable[row],
            medicines=tuple((lower_first(kind), day) for kind, day in medicines[row]),
            timeline=events[name],
            cannot_see=unseen,
            missing=missing[name],
            reliability=reliability(
                evidence,
                {str(name): group for name, group in members.iloc[at].items()} | {"conditions": conditions[row]},
                float(scored.rows["risk"].iloc[at]),
                outcome,
            ),
        )
        for row, (name, at) in enumerate(zip(names, place, strict=True))
    ]


def _gather_trends(published: pd.DataFrame | None, list_date: date) -> dict[str, tuple[tuple[date, float], ...]]:
    """The risks of each patient on earlier lists, oldest first."""
    if published is None or published.empty:
        return {}
    days = pd.to_datetime(published["list_date"])
    earlier = published.assign(list_date=days)[(days < pd.Timestamp(list_date)).to_numpy()]
    ordered = earlier.sort_values(["patient_id", "list_date"], kind="stable").drop_duplicates(
        ["patient_id", "list_date"], keep="last"
    )
    return {
        str(patient): tuple(
            (day.date(), float(risk)) for day, risk in zip(rows["list_date"], rows["risk"], strict=True)
        )
        for patient, rows in ordered.groupby("patient_id", sort=False)
    }
