"""One family of errors: each says in one line what was given, what is allowed and what to do.

The command line prints the message and ends with the exit code; it never shows a traceback for these,
and no message carries a patient's value.
"""

from __future__ import annotations

import re

_LONG_WORD = re.compile(r"\S{301,}")
"""What no name, path or date is: a value that went wrong, of which its ends are enough."""


def _shorten_word(found: re.Match[str]) -> str:
    return f"{found[0][:60]}...{found[0][-20:]}"


class RiskstratError(Exception):
    """Something the user can put right. `exit_code` is what the command line ends with."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(_LONG_WORD.sub(_shorten_word, " ".join(message.split())))


class WorkspaceError(RiskstratError):
    """The workspace or its settings cannot be read (exit code 3)."""

    exit_code = 3


class DefinitionError(RiskstratError):
    """A feature, codelist, outcome or recipe is not well formed (exit code 4)."""

    exit_code = 4


class SourceError(RiskstratError):
    """The landed tables cannot be used (exit code 5)."""

    exit_code = 5


class IndexDateError(RiskstratError):
    """The index date is in the future, or its label window is not complete (exit code 6)."""

    exit_code = 6


class CohortError(RiskstratError):
    """Nobody is eligible, or the patient asked for is not (exit code 7)."""

    exit_code = 7


class TrainingError(RiskstratError):
    """There is too little to learn from (exit code 8)."""

    exit_code = 8


class ModelError(RiskstratError):
    """No such model, no champion, or a matrix made from other definitions (exit code 9)."""

    exit_code = 9


class PublicationError(RiskstratError):
    """The list cannot be published, or stands already with other contents (exit code 10)."""

    exit_code = 10


class StorageError(RiskstratError):
    """A file cannot be read or written: a full disk, no permission (exit code 11)."""

    exit_code = 11


class PromotionError(RiskstratError):
    """A version does not pass the gates of registry/promotion.toml (exit code 12)."""

    exit_code = 12


class AuditError(RiskstratError):
    """The audit log is not whole, or was given what it must not hold (exit code 13)."""

    exit_code = 13


class IdentityError(RiskstratError):
    """The identity folder refuses, or cannot be used (exit code 14)."""

    exit_code = 14


class BusyError(RiskstratError):
    """Another run writes what this one would write (exit code 15)."""

    exit_code = 15


class NothingToDoError(RiskstratError):
    """There is nothing to do: the list stands, or nothing has moved since the last one (exit code 16)."""

    exit_code = 16


class AttentionError(RiskstratError):
    """Something needs somebody: the report above says what (exit code 17)."""

    exit_code = 17


class ClusterError(RiskstratError):
    """The cluster that computes features cannot be reached, or gave up (exit code 18)."""

    exit_code = 18


class FaultError(RiskstratError):
    """What nobody foresaw: a damaged file that no reader recognised, or a fault of riskstrat itself (exit code 70)."""

    exit_code = 70
