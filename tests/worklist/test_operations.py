"""Running the server: the check before it opens, its backup, its log in the audit log, and a server that is killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from riskstrat import audit
from riskstrat.errors import AuditError, StorageError, WorkspaceError
from riskstrat.verbs.review_store import open_review_store
from riskstrat.worklist.folder import MARK, SECRET, SQLITE
from riskstrat.workspace import Workspace, load
from tests.suite.hand_made import THREE_FEATURES


def spoil(root: Path, old: str, new: str) -> None:
    text = (root / "riskstrat.toml").read_text(encoding="utf-8")
    assert old in text
    (root / "riskstrat.toml").write_text(text.replace(old, new), encoding="utf-8")


# ---- worklist check ----


def test_a_site_that_is_ready_passes_the_check_and_so_djangos_own(copied, verb) -> None:
    done = verb("worklist", "check", "--json", cwd=copied)
    assert (done.returncode, json.loads(done.stdout)["faults"]) == (0, [])


def test_in_a_process_of_its_own_the_check_says_what_is_missing(command, tmp_path: Path) -> None:
    root = Path(shutil.copytree(THREE_FEATURES, tmp_path / "site"))
    done = command("worklist", "check", "-w", root)
    assert (done.returncode, "never started" in done.stderr) == (3, True), done.stderr


def open_to_others(root: Path) -> None:
    (root / "worklist").chmod(0o755)


def shorten_secret(root: Path) -> None:
    (root / "worklist" / SECRET).write_text("django-insecure", encoding="ascii")


def repeat_secret(root: Path) -> None:
    (root / "worklist" / SECRET).write_text("a" * 60, encoding="ascii")


def forget_administrator(_: Path) -> None:
    from riskstrat.worklist.models import User

    User.objects.update(is_active=False)


def keep_first_password(_: Path) -> None:
    from riskstrat.worklist.models import User

    User.objects.update(must_change_password=True)


def damage_database(root: Path) -> None:
    from django.db import connections

    connections.close_all()
    for name in (f"{SQLITE}-wal", f"{SQLITE}-shm"):
        (root / "worklist" / name).unlink(missing_ok=True)
    (root / "worklist" / SQLITE).write_bytes(b"not a database" * 100)


def lose_tables(root: Path) -> None:
    damage_database(root)
    (root / "worklist" / SQLITE).write_bytes(b"")


def lose_file(root: Path) -> None:
    damage_database(root)
    (root / "worklist" / SQLITE).unlink()


def lose_migration(_: Path) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'worklist'")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda root: spoil(root, "https = true", "https = false"), "passwords would travel in the clear"),
        (lambda root: spoil(root, '"worklist.example.nhs.uk"', '"localhost"'), "names this machine alone"),
        (
            lambda root: spoil(root, "[worklist]", '[worklist]\ndatabase = "$NOT_SET_HERE"'),
            "set worklist.database back",
        ),
        (shorten_secret, "secret_key is missing or damaged"),
        (repeat_secret, "security.W009"),
        (forget_administrator, "no active account is an administrator's"),
        (keep_first_password, "no administrator has chosen a password"),
        (damage_database, "database cannot be reached"),
        (lose_tables, "database is empty.*riskstrat worklist restore"),
        (lose_file, "database is empty.*riskstrat worklist restore"),
        (lose_migration, r"the database lacks \d+ changes? that"),
        (lambda root: (root / "worklist" / MARK).unlink(), "never started"),
        pytest.param(open_to_others, "chmod 700 worklist", marks=pytest.mark.skipif(os.name == "nt", reason="modes")),
    ],
)
def test_each_fault_is_refused_in_a_line_that_says_what_to_do(copied, verb, fault, said) -> None:
    fault(copied)
    done = verb("worklist", "check", cwd=copied)
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1
    assert re.search(said, done.stderr)


@pytest.mark.parametrize("lose", [lose_tables, lose_file])
def test_a_database_that_was_lost_is_not_made_anew_by_a_start_or_read_by_a_list(copied, verb, lose) -> None:
    """A list that is made without what teams decided holds everybody again whom they decided about."""
    from django.utils import timezone

    from riskstrat.worklist.anchoring import anchor
    from riskstrat.worklist.models import Edit
    from riskstrat.worklist.starting import start

    Edit.objects.create(what="user")
    anchor(copied, timezone.now() + timedelta(days=2))
    assert verb("audit", "verify", cwd=copied).returncode == 0
    lose(copied)
    with pytest.raises(WorkspaceError, match="its database is empty"):
        start(load(copied), demo=True)
    with pytest.raises(WorkspaceError, match="its database is empty"):
        open_review_store(load(copied))
    done = verb("audit", "verify", cwd=copied)
    assert (done.returncode, "its database is empty" in done.stderr) == (AuditError.exit_code, True)


def test_a_debugging_server_is_refused(copied, verb, monkeypatch) -> None:
    from riskstrat.worklist import django_settings, pointing

    def build(workspace: Workspace) -> dict[str, Any]:
        return django_settings.build_django_settings(workspace) | {"DEBUG": True}

    monkeypatch.setattr(pointing, "build_django_settings", build)
    done = verb("worklist", "check", cwd=copied)
    assert (done.returncode, "security.W018" in done.stderr) == (3, True)


# ---- Backup and restore ----


def test_a_backup_brings_back_every_row_with_a_secret_of_its_own(copied, verb, tmp_path) -> None:
    from riskstrat.worklist import point_at
    from riskstrat.worklist.models import User

    User.objects.create_user("kept.one", "Kept", "manager")
    assert verb("worklist", "backup", "--out", str(tmp_path / "b.zip"), cwd=copied).returncode == 0
    User.objects.create_user("later.one", "Later", "manager")
    before = (copied / "worklist" / SECRET).read_text("ascii")
    from django.db import connections

    connections.close_all()
    shutil.rmtree(copied / "worklist")
    done = verb("worklist", "restore", str(tmp_path / "b.zip"), cwd=copied)
    assert done.returncode == 0, done.stderr
    assert (copied / "worklist" / SECRET).read_text("ascii") != before
    point_at(load(copied))
    assert set(User.objects.filter(username__endswith=".one").values_list("username", flat=True)) == {"kept.one"}


def test_a_backup_taken_in_the_middle_of_a_write_has_all_of_it_or_none(copied, tmp_path) -> None:
    from django.db import transaction

    from riskstrat.worklist.backing_up import copy_database
    from riskstrat.worklist.models import User

    path = copied / "worklist" / SQLITE
    with transaction.atomic():
        User.objects.create_user("half.one", "Half", "manager")
        copied_meanwhile = copy_database(path)
    assert (b"half.one" in copied_meanwhile, b"half.one" in copy_database(path)) == (False, True)


def test_nothing_is_written_over_and_a_spoiled_backup_is_refused(copied, verb, tmp_path) -> None:
    backup = tmp_path / "b.zip"
    verb("worklist", "backup", "--out", str(backup), cwd=copied)
    assert verb("worklist", "backup", "--out", str(backup), cwd=copied).returncode == 11
    assert verb("worklist", "restore", str(backup), cwd=copied).returncode == 11
    shutil.move(copied / "worklist", tmp_path / "aside")
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    backup.write_bytes(content)
    assert verb("worklist", "restore", str(backup), cwd=copied).returncode == 11
    assert not (copied / "worklist" / SQLITE).exists()


def test_the_backup_of_something_else_is_refused(copied, verb, tmp_path) -> None:
    from riskstrat.storage.archives import write_archive

    shutil.rmtree(copied / "worklist")
    write_archive({"lists/x": lambda: b""}, {"riskstrat": "1"}, tmp_path / "b.zip")
    done = verb("worklist", "restore", str(tmp_path / "b.zip"), cwd=copied)
    assert (done.returncode, "something else" in done.stderr) == (11, True)


def test_the_backup_of_a_workspace_holds_its_worklist_and_no_secret(copied, verb, tmp_path) -> None:
    import zipfile

    done = verb("backup", "--out", str(tmp_path / "whole.zip"), cwd=copied)
    assert done.returncode == 0, done.stderr
    names = set(zipfile.ZipFile(tmp_path / "whole.zip").namelist())
    assert {f"worklist/{SQLITE}", f"worklist/{MARK}"} <= names
    assert f"worklist/{SECRET}" not in names


@pytest.mark.parametrize("arguments", [("backup", "--out", "b.zip"), ("restore", "b.zip")])
def test_postgresql_is_backed_up_by_its_own_means(copied, verb, arguments) -> None:
    spoil(copied, "[worklist]", '[worklist]\ndatabase = "$WORKLIST"')
    done = verb("worklist", *arguments, cwd=copied)
    assert (done.returncode, "pg_dump" in done.stderr) == (3, True)


# ---- The log in the audit log ----


def look(days_ago: int, reference: str = "KIR-012-Q") -> None:
    from django.utils import timezone

    from riskstrat.worklist.models import Look, User

    user = User.objects.first()
    assert user is not None
    made = Look.objects.create(user=user, role=user.role, reference=reference, page="person")
    Look.objects.filter(pk=made.pk).update(at=timezone.now() - timedelta(days=days_ago))


def test_each_day_that_has_ended_is_anchored_once(copied, verb) -> None:
    from django.utils import timezone

    look(4), look(2), look(0)
    today = timezone.localdate()
    days = [(today - timedelta(days=ago)).isoformat() for ago in (4, 3, 2, 1)]
    assert json.loads(verb("worklist", "anchor", "--json", cwd=copied).stdout)["days"] == days
    assert json.loads(verb("worklist", "anchor", "--json", cwd=copied).stdout)["days"] == []
    lines = [line for line in audit.read(copied) if line.action == audit.ANCHORED]
    assert [(line.details["day"], line.details["lines"]) for line in lines] == list(
        zip(days, (1, 0, 1, 0), strict=True)
    )
    done = verb("audit", "verify", cwd=copied)
    assert done.returncode == 0, done.stderr


def change_line() -> None:
    from riskstrat.worklist.models import Look

    Look.objects.order_by("pk").filter(reference="KIR-012-Q").update(reference="KIR-013-X")


def delete_line() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM worklist_look")


def forge_line() -> None:
    look(2, "KIR-999-Z")


def hide_anchor() -> None:
    from django.db import connection

    change_line()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM worklist_anchor")


@pytest.mark.parametrize("tamper", [change_line, delete_line, forge_line, hide_anchor])
def test_a_day_that_was_changed_afterwards_is_found(copied, verb, tamper) -> None:
    look(2)
    verb("worklist", "anchor", cwd=copied)
    tamper()
    done = verb("audit", "verify", cwd=copied)
    assert (done.returncode, "the worklist's log of" in done.stderr) == (13, True)


def test_a_log_is_proved_without_the_worklist_where_it_cannot_be_read_and_that_is_said(copied, verb) -> None:
    look(2)
    verb("worklist", "anchor", cwd=copied)
    damage_database(copied)
    done = verb("audit", "verify", cwd=copied)
    assert (done.returncode, "the worklist's log" in done.stdout) == (0, True)


def test_killed_between_the_two_writes_the_next_run_anchors_the_day(copied) -> None:
    from riskstrat.worklist import anchoring

    look(1)
    anchoring.anchor(copied)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM worklist_anchor")
    assert len(anchoring.anchor(copied)) == 1
    assert anchoring.find_changed_days(audit.read(copied)) == []


class FewRounds(threading.Event):
    """Lets a thread look for days a number of times before it is told to stop."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.left = rounds

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        return self.left == 0


