"""The worklist in the browser: where its database is, who may reach it, and what the site has decided about it."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from riskstrat.definitions.declared import Declared
from riskstrat.definitions.snomed import is_concept
from riskstrat.definitions.vocabulary import NEVER_PRINTED, OUTCOMES

Minutes = Annotated[int, Field(ge=1, le=24 * 60)]
Days = Annotated[int, Field(ge=1, le=366)]

LOOPBACK = ("localhost", "127.0.0.1", "::1")
FROM_ENVIRONMENT = re.compile(r"\$([A-Z][A-Z0-9_]*)")


class NamesSettings(Declared):
    """Where the names of listed people come from: the identity install's service. It says who is told what, and why."""

    url: str = ""
    """Address of the identity install's service; blank where a site has none."""
    client: str = "worklist"
    """The name under which that service knows this server."""
    secret: str = "worklist/names.key"  # noqa: S105
    """Beside riskstrat.toml: the file that `identity client` made for this server."""
    certificates: str = ""
    """Whose certificates are trusted, as a PEM file; those that the system trusts where it is blank."""


class SignInSettings(Declared):
    """Sign-in through the site's own provider, by OpenID Connect; off where `client_id` is blank.

    Nobody gets an account by signing in: an administrator makes it, under the user name that the provider gives.
    """

    label: str = "your organisation"
    """What the button names after "Sign in with"."""
    client_id: str = ""
    client_secret: str = "$RISKSTRAT_OIDC_SECRET"  # noqa: S105
    """The environment variable that holds the secret; the secret itself is never written here."""
    issuer: str = ""
    """The provider as its tokens name it (iss)."""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    user_endpoint: str = ""
    keys_endpoint: str = ""
    algorithm: Literal["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"] = "RS256"
    scopes: str = "openid profile"
    user_name_claim: str = "preferred_username"
    """The claim that holds the user name: one that nobody can change for themselves or share with somebody else."""
    second_factor_claim: str = "amr"
    """The claim of the token that says how somebody signed in."""
    second_factor_values: tuple[str, ...] = ()
    """Its values that count as a second factor, such as "mfa"; with none, the worklist asks for its own code."""

    @field_validator("client_secret")
    @classmethod
    def _check_secret(cls, given: str) -> str:
        if not FROM_ENVIRONMENT.fullmatch(given):
            raise ValueError(
                'client_secret is the environment variable that holds it, as "$RISKSTRAT_OIDC_SECRET"; the secret '
                "itself is never written here"
            )
        return given

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        needed = ("issuer", *ENDPOINTS)
        if self.client_id and (missing := [name for name in needed if not getattr(self, name)]):
            raise ValueError(f"sign-in through a provider needs {', '.join(missing)} too")
        pairs = zip(ENDPOINTS, list_endpoints(self), strict=True)
        if unsafe := [name for name, address in pairs if address and not is_safe_address(address)]:
            raise ValueError(f"{', '.join(unsafe)} must begin with https://")
        return self


ENDPOINTS = ("authorization_endpoint", "token_endpoint", "user_endpoint", "keys_endpoint")


def list_endpoints(sign_in: SignInSettings) -> list[str]:
    """The addresses of a provider in the order of ENDPOINTS; blank ones where a site has none."""
    return [str(getattr(sign_in, name)) for name in ENDPOINTS]


def is_safe_address(address: str) -> bool:
    """Whether an address is of HTTPS, or of this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


class AgreedCode(Declared):
    """What a site's practices agreed to write in the GP record where a team decided on an outcome; none is shipped."""

    outcome: str
    code: str
    """The identifier of a SNOMED CT concept."""
    term: Annotated[str, Field(min_length=3, max_length=200)]
    agreed: Annotated[str, Field(min_length=3, max_length=200)]
    """Where it is recorded that the practices agreed."""

    @field_validator("outcome")
    @classmethod
    def _check_outcome(cls, given: str) -> str:
        if given in NEVER_PRINTED:
            raise ValueError(f'"{given}" leaves in no file: the practice is told of it by the team itself')
        if given not in OUTCOMES:
            raise ValueError(f'"{given}" is no outcome of a decision (allowed: {", ".join(OUTCOMES)})')
        return given

    @field_validator("code")
    @classmethod
    def _check_code(cls, given: str) -> str:
        if not is_concept(given):
            raise ValueError(f'"{given}" is not the identifier of a SNOMED CT concept: its digits do not fit; copy it')
        return given


class GpRecordSettings(Declared):
    """What is written in the GP record after a clinician has confirmed it; nothing where no code is agreed."""

    days: Days = 14
    """Days from the confirmation within which it is written, and after which it is overdue."""
    codes: tuple[AgreedCode, ...] = ()

    @field_validator("codes")
    @classmethod
    def _check_once(cls, given: tuple[AgreedCode, ...]) -> tuple[AgreedCode, ...]:
        for name in ("outcome", "code"):
            said = [getattr(one, name) for one in given]
            if twice := sorted({one for one in said if said.count(one) > 1}):
                raise ValueError(
                    f"{name} {', '.join(twice)} stands twice: an outcome has one code, and a code one outcome"
                )
        return given


class DigestsSettings(Declared):
    """E-mail that tells people how much waits for them, and nothing about anybody; off where `sender` is blank."""

    sender: str = ""
    """The address that it comes from."""
    link: str = ""
    """Where it leads: the address of the worklist, as people type it."""
    server: str = "localhost"
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the mail server is spoken to; "none" on this machine alone."""
    certificates: str = ""
    """Whose certificates are trusted, as a PEM file beside riskstrat.toml; those that the system trusts if blank."""
    user: str = ""
    """The account at the mail server; blank where it asks for none."""
    password: str = "$RISKSTRAT_SMTP_PASSWORD"  # noqa: S105
    """The environment variable that holds its password; the password itself is never written here."""
    due_within: Days = 7
    """Days ahead in which an action counts as due."""

    @field_validator("sender")
    @classmethod
    def _check_sender(cls, given: str) -> str:
        if given and not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", given):
            raise ValueError("sender is one address, such as worklist@example.nhs.uk")
        return given

    @field_validator("password")
    @classmethod
    def _check_password(cls, given: str) -> str:
        if not FROM_ENVIRONMENT.fullmatch(given):
            raise ValueError(
                'password is the environment variable that holds it, as "$RISKSTRAT_SMTP_PASSWORD"; the password '
                "itself is never written here"
            )
        return given

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if self.sender and not is_safe_address(self.link):
            raise ValueError("link must be the address of the worklist, beginning with https://")
        if self.security == "none" and self.server not in LOOPBACK:
            raise ValueError('security "none" is for a mail server on this machine alone; use "starttls" or "tls"')
        return self


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
    gp_record: GpRecordSettings = GpRecordSettings()
    digests: DigestsSettings = DigestsSettings()
    names: NamesSettings = NamesSettings()
    sign_in: SignInSettings = SignInSettings()

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
