"""A sealed list opens with one key, as one list, unchanged, and in no other way; and the same list seals to the same
bytes."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from riskstrat.errors import PublicationError
from riskstrat.trial.sealing import (
    is_key_to,
    make_key_pair,
    open_sealed,
    parse_private_key,
    parse_public_key,
    seal_content,
)

CONTENT = b'{"everyone":"patient_id,risk\\np1,0.3141592653589793\\n"}'
CONTEXT = "trial 1, list of 2026-11-16"
PRIVATE, PUBLIC = make_key_pair()
KEY, TO = parse_private_key(PRIVATE, "k.pem"), parse_public_key(PUBLIC, "k.public.pem")


def test_what_is_sealed_opens_with_its_key_alone() -> None:
    sealed = seal_content(CONTENT, TO, CONTEXT)
    assert open_sealed(sealed, KEY, CONTEXT) == CONTENT
    assert is_key_to(KEY, TO)
    other = parse_private_key(make_key_pair()[0], "other.pem")
    assert not is_key_to(other, TO)
    with pytest.raises(PublicationError, match="the key is another one, or the file was changed"):
        open_sealed(sealed, other, CONTEXT)


def test_nothing_of_it_can_be_read_and_the_public_key_does_not_open_it() -> None:
    sealed = seal_content(CONTENT, TO, CONTEXT)
    for part in (b"patient_id", b"p1", b"0.31415"):
        assert part not in sealed
    for pem in (PUBLIC, b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(PublicationError, match=r"k\.pem is no private key of a trial"):
            parse_private_key(pem, "k.pem")


def test_the_same_list_gives_the_same_bytes_and_another_shares_no_key_with_it() -> None:
    """Keys that sender and cipher share would be reused with one nonce: the sender's half must differ."""
    once, start = seal_content(CONTENT, TO, CONTEXT), len(b"riskstrat sealed list 1\n")
    assert seal_content(CONTENT, TO, CONTEXT) == once
    elsewhere = parse_public_key(make_key_pair()[1], "other")
    others = [
        seal_content(CONTENT + b" ", TO, CONTEXT),
        seal_content(CONTENT, TO, "trial 1, list of 2026-11-23"),
        seal_content(CONTENT, elsewhere, CONTEXT),
    ]
    senders = {one[start : start + 32] for one in (once, *others)}
    assert len(senders) == 4
    assert all(one[start + 32 :][: len(CONTENT)] != once[start + 32 :][: len(CONTENT)] for one in others)


@pytest.mark.parametrize("place", [0, 23, 24, 40, 55, 56, 80, -1])
def test_a_changed_byte_or_another_context_is_refused(place: int) -> None:
    sealed = bytearray(seal_content(CONTENT, TO, CONTEXT))
    sealed[place] ^= 1
    with pytest.raises(PublicationError, match="does not open"):
        open_sealed(bytes(sealed), KEY, CONTEXT)
    with pytest.raises(PublicationError, match="does not open"):
        open_sealed(seal_content(CONTENT, TO, CONTEXT), KEY, "trial 2, list of 2026-11-16")


@pytest.mark.parametrize("length", [0, 10, 24, 40, 60])
def test_a_file_that_was_cut_is_refused(length: int) -> None:
    with pytest.raises(PublicationError, match="does not open"):
        open_sealed(seal_content(CONTENT, TO, CONTEXT)[:length], KEY, CONTEXT)


def test_a_key_to_which_anybody_could_open_is_refused() -> None:
    """With a point of small order every shared secret is 0."""
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    zero = X25519PublicKey.from_public_bytes(bytes(32)).public_bytes(*form)
    other_kind = X448PrivateKey.generate().public_key().public_bytes(*form)
    for pem in (zero, other_kind, PRIVATE, b"nothing"):
        with pytest.raises(PublicationError, match=r"x\.pem is no public key of a trial"):
            parse_public_key(pem, "x.pem")
