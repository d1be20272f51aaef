"""riskstrat.toml: where the data is, which teams exist with what capacity, and what the site has decided."""

from __future__ import annotations

from datetime import date
from os.path import normpath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from riskstrat.definitions.coded_columns import CODED_COLUMNS
from riskstrat.definitions.codelists import near
from riskstrat.definitions.continuous_stays import ContinuousStays
from riskstrat.definitions.declared import Declared
from riskstrat.definitions.hold_out_settings import HoldOutSettings
from riskstrat.definitions.retention_settings import RetentionSettings
from riskstrat.definitions.review_rules import ReviewSettings
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.vocabulary import OUTCOMES
from riskstrat.definitions.worklist_settings import WorklistSettings

OPT_OUT_KINDS = ("type1", "risk_stratification", "national")

REST_WEEKS_AFTER = {
    "deferred": 0,
    "could_not_contact": 2,
    "in_hospital": 2,
    "monitor": 8,
    "declined": 26,
    "moved": 26,
}
"""Weeks without listing after outcomes that rest for a time of their own; riskstrat.toml may change any of them."""

Weeks = Annotated[int, Field(ge=0, le=520)]
Age = Annotated[int, Field(ge=0, le=120)]
Weight = Annotated[float, Field(gt=0, le=100)]


class CoveredPeriod(Declared):
    """The days from and to which a source holds every row, both included, where the site knows better than the rows."""

    complete_from: date | None = None
    complete_to: date | None = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.complete_from and self.complete_to and self.complete_from > self.complete_to:
            raise ValueError(f"complete_from {self.complete_from} lies after complete_to {self.complete_to}")
        return self


class FreshnessGate(Declared):
    """How many days before a list a source may end, and what follows if it ends earlier."""

    days: int = Field(ge=0, le=3660)
    then: Literal["mark", "refuse"] = "mark"


class DataSettings(Declared):
    """Where clean tables live, and how landed rows are judged."""

    store: str = "data"
    keep_versions: int = Field(3, ge=1)
    """How many versions of the store stay, the one that is read among them."""
    quarantine_limit: float = Field(0.05, ge=0, le=1)
    """Share of a table's rows that may be quarantined before the run stops."""
    unmatched_limit: float = Field(0.9, ge=0, le=1)
    """Share of a coded column's rows, of one code system, that nothing may name before the run stops.

    Ordinary records hold many codes that no list names: of American hospital diagnoses the shipped lists name 40% to
    58%, of simulated ones 85%. Where they name less than a tenth, the column holds something else than it should.
    """
    understood: dict[str, Literal["partly"]] = Field(default_factory=dict)
    """Tables, or columns as "attendances.complaint", whose codes may go unnamed: what rests on them cannot be told."""
    lag_days: dict[str, Annotated[int, Field(ge=0, le=3660)]] = Field(default_factory=dict)
    """Days from event to knowledge, for a table without `known_on`."""
    legal_basis: dict[str, str] = Field(default_factory=dict)
    """By table the basis on which its records may be used for risk stratification; real records without one are
    refused."""

    coverage: dict[str, CoveredPeriod] = Field(default_factory=dict)
    """By table the period that it covers, instead of the one that its rows show."""
    freshness: dict[str, FreshnessGate] = Field(default_factory=dict)
    """By table how old its latest rows may be on the day of a list."""

    @field_validator("coverage", "freshness", "lag_days")
    @classmethod
    def _check_dated_tables(cls, given: dict[str, object], field: ValidationInfo) -> dict[str, object]:
        undated = ("diagnoses", "caseload") if field.field_name == "coverage" else ("diagnoses",)
        for table in given:
            if table not in SCHEMAS or (SCHEMAS[table].known is None and table not in undated):
                raise ValueError(f'"{table}" is not a table of dated records{near(table, tuple(SCHEMAS))}')
        return given

    @field_validator("understood")
    @classmethod
    def _check_coded_columns(cls, given: dict[str, str]) -> dict[str, str]:
        coded = [(column.table, f"{column.table}.{column.column}") for column in CODED_COLUMNS]
        known = tuple(dict.fromkeys(name for names in coded for name in names))
        for name in given:
            if name not in known:
                raise ValueError(f'"{name}" is no table or column of codes{near(name, known)}')
        return given

    @field_validator("legal_basis")
    @classmethod
    def _check_table_bases(cls, given: dict[str, str]) -> dict[str, str]:
        for table, basis in given.items():
            if table not in SCHEMAS:
                raise ValueError(f'"{table}" is not a table{near(table, tuple(SCHEMAS))}')
            if not basis.strip():
                raise ValueError(f'"{table}" needs its basis in words')
        return given


