"""Django pointed at the worklist of one workspace."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from riskstrat.worklist.django_settings import build_django_settings
from riskstrat.worklist.folder import is_started

if TYPE_CHECKING:
    from riskstrat.workspace import Workspace

__all__ = ["is_started", "point_at"]

_databases: dict[str, Any] = {}
"""The databases that Django was last told of; Django fills in more of its own copy."""


def point_at(workspace: Workspace) -> None:
    """Set Django up for a workspace, or point it at another one than this process has served so far.

    Raises StorageError and WorkspaceError where its secret or its database's address cannot be had.
    """
    import django
    from django.conf import settings

    wanted = build_django_settings(workspace)
    moved = wanted["DATABASES"] != _databases
    _databases.clear()
    _databases.update(copy.deepcopy(wanted["DATABASES"]))
    if not settings.configured:
        settings.configure(**wanted)
        django.setup()
        return
    for name, value in wanted.items():
        # What Django filled in of its own databases stays while they do.
        if moved or name != "DATABASES":
            setattr(settings, name, value)
    if moved:
        _connect_anew(wanted["DATABASES"])


def _connect_anew(databases: dict[str, Any]) -> None:
    from django.db import connections

    connections.close_all()
    connections.settings = connections.configure_settings(databases)
    for connection in connections.all(initialized_only=True):
        del connections[connection.alias]
