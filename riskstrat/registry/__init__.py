"""Which models exist, how each did, and which one is the champion. MLflow on SQLite in the
workspace's registry/, and records beside it that are read without MLflow."""

from riskstrat.registry.evidence import COMPARED, JUDGED, PACKED, TITLED
from riskstrat.registry.gates import Gate, gates
from riskstrat.registry.holding import find_version_files, state_version_files
from riskstrat.registry.origins import newest
from riskstrat.registry.recording import log_model
from riskstrat.registry.records import locate_champion, locate_papers, locate_version
from riskstrat.registry.store import DATABASE, ModelVersion, copy_database
from riskstrat.registry.versions import Kept, champion, champion_version, kept, models, promote, reconcile

__all__ = [
    "COMPARED",
    "DATABASE",
    "JUDGED",
    "PACKED",
    "TITLED",
    "Gate",
    "Kept",
    "ModelVersion",
    "champion",
    "champion_version",
    "copy_database",
    "find_version_files",
    "gates",
    "kept",
    "locate_champion",
    "locate_papers",
    "locate_version",
    "log_model",
    "models",
    "newest",
    "promote",
    "reconcile",
    "state_version_files",
]
