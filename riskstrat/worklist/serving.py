"""The web server of the worklist."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from riskstrat.errors import PublicationError, WorkspaceError
from riskstrat.worklist.django_settings import LARGEST_FORM

THREADS = 8
FIRST_PAGES = ("list", "person", "decision", "agenda")
"""Templates that are made ready before anybody asks: a Monday begins with everybody at the same page."""
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

    _read_ahead()
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


def _read_ahead() -> None:
    """Read the latest list and make the pages of a meeting ready, so that the first to ask waits for neither."""
    from django.template.loader import get_template

    from riskstrat.worklist.published import find_newest

    # Whoever asks for a list that cannot be read is told so on the page.
    with suppress(PublicationError, OSError):
        find_newest()
    for name in FIRST_PAGES:
        get_template(f"worklist/{name}.jinja")
