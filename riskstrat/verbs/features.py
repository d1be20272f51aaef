"""The verb `features`: the feature matrix of one index date, what each feature means, and the SQL of its scans."""

from __future__ import annotations

from pathlib import Path

from riskstrat.definitions.features import Feature
from riskstrat.definitions.progress import Progress, silent
from riskstrat.site.opening import build_matrix, cohort_at, counts_in_words, index_date, open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.sources.tables import STREAMS
from riskstrat.storage.tables import TABLE_ENDINGS, write_table
from riskstrat.verbs.report import Report


def features(root: Path | None, when: str, out: Path, recipe: str | None = None, progress: Progress = silent) -> Report:
    """Write `patient_id, index_date, <feature>...`: one row per patient and index date, one column per feature."""
    require_free_place(out, TABLE_ENDINGS)
    opened = open_workspace(root)
    chosen = opened.recipe(recipe)
    cohort = cohort_at(opened, chosen, index_date(when, chosen, opened.store))
    matrix = build_matrix(opened, cohort, progress)
    write_table(matrix.frame(), out)
    summary = {
        "index_date": when,
        "rows": len(matrix),
        "features": len(matrix.columns),
        "definitions_hash": matrix.definitions_hash,
        "cohort": dict(cohort.counts),
        "notes": list(opened.engine.notes + opened.store.notes),
        "file": str(out),
    }
    lines = (f"{len(matrix):,} people, {len(matrix.columns)} features at {when}: {out}", counts_in_words(cohort))
    return Report(summary, lines + opened.engine.notes)


def describe(root: Path | None) -> Report:
    """Every feature that can be built from what was ingested: name, theme, unit, sentence and rationale."""
    opened = open_workspace(root)
    made = [opened.workspace.features[name] for name in opened.engine.plan.names]
    names = opened.engine.plan.names
    rows = [(name, f.theme, f.wording.unit, f.wording.says, f.wording.why) for name, f in zip(names, made, strict=True)]
    header = ("feature", "theme", "unit", "sentence", "why")
    records = [dict(zip(header, row, strict=True)) | _describe_provenance(f) for row, f in zip(rows, made, strict=True)]
    lines = (f"{len(rows)} features", *opened.engine.notes)
    return Report({"features": records, "notes": list(opened.engine.notes)}, lines, (header, *rows))


def _describe_provenance(feature: Feature) -> dict[str, str]:
    """The sources behind a feature, its codelist, and what a missing value means."""
    behind = [feature, *(given for given in feature.inputs.values() if isinstance(given, Feature))]
    sources = dict.fromkeys(STREAMS[each.rows.stream].title for each in behind if each.rows)
    codelists = dict.fromkeys(each.codes.name for each in behind if each.codes)
    named = [f"feature {given}" for given in feature.inputs.values() if isinstance(given, str)]
    missing = "unknown" if feature.missing is None else f"{feature.missing:g}"
    return {"source": "; ".join([*sources, *named]), "codelist": "; ".join(codelists), "missing": missing}


def scan_sql(root: Path | None) -> Report:
    """The SQL of every scan that the features need, one per source stream."""
    opened = open_workspace(root)
    scans = {scan.stream.name: scan.compiled.sql for scan in opened.engine.plan.scans}
    return Report({"scans": scans}, tuple(f"-- {name}\n{sql};\n" for name, sql in scans.items()))
