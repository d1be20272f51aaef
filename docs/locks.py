"""What the lock files say, and whether they hold all that their packages ask for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
ENGINE, RUNTIME, DEV = (ROOT / f"requirements{part}.lock" for part in ("-engine", "", "-dev"))
"""Without the worklist; what runs the product; and what tests it."""
SPARK, SPARK_BUILD = (ROOT / f"requirements-{part}.lock" for part in ("spark", "spark-build"))
"""Apache Spark, beside any of the others, and what builds it: it is published as a source package alone."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {
    "Linux": {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"},
    "macOS": {"sys_platform": "darwin", "os_name": "posix", "platform_machine": "arm64"},
    "Windows": {"sys_platform": "win32", "os_name": "nt", "platform_machine": "AMD64"},
}

Machine = dict[str, str]
"""The values of a marker's variables on one system with one Python."""


@dataclass(frozen=True)
class Pin:
    """One line of a lock: a package in one exact version, for the machines that its marker admits."""

    name: str
    extras: frozenset[str]
    version: str
    marker: Marker | None
    hashes: tuple[str, ...]

    def applies_to(self, machine: Machine) -> bool:
        """Whether this line is installed on a machine."""
        return self.marker is None or self.marker.evaluate(dict(machine))

    def satisfies(self, requirement: Requirement) -> bool:
        """Whether this line has the version and every extra that a requirement of this package asks for."""
        return requirement.specifier.contains(self.version, prereleases=True) and requirement.extras <= self.extras


def build_machines() -> dict[str, Machine]:
    """Every machine that the locks cover, by a name such as `macOS, Python 3.11`."""
    return {
        f"{name}, Python {python}": default_environment()
        | {"python_version": python, "python_full_version": f"{python}.0", "implementation_version": f"{python}.0"}
        | {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
        | {"platform_system": "Darwin" if name == "macOS" else name}
        | system
        for name, system in SYSTEMS.items()
        for python in PYTHONS
    }


def read_this_machine() -> Machine:
    """Return the values of a marker's variables here."""
    return {name: str(value) for name, value in default_environment().items()}


def parse_lock(text: str) -> list[Pin]:
    """Return the lines of a lock file in its order. Raises ValueError for a line that is not one exact version."""
    return [_parse_line(line.strip()) for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def _parse_line(line: str) -> Pin:
    written, *hashes = re.split(r"\s+--hash=", line)
    requirement = Requirement(written)
    exact = re.fullmatch(r"==([^*,]+)", str(requirement.specifier))
    if exact is None:
        raise ValueError(f"{written}: a lock holds exact versions only, as name==1.2; run: make lock")
    name = canonicalize_name(requirement.name)
    return Pin(name, frozenset(requirement.extras), exact[1], requirement.marker, tuple(hashes))


def read_lock(path: Path) -> list[Pin]:
    """Return the lines of a lock file in its order."""
    return parse_lock(path.read_text(encoding="utf-8"))


def read_runtime_requirements() -> list[Requirement]:
    """Return what pyproject.toml asks for to run the product, its worklist too."""
    project = read_project()["project"]
    return [Requirement(line) for line in (*project["dependencies"], *project["optional-dependencies"]["worklist"])]


def read_project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read_installed_requirements(pins: Iterable[Pin]) -> dict[str, list[Requirement]]:
    """Return what each pinned package asks of others, from the installed metadata; one not installed here is absent."""
    requirements = {}
    for name in {pin.name for pin in pins}:
        try:
            requirements[name] = [Requirement(line) for line in metadata.requires(name) or ()]
        except metadata.PackageNotFoundError:
            continue
    return requirements


def select_requirements(
    requirements: Iterable[Requirement], extras: Iterable[str], machine: Machine
) -> Iterator[Requirement]:
    """Yield the requirements that hold on a machine for a package installed with these extras."""
    for requirement in requirements:
        marker = requirement.marker
        if marker is None or any(marker.evaluate({**machine, "extra": extra}) for extra in ("", *extras)):
            yield requirement


def find_unmet(
    pins: list[Pin], asked: Iterable[Requirement], requirements: Mapping[str, list[Requirement]]
) -> list[str]:
    """Return a line for each package, version or extra that something asks for and the lock does not hold.

    `asked` is what the project itself asks for; `requirements` is what each package asks of others, by its name.
    """
    unmet = set()
    asked = list(asked)
    for machine in build_machines().values():
        here = [pin for pin in pins if pin.applies_to(machine)]
        wanted = [("riskstrat", need) for need in select_requirements(asked, (), machine)]
        for pin in here:
            needs = select_requirements(requirements.get(pin.name, ()), pin.extras, machine)
            wanted += [(pin.name, need) for need in needs]
        unmet |= {f"{by} asks for {_describe(need)}" for by, need in wanted if not _is_met(need, here)}
    return sorted(unmet)


def _is_met(need: Requirement, pins: Iterable[Pin]) -> bool:
    name = canonicalize_name(need.name)
    return any(pin.name == name and pin.satisfies(need) for pin in pins)


def _describe(need: Requirement) -> str:
    extras = f"[{','.join(sorted(need.extras))}]" if need.extras else ""
    return f"{canonicalize_name(need.name)}{extras}{need.specifier}"


def find_dependencies(pins: list[Pin], requirements: Mapping[str, list[Requirement]]) -> dict[str, list[str]]:
    """Return for each locked package the locked packages that it needs on any machine, all in order of name."""
    needed: dict[str, set[str]] = {pin.name: set() for pin in pins}
    for machine in build_machines().values():
        for pin in (pin for pin in pins if pin.applies_to(machine)):
            wanted = select_requirements(requirements.get(pin.name, ()), pin.extras, machine)
            needed[pin.name] |= {canonicalize_name(need.name) for need in wanted}
    return {name: sorted(others & needed.keys() - {name}) for name, others in sorted(needed.items())}


def name_systems(pins: Iterable[Pin]) -> list[str]:
    """Return the systems, such as Windows, on which any of these lines is installed."""
    machines = build_machines()
    found = {name.split(",")[0] for pin in pins for name, machine in machines.items() if pin.applies_to(machine)}
    return [system for system in SYSTEMS if system in found]
