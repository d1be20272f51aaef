"""Running the command line: whatever goes wrong ends as one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from functools import cache
from io import TextIOWrapper

from typer.main import get_command

from riskstrat.cli.app import app
from riskstrat.errors import FaultError, RiskstratError, StorageError, WorkspaceError


class CommandLineError(RiskstratError):
    """What was typed cannot be read (exit code 2, as for what Typer does not understand)."""

    exit_code = 2


DATABASE = (
    "the worklist's database does not answer, is held by another run, or is damaged: see that it runs and may be "
    "reached, then run this again; only a damaged one is brought back from its backup, with riskstrat worklist restore"
)
OF_DATABASE = ("DatabaseError", "InterfaceError", "OperationalError")
"""What Django raises where a database fails; its other errors are faults of what asks it."""

TRACEBACK = "RISKSTRAT_TRACEBACK"
"""A variable of the environment: set to anything, what nobody foresaw is shown with its traceback, for developers."""


def main() -> None:
    """Run the command line; ends the process with the exit code of what went wrong, 0 if nothing did."""
    if isinstance(sys.stdout, TextIOWrapper):
        # As stderr is: what was done must not end as a fault for a letter that a terminal or a scheduler's log lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _require_text(sys.argv)
        _build_command()()
    except RiskstratError as error:
        _stop_with_message(str(error), error.exit_code)
    except MemoryError:
        _stop_with_message("there is too little memory for this; give it more, or fewer people", StorageError.exit_code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _stop_with_message(
            f"{where}{error.strerror or error}; make room, or choose another place", StorageError.exit_code
        )
    except Exception as error:
        if os.environ.get(TRACEBACK):
            traceback.print_exc()
        if _is_of_database(error):
            _stop_with_message(DATABASE, WorkspaceError.exit_code)
        fault = FaultError(_describe_fault(error))
        _stop_with_message(str(fault), fault.exit_code)


def _is_of_database(error: Exception) -> bool:
    """Whether the worklist's database failed while it was used, told without loading what reads it."""
    kind = type(error)
    return kind.__module__ == "django.db.utils" and kind.__name__ in OF_DATABASE


@cache
def _build_command() -> Callable[[], object]:
    """The command of every verb. Typer makes it anew each time it is asked, which takes longer than a small verb."""
    return get_command(app)


def _require_text(arguments: list[str]) -> None:
    """Raises CommandLineError for an argument whose bytes are no text: it could be neither kept nor shown."""
    if any(not _is_text(argument) for argument in arguments):
        raise CommandLineError("an argument holds bytes that are no UTF-8 text; type it again, or rename the file")


def _is_text(argument: str) -> bool:
    try:
        argument.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _describe_fault(error: Exception) -> str:
    """Which kind of error, and where in riskstrat; never its words, which may hold what a file says of somebody."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"riskstrat{os.sep}" in frame.filename] or frames
    place = f"{os.path.basename(own[-1].filename)} line {own[-1].lineno}" if own else "an unknown place"
    return (
        f"a file that it read is damaged or not its own, or riskstrat has a fault ({type(error).__name__} in {place}): "
        "run riskstrat check and riskstrat audit verify; if both find nothing, report this line to whoever maintains "
        f"riskstrat, with what {TRACEBACK}=1 shows where that names nobody"
    )


def _stop_with_message(message: str, code: int) -> None:
    print(f"riskstrat: {message}", file=sys.stderr)
    sys.exit(code)
