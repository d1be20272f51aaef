"""The wheel carries the engine and the workspace template, and nothing else; it works in an environment of its own."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.suite.quick import leave_out_pdf, make_recipes_quick

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "riskstrat/_template/"
SHIPPED_FOLDERS = ("features", "training", "registry", "notebooks")

# Every file of the wheel is of one of these kinds.
ALLOWED = [
    re.compile(pattern)
    for pattern in (
        r"riskstrat/(?!_template/)(\w+/)*\w+(\.html)?\.(py|j2|css|svg|sql|toml)",
        r"riskstrat/py\.typed",
        r"riskstrat/cluster/log4j2\.properties",
        r"riskstrat/simulation/(\w+/)*\w+\.csv",
        r"riskstrat/identity/page/naming\.(html|js)",
        r"riskstrat/worklist/templates/(worklist/\w+\.jinja|admin/\w+\.html)",
        r"riskstrat/worklist/static/worklist/\w+\.js",
        r"riskstrat/worklist/static/worklist/nhsuk/(nhsuk-frontend\.min\.(css|js)|images/[\w-]+\.svg|LICENSE\.txt)",
        TEMPLATE + r"riskstrat\.toml",
        TEMPLATE + r"(features|training)/\w+\.(py|toml)",
        TEMPLATE + r"features/codelists/(\w+\.csv|codelists\.toml|README\.md)",
        TEMPLATE + r"registry/(README\.md|(assurance|promotion|hazards|monitoring|trial)\.toml|model_card\.md\.j2)",
        TEMPLATE + r"notebooks/\w+\.ipynb",
        r"riskstrat-[\d.]+\.dist-info/(METADATA|WHEEL|RECORD|entry_points\.txt|licenses/LICENSE)",
    )
]

# What a working week leaves lying about, none of which may ever travel.
LEFT_BEHIND = (
    "data/people.parquet",
    "lists/2026-03-02/manifest.json",
    "lists/2026-03-02/internal/everyone.parquet",
    "lists/2026-03-02/internal/cases.csv",
    "reviews/2026-03-02-NKI-1.csv",
    "worklist/worklist.sqlite3",
    "worklist/secret_key",
    "audit/log.jsonl",
    "registry/mlflow.db",
    "registry/mlflow.db-wal",
    "registry/mlflow.db.json",
    "registry/artifacts/1/model.txt",
    "registry/cards/emergency_admission_12m-1.md",
    "registry/patients.csv",
    "features/patients.csv",
    "features/__pycache__/falls.cpython-311.pyc",
    "features/codelists/patients.xlsx",
    "training/scratch.parquet",
    "notebooks/patients.csv",
    "notebooks/.ipynb_checkpoints/week-checkpoint.ipynb",
    "riskstrat/scratch.csv",
    "riskstrat/sources/scratch.duckdb",
    "patients.csv",
)

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    """What a command printed; fails with its words if it failed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=1200
    )
    assert result.returncode == 0, f"{command}\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
    return result.stdout


def copy_of_the_project(folder: Path) -> Path:
    """The files the wheel is built from, as they stand, without what running the project here has made."""
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore", "riskstrat.toml"):
        shutil.copy(ROOT / name, folder / name)
    made_by_runs = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "mlflow.db*", "artifacts", "cards")
    for name in ("riskstrat", "tests", *SHIPPED_FOLDERS):
        shutil.copytree(ROOT / name, folder / name, ignore=made_by_runs)
    return folder


def build_wheel(project: Path, into: Path) -> Path:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", into, project, cwd=project)
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_project(tmp_path_factory.mktemp("source") / "project")


@pytest.fixture(scope="module")
def files_to_ship(project: Path) -> set[str]:
    """Where each file of the engine and of the workspace belongs in the wheel."""
    engine = {path.relative_to(project).as_posix() for path in (project / "riskstrat").rglob("*") if path.is_file()}
    decisions = [path for folder in SHIPPED_FOLDERS for path in (project / folder).rglob("*") if path.is_file()]
    template = [project / "riskstrat.toml", *decisions]
    return engine | {TEMPLATE + path.relative_to(project).as_posix() for path in template}


