"""What the file system refuses, as one line that says what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from riskstrat.errors import StorageError

Refusal = Callable[[Path, str], str]
"""Gives the message for the path that was refused and the system's reason."""

_PLAIN_REASONS = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EACCES, errno.EROFS)


def cannot_write(path: Path, reason: str) -> str:
    """The message of a refusal where a caller has no better advice."""
    return f"cannot write {path.name}: {reason}; make room or choose another place"


def cannot_read_folder(path: Path, reason: str) -> str:
    """The message for a folder that would be taken for an empty one."""
    return f"cannot read the folder {path.name}: {reason}; what is in it is not passed over, check its permissions"


@contextmanager
def refuse_in_one_line(refusal: Refusal, path: Path) -> Iterator[None]:
    """Turn an OSError of the block into StorageError with the message of `refusal` for `path`."""
    try:
        yield
    except OSError as refused:
        raise StorageError(refusal(path, find_reason(refused))) from None


def find_reason(error: Exception) -> str:
    """The system's words for why it refused, also where a library wraps them in its own."""
    words = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    plain = next((reason for reason in map(os.strerror, _PLAIN_REASONS) if reason in words), None)
    if plain is not None:
        return plain
    return words if words and isinstance(error, OSError) else type(error).__name__
