"""A store as tests look into it: the version that is read, and another made of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from riskstrat.sources.store_versions import MANIFEST, POINTER, VERSIONS, seal_version
from riskstrat.sources.writing import incoming


def find_version(store: Path) -> Path:
    """The folder of the version that is read."""
    return store / VERSIONS / str(json.loads((store / POINTER).read_text(encoding="utf-8"))["version"])


def read_facts(store: Path) -> dict[str, Any]:
    """What the manifest of that version says."""
    found: dict[str, Any] = json.loads((find_version(store) / MANIFEST).read_text(encoding="utf-8"))
    return found


def change_version(store: Path, change: Callable[[Path, dict[str, Any]], None]) -> None:
    """Put in place another version, as ingest does: that of now with its files and facts changed by `change`."""
    now, facts = find_version(store), read_facts(store)
    with incoming(store, keep=3) as folder:
        shutil.copytree(now, folder, dirs_exist_ok=True)
        (folder / MANIFEST).unlink()
        change(folder, facts)
        seal_version(folder, facts)
