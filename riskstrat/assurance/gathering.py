"""What stands in a pack: the papers of a version, each framework answered, plans, and a first page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from riskstrat.assurance.statements import write_accessibility_draft, write_change_control, write_post_market_plan
from riskstrat.definitions.assurance import Framework
from riskstrat.definitions.purpose import PURPOSE, describe_clinical_use
from riskstrat.documents.figures_page import FiguresPage, FiguresTable, render_figures_page
from riskstrat.documents.papers.frameworks import (
    BY_SITE,
    BY_VERSION,
    IN_PART,
    STATED,
    answer_framework,
    gather_facts,
    write_framework_csv,
    write_framework_page,
)
from riskstrat.documents.papers.registered import Registered
from riskstrat.errors import DefinitionError
from riskstrat.registry import Kept
from riskstrat.workspace import Workspace

INDEX, BILL = "index.html", "sbom.cdx.json"
STATES = (BY_VERSION, IN_PART, STATED, BY_SITE)


@dataclass(frozen=True)
class Pack:
    """files: contents by name in the pack; version: which it is about; states: by framework how many rows are what."""

    files: Mapping[str, bytes]
    version: Registered
    states: Mapping[str, Mapping[str, int]]


def build_pack(workspace: Workspace, kept: Kept, bill: bytes | None) -> Pack:
    """The files of a pack but for its sample and its manifest; the same version, rules and bill give the same bytes.

    bill: a bill of materials, or None where none was given. Raises DefinitionError for a framework that names evidence
    which the pack does not hold, or has the name or title of something else in it; ModelError where a paper of the
    version was changed.
    """
    papers = kept.papers
    version = _read_version(workspace, kept)
    files = dict(papers)
    files["post_market_plan.md"] = write_post_market_plan(workspace.monitoring).encode("utf-8")
    files["change_control.md"] = write_change_control(workspace, kept, version).encode("utf-8")
    files["accessibility_statement.md"] = write_accessibility_draft().encode("utf-8")
    states: dict[str, dict[str, int]] = {}
    for framework in workspace.assurance:
        _require_own_place(framework, {Path(name).stem for name in files}, states)
        files[f"{framework.name}.md"] = write_framework_page(framework, version).encode("utf-8")
        files[f"{framework.name}.csv"] = write_framework_csv(framework, version).encode("utf-8")
        counted = Counter(row.state for row in answer_framework(framework, version))
        states[framework.title] = {state: counted[state] for state in STATES}
    if bill is not None:
        files[BILL] = bill
    _require_evidence(workspace, {*files, BILL})
    files[INDEX] = render_figures_page(_build_index(version, states, sorted(files), bill is not None))
    return Pack(files, version, states)


def _require_own_place(framework: Framework, names: Collection[str], titles: Collection[str]) -> None:
    if framework.name in names or framework.title in titles:
        raise DefinitionError(
            f'registry/assurance.toml: framework "{framework.name}" would take the place of something else of that '
            "name or title in the pack; give it a name and a title of its own"
        )


def _read_version(workspace: Workspace, kept: Kept) -> Registered:
    return Registered(
        kept.evidence,
        str(kept.version.version),
        PURPOSE,
        describe_clinical_use(workspace.settings.lists.clinical_use),
        titles={one.name: one.title for one in workspace.baselines},
    )


def _require_evidence(workspace: Workspace, names: set[str]) -> None:
    for framework in workspace.assurance:
        for question in framework.question:
            absent = sorted(set(question.evidence) - names)
            if absent:
                raise DefinitionError(
                    f'registry/assurance.toml: question {question.number} of "{framework.name}" names "{absent[0]}", '
                    f"which no pack holds; name one of {', '.join(sorted(names))}"
                )


def _build_index(
    version: Registered, states: Mapping[str, Mapping[str, int]], names: list[str], has_bill: bool
) -> FiguresPage:
    left = sum(counts[BY_SITE] + counts[IN_PART] for counts in states.values())
    rows = sum(sum(counts.values()) for counts in states.values())
    bill = "" if has_bill else " No bill of materials was given: make one (make sbom) and give it with --sbom."
    return FiguresPage(
        title=f"Evidence pack: {version.title}, version {version.number}",
        about=f"For those who assess the product. Data as at {version.as_at}.",
        summary=(
            f"{version.own_title.capitalize()} estimates the chance of {version.outcome}. "
            f"{gather_facts(version)['verdict']}",
            f"This folder has drafts for {len(states)} sets of questions. {left} of {rows} rows need the site's own "
            f"words before anybody can rely on them.{bill}",
            "No row says that the product conforms with anything: that is for people who answer for it.",
            "riskstrat pack verify proves on a computer of your own that no file was changed, and works out a sample "
            "of made-up people again.",
        ),
        tables=(
            FiguresTable(
                "How far each set of questions is answered",
                ("A draft is made by the software from this version and from what its tests hold.",),
                ("Questions", *(state.capitalize() for state in STATES)),
                [(title, *(str(counts[state]) for state in STATES)) for title, counts in states.items()],
            ),
            FiguresTable(
                "What stands in this folder",
                ("Tables stand as a page (.md) and for a spreadsheet (.csv).",),
                ("File", "What it is"),
                [(", ".join(of_one), _describe(of_one[0])) for of_one in _pair(names)],
                words=True,
            ),
        ),
        limits=(
            "Whether lists made with it help anybody: that takes lists in use (riskstrat impact).",
            "Who the manufacturer is, who signs for clinical safety, how incidents are reported and lists recalled, "
            "and who becomes the manufacturer when a site edits rules: the site states it.",
            "The model itself is not in this folder: its trees can tell of persons.",
        ),
    )


KINDS = {
    "model_card.md": "Model card",
    "tripod_ai": "Reporting table of TRIPOD+AI",
    "hazard_log": "Hazards with severity, likelihood, control and test",
    "transparency_record.md": "Draft for the Algorithmic Transparency Recording Standard, which binds neither "
    "integrated care boards nor councils",
    "post_market_plan.md": "What is watched in use, who is told and what is done",
    "change_control.md": "Which version, definitions and software this is",
    "accessibility_statement.md": "Draft of the accessibility statement",
    "subgroups.csv": "Performance by group",
    "evaluation.csv": "Every figure of the evaluation",
    "events_by_provider_and_month.csv": "How many outcome events each provider sent in each month",
    BILL: "Bill of materials of the software (CycloneDX)",
}


def _pair(names: list[str]) -> list[list[str]]:
    """The names in order, those of one table together."""
    return [list(of_one) for _, of_one in groupby(names, key=lambda name: Path(name).stem if _is_table(name) else name)]


def _is_table(name: str) -> bool:
    return name.endswith((".md", ".csv"))


def _describe(name: str) -> str:
    if name.endswith(".png"):
        return "Picture of the model card"
    stem = Path(name).stem
    return KINDS.get(name) or KINDS.get(stem) or "Questions with drafts and what the site must state"
