"""Why each person has this estimate, said from the printable record: themes and counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from riskstrat.definitions.table_rows import read_rows
from riskstrat.explanation import OTHER, theme_reasons, with_the_rest_in_other
from riskstrat.people.records import Records, gather_records
from riskstrat.publication import ThemeReason, round_strength
from riskstrat.publication.facts import Direction
from riskstrat.site.opening import Site
from riskstrat.site.scored import Scored

SENTENCES_PER_THEME = 3


def explain_printable(
    opened: Site, scored: Scored, patients: pd.Series, records: Records | None = None
) -> pd.DataFrame:
    """One row per patient of `patients` and theme, as `theme_reasons` gives them, without a trace of the sensitive.

    Every theme and sentence is that of the printable record; the theme "other" takes the difference to the true margin,
    so that themes and base value still add up to it.
    """
    records = records or gather_records(opened, scored, patients)
    names = records.narrow.columns
    features = {name: opened.workspace.features[name] for name in names}
    reasons = theme_reasons(
        records.explained,
        records.narrow,
        features,
        records.narrow_evidence,
        top=SENTENCES_PER_THEME,
        untold=records.narrow_untold,
        least=records.narrow_least,
    )
    true = records.rows.set_index("patient_id")["margin"]
    base = float(records.explained[0, -1]) if len(records) else 0.0
    return with_the_rest_in_other(reasons, true, base)


class ReasonRow(NamedTuple):
    """What one theme adds to the estimate of a patient, and the sentences that say why."""

    patient_id: str
    theme: str
    direction: Direction
    contribution: float
    sentences: tuple[str, ...]


def themes_by_patient(reasons: pd.DataFrame) -> dict[str, list[ThemeReason]]:
    """The reasons of each patient as documents take them, the strongest first; never "other", and no exact size.

    A reader who had the sizes of all other themes could take them from the estimate, and would have that of "other".
    """
    shown = [
        theme != OTHER and bool(round_strength(contribution))
        for theme, contribution in zip(reasons["theme"], reasons["contribution"], strict=True)
    ]
    made: dict[str, list[ThemeReason]] = {str(patient): [] for patient in reasons["patient_id"].unique()}
    for row in read_rows(reasons[shown], ReasonRow):
        strength = round_strength(row.contribution)
        made[row.patient_id].append(ThemeReason(row.theme, row.direction, strength, row.sentences))
    return made


def printed_counts(
    opened: Site, scored: Scored, patients: pd.Series, names: Iterable[str], records: Records | None = None
) -> pd.DataFrame:
    """One row per patient, indexed by patient_id; one column per feature of `names`, of the printable record.

    Missing where there is no value, and where it cannot be told. A value has the fewest decimals that tell it from its
    neighbours in the matrix: 0.22, and not the 0.2199999988 that a matrix holds in its place.
    """
    records = records or gather_records(opened, scored, patients)
    index = pd.Index(records.rows["patient_id"], name="patient_id")
    columns = {name: [float(str(value)) for value in records.told.select([name])[:, 0]] for name in names}
    return pd.DataFrame(columns, index=index, dtype=float)
