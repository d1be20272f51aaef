"""The source tables: what a site lands and what every adapter produces, one schema a table.

Each schema names its grain, its natural key, its event date, and which columns settle later and when.
"""

from __future__ import annotations

from riskstrat.definitions.languages import LANGUAGES
from riskstrat.definitions.table_schema import Column, Settling, TableSchema

ICD10 = r"[A-Z]\d[0-9A-Z]{1,5}"
ICD9 = r"(\d{3,5}|V\d{2,4}|E\d{3,4})"


SERVICES = (
    *("home_care", "reablement", "residential", "nursing", "telecare", "day_care", "equipment", "carer_support"),
    "assessment",
)
"""Adult social care services."""

CARE_HOMES = ("residential", "nursing")
"""Those by which somebody lives in a care home."""


def _make_patient_column() -> Column:
    return Column("patient_id", required=True)


def _make_known_on_column() -> Column:
    return Column("known_on", "date")


def _make_code_column(name: str, *, required: bool = False) -> Column:
    return Column(name, required=required, code=True)


PEOPLE = TableSchema(
    "people",
    "Registered population",
    "One row per person",
    ("patient_id",),
    None,
    (
        _make_patient_column(),
        Column("date_of_birth", "date", required=True),
        Column("sex", required=True, allowed=("F", "M", "I", "U"), code=True),
        Column("ethnicity", pattern=r"[A-HJ-NPR-SZ]|99", code=True),
        Column("lsoa", pattern=r"[EWSN95]\w{8}|[EW]01\d{6}", code=True),
        Column("imd_decile", "integer", between=(1, 10)),
        Column("imd_year", "integer", between=(2000, 2100)),
        Column("care_home_from", "date"),
        Column("died_known_on", "date"),
        Column("date_of_death", "date", decides=True),
    ),
    known=None,
    required=True,
)

REGISTRATIONS = TableSchema(
    "registrations",
    "GP registrations",
    "One row per person and spell with a practice",
    ("patient_id", "practice", "registered_from"),
    "registered_from",
    (
        _make_patient_column(),
        Column("practice", required=True, pattern=r"[A-Z]\d{5}", code=True),
        Column("registered_from", "date", required=True),
        Column("registered_to", "date"),
        _make_known_on_column(),
    ),
    settles=Settling("registered_to", ("registered_to",)),
    ends_by="registered_to",
)

ADMISSIONS = TableSchema(
    "admissions",
    "Hospital admissions (SUS+ / HES admitted patient care)",
    "One row per provider spell",
    ("patient_id", "provider", "spell_id"),
    "admitted_on",
    (
        _make_patient_column(),
        Column("spell_id", required=True),
        Column("admitted_on", "date", required=True),
        Column("method", required=True, pattern=r"[0-9][0-9A-D]", code=True),
        Column("source", pattern=r"\d{2}", code=True),
        Column("patient_class", allowed=("1", "2", "3", "4", "5"), code=True),
        _make_code_column("provider"),
        _make_known_on_column(),
        Column("discharged_on", "date"),
        Column("discharge_method", pattern=r"\d", code=True),
        Column("destination", pattern=r"\d{2}", code=True),
        Column("specialty", pattern=r"\w{3}", code=True),
        Column("settled_known_on", "date"),
    ),
    settles=Settling(
        "discharged_on", ("discharged_on", "discharge_method", "destination", "specialty"), "settled_known_on"
    ),
    required=True,
    lag_days=1,
)

DIAGNOSES = TableSchema(
    "diagnoses",
    "Hospital diagnoses (SUS+ / HES admitted patient care)",
    "One row per spell and position",
    ("patient_id", "spell_id", "position"),
    None,
    (
        Column("spell_id", required=True),
        _make_patient_column(),
        Column("provider", code=True, stored=False),
        Column("position", "integer", required=True, between=(1, 99)),
        Column("system", required=True, allowed=("icd10", "icd10cm", "icd9")),
        _make_code_column("code", required=True),
        _make_known_on_column(),
    ),
    lag_days=30,
)

CONDITIONS = TableSchema(
    "conditions",
    "Recorded conditions (GP registers)",
    "One row per person and recorded condition",
    ("patient_id", "system", "code", "recorded_on"),
    "recorded_on",
    (
        _make_patient_column(),
        Column("system", required=True, allowed=("icd10", "icd10cm", "snomed", "register")),
        _make_code_column("code", required=True),
        Column("recorded_on", "date", required=True),
        Column("ended_on", "date"),
        _make_known_on_column(),
    ),
    settles=Settling("ended_on", ("ended_on",)),
    lag_days=7,
)

FALLS = TableSchema(
    "falls",
    "Reported falls",
    "One row per reported fall; identical rows are legal",
    (),
    "fell_on",
    (
        _make_patient_column(),
        Column("fell_on", "date", required=True),
        Column("source", allowed=("ambulance", "emergency_department", "falls_service", "gp", "care_home", "telecare")),
        Column("injury", "boolean"),
        Column("treated", "boolean"),
        Column("loss_of_consciousness", "boolean"),
        Column("unable_to_get_up", "boolean"),
        _make_known_on_column(),
    ),
    lag_days=7,
)

ATTENDANCES = TableSchema(
    "attendances",
    "A&E attendances (ECDS / HES A&E)",
    "One row per A&E attendance; identical rows are legal",
    (),
    "attended_on",
    (
        _make_patient_column(),
        Column("attended_on", "date", required=True),
        _make_code_column("department_type"),
        _make_code_column("arrival_mode"),
        _make_code_column("acuity"),
        _make_code_column("category"),
        _make_code_column("complaint"),
        _make_code_column("diagnosis"),
        _make_code_column("disposal"),
        _make_known_on_column(),
    ),
    lag_days=7,
)

