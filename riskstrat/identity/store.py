"""The identity store: who each pseudonym is, encrypted as one file."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from riskstrat.errors import IdentityError
from riskstrat.identity.key import SiteKey
from riskstrat.identity.private_files import read_bytes, write_private
from riskstrat.storage import format_canonical_json, lock_exclusively, parse_json

STORE_FILE = "identities.store"
LOCK_FILE = "store.lock"

IDENTIFIERS: dict[str, str] = {
    "name": "Name",
    "nhs_number": "NHS number",
    "date_of_birth": "Date of birth",
    "contact": "Contact",
    "contact_safely": "How to contact safely",
    "interpreter_needs": "Interpreter needs",
    "communication_needs": "Communication needs",
    "named_gp": "Named GP",
    "key_worker": "Key worker",
    "lone_visit_warning": "Lone-visit warning",
}
"""What is kept about a person, in the order of the named copy, with its heading."""


@dataclass
class Identities:
    """`people`: by patient_id, what is known of each. `crosswalk`: by source and its pseudonym, the patient_id."""

    people: dict[str, dict[str, str]] = field(default_factory=dict)
    crosswalk: dict[str, dict[str, str]] = field(default_factory=dict)

    def learn(self, patient_id: str, known: Mapping[str, str]) -> bool:
        """Keep what is known of a person, a later value over an earlier one; an empty one says nothing.

        Gives whether anything was new.
        """
        person = self.people.setdefault(patient_id, {})
        new = {name: value for name, value in known.items() if value and person.get(name) != value}
        person.update(new)
        return bool(new)


def read_store(folder: Path, key: SiteKey) -> Identities:
    """The store of `folder`. Raises IdentityError if it does not open, StorageError if it is lost."""
    plain = key.opened(read_bytes(folder / STORE_FILE, "the identity store"))
    try:
        return Identities(**parse_json(zlib.decompress(plain)))
    except (ValueError, TypeError, zlib.error):
        raise IdentityError("the identity store opens but is not one; put it back from the backup") from None


class HeldIdentities:
    """The store of one folder in memory, read again once its file has changed; for several threads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / STORE_FILE
        self._lock = Lock()
        self._mark: tuple[int, ...] | None = None
        self._held = Identities()

    def read(self, key: SiteKey) -> Identities:
        """What the store holds now, not to be changed. Raises as `read_store` does."""
        with self._lock:
            mark = self._find_mark()
            if mark is None or mark != self._mark:
                self._held, self._mark = read_store(self._path.parent, key), mark
            return self._held

    def _find_mark(self) -> tuple[int, ...] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def write_store(folder: Path, key: SiteKey, identities: Identities) -> None:
    """Encrypt and write the store, whole or not at all."""
    write_private(key.sealed(zlib.compress(_encode_identities(identities), 6)), folder / STORE_FILE)


@contextmanager
def changing(folder: Path, key: SiteKey) -> Iterator[Identities]:
    """The store to change, alone; it is written when the block ends well and something changed."""
    with lock_exclusively(folder / LOCK_FILE):
        identities = read_store(folder, key)
        before = _encode_identities(identities)
        yield identities
        if _encode_identities(identities) != before:
            write_store(folder, key, identities)


def _encode_identities(identities: Identities) -> bytes:
    return format_canonical_json({"people": identities.people, "crosswalk": identities.crosswalk})
