"""What the mail server of digests is spoken to with: the password of the account there, and whom to trust as it."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from riskstrat.definitions.worklist_settings import FROM_ENVIRONMENT, DigestsSettings
from riskstrat.errors import WorkspaceError


def read_password(rules: DigestsSettings) -> str:
    """The password of the account at the mail server; blank without an account. Raises WorkspaceError."""
    found = FROM_ENVIRONMENT.fullmatch(rules.password)
    name = found[1] if found else ""
    if rules.user and not os.environ.get(name):
        raise WorkspaceError(
            f"worklist.digests: the environment variable {name} must hold the password of the account at the mail "
            "server; set it where the worklist runs"
        )
    return os.environ.get(name, "") if rules.user else ""


def read_trust(rules: DigestsSettings, root: Path) -> ssl.SSLContext:
    """Asks a server for a certificate of its name, by those of the settings or else those that the system trusts.

    Raises WorkspaceError where their file cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=root / rules.certificates if rules.certificates else None)
    except (OSError, ssl.SSLError):
        raise WorkspaceError(
            f"worklist.digests.certificates cannot be read as PEM: {rules.certificates}; give the file of the "
            "certificates that the mail server is proved by, or leave it blank"
        ) from None
