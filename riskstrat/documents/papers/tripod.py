"""The TRIPOD+AI table of one version: every item of the checklist, filled or left to the site.

Source: Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement. BMJ 2024;385:e078378: 27 items, 52 with parts. The
topics are in our own words; the statement has the full wording.
"""

from __future__ import annotations

from typing import NamedTuple

from riskstrat.documents.papers.markdown import csv_text, plain, table, tidy
from riskstrat.documents.papers.registered import Registered
from riskstrat.documents.papers.tripod_answers import answers
from riskstrat.documents.papers.wording import FOR_THE_SITE, SITE

TOPICS = (
    ("1", "Title", "Model, people, outcome and what was done, in the title"),
    ("2", "Abstract", "Summary in the form for abstracts"),
    ("3a", "Introduction", "Setting in health care, and why a model"),
    ("3b", "Introduction", "For whom, where in the pathway, used by whom"),
    ("3c", "Introduction", "Known inequalities between groups"),
    ("4", "Introduction", "Aims: development, evaluation or both"),
    ("5a", "Methods: data", "Sources, and how far they stand for the people"),
    ("5b", "Methods: data", "Dates of recruitment and of follow-up"),
    ("6a", "Methods: participants", "Setting and places"),
    ("6b", "Methods: participants", "Who is eligible"),
    ("6c", "Methods: participants", "Care given during follow-up, and how it was handled"),
    ("7", "Methods: data preparation", "Cleaning and checks of quality, alike for all groups"),
    ("8a", "Methods: outcome", "What is predicted, over which time, how it was found"),
    ("8b", "Methods: outcome", "Who judged the outcome, where that takes judgement"),
    ("8c", "Methods: outcome", "Whether the outcome was found without knowing the predictors"),
    ("9a", "Methods: predictors", "How the first set of predictors was chosen"),
    ("9b", "Methods: predictors", "What each predictor is, and how and when it was measured"),
    ("9c", "Methods: predictors", "Who judged predictors, where that takes judgement"),
    ("10", "Methods: sample size", "How the size came about, and whether it is enough"),
    ("11", "Methods: missing data", "How missing values were handled"),
    ("12a", "Methods: analysis", "How the data were divided for development and evaluation"),
    ("12b", "Methods: analysis", "Form and scale in which predictors enter"),
    ("12c", "Methods: analysis", "Kind of model, how it was built and tuned, internal validation"),
    ("12d", "Methods: analysis", "Differences between places, and how they were handled"),
    ("12e", "Methods: analysis", "Measures of performance, and why these"),
    ("12f", "Methods: analysis", "Updating of the model after evaluation"),
    ("12g", "Methods: analysis", "How risks were worked out in the evaluation"),
    ("13", "Methods: class imbalance", "What was done about rare outcomes, and about the risks afterwards"),
    ("14", "Methods: fairness", "What was done about fairness, and why"),
    ("15", "Methods: output", "What the model gives, and any cut-off"),
    ("16", "Methods: training and evaluation", "How the two sets of data differ"),
    ("17", "Methods: ethics", "Approval, and consent or its waiver"),
    ("18a", "Open science", "Funding"),
    ("18b", "Open science", "Conflicts of interest"),
    ("18c", "Open science", "Protocol"),
    ("18d", "Open science", "Registration"),
    ("18e", "Open science", "Sharing of data"),
    ("18f", "Open science", "Sharing of code"),
    ("19", "Patient and public involvement", "Part taken by patients and the public"),
    ("20a", "Results: participants", "Flow of people, with and without the outcome, and follow-up"),
    ("20b", "Results: participants", "Characteristics, overall and by source; missing data"),
    ("20c", "Results: participants", "Evaluation set beside development set"),
    ("21", "Results: development", "People and outcomes in each analysis"),
    ("22", "Results: specification", "The whole model, so that others can use it"),
    ("23a", "Results: performance", "Performance with intervals, also by group"),
    ("23b", "Results: performance", "Differences in performance between places"),
    ("24", "Results: updating", "What updating changed"),
    ("25", "Discussion", "Interpretation, with fairness, against the aims and other studies"),
    ("26", "Discussion", "Limitations"),
    ("27a", "Discussion: usability", "What to do where input is poor or missing"),
    ("27b", "Discussion: usability", "What users must do and know"),
    ("27c", "Discussion: usability", "Next steps, and use elsewhere"),
)


class Item(NamedTuple):
    """One row of the table. filled_by: "this version", "this version, in part", or "the site"."""

    number: str
    section: str
    topic: str
    reported: str
    filled_by: str


HEADINGS = ("Item", "Section", "Topic", "What is reported", "Filled by")


def items(version: Registered) -> list[Item]:
    """All 52 rows of the 27 items, in the order of the checklist."""
    said = answers(version)
    return [
        Item(number, section, topic, said[number], _name_answer_source(said[number]))
        for number, section, topic in TOPICS
    ]


def _name_answer_source(text: str) -> str:
    if text == SITE:
        return "the site"
    return "this version, in part" if text.endswith((SITE, FOR_THE_SITE)) else "this version"


def tripod_csv(version: Registered) -> str:
    """The table as CSV."""
    return csv_text(("item", "section", "topic", "reported", "filled_by"), items(version))


def tripod(version: Registered) -> str:
    """The table as a page."""
    rows = [tuple(map(plain, item)) for item in items(version)]
    by = [item.filled_by for item in items(version)]
    return tidy(
        "\n\n".join(
            (
                f"# TRIPOD+AI: {plain(version.title)}, version {version.number}",
                "The 27 items of the statement (Collins and others, BMJ 2024;385:e078378) with their parts, topics in "
                f"our own words. Of {len(rows)} rows {by.count('this version')} were filled from this version and "
                f"{by.count('this version, in part')} in part; {by.count('the site')} are for the site to state. "
                "The site checks them all.",
                table(HEADINGS, rows, words=len(HEADINGS)),
            )
        )
    )
