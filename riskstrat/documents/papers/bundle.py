"""All papers of one registered version, by file name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from riskstrat.definitions.hazards import Hazards
from riskstrat.documents.papers.card import model_card
from riskstrat.documents.papers.charts import pictures
from riskstrat.documents.papers.groups import subgroups_csv
from riskstrat.documents.papers.hazard_log import hazard_log, hazard_log_csv
from riskstrat.documents.papers.registered import Registered
from riskstrat.documents.papers.transparency import transparency_record
from riskstrat.documents.papers.tripod import tripod, tripod_csv


def papers_of(
    evidence: Mapping[str, object],
    *,
    version: int | str,
    card_template: str,
    hazards: Hazards,
    intended_purpose: str,
    clinical_use: str,
    gates: Sequence[Mapping[str, object]] | None = None,
    titles: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """The papers of one version: file name to contents, in UTF-8 or PNG; the same arguments give the same bytes.

    evidence: as in evidence.json of the version; a part that is null, empty or absent is said to be. card_template: the
    text of registry/model_card.md.j2. intended_purpose, clinical_use: sentences that stand on every page of the tool.
    gates: for each its name, whether it passed and a sentence; None where the version was not held against any. titles:
    of the baselines that the workspace declares, by their names. A picture that its evidence does not allow is left
    out. Raises DefinitionError where the template cannot be filled.
    """
    registered = Registered(evidence, str(version), intended_purpose, clinical_use, gates, titles or {})
    drawn = pictures(registered)
    pages = {
        "model_card.md": model_card(registered, drawn, card_template),
        "tripod_ai.md": tripod(registered),
        "tripod_ai.csv": tripod_csv(registered),
        "hazard_log.md": hazard_log(registered, hazards),
        "hazard_log.csv": hazard_log_csv(registered, hazards),
        "transparency_record.md": transparency_record(registered),
        "subgroups.csv": subgroups_csv(registered),
    }
    return {name: text.encode("utf-8") for name, text in pages.items()} | {one.file: one.png for one in drawn.values()}
