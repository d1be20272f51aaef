"""training/roles.toml: which feature plays each part that the engine has a use for."""

from __future__ import annotations

from collections.abc import Mapping

from riskstrat.definitions.declared import Declared
from riskstrat.definitions.features import Feature


class Roles(Declared):
    """Names of features by the part that they play; what is left out, or could not be built, plays none.

    age: in completed years. sex: yes/no features that say which sex is recorded. number_of_conditions: a count.
    care_home: yes/no features, of which any one says that somebody lives in a care home. conditions: the codelist whose
    groups are named as conditions of a person. conditions_in_order: those groups, the one that tells a team most first.
    named_medicines: a count of kinds of medicine, each of which is named on a person's page. contacts: how much care
    somebody has had; days_registered: for how long they are registered.
    """

    age: str | None = None
    sex: tuple[str, ...] = ()
    number_of_conditions: str | None = None
    care_home: tuple[str, ...] = ()
    conditions: str | None = None
    conditions_in_order: tuple[str, ...] = ()
    named_medicines: str | None = None
    contacts: str | None = None
    days_registered: str | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature named, in the order of the file."""
        told = (self.named_medicines, self.contacts, self.days_registered)
        named = (self.age, *self.sex, self.number_of_conditions, *self.care_home, *told)
        return tuple(name for name in named if name is not None)


def list_conditions(features: Mapping[str, Feature], roles: Roles) -> dict[str, str]:
    """The features that tell whether one condition is recorded, each with its condition; never a sensitive one.

    One that another speaks for is left out: a condition is named once, whatever sources record it.
    """
    return {
        name: feature.codes.groups[0]
        for name, feature in features.items()
        if feature.verb == "exists" and feature.codes and feature.codes.name == roles.conditions
        if len(feature.codes.groups) == 1 and not feature.wording.sensitive and feature.wording.said_by is None
    }
