"""One browser that prints page after page, told over a pipe that only this process and the browser hold.

Chromium's DevTools protocol: JSON, each message ended by a zero byte. Not by a port of this machine: any program on it
could read the pages there, and they are about people. A browser ends by itself when its pipe does, so that a run that
is killed leaves none behind.
"""

from __future__ import annotations

import base64
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

CLOSING_SECONDS = 5.0
CAN_KEEP = os.name == "posix"
"""Whether a browser can be given the two ends of its pipe as it looks for them: on Windows not by a shell."""

_OPTIONS = ("--remote-debugging-pipe", "--no-startup-window")
# The browser reads from 3 and writes to 4: a shell puts them there, and then is the browser.
_SHELL = ("/bin/sh", "-c", 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1', "sh")
_LOST = frozenset({"Inspector.targetCrashed", "Target.detachedFromTarget", "Target.targetCrashed"})
_PRINTED = {"printBackground": True, "preferCSSPageSize": True, "generateTaggedPDF": True}
_CHUNK = 1 << 16


class NotPrintedError(Exception):
    """A page that a kept browser did not print; a browser of its own may."""


class KeptBrowser:
    """A running browser with one tab, for one thread at a time; every wait ends at `until`, in monotonic seconds."""

    def __init__(self, command: Sequence[str], until: float) -> None:
        """Start the program with its options. Raises NotPrintedError if it does not answer."""
        self._rest = bytearray()
        self._asked = 0
        self._loaded: set[str] = set()
        self._session: dict[str, str] = {}
        try:
            self._process = subprocess.Popen(  # noqa: S603
                [*_SHELL, *command, *_OPTIONS],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                # Ctrl-C is for this process, which then closes the browser.
                start_new_session=True,
            )
        except OSError as problem:
            raise NotPrintedError(f"could not be started ({problem.strerror})") from problem
        try:
            self._open_tab(until)
        except BaseException:
            self.close()
            raise

    def print_page(self, address: str, until: float) -> bytes:
        """The page at an address as the bytes of a PDF. Raises NotPrintedError."""
        begun = self._ask("Page.navigate", until, url=address)
        if "errorText" in begun:
            raise NotPrintedError(f"did not read the page ({begun['errorText']})")
        while begun.get("loaderId") not in self._loaded:
            self._record(self._read_message(until))
        printed = self._ask("Page.printToPDF", until, **_PRINTED)
        try:
            return base64.b64decode(printed.get("data", ""), validate=True)
        except ValueError as problem:
            raise NotPrintedError("gave what is no PDF") from problem

    def close(self) -> None:
        """End the browser, whatever it is doing, and wait until it is gone."""
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                end.close()
        try:
            self._process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            # macOS says of a group that has ended and was not waited for that it may not be told.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _open_tab(self, until: float) -> None:
        tab = self._ask("Target.createTarget", until, url="about:blank").get("targetId")
        session = self._ask("Target.attachToTarget", until, targetId=tab, flatten=True).get("sessionId")
        self._session = {"sessionId": str(session)}
        for name in ("Inspector.enable", "Page.enable"):
            self._ask(name, until)
        self._ask("Page.setLifecycleEventsEnabled", until, enabled=True)

    def _ask(self, method: str, until: float, **params: object) -> dict[str, Any]:
        """What the browser answers. Raises NotPrintedError where it refuses, or does not answer."""
        self._asked += 1
        asked = {"id": self._asked, "method": method, "params": params, **self._session}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(asked).encode() + b"\0")
        except OSError as problem:
            raise NotPrintedError(f"hears nothing ({problem.strerror})") from problem
        while (heard := self._read_message(until)).get("id") != self._asked:
            self._record(heard)
        if "error" in heard:
            raise NotPrintedError(f"refuses {method} ({heard['error']})")
        result: dict[str, Any] = heard.get("result", {})
        return result

    def _record(self, heard: dict[str, Any]) -> None:
        """Keep which pages have loaded. Raises NotPrintedError where the tab is lost."""
        if heard.get("method") in _LOST:
            raise NotPrintedError("lost the page")
        told = heard.get("params", {})
        if heard.get("method") == "Page.lifecycleEvent" and told.get("name") == "load":
            self._loaded.add(told.get("loaderId"))

    def _read_message(self, until: float) -> dict[str, Any]:
        """The next message. Raises NotPrintedError if none comes in time, or it cannot be read."""
        searched = 0
        while (end := self._rest.find(b"\0", searched)) < 0:
            searched = len(self._rest)
            self._rest += self._receive(until)
        message = bytes(self._rest[:end])
        del self._rest[: end + 1]
        try:
            heard = json.loads(message)
        except ValueError as problem:
            raise NotPrintedError("says what is no message") from problem
        return heard if isinstance(heard, dict) else {}

    def _receive(self, until: float) -> bytes:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            if not selector.select(max(0.0, until - time.monotonic())):
                raise NotPrintedError("did not answer in time")
        received = os.read(pipe, _CHUNK)
        if not received:
            raise NotPrintedError("ended")
        return received
