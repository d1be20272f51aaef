"""`ingest`: landed tables in, a store and its report out, all or nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tests.suite.stores import find_version, read_facts

Done = subprocess.CompletedProcess[str]
Verb = Callable[..., Done]
Tree = Callable[[Path], dict[str, str]]


@pytest.fixture(scope="module")
def landed(verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source tables of a small borough."""
    folder = tmp_path_factory.mktemp("landed") / "borough"
    assert verb("simulate", "--people", 400, "--seed", 11, "--out", folder).returncode == 0
    return folder


@pytest.fixture
def fresh(verb: Verb, state_basis: Callable[[Path], None], tmp_path: Path) -> Path:
    """A workspace that nothing was ingested into."""
    return make_workspace(verb, state_basis, tmp_path / "fresh")


def make_workspace(verb: Verb, state_basis: Callable[[Path], None], folder: Path) -> Path:
    assert verb("init", folder).returncode == 0
    state_basis(folder)
    return folder


@pytest.fixture(scope="module")
def ingested(
    verb: Verb,
    command: Verb,
    state_basis: Callable[[Path], None],
    landed: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Done]:
    """A workspace with that borough, and what `ingest --json` gave in a process of its own; for several tests."""
    workspace = make_workspace(verb, state_basis, tmp_path_factory.mktemp("ingested") / "workspace")
    return workspace, command("ingest", landed, "-w", workspace, "--json")


@pytest.fixture
def whole(ingested: tuple[Path, Done]) -> dict[str, Any]:
    """The report of the whole borough."""
    found: dict[str, Any] = json.loads(ingested[1].stdout)
    return found


def test_the_report_is_pure_json_and_its_counts_add_up(ingested: tuple[Path, Done], landed: Path) -> None:
    workspace, done = ingested
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(report["tables"]) == {path.stem for path in landed.glob("*.parquet")}
    for name, table in report["tables"].items():
        assert table["landed"] == pq.read_metadata(landed / f"{name}.parquet").num_rows
        assert table["landed"] == table["accepted"] + table["quarantined"]
    quarantined = pq.read_metadata(find_version(workspace / "data") / "quarantine.parquet").num_rows
    assert quarantined == sum(table["quarantined"] for table in report["tables"].values())


def test_ingesting_again_gives_the_same_bytes_and_for_people_there_is_a_table_of_counts(
    verb: Verb, ingested: tuple[Path, Done], landed: Path, tree: Tree
) -> None:
    workspace = ingested[0]
    first = tree(workspace)
    done = verb("ingest", landed, "-w", workspace)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].endswith(f"{(workspace / 'data').resolve()}")
    assert "quarantined" in done.stdout
    assert "prescriptions" in done.stdout
    assert tree(workspace) == first


def test_csv_parquet_and_a_duckdb_file_give_the_same_store(
    verb: Verb, ingested: tuple[Path, Done], fresh: Path, landed: Path, tmp_path: Path, tree: Tree
) -> None:
    as_csv = tmp_path / "as_csv"
    as_csv.mkdir()
    with duckdb.connect(str(tmp_path / "site.duckdb")) as connection:
        for path in landed.glob("*.parquet"):
            pa_csv.write_csv(_as_text(pq.read_table(path)), as_csv / f"{path.stem}.csv")
            connection.execute(f"CREATE TABLE {path.stem} AS FROM '{path}'")
    stores = [_read_store(ingested[0], tree)]
    for source in (as_csv, tmp_path / "site.duckdb"):
        assert verb("ingest", source, "-w", fresh).returncode == 0
        stores.append(_read_store(fresh, tree))
    # Only the simulator's own folder says that its people are made up.
    assert [store["manifest.json"].pop("simulated") for store in stores] == [True, False, False]
    assert stores[0] == stores[1] == stores[2]


def _read_store(workspace: Path, tree: Tree) -> dict[str, Any]:
    """The files of a workspace's store by their digests, and what its manifest says."""
    return tree(find_version(workspace / "data")) | {"manifest.json": read_facts(workspace / "data")}


def _as_text(table: pa.Table) -> pa.Table:
    return table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))


def part_source(landed: Path, folder: Path) -> tuple[Path, Path]:
    """Two extracts of a borough that overlap and hold all of it together; the second has neither people nor stays."""
    first, second = folder / "first", folder / "second"
    shutil.copytree(landed, first)
    second.mkdir()
    for mark in landed.iterdir():
        if mark.suffix != ".parquet":
            shutil.copy(mark, second)
    for file in sorted(landed.glob("*.parquet")):
        if file.stem in ("people", "admissions", "diagnoses"):
            continue
        for place, share in ((first, "part < 8"), (second, "part >= 6")):
            query = f"SELECT * EXCLUDE (part) FROM (SELECT *, hash(t) % 10 AS part FROM '{file}' t) WHERE {share}"
            duckdb.sql(query).write_parquet(str(place / file.name))
    return first, second


