"""The example files for schedulers: each is well formed, and the command line takes every command in them."""

from __future__ import annotations

import configparser
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path, PureWindowsPath
from types import ModuleType
from typing import Any, ClassVar
from xml.etree.ElementTree import Element

import pytest
import remake
from defusedxml import ElementTree

from riskstrat.errors import NothingToDoError

FILES = Path(__file__).resolve().parents[2] / "docs" / "scheduling"
VERBS = remake.verbs()
UNITS = sorted(FILES.glob("*.service"))
TIMERS = sorted(FILES.glob("*.timer"))
NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
FIELDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}

# The sequences of Microsoft's Task Scheduler schema; other elements may stand in any order.
TRIGGER = ["Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit", "RandomDelay"]
SCHEDULES = ["ScheduleByDay", "ScheduleByWeek"]
ALLOWED = {
    "Task": ["RegistrationInfo", "Triggers", "Principals", "Settings", "Data", "Actions"],
    "CalendarTrigger": [*TRIGGER, *SCHEDULES],
    "Exec": ["Command", "Arguments", "WorkingDirectory"],
    "Repetition": ["Interval", "Duration", "StopAtDurationEnd"],
}


def parse_command(words: list[str]) -> str:
    """The verb of a command, which is parsed as the command line would; raises for what it would not take."""
    verb, rest = words[1], words[2:]
    assert PureWindowsPath(words[0]).stem == "riskstrat", words
    VERBS[verb].make_context(verb, rest)
    return verb


def read_crontab() -> list[tuple[list[str], str]]:
    """Fields and command of each line that is a job."""
    lines = (FILES / "crontab").read_text("utf-8").splitlines()
    jobs = [line for line in lines if line and not re.match(r"#|[A-Z]+=", line)]
    return [(line.split(None, 5)[:5], line.split(None, 5)[5]) for line in jobs]


def check_field(field: str, low: int, high: int) -> None:
    found = re.fullmatch(r"\*|(\d+)(?:-(\d+))?", field)
    assert found, field
    numbers = [int(number) for number in found.groups() if number]
    assert numbers == sorted(numbers)
    assert all(low <= number <= high for number in numbers), field


def list_commands(line: str) -> Iterator[list[str]]:
    """The commands of ours in a line of a shell, without where their output goes."""
    parts = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    parts.whitespace_split = True
    words: list[str] = []
    for word in [*parts, ";"]:
        if words and set(word) <= set("|&;<>()"):
            yield words[:-1] if words[-1] == "2" else words
            words = []
        elif words or word == "riskstrat":
            words.append(word)


def test_the_crontab_is_one_that_cron_reads_and_its_commands_parse() -> None:
    jobs = read_crontab()
    for fields, command in jobs:
        for field, (low, high) in zip(fields, FIELDS.values(), strict=True):
            check_field(field, low, high)
        # A bare % would end the command.
        assert not re.search(r"(?<!\\)%", command)
    verbs = [parse_command(words) for _, command in jobs for words in list_commands(command)]
    assert verbs == ["refresh", "ingest", "refresh", "weekly", "status", "backup"]


