"""The answer to a person's right of access, as a page and as data, for somebody to look through before it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.rendering import write_html
from riskstrat.storage import write_json

PAGE, DATA = "subject-access.html", "subject-access.json"

REVIEW = (
    "For a human to review before it goes: is anything in it about somebody else, or told in confidence by them, and "
    "could any of it do serious harm to this person's or anybody's health?"
)

NOT_HERE = (
    "Rows that were refused when they were landed: of these only a row number and a rule are kept.",
    "Names and NHS numbers: the workspace has none, the identity install does.",
    "Copies: backups, files of the sources, and documents that were handed out.",
    "What a model learned: it was fitted to many people's records and holds no row of anybody.",
    "A worklist's own database, where one is used.",
)
"""Where else something may be held, or why it is not; said on the page."""


def write_subject_access(folder: Path, patient: str, day: date, parts: Sequence[Mapping[str, object]]) -> None:
    """Write page and data into a folder. parts: each with `title`, `says` and `rows`. Raises StorageError."""
    told = {"patient_id": patient, "data_as_at": day, "review_before_it_goes": REVIEW, "not_here": list(NOT_HERE)}
    write_json(told | {"held": list(parts)}, folder / DATA)
    content = {
        "patient": patient,
        "date": day.isoformat(),
        "day": long_date(day),
        "review": REVIEW,
        "not_here": NOT_HERE,
        "parts": parts,
    }
    write_html("subject_access.html.j2", folder / PAGE, **content)
