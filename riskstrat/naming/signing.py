"""Questions and answers signed with the secret that two servers share: HMAC-SHA-256 over all that matters of each."""

from __future__ import annotations

import re
from collections.abc import Mapping

from riskstrat.identity import ClientSecret
from riskstrat.storage import compute_digest

CLIENT, TIME, NONCE, SIGNATURE = (
    "riskstrat-client",
    "riskstrat-time",
    "riskstrat-nonce",
    "riskstrat-signature",
)
"""Headers: who asks, when (UTC, to the second), a number that is used once, and the signature."""

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_NONCE = re.compile("[0-9a-f]{32}")


def sign_question(secret: ClientSecret, method: str, path: str, body: bytes, at: str, nonce: str) -> dict[str, str]:
    """The headers that go with a question."""
    signature = secret.sign(_write_question(secret.name, method, path, body, at, nonce))
    return {CLIENT: secret.name, TIME: at, NONCE: nonce, SIGNATURE: signature}


def is_question_signed(secret: ClientSecret, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the headers go with a question that the holder of the secret signed as it stands."""
    at, nonce = headers.get(TIME, ""), headers.get(NONCE, "")
    if not _TIME.fullmatch(at) or not _NONCE.fullmatch(nonce):
        return False
    return secret.has_signed(_write_question(secret.name, method, path, body, at, nonce), headers.get(SIGNATURE, ""))


def sign_answer(secret: ClientSecret, nonce: str, status: int, body: bytes) -> str:
    """The signature of the answer to the question with that nonce."""
    return secret.sign(_write_answer(nonce, status, body))


def is_answer_signed(secret: ClientSecret, nonce: str, status: int, body: bytes, signature: str) -> bool:
    """Whether an answer is to that question, by the holder of the secret, and as it was sent."""
    return secret.has_signed(_write_answer(nonce, status, body), signature)


def _write_question(client: str, method: str, path: str, body: bytes, at: str, nonce: str) -> bytes:
    lines = ("riskstrat question 1", client, method, path, at, nonce, compute_digest(body))
    return "\n".join(lines).encode("utf-8")


def _write_answer(nonce: str, status: int, body: bytes) -> bytes:
    return "\n".join(("riskstrat answer 1", nonce, str(status), compute_digest(body))).encode("utf-8")
