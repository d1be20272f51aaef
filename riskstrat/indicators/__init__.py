"""What a board reads each month: indicators counted from the store, hidden, charted by month, and put into words."""

from riskstrat.indicators.pack import build_pack

__all__ = ["build_pack"]
