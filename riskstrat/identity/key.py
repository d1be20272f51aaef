"""The site key, and what is made with it: pseudonyms, and the cipher of the store."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from riskstrat.errors import IdentityError
from riskstrat.identity.private_files import read_bytes, write_private

KEY_FILE = "site.key"
_BYTES = 32
_NONCE = 12
_HEADER = b"riskstrat identity store 1\n"


class SiteKey:
    """256 secret bits of one site. It is never printed and never leaves its folder."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "SiteKey(kept)"

    def pseudonym(self, nhs_number: str) -> str:
        """HMAC-SHA-256 of the ten digits, as 64 hexadecimal characters."""
        return hmac.new(self._secret, nhs_number.encode("ascii"), hashlib.sha256).hexdigest()

    def spell_pseudonym(self, spell_id: str) -> str:
        """HMAC-SHA-256 of a hospital's own number of a spell, as 32 hexadecimal characters."""
        return hmac.new(self._secret, b"spell " + spell_id.encode(), hashlib.sha256).hexdigest()[:32]

    def vouch(self, team: str, patient_id: str) -> str:
        """What shows later that the person of that pseudonym was put forward to a team: 64 hexadecimal characters."""
        return hmac.new(self._secret, f"put forward {team} {patient_id}".encode(), hashlib.sha256).hexdigest()

    def sealed(self, plain: bytes) -> bytes:
        """The bytes encrypted with AES-256-GCM, so that a change shows."""
        nonce = secrets.token_bytes(_NONCE)
        return _HEADER + nonce + self._derive_cipher().encrypt(nonce, plain, _HEADER)

    def opened(self, sealed: bytes) -> bytes:
        """What `sealed` was made from. Raises IdentityError for another key, or bytes that were changed."""
        header, rest = sealed[: len(_HEADER)], sealed[len(_HEADER) :]
        try:
            return self._derive_cipher().decrypt(rest[:_NONCE], rest[_NONCE:], header if header == _HEADER else b"")
        except (InvalidTag, ValueError):
            raise IdentityError(
                f"the identity store does not open with {KEY_FILE}: the key is another one, or the store was changed; "
                "put both back from one backup"
            ) from None

    def _derive_cipher(self) -> AESGCM:
        derived = HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=b"riskstrat identity store").derive
        return AESGCM(derived(self._secret))


def make_key(folder: Path) -> SiteKey:
    """A new key in `folder`, readable by its owner alone."""
    secret = secrets.token_bytes(_BYTES)
    write_private(secret.hex().encode("ascii") + b"\n", folder / KEY_FILE)
    return SiteKey(secret)


def read_key(folder: Path) -> SiteKey:
    """The key of `folder`. Raises IdentityError if others can read it, or it is not a key; StorageError if lost."""
    path = folder / KEY_FILE
    written = read_bytes(path, "the site key")
    require_own(path)
    if not re.fullmatch(rb"[0-9a-f]{64}\s*", written):
        raise IdentityError(f"{KEY_FILE} is not a key of 64 hexadecimal characters; put it back from the backup")
    return SiteKey(bytes.fromhex(written.decode("ascii").strip()))


def require_own(path: Path) -> None:
    """Raises IdentityError if others than its owner can read a secret; on Windows the rights of the folder decide."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise IdentityError(f"{path.name} can be read by others than its owner; it is not used until chmod 600 {path}")
