"""A day on which every locked package has come out in a newer version: wheels of metadata alone, and the lock of them.

What a pip makes of a lock hangs on the versions, extras and requirements that it finds, and on no other byte.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from locks import Pin

WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
READ = ("Requires-Python", "Provides-Extra", "Requires-Dist")
MADE_ON = (2026, 1, 1, 0, 0, 0)


def write_offers(folder: Path, pins: Iterable[Pin]) -> Path:
    """Fill a folder with what an index then offers of the packages installed here; gives the lock of these files.

    Each is there in its locked version and in the next, with the requirements of what is installed: the index is a
    folder for each package with a page of its files.
    """
    lines = []
    for pin in pins:
        offered = folder / pin.name
        offered.mkdir()
        wheel = _write_wheel(offered, pin.name, pin.version)
        newer = _write_wheel(offered, pin.name, name_next_version(pin.version))
        links = "".join(f'<a href="{file.name}">{file.name}</a>' for file in (wheel, newer))
        (offered / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>", encoding="utf-8")
        extras = f"[{','.join(sorted(pin.extras))}]" if pin.extras else ""
        lines.append(f"{pin.name}{extras}=={pin.version} --hash=sha256:{_compute_digest(wheel)}\n")
    lock = folder / "requirements.lock"
    lock.write_text("".join(lines), encoding="utf-8")
    return lock


def name_next_version(version: str) -> str:
    """The version with 1 more in its last number: whatever takes the locked one takes it too, but for an exact pin."""
    return re.sub(r"\d+$", lambda last: str(int(last[0]) + 1), version)


def _write_wheel(folder: Path, name: str, version: str) -> Path:
    written = name.replace("-", "_")
    found = metadata.metadata(name)
    lines = [f"{field}: {value}" for field in READ for value in found.get_all(field) or ()]
    headers = "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines, ""])
    info, path = f"{written}-{version}.dist-info", folder / f"{written}-{version}-py3-none-any.whl"
    files = {"METADATA": headers, "WHEEL": WHEEL, "RECORD": ""}
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(zipfile.ZipInfo(f"{info}/{file}", MADE_ON), text)
    return path


def _compute_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