def test_the_crontab_passes_over_nothing_to_do(tmp_path: Path) -> None:
    (line,) = [command for _, command in read_crontab() if "weekly" in command]
    shell = shutil.which("sh")
    if shell is None:
        pytest.skip("no shell is installed")
    for code, said in ((0, ""), (NothingToDoError.exit_code, ""), (5, "refused\n")):
        stand_in = tmp_path / "riskstrat"
        stand_in.write_text(f"#!{shell}\necho refused >&2\nexit {code}\n")
        stand_in.chmod(0o755)
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "WORKSPACE": "borough"}
        done = subprocess.run([shell, "-c", line], env=environment, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == (said, ""), code


def read_unit(path: Path) -> dict[str, list[tuple[str, str]]]:
    """The settings of a unit by section; a name may stand several times."""
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
    lines = enumerate(path.read_text("utf-8").splitlines())
    parser.read_string("\n".join(re.sub(r"^ExecStart=", f"ExecStart.{number}=", line) for number, line in lines))
    return {name: [(key.partition(".")[0], value) for key, value in parser.items(name)] for name in parser.sections()}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_each_unit_has_its_timer_and_runs_commands_that_parse(path: Path) -> None:
    service = read_unit(path)["Service"]
    commands = [value for key, value in service if key == "execstart"]
    verbs = [parse_command(shlex.split(command)) for command in commands]
    assert verbs[0] == path.stem.removeprefix("riskstrat-")
    fine = [value for key, value in service if key == "successexitstatus"]
    assert fine == ([str(NothingToDoError.exit_code)] if "weekly" in verbs else [])
    assert path.with_suffix(".timer") in TIMERS


def test_every_timer_has_a_unit_and_a_calendar() -> None:
    assert [path.stem for path in TIMERS] == [path.stem for path in UNITS]
    for path in TIMERS:
        assert [key for key, _ in read_unit(path)["Timer"]] == ["oncalendar", "persistent"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_units_and_their_calendars(tmp_path: Path) -> None:
    for path in (*UNITS, *TIMERS):
        # Only the program is another: the one of the example is not installed here.
        text = re.sub(r"^(ExecStart=)\S+", rf"\g<1>{sys.executable}", path.read_text("utf-8"), flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text.replace("User=riskstrat\n", ""))
    made = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(["systemd-analyze", "verify", *made], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "riskstrat" in line] == []
    for path in TIMERS:
        (when,) = [value for key, value in read_unit(path)["Timer"] if key == "oncalendar"]
        subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, check=True)


def list_elements(element: Element) -> Iterator[tuple[str, list[str]]]:
    """Each element with the names of those in it."""
    yield element.tag.removeprefix(NAMESPACE), [child.tag.removeprefix(NAMESPACE) for child in element]
    for child in element:
        yield from list_elements(child)


@pytest.mark.parametrize("path", sorted(FILES.glob("*.xml")), ids=lambda path: path.stem)
def test_each_task_follows_the_schema_and_runs_a_command_that_parses(path: Path) -> None:
    task = ElementTree.parse(path).getroot()
    assert task.tag == f"{NAMESPACE}Task"
    for name, children in list_elements(task):
        allowed = ALLOWED.get(name)
        assert allowed is None or children == [one for one in allowed if one in children], name
    trigger = task.find(f".//{NAMESPACE}CalendarTrigger")
    assert trigger is not None
    assert len([child for child in trigger if child.tag.removeprefix(NAMESPACE) in SCHEDULES]) == 1
    words = [str(task.findtext(f".//{NAMESPACE}{name}")) for name in ("Command", "Arguments")]
    verb = parse_command([words[0], *shlex.split(words[1], posix=False)])
    assert verb == path.stem.removeprefix("riskstrat-")
    principal = task.find(f".//{NAMESPACE}Principal")
    actions = task.find(f"{NAMESPACE}Actions")
    assert principal is not None
    assert actions is not None
    assert principal.get("id") == actions.get("Context")


class StandInDag:
    """What the example asks of a DAG."""

    made: ClassVar[list[StandInDag]] = []

    def __init__(self, name: str, *, schedule: str, start_date: datetime, **more: Any) -> None:
        self.name, self.schedule, self.more, self.tasks = name, schedule, more, []  # type: ignore[var-annotated]
        assert start_date.tzinfo is None
        StandInDag.made.append(self)

    def __enter__(self) -> StandInDag:
        return self

    def __exit__(self, *_: object) -> None:
        assert len({task.task_id for task in self.tasks}) == len(self.tasks)


class StandInOperator:
    """What the example asks of a BashOperator."""

    def __init__(
        self, *, task_id: str, bash_command: str, skip_on_exit_code: int = 99, retries: int | None = None
    ) -> None:
        self.task_id, self.command, self.skips, self.after = task_id, bash_command, skip_on_exit_code, []  # type: ignore[var-annotated]
        StandInDag.made[-1].tasks.append(self)

    def __rshift__(self, other: StandInOperator) -> StandInOperator:
        other.after.append(self.task_id)
        return other


def test_the_dags_run_our_commands_in_order_and_skip_where_there_is_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(StandInDag, "made", [])
    sdk, bash = ModuleType("airflow.sdk"), ModuleType("airflow.providers.standard.operators.bash")
    sdk.DAG, bash.BashOperator = StandInDag, StandInOperator  # type: ignore[attr-defined]
    names = ["airflow", "airflow.providers", "airflow.providers.standard", "airflow.providers.standard.operators"]
    for module in (*map(ModuleType, names), sdk, bash):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    runpy.run_path(str(FILES / "riskstrat_dag.py"))
    daily, monday = StandInDag.made
    for dag in (daily, monday):
        for field, (low, high) in zip(dag.schedule.split(), FIELDS.values(), strict=True):
            check_field(field, low, high)
        assert dag.more["default_args"]["execution_timeout"] > timedelta(0)
    assert [parse_command(shlex.split(task.command)) for task in daily.tasks] == ["refresh", "status"]
    assert [parse_command(shlex.split(task.command)) for task in monday.tasks] == ["ingest", "refresh", "weekly"]
    assert [(task.task_id, task.after) for task in monday.tasks] == [
        ("ingest", []),
        ("refresh", ["ingest"]),
        ("weekly", ["refresh"]),
    ]
    assert [task.skips for task in monday.tasks] == [99, 99, NothingToDoError.exit_code]
