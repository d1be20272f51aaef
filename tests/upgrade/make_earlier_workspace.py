"""Makes the workspace of an earlier version that `test_earlier_workspace.py` opens: a small demo, packed.

`python tests/upgrade/make_earlier_workspace.py COMMIT` runs the demo of that commit, from a checkout of its own with
this environment, on few people with quick recipes, and writes `earlier-COMMIT.tar.xz` beside this file. Everybody in it
is simulated.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, CAPACITY = 300, 2
LEFT_OUT = ("demo", "notebooks", "cards")
RUN = f"""
import re, sys
from pathlib import Path
sys.path.insert(0, ".")
from riskstrat.verbs.demo import demo
from riskstrat.verbs.init import init
from tests.suite.quick import make_recipes_quick
root = Path(sys.argv[1])
init(root)
make_recipes_quick(root)
settings = root / "riskstrat.toml"
text = settings.read_text(encoding="utf-8").replace('pdf = "auto"', 'pdf = "off"')
settings.write_text(re.sub(r"capacity = \\d+", "capacity = {CAPACITY}", text), encoding="utf-8")
demo(root, {PEOPLE})
"""


def main() -> None:
    """Make the workspace and pack it."""
    commit = sys.argv[1]
    with TemporaryDirectory() as folder:
        checkout, workspace = Path(folder) / "checkout", Path(folder) / "earlier"
        run("git", "worktree", "add", "--detach", str(checkout), commit, cwd=ROOT)
        try:
            environment = {**os.environ, "PYTHONPATH": str(checkout)}
            run(sys.executable, "-c", RUN, str(workspace), cwd=checkout, env=environment)
        finally:
            run("git", "worktree", "remove", "--force", str(checkout), cwd=ROOT)
        with tarfile.open(Path(__file__).with_name(f"earlier-{commit[:7]}.tar.xz"), "w:xz", preset=9) as packed:
            packed.add(workspace, "earlier", filter=leave_out)


def leave_out(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """The entry without its owner; None for what can be made again or is of no interest."""
    if set(Path(entry.name).parts[1:]) & set(LEFT_OUT):
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def run(*command: str, **options: object) -> None:
    """Run a command. Raises CalledProcessError if it fails."""
    subprocess.run(command, check=True, **options)  # type: ignore[call-overload]


if __name__ == "__main__":
    main()