class AdmissionSettings(Declared):
    """What counts as one admission."""

    continuous_stays: ContinuousStays = "three_days"
    """The rule by which spells are joined; see riskstrat/definitions/continuous_stays.py. "off" leaves each alone."""


class EngineSettings(Declared):
    """Where features and scores are computed: on this machine, or by the workers of an Apache Spark at `master`."""

    partition_people: int = Field(50_000, ge=1)
    threads: int = Field(2, ge=1)
    kind: Literal["embedded", "spark"] = "embedded"
    master: str = ""

    @model_validator(mode="after")
    def _check_master(self) -> Self:
        if self.kind == "spark" and not self.master:
            raise ValueError('kind = "spark" needs master = "spark://HOST:7077"; give it, or write kind = "embedded"')
        if self.kind != "spark" and self.master:
            raise ValueError('master is for kind = "spark"; write that, or leave master out')
        return self


class OptOutSettings(Declared):
    """Every kind of opt-out applies unless an approval for ignoring it is recorded here by its reference."""

    approvals: dict[str, str] = Field(default_factory=dict)

    @field_validator("approvals")
    @classmethod
    def _check_opt_out_kinds(cls, given: dict[str, str]) -> dict[str, str]:
        for kind, reference in given.items():
            if kind not in OPT_OUT_KINDS:
                raise ValueError(f'"{kind}" is not an opt-out; the kinds are {", ".join(OPT_OUT_KINDS)}')
            if not reference.strip():
                raise ValueError(f'"{kind}" needs the reference of an approval')
        return given

    @property
    def applied(self) -> tuple[str, ...]:
        """Kinds of opt-out that remove a person."""
        return tuple(kind for kind in OPT_OUT_KINDS if kind not in self.approvals)


Share = Annotated[float, Field(ge=0, le=1)]


class SensitiveSettings(Declared):
    """What becomes of sensitive records: off the lists and out of the score, unless an approval says otherwise."""

    in_score: bool = False
    """Whether they count in the score: not unless an approval is recorded by its reference."""
    approval: str = ""
    shown_to_clinicians: dict[str, str] = Field(default_factory=dict)
    """By group of sensitive.csv that may be shown by role, the reference of the Caldicott guardian's decision."""
    untold_reasons: dict[str, Share] = Field(default_factory=lambda: {"0": 1.0, "65": 0.4, "75": 0.2})
    """By age from which it holds, the least share of emergency stays and A&E visits whose ordinary reason is not told,
    so that one that is not told is seldom a sensitive one."""

    @model_validator(mode="after")
    def _check_approval(self) -> Self:
        if self.in_score and not self.approval.strip():
            raise ValueError('in_score = true needs approval = "reference of the approval"; give it, or write false')
        return self

    @field_validator("shown_to_clinicians")
    @classmethod
    def _check_decisions(cls, given: dict[str, str]) -> dict[str, str]:
        for group, reference in given.items():
            if not reference.strip():
                raise ValueError(f'"{group}" needs the reference of the Caldicott guardian\'s decision')
        return given

    @field_validator("untold_reasons")
    @classmethod
    def _check_ages(cls, given: dict[str, float]) -> dict[str, float]:
        # "065" would be an age that nobody finds again.
        if "0" not in given or not set(given) <= set(map(str, range(121))):
            raise ValueError('each share stands under an age from 0 to 120, such as "65", and one of them under "0"')
        return given

    def list_untold_ages(self) -> list[int]:
        """The ages from which a share of ordinary reasons that are not told holds, the lowest first."""
        return sorted(map(int, self.untold_reasons))

    def get_untold_share(self, age: float) -> float:
        """The share of ordinary reasons that are not told at an age in years."""
        return self.untold_reasons[str(max(int(start) for start in self.untold_reasons if int(start) <= max(age, 0)))]


