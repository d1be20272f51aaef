"""Many coordinators at the worklist at once: how long its pages take, and whether a decision that was kept is lost.

`python tests/benchmarks/worklist_load.py --workspace WORKSPACE --weekly 2026-11-16` copies the workspace, serves the
copy by its own process, and lets fifty coordinators work for three minutes: each opens a list, a person, a form, and
keeps a decision, with a pause between two pages. In the middle the list of `--weekly` is published. `--postgresql`
keeps the worklist in a PostgreSQL server of this run. Server and coordinators share the processors.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote

import requests

from riskstrat.workspace import Workspace, load
from tests.suite import postgres
from tests.suite.pages import read_form

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "RISKSTRAT_LOAD_DATABASE"
AS_A_SITE_RUNS_IT = {"fsync": "on", "shared_buffers": "128MB", "max_connections": "100"}
LONGEST_WAIT = 180
CASE = re.compile(r'href="/cases/([A-Z]{3}-[0-9A-Z]+-[0-9A-Z])"')
REFUSED = {409: "changed meanwhile, shown both", 400: "asked about an entry"}


@dataclass
class Seen:
    """What all coordinators met: milliseconds by page, answers that nobody should see, refusals, decisions kept."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    kept: set[str] = field(default_factory=set)


class Coordinator:
    """One signed-in person with a pause between two pages."""

    def __init__(self, number: int, address: str, password: str, seen: Seen, pause: float) -> None:
        self.name, self.address, self.password = f"load-{number}", address, password
        self.seen, self.pause, self.chance = seen, pause, random.Random(number)
        self.session = requests.Session()

    def sign_in(self) -> None:
        form = read_form(self.fetch("sign-in form", "GET", "sign-in"))
        self.fetch("sign in", "POST", "sign-in", form | {"username": self.name, "password": self.password})

    def work(self, teams: list[str], until: float) -> None:
        """Decide one case after another until a time on the monotonic clock."""
        for entry in itertools.count():
            if time.monotonic() > until:
                return
            team = self.chance.choice(teams)
            listed = sorted(set(CASE.findall(self.fetch("list", "GET", f"teams/{team}/list").text)))
            if listed:
                case = self.chance.choice(listed)
                self.fetch("person", "GET", f"cases/{case}")
                self.decide(case, f"{self.name}, entry {entry}")

    def decide(self, case: str, words: str) -> None:
        page = self.fetch("decision form", "GET", f"cases/{case}/decision")
        entered = {"checked": "yes", "outcome-1": "monitor", "agree": "yes", "note": words, "decided-by": "AB"}
        reason = {"reason": "Talked about again"} if 'name="reason"' in page.text else {}
        sent = self.fetch("keep decision", "POST", f"cases/{case}/decision", read_form(page) | entered | reason)
        if sent.status_code == 302:
            self.seen.kept.add(words)

    def fetch(self, page: str, method: str, path: str, form: Mapping[str, str] | None = None) -> requests.Response:
        """One page, timed; redirections are not followed. Anything that no coordinator should see is an error."""
        time.sleep(self.chance.uniform(0.5, 1.5) * self.pause)
        address, begun = self.address + path, time.perf_counter()
        headers = {"Referer": address}
        response = self.session.request(
            method, address, data=form, headers=headers, allow_redirects=False, timeout=LONGEST_WAIT
        )
        self.seen.times[page].append(1000 * (time.perf_counter() - begun))
        if response.status_code in REFUSED and method == "POST":
            self.seen.refused[REFUSED[response.status_code]] += 1
        elif response.status_code not in (200, 302):
            self.seen.errors[f"{page}: {response.status_code}"] += 1
        return response


