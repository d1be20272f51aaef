"""A verb in a process of its own, forked from one that has imported the engine: quick, and can be killed."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

import riskstrat

ENGINES = ("ibis.backends.duckdb", "lightgbm", "mlflow", "openpyxl", "shap", "xlsxwriter")
"""What verbs import when they need it."""

LONGEST_SECONDS = 600


def run_forked(*given: object, before: Callable[[], None]) -> subprocess.CompletedProcess[str]:
    """Run `riskstrat ...` after `before`, in a forked process; its code (the signal's, negative, if killed) and words.

    `before` must be picklable: a function of a module, or a partial of one.
    """
    arguments = ["riskstrat", *map(str, given)]
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, name) for name in ("stdout", "stderr")]
        child = _server().Process(target=_run, args=(arguments, before, said))
        child.start()
        child.join(LONGEST_SECONDS)
        if child.exitcode is None:
            child.kill()
            raise AssertionError(f"{' '.join(arguments)} did not end within {LONGEST_SECONDS} seconds")
        texts = [path.read_text(encoding="utf-8") for path in said]
    return subprocess.CompletedProcess(arguments, child.exitcode, *texts)


def signal_at(moment: str, number: signal.Signals) -> None:
    """Send this process a signal just before the first change of a file that the pattern `moment` finds."""
    pattern = re.compile(moment)
    sent: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        opened_to_write = event == "open" and set("wax+") & set(str(arguments[1]))
        changes = opened_to_write or event in ("os.rename", "os.mkdir", "shutil.rmtree")
        if changes and not sent and pattern.search(" ".join([event, *map(str, arguments[:2])])):
            sent.append(event)  # a file is opened several times on its way; Ctrl-C is pressed once
            os.kill(os.getpid(), number)

    # A suite that was started in the background ignores Ctrl-C, and so does every process it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.addaudithook(watch)


def kill_at_change(number: int, counted: Path) -> None:
    """Kill this process just before its `number`th change of a file; `counted` has the changes of one that ended.

    A number of 0 never comes.
    """
    changes = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal changes
        writes = event == "open" and bool(set("wax+") & set(str(arguments[1])))
        if writes or event in CHANGES:
            changes += 1
            if changes == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    atexit.register(lambda: counted.write_text(str(changes), encoding="utf-8"))


def kill_after(seconds: float) -> None:
    """Kill this process after a time, whatever it does then."""
    end = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
    end.daemon = True
    end.start()


CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "shutil.rmtree")
"""Events by which Python says that it is about to change what stands on disk, besides opening a file to write."""


def allow_no_file_above(size: int) -> None:
    """Have the system refuse to let any file of this process grow beyond `size` bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@cache
def _server() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_list_rooms(), *ENGINES])
    # The server is a new Python, and would import what is installed instead of what is tested.
    with mock.patch.dict(os.environ, {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}):
        forkserver.ensure_running()
    return context


def _list_rooms() -> list[str]:
    """Every module of the engine but those of Django's, which can be imported only for one workspace."""
    top = Path(riskstrat.__file__).parent
    paths = [path.relative_to(top.parent).with_suffix("") for path in sorted(top.rglob("*.py"))]
    names = [".".join(part for part in path.parts if part != "__init__") for path in paths]
    return [name for name in names if not name.endswith("__main__") and not name.startswith("riskstrat.worklist.")]


def _run(arguments: list[str], before: Callable[[], None], said: list[Path]) -> None:
    assert "riskstrat.cli" in sys.modules, "the server that this process was forked from has imported nothing"
    from riskstrat.cli import main

    for descriptor, path in enumerate(said, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    sys.argv = arguments
    before()
    try:
        main()
    finally:
        # As a process of its own does at its end; one that multiprocessing started does not.
        atexit._run_exitfuncs()
