"""What a reason must hold to be worth keeping: words that somebody who reads the log later can judge."""

from __future__ import annotations

import re

from riskstrat.audit.identifiers import holds_nhs_number, holds_telephone_number
from riskstrat.errors import AuditError

LETTERS, DIFFERENT_LETTERS, WORDS = 10, 5, 2
WANTED = (
    f"say why in a few words: at least {LETTERS} letters and {WORDS} different words, such as "
    '"Weekly meeting of the team"'
)

_WORD = re.compile(r"[^\W\d_]{2,}")


def is_reason(text: str) -> bool:
    """Whether a text says something: enough letters, of enough kinds, in words of which two differ."""
    words = _WORD.findall(text.casefold())
    letters = "".join(words)
    return len(letters) >= LETTERS and len(set(letters)) >= DIFFERENT_LETTERS and len(set(words)) >= WORDS


def require_reason(text: str, what: str) -> str:
    """The text without space around it. Raises AuditError if `text`, given as `what`, says nothing or names somebody.

    Ask before doing what is to be logged.
    """
    require_loggable(text, what)
    if not is_reason(text):
        raise AuditError(f"{what} says too little: {WANTED}")
    return text.strip()


def require_purpose(purpose: str | None, simulated: bool) -> str | None:
    """Why somebody looks at one person. Raises AuditError where the records are real and none is given, or it is thin.

    simulated: whether the people were made up, of whom anybody may ask without saying why.
    """
    if purpose is None:
        if simulated:
            return None
        raise AuditError(f"these are records of real people: give --purpose TEXT, and {WANTED}; it is logged")
    return require_reason(purpose, "--purpose")


def require_loggable(text: str, what: str) -> None:
    """Raises AuditError if `text`, given as `what`, holds an NHS number or a telephone number.

    Ask before doing what is to be logged.
    """
    for holds, kind in ((holds_nhs_number, "an NHS number"), (holds_telephone_number, "a telephone number")):
        if holds(text):
            raise AuditError(f"{what} holds {kind}; say it without, for the audit log takes no identifier")
