"""Copying a workspace out: a site's own decisions, to keep and change while the engine is upgraded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from riskstrat.errors import WorkspaceError
from riskstrat.storage import OPEN_FILE, refuse_in_one_line, write_bytes, write_text

PATTERNS = (
    "riskstrat.toml",
    "features/*.py",
    "features/codelists/*.csv",
    "features/codelists/codelists.toml",
    "training/*.py",
    "training/*.toml",
    "registry/README.md",
    "registry/assurance.toml",
    "registry/promotion.toml",
    "registry/hazards.toml",
    "registry/monitoring.toml",
    "registry/trial.toml",
    "registry/model_card.md.j2",
    "notebooks/*.ipynb",
)
"""The files of a workspace that are decisions; what commands make in it is not copied."""

GITIGNORE = """\
# What the commands make here: none of it is a decision, some of it is about patients
/.*.lock*
/audit/
/data/
/demo/
/lists/
/refreshed/
/reviews/
/trial/
/worklist/
/scratch/
/registry/mlflow.db*
/registry/artifacts/
/registry/cards/
__pycache__/
"""


def list_decisions(root: Path) -> dict[str, bytes]:
    """The files of a workspace that decide features, models and lists, by name: all but its settings and notebooks."""
    folders = [pattern for pattern in PATTERNS if pattern.startswith(("features/", "training/", "registry/"))]
    paths = [path for pattern in folders for path in sorted(root.glob(pattern))]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def list_shipped_decisions() -> dict[str, bytes]:
    """The same files as they came with this riskstrat."""
    return list_decisions(_template())


def init(target: Path) -> list[Path]:
    """Makes a workspace in `target`, a new or empty folder, and gives the files made.

    Raises WorkspaceError if the folder holds anything, StorageError if it cannot be written (then nothing stays).
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise WorkspaceError(f"{target} is not empty; give a new or empty folder, so that no file is written over")
    made: list[Path] = []

    def cannot_write(_: Path, reason: str) -> str:
        return f"{target} cannot be written ({reason}); nothing was kept there"

    try:
        with refuse_in_one_line(cannot_write, target):
            for source in _find_template_files(_template()):
                made.append(target / source.relative_to(_template()))
                write_bytes(source.read_bytes(), made[-1], mode=OPEN_FILE, parents=True, refusal=cannot_write)
            made.append(target / ".gitignore")
            write_text(GITIGNORE, made[-1], mode=OPEN_FILE, refusal=cannot_write)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise
    return made


def _template() -> Path:
    """The workspace that came with the package, or in a checkout the repository itself."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "_template"
    return shipped if shipped.is_dir() else package.parent


def _find_template_files(template: Path) -> Iterator[Path]:
    for pattern in PATTERNS:
        yield from sorted(template.glob(pattern))
