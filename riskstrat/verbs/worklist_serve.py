"""The verb `worklist serve`: the pages on which teams work through their lists, until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

from riskstrat.errors import WorkspaceError
from riskstrat.sources.store import is_ingested, open_store
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import require_installed
from riskstrat.workspace import Workspace, find, load

Say = Callable[[str], None]


def serve(root: Path | None, host: str, port: int, *, local: bool, say: Say) -> Report:
    """Start, say once who may sign in where the accounts are new, and serve until it is stopped.

    local: this machine alone, without HTTPS. say: prints at once, for it is read while the server runs. Raises
    WorkspaceError where Django is not installed, where the address is reached from other machines without HTTPS, or
    cannot be had.
    """
    require_installed()
    from riskstrat.worklist.serving import require_safe_address
    from riskstrat.worklist.serving import serve as run
    from riskstrat.worklist.starting import start

    workspace = _apply_local(load(find(root)), local)
    require_safe_address(host, https=workspace.settings.worklist.https)
    _require_free_port(host, port)
    store = workspace.root / workspace.settings.data.store
    started = start(workspace, demo=is_ingested(store) and open_store(store).simulated)
    for credential in started.credentials:
        factor = f"; second factor {credential.second_factor}" if credential.second_factor else ""
        say(f"{credential.role}: user name {credential.username}, password {credential.password}{factor}")
    if started.credentials:
        say("These are shown this once. Keep them safe, and change each password after signing in.")
    address = build_address(host, port)
    say(f"serving {address}; stop it with Ctrl+C")
    run(host, port)
    return Report({"address": address}, ("stopped",))


def build_address(host: str, port: int) -> str:
    """The address to open, as a browser takes it: an IPv6 address stands in brackets."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _require_free_port(host: str, port: int) -> None:
    """Raises WorkspaceError where nobody can listen there, before any account is made."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except (OSError, UnicodeError):
        raise WorkspaceError(
            f"port {port} of {host} cannot be had; stop what has it, or give another --host or --port"
        ) from None


def _apply_local(workspace: Workspace, local: bool) -> Workspace:
    """The workspace as served: without HTTPS where this machine alone is meant."""
    from dataclasses import replace

    if not local:
        return workspace
    rules = workspace.settings.worklist.model_copy(
        update={"https": False, "hosts": ("localhost", "127.0.0.1", "[::1]")}
    )
    return replace(workspace, settings=workspace.settings.model_copy(update={"worklist": rules}))
