"""Why each person has this estimate, said from the redacted record: themes, counts, what could be changed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from riskstrat.explanation import Raising, raising_facts, theme_reasons, with_the_rest_in_other
from riskstrat.people.records import Records, redact_records
from riskstrat.publication import ThemeReason
from riskstrat.site.opening import Site
from riskstrat.site.scored import Scored

SENTENCES_PER_THEME = 3
FACTS_EACH = 5


def explain_redacted(opened: Site, scored: Scored, patients: pd.Series, records: Records | None = None) -> pd.DataFrame:
    """One row per patient of `patients` and theme, as `theme_reasons` gives them, without a trace of the sensitive.

    Every theme and sentence is that of the redacted record; the theme "other" takes the difference to the true margin,
    so that themes and base value still add up to it. Where nothing is hidden, nothing differs.
    """
    records = records or redact_records(opened, scored, patients)
    names = records.narrow.columns
    features = {name: opened.workspace.features[name] for name in names}
    reasons = theme_reasons(
        records.explained, records.narrow, features, records.narrow_evidence, top=SENTENCES_PER_THEME
    )
    true = records.rows.set_index("patient_id")["margin"]
    base = float(records.explained[0, -1]) if len(records) else 0.0
    return with_the_rest_in_other(reasons, true, base)


def themes_by_patient(reasons: pd.DataFrame) -> dict[str, list[ThemeReason]]:
    """The reasons of each patient as documents take them; themes that moved nothing are left out."""
    return {
        str(patient): [
            ThemeReason(row.theme, row.direction, float(row.contribution), tuple(row.sentences))
            for row in rows.itertuples(index=False)
            if row.contribution
        ]
        for patient, rows in reasons.groupby("patient_id", sort=False)
    }


def printed_counts(
    opened: Site, scored: Scored, patients: pd.Series, names: Iterable[str], records: Records | None = None
) -> pd.DataFrame:
    """One row per patient, indexed by patient_id; one column per feature of `names`, counted on the redacted record."""
    records = records or redact_records(opened, scored, patients)
    index = pd.Index(records.rows["patient_id"], name="patient_id")
    return pd.DataFrame({name: records.value(name) for name in names}, index=index)


def raising_of(records: Records) -> tuple[Raising, ...]:
    """For each person the facts that raised the estimate: those that could be changed, and the others."""
    names = records.narrow.columns
    features = {name: records.opened.workspace.features[name] for name in names}
    age = np.asarray(records.value(records.roles.age), float)
    return raising_facts(records.explained, records.narrow, features, records.narrow_evidence, age, top=FACTS_EACH)
