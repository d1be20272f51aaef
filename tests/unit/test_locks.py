"""Three locks: the engine, the same pins with the worklist, and with what tests both. Nothing here needs a network."""

import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import locks
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENGINE, RUNTIME, DEV = map(locks.read_lock, (locks.ENGINE, locks.RUNTIME, locks.DEV))
PROJECT = locks.read_project()
MACHINES = locks.build_machines()
PEERS = Path(__file__).parents[1] / "benchmarks" / "requirements-peers.lock"
FEATURETOOLS, COLLATE = (PEERS.with_name(f"requirements-{name}.lock") for name in ("featuretools", "collate"))
EACH = pytest.mark.parametrize("path", [locks.ENGINE, locks.RUNTIME, locks.DEV], ids=lambda path: path.name)
EACH_AND_PEERS = pytest.mark.parametrize(
    "path",
    [locks.ENGINE, locks.RUNTIME, locks.DEV, PEERS, FEATURETOOLS, COLLATE, locks.SPARK, locks.SPARK_BUILD],
    ids=lambda path: path.name,
)


def list_asked(*groups: str, extras: tuple[str, ...] = ("worklist",)) -> list[Requirement]:
    """What pyproject.toml asks for: dependencies, these extras and dependency groups, included groups followed."""
    lines = list(PROJECT["project"]["dependencies"])
    lines += [line for extra in extras for line in PROJECT["project"]["optional-dependencies"][extra]]
    for group in groups:
        for each in PROJECT["dependency-groups"][group]:
            lines += PROJECT["dependency-groups"][each["include-group"]] if isinstance(each, dict) else [each]
    return [Requirement(line) for line in lines]


ASKED = {
    locks.ENGINE: list_asked("install", extras=()),
    locks.RUNTIME: list_asked("install"),
    locks.DEV: list_asked("dev"),
}


@EACH_AND_PEERS
def test_every_line_of_a_lock_is_one_exact_version_with_its_hashes(path: Path) -> None:
    pins = locks.read_lock(path)
    assert pins
    for pin in pins:
        assert pin.hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in pin.hashes), pin


@EACH_AND_PEERS
@pytest.mark.parametrize("machine", MACHINES)
def test_no_machine_is_given_a_package_in_two_versions(path: Path, machine: str) -> None:
    names = [pin.name for pin in locks.read_lock(path) if pin.applies_to(MACHINES[machine])]
    assert [name for name in set(names) if names.count(name) > 1] == []


@pytest.mark.parametrize("line", ["numpy>=2", "numpy==2.*", "numpy", "numpy==2.3,<3"])
def test_a_line_that_is_not_one_exact_version_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="exact versions only"):
        locks.parse_lock(line)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_peers_of_the_benchmark_use_the_products_own_versions_of_what_both_use(machine: str) -> None:
    ours, theirs = (
        {pin.name: pin.version for pin in locks.read_lock(path) if pin.applies_to(MACHINES[machine])}
        for path in (locks.RUNTIME, PEERS)
    )
    shared = set(ours) & set(theirs)
    assert {"duckdb", "pandas", "pyarrow", "numpy"} <= shared
    assert {name: theirs[name] for name in shared} == {name: ours[name] for name in shared}


@pytest.mark.parametrize("smaller", ["engine", "runtime"])
@pytest.mark.parametrize("machine", MACHINES)
def test_a_larger_lock_holds_the_pins_and_hashes_of_the_smaller(machine: str, smaller: str) -> None:
    """On every machine: a marker may be wider in the larger lock, and an extra may be added there."""
    small, large = (ENGINE, RUNTIME) if smaller == "engine" else (RUNTIME, DEV)
    here = {pin.name: pin for pin in large if pin.applies_to(MACHINES[machine])}
    for pin in (pin for pin in small if pin.applies_to(MACHINES[machine])):
        other = here[pin.name]
        assert (other.version, other.hashes) == (pin.version, pin.hashes), f"{pin.name}: run make lock"
        assert pin.extras <= other.extras


@EACH
def test_a_lock_holds_all_that_the_project_and_each_locked_package_ask_for(path: Path) -> None:
    """Versions and extras, for every system and Python. Of a package in two versions, the installed one's are read."""
    pins = locks.read_lock(path)
    assert locks.find_unmet(pins, ASKED[path], locks.read_installed_requirements(pins)) == [], "run make lock"


def test_every_package_whose_requirements_are_not_read_here_is_one_for_other_systems() -> None:
    read, here = locks.read_installed_requirements(DEV), locks.read_this_machine()
    assert [pin.name for pin in DEV if pin.name not in read and pin.applies_to(here)] == []
    assert len(read) > 150


def test_what_is_installed_here_is_what_the_lock_pins() -> None:
    here = [pin for pin in DEV if pin.applies_to(locks.read_this_machine())]
    assert {pin.name: metadata.version(pin.name) for pin in here} == {pin.name: pin.version for pin in here}


