"""A mail server of this machine that takes what is sent to it, for tests: SMTP as far as a client needs it."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps each message with its recipients; refuses the addresses in `refused`, and fails once `left` were taken.

    `context` proves it by a certificate: from the first byte where `at_once`, else after STARTTLS. What a client says
    without it is in `in_the_clear`.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext | None = None, *, at_once: bool = False) -> None:
        self.context, self.at_once = context, at_once
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: list[tuple[list[str], EmailMessage]] = []
        self.refused: set[str] = set()
        self.left: int | None = None
        self.in_the_clear: list[str] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.proved = False
        # A client that does not trust the certificate goes away.
        with suppress(ssl.SSLError, ConnectionError):
            if self.server.at_once:
                self._prove()
            self._say("220 a server of a test")
            self._converse()

    def _converse(self) -> None:
        to: list[str] = []
        while line := self.rfile.readline():
            words = line.decode("ascii").strip()
            verb = words[:4].upper()
            if not self.proved:
                self.server.in_the_clear.append(verb)
            if verb == "STAR":
                self._say("220 go on")
                self._prove()
                continue
            if verb == "EHLO":
                offered = self.server.context is not None and not self.proved
                self._say("250-a server of a test\r\n250 STARTTLS" if offered else "250 a server of a test")
                continue
            if verb == "RCPT":
                address = words.partition("<")[2].partition(">")[0]
                if address in self.server.refused:
                    self._say("550 nobody of that address")
                    continue
                to.append(address)
            if verb == "DATA":
                if self.server.left is not None and len(self.server.taken) >= self.server.left:
                    self._say("451 no more today")
                    continue
                self._take(to)
                to = []
            self._say("221 bye" if verb == "QUIT" else "250 ok")

    def _prove(self) -> None:
        assert self.server.context is not None
        self.request = self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.setup()
        self.proved = True

    def _take(self, to: list[str]) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.server.taken.append((to, message_from_bytes(b"".join(lines), policy=policy.default)))

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode("ascii"))


@contextmanager
def serve_mail(**chosen: Any) -> Iterator[MailServer]:
    """A running server, until the block ends; chosen: as `MailServer` takes it."""
    with MailServer(**chosen) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
