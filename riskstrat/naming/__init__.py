"""Named documents: a published list and what the identity store knows of its people, through the list's own writer."""

from riskstrat.naming.copies import ENDINGS, NamedCopy, list_pseudonyms, name_list
from riskstrat.naming.weeks import open_week

__all__ = ["ENDINGS", "NamedCopy", "list_pseudonyms", "name_list", "open_week"]
