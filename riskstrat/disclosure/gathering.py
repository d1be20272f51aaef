"""Everything that a workspace holds of one pseudonym, by where it is held."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskstrat import audit
from riskstrat.casefinding import read_every_kept_off, reference
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_rows import read_rows
from riskstrat.disclosure.lists import read_own_entries
from riskstrat.errors import StorageError
from riskstrat.publication import read_case_register
from riskstrat.reviews import FileReviewStore
from riskstrat.site.opening import Site
from riskstrat.site.resources import Resource, list_places
from riskstrat.sources import doubtful
from riskstrat.sources.extracts import read_landed
from riskstrat.storage import compute_digest

Held = Mapping[str, Any]
"""One part of what is held: `title`, `says` (what it is, in a sentence) and `rows`, each a mapping by name."""

NUMBERED = ("person", "spell", "last_spell", "stay")
"""Columns that number rows of the store and say nothing of a person."""

_NOT_LANDED = {
    "spells": "Hospital spells, of which continuous stays are made.",
    doubtful.CONDITIONS: "Recorded conditions with a fault: no page tells them, but one may keep the person off lists.",
    doubtful.STAYS: "Hospital stays with a fault: no page tells them, but one may keep the person off lists.",
    doubtful.PLANS: "Care plans with a fault: no page tells them, but whether there is one cannot be told.",
    doubtful.CIRCUMSTANCES: "Rows of circumstances with a fault: what they say of one cannot be told.",
    doubtful.HOMES: "Places in a care home with a fault: no page tells them, but the person counts as living there.",
}
"""Stored tables that are no landed ones, with what each is."""

ANOTHER = "[another person]"
SEALED_LISTS = (
    "Lists of a silent trial, encrypted and not to be read here. The person may stand in them: ask the sponsor."
)

_REFERENCE = re.compile(r"\b[A-Z]{3}-\d{3,}-[0-9A-Z]\b", re.ASCII)


def gather_held(opened: Site, patient: str) -> tuple[Held, ...]:
    """Every part that holds anything of a patient_id, sensitive or not; parts without a row are left out.

    A reference in it that is another person's gives way to `ANOTHER`. Raises PublicationError for a list, StorageError
    for reviews, that cannot be read: what they hold would be passed over in silence.
    """
    root, places = opened.workspace.root, list_places(opened.workspace)
    lists = places[Resource.LISTS]
    cases = _find_cases(lists, patient)
    entries = read_own_entries(lists, patient)
    own = {case["reference"] for case in cases}
    own |= {entry[name] for entry in entries for name in ("reference", "reserve_reference") if entry.get(name)}
    reviews, lines = list(_read_reviews(root, patient)), list(_find_lines(root, patient, own))
    parts = (
        *_read_tables(opened, patient),
        _part("cases", "Each case that lists opened, as each list handed it on.", cases),
        _part("lists", "Where the person stood at each published list, the estimate, and what was printed.", entries),
        _part("sealed lists", SEALED_LISTS, list(_find_sealed(root, places[Resource.TRIAL]))),
        _part("reviews", "What teams decided and noted; what was put right later too.", reviews),
        _part("kept off lists", "Why the person is kept off lists since.", _read_kept_off(root, patient)),
        _part("audit log", "Lines of the log that name the person.", lines),
    )
    plain = json.loads(json.dumps([part for part in parts if part["rows"]], default=str))
    return tuple(_hide_others(plain, own))


def _part(title: str, says: str, rows: object) -> dict[str, Any]:
    return {"title": title, "says": says, "rows": rows}


def _read_tables(opened: Site, patient: str) -> Iterator[dict[str, Any]]:
    """The rows of each table of the store, every version of each; then as landed, and those that a refresh brought."""
    people = opened.store.people()
    found = people.loc[people["patient_id"] == patient, "person"]
    if len(found):
        for file in sorted((opened.store.folder / "tables").glob("*.parquet")):
            yield _read_table(file, int(found.iloc[0]))
    for name, landed in read_landed(opened.store.folder, patient).items():
        yield _part(f"landed {name}", "As extracts landed it, kept so that others can be added to them.", landed)
    refreshed = opened.store.refreshed.rows if opened.store.refreshed is not None else {}
    for name, rows in refreshed.items():
        own = [row for row in rows if row["patient_id"] == patient]
        yield _part(f"refreshed {name}", "Came since the last whole ingest.", own)


def _read_table(file: Path, person: int) -> dict[str, Any]:
    name, says = file.stem, describe_table(file.stem)
    if "person" not in pq.read_schema(file).names:
        return _part(name, says, [])
    rows = pq.read_table(file, filters=pc.field("person") == person)
    told = [column for column in rows.column_names if column not in NUMBERED]
    return _part(name, says, rows.select(told).to_pylist())


def describe_table(name: str) -> str:
    """What a stored table is, in a sentence; nothing that is held is kept back for want of one."""
    if name in SCHEMAS:
        return f"{SCHEMAS[name].title}: {SCHEMAS[name].grain}. valid_from and valid_to say when it was known so."
    return _NOT_LANDED.get(name, "Rows that are kept beside the tables, such as rows with a fault.")


class OwnCase(NamedTuple):
    """A case of a person with one team."""

    team_code: str
    number: int
    opened_on: date
    listed_on: date


def _find_cases(lists: Path, patient: str) -> list[dict[str, Any]]:
    rows = read_case_register(lists).rows
    return [
        {
            "reference": reference(row.team_code, row.number),
            "opened_on": row.opened_on,
            "last_listed_on": row.listed_on,
        }
        for row in read_rows(rows[rows["patient_id"] == patient], OwnCase)
    ]


def _read_reviews(root: Path, patient: str) -> Iterator[dict[str, Any]]:
    """Each row of each file of reviews, by the name of the file; a later file of one list puts an earlier one right."""
    for path in FileReviewStore(root).find_kept_files():
        try:
            text = path.read_bytes().decode("utf-8")
            rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True)) if path.suffix == ".csv" else []
        except (OSError, ValueError, csv.Error):
            raise StorageError(f"reviews/{path.name} cannot be read; restore it from a backup") from None
        yield from ({"file": path.name, **row} for row in rows if row.get("patient_id") == patient)


def _read_kept_off(root: Path, patient: str) -> list[dict[str, Any]]:
    return [each.describe() for each in read_every_kept_off(root) if each.patient_id == patient]


def _find_sealed(root: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """Each sealed list that is still kept; those of a closed trial go with the published lists of their time."""
    for line in audit.read(root):
        if line.action == audit.SEALED and (folder / _name_sealed(line.details)).is_file():
            yield {"trial": line.details["trial"], "list": line.details["week"], "sha256": line.details["sealed"]}


def _name_sealed(details: Mapping[str, object]) -> str:
    return f"{details['trial']}/{details['week']}.sealed"


def _find_lines(root: Path, patient: str, own: Collection[str]) -> Iterator[dict[str, Any]]:
    """Lines that hold the digest of the patient_id, as looks at a person do, or a reference of theirs."""
    wanted = {compute_digest(patient), *own}
    for line in audit.read(root):
        text = json.dumps(dict(line.details))
        if any(each in text for each in wanted):
            yield {"line": line.number, "at": line.at, "by": line.user, "action": line.action, "details": line.details}


def _hide_others(value: object, own: Collection[str]) -> Any:
    """The same JSON with every reference that is not among `own` hidden."""
    if isinstance(value, dict):
        return {name: _hide_others(each, own) for name, each in value.items()}
    if isinstance(value, list):
        return [_hide_others(each, own) for each in value]
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: found[0] if found[0] in own else ANOTHER, value)
    return value
