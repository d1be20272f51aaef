"""riskstrat.toml: where the data is, which teams exist with what capacity, and what the site has decided."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from riskstrat.definitions.codelists import near
from riskstrat.definitions.declared import Declared
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.vocabulary import OUTCOMES

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


class DataSettings(Declared):
    """Where clean tables live, and how landed rows are judged."""

    store: str = "data"
    quarantine_limit: float = Field(0.05, ge=0, le=1)
    """Share of a table's rows that may be quarantined before the run stops."""
    lag_days: dict[str, int] = Field(default_factory=dict)
    """Days from event to knowledge, for a table without `known_on`."""
    legal_basis: dict[str, str] = Field(default_factory=dict)
    """By table the basis on which its records may be used for risk stratification; real records without one are
    refused."""

    @field_validator("legal_basis")
    @classmethod
    def _check_table_bases(cls, given: dict[str, str]) -> dict[str, str]:
        for table, basis in given.items():
            if table not in SCHEMAS:
                raise ValueError(f'"{table}" is not a table{near(table, tuple(SCHEMAS))}')
            if not basis.strip():
                raise ValueError(f'"{table}" needs its basis in words')
        return given


class EngineSettings(Declared):
    """How the feature engine uses the machine."""

    partition_people: int = Field(50_000, ge=1)
    threads: int = Field(2, ge=1)


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
            if given.count(value) > 1:
                raise ValueError(f'two teams have the {what} "{value}"; it can belong to one')
    return teams


class ListSettings(Declared):
    """The weekly list."""

    folder: str = "lists"
    recipe: str = "emergency_admission_12m"
    default_capacity: int = Field(8, ge=0)
    """Capacity of a team that is not named under [[teams]]."""
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
    """RISING: odds now over odds at the earliest list of the last `rising_weeks`."""
    rising_weeks: int = Field(13, ge=1, le=520)
    keeps_within: float = Field(2.0, ge=1)
    """A listed person not yet discussed keeps the place while among the first `keeps_within` x capacity."""
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
    engine: EngineSettings = EngineSettings()
    opt_outs: OptOutSettings = OptOutSettings()
    lists: ListSettings = ListSettings()
    casefinding: CasefindingSettings = CasefindingSettings()
    teams: Annotated[tuple[Team, ...], AfterValidator(_check_teams_distinct)] = ()
