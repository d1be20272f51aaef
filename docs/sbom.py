"""Write a CycloneDX bill of materials of what runs the product: `python docs/sbom.py dist/sbom.cdx.json`.

It holds the packages of requirements.lock for every system, with licences and dependencies. The same lock gives the
same bytes: no serial number and no time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from licences import find_licence
from locks import RUNTIME, Pin, find_dependencies, read_installed_requirements, read_lock, read_runtime_requirements
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from riskstrat import __version__


def main(target: Path) -> None:
    """Write the bill of materials of the runtime lock to a file, whose folder is made if need be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(write_sbom(read_lock(RUNTIME)), encoding="utf-8", newline="\n")


def write_sbom(pins: list[Pin]) -> str:
    """Return the bill of materials of a lock's lines as CycloneDX JSON. Raises ValueError for an unknown licence."""
    components = {(pin.name, pin.version): _describe_package(pin) for pin in pins}
    bom = Bom(components=components.values(), dependencies=_link(pins, components))
    bom.metadata.component = _describe_product()
    bom.metadata.timestamp = bom.serial_number = None
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def _describe_product() -> Component:
    return Component(
        name="riskstrat",
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref="riskstrat",
        licenses=[LicenseExpression("MIT")],
        supplier=OrganizationalEntity(name="the riskstrat contributors"),
    )


def _describe_package(pin: Pin) -> Component:
    address = PackageURL("pypi", name=pin.name, version=pin.version)
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=str(address),
        purl=address,
        licenses=[LicenseExpression(find_licence(pin.name))],
    )


def _link(pins: list[Pin], components: dict[tuple[str, str], Component]) -> list[Dependency]:
    """What the product and each package need directly; a package locked in two versions is needed in both."""
    refs: dict[str, list[BomRef]] = {}
    for (name, _), component in components.items():
        refs.setdefault(name, []).append(component.bom_ref)
    needed = find_dependencies(pins, read_installed_requirements(pins))
    direct = {canonicalize_name(need.name) for need in read_runtime_requirements()}
    links = [_depend(BomRef("riskstrat"), direct, refs)]
    return links + [_depend(ref, needed[name], refs) for name, of_it in refs.items() for ref in of_it]


def _depend(ref: BomRef, names: set[str] | list[str], refs: dict[str, list[BomRef]]) -> Dependency:
    return Dependency(ref, [Dependency(each) for name in names for each in refs[name]])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
