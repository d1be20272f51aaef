"""The desk as an ASGI application: what comes in is bounded before it is read, and nothing is stored or logged here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from riskstrat.naming.asking import MOST_BYTES
from riskstrat.naming.desk import NamesAnswer, NamesDesk, NamesQuestion, refuse_question

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SECONDS_TO_SEND = 10.0
"""Within these a question must have come whole."""

_HEADERS = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


class NamesApplication:
    """Takes each question to the desk in a thread, and its answer back."""

    def __init__(self, desk: NamesDesk) -> None:
        self._desk = desk

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request of HTTP."""
        answer = await self._find_answer(scope, receive)
        headers = {**_HEADERS, **answer.headers, "content-length": str(len(answer.body))}
        pairs = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        await send({"type": "http.response.body", "body": answer.body})

    async def _find_answer(self, scope: Message, receive: Receive) -> NamesAnswer:
        if scope["query_string"]:
            return refuse_question(404, "a question stands in the body, not in the address")
        try:
            async with asyncio.timeout(SECONDS_TO_SEND):
                body = await _receive_body(receive)
        except TimeoutError:
            return refuse_question(408, "the question did not come whole in time")
        if body is None:
            return refuse_question(413, f"the question is over {MOST_BYTES:,} bytes; ask for fewer people at once")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        question = NamesQuestion(scope["method"], scope["path"], headers, body)
        return await asyncio.to_thread(self._desk.answer, question)


async def _receive_body(receive: Receive) -> bytes | None:
    """The whole body; None as soon as it is too long, or when it stopped coming."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
