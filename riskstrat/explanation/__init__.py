"""From a model's margin to clinical themes and dated sentences: what raised and what lowered the estimate."""

from riskstrat.explanation.contributions import contributions
from riskstrat.explanation.reasons import DIRECTION_WORDS, OTHER, theme_reasons
from riskstrat.explanation.sentences import render

__all__ = ["DIRECTION_WORDS", "OTHER", "contributions", "render", "theme_reasons"]
