"""What stands between riskstrat and a cluster, without one: settings, refusals, and how failures are worded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from riskstrat.cluster import open_session
from riskstrat.cluster.session import require_java
from riskstrat.cluster.spread_table import word_failure
from riskstrat.definitions.settings import EngineSettings
from riskstrat.errors import ClusterError, ModelError, SourceError


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "spark"}, 'needs master = "spark://HOST:7077"'),
        ({"master": "spark://here:7077"}, 'master is for kind = "spark"'),
        ({"kind": "polars"}, "embedded"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        EngineSettings.model_validate(given)


def test_without_pyspark_the_refusal_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(ClusterError, match=r'pyspark is not installed: pip install "riskstrat\[spark\]"'):
        open_session("spark://127.0.0.1:7077")


def test_where_java_is_looked_for_and_not_found_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ClusterError, match="no Java was found where JAVA_HOME leads; install Java 17 or 21"):
        require_java()
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="no Java was found; install Java 17 or 21"):
        require_java()


def test_a_failure_on_a_worker_is_one_line_without_a_value() -> None:
    trace = "Job aborted: Traceback:\n  File \"x.py\", line 1\nKeyError: 'NHS 943 476 5919'\n\nDriver stacktrace:"
    failure = word_failure(trace)
    assert str(failure).startswith("Apache Spark gave up (KeyError on a worker); see the logs of its workers.")
    assert "943" not in str(failure)
    assert "no worker finished its part" in str(word_failure("Job aborted due to stage failure"))


def test_what_riskstrat_itself_says_on_a_worker_is_said_here_with_its_exit_code() -> None:
    own = word_failure("Traceback:\nriskstrat.errors.ModelError: the matrix lacks age; land it\n\nDriver stacktrace:")
    assert isinstance(own, ModelError)
    assert str(own) == "the matrix lacks age; land it"
    assert isinstance(word_failure("riskstrat.errors.SourceError: gone"), SourceError)
    assert isinstance(word_failure("riskstrat.errors.Strange: gone"), ClusterError)
