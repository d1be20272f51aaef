"""riskstrat.toml: where the data is, which teams exist with what capacity, and what the site has decided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from riskstrat.definitions.declared import Declared

OPT_OUT_KINDS = ("type1", "risk_stratification", "national")


class DataSettings(Declared):
    """Where clean tables live, and how landed rows are judged."""

    store: str = "data"
    quarantine_limit: float = Field(0.05, ge=0, le=1)
    """Share of a table's rows that may be quarantined before the run stops."""
    lag_days: dict[str, int] = Field(default_factory=dict)
    """Days from event to knowledge, for a table without `known_on`."""


class EngineSettings(Declared):
    """How the feature engine uses the machine."""

    partition_people: int = Field(50_000, ge=1)
    threads: int = Field(2, ge=1)


class OptOutSettings(Declared):
    """Every kind of opt-out applies unless an approval for ignoring it is recorded here by its reference."""

    approvals: dict[str, str] = Field(default_factory=dict)

    @field_validator("approvals")
    @classmethod
    def _known_kinds(cls, given: dict[str, str]) -> dict[str, str]:
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
    localities: tuple[str, ...] = ()
    practices: tuple[str, ...] = ()


def _each_once(teams: tuple[Team, ...]) -> tuple[Team, ...]:
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
    counts: dict[str, str] = Field(default_factory=dict)
    """Features shown beside the reasons, with their headings, in this order."""
    clinical_use: Literal["not signed off", "signed off"] = "not signed off"
    """Set to "signed off" once the site's DCB0160 and medical-device position are signed."""


class Settings(Declared):
    """Everything riskstrat.toml may say."""

    data: DataSettings = DataSettings()
    engine: EngineSettings = EngineSettings()
    opt_outs: OptOutSettings = OptOutSettings()
    lists: ListSettings = ListSettings()
    teams: Annotated[tuple[Team, ...], AfterValidator(_each_once)] = ()
