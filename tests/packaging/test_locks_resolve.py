"""The locks resolve today and on later days, with the pips that a fresh machine may have.

A package that came out since can change what an old pip makes of an unchanged lock. So the newest pip is given the
package index as it is today, and each old one the index of a day on which everything has come out anew, which costs a
tenth. Both need the network, for the index or for the pip, and always run in CI; elsewhere they are skipped by name
unless RISKSTRAT_NETWORK is set.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import locks
import pytest

from tests.suite.later_day import write_offers

# The pip that came with Python 3.11.0, the one of 3.11.7 and 3.12.0, and the newest there is.
OLDEST, BETWEEN, NEWEST = "22.3", "23.2.1", "newest"
FIRST = OLDEST if sys.version_info < (3, 12) else BETWEEN
"""The oldest that this Python can run: 22.3 came with 3.11 and needs modules that left with 3.12."""

# The lock of what tests the product has every pin of the others.
REST = [(OLDEST, locks.DEV), (BETWEEN, locks.DEV), (OLDEST, locks.RUNTIME), (OLDEST, locks.ENGINE)]
CASES = [
    (NEWEST, locks.DEV),
    *(pytest.param(*case, marks=pytest.mark.exhaustive) for case in REST if FIRST == OLDEST),
]
LONGEST_SECONDS = 1200
ALONE = "--isolated"

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(
        not ({"CI", "RISKSTRAT_NETWORK"} & os.environ.keys()),
        reason="asks the package index: runs in CI, elsewhere with RISKSTRAT_NETWORK=1",
    ),
]


def run_python(python: str | Path, *arguments: str | Path) -> str:
    """Run a Python and return what it printed; fails with its words if it failed."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    if ALONE in arguments:
        # What pip.conf names would be looked at too.
        variables["PIP_CONFIG_FILE"] = os.devnull
    done = subprocess.run(
        [str(python), *map(str, arguments)],
        env=variables,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def fetch_pip(pip: str, folder: Path) -> Path:
    """Return the wheel of a pip, fetched into the folder."""
    name = "pip" if pip == NEWEST else f"pip=={pip}"
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:")
    run_python(sys.executable, "-m", "pip", "download", *options, "--dest", folder, name)
    (wheel,) = folder.glob("pip-*.whl")
    return wheel


def resolve(wheel: Path, lock: Path, environment: Path, *offered: str | Path) -> tuple[str, str]:
    """Return the version of a pip that runs from its wheel, and what it would install by the lock where nothing is."""
    venv.create(environment, with_pip=False)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    options = ("--dry-run", "--require-hashes", "--only-binary", ":all:", "--disable-pip-version-check")
    printed = run_python(python, wheel / "pip", "install", *options, *offered, "-r", lock)
    return run_python(python, wheel / "pip", "--version").split()[1], printed


def read_pins(lock: Path) -> set[str]:
    """Return what the lock pins for this machine, as name-version."""
    here = locks.read_this_machine()
    return {_name(f"{pin.name}-{pin.version}") for pin in locks.read_lock(lock) if pin.applies_to(here)}


def read_chosen(printed: str) -> set[str]:
    """Return what pip said that it would install, as name-version."""
    (would,) = [line for line in printed.splitlines() if line.startswith("Would install ")]
    return {_name(one) for one in would.split()[2:]}


def _name(one: str) -> str:
    return one.lower().replace("_", "-").replace(".", "-")


@pytest.fixture(scope="module")
def resolutions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[str, Path], Future[tuple[str, str]]]]:
    """Each case that this run asks for at work in a thread of its own: most of the time is waiting for the index."""
    folder = tmp_path_factory.mktemp("pips")
    mine = [item for item in request.session.items if isinstance(item, pytest.Function) and item.path == request.path]
    given = [item.callspec.params for item in mine if hasattr(item, "callspec")]
    asked = [(each["pip"], each["lock"]) for each in given if "lock" in each]
    wheels = {pip: fetch_pip(pip, folder / pip) for pip in {pip for pip, _ in asked}}
    with ThreadPoolExecutor(len(asked)) as threads:
        yield {
            (pip, lock): threads.submit(resolve, wheels[pip], lock, folder / f"{pip}-{lock.stem}")
            for pip, lock in asked
        }


@pytest.mark.parametrize(
    ("pip", "lock"), CASES, ids=lambda part: part.name if isinstance(part, Path) else f"pip {part}"
)
def test_the_lock_resolves_to_its_own_pins(
    pip: str, lock: Path, resolutions: dict[tuple[str, Path], Future[tuple[str, str]]]
) -> None:
    version, printed = resolutions[pip, lock].result()
    assert version == pip or pip == NEWEST
    assert read_chosen(printed) == read_pins(lock)


@pytest.fixture(scope="module")
def later_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lock of what tests the product, beside all that is offered on a later day."""
    here = locks.read_this_machine()
    pins = [pin for pin in locks.read_lock(locks.DEV) if pin.applies_to(here)]
    return write_offers(tmp_path_factory.mktemp("later-day"), pins)


@pytest.mark.parametrize(
    "pip", [FIRST, *(pytest.param(pip, marks=pytest.mark.exhaustive) for pip in (BETWEEN, NEWEST) if pip != FIRST)]
)
def test_the_lock_resolves_to_its_own_pins_when_everything_in_it_has_come_out_anew(
    pip: str, later_day: Path, tmp_path: Path
) -> None:
    offered = (ALONE, "-i", later_day.parent.as_uri())
    version, printed = resolve(fetch_pip(pip, tmp_path), later_day, tmp_path / "environment", *offered)
    assert version == pip or pip == NEWEST
    assert read_chosen(printed) == read_pins(locks.DEV)


@pytest.mark.exhaustive
def test_a_lock_that_lost_an_extra_is_refused_by_an_old_pip_on_that_day(tmp_path: Path) -> None:
    """The fault of a lock without extras: `coverage[toml]` is asked for, and a newer coverage is there."""
    needed = ("pytest-cov", "coverage", "pytest", "pluggy", "packaging", "iniconfig", "pygments")
    here = locks.read_this_machine()
    pins = [pin for pin in locks.read_lock(locks.DEV) if pin.applies_to(here) and pin.name in needed]
    wheel, offered = fetch_pip(FIRST, tmp_path), (ALONE, "-i", tmp_path.as_uri())
    lock = write_offers(tmp_path, pins)
    assert len(read_chosen(resolve(wheel, lock, tmp_path / "environment", *offered)[1])) == len(needed)
    lock.write_text(lock.read_text(encoding="utf-8").replace("coverage[toml]==", "coverage=="), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"coverage\[toml\]"):
        resolve(wheel, lock, tmp_path / "environment", *offered)
