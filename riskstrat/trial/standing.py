"""Where a workspace stands with its silent trials: what was fixed, what was sealed, opened and closed, by its log.

The audit log decides. The protocol beside it must be the one that the log names, so that nothing about a trial can be
changed, and none begun again, in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from riskstrat import audit
from riskstrat.definitions.declared import read
from riskstrat.definitions.trial import TrialLimits
from riskstrat.errors import PublicationError
from riskstrat.storage import compute_digest, format_json, list_files, parse_json

FOLDER, PROTOCOL = "trial", "protocol.json"
_ACTIONS = (audit.TRIAL_STARTED, audit.SEALED, audit.TRIAL_UNSEALED, audit.TRIAL_CLOSED)


@dataclass(frozen=True)
class Protocol:
    """What is fixed at the start. public_key: as 64 hexadecimal digits. again: why a trial is begun after another."""

    number: int
    first_list: date
    weeks: int
    recipe: str
    version: int
    public_key: str
    limits: TrialLimits
    again: str = ""

    @property
    def list_dates(self) -> tuple[date, ...]:
        """One a week."""
        return tuple(self.first_list + timedelta(weeks=week) for week in range(self.weeks))

    @property
    def ends(self) -> date:
        """The last day on which an outcome counts."""
        return self.first_list + timedelta(weeks=self.weeks)

    def dump(self) -> bytes:
        """The protocol as it stands in its file."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return format_json(facts | {"limits": self.limits.model_dump(mode="json")}, indent=1).encode("utf-8")


@dataclass(frozen=True)
class SilentTrial:
    """The newest trial of a workspace. sealed: by list date the sha256 of the sealed file. unsealed: each reason."""

    folder: Path
    protocol: Protocol
    sealed: Mapping[date, str]
    unsealed: tuple[str, ...]
    closed: bool

    def locate_list(self, day: date) -> Path:
        """Where the sealed list of a date stands."""
        return self.folder / f"{day.isoformat()}.sealed"

    def describe_context(self, day: date) -> str:
        """What the seal of a list is bound to."""
        return f"trial {self.protocol.number}, list of {day.isoformat()}"


def find_trial(root: Path) -> SilentTrial | None:
    """The newest trial that the log speaks of; None without one.

    Raises PublicationError where its protocol is not the one that was logged.
    """
    lines = _read_lines(root)
    numbers = _list_numbers(lines)
    return _read_trial(root, numbers[-1], lines) if numbers else None


def find_closed_lists(root: Path) -> Iterator[tuple[date, Path]]:
    """The date and the file of every list of a closed trial that is sealed still. Raises as find_trial does."""
    lines = _read_lines(root)
    for trial in (_read_trial(root, number, lines) for number in _list_numbers(lines)):
        if trial.closed:
            yield from ((day, path) for day in sorted(trial.sealed) if (path := trial.locate_list(day)).is_file())


def _read_lines(root: Path) -> list[audit.Line]:
    return [line for line in audit.read(root) if line.action in _ACTIONS]


def _list_numbers(lines: Sequence[audit.Line]) -> list[int]:
    return [int(line.details["trial"]) for line in lines if line.action == audit.TRIAL_STARTED]


def _read_trial(root: Path, number: int, lines: Sequence[audit.Line]) -> SilentTrial:
    own = [line for line in lines if line.details.get("trial") == number]
    started = next(line for line in own if line.action == audit.TRIAL_STARTED)
    protocol = _read_protocol(root, number, str(started.details["protocol"]))
    return SilentTrial(
        folder=locate_folder(root, number),
        protocol=protocol,
        sealed={
            date.fromisoformat(line.details["week"]): str(line.details["sealed"])
            for line in own
            if line.action == audit.SEALED
        },
        unsealed=tuple(
            str(line.details["reason"]) for line in own if line.action == audit.TRIAL_UNSEALED and line.details["early"]
        ),
        closed=any(line.action == audit.TRIAL_CLOSED for line in own),
    )


def find_running_trial(root: Path) -> SilentTrial | None:
    """The trial whose lists are sealed now; None where there is none, or it is closed."""
    trial = find_trial(root)
    return None if trial is None or trial.closed else trial


def require_readable(root: Path, day: date | None) -> None:
    """Raises PublicationError where a trial keeps what is scored on a day from being read. day: None for any."""
    trial = find_running_trial(root)
    if trial is not None and (day is None or day >= trial.protocol.first_list):
        raise PublicationError(
            f"a silent trial runs: nothing scored from {trial.protocol.first_list} on may be read before it is closed "
            "(riskstrat trial close); in an emergency, riskstrat trial unseal"
        )


def require_same_limits(trial: SilentTrial, limits: TrialLimits) -> None:
    """Raises PublicationError where the limits of the site are no longer those that the trial began with."""
    fixed, now = trial.protocol.limits.model_dump(mode="json"), limits.model_dump(mode="json")
    changed = [name for name in fixed if fixed[name] != now[name]]
    if changed:
        raise PublicationError(
            f"registry/trial.toml was changed after trial {trial.protocol.number} began ({', '.join(changed)}); put "
            "back what was fixed: riskstrat trial status prints it"
        )


def locate_folder(root: Path, number: int) -> Path:
    """The folder of a trial."""
    return root / FOLDER / str(number)


def find_trial_files(root: Path) -> Iterator[Path]:
    """Every file of all trials."""
    yield from list_files(root / FOLDER)


def log_trial(
    root: Path, action: str, details: Mapping[str, object], leaves: Mapping[Path, bytes]
) -> AbstractContextManager[None]:
    """Log a step of a trial around the writing of its files, given with their contents."""
    named = [
        [path.resolve().relative_to(root.resolve()).as_posix(), compute_digest(content)]
        for path, content in leaves.items()
    ]
    return audit.log_deed(root, audit.Deed(action, details, named))


def _read_protocol(root: Path, number: int, digest: str) -> Protocol:
    path = locate_folder(root, number) / PROTOCOL
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if compute_digest(content) != digest:
        raise PublicationError(
            f"{FOLDER}/{number}/{PROTOCOL} is not what trial {number} began with, as the audit log has it; restore it "
            "from a backup"
        )
    facts = parse_json(content)
    limits = read(TrialLimits, facts.pop("limits"), PROTOCOL, PublicationError)
    return Protocol(**facts | {"first_list": date.fromisoformat(facts["first_list"]), "limits": limits})
