"""The web server of the worklist."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from riskstrat.errors import WorkspaceError
from riskstrat.worklist.django_settings import LARGEST_FORM

THREADS = 8
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def require_safe_address(host: str, *, https: bool) -> None:
    """Raises WorkspaceError for an address beyond this machine where people are not sent over HTTPS."""
    if not https and host not in LOOPBACK:
        raise WorkspaceError(
            f"--host {host} is reached from other machines, and that needs HTTPS: put the site's proxy before it and "
            "set worklist.https = true, or serve this machine alone with --local"
        )


def build_application() -> Callable[..., Any]:
    """The WSGI application, once Django points at a workspace."""
    from django.core.wsgi import get_wsgi_application

    application: Callable[..., Any] = get_wsgi_application()
    return application


def serve(host: str, port: int) -> None:
    """Serve until it is stopped, and anchor each day of the log meanwhile."""
    from django.conf import settings
    from waitress import serve as serve_application

    application = build_application()
    from riskstrat.worklist.anchoring import anchor_each_day

    stop = threading.Event()
    arguments = (settings.RISKSTRAT_WORKSPACE.root, stop)
    threading.Thread(target=anchor_each_day, args=arguments, name="anchoring", daemon=True).start()
    try:
        serve_application(
            application,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            max_request_body_size=4 * LARGEST_FORM,
            channel_timeout=60,
            clear_untrusted_proxy_headers=False,
        )
    finally:
        stop.set()
