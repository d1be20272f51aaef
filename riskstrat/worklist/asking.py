"""The identity install that a site's settings name; it is found without Django, so before the worklist is opened."""

from __future__ import annotations

from pathlib import Path

from riskstrat.definitions.worklist_settings import NamesSettings
from riskstrat.naming import NamesService, open_service


def open_names(root: Path, rules: NamesSettings) -> NamesService:
    """The identity install of a site. Raises IdentityError, OSError and ValueError where the settings do not hold."""
    secret = (root / rules.secret).read_text(encoding="ascii").strip()
    return open_service(rules.url, rules.client, secret, root / rules.certificates if rules.certificates else None)