PRESCRIPTIONS = TableSchema(
    "prescriptions",
    "GP prescriptions",
    "One row per issue; identical rows are legal",
    (),
    "issued_on",
    (
        _make_patient_column(),
        Column("issued_on", "date", required=True),
        _make_code_column("bnf", required=True),
        _make_known_on_column(),
    ),
    lag_days=7,
)

CONTACTS = TableSchema(
    "contacts",
    "GP, community, mental health and outpatient contacts",
    "One row per contact; identical rows are legal",
    (),
    "contacted_on",
    (
        _make_patient_column(),
        Column("contacted_on", "date", required=True),
        Column("service", required=True),
        Column("attended", "boolean"),
        _make_known_on_column(),
    ),
    lag_days=7,
)

MEASUREMENTS = TableSchema(
    "measurements",
    "Measurements (GP record)",
    "One row per measurement; identical rows are legal",
    (),
    "measured_on",
    (
        _make_patient_column(),
        Column("measured_on", "date", required=True),
        Column("measure", required=True),
        Column("value", "number", decides=True),
        Column("unit", decides=True),
        _make_known_on_column(),
    ),
    lag_days=7,
)

SOCIAL_CARE = TableSchema(
    "social_care",
    "Adult social care services (client level data)",
    "One row per person, service and start",
    ("patient_id", "service", "started_on"),
    "started_on",
    (
        _make_patient_column(),
        Column("service", required=True, allowed=SERVICES),
        Column("started_on", "date", required=True),
        Column("ended_on", "date"),
        _make_known_on_column(),
    ),
    settles=Settling("ended_on", ("ended_on",)),
    lag_days=30,
)

OPT_OUTS = TableSchema(
    "opt_outs",
    "Opt-outs",
    "One row per person, kind and period",
    ("patient_id", "kind", "from_on", "to_on"),
    None,
    (
        _make_patient_column(),
        Column("kind", allowed=("type1", "risk_stratification", "national")),
        Column("from_on", "date"),
        Column("to_on", "date"),
    ),
    known=None,
    takes_out=True,
)

AREAS = TableSchema(
    "areas",
    "Practices and the areas they belong to",
    "One row per practice and period",
    ("practice", "from_on"),
    None,
    (
        Column("practice", required=True, pattern=r"[A-Z]\d{5}", code=True),
        Column("pcn"),
        Column("locality"),
        Column("hub"),
        Column("borough"),
        Column("from_on", "date", decides=True),
        Column("to_on", "date", decides=True),
    ),
    known=None,
)

CASELOAD = TableSchema(
    "caseload",
    "People the teams already know",
    "One row per person, team and period",
    ("patient_id", "team", "status", "from_on"),
    None,
    (
        _make_patient_column(),
        Column("team", required=True),
        Column("status", required=True),
        Column("from_on", "date", required=True),
        Column("to_on", "date", decides=True),
        Column("owner"),
        Column("referred_in", "boolean"),
    ),
    known=None,
    takes_out=True,
    acts_from=("from_on",),
)

REVIEWS = TableSchema(
    "reviews",
    "MDT decisions",
    "One row per MDT decision",
    ("patient_id", "list_date", "team", "outcome"),
    None,
    (
        _make_patient_column(),
        Column("list_date", "date", required=True),
        Column("team", required=True),
        Column("outcome", required=True),
        Column("reason"),
        Column("agrees", "boolean"),
        Column("decided_on", "date"),
        Column("decided_by"),
        Column("due_on", "date"),
    ),
    known=None,
    takes_out=True,
    acts_from=("list_date", "decided_on"),
)

STATUSES = TableSchema(
    "statuses",
    "Same-day status",
    "One row per person and day",
    ("patient_id", "as_at"),
    None,
    (
        _make_patient_column(),
        Column("as_at", "date", required=True),
        Column("inpatient", "boolean", decides=True),
        Column("died", "boolean", decides=True),
        Column("moved", "boolean", decides=True),
        Column("palliative_register", "boolean", decides=True),
    ),
    known=None,
    takes_out=True,
    acts_from=("as_at",),
)

CARE_PLANS = TableSchema(
    "care_plans",
    "Care plans on record",
    "One row per person, kind and day on which it was made",
    ("patient_id", "kind", "made_on"),
    None,
    (
        _make_patient_column(),
        Column("kind", required=True, allowed=("care_plan", "respect", "advance_care_plan")),
        Column("made_on", "date", required=True),
        Column("ended_on", "date", decides=True),
    ),
    known=None,
)

CIRCUMSTANCES = TableSchema(
    "circumstances",
    "Circumstances that somebody recorded",
    "One row per person and day",
    ("patient_id", "recorded_on"),
    None,
    (
        _make_patient_column(),
        Column("recorded_on", "date", required=True),
        Column("housebound", "boolean"),
        Column("carer", "boolean"),
        Column("language", allowed=tuple(LANGUAGES)),
    ),
    known=None,
)

SCHEMAS: dict[str, TableSchema] = {
    schema.name: schema
    for schema in (
        *(PEOPLE, REGISTRATIONS, ADMISSIONS, DIAGNOSES, CONDITIONS, FALLS, ATTENDANCES, PRESCRIPTIONS),
        *(CONTACTS, MEASUREMENTS, SOCIAL_CARE, OPT_OUTS, AREAS, CASELOAD, REVIEWS, STATUSES, CARE_PLANS),
        CIRCUMSTANCES,
    )
}
