"""The desk where the worklist's server asks for names: who asks is proved first, and each look logged before it leaves.

It knows nothing of the network; `service.py` brings questions here and takes answers away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from riskstrat import audit
from riskstrat.errors import IdentityError, RiskstratError
from riskstrat.identity import ClientSecret, HeldIdentities, Identities, IdentityFolder, open_folder, read_secret
from riskstrat.naming.answering import Answered, answer_names, answer_pseudonym, describe_asker
from riskstrat.naming.asking import (
    MOST_BYTES,
    NAMES,
    PSEUDONYMS,
    AskedNames,
    AskedPseudonym,
    QuietForm,
    RefusedQuestion,
    require_form,
    write_form,
)
from riskstrat.naming.replays import SeenQuestions
from riskstrat.naming.signing import CLIENT, NONCE, SIGNATURE, TIME, is_question_signed, sign_answer

_FORMS: dict[str, type[AskedNames] | type[AskedPseudonym]] = {NAMES: AskedNames, PSEUDONYMS: AskedPseudonym}

_UNKNOWN = "the question is not signed by a server that this install knows"


@dataclass(frozen=True)
class NamesQuestion:
    """What came over the network; the names of headers in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class NamesAnswer:
    """What goes back: the status of HTTP, JSON, and further headers."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


def refuse_question(status: int, why: str) -> NamesAnswer:
    """An answer that says why there is none."""
    return NamesAnswer(status, write_form(RefusedQuestion(refused=why)))


class NamesDesk:
    """One identity folder's desk; for several threads. Settings and secrets are read anew for each question."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held = HeldIdentities(root)
        self._seen = SeenQuestions(audit.now())
        self._logging = Lock()

    def count_held(self) -> int:
        """How many people the store holds, which is in memory afterwards. Raises as `open_folder` and the store do."""
        return len(self._held.read(open_folder(self._root).key()).people)

    def answer(self, question: NamesQuestion) -> NamesAnswer:
        """The answer to a question; whatever goes wrong is one too, and says nothing of anybody."""
        if question.path not in _FORMS:
            return refuse_question(404, f"there is nothing here; ask at {' or '.join(_FORMS)}")
        if question.method != "POST":
            return refuse_question(405, "questions are posted")
        secret: ClientSecret | None = None
        try:
            secret = self._authenticate(question)
            answer = self._answer_known(secret, question) if secret else refuse_question(401, _UNKNOWN)
        except RiskstratError:
            answer = refuse_question(503, "the identity install cannot read or log what it must; look after it there")
        except Exception as fault:
            answer = refuse_question(500, f"a fault of the identity install ({type(fault).__name__}); report this line")
        return _sign(answer, secret, question.headers[NONCE]) if secret else answer

    def _authenticate(self, question: NamesQuestion) -> ClientSecret | None:
        secret = read_secret(self._root, question.headers.get(CLIENT, ""))
        if secret is None:
            return None
        signed = is_question_signed(secret, question.method, question.path, question.body, question.headers)
        return secret if signed else None

    def _answer_known(self, secret: ClientSecret, question: NamesQuestion) -> NamesAnswer:
        """The answer to a server that is known. Nothing leaves before its line stands in the log."""
        folder = open_folder(self._root)
        identities = self._held.read(folder.key())
        asked: AskedNames | AskedPseudonym | None = None
        try:
            self._require_once(question)
            asked = require_form(_FORMS[question.path], question.body)
            answered = _decide(folder, identities, secret.name, asked)
            body = _write_bounded(answered.answer)
        except IdentityError as refused:
            who = describe_asker(secret.name, asked) if asked else {"client": secret.name}
            self._log("naming refused", who | {"why": str(refused)})
            return refuse_question(403, str(refused))
        self._log(answered.action, answered.logged)
        return NamesAnswer(200, body)

    def _require_once(self, question: NamesQuestion) -> None:
        why = self._seen.refuse(question.headers[NONCE], question.headers[TIME], audit.now())
        if why:
            raise IdentityError(why)

    def _log(self, action: str, details: Mapping[str, object]) -> None:
        with self._logging:
            audit.append(self._root, action, details)


def _decide(
    folder: IdentityFolder, identities: Identities, client: str, asked: AskedNames | AskedPseudonym
) -> Answered:
    if isinstance(asked, AskedNames):
        return answer_names(folder, identities, client, asked, audit.today())
    return answer_pseudonym(folder, identities, client, asked, audit.today())


def _write_bounded(answer: QuietForm) -> bytes:
    body = write_form(answer)
    if len(body) > MOST_BYTES:
        raise IdentityError(f"the answer is over {MOST_BYTES:,} bytes; ask for fewer people at once")
    return body


def _sign(answer: NamesAnswer, secret: ClientSecret, nonce: str) -> NamesAnswer:
    signature = sign_answer(secret, nonce, answer.status, answer.body)
    return NamesAnswer(answer.status, answer.body, {**answer.headers, SIGNATURE: signature})
