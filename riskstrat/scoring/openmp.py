"""LightGBM, also on a machine without the system's OpenMP runtime.

LightGBM's Linux wheel asks for `libgomp.so.1`, which a bare machine lacks; scikit-learn's wheel brings the same library
under a name of its own. Where the system has none, that copy is loaded under the name that LightGBM asks for.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes.util import find_library
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

_WANTED = b"libgomp.so.1"


def lightgbm() -> ModuleType:
    """The LightGBM module, once its OpenMP runtime is there."""
    # Idle threads sleep: by default they spin, and beside any other work a fit then takes six times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if sys.platform == "linux" and find_library("gomp") is None:
        _load_bundled()
    return _import_alone()


def _import_alone() -> ModuleType:
    """LightGBM without scikit-learn, which takes most of its time to start and serves estimators that nothing uses."""
    hidden = {} if "sklearn" in sys.modules else {"sklearn": None}
    sys.modules.update(hidden)  # type: ignore[arg-type]
    try:
        return import_module("lightgbm")
    finally:
        for name in hidden:
            del sys.modules[name]


def _load_bundled() -> None:
    """Load scikit-learn's copy, its name within the file replaced, from memory: nothing is written anywhere."""
    found = find_spec("sklearn")
    folder = Path(str(found.origin)).parents[1] / "scikit_learn.libs" if found else Path()
    for library in sorted(folder.glob("libgomp-*.so*")):
        name = library.name.encode()
        renamed = library.read_bytes().replace(name + b"\0", _WANTED.ljust(len(name), b"\0") + b"\0")
        memory = os.memfd_create(_WANTED.decode())
        os.write(memory, renamed)
        ctypes.CDLL(f"/proc/self/fd/{memory}", mode=ctypes.RTLD_GLOBAL)
        return
