"""A database that lost everything: the worklist was started, and none of the tables of its first start is there."""

from __future__ import annotations

from riskstrat.errors import WorkspaceError

EMPTIED = "the worklist was started, and its database is empty: what teams decided is not in it"
BRING_BACK = (
    "move the worklist's folder aside and bring it back from a backup with riskstrat worklist restore; PostgreSQL with "
    "pg_restore"
)


def is_emptied() -> bool:
    """Whether the database answers and has no table of the worklist. Raises Django's DatabaseError if it does not."""
    from django.db import connection

    from riskstrat.worklist.models import Case

    return Case._meta.db_table not in connection.introspection.table_names()


def refuse_emptied() -> None:
    """Raises WorkspaceError for the database of a started worklist that has been emptied, or whose file is gone.

    A start that made its tables anew would hide the loss: the next list would hold everybody who was decided about.
    """
    if is_emptied():
        raise WorkspaceError(f"{EMPTIED}; {BRING_BACK}")
