"""The verb `pack make`: one folder of evidence about a version, for those who assess it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from riskstrat import audit, registry
from riskstrat.assurance import MANIFEST, SEAL, build_pack, write_manifest, write_sample
from riskstrat.definitions.progress import Progress, silent
from riskstrat.errors import StorageError
from riskstrat.site.outputs import require_free_place, require_new_folder
from riskstrat.storage import compute_digest, find_reason, format_json, parse_json, write_bytes, write_folder_atomically
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, load


def make_pack(
    root: Path | None,
    out: Path,
    name: str | None = None,
    number: int | None = None,
    bill: Path | None = None,
    progress: Progress = silent,
) -> Report:
    """Write the pack of a version into `out`, a new or an empty folder, and seal its manifest.

    name, number: of the model and its version; None for the recipe that lists use and for the champion. bill: a bill of
    materials (CycloneDX) that is taken in whole. Raises ModelError without such a version, StorageError where the
    folder holds anything or the bill is none.
    """
    require_free_place(out)
    require_new_folder(out)
    workspace = load(find(root))
    kept = registry.kept(workspace.root / "registry", name or workspace.settings.lists.recipe, number)
    pack = build_pack(workspace, kept, None if bill is None else _read_bill(bill))
    version = f"{kept.version.name} version {kept.version.version}"
    with ExitStack() as logged, write_folder_atomically(out) as folder:
        for file, content in pack.files.items():
            write_bytes(content, folder / file)
        progress("sample", 0.0)
        write_sample(workspace, folder, progress)
        manifest = write_manifest(folder, kept.version.name, str(kept.version.version))
        digest = compute_digest(manifest)
        seal = format_json(audit.make_seal(workspace.root, manifest))
        # Logged as begun before it is put in place, and as done after.
        logged.enter_context(audit.log_packing(workspace.root, version, out / MANIFEST, digest))
        write_bytes(manifest, folder / MANIFEST)
        write_bytes(seal.encode("utf-8"), folder / SEAL)
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    states = {title: dict(counts) for title, counts in pack.states.items()}
    summary = {"version": version, "manifest": digest, "questions": states, "folder": str(out), "files": files}
    lines = (f"{len(files)} files on {version}: {out / 'index.html'}", f"manifest {digest}")
    return Report(summary, lines, _tabulate(states))


def _read_bill(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise StorageError(f"cannot read {path.name}: {find_reason(fault)}; make it with: make sbom") from None
    try:
        form = parse_json(content).get("bomFormat")
    except ValueError:
        form = None
    if form != "CycloneDX":
        raise StorageError(f"{path.name} is no bill of materials in CycloneDX JSON; make it with: make sbom")
    return content


def _tabulate(states: dict[str, dict[str, int]]) -> tuple[tuple[str, ...], ...]:
    heads = tuple(next(iter(states.values()), {}))
    return (("questions", *heads), *((title, *map(str, counts.values())) for title, counts in states.items()))