def test_a_database_that_is_away_for_an_hour_stops_neither_anchors_nor_the_end_of_old_sessions(
    copied, monkeypatch
) -> None:
    from django.contrib.sessions.models import Session
    from django.db import OperationalError
    from django.utils import timezone

    from riskstrat.worklist import anchoring

    look(1)
    over, running = (timezone.now() + timedelta(hours=hours) for hours in (-1, 1))
    for key, ends in (("over", over), ("running", running)):
        Session.objects.create(session_key=key, session_data="", expire_date=ends)
    faults = [OperationalError("the server closed the connection"), StorageError("no space"), OSError("no space")]
    whole = anchoring.anchor

    def anchor_later(root: Path) -> list[Any]:
        if faults:
            raise faults.pop()
        return whole(root)

    monkeypatch.setattr(anchoring, "anchor", anchor_later)
    anchoring.anchor_each_day(copied, FewRounds(4))
    assert not faults
    assert set(Session.objects.values_list("session_key", flat=True)) == {"running"}
    assert len([line for line in audit.read(copied) if line.action == audit.ANCHORED]) == 1


# ---- Killed ----


@contextmanager
def serve(root: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The server of a workspace as a process of its own, and its address; killed at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "riskstrat", "worklist", "serve", "--local", "--port", str(port), "-w", str(root)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=10).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.2)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def make_browser(address: str) -> Callable[..., str]:
    """A function that sends a form with the token that its last page gave, and gives the page that comes."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    token = ""

    def browse(path: str, **fields: str) -> str:
        nonlocal token
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode() if fields else None
        page: str = opener.open(f"{address}{path}", data, timeout=60).read().decode()
        token = (re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page) or [token])[0]
        return page

    return browse


@pytest.mark.exhaustive
@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
@pytest.mark.parametrize("after", [37, 120])
def test_killed_in_the_middle_of_200_writes_all_acknowledged_ones_are_there_and_none_half(copied, after) -> None:
    """Each write makes an account with a team and the line of the log that says so."""
    from django_otp.oath import TOTP
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from riskstrat.worklist.models import Edit, User

    user = User.objects.get(role="administrator")
    user.set_password("mallow-tern-43-gate")
    user.save()
    spoil(copied, "https = true", "https = false")
    kept: list[str] = []
    with serve(copied) as (process, address):
        browse = make_browser(address)
        browse("/sign-in")
        browse("/sign-in", username=user.username, password="mallow-tern-43-gate", next="/account/code")
        clock = TOTP(TOTPDevice.objects.get(user=user).bin_key)
        clock.time = time.time()
        browse("/account/code", code=f"{clock.token():06d}")
        browse("/admin/worklist/user/add/")
        rows = {
            f"{one}-{name}": "0" for one in ("memberships", "standing_in") for name in ("TOTAL_FORMS", "INITIAL_FORMS")
        }
        rows |= {
            "memberships-TOTAL_FORMS": "1",
            "memberships-0-team_code": "KIR",
            "role": "clinician",
            "is_active": "on",
        }
        for number in range(200):
            if number == after:
                # Somewhere inside the next write.
                subprocess.Popen(["sh", "-c", f"sleep 0.0{number % 9}; kill -{signal.SIGKILL.value} {process.pid}"])
            try:
                page = browse("/admin/worklist/user/add/", username=f"w{number}", display_name="W", **rows)
            except OSError:
                break
            if "First passwords" in page:
                kept.append(f"w{number}")
    assert len(kept) >= after
    made = {user.username: user for user in User.objects.filter(username__startswith="w")}
    assert set(kept) <= set(made)
    assert len(made) <= len(kept) + 1
    edited = set(Edit.objects.filter(after__username__startswith="w").values_list("row", flat=True))
    for each in made.values():
        assert (each.team_codes(), str(each.pk) in edited) == ({"KIR"}, True)
