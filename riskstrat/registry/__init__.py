"""Which models exist, how each did, and which one is the champion. MLflow on SQLite in the workspace's registry/."""

from riskstrat.registry.recording import log_model
from riskstrat.registry.store import ModelVersion
from riskstrat.registry.versions import champion, models, promote

__all__ = ["ModelVersion", "champion", "log_model", "models", "promote"]