def find_planted(lock: str, asked: Iterable[str] = ("pytest-cov",), **requires: list[str]) -> list[str]:
    """What `find_unmet` finds in a small lock whose packages ask for these."""
    requirements = {canonicalize_name(name): [Requirement(line) for line in lines] for name, lines in requires.items()}
    return locks.find_unmet(locks.parse_lock(lock), [Requirement(line) for line in asked], requirements)


def test_an_extra_that_a_locked_package_asks_for_and_the_lock_lost_is_found() -> None:
    requires = {"pytest_cov": ["coverage[toml]>=7.10.6"]}
    assert find_planted("pytest-cov==7.1.0\ncoverage==7.17.3", **requires) == [
        "pytest-cov asks for coverage[toml]>=7.10.6"
    ]
    assert find_planted("pytest-cov==7.1.0\ncoverage[toml]==7.17.3", **requires) == []


def test_an_extra_that_one_system_alone_asks_for_is_found() -> None:
    requires = {"pytest_cov": ['coverage[toml] ; sys_platform == "win32" and python_version >= "3.14"']}
    assert find_planted("pytest-cov==7.1.0\ncoverage==7.17.3", **requires) == ["pytest-cov asks for coverage[toml]"]


def test_an_extra_that_the_project_asks_for_and_all_that_it_brings_is_looked_for() -> None:
    asked, requires = ("ibis-framework[duckdb]>=12",), {"ibis_framework": ["duckdb>=1 ; extra == 'duckdb'"]}
    assert find_planted("ibis-framework==12.0", asked, **requires) == ["riskstrat asks for ibis-framework[duckdb]>=12"]
    assert find_planted("ibis-framework[duckdb]==12.0", asked, **requires) == ["ibis-framework asks for duckdb>=1"]
    assert find_planted("ibis-framework[duckdb]==12.0\nduckdb==1.5", asked, **requires) == []


def test_a_version_that_a_locked_package_does_not_take_is_found() -> None:
    requires = {"pytest_cov": ["coverage>=7.18"]}
    assert find_planted("pytest-cov==7.1.0\ncoverage==7.17.3", **requires) == ["pytest-cov asks for coverage>=7.18"]


def test_a_package_pinned_for_other_systems_only_is_found_where_it_is_wanted() -> None:
    lock = "pytest-cov==7.1.0\ncoverage==7.17.3 ; sys_platform == 'linux'"
    assert find_planted(lock, pytest_cov=["coverage"]) == ["pytest-cov asks for coverage"]


def test_the_lock_that_runs_the_product_can_install_the_project_itself() -> None:
    """An editable install without isolation builds with the hatchling of the lock."""
    (build,) = map(Requirement, PROJECT["build-system"]["requires"])
    (install,) = map(Requirement, PROJECT["dependency-groups"]["install"])
    assert build == install
    for lock in (ENGINE, RUNTIME):
        assert {f"{pin.name}=={pin.version}" for pin in lock if pin.name == build.name} == {str(build)}


def test_the_lock_that_runs_the_product_holds_nothing_that_only_tests_it() -> None:
    """Reached from what the project asks for, so a package that crept in some other way is named."""
    dependencies = locks.find_dependencies(RUNTIME, locks.read_installed_requirements(RUNTIME))
    reached: set[str] = set()
    waiting = {canonicalize_name(need.name) for need in ASKED[locks.RUNTIME]}
    while waiting:
        reached |= waiting
        waiting = {each for name in waiting for each in dependencies[name]} - reached
    assert {pin.name for pin in RUNTIME} - reached == set()
    testing = {canonicalize_name(need.name) for need in ASKED[locks.DEV]} - {
        canonicalize_name(need.name) for need in ASKED[locks.RUNTIME]
    }
    assert testing & {pin.name for pin in RUNTIME} == set()


def test_spark_is_locked_apart_from_what_runs_without_it() -> None:
    """Its extra and its lock ask for the same, and nothing of it is in the lock of a site that has none."""
    assert PROJECT["project"]["optional-dependencies"]["spark"] == PROJECT["dependency-groups"]["spark"]
    (asked,) = map(Requirement, PROJECT["dependency-groups"]["spark"])
    pins = {pin.name: pin for pin in locks.read_lock(locks.SPARK)}
    assert set(pins) == {"pyspark", "py4j"}
    assert pins["pyspark"].satisfies(asked)
    assert set(pins).isdisjoint(pin.name for pin in DEV)


def test_what_builds_spark_is_locked_and_nothing_else() -> None:
    (build,) = map(Requirement, PROJECT["dependency-groups"]["spark-build"])
    (pin,) = locks.read_lock(locks.SPARK_BUILD)
    assert pin.satisfies(build)
