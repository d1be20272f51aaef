"""A verb over a mutant of what it reads ends as it should, or in one line and a documented code without a value."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat.errors import AttentionError, FaultError
from riskstrat.publication import open_published
from tests.fuzz.mutants import SECRET, mutate
from tests.suite.daily import ingest_everybody, land, make_between_lists
from tests.suite.hand_made import STANDING
from tests.suite.verbs import Done, run_verb

FEW, MANY = range(2), range(1_000, 1_200)
LONGEST_LINE = 1_500
TABLES = {
    "statuses": "patient_id,as_at,inpatient,died,moved,palliative_register\n"
    + "".join(f"p{number},{STANDING},no,no,no,{'yes' if number == 4 else 'no'}\n" for number in range(1, 13)),
    "opt_outs": f"patient_id,kind,from_on,to_on\np10,type1,{STANDING},\np11,national,2020-01-01,2021-01-01\n",
    "caseload": f"patient_id,team,status,from_on,to_on\np12,Kirkby,active,{STANDING},\np3,Huyton,closed,2025-01-01,\n",
    "conditions": "patient_id,system,code,recorded_on\np1,icd10,I50.0,2020-05-01\np2,register,COPD,2021-02-03\n",
    "contacts": "patient_id,contacted_on,service,attended\np1,2026-05-01,gp,true\np2,2026-06-01,therapy,false\n",
}
MAPPING = """
[source]
kind = "folder"
location = "../source"
[source.tables.people]
from = "people"
[source.tables.people.columns]
patient_id = "patient_id"
sex = { from = "sex", codes = { "F" = "F", "M" = "M" } }
[source.tables.registrations]
from = "registrations"
[source.tables.admissions]
from = "admissions"
known_on = { lag_days = 3 }
"""
ABOUT_PEOPLE = ("ingest", "refresh", "reviews import")
RETURNED = (
    "Reference,Status checked,Outcome 1,Outcome 2,Outcome 3,Agree,Note,Owner 1,Owner 2,Owner 3,Due 1,Due 2,Due 3,"
    "Decided on,Decided by,List\n"
    f"{{}},Yes,Telecare,Falls service,,Yes,Lives alone,AB,,,{STANDING},,,{STANDING},MDT,KIR {STANDING} edition 1\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole_verbs")
    root = make_between_lists(folder)
    ingest_everybody(folder, root, **TABLES)
    listed = next(iter(open_published(root / "lists" / f"{STANDING}").read_patients("KIR")))
    (folder / "returned.csv").write_text(RETURNED.format(listed), "utf-8")
    assert run_verb("init", folder / "borough").returncode == 0
    (root / "source.toml").write_text(MAPPING, "utf-8")
    land(folder / "news", {name: TABLES[name] for name in ("statuses", "opt_outs", "caseload")})
    return folder


def list_source(folder: Path) -> list[Path]:
    return sorted((folder / "source").glob("*.csv"))


def list_declarations(folder: Path) -> list[Path]:
    root = folder / "borough"
    kinds = ("*.toml", "training/*.toml", "training/*.py", "features/*.py", "features/codelists/*", "registry/*.toml")
    return sorted(path for kind in kinds for path in root.glob(kind) if path.is_file())


def list_kept(folder: Path) -> list[Path]:
    root = folder / "workspace"
    names = ("audit/*.json*", "lists/**/*.json", "lists/**/*.csv", "registry/artifacts/**/*.json")
    return sorted(path for name in names for path in root.glob(name) if path.is_file())


def list_store(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "workspace" / "data").rglob("*") if path.suffix in (".json", ".parquet"))


Files = Callable[[Path], list[Path]]
VERBS: dict[str, tuple[Files, tuple[object, ...]]] = {
    "ingest": (list_source, ("ingest", "source", "--as-at", STANDING)),
    "ingest by a mapping": (lambda folder: [folder / "workspace" / "source.toml"], ("ingest", "--as-at", STANDING)),
    "source check": (list_source, ("source", "check")),
    "refresh": (lambda folder: sorted((folder / "news").glob("*.csv")), ("refresh", "news", "--as-at", STANDING)),
    "check": (list_declarations, ("check", "-w", "borough")),
    "reviews import": (
        lambda folder: [folder / "returned.csv"],
        ("reviews", "import", "returned.csv"),
    ),
    "audit verify": (list_kept, ("audit", "verify")),
    "status": (list_store, ("status",)),
    "table": (list_store, ("table", "people", "--as-at", STANDING, "--out", "people.csv")),
}


MAY_END_WITH = {"status": (AttentionError.exit_code,)}
"""No model was promoted there, which needs somebody."""


def run_there(given: tuple[object, ...], folder: Path) -> Done:
    """The verb in the folder of a copy, in its workspace unless another is named."""
    return run_verb(*given, *(() if "-w" in given else ("-w", folder / "workspace")), cwd=folder)


def run_over_mutants(name: str, made: Path, folder: Path, seeds: range) -> None:
    """Each mutant is put in the place of its file in a copy of everything, and the verb is run over it."""
    list_files, given = VERBS[name]
    for seed in seeds:
        copy = folder / str(seed)
        shutil.copytree(made, copy)
        path = random.Random(seed).choice(list_files(copy))
        path.write_bytes(mutate(path.read_bytes(), seed))
        done = run_there(given, copy)
        require_said(done, f"{name}, seed {seed}, {path.name}", secret=name in ABOUT_PEOPLE)
        shutil.rmtree(copy)


def require_said(done: Done, what: str, *, secret: bool) -> None:
    said = done.stdout + done.stderr
    assert "Traceback" not in said, what
    assert done.returncode != FaultError.exit_code, (what, done.stderr)
    assert not secret or SECRET not in said, (what, done.stderr)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        assert len(lines) == 1 or done.returncode in (1, 2), (what, done.stderr)
        assert len(done.stderr) <= LONGEST_LINE, (what, len(done.stderr))


@pytest.mark.parametrize("name", VERBS)
def test_each_verb_reads_what_is_whole(name: str, made: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made, tmp_path / "copy"))
    done = run_there(VERBS[name][1], copy)
    assert done.returncode in (0, *MAY_END_WITH.get(name, ())), done.stderr


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_over_a_mutant_ends_as_it_should_or_in_one_line(name: str, made: Path, tmp_path: Path) -> None:
    run_over_mutants(name, made, tmp_path, FEW)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", VERBS)
def test_two_hundred_mutants_of_what_each_verb_reads(name: str, made: Path, tmp_path: Path) -> None:
    run_over_mutants(name, made, tmp_path, MANY)
