"""The seal of a published list: an Ed25519 signature, by which another install knows what this workspace published.

The secret half of the key stands in FOLDER/audit and never leaves it; the public half beside it is for whoever is to
know this workspace's lists. A seal proves that the bytes were sealed by an account that could read that key, and that
nothing was changed since. It does not prove that the list still stands: it may have been withdrawn after it was copied.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from riskstrat.audit.log import FOLDER, LOCK
from riskstrat.errors import AuditError
from riskstrat.storage import lock_exclusively, make_folder, refuse_in_one_line, write_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET, PUBLIC = "publisher.key", "publisher.pub"
_OWNER_ONLY = 0o600
_KEY = re.compile("[0-9a-f]{64}")


def make_seal(folder: Path, content: bytes) -> dict[str, str]:
    """The seal of `content` by the key of `folder`, which is made if there is none: public key and signature, as hex.

    The same key and content give the same seal. Raises AuditError for a key that is none, StorageError if it cannot be
    read or written.
    """
    place = folder / FOLDER
    with refuse_in_one_line(_word_failure, place):
        make_folder(place)
        with lock_exclusively(place / LOCK, refusal=_word_failure):
            secret = _read_secret(place) if (place / SECRET).exists() else _make_secret(place)
    return {"key": _write_public(secret), "signature": secret.sign(content).hex()}


def is_sealed_by(keys: Collection[str], content: bytes, seal: object) -> bool:
    """Whether `seal` is one of `content` by the secret half of one of the public `keys`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not isinstance(seal, Mapping) or seal.get("key") not in keys:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(seal["key"])).verify(
            bytes.fromhex(str(seal.get("signature"))), content
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _make_secret(place: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = Ed25519PrivateKey.generate()
    write_bytes(f"{_write_public(secret)}\n".encode("ascii"), place / PUBLIC, refusal=_word_failure)
    content = f"{secret.private_bytes_raw().hex()}\n".encode("ascii")
    write_bytes(content, place / SECRET, mode=_OWNER_ONLY, refusal=_word_failure)
    return secret


def _read_secret(place: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    written = (place / SECRET).read_bytes().decode("ascii", "replace").strip()
    if not _KEY.fullmatch(written):
        raise AuditError(
            f"{FOLDER}/{SECRET} is not a key of 64 hexadecimal characters; put it back from the backup, or move it "
            "away and write the new public key into identity.toml"
        )
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(written))


def _write_public(secret: Ed25519PrivateKey) -> str:
    return secret.public_key().public_bytes_raw().hex()


def _word_failure(path: Path, reason: str) -> str:
    return f"cannot read or write {FOLDER}/{path.name}: {reason}; nothing is published unsealed, so mend it first"
