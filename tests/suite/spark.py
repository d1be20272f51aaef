"""An Apache Spark of its own for the tests that need one: a master and workers as processes, gone at the end."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".venv-spark"
"""Where `make spark` installs pyspark, beside the environment of everything else."""

LONGEST_SECONDS = 120
# Nothing here runs long enough for Java's second compiler to pay.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# What one worker refuses it refuses again, and each time a new Python reads every definition first.
TRIED_ONCE = "spark.task.maxFailures 1\n"


@dataclass
class Cluster:
    """A running master, and its workers in the order in which they were started."""

    master: str
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> None:
        """One more worker, of one processor."""
        number = len(self.workers)
        self.workers.append(
            _start(
                "org.apache.spark.deploy.worker.Worker",
                *("--host", "127.0.0.1", "--webui-port", "0", "--cores", "1", "--memory", "1g"),
                *("--work-dir", str(self.folder / f"work-{number}"), self.master),
                log=self.folder / f"worker-{number}.log",
            )
        )

    def kill_first_worker(self) -> None:
        """End the oldest worker with all that it runs, as a power cut would."""
        _kill(self.workers.pop(0))


@contextmanager
def start_cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """A master and so many workers while the block runs. Skips without pyspark, Java or the signals that end it."""
    if os.name != "posix":
        pytest.skip("the cluster of the tests is ended by signals that this system lacks")
    if not find_pyspark():
        pytest.skip("pyspark is not installed: make spark")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("no Java on this machine: Apache Spark needs 17 or 21")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in build_environment().items():
            patch.setenv(name, value)
        if workers == 1:
            (folder / "spark-defaults.conf").write_text(TRIED_ONCE, encoding="utf-8")
            patch.setenv("SPARK_CONF_DIR", str(folder))
        yield from _run_cluster(folder, workers)


def _run_cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    port = _find_free_port()
    log = folder / "master.log"
    options = ("--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
    master = _start("org.apache.spark.deploy.master.Master", *options, log=log)
    cluster = Cluster(f"spark://127.0.0.1:{port}", folder)
    try:
        _wait_for_port(port, master, log)
        for _ in range(workers):
            cluster.start_worker()
        yield cluster
    finally:
        _end_session()
        for process in (*cluster.workers, master):
            _kill(process)


def _end_session() -> None:
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is not None:
        session.stop()


def find_pyspark() -> bool:
    """Whether pyspark can be imported here; where `make spark` put it, it can from now on."""
    if (PACKAGES / "pyspark").is_dir() and str(PACKAGES) not in sys.path:
        sys.path.append(str(PACKAGES))
    return importlib.util.find_spec("pyspark") is not None


def build_environment() -> dict[str, str]:
    """What the driver and the workers are told: this checkout, this Python, and nothing but this machine."""
    import pyspark

    return {
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JDK_JAVA_OPTIONS": SHORT_LIVED,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, PACKAGES))),
    }


def _start(name: str, *options: str, log: Path) -> subprocess.Popen[bytes]:
    """A part of Spark in a group of processes of its own; the pip package has no scripts that start one."""
    command = [Path(os.environ["SPARK_HOME"]) / "bin" / "spark-class", name, *options]
    with log.open("wb") as said:
        return subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here and all of its group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(LONGEST_SECONDS)


def _find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + LONGEST_SECONDS
    while True:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        said = log.read_text(encoding="utf-8", errors="replace")
        assert process.poll() is None, f"the master of Spark ended: {said}"
        assert time.monotonic() < until, f"the master of Spark does not answer: {said}"
        time.sleep(0.1)
