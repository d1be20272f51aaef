"""The verb `models export`: a version's model in one file, for another site."""

from __future__ import annotations

from pathlib import Path

from riskstrat import audit, registry
from riskstrat.errors import ModelError
from riskstrat.site.outputs import require_free_place
from riskstrat.storage import compute_digest, write_bytes
from riskstrat.study.packaging import build_package
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, load

LONGEST = 200
"""Characters of a licence line or a reference."""


def export(
    root: Path | None, name: str, version: int, out: Path, licence: str, approval: str, recipient_approval: str
) -> Report:
    """Write the package and log that it left, on whose approval.

    Raises ModelError where the version may not leave or a line is none, StorageError where it cannot be written.
    """
    require_free_place(out, (".json",))
    given = {"--licence": licence, "--approval": approval, "--recipient-approval": recipient_approval}
    lines = [_require_line(text, option) for option, text in given.items()]
    workspace = load(find(root))
    audit.require_ready(workspace.root)
    kept = registry.kept(workspace.root / "registry", name, version)
    label = f"{name} {version}"
    audit.require_trained(workspace.root, label, registry.locate_version(workspace.root / "registry", name, version))
    package = build_package(workspace, kept, *lines)
    content = package.format().encode()
    details = {"version": label, "licence": lines[0], "given_by": lines[1], "taken_by": lines[2]}
    with audit.log_exporting(workspace.root, out, content, details):
        write_bytes(content, out)
    digest = compute_digest(content)
    columns = len(package.model.columns)
    summary = {"file": str(out), "sha256": digest, "features": columns, **details}
    told = f"{label}: {columns} features, for a site approved as {lines[2]}; sha256 {digest}"
    return Report(summary, (told, "Tell the other site this sha256 by another way than the file's.", str(out)))


def _require_line(text: str, option: str) -> str:
    """The text without space around it. Raises ModelError unless it is one line of a length that can be read."""
    audit.require_loggable(text, option)
    line = text.strip()
    if not line or len(line) > LONGEST or not line.isprintable():
        raise ModelError(
            f"{option} needs one line of at most {LONGEST} characters; give the reference or licence itself"
        )
    return line
