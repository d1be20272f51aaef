"""Finding a workspace, and its settings alone: what a verb needs that reads no definition."""

from __future__ import annotations

from pathlib import Path

from riskstrat.definitions.declared import read
from riskstrat.definitions.settings import Settings
from riskstrat.errors import WorkspaceError
from riskstrat.storage.files import read_toml

SETTINGS_FILE = "riskstrat.toml"


def find(path: Path | None = None) -> Path:
    """The workspace folder: `path`, or else the nearest folder from here upwards with a riskstrat.toml."""
    if path is not None:
        if not (path / SETTINGS_FILE).is_file():
            raise WorkspaceError(f"{path} has no {SETTINGS_FILE}; give a workspace, or make one: riskstrat init {path}")
        return path.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    raise WorkspaceError(
        f"no {SETTINGS_FILE} here or in a folder above; go to a workspace, name it with --workspace, "
        "or make one: riskstrat init FOLDER"
    )


def read_settings(root: Path) -> Settings:
    """The settings of riskstrat.toml alone, for what must run where a definition is broken. Raises WorkspaceError."""
    given = read_toml(root / SETTINGS_FILE, SETTINGS_FILE, WorkspaceError)
    return read(Settings, given, SETTINGS_FILE, WorkspaceError)
