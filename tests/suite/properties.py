"""Hypothesis settings of the suite: the same examples each time for `make test`, new and more ones for `make test-all`.

Profile `fixed` is what runs unless another is named; `pytest --hypothesis-profile=random` looks at new examples, and
`--hypothesis-seed` with the printed seed looks at the same ones again.
"""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import HealthCheck, Phase, settings

MORE = {"fixed": 1, "random": 5}
"""How many times the examples that a property asks for are looked at."""

USUAL = 40
"""How many examples a property looks at that asks for no number; 500 where new ones are looked at."""

BAR = 10_000


def register_profiles() -> None:
    """Registers both profiles and loads `fixed`; the option of Hypothesis' own plugin loads another."""
    settings.register_profile("fixed", max_examples=USUAL, derandomize=True, deadline=None, print_blob=True)
    settings.register_profile("random", max_examples=500, deadline=None, print_blob=True)
    settings.load_profile("fixed")


def property_settings(
    examples: int, *, drawn: int | None = None, allow: Collection[HealthCheck] = (HealthCheck.too_slow,)
) -> settings:
    """The settings of a property that looks at `examples` examples, times what the profile asks for.

    `drawn` is how many are asked for instead where new ones are looked at, of which each is another.
    """
    profile = settings.get_current_profile_name()
    asked = drawn if drawn is not None and profile == "random" else examples
    return settings(max_examples=asked * MORE[profile], suppress_health_check=tuple(allow))


def pure_settings(examples: int) -> settings:
    """The settings of a property of a function that touches nothing: 10,000 examples where new ones are looked at."""
    asked = property_settings(examples)
    return settings(asked, max_examples=BAR) if settings.get_current_profile_name() == "random" else asked


def population_settings(examples: int, *, drawn: int | None = None) -> settings:
    """The settings of a property whose one example is a whole population of independent people.

    An ingest costs the same for few people as for many, so few examples of more people show as much. `drawn` is how
    many are asked for instead where new ones are looked at, of which each is another. Nothing is shrunk and nothing is
    stored: the message names the person who differs, and the seed of the population. The first example is always the
    simplest that there is: one in which all are alike shows little, and is best refused (`assume`).
    """
    slow = (HealthCheck.too_slow, HealthCheck.data_too_large)
    return settings(property_settings(examples, drawn=drawn, allow=slow), database=None, phases=(Phase.generate,))