@pytest.mark.exhaustive
def test_extracts_that_are_added_make_the_store_of_a_whole_one(
    verb: Verb,
    refused: Callable[..., str],
    ingested: tuple[Path, Done],
    whole: dict[str, Any],
    fresh: Path,
    landed: Path,
    tmp_path: Path,
) -> None:
    first, second = part_source(landed, tmp_path)
    assert "--keep" in refused(verb("ingest", second, "--add", "-w", ingested[0]), 5)
    assert verb("ingest", first, "--keep", "-w", fresh).returncode == 0
    done = verb("ingest", second, "--add", "-w", fresh)
    assert done.returncode == 0, done.stderr
    assert "of 2 extracts: " in done.stdout
    version = find_version(fresh / "data")
    added = json.loads(verb("ingest", second, "--add", "-w", fresh, "--json").stdout)
    assert find_version(fresh / "data") == version
    assert {name: table["sha256"] for name, table in added["tables"].items()} == {
        name: table["sha256"] for name, table in whole["tables"].items()
    }
    assert {**added, "codes": [], "extracts": []} == {**whole, "codes": [], "extracts": []}
    assert [entry | {"before": None} for entry in whole["codes"]] == added["codes"]


def test_rows_after_the_given_date_of_extract_are_wrong_rows(
    verb: Verb, whole: dict[str, Any], fresh: Path, landed: Path
) -> None:
    before = (date.fromisoformat(whole["data_as_at"]) - timedelta(days=1)).isoformat()
    done = verb("ingest", landed, "-w", fresh, "--as-at", before, "--json")
    report = json.loads(done.stdout)
    assert report["data_as_at"] == before
    assert _quarantined(report) > _quarantined(whole)


def _quarantined(report: dict[str, Any]) -> int:
    return sum(table["quarantined"] for table in report["tables"].values())


def test_an_absent_optional_table_is_said_once(verb: Verb, fresh: Path, landed: Path, tmp_path: Path) -> None:
    source = shutil.copytree(landed, tmp_path / "without_falls")
    (source / "falls.parquet").unlink()
    done = verb("ingest", source, "-w", fresh)
    assert done.returncode == 0
    assert done.stdout.count("no falls table: falls features use hospital records only") == 1


def test_real_records_without_a_stated_legal_basis_are_refused_and_simulated_ones_are_not(
    verb: Verb, refused: Callable[..., str], landed: Path, tmp_path: Path, tree: Tree
) -> None:
    workspace, real = tmp_path / "new", shutil.copytree(landed, tmp_path / "real")
    assert verb("init", workspace).returncode == 0
    (real / "simulation.json").unlink()
    settings = workspace / "riskstrat.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8")
        + "\n[data.legal_basis]\n"
        + "\n".join(f'{file.stem} = "approval 7"' for file in real.glob("*.parquet") if file.stem != "social_care"),
        encoding="utf-8",
    )
    before = tree(workspace)
    said = refused(verb("ingest", real, "-w", workspace), 5)
    assert said.startswith("no legal basis is stated for social_care; write each into riskstrat.toml")
    assert tree(workspace) == before
    assert verb("ingest", landed, "-w", workspace).returncode == 0


class TestRefusals:
    """Each ends with one line and exit code 5, and leaves the workspace as it was."""

    @pytest.fixture
    def source(self, landed: Path, tmp_path: Path) -> Path:
        return shutil.copytree(landed, tmp_path / "source")

    @pytest.fixture
    def says(self, verb: Verb, refused: Callable, fresh: Path, source: Path, tree: Tree) -> Callable[..., str]:
        def run(*options: Any, from_: Path = source) -> str:
            before = tree(fresh)
            said: str = refused(verb("ingest", from_, "-w", fresh, *options), 5)
            assert tree(fresh) == before
            return said

        return run

    def test_a_wrong_path(self, says: Callable[..., str], tmp_path: Path) -> None:
        wrong = tmp_path / "nowhere"
        assert says(from_=wrong) == f"{wrong} does not exist; give a folder of tables or a DuckDB file"

    def test_an_unknown_format(self, says: Callable[..., str]) -> None:
        assert "meds" in says("--format", "mads")

    def test_a_missing_required_table(self, says: Callable[..., str], source: Path) -> None:
        (source / "admissions.parquet").unlink()
        assert "has no table admissions; land admissions.parquet or .csv" in says()

    def test_a_missing_required_column(self, says: Callable[..., str], source: Path) -> None:
        _rewrite(source / "admissions.parquet", lambda table: table.drop_columns("method"))
        assert "admissions lacks the required column method" in says()

    def test_a_table_that_is_no_parquet(self, says: Callable[..., str], source: Path) -> None:
        (source / "falls.parquet").write_bytes(b"PAR1 and then nothing")
        assert "falls.parquet cannot be read as parquet" in says()

    def test_more_quarantined_rows_than_the_limit(self, says: Callable[..., str], source: Path) -> None:
        _rewrite(source / "falls.parquet", lambda table: _with(table, "fell_on", date(1850, 1, 1)))
        said = says()
        assert "falls" in said
        assert "quarantine_limit" in said or "limit" in said

    def test_nhs_numbers_in_place_of_pseudonyms(self, says: Callable[..., str], source: Path) -> None:
        """Numbers of the range 999, which the NHS keeps for tests."""
        numbers = _valid_nhs_numbers(400)
        named = dict(zip(pq.read_table(source / "people.parquet")["patient_id"].to_pylist(), numbers, strict=False))
        for path in source.glob("*.parquet"):
            _rewrite(path, lambda table: _renamed(table, named))
        said = says()
        assert "NHS number" in said
        assert not any(number in said for number in numbers)