@pytest.fixture(scope="module")
def wheel(project: Path, files_to_ship: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a working copy in which records, models and caches lie about."""
    assert files_to_ship
    for name in LEFT_BEHIND:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("P1,1931-04-02\n", encoding="utf-8")
    return build_wheel(project, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def packed(wheel: Path) -> set[str]:
    """Every file of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_of_the_engine_and_the_workspace(packed: set[str], files_to_ship: set[str]) -> None:
    assert files_to_ship - packed == set()


def test_the_wheel_holds_only_the_kinds_of_file_that_may_travel(packed: set[str]) -> None:
    assert {name for name in packed if not any(kind.fullmatch(name) for kind in ALLOWED)} == set()


def test_the_wheel_holds_nothing_that_a_week_of_work_left_behind(packed: set[str], files_to_ship: set[str]) -> None:
    metadata = {name for name in packed if ".dist-info/" in name}
    assert packed - metadata - files_to_ship == set()


def test_every_code_list_in_the_wheel_is_declared_with_its_provenance(packed: set[str], project: Path) -> None:
    declared = tomllib.loads((project / "features" / "codelists" / "codelists.toml").read_text(encoding="utf-8"))
    lists = {Path(name).stem for name in packed if name.startswith(f"{TEMPLATE}features/") and name.endswith(".csv")}
    assert lists == set(declared)


def test_building_twice_gives_the_same_bytes(wheel: Path, project: Path, tmp_path: Path) -> None:
    assert build_wheel(project, tmp_path).read_bytes() == wheel.read_bytes()


# The wheel in an environment of its own


@pytest.fixture(
    scope="module",
    params=["linked", pytest.param("downloaded", marks=pytest.mark.exhaustive)],
    ids="packages {}".format,
)
def packages(request: pytest.FixtureRequest) -> str:
    """How the locked packages come into the environment: as links to those that run this test, or as a site's do."""
    return str(request.param)


@pytest.fixture(scope="module")
def installed(packages: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of a new environment: the locked packages, then the wheel and nothing from anywhere else."""
    environment = tmp_path_factory.mktemp("install") / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=ROOT)
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    if packages == "linked":
        link_locked_packages(scripts)
    else:
        install(scripts, "--require-hashes", "--only-binary", ":all:", "-r", ROOT / "requirements-engine.lock")
    assert python(scripts, "import importlib.util; print(importlib.util.find_spec('riskstrat'))") == "None"
    install(scripts, "--no-deps", "--no-index", wheel)
    if packages == "linked":
        lend_compiled_kernels(scripts)
    return scripts


def locked_packages() -> list[Requirement]:
    """What requirements-engine.lock asks for on this system, each of one exact version."""
    text = (ROOT / "requirements-engine.lock").read_text(encoding="utf-8")
    asked = [Requirement(line) for line in re.findall(r"^([A-Za-z0-9][^\\\n]*)", text, re.MULTILINE)]
    return [one for one in asked if one.marker is None or one.marker.evaluate()]


def link_locked_packages(scripts: Path) -> None:
    """Link each locked package, and no other, out of the environment that runs this test; fails on another version."""
    target = Path(python(scripts, "import sysconfig; print(sysconfig.get_path('purelib'))"))
    for one in locked_packages():
        found = distribution(one.name)
        assert found.version in one.specifier, f"{one} is locked and {found.version} is here: run make install"
        # The scripts of a package stand above its site-packages, and are not needed.
        for name in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            if not (target / name).exists():
                (target / name).symlink_to(found.locate_file(name))


def lend_compiled_kernels(scripts: Path) -> None:
    """Give the installed engine what Numba has compiled here of the same bytes: compiling takes longer than a week."""
    installed = Path(python(scripts, "import riskstrat; print(riskstrat.__file__)")).parents[1]
    for compiled in (ROOT / "riskstrat").rglob("__pycache__/*.nb[ci]"):
        source = compiled.parents[1] / f"{compiled.name.partition('.')[0]}.py"
        target = installed / source.relative_to(ROOT)
        assert target.read_bytes() == source.read_bytes()
        # Numba knows a source by its time and length.
        os.utime(target, ns=(source.stat().st_atime_ns, source.stat().st_mtime_ns))
        (target.parent / "__pycache__").mkdir(exist_ok=True)
        shutil.copy(compiled, target.parent / "__pycache__")


def install(scripts: Path, *given: str | Path) -> None:
    pip = (sys.executable, "-m", "pip", "--python", scripts / "python", "--quiet", "--disable-pip-version-check")
    run(*pip, "install", *given, cwd=scripts)


def python(scripts: Path, code: str) -> str:
    return run(scripts / "python", "-c", code, cwd=scripts).strip()


def test_the_environment_holds_the_locked_packages_and_the_wheel_and_nothing_of_the_working_copy(
    installed: Path,
) -> None:
    held = "import importlib.metadata as m; print(*(one.name for one in m.distributions()))"
    names = {canonicalize_name(name) for name in python(installed, held).split()}
    assert names == {canonicalize_name(one.name) for one in locked_packages()} | {"riskstrat"}
    paths = [
        Path(line) for line in python(installed, "import sys; print(*filter(None, sys.path), sep='\\n')").splitlines()
    ]
    assert not [path for path in paths if path.is_relative_to(ROOT) or path.is_relative_to(ROOT.resolve())]
    reached = "import importlib.util as u; print([n for n in ('features', 'tests', 'pytest') if u.find_spec(n)])"
    assert python(installed, reached) == "[]"


def test_the_installed_engine_is_the_one_of_the_wheel(installed: Path, files_to_ship: set[str]) -> None:
    site_packages = Path(python(installed, "import riskstrat; print(riskstrat.__file__)")).parents[1]
    assert site_packages.is_relative_to(installed.parent)
    assert all((site_packages / name).resolve().is_relative_to(installed.parent.resolve()) for name in files_to_ship)


def test_the_locked_packages_are_all_that_the_wheel_asks_for(installed: Path) -> None:
    said = run(sys.executable, "-m", "pip", "--python", installed / "python", "check", cwd=installed)
    assert "No broken requirements found" in said


def test_an_install_makes_a_workspace_and_runs_a_week_in_it(packages: str, installed: Path, tmp_path: Path) -> None:
    riskstrat, workspace = installed / "riskstrat", tmp_path / "borough"
    run(riskstrat, "init", workspace, cwd=tmp_path)
    if packages == "linked":
        make_recipes_quick(workspace)
        leave_out_pdf(workspace)
    people, weeks = (600, 1) if packages == "linked" else (3000, 2)
    run(riskstrat, "demo", "-w", workspace, "--people", str(people), "--weeks", str(weeks), cwd=tmp_path)
    assert len(list(workspace.glob("lists/*/manifest.json"))) == weeks


def test_a_workspace_from_the_wheel_is_the_workspace_of_the_repository(
    installed: Path, files_to_ship: set[str], tmp_path: Path
) -> None:
    workspace = tmp_path / "borough"
    run(installed / "riskstrat", "init", workspace, cwd=tmp_path)
    made = {path.relative_to(workspace).as_posix() for path in workspace.rglob("*") if path.is_file()}
    assert {name.removeprefix(TEMPLATE) for name in files_to_ship if name.startswith(TEMPLATE)} - made == set()