NO_FILE_NAMES = frozenset({"AUX", "CON", "NUL", "PRN"})
"""Codes that no file or folder may be named by on Windows (Microsoft, Naming Files, Paths, and Namespaces)."""


class Team(Declared):
    """One multi-disciplinary team: whom it serves and how many new people it can take on at each list."""

    name: str
    code: str = Field(pattern=r"^[A-Z]{3}$")
    capacity: int = Field(8, ge=0)
    """Units of case weight; a plain case weighs 1."""
    localities: tuple[str, ...] = ()
    practices: tuple[str, ...] = ()
    min_age: Age | None = None
    max_age: Age | None = None
    """Completed years at the index date, both ends included; None leaves it to the recipe."""
    excludes: tuple[Literal["care home"], ...] = ()
    slots: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """Places that each service has for this team at each list, by pathway; empty sizes the list to capacity alone."""
    rest_weeks: Weeks | None = None
    """Instead of casefinding.rest_weeks."""

    @field_validator("code")
    @classmethod
    def _check_code(cls, code: str) -> str:
        if code in NO_FILE_NAMES:
            raise ValueError(f'no folder can be named "{code}" on Windows; give the team another code')
        return code

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        for name in (self.name, *self.localities):
            if not name or name != name.strip():
                raise ValueError(
                    f'team "{self.name}": "{name}" is blank or has blanks around it, so nothing matches it'
                )
        return self

    @model_validator(mode="after")
    def _check_age_order(self) -> Self:
        if self.min_age is not None and self.max_age is not None and self.min_age > self.max_age:
            raise ValueError(f'team "{self.name}": min_age {self.min_age} is above max_age {self.max_age}')
        return self


def _check_teams_distinct(teams: tuple[Team, ...]) -> tuple[Team, ...]:
    """Teams of which no two share a name, a code, a locality or a practice: each person has one team."""
    for what, given in (
        ("name", [team.name for team in teams]),
        ("code", [team.code for team in teams]),
        ("locality", [place for team in teams for place in team.localities]),
        ("practice", [practice for team in teams for practice in team.practices]),
    ):
        for value in given:
            if sum(other.casefold() == value.casefold() for other in given) > 1:
                raise ValueError(f'two teams have the {what} "{value}", in whatever case; it can belong to one')
    return teams


class ListSettings(Declared):
    """The weekly list."""

    folder: str = "lists"
    recipe: str = "emergency_admission_12m"
    readers: Literal["owner", "group"] = "owner"
    """Who may open a team's published folder on Linux and macOS: the account that published it, or its group too."""
    default_capacity: int = Field(8, ge=0)
    """Capacity of a team that is not named under [[teams]]."""
    reserve: int = Field(0, ge=0, le=20)
    """People of each team below the capacity line who may be taken up on the worklist when a case falls through."""
    hold_out: HoldOutSettings | None = None
    """A lot that leaves people near the line off; none unless a research ethics committee has approved it."""
    bands: dict[str, float] = Field(
        default_factory=lambda: {"very high": 0.4, "high": 0.2, "moderate": 0.1, "lower": 0.0}
    )
    """Names of risk bands, each with the lower end of its risk (probability, included)."""
    pdf: Literal["auto", "off"] = "auto"
    """Whether PDFs are made beside the pages: "auto" where the machine can make them."""
    counts: dict[str, str] = Field(default_factory=dict)
    """Features shown beside the reasons, with their headings, in this order."""
    clinical_use: Literal["not signed off", "signed off"] = "not signed off"
    """Set to "signed off" once the site's DCB0160 and medical-device position are signed."""

    @field_validator("bands")
    @classmethod
    def _check_band_ends(cls, given: dict[str, float]) -> dict[str, float]:
        ends = list(given.values())
        if not ends or min(ends) != 0 or max(ends) >= 1 or len(set(ends)) < len(ends):
            raise ValueError("each band needs a lower end of its own, from 0 to below 1, and one of them must be 0")
        return given


