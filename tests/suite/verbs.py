"""The command line as tests run it: in this process, where a verb takes a second, or in a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import riskstrat
from riskstrat.cli import main

Done = subprocess.CompletedProcess[str]
Verb = Callable[..., Done]


def run_verb(*given: object, cwd: Path | None = None) -> Done:
    """Runs `riskstrat ...` in this process, in the folder `cwd`; gives what a process of its own would."""
    arguments = ["riskstrat", *map(str, given)]
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    code = 0
    sys.argv = arguments
    try:
        with contextlib.chdir(cwd or "."), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.argv = before
    return Done(arguments, code, out.getvalue(), err.getvalue())


def run_process(*given: object, **options: object) -> Done:
    """Runs `riskstrat ...` in a process of its own, seven times as dear; stdout and stderr are kept apart."""
    path = os.pathsep.join([str(Path(riskstrat.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    arguments = [sys.executable, "-m", "riskstrat", *map(str, given)]
    options["env"] = os.environ | {"PYTHONPATH": path} | options.get("env", {})  # type: ignore[operator]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]
