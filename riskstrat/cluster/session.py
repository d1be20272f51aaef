"""The session with a cluster: one for this process, opened when something is first asked of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskstrat.errors import ClusterError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REACH_SECONDS = 10.0
WORKER_SECONDS = 60.0
"""How long a master may take to answer, and a first worker to come."""

_JAVA = "install Java 17 or 21, or set JAVA_HOME to its folder"

LOG_SETTINGS = Path(__file__).with_name("log4j2.properties").resolve()

_SETTINGS = {
    "spark.app.name": "riskstrat",
    # A part has its own task: Spark would join parts that look small, and they do, as index dates alone.
    "spark.sql.adaptive.enabled": "false",
    # Python workers stay, with the compiled kernel and the definitions that they have read.
    "spark.python.worker.reuse": "true",
    # What is fetched was asked for; Spark's own bound would refuse the matrix of a large cohort.
    "spark.driver.maxResultSize": "0",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.defaultJavaOptions": f"-Dlog4j2.configurationFile={LOG_SETTINGS.as_uri()}",
}


def open_session(master: str) -> SparkSession:
    """The session of this process with the cluster at `master`; what it needs beyond that is Spark's own settings.

    Raises ClusterError where pyspark or Java is not installed, nothing answers there, or no worker comes.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise ClusterError(
            'engine.kind is "spark", and pyspark is not installed: pip install "riskstrat[spark]", or set engine.kind '
            'to "embedded"'
        ) from None
    require_java()
    _require_answer(master)
    # A worker has the same Python at the same path, unless the site names another.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master)
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    try:
        with _keep_interrupts():
            session = builder.getOrCreate()
    except PySparkException:
        raise ClusterError(f"Apache Spark does not start; {_JAVA}") from None
    except Exception as fault:
        raise ClusterError(f"Apache Spark at {master} refuses ({type(fault).__name__}); see the master's log") from None
    _wait_for_worker(session, master)
    return session


@contextmanager
def _keep_interrupts() -> Iterator[None]:
    """Ctrl+C afterwards does what it did before: Spark takes it for itself, and fails at it once a session is over."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    # Elsewhere Python, and so Spark, leaves the handler as it is.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)


def require_java() -> None:
    """Raises ClusterError where Spark would find no Java; its own start script says that in several lines."""
    home = os.environ.get("JAVA_HOME")
    if shutil.which(str(Path(home) / "bin" / "java") if home else "java") is None:
        raise ClusterError(f"no Java was found{' where JAVA_HOME leads' if home else ''}; {_JAVA}")


def _require_answer(master: str) -> None:
    """Raises ClusterError unless something answers at one of the addresses of a standalone master."""
    if not master.startswith("spark://"):
        return
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":")
        with suppress(OSError, ValueError), socket.create_connection((host, int(port)), REACH_SECONDS):
            return
    raise ClusterError(f"no Apache Spark answers at {master}; start its master, or correct engine.master")


def _wait_for_worker(session: SparkSession, master: str) -> None:
    """Raises ClusterError if a standalone master gives no worker; Spark itself would wait for ever, and say nothing."""
    if not master.startswith("spark://"):
        return
    tracker: Any = session.sparkContext._jsc.sc().statusTracker()
    until = time.monotonic() + WORKER_SECONDS
    # The driver counts as one.
    while len(tracker.getExecutorInfos()) < 2:
        if time.monotonic() > until:
            session.stop()
            raise ClusterError(
                f"{master} has no free worker with the memory that was asked for; start one, wait for other runs, or "
                "ask for less in spark-defaults.conf"
            )
        time.sleep(0.1)
