"""training/roles.toml: which feature plays each part that the engine has a use for."""

from __future__ import annotations

from riskstrat.definitions.declared import Declared


class Roles(Declared):
    """Names of features by the part that they play; what is left out, or could not be built, plays none.

    age: in completed years. sex: yes/no features that say which sex is recorded. number_of_conditions: a count.
    care_home: yes/no. conditions: the codelist whose groups are named as conditions of a person.
    """

    age: str | None = None
    sex: tuple[str, ...] = ()
    number_of_conditions: str | None = None
    care_home: str | None = None
    conditions: str | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature named, in the order of the file."""
        named = (self.age, *self.sex, self.number_of_conditions, self.care_home)
        return tuple(name for name in named if name is not None)
