"""Asking the identity install for names, from the worklist's server: held for one response, never written anywhere.

No name and no number stands in an error, in its causes, or in what `repr` shows of a value.
"""

from __future__ import annotations

import http.client
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from riskstrat import audit
from riskstrat.errors import IdentityError
from riskstrat.identity import IDENTIFIERS, ClientSecret, parse_secret
from riskstrat.naming.asking import (
    MOST_BYTES,
    NAMES,
    PSEUDONYMS,
    AnsweredNames,
    AnsweredPseudonym,
    AskedList,
    AskedNames,
    AskedPseudonym,
    Form,
    QuietForm,
    RefusedQuestion,
    read_form,
    write_form,
)
from riskstrat.naming.signing import SIGNATURE, is_answer_signed, sign_question
from riskstrat.publication import RESERVE, PublishedList, name_references
from riskstrat.storage import format_json

SECONDS = 3.0
"""How long a page waits for the identity install."""


class NamesUnavailableError(IdentityError):
    """Names could not be fetched; the message is one line for the page, which shows references instead."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Names could not be fetched: {why}")


@dataclass(frozen=True)
class NamesService:
    """Where the identity install answers, and the secret shared with it. Made by `open_service`."""

    host: str
    port: int
    secret: ClientSecret
    context: ssl.SSLContext | None = None
    """What HTTPS is proved with; none for an identity install on this machine that is asked without."""


@dataclass(frozen=True)
class NamedPerson:
    """What the page may show of one reference: each identifier with its heading; or why nobody is named."""

    told: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By the names of `IDENTIFIERS` and in their order; those that the role may see and that are held."""
    why_not: str = ""

    @property
    def titled(self) -> list[tuple[str, str]]:
        """Heading and text of each identifier."""
        return [(title, self.told[name]) for name, title in IDENTIFIERS.items() if name in self.told]


def open_service(url: str, client: str, secret: str, certificates: Path | None = None) -> NamesService:
    """The identity install at an address, to be asked as `client`, whose secret is 64 hexadecimal characters.

    certificates: whose certificates are trusted, as PEM; those that the system trusts if there is none. Raises
    IdentityError for an address that is none, or over which names would cross a network in the clear, a secret that is
    none, and certificates that cannot be read.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    whole = parts.scheme in ("http", "https") and parts.hostname and port and parts.path in ("", "/")
    if not whole or parts.query or parts.fragment or parts.username:
        raise IdentityError(
            "the address of the identity install must be such as https://identity.example:8443, without a path"
        )
    if parts.scheme == "http" and not is_loopback(str(parts.hostname)):
        raise IdentityError("names cross a network by https alone; http is for an identity install on this machine")
    context = _trust(certificates) if parts.scheme == "https" else None
    return NamesService(str(parts.hostname), port, parse_secret(client, secret), context)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can be reached from its own machine alone."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def prove_list(published: PublishedList, team: str, *, with_reserve: bool = False) -> AskedList:
    """What shows the identity install that a list was published to a team, and who is in its reserve if that is needed.

    Raises PublicationError if it changed.
    """
    return AskedList(
        list_date=published.list_date,
        edition=published.edition,
        manifest=format_json(published.manifest),
        references=published.read_file(name_references(team)).decode("utf-8"),
        reserve=published.read_file(RESERVE).decode("utf-8") if with_reserve else "",
    )


def request_names(service: NamesService, asked: AskedNames) -> Mapping[str, NamedPerson]:
    """By reference, each person asked for: named, or why not. Raises NamesUnavailableError, never with anything else.

    The answer is for one response and must be kept nowhere.
    """
    answered = _ask(service, NAMES, asked, AnsweredNames)
    if answered.named.keys() | answered.not_named.keys() != {one.reference for one in asked.people}:
        raise NamesUnavailableError("the identity install answered for other references than those asked for")
    named = {reference: NamedPerson(told) for reference, told in answered.named.items()}
    return named | {reference: NamedPerson(why_not=why) for reference, why in answered.not_named.items()}


def request_pseudonym(service: NamesService, asked: AskedPseudonym) -> AnsweredPseudonym:
    """The pseudonym of somebody put forward, or why there is none. Raises NamesUnavailableError."""
    return _ask(service, PSEUDONYMS, asked, AnsweredPseudonym)


def _ask(service: NamesService, path: str, asked: QuietForm, form: type[Form]) -> Form:
    answered = _fetch(service, path, asked, form)
    if isinstance(answered, str):
        raise NamesUnavailableError(answered)
    return answered


def _fetch(service: NamesService, path: str, asked: QuietForm, form: type[Form]) -> Form | str:
    """The answer, or why there is none; nothing is raised here, where the bytes of an answer could be shown with it."""
    body, nonce = write_form(asked), secrets.token_hex(16)
    received = _post(service, path, body, sign_question(service.secret, "POST", path, body, audit.now(), nonce))
    if received is None:
        return "the identity install cannot be reached, or did not answer in 3 seconds"
    status, content, signature = received
    if not is_answer_signed(service.secret, nonce, status, content, signature):
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            return "the identity install is busy; load the page again"
        return "the identity install does not know this server, or something else answered in its place"
    answered = read_form(form, content) if status == 200 else None
    return answered or _find_refusal(content)


def _post(service: NamesService, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, str] | None:
    """Status, content and signature of the answer; None if there is none that is whole and not too long."""
    connection = _connect(service)
    try:
        connection.request("POST", path, body, {**headers, "content-type": "application/json"})
        response = connection.getresponse()
        content = response.read(MOST_BYTES + 1)
        whole = len(content) <= MOST_BYTES
        return (response.status, content, response.headers.get(SIGNATURE, "")) if whole else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _connect(service: NamesService) -> http.client.HTTPConnection:
    if service.context:
        return http.client.HTTPSConnection(service.host, service.port, timeout=SECONDS, context=service.context)
    return http.client.HTTPConnection(service.host, service.port, timeout=SECONDS)


def _find_refusal(content: bytes) -> str:
    refusal = read_form(RefusedQuestion, content)
    return refusal.refused if refusal else "the identity install answered in a form that this version does not read"


def _trust(certificates: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=certificates)
    except (OSError, ssl.SSLError):
        raise IdentityError(
            "the certificates that the identity install is proved with cannot be read as PEM; give their file"
        ) from None
