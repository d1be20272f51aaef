"""Work on the parts of a table by the workers of a cluster, and the table that they made, which stays with them."""

from __future__ import annotations

import re
import threading
import uuid
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from riskstrat import errors
from riskstrat.errors import ClusterError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Work = Callable[[pa.Table], pa.Table]
"""What a worker does with the rows of one part. It is sent by pickle, as is all that it holds."""

PART = "part"
"""The column that says which part a row belongs to."""

POLL_SECONDS = 0.5
LONGEST_REASON = 300


@dataclass(frozen=True)
class SpreadTable:
    """What workers made, part by part, in no order. It stays in their memory or on their disks as long as this is held.

    A part whose worker is lost is made again by another.
    """

    _rows: DataFrame = field(repr=False)
    _parts: int

    def fetch(self, columns: Sequence[str], done: Callable[[float], None]) -> pa.Table:
        """Some of its columns, of all rows, on this machine. `done` is told the share of parts that are finished.

        columns: Spark's expressions, such as the name of one. Raises ClusterError where the cluster gives up.
        """
        session = self._rows.sparkSession
        with _word_failures(), _watch_tasks(session, self._parts, done):
            return self._rows.selectExpr(*columns).toArrow()


def spread_work(session: SparkSession, rows: pa.Table, parts: int, work: Work, gives: pa.Schema) -> SpreadTable:
    """The table of what `work` gives for each part, made when it is first fetched; `gives` is its schema.

    rows: with a column `part`, from 0 to `parts` - 1; the rows of a part come to `work` together, in no order.
    """
    from pyspark import StorageLevel
    from pyspark.sql.pandas.types import from_arrow_schema

    def compute_part(part: pa.Table) -> pa.Table:
        return work(part)

    spread = session.createDataFrame(rows).repartition(parts, PART).groupBy(PART)
    made = spread.applyInArrow(compute_part, from_arrow_schema(gives)).persist(StorageLevel.MEMORY_AND_DISK)
    table = SpreadTable(made, parts)
    # At the end of the process the cluster frees it by itself.
    weakref.finalize(table, _drop_rows, made).atexit = False
    return table


def _drop_rows(rows: DataFrame) -> None:
    """Free what workers keep of a table, if there is still a cluster that it is on."""
    if rows.sparkSession.sparkContext._jsc is not None:
        rows.unpersist()


@contextmanager
def _word_failures() -> Iterator[None]:
    """What Spark raises, as one line: our own words from a worker where there are any, else the kind of fault."""
    try:
        yield
    except Exception as fault:
        raise word_failure(str(fault)) from None


def word_failure(said: str) -> errors.RiskstratError:
    """The error that a failure of Spark means; none of its words but our own is passed on, for they may hold values."""
    own = re.search(r"^riskstrat\.errors\.(\w+): (.+)$", said, re.MULTILINE)
    if own and issubclass(getattr(errors, own[1], object), errors.RiskstratError):
        kind: type[errors.RiskstratError] = getattr(errors, own[1])
        return kind(own[2])
    python = re.findall(r"^(?:\w+\.)*(\w+(?:Error|Exception)): ", said, re.MULTILINE)
    reason = f"{python[-1]} on a worker" if python else "no worker finished its part"
    return ClusterError(
        f"Apache Spark gave up ({reason}); see the logs of its workers. Each needs riskstrat, and the workspace and "
        "its data at the same path"
    )


@contextmanager
def _watch_tasks(session: SparkSession, parts: int, done: Callable[[float], None]) -> Iterator[None]:
    """While the block runs, `done` is told how many of the parts are finished."""
    tracker, group = session.sparkContext.statusTracker(), f"riskstrat-{uuid.uuid4().hex}"
    session.sparkContext.setJobGroup(group, "riskstrat", interruptOnCancel=True)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(POLL_SECONDS):
            finished = _count_finished(tracker, group)
            done(min(finished / parts, 1.0))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
    done(1.0)


def _count_finished(tracker: Any, group: str) -> int:
    """Tasks of the last stage that are finished: one for each part."""
    jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group)]
    stages = [tracker.getStageInfo(stage) for job in jobs if job for stage in job.stageIds]
    return max((stage.numCompletedTasks for stage in stages if stage), default=0)
