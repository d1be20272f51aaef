"""The registry lies where its folder is, whatever characters the path of that folder has."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from riskstrat.registry.store import DATABASE, opened

NAMES = ("a?b=1&c 50%20x", "it's Ärzte 100% #2 café [q]* a+b;c@d:e%3F")


@pytest.mark.skipif(os.name == "nt", reason="Windows allows few of these characters")
def test_a_registry_is_made_and_found_again_in_a_folder_of_any_name(tmp_path: Path) -> None:
    for name in NAMES:
        registry = tmp_path / name
        with opened(registry) as client:
            client.create_registered_model("one")
        with opened(registry) as client:
            assert [model.name for model in client.search_registered_models()] == ["one"]
        assert stat.S_IMODE((registry / DATABASE).stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == set(NAMES)
