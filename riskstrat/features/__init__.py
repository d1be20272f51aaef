"""Point-in-time features: declarations to one narrow scan per stream, and one kernel for time."""

from riskstrat.features.assembly import FeatureEngine, engine, narrow_engine

__all__ = ["FeatureEngine", "engine", "narrow_engine"]
