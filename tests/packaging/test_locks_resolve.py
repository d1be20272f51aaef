"""The locks still resolve today, with the pips that a fresh machine may have: a lock is not only tried when it is made.

A package that came out since can change what an old pip makes of an unchanged lock, so this asks the package index,
and it always runs in CI. Elsewhere it is skipped by name unless RISKSTRAT_NETWORK is set.
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

# The pip that came with Python 3.11.0, the one of 3.11.7 and 3.12.0, and the newest there is.
OLDEST, BETWEEN, NEWEST = "22.3", "23.2.1", "newest"
FIRST = OLDEST if sys.version_info < (3, 12) else BETWEEN
"""The oldest that this Python can run: 22.3 came with 3.11 and needs modules that left with 3.12."""

# The lock of what tests the product has every pin of the others, so `make test` tries it with both ends of the pips:
# the oldest asks for what later ones no longer do, the newest refuses what earlier ones still took.
REST = [(BETWEEN, locks.DEV), (OLDEST, locks.RUNTIME), (OLDEST, locks.ENGINE)]
CASES = [
    *((pip, locks.DEV) for pip in (FIRST, NEWEST)),
    *(pytest.param(*case, marks=pytest.mark.exhaustive) for case in REST if FIRST == OLDEST),
]
LONGEST_SECONDS = 1200

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


def resolve(wheel: Path, lock: Path, environment: Path) -> tuple[str, str]:
    """Return the version of a pip that runs from its wheel, and what it would install by the lock where nothing is."""
    venv.create(environment, with_pip=False)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    options = ("--dry-run", "--require-hashes", "--only-binary", ":all:", "--disable-pip-version-check")
    printed = run_python(python, wheel / "pip", "install", *options, "-r", lock)
    return run_python(python, wheel / "pip", "--version").split()[1], printed


@pytest.fixture(scope="module")
def resolutions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[str, Path], Future[tuple[str, str]]]]:
    """Each case that this run asks for at work in a thread of its own: most of the time is waiting for the index."""
    folder = tmp_path_factory.mktemp("pips")
    mine = [item for item in request.session.items if isinstance(item, pytest.Function) and item.path == request.path]
    asked = [(item.callspec.params["pip"], item.callspec.params["lock"]) for item in mine]
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
    (would,) = [line for line in printed.splitlines() if line.startswith("Would install ")]
    here = {f"{pin.name}-{pin.version}" for pin in locks.read_lock(lock) if pin.applies_to(locks.read_this_machine())}
    assert {name.lower().replace("_", "-").replace(".", "-") for name in would.split()[2:]} == {
        name.replace(".", "-") for name in here
    }
