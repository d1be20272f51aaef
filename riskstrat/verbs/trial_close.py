"""The verb `trial close`: the sealed lists opened, each limit held against what was found, one go / no-go page."""

from __future__ import annotations

from pathlib import Path

from riskstrat import audit
from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents.figures_page import render_figures_page
from riskstrat.errors import PublicationError, StorageError
from riskstrat.site.opening import open_data
from riskstrat.site.resources import write_alone
from riskstrat.storage import format_json, write_bytes
from riskstrat.trial.evidence import gather_evidence, require_over
from riskstrat.trial.judging import RecordCheck
from riskstrat.trial.opening import open_lists
from riskstrat.trial.page import build_trial_page, describe_trial
from riskstrat.trial.sealing import parse_private_key
from riskstrat.trial.standing import SilentTrial, find_trial, log_trial, require_same_limits
from riskstrat.verbs.report import Report
from riskstrat.workspace import Workspace, find, load

PAGE, DATA = "verdict.html", "verdict.json"


def close(
    root: Path | None,
    key: Path,
    pages_checked: int | None = None,
    pages_right: int | None = None,
    progress: Progress = silent,
    *,
    wait: bool = False,
) -> Report:
    """Open the lists with the sponsor's private key and write the page into the trial's folder.

    It may be closed again, with the pages that were checked meanwhile; each time is logged. Raises PublicationError
    without a trial, for limits that were changed, another key or counts that cannot be; IndexDateError before its end.
    """
    check = _parse_check(pages_checked, pages_right)
    workspace = load(find(root))
    with write_alone(workspace.root, "trial close", wait=wait):
        audit.settle(workspace.root)
        trial = require_trial(workspace)
        opened = open_data(workspace)
        recipe = opened.recipe(trial.protocol.recipe)
        lists = open_lists(trial, parse_private_key(read_key_file(key), key.name))
        require_over(opened, recipe, trial)
        evidence = gather_evidence(opened, recipe, trial, lists, check, progress)
        told = describe_trial(trial, evidence)
        page = render_figures_page(build_trial_page(trial, evidence))
        leaves = {trial.folder / PAGE: page, trial.folder / DATA: format_json(told).encode("utf-8")}
        audit.require_ready(workspace.root)
        details = {"trial": trial.protocol.number, "verdict": told["verdict"]}
        with log_trial(workspace.root, audit.TRIAL_CLOSED, details, leaves):
            for target, content in leaves.items():
                write_bytes(content, target)
    rows = [("limit", "fixed", "found", "result")]
    rows += [(one["title"], one["limit"], one["found"], one["state"]) for one in told["findings"]]
    return Report(told | {"file": str(trial.folder / PAGE)}, (told["verdict"], str(trial.folder / PAGE)), tuple(rows))


def require_trial(workspace: Workspace) -> SilentTrial:
    """The newest trial. Raises PublicationError without one, or where its limits were changed while it ran."""
    trial = find_trial(workspace.root)
    if trial is None:
        raise PublicationError("there is no trial; begin one: riskstrat trial start --public-key FILE")
    if not trial.closed:
        require_same_limits(trial, workspace.trial_limits)
    return trial


def read_key_file(path: Path) -> bytes:
    """The bytes of a file with a private key. Raises StorageError."""
    try:
        return path.read_bytes()
    except OSError as refused:
        raise StorageError(f"cannot read {path.name}: {refused.strerror}; give the sponsor's private key") from None


def _parse_check(checked: int | None, right: int | None) -> RecordCheck | None:
    if checked is None and right is None:
        return None
    if checked is None or right is None or right > checked:
        raise PublicationError("--pages-checked and --pages-right go together, and no more can be right than checked")
    return RecordCheck(checked, right)
