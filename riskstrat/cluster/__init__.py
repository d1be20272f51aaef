"""Apache Spark: parts of a table given to workers, and what they make of them. The one door to pyspark."""

from riskstrat.cluster.session import open_session
from riskstrat.cluster.spread_table import SpreadTable, spread_work

__all__ = ["SpreadTable", "open_session", "spread_work"]