def _rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def _with(table: pa.Table, column: str, value: object) -> pa.Table:
    place = table.column_names.index(column)
    return table.set_column(place, column, pa.array([value] * table.num_rows, table.schema.field(column).type))


def _renamed(table: pa.Table, named: dict[str, str]) -> pa.Table:
    if "patient_id" not in table.column_names:
        return table
    place = table.column_names.index("patient_id")
    return table.set_column(
        place, "patient_id", pa.array([named.get(one, one) for one in table["patient_id"].to_pylist()])
    )


def _valid_nhs_numbers(wanted: int) -> list[str]:
    found: list[str] = []
    number = 999_000_000
    while len(found) < wanted:
        number += 1
        digits = str(number)
        check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            found.append(digits + str(check % 11))
    return found


def test_what_is_not_understood_is_said_and_stands_in_the_report_and_on_a_page(
    verb: Verb, fresh: Path, landed: Path, tmp_path: Path
) -> None:
    source = shutil.copytree(landed, tmp_path / "odd")
    _rewrite(source / "contacts.parquet", lambda table: _replace(table, "service", "gp", "General Practice"))
    done = verb("ingest", source, "-w", fresh)
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("contacts.service")]
    (count,) = [n for n in line.replace(",", "").replace("(", " ").replace(")", " ").split() if n.isdigit()][-1:]
    assert f"general_practice ({int(count):,}, did you mean gp?)" in line
    report = json.loads(verb("ingest", source, "-w", fresh, "--json").stdout)
    (entry,) = [entry for entry in report["codes"] if entry["column"] == "service"]
    assert entry["commonest_unknown"] == [{"code": "general_practice", "rows": int(count), "near": "gp"}]
    assert "did you mean gp?" in (fresh / "data" / "codes.html").read_text("utf-8")
    assert [entry["understood"] for entry in report["codes"] if entry["table"] == "admissions"] == [1.0] * 6


def test_a_system_that_nothing_understands_is_refused_until_the_site_accepts_it(
    verb: Verb, refused: Callable[..., str], fresh: Path, landed: Path, tmp_path: Path, tree: Tree
) -> None:
    source = shutil.copytree(landed, tmp_path / "rxnorm")
    _rewrite(source / "prescriptions.parquet", lambda table: _with(table.cast(_plain(table)), "bnf", "314076"))
    before = tree(fresh)
    said = refused(verb("ingest", source, "-w", fresh), 5)
    rows = pq.read_metadata(source / "prescriptions.parquet").num_rows
    assert said.startswith(
        f"prescriptions.bnf, system bnf: {rows:,} of {rows:,} rows (100.0%) have a code that no codelist"
    )
    assert tree(fresh) == before
    settings = fresh / "riskstrat.toml"
    accepted = settings.read_text("utf-8") + '\n[data.understood]\nprescriptions = "partly"\n'
    settings.write_text(accepted, "utf-8")
    report = json.loads(verb("ingest", source, "-w", fresh, "--json").stdout)
    assert report["understood"] == {"prescriptions": "partly"}


def _replace(table: pa.Table, column: str, old: str, new: str) -> pa.Table:
    place = table.column_names.index(column)
    values = [new if value == old else value for value in table[column].to_pylist()]
    return table.set_column(place, column, pa.array(values, pa.string()))


def _plain(table: pa.Table) -> pa.Schema:
    """The table's schema without dictionaries."""
    fields = [(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    return pa.schema(fields)
