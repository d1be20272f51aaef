"""Which models exist, how each did, and which one is the champion. MLflow on SQLite in the
workspace's registry/, and records beside it that are read without MLflow."""

from riskstrat.registry.gates import Gate, gates
from riskstrat.registry.origins import newest
from riskstrat.registry.recording import log_model
from riskstrat.registry.store import ModelVersion
from riskstrat.registry.versions import Kept, champion, champion_version, kept, models, promote, reconcile

__all__ = [
    "Gate",
    "Kept",
    "ModelVersion",
    "champion",
    "champion_version",
    "gates",
    "kept",
    "log_model",
    "models",
    "newest",
    "promote",
    "reconcile",
]
