"""Rooms that load a module when one of its names is asked for: every name is there, and nothing is that was not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from riskstrat import definitions, documents, simulation, workspace


@pytest.mark.parametrize("room", [definitions, documents, simulation, workspace], ids=lambda room: room.__name__)
def test_every_name_of_a_room_is_there_and_no_other(room: object) -> None:
    names = getattr(room, "__all__")  # noqa: B009
    assert [name for name in names if not hasattr(room, name)] == []
    assert not hasattr(room, "nobody_has_this_name")


def test_ingest_loads_none_of_what_writes_lists_and_simulates_boroughs() -> None:
    refused = (
        *("xlsxwriter", "openpyxl", "scipy", "numba", "riskstrat.simulation.borough", "riskstrat.publication"),
        *("riskstrat.documents.board_page", "riskstrat.documents.papers", "riskstrat.casefinding", "riskstrat.reviews"),
    )
    program = f"import sys, riskstrat.verbs.ingest; print([name for name in {refused} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["models", "init", "withdraw", "audit_verify"])
def test_verbs_that_read_no_definition_do_not_load_what_definitions_are_written_in(name: str) -> None:
    program = f"import sys, riskstrat.verbs.{name}; print([name for name in ('ibis', 'numba') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
