"""One registered version as its papers see it, with the questions that several of them ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from riskstrat.definitions.baselines import LIGHTGBM, LOGISTIC, STACK, TRANSFERRED, find_own
from riskstrat.documents.papers.wording import count, day, days, figure, known, model
from riskstrat.documents.words import word_count

RIVAL = LOGISTIC
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Registered:
    """A version of a model: its number, its evidence, what it is for and, once it was held against them, its gates.

    gates: for each its name, whether it passed and a sentence; None where it was not held against any. titles: of the
    baselines that the workspace declares, by their names.
    """

    evidence: Mapping[str, Any]
    number: str
    intended_purpose: str
    clinical_use: str
    gates: Sequence[Row] | None = field(default=None)
    titles: Mapping[str, str] = field(default_factory=dict)

    def part(self, *path: str) -> Any:
        """What stands at a path of the evidence; None where any step of it is absent or null."""
        found: Any = self.evidence
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def rows(self, *path: str) -> list[Row]:
        """The records at a path of the evidence; none where it is absent or null."""
        return list(self.part(*path) or ())

    @cached_property
    def own(self) -> Row:
        """What was measured of the model itself on all test rows together; empty where nothing was."""
        return self.part("models", self.own_name) or {}

    @property
    def own_name(self) -> str:
        """What the model itself is called in the evidence."""
        return find_own(self.part("models") or ())

    @property
    def own_title(self) -> str:
        """What the model itself is called within a sentence or a heading."""
        return {STACK: "the stack", TRANSFERRED: "the other site's model"}.get(self.own_name, "LightGBM")

    @property
    def is_transferred(self) -> bool:
        """Whether another site learned it, and this one only calibrated and tested it."""
        return self.own_name == TRANSFERRED

    @property
    def kind(self) -> str:
        """What was learned, in a sentence; of a stack with what each member counts."""
        if self.is_transferred:
            return (
                f"Another site's model on {self.fact('features')} features, calibrated on the people of this site and "
                "not learned here. It came in a package with the sha256 "
                f"{self.fact('start', 'digest')}; licence: {self.fact('start', 'licence')}; approved by the controller "
                f"it comes from as {self.fact('start', 'given_by')} and by this one as "
                f"{self.fact('start', 'taken_by')}."
            )
        if self.own_name != STACK:
            return f"Gradient-boosted trees (LightGBM) on {self.fact('features')} features, without class weights."
        weights = self.part("registered", "weights") or {}
        return (
            f"A stack of two on {self.fact('features')} features, without class weights: gradient-boosted trees "
            f"(LightGBM), whose log odds count {figure(weights.get(LIGHTGBM), 2)} times, and a logistic regression, "
            f"whose log odds count {figure(weights.get(LOGISTIC), 2)} times. People held out of both decided how large "
            "each is and what it counts. The figures are those of the stack; each member stands beside it."
        )

    def fact(self, *path: str) -> str:
        """What stands at a path of the evidence, as a text."""
        found = self.part(*path)
        return str(found) if known(found) else "not recorded"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.fact("model")

    @property
    def title(self) -> str:
        """The model's title, or else its name."""
        return self.fact("title") if self.part("title") else self.name

    @property
    def outcome(self) -> str:
        """What the risk is the chance of, as a part of a sentence."""
        return str(self.part("sentence") or "the outcome of the recipe").replace("{date}", "the index date")

    @property
    def as_at(self) -> str:
        """The last day on which anything in the data was known."""
        return day(self.fact("as_at"))

    @property
    def by_person(self) -> bool:
        """Whether people, and not dates, were held out."""
        return not self.part("test_dates")

    @property
    def tested(self) -> str:
        """How the model was tested, in a sentence."""
        if self.by_person:
            return (
                "It was tested on people who were held out, as the dates of this source do not compare between people."
            )
        dates = self.part("test_dates")
        kind = "period" if any(" to " in str(one) for one in dates) else "date"
        which = f"{'' if len(dates) == 1 else 'each of '}{word_count(len(dates), f'test {kind}')}"
        return (
            f"The whole procedure was run again as it would have been for {which} ({days(dates)}), from what was known "
            "then. The figures are of these test rows together."
        )

    @property
    def ages(self) -> str:
        """Who is eligible, by age."""
        low, high = (self.part("recipe", "cohort", each) for each in ("min_age", "max_age"))
        if not known(low):
            return "people of the ages that the recipe names"
        return f"people aged {low} and over" if not known(high) or high >= 120 else f"people aged {low} to {high}"

    @property
    def eligible(self) -> str:
        """Who gets a risk, as a sentence."""
        if self.part("recipe", "cohort", "index") == "live_discharge":
            return f"Eligible are {self.ages} at each live discharge to a usual residence or a care home."
        return f"Eligible are {self.ages}, alive and registered at the index date, who have not opted out."

    @property
    def death(self) -> str:
        """What a death without the outcome counts as."""
        return {
            "negative": "A death without the outcome counts as no outcome.",
            "composite": "A death counts as the outcome.",
            "exclude": "People who died without the outcome are left out.",
        }.get(str(self.part("recipe", "label", "death")), "What a death counts as is not recorded.")

    @property
    def sizes(self) -> str:
        """Rows and outcome events that the registered model learned from, and that it was tested on.

        One that another site learned has all of this site's that are no test rows for its calibration.
        """
        registered, own = self.part("registered") or {}, self.own
        rows, events = registered.get("rows") or {}, registered.get("events") or {}
        if self.is_transferred and rows:
            slices = ("train", "calibration")
            rows, events = ({"calibration": sum(each.get(name) or 0 for name in slices)} for each in (rows, events))
        parts = [
            f"{count(rows[name])} {said} rows with {count(events.get(name))} outcome events"
            for name, said in (("train", "training"), ("calibration", "calibration"))
            if name in rows
        ]
        if own:
            parts.append(f"{count(own.get('n'))} test rows with {count(own.get('events'))} outcome events")
        return "; ".join(parts) or "not available"

    def title_of(self, name: str) -> str:
        """A model of the evidence as people say it."""
        return self.titles.get(name) or model(name)

    def interval(self, metric: str, model: str | None = None, versus: str | None = None) -> Row:
        """The record of an interval, of the model itself where none is named; a pair drawn the other way round is
        turned. Empty where there is none.
        """
        model = model or self.own_name
        for row in self.rows("intervals"):
            if row.get("metric") != metric:
                continue
            if (row.get("model"), row.get("versus")) == (model, versus):
                return row
            if versus and (row.get("model"), row.get("versus")) == (versus, model):
                return {**row, **_invert_difference(row)}
        return {}

    def origins(self) -> Iterator[tuple[str, Row]]:
        """Each test date in words with what was done and measured there."""
        for origin in self.rows("origins"):
            given = origin.get("test_date")
            yield (day(given) if given else "people held out"), origin


def _invert_difference(row: Row) -> dict[str, Any]:
    flipped: dict[str, Any] = {"estimate": row.get("estimate"), "low": row.get("high"), "high": row.get("low")}
    return {name: -value if known(value) else None for name, value in flipped.items()}
