"""The baselines that the tests of this folder declare: features of the borough on paper, by names of their own."""

from riskstrat.definitions.baselines import Baseline
from riskstrat.training import DeclaredRivals

NOT_A_DISCHARGE = "PARR-30 predicts readmission after a discharge; the index dates of this recipe are calendar dates"

PAPER_RIVALS = DeclaredRivals(
    "age",
    ("is_female",),
    (
        Baseline(
            name="emergency_admissions_last_year",
            title="Admissions",
            feature="emergency_admissions_365d",
            scale="count",
        ),
        Baseline(name="hfrs", title="HFRS", feature="hfrs_730d", added=("hfrs_private_items_730d",), scale="count"),
        Baseline(
            name="charlson", title="Charlson", feature="charlson_index", added=("charlson_private_item",), scale="count"
        ),
        Baseline(
            name="parr30",
            title="PARR-30",
            feature="parr30",
            scale="log odds",
            index="live_discharge",
            otherwise=NOT_A_DISCHARGE,
        ),
    ),
)
