"""The workspace: a site's decisions, found, loaded, checked and copied out. Nothing else reads its files."""

from riskstrat.workspace.checking import check
from riskstrat.workspace.compared_words import find_compared_words
from riskstrat.workspace.loading import SETTINGS_FILE, Workspace, find, load, read_settings
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
