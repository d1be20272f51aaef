"""Servers that may ask the identity install: a secret for each, in a file that its owner alone can read."""

from __future__ import annotations

import hmac
import re
import secrets
from pathlib import Path

from riskstrat.errors import IdentityError
from riskstrat.identity.key import require_own
from riskstrat.identity.private_files import read_bytes, write_private
from riskstrat.identity.supplying import CLIENT_NAME
from riskstrat.storage import make_folder

CLIENTS, ENDING = "clients", ".key"
_BYTES = 32
_SECRET = re.compile(r"[0-9a-f]{64}")


class ClientSecret:
    """256 secret bits that one server and the identity install share. They are never printed."""

    def __init__(self, name: str, secret: bytes) -> None:
        self.name = name
        self._secret = secret

    def __repr__(self) -> str:
        return f"ClientSecret({self.name}, kept)"

    def sign(self, content: bytes) -> str:
        """HMAC-SHA-256 of the bytes, as 64 hexadecimal characters."""
        return hmac.new(self._secret, content, "sha256").hexdigest()

    def has_signed(self, content: bytes, signature: str) -> bool:
        """Whether the signature is of these bytes; it takes as long for a wrong one as for the right one."""
        return hmac.compare_digest(self.sign(content).encode("ascii"), signature.encode("utf-8", "replace"))


def parse_secret(name: str, written: str) -> ClientSecret:
    """The secret of the server of that name, as its file or a variable holds it. Raises IdentityError for another."""
    _require_name(name)
    if not _SECRET.fullmatch(written.strip()):
        raise IdentityError(
            "the secret of a server that asks for names is 64 hexadecimal characters, as riskstrat identity client "
            "wrote them; put that file there again"
        )
    return ClientSecret(name, bytes.fromhex(written.strip()))


def make_secret() -> bytes:
    """A new secret as its files hold it."""
    return secrets.token_bytes(_BYTES).hex().encode("ascii") + b"\n"


def require_new_client(root: Path, name: str) -> Path:
    """Where the secret of a new server will stand. Raises IdentityError for no name, or one that has a secret."""
    _require_name(name)
    path = root / CLIENTS / f"{name}{ENDING}"
    if path.exists():
        raise IdentityError(
            f"{CLIENTS}/{path.name} stands: that server has a secret; give another name, or delete the file, which "
            "shuts that server out at once"
        )
    return path


def keep_secret(root: Path, name: str, written: bytes) -> Path:
    """Keep the secret of a new server in the identity folder and give its place. Raises as `require_new_client`."""
    path = require_new_client(root, name)
    make_folder(path.parent, mode=0o700)
    write_private(written, path)
    return path


def read_secret(root: Path, name: str) -> ClientSecret | None:
    """The secret of the server of that name; None if the install knows no such server.

    Raises IdentityError if others can read the file, or it holds no secret.
    """
    path = root / CLIENTS / f"{name}{ENDING}"
    if not re.fullmatch(CLIENT_NAME, name) or not path.is_file():
        return None
    require_own(path)
    return parse_secret(name, read_bytes(path, "the secret of a server").decode("ascii", "replace"))


def _require_name(name: str) -> None:
    if not re.fullmatch(CLIENT_NAME, name):
        raise IdentityError(
            "the name of a server that asks for names has up to 40 small letters, digits and hyphens, a letter first"
        )
