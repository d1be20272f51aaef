"""The worklist in the browser: where its database is, who may reach it, and what the site has decided about it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator

from riskstrat.definitions.declared import Declared

Minutes = Annotated[int, Field(ge=1, le=24 * 60)]
Days = Annotated[int, Field(ge=1, le=366)]

FROM_ENVIRONMENT = re.compile(r"\$([A-Z][A-Z0-9_]*)")


class NamesSettings(Declared):
    """Where the names of listed people come from: the identity install's service, or a file joined in the browser."""

    url: str = ""
    """Address of the identity install's service; blank where a site has none."""
    client: str = "worklist"
    """The name under which that service knows this server."""


class WorklistSettings(Declared):
    """The worklist server and the rules of working through a list."""

    folder: str = "worklist"
    """Beside riskstrat.toml: the database, secrets and what the first start made."""
    database: str = "sqlite"
    """"sqlite", or the environment variable that holds the address of a PostgreSQL database, as "$NAME"."""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    """The names under which people reach the server."""
    https: bool = True
    """Whether people reach it by HTTPS only, through the site's proxy; without, it serves this machine alone."""
    idle_minutes: Minutes = 20
    """Minutes without a request after which somebody must sign in again."""
    settle_days: Days = 5
    """Days within which a report that something is wrong is settled; after that the person may be listed again."""
    reports_to: str = "data quality lead"
    """Who settles such reports, by their role at the site."""
    names: NamesSettings = NamesSettings()

    @field_validator("database")
    @classmethod
    def _check_database(cls, given: str) -> str:
        if given != "sqlite" and not FROM_ENVIRONMENT.fullmatch(given):
            raise ValueError(
                'database is "sqlite", or the environment variable with the address of a PostgreSQL database, as '
                '"$RISKSTRAT_WORKLIST_DATABASE"; an address is never written here'
            )
        return given

    @field_validator("hosts")
    @classmethod
    def _check_hosts(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if not given or any("*" in host or not host.strip() for host in given):
            raise ValueError('hosts are the names of this server, such as "worklist.example.nhs.uk", without "*"')
        return given
