"""Encrypting a list to the sponsor's public key, so that the same list gives the same bytes.

X25519, HKDF-SHA-256 and ChaCha20-Poly1305, put together as HPKE does (RFC 9180), but for one thing: the sender's
one-time key is no random number. It is derived from the SHA-512 of what is sealed, the context and the public key. So
two different contents never share a one-time key, and with it never a cipher key, and the one nonce can be fixed; the
same content gives the same bytes again, which shows that a run was repeated on the same inputs and nothing else. What
such a seal cannot hide is equality: whoever can guess the content to the last digit can see that the guess was right.
A list holds the estimates of everybody to full precision, so that only somebody with the data and the model could, and
they could score the people themselves.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from riskstrat.errors import PublicationError

_HEADER = b"riskstrat sealed list 1\n"
_NONCE = bytes(12)
_BYTES = 32


def make_key_pair() -> tuple[bytes, bytes]:
    """A new private key and its public key, both as PEM."""
    key = X25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def parse_public_key(pem: bytes, name: str) -> bytes:
    """The 32 bytes of a public key in PEM. Raises PublicationError naming the file for anything else."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, X25519PublicKey) or _is_degenerate(key):
        raise PublicationError(f"{name} is no public key of a trial; have the sponsor make one: riskstrat trial key")
    return key.public_bytes_raw()


def parse_private_key(pem: bytes, name: str) -> X25519PrivateKey:
    """The private key in PEM. Raises PublicationError naming the file for anything else."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, X25519PrivateKey):
        raise PublicationError(f"{name} is no private key of a trial; give the file that riskstrat trial key made")
    return key


def seal_content(content: bytes, public: bytes, context: str) -> bytes:
    """The content encrypted to a public key. context: which list it is; it opens under no other."""
    digest = hashlib.sha512(content).digest()
    one_time = X25519PrivateKey.from_private_bytes(_derive(digest, b"one-time key" + public + context.encode()))
    sender = one_time.public_key().public_bytes_raw()
    shared = one_time.exchange(X25519PublicKey.from_public_bytes(public))
    return _HEADER + sender + _build_cipher(shared, sender, public, context).encrypt(_NONCE, content, _HEADER)


def open_sealed(sealed: bytes, key: X25519PrivateKey, context: str) -> bytes:
    """What was sealed. Raises PublicationError for another key, another context, or bytes that were changed."""
    start = len(_HEADER)
    sender, rest = sealed[start : start + _BYTES], sealed[start + _BYTES :]
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(sender))
        public = key.public_key().public_bytes_raw()
        return _build_cipher(shared, sender, public, context).decrypt(_NONCE, rest, sealed[:start])
    except (InvalidTag, ValueError):
        raise PublicationError(
            "a sealed list does not open: the key is another one, or the file was changed; take both as they were at "
            "the start"
        ) from None


def is_key_to(key: X25519PrivateKey, public: bytes) -> bool:
    """Whether a private key is the other half of a public one."""
    return key.public_key().public_bytes_raw() == public


def _build_cipher(shared: bytes, sender: bytes, public: bytes, context: str) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(_derive(shared, b"cipher key" + sender + public + context.encode()))


def _derive(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=_HEADER + info).derive(secret)


def _is_degenerate(key: X25519PublicKey) -> bool:
    """Whether anybody could open what is sealed to it: a point of small order, with which every secret is 0."""
    try:
        X25519PrivateKey.generate().exchange(key)
    except ValueError:
        return True
    return False
