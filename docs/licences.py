"""The licence of each package that runs the product, as an SPDX expression."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata

from locks import SYSTEMS, Pin, name_systems
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

# Read in the licence file of the package, where its metadata leave open which licence of a family it is, say less than
# the files do, or cannot be read because it is not installed on every system.
READ_BY_HAND = {
    "colorama": "BSD-3-Clause",
    "contourpy": "BSD-3-Clause",
    "cycler": "BSD-3-Clause",
    "django-csp": "BSD-3-Clause",
    "gitdb": "BSD-3-Clause",
    "gunicorn": "MIT",
    "huey": "MIT",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "kiwisolver": "BSD-3-Clause",
    "numba": "BSD-2-Clause",
    "numpy": "BSD-3-Clause",
    "protobuf": "BSD-3-Clause",
    "pyarrow-hotfix": "Apache-2.0",
    "pyasn1-modules": "BSD-2-Clause",
    "python-stdnum": "LGPL-2.1-or-later",
    "pywin32": "PSF-2.0 AND LGPL-2.1-or-later",
    "qrcode": "BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "skops": "MIT",
    "sqlparse": "BSD-3-Clause",
    "waitress": "ZPL-2.1",
}
# Classifiers that mean one licence and no other.
CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}
COPYLEFT = re.compile(r"\b(?:[AL]?GPL|MPL|EPL|EUPL|CDDL|OSL)-")


def find_licence(name: str) -> str:
    """Return the licence of a locked package. Raises ValueError when nothing says which it is."""
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    try:
        facts = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        raise ValueError(f"{name} is not installed here: run make install, then .venv/bin/python") from None
    stated = [facts.get("License-Expression"), facts.get("License"), *map(CLASSIFIERS.get, _list_classifiers(facts))]
    for each in stated:
        if each and (expression := _read_expression(each)):
            return expression
    raise ValueError(f"{name} does not say its licence: read its licence file and add it to docs/licences.py")


def _list_classifiers(facts: metadata.PackageMetadata) -> list[str]:
    return facts.get_all("Classifier") or []


def _read_expression(text: str) -> str | None:
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return None


def write_table(pins: Iterable[Pin]) -> str:
    """Return a Markdown table of the packages of a lock: one row per package and version, in order of name."""
    rows: dict[tuple[str, str], list[Pin]] = {}
    for pin in pins:
        rows.setdefault((pin.name, pin.version), []).append(pin)
    lines = ["| package | version | licence | only on |", "|---|---|---|---|"]
    for (name, version), lines_of_it in sorted(rows.items()):
        systems = name_systems(lines_of_it)
        only = "" if len(systems) == len(SYSTEMS) else ", ".join(systems)
        lines.append(f"| {name} | {version} | {find_licence(name)} | {only} |")
    return "\n".join(lines) + "\n"


def find_copyleft(pins: Iterable[Pin]) -> dict[str, str]:
    """Return the packages of a lock under a licence with copyleft, each with that licence, in order of name."""
    found = {pin.name: find_licence(pin.name) for pin in pins}
    return {name: licence for name, licence in sorted(found.items()) if COPYLEFT.search(licence)}
