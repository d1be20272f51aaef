"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real records that RISKSTRAT_REAL_DATA names. Without it a test skips, and in CI it fails."""
    named = os.environ.get("RISKSTRAT_REAL_DATA", "")
    if named and Path(named).is_dir():
        return Path(named).resolve()
    message = "RISKSTRAT_REAL_DATA does not name a folder of real records"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
