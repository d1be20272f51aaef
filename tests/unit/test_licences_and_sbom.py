"""Each package that runs the product is listed with its licence, on the page and in the bill of materials."""

import json
import re
from collections.abc import Mapping
from typing import Any

import licences
import locks
import pytest
import sbom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from riskstrat import __version__

RUNTIME = locks.read_lock(locks.RUNTIME)
LOCKED = {(pin.name, pin.version) for pin in RUNTIME}
PAGE = (locks.ROOT / "docs" / "licences.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def written() -> str:
    return sbom.write_sbom(RUNTIME)


@pytest.fixture(scope="module")
def bill(written: str) -> Mapping[str, Any]:
    return json.loads(written)


def test_the_table_of_licences_has_each_package_and_version_of_the_lock_once() -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]
    assert sorted((row[0].strip("| "), row[1]) for row in rows) == sorted(LOCKED)


def test_every_licence_with_copyleft_is_named_in_words() -> None:
    prose = PAGE.partition("## Copyleft")[2].partition("## The packages")[0]
    found = licences.find_copyleft(RUNTIME)
    assert found
    for name, licence in found.items():
        assert f"**{name}**" in prose
        assert all(part in prose for part in re.findall(r"[AL]?GPL-[\w.-]+|MPL-[\d.]+", licence)), name


@pytest.mark.parametrize(
    ("licence", "copyleft"),
    [
        ("LGPL-2.1-or-later", True),
        ("MIT AND GPL-3.0-only", True),
        ("AGPL-3.0-only", True),
        ("MPL-2.0", True),
        ("MIT", False),
        ("Apache-2.0 OR BSD-3-Clause", False),
        ("ZPL-2.1", False),
    ],
)
def test_copyleft_is_told_from_the_expression(licence: str, copyleft: bool) -> None:
    assert bool(licences.COPYLEFT.search(licence)) is copyleft


def test_no_licence_is_read_by_hand_for_a_package_that_is_not_locked() -> None:
    assert set(licences.READ_BY_HAND) - {name for name, _ in LOCKED} == set()


def test_a_package_whose_licence_is_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="made-up is not installed here"):
        licences.find_licence("made-up")


def test_the_bill_of_materials_is_valid_cyclonedx(written: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written) is None


def test_the_bill_of_materials_has_each_package_and_version_of_the_lock_with_its_licence(
    bill: Mapping[str, Any],
) -> None:
    listed = [(each["name"], each["version"], each["licenses"][0]["expression"]) for each in bill["components"]]
    assert sorted(listed) == sorted((name, version, licences.find_licence(name)) for name, version in LOCKED)
    assert bill["metadata"]["component"]["version"] == __version__


def test_the_bill_of_materials_says_what_the_product_needs_directly(bill: Mapping[str, Any]) -> None:
    (product,) = [each for each in bill["dependencies"] if each["ref"] == "riskstrat"]
    asked = {need.name for need in locks.read_runtime_requirements()}
    assert {re.sub(r"pkg:pypi/(.+)@.+", r"\1", ref) for ref in product["dependsOn"]} == asked


def test_the_same_lock_gives_the_same_bill_to_the_byte(written: str) -> None:
    assert sbom.write_sbom(list(reversed(RUNTIME))) == written
    assert not {"serialNumber", "timestamp"} & set(re.findall(r'"(\w+)":', written))


def test_the_bill_of_materials_names_no_address_of_a_registry(written: str) -> None:
    assert set(re.findall(r"https?://[^\s\"/]+", written)) == {"http://cyclonedx.org"}
