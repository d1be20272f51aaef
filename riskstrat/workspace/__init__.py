"""The workspace: a site's decisions, found, loaded, checked and copied out. Nothing else reads its files."""

from typing import TYPE_CHECKING

from riskstrat.on_demand import load_on_demand

if TYPE_CHECKING:
    from riskstrat.workspace.checking import check
    from riskstrat.workspace.compared_words import find_compared_words
    from riskstrat.workspace.finding import SETTINGS_FILE, find, read_settings
    from riskstrat.workspace.loading import Workspace, load
    from riskstrat.workspace.scaffold import init, list_decisions, list_shipped_decisions

__all__ = [
    "SETTINGS_FILE",
    "Workspace",
    "check",
    "find",
    "find_compared_words",
    "init",
    "list_decisions",
    "list_shipped_decisions",
    "load",
    "read_settings",
]

_HOMES = {
    "workspace.checking": "check",
    "workspace.compared_words": "find_compared_words",
    "workspace.finding": "SETTINGS_FILE find read_settings",
    "workspace.loading": "Workspace load",
    "workspace.scaffold": "init list_decisions list_shipped_decisions",
}
"""By module the names that it gives to the room: who only finds a workspace need not load what its definitions need."""

if not TYPE_CHECKING:
    __getattr__ = load_on_demand(__name__, _HOMES)
