"""The verb `train`: learn, gather the evidence, register a version with its papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from riskstrat import audit
from riskstrat.definitions.baselines import find_own
from riskstrat.definitions.progress import Progress, silent
from riskstrat.errors import ModelError
from riskstrat.evaluation import Evaluation, baseline_table
from riskstrat.registry import Gate, ModelVersion, champion_version, gates, log_model, reconcile
from riskstrat.site.opening import open_workspace
from riskstrat.site.resources import write_alone
from riskstrat.sources.store import Store
from riskstrat.study.evidence import Evaluated, evaluated, notes, plain
from riskstrat.study.fitting import TrainingRun, learn
from riskstrat.study.packaging import accept_package
from riskstrat.study.papers import papers
from riskstrat.study.sensitive import compare_sensitive
from riskstrat.verbs.report import Report
from riskstrat.workspace import Workspace

_PROVIDERS_SAID = 3


def train(
    root: Path | None,
    recipe_name: str,
    as_at: date | None = None,
    progress: Progress = silent,
    *,
    sensitive: bool = False,
    start: Path | None = None,
    approval: str | None = None,
    wait: bool = False,
) -> Report:
    """Train, evaluate and register a version of the recipe's model, from rows known on `as_at`.

    sensitive: the evidence also says what it costs to keep sensitive records out of the score, or gains to have them.
    start: a package of another site, whose model is calibrated here instead; approval: the reference under which this
    site's controller approved that. Raises ModelError where the package cannot be used here.

    Raises BusyError where another run writes the registry at the start, unless it is to wait. What has been learned is
    never lost so: to register it, it waits.
    """
    opened = open_workspace(root)
    workspace = opened.workspace
    with write_alone(workspace.root, "train", wait=wait):
        disagreements = reconcile(workspace.root / "registry")
        audit.require_ready(workspace.root)
    _read_first(workspace, recipe_name)
    if start is None and approval is not None:
        raise ModelError("--approval goes with --from: give the package of the other site too, or neither")
    if start is not None and sensitive:
        raise ModelError("--compare-sensitive learns models, and --from learns none: give one of the two")
    package = None if start is None else accept_package(opened, recipe_name, start, approval)
    # Products of long vectors are shared out at a loss, and their last digits would tell how many cores took part.
    with threadpool_limits(1, user_api="blas"):
        learned = learn(opened, recipe_name, as_at, progress, package)
        found = evaluated(learned, progress)
        if sensitive:
            compared = plain(compare_sensitive(learned, progress))
            found = replace(found, evidence={**found.evidence, "sensitive": compared})
    held = gates(workspace.promotion, found.evidence)
    progress("registering", 0.0)
    with write_alone(workspace.root, "train", wait=True):
        version = _register(learned, found, held)
    progress("registering", 1.0)
    return _report(learned, found, held, version, disagreements)


def _read_first(workspace: Workspace, recipe_name: str) -> tuple[object, ...]:
    """What is needed only at the end is read before anything is learned, so that a fault in it costs no time."""
    champion = champion_version(workspace.root / "registry", recipe_name)
    return workspace.promotion, workspace.hazards, workspace.card_template, champion


def _register(learned: TrainingRun, found: Evaluated, held: tuple[Gate, ...]) -> ModelVersion:
    workspace = learned.study.opened.workspace
    figures = found.own.to_dict()
    tables = {
        "evaluation.csv": _convert_to_csv(baseline_table(found.models, found.intervals)),
        "events_by_provider_and_month.csv": _convert_to_csv(learned.providers),
    }
    if learned.tuned is not None:
        tables["tuning.csv"] = _convert_to_csv(learned.tuned.trials)
    return log_model(
        workspace.root / "registry",
        learned.recipe.name,
        learned.registered.model,
        metrics={name: value for name, value in figures.items() if isinstance(value, int | float)}
        | _get_weights(found),
        params=learned.recipe.model_dump(mode="json"),
        evidence=found.evidence,
        origins={one.fold.name: one.model for one in learned.tested if one.fold.origin is not None},
        papers=lambda number: tables | papers(workspace, found.evidence, held, number),
        logging=partial(audit.log_training, workspace.root),
    )


def _get_weights(found: Evaluated) -> dict[str, float]:
    """What each member of a stack counts, by the names that MLflow shows."""
    weights = found.evidence["registered"]["weights"] or {}
    return {f"weight/{name}": weight for name, weight in weights.items()}


def _convert_to_csv(table: pd.DataFrame) -> str:
    return str(table.to_csv(index=False, lineterminator="\n"))


def _describe_labels(labels: Mapping[str, int]) -> str:
    """What became of everybody at every index date, of whom the recipe says who is trained and tested on."""
    counts = ", ".join(f"{number:,} {reason}" for reason, number in labels.items())
    return f"labels of all {sum(labels.values()):,} rows, each a person at an index date: {counts}"


def _report(
    learned: TrainingRun,
    found: Evaluated,
    held: tuple[Gate, ...],
    version: ModelVersion,
    disagreements: tuple[str, ...],
) -> Report:
    evidence, name = found.evidence, learned.recipe.name
    summary = {
        **evidence,
        "model": version.name,
        "version": version.version,
        "rows": evidence["registered"]["rows"],
        "evaluation": evidence["models"],
        "sensitive_in_score": learned.study.opened.workspace.settings.sensitive.in_score,
        "gates": [{"name": gate.name, "passed": gate.passed, "sentence": gate.sentence} for gate in held],
    }
    failed = [gate for gate in held if not gate.passed]
    lines = (
        found.verdict,
        *(f"leakage alarm: {alarm['sentence']}" for alarm in evidence["leakage"]["alarms"]),
        *(f"warning: {warning}" for warning in evidence["leakage"]["warnings"]),
        _describe_version(learned, version),
        _describe_test(learned, found),
        *_format_auroc_by_date(evidence),
        *_describe_extra_tests(evidence),
        _describe_sensitive(learned.study.opened.workspace),
        _describe_sensitive_cost(evidence.get("sensitive")),
        _describe_labels(evidence["labels"]),
        *_report_interventions(evidence),
        *_describe_providers(learned.providers, learned.study.opened.store),
        *(f"{each}: not available, {why}" for each, why in found.own.reasons.items()),
        *(f"{each.replace('_', ' ')} left out: {why}" for each, why in evidence["left_out"].items()),
        *notes(learned),
        *disagreements,
        *(f"gate not passed: {gate.name}: {gate.sentence}" for gate in failed),
        f"{len(held) - len(failed)} of {len(held)} gates passed. To put it to use: "
        f"riskstrat promote {name} {version.version}",
    )
    return Report(plain(summary), lines, _tabulate_models(found.models, found.evidence))


def _describe_sensitive(workspace: Workspace) -> str:
    sensitive = workspace.settings.sensitive
    if sensitive.in_score:
        return f"sensitive records count in the score, as approved: {sensitive.approval}"
    return "sensitive records do not count in the score ([sensitive] in_score); stays, visits and falls all do"


def _describe_sensitive_cost(found: Mapping[str, object] | None) -> str:
    if found is None:
        return "what that costs was not measured: train --compare-sensitive measures it"
    if found.get("difference") is None:
        return f"what that costs cannot be told: {found['reason']}"
    return (
        f"AUROC with sensitive records {found['auroc_with']:.4f}, without {found['auroc_without']:.4f} "
        f"({_format_difference(found)}), on the same test rows"
    )


def _describe_version(learned: TrainingRun, version: ModelVersion) -> str:
    facts = learned.registered.facts
    counted = ", ".join(f"{number:,} {each} rows" for each, number in facts["rows"].items() if number)
    features = len(learned.registered.model.columns)
    made = f"{version.name} version {version.version}, data as at {learned.study.as_at}"
    return f"{made}: {features} features, {counted}"


def _describe_test(learned: TrainingRun, found: Evaluated) -> str:
    one = found.own
    where = f"{len(learned.tested)} test dates, a model made for each" if learned.study.origins else "people held out"
    return f"tested on {one.n:,} rows with {one.events:,} events ({where})"


def _format_auroc_by_date(evidence: Mapping[str, Any]) -> tuple[str, ...]:
    if len(evidence["test_dates"]) < 2:
        return ()
    dates = [
        f"{one['test_date']} {_format_figure(one['models'][find_own(one['models'])]['auroc'])}"
        for one in evidence["origins"]
    ]
    return ("AUROC by test date: " + ", ".join(dates),)


def _describe_extra_tests(evidence: Mapping[str, Any]) -> tuple[str, ...]:
    """People never seen, and what age costs, each in a line."""
    lines = []
    apart = evidence["person_disjoint"]
    if apart and apart.get("auroc_new") is not None:
        lines.append(
            f"people never trained on: AUROC {apart['auroc_new']:.4f} against {apart['auroc_known']:.4f} had they been "
            f"({_format_difference(apart)})"
        )
    for kind in ("score", "model"):
        ages = [row for row in evidence["freshness"] if row["kind"] == kind and row["months"]]
        if ages:
            said = ", ".join(f"{row['months']} months {row['difference']:+.4f}" for row in ages)
            lines.append(f"AUROC lost when the {kind} is older: {said}")
    return tuple(lines)


def _report_interventions(evidence: Mapping[str, Any]) -> tuple[str, ...]:
    found = evidence["intervened"]
    return (found["sentence"],) if found["train"]["with_action"] or found["mode"] == "hold_out" else ()


def _describe_providers(providers: pd.DataFrame, store: Store) -> tuple[str, ...]:
    """A line for each of the largest providers: a step in its months means that its recording has changed."""
    if providers.empty or not store.comparable_dates:
        return ()
    # A month without an event has no row, and is the step that is looked for; a stray row of long ago begins nothing.
    begins = max(providers["month"].min(), (store.records_from or date.min).isoformat()[:7])
    between = pd.period_range(begins, providers["month"].max(), freq="M")[1:-1].astype(str)
    months = providers.pivot(index="month", columns="provider", values="events").reindex(between).fillna(0)
    sizes = months.sum().sort_values(ascending=False, kind="stable")
    return tuple(_describe_provider(str(name), months[name]) for name in sizes[sizes > 0].index[:_PROVIDERS_SAID])


def _describe_provider(name: str, events: pd.Series) -> str:
    """events: by month, the first and the last month left out, which may not be whole."""
    return (
        f"provider {name}: on average {events.mean():,.0f} outcome events a month, "
        f"from {events.min():,.0f} in {events.idxmin()} to {events.max():,.0f} in {events.idxmax()}"
    )


def _tabulate_models(models: Mapping[str, Evaluation], evidence: Mapping[str, object]) -> tuple[tuple[str, ...], ...]:
    header = ("all test dates", "AUROC", "AUPRC", "Brier", "slope", "intercept", "ICI", "E90", "PPV at 0.5%")
    names = ("auroc", "auprc", "brier", "calibration_slope", "calibration_intercept", "ici", "e90")
    rows: list[tuple[str, ...]] = [header]
    for model, one in models.items():
        figures = [getattr(one, name) for name in names] + [one.yields[0].ppv if one.yields else None]
        rows.append((model.replace("_", " "), *(_format_figure(figure) for figure in figures)))
    return tuple(rows)


def _format_difference(found: Mapping[str, object]) -> str:
    """A difference with its interval, or that there are too few events for one."""
    if found["low"] is None or found["high"] is None:
        return f"{found['difference']:+.4f}; too few events for an interval"
    return f"{found['difference']:+.4f}, {found['low']:+.4f} to {found['high']:+.4f}"


def _format_figure(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.3f}"
