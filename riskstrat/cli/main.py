"""Running the command line: an error ends as one line and an exit code."""

from __future__ import annotations

import sys

from riskstrat.cli.app import app
from riskstrat.errors import RiskstratError, StorageError


def main() -> None:
    """Run the command line; ends the process with the exit code of what went wrong, 0 if nothing did."""
    try:
        app()
    except RiskstratError as error:
        _stop_with_message(str(error), error.exit_code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _stop_with_message(
            f"{where}{error.strerror or error}; make room, or choose another place", StorageError.exit_code
        )


def _stop_with_message(message: str, code: int) -> None:
    print(f"riskstrat: {message}", file=sys.stderr)
    sys.exit(code)
