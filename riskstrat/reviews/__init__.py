"""The verb `reviews import`: outcomes come back from the teams' workbooks, checked, and are never overwritten."""

from riskstrat.reviews.importing import import_reviews
from riskstrat.reviews.keeping import COLUMNS, imported_reviews

__all__ = ["COLUMNS", "import_reviews", "imported_reviews"]
