"""The papers of a version, out of its evidence and what the site has written about its models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from riskstrat.definitions.purpose import PURPOSE, describe_clinical_use
from riskstrat.documents.papers import papers_of
from riskstrat.registry import Gate
from riskstrat.workspace import Workspace


def papers(workspace: Workspace, evidence: Mapping[str, Any], held: tuple[Gate, ...], version: int) -> dict[str, bytes]:
    """File name to contents. Raises DefinitionError where the site's template cannot be filled."""
    return papers_of(
        evidence,
        version=version,
        card_template=workspace.card_template,
        hazards=workspace.hazards,
        intended_purpose=evidence["recipe"].get("purpose") or PURPOSE,
        clinical_use=describe_clinical_use(workspace.settings.lists.clinical_use),
        gates=[asdict(gate) for gate in held],
        titles={one.name: one.title for one in workspace.baselines},
    )
