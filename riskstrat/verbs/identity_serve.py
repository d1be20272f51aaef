"""The verb `identity serve`: answers the worklist's server, which asks for names, until it is stopped."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from riskstrat import audit, identity
from riskstrat.errors import IdentityError
from riskstrat.naming import NamesApplication, NamesDesk, is_loopback
from riskstrat.storage import lock_exclusively
from riskstrat.verbs.report import Report

if TYPE_CHECKING:
    from uvicorn import Config

LOCK = "service.lock"
MOST_AT_ONCE = 32
Say = Callable[[str], None]


def serve(
    root: Path | None,
    host: str,
    port: int,
    certificate: Path | None = None,
    key: Path | None = None,
    say: Say = print,
) -> Report:
    """Answer questions about names at an address until interrupted.

    Raises IdentityError for a site that holds no identities, an address that others can reach without a certificate, a
    certificate that cannot be used, or a port that cannot be had; BusyError where another run serves this folder.
    """
    folder = identity.open_folder(identity.find(root))
    if folder.external:
        raise IdentityError("this install holds no identities (mode external); the practice's own service names people")
    _require_safe(host, certificate, key)
    audit.require_ready(folder.root)
    with lock_exclusively(folder.root / LOCK, 0.0, holder="identity serve", busy=_word_busy):
        desk = NamesDesk(folder.root)
        held = desk.count_held()
        address = f"{'https' if certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
        say(f"{address}: names of {held:,} people, for servers of {folder.root}; stop it with Ctrl+C")
        _run(configure_server(NamesApplication(desk), host, port, certificate, key))
    return Report({"address": address, "held": held}, (f"{address}: stopped",))


def configure_server(
    application: NamesApplication, host: str, port: int, certificate: Path | None = None, key: Path | None = None
) -> Config:
    """How the application is served: bounded, and without a log. Raises IdentityError for a certificate of no use."""
    from uvicorn import Config

    config = Config(
        application,
        host=host,
        port=port,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        lifespan="off",
        ws="none",
        http="h11",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError):
        raise IdentityError(
            "--certificate and --key must be a certificate and its own key as PEM that can be read, the key without a "
            "password"
        ) from None
    return config


def _require_safe(host: str, certificate: Path | None, key: Path | None) -> None:
    if (certificate is None) != (key is None):
        raise IdentityError("give --certificate and --key, both or neither")
    if certificate is None and not is_loopback(host):
        raise IdentityError(
            "names cross a network by HTTPS alone: give --certificate and --key, or listen on 127.0.0.1 behind a proxy "
            "that does"
        )


def _run(config: Config) -> None:
    from uvicorn import Server

    server = Server(config)
    try:
        # Uvicorn raises the signal anew once it has stopped in order.
        with suppress(KeyboardInterrupt):
            server.run()
    except SystemExit:
        raise IdentityError(
            f"port {config.port} of that host cannot be had; stop what has it, or give another"
        ) from None


def _word_busy(lock: Path, holder: str) -> str:
    return f"this identity folder is served already, by {holder}; stop that one first"