class CasefindingSettings(Declared):
    """Who comes back onto a list, who keeps a place, and how much of the capacity a case takes."""

    rest_weeks: Weeks = 12
    """Weeks after a review in which a person is not listed again."""
    rest_weeks_after: dict[str, Weeks] = Field(default_factory=dict)
    """The same for single outcomes; those left out rest as in `REST_WEEKS_AFTER`, and all others `rest_weeks`."""
    rising_by: float = Field(1.5, gt=1)
    """Rising: odds now over odds at the earliest list of the last `rising_weeks`, by the same model."""
    rising_weeks: int = Field(13, ge=1, le=520)
    keeps_within: float = Field(2.0, ge=1)
    """A listed person not yet discussed, or only put off, keeps the place among the first `keeps_within` x capacity."""
    caseload_quiet_months: int = Field(12, ge=1, le=120)
    """Months without a contact after which a caseload no longer keeps a person off the list."""
    escalate_after_weeks: int = Field(3, ge=1)
    """Week on the list from which a person not yet discussed is marked for escalation; the first week is 1."""
    case_weights: dict[str, Weight] = Field(default_factory=dict)
    """Weight of a case by band; a band left out weighs 1."""
    complex_from: int = Field(4, ge=0)
    """Long-term conditions from which a case is complex."""
    complex_weight: Weight = 1.0
    """Multiplies the weight of a complex case."""

    @field_validator("rest_weeks_after")
    @classmethod
    def _check_outcomes(cls, given: dict[str, int]) -> dict[str, int]:
        for outcome in given:
            if outcome not in OUTCOMES:
                raise ValueError(f'"{outcome}" is not an outcome of a review{near(outcome, OUTCOMES)}')
        return given

    def rest_after(self, outcome: str, team_weeks: int | None = None) -> int:
        """Weeks of rest after a review with that outcome. `team_weeks` stands for `rest_weeks` where given."""
        usual = self.rest_weeks if team_weeks is None else team_weeks
        return self.rest_weeks_after.get(outcome, REST_WEEKS_AFTER.get(outcome, usual))


class Settings(Declared):
    """Everything riskstrat.toml may say."""

    data: DataSettings = DataSettings()
    admissions: AdmissionSettings = AdmissionSettings()
    engine: EngineSettings = EngineSettings()
    opt_outs: OptOutSettings = OptOutSettings()
    sensitive: SensitiveSettings = SensitiveSettings()
    lists: ListSettings = ListSettings()
    casefinding: CasefindingSettings = CasefindingSettings()
    reviews: ReviewSettings = ReviewSettings()
    worklist: WorklistSettings = WorklistSettings()
    retention: RetentionSettings = RetentionSettings()
    teams: Annotated[tuple[Team, ...], AfterValidator(_check_teams_distinct)] = ()

    @model_validator(mode="after")
    def _check_folders(self) -> Self:
        given = {
            "data.store": self.data.store,
            "lists.folder": self.lists.folder,
            "worklist.folder": self.worklist.folder,
        }
        taken = {".": "the workspace itself"}
        for name, folder in given.items():
            place = normpath(folder.strip()).casefold()
            if place in taken:
                raise ValueError(f'{name} = "{folder}" is {taken[place]}; give a folder of its own')
            taken[place] = name
        return self
