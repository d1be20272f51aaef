"""The verb `reviews import`: outcomes come back from the teams' workbooks, checked, and are never overwritten."""

from riskstrat.pipeline.reviewing.importing import import_reviews
from riskstrat.pipeline.reviewing.keeping import COLUMNS, imported_reviews

__all__ = ["COLUMNS", "import_reviews", "imported_reviews"]
