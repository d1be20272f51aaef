"""Papers: what is written with each registered version of a model, out of its evidence and the site's own words.

A model card with pictures, the TRIPOD+AI table, the hazard log and a draft transparency record. Nothing about one
person stands in them, and their counts follow the small number rule. The same evidence gives the same bytes.
"""

from riskstrat.documents.papers.bundle import papers_of

__all__ = ["papers_of"]
