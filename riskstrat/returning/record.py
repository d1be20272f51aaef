"""What a filled-in list changes in the record: what is new, what differs, what was emptied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.reviews import Correction, Edition, Judged, Review, StandingReviews, build_taking_back


@dataclass(frozen=True)
class Difference:
    """By reference: `changed`, what is not on record yet; `conflicts`, those of them with another review on record.

    `emptied`: on record, and the row holds nothing any more. `absent`: on record, and the file has no such row, or it
    was left out.
    """

    changed: Mapping[str, tuple[Review, ...]]
    conflicts: tuple[str, ...]
    emptied: tuple[str, ...]
    absent: tuple[str, ...]

    def list_written(self, edition: Edition, *, correct: bool) -> list[Review]:
        """What is to be kept: new reviews and, in a correction, what takes back the reviews of emptied rows."""
        taken_back = [build_taking_back(edition.patients[one], edition) for one in self.emptied] if correct else []
        return [*(review for reviews in self.changed.values() for review in reviews), *taken_back]

    def build_correction(self, edition: Edition, by: str, reason: str) -> Correction | None:
        """Whose reviews are put right or taken back; None if nobody's."""
        corrected = frozenset(edition.patients[one] for one in (*self.conflicts, *self.emptied))
        return Correction(corrected, by, reason) if corrected else None


def compare_with_record(judged: Judged, before: StandingReviews, edition: Edition) -> Difference:
    """A judged file against what is on record of its list."""
    changed = {
        reference: reviews
        for reference, reviews in judged.reviews.items()
        if set(before.get(edition.patients[reference], ())) != set(reviews)
    }
    conflicts = tuple(reference for reference in changed if edition.patients[reference] in before)
    without = [one for one, patient in edition.patients.items() if patient in before and one not in judged.reviews]
    emptied = tuple(one for one in without if one in judged.emptied and one not in judged.left_out)
    return Difference(changed, conflicts, emptied, tuple(one for one in without if one not in emptied))


def describe_conflicts(difference: Difference, before: StandingReviews) -> str:
    """What differs, in the words of the drop-downs; free text is only said to differ."""
    said = []
    for reference in difference.conflicts:
        new = difference.changed[reference]
        old = before[new[0].patient_id]
        differs = (
            []
            if _describe_outcomes(old) == _describe_outcomes(new)
            else [f"{_describe_outcomes(old)} is recorded, {_describe_outcomes(new)} is given"]
        )
        recorded = old[0].shared()
        others = [title for title, value in new[0].shared().items() if recorded[title] != value]
        differs += [f"another {', '.join(others)}"] if others else []
        differs = differs or ["another owner or due date"]
        said.append(f"{reference}: {'; '.join(differs)}")
    return (
        f"nothing was imported: another review is on record for {' | '.join(said)}. Import the file as it was, or put "
        "the record right with --correct --by NAME --reason TEXT"
    )


def _describe_outcomes(reviews: tuple[Review, ...]) -> str:
    return " and ".join(
        OUTCOME_WORDS.get(review.outcome, review.outcome) for review in sorted(reviews, key=Review.sort_key)
    )