def main() -> None:
    """Serve, work, publish, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--weekly", type=date.fromisoformat, required=True, help="index date published in the middle")
    parser.add_argument("--coordinators", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--pause", type=float, default=3.0, help="mean seconds between two pages of one person")
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_database(options.postgresql) as database:
        root = Path(folder, "site")
        shutil.copytree(options.workspace, root, ignore=shutil.ignore_patterns("demo"))
        workspace = set_up(root, database)
        passwords = make_coordinators(workspace, options.coordinators)
        with serve(root) as served:
            seen, published = run(workspace, served.address, passwords, options)
        print_found(seen, published, find_notes())
        each = served.seconds / sum(map(len, seen.times.values()))
        print(f"the server: {1000 * each:.0f} ms of processor for each request, with its start")


@contextmanager
def open_database(postgresql: bool) -> Iterator[str]:
    """What `worklist.database` says for this run."""
    if not postgresql:
        yield "sqlite"
        return
    with postgres.start_server(postgres.SETTINGS | AS_A_SITE_RUNS_IT) as server:
        place = quote(str(server.folder), safe="")
        os.environ[VARIABLE] = f"postgresql://{postgres.OWNER}:{postgres.PASSWORD}@/postgres?host={place}"
        try:
            yield f"${VARIABLE}"
        finally:
            from django.db import connections

            # The server waits for whoever is still connected.
            connections.close_all()


def set_up(root: Path, database: str) -> Workspace:
    """The copy with its worklist's database as asked, served to this machine alone."""
    from riskstrat.worklist.starting import start

    settings = root / "riskstrat.toml"
    text = re.sub(r"(?ms)^\[worklist\]$.*?(?=^\[)", "", settings.read_text(encoding="utf-8"))
    asked = f'[worklist]\nhttps = false\ndatabase = "{database}"\n\n'
    settings.write_text(text.replace("[lists]\n", f"{asked}[lists]\n", 1), encoding="utf-8")
    workspace = load(root)
    start(workspace, demo=True)
    return workspace


def make_coordinators(workspace: Workspace, many: int) -> list[str]:
    """Their passwords by number; each works with every team."""
    from riskstrat.worklist.models import User
    from riskstrat.worklist.roles import Role
    from riskstrat.worklist.starting import make_account

    teams = [team.code for team in workspace.settings.teams]
    made = [make_account(f"load-{number}", Role.COORDINATOR, teams) for number in range(many)]
    User.objects.update(must_change_password=False)
    return [each.password for each in made]


@dataclass
class ServerRun:
    """A server: where it is, and once it has ended the seconds of processor that it took."""

    address: str
    seconds: float = 0.0


@contextmanager
def serve(root: Path) -> Iterator[ServerRun]:
    """The worklist, served by a process of its own while the block runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = (sys.executable, "-m", "riskstrat", "worklist", "serve", "--local", "--port", str(port), "-w", str(root))
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + LONGEST_WAIT
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if running.poll() is not None or time.monotonic() > until:
                    raise SystemExit("the worklist did not start") from None
                time.sleep(0.2)
        served = ServerRun(f"http://127.0.0.1:{port}/")
        yield served
    finally:
        running.terminate()
        _, _, used = os.wait4(running.pid, 0)
        running.returncode = 0
    served.seconds = used.ru_utime + used.ru_stime


def run(workspace: Workspace, address: str, passwords: list[str], options: Any) -> tuple[Seen, str]:
    """What the coordinators met, and how the publication in the middle ended."""
    seen = Seen()
    people = [Coordinator(number, address, word, seen, options.pause) for number, word in enumerate(passwords)]
    for person in people:
        person.sign_in()
    until = time.monotonic() + options.seconds
    teams = [team.code for team in workspace.settings.teams]
    threads = [threading.Thread(target=work_safely, args=(person, teams, until)) for person in people]
    for thread in threads:
        thread.start()
    time.sleep(options.seconds / 3)
    published = publish_weekly(workspace.root, options.weekly)
    for thread in threads:
        thread.join()
    return seen, published


def work_safely(person: Coordinator, teams: list[str], until: float) -> None:
    try:
        person.work(teams, until)
    except requests.RequestException as fault:
        person.seen.errors[type(fault).__name__] += 1


def publish_weekly(root: Path, index_date: date) -> str:
    begun = time.monotonic()
    command = (sys.executable, "-m", "riskstrat", "weekly", "--index-date", index_date.isoformat(), "-w", str(root))
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return f"exit code {ended.returncode} after {time.monotonic() - begun:.0f} s"


def find_notes() -> set[str]:
    """The words of every decision in the database."""
    from riskstrat.worklist.models import Decision

    return set(Decision.objects.values_list("note", flat=True))


def print_found(seen: Seen, published: str, notes: set[str]) -> None:
    print(f"{'page':<16}{'requests':>9}{'p50 ms':>9}{'p95 ms':>9}{'longest':>9}")
    for page, times in sorted(seen.times.items()):
        cut = quantiles(times, n=100) if len(times) > 1 else times * 99
        print(f"{page:<16}{len(times):>9}{cut[49]:>9.0f}{cut[94]:>9.0f}{max(times):>9.0f}")
    print(f"weekly in the middle: {published}")
    print(f"decisions kept {len(seen.kept)}, of them not in the database {len(seen.kept - notes)}")
    print(f"refused: {dict(seen.refused) or 'none'}")
    print(f"errors: {dict(seen.errors) or 'none'}")


if __name__ == "__main__":
    main()
