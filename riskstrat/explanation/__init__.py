"""From a model's margin to clinical themes and dated sentences: what raised and what lowered the estimate."""

from riskstrat.explanation.contributions import contributions
from riskstrat.explanation.overall import chosen_rows, overall
from riskstrat.explanation.reasons import DIRECTION_WORDS, OTHER, theme_reasons, with_the_rest_in_other
from riskstrat.explanation.sentences import in_figures, render

__all__ = [
    "DIRECTION_WORDS",
    "OTHER",
    "chosen_rows",
    "contributions",
    "in_figures",
    "overall",
    "render",
    "theme_reasons",
    "with_the_rest_in_other",
]
