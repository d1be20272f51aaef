"""The command line: options that do not go together are refused, and stdout has the report whole, in any encoding."""

from __future__ import annotations

import io
import json
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from riskstrat.cli import main
from riskstrat.verbs.report import Report
from riskstrat.verbs.worklist_serve import build_address
from tests.suite.hand_made import THREE_FEATURES
from tests.suite.verbs import Done, Verb

EXPORT = ("export", "m", 1, "--out", "m.json", "--licence", "L", "--approval", "A", "--recipient-approval", "B")
TABLE = ("--out", "features.csv")


@pytest.mark.parametrize(
    "given",
    [
        ("features", "--describe", *TABLE),
        ("features", "--sql", "--index-date", "2026-11-16"),
        ("features", "--describe", "--recipe", "emergency_admission_12m"),
        ("features", "--describe", "--sql"),
        ("models", "-w", THREE_FEATURES, *EXPORT),
        ("models", "--json", *EXPORT),
        ("power", "--out", "power.html", "--new-a-year", "inf"),
    ],
    ids=lambda given: " ".join(map(str, given[:3])),
)
def test_an_option_that_would_be_passed_over_is_refused(verb: Verb, tmp_path: Path, given: tuple[Any, ...]) -> None:
    done = verb(*given, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Error: Invalid value" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_was_stopped_leaves_its_summary_alone_on_stdout(
    verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(root: object, host: str, port: int, *, local: bool, say: Callable[[str], None]) -> Report:
        say("serving")
        return Report({"address": host}, ("stopped",))

    monkeypatch.setattr("riskstrat.verbs.worklist_serve.serve", serve)
    done = verb("worklist", "serve", "--json")
    assert json.loads(done.stdout) == {"address": "127.0.0.1"}
    assert done.stderr == "serving\n"
    assert verb("worklist", "serve").stdout == "serving\nstopped\n"


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("::1", "[::1]")])
def test_the_address_that_is_said_can_be_opened(host: str, shown: str) -> None:
    assert build_address(host, 8000) == f"http://{shown}:8000/"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_that_another_has_is_named_before_anything_is_made(
    verb: Verb, refused: Callable[[Done, int], str], tmp_path: Path, host: str
) -> None:
    root = Path(shutil.copytree(THREE_FEATURES, tmp_path / "site"))
    with socket.create_server((host, 0)) as taken:
        port = taken.getsockname()[1]
        done = verb("worklist", "serve", "--local", "--host", host, "--port", port, "-w", root)
    assert refused(done, 3).startswith(f"port {port} of {host} cannot be had")
    assert not (root / "worklist").exists()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_a_letter_that_stdout_lacks_is_spelled_out_and_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """As where a scheduler of Windows writes to a file: what was done was reported as a fault of riskstrat."""
    for number, more in enumerate(([], ["--json"])):
        folder, stdout = tmp_path / f"Łódź {number}", io.TextIOWrapper(io.BytesIO(), encoding)
        monkeypatch.setattr(sys, "argv", ["riskstrat", "init", str(folder), *more])
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(SystemExit, match=r"^0$"):
            main()
        stdout.flush()
        printed = stdout.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
        if more:
            assert json.loads(printed)["workspace"] == str(folder)
        else:
            assert (str(folder) in printed) is (encoding == "utf-8")
