"""Whether a worklist may be opened to people who work with it: everything that stands in the way, each in one line."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from riskstrat.definitions.worklist_settings import NamesSettings, WorklistSettings, list_endpoints
from riskstrat.errors import RiskstratError
from riskstrat.worklist.asking import open_names
from riskstrat.worklist.folder import SECRET, is_started, read_secret_key, require_same_database
from riskstrat.worklist.mailing import read_password, read_trust
from riskstrat.worklist.pointing import point_at
from riskstrat.workspace import Workspace

SECURITY_OF_PORTS: Mapping[int, str] = {25: "starttls", 465: "tls", 587: "starttls"}
"""What a mail server speaks at each port that has a fixed meaning (RFC 8314)."""

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def find_faults(workspace: Workspace) -> list[str]:
    """A sentence for each fault; none where the worklist is fit to be opened."""
    root, rules = workspace.root, workspace.settings.worklist
    if not is_started(root, rules):
        return ["the worklist was never started: start it once with riskstrat worklist serve --local"]
    faults = [*_judge_settings(rules), *_judge_folder(root, rules), *_judge_names(root, rules.names)]
    faults += _judge_digests(root, rules)
    try:
        require_same_database(root, rules)
        read_secret_key(root, rules)
        point_at(workspace)
    except RiskstratError as refused:
        return [*faults, str(refused)]
    return [*faults, *_judge_server(), *_judge_database()]


def _judge_settings(rules: WorklistSettings) -> Iterator[str]:
    if not rules.https:
        yield "worklist.https is false: passwords would travel in the clear; put your proxy before it, set it true"
    if set(rules.hosts) <= LOCAL:
        yield 'worklist.hosts names this machine alone: give the name that people type, as "worklist.example.nhs.uk"'

    if any(address.startswith("http:") for address in list_endpoints(rules.sign_in)):
        yield "worklist.sign_in names a provider without HTTPS: whoever is on the way could sign in as anybody"


def _judge_folder(root: Path, rules: WorklistSettings) -> Iterator[str]:
    """What others on the machine could open; Windows keeps such rights elsewhere."""
    if os.name == "nt":
        return
    for path, allowed in ((root / rules.folder, "700"), (root / rules.folder / SECRET, "600")):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            name = path.relative_to(root).as_posix()
            yield f"{name} can be opened by other accounts of this machine: chmod {allowed} {name}"


def _judge_names(root: Path, rules: NamesSettings) -> Iterator[str]:
    """What keeps names from being asked for; whether the identity install answers is seen on every page."""
    if not rules.url:
        return
    try:
        open_names(root, rules)
    except RiskstratError as refused:
        yield f"worklist.names: {refused}"
    except (OSError, ValueError):
        yield f"{rules.secret} cannot be read: put there the file that riskstrat identity client made for this server"


def _judge_digests(root: Path, rules: WorklistSettings) -> Iterator[str]:
    """What keeps digests from being sent, where they are on; whether the mail server answers is seen when they are."""
    digests = rules.digests
    if not digests.sender:
        return
    for read in (lambda: read_password(digests), lambda: read_trust(digests, root)):
        try:
            read()
        except RiskstratError as refused:
            yield str(refused)
    expected = SECURITY_OF_PORTS.get(digests.port, digests.security)
    if digests.security not in ("none", expected):
        yield (
            f'worklist.digests: at port {digests.port} mail servers speak "{expected}", and security is '
            f'"{digests.security}", so nothing would be sent; set the port or the security of your mail server'
        )
    if urlsplit(digests.link).hostname not in rules.hosts:
        yield "worklist.digests.link leads to another host than those of worklist.hosts"


def _judge_server() -> Iterator[str]:
    """What Django's own check of a deployment finds."""
    from django.core.checks import WARNING, run_checks

    for found in run_checks(include_deployment_checks=True):
        if found.level >= WARNING and not found.is_silenced():
            yield f"{' '.join(str(found.msg).split())} ({found.id})"


def _judge_database() -> Iterator[str]:
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    from riskstrat.worklist.emptied import BRING_BACK, EMPTIED, is_emptied

    try:
        if is_emptied():
            yield f"{EMPTIED}; {BRING_BACK}"
            return
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        yield "the worklist's database cannot be reached: see that it runs, and that its address and password are right"
        return
    if waiting:
        number = "1 change" if len(waiting) == 1 else f"{len(waiting)} changes"
        yield f"the database lacks {number} that this version needs: back it up, then start the worklist once"
        return
    yield from _judge_accounts()


def _judge_accounts() -> Iterator[str]:
    from riskstrat.worklist.models import User
    from riskstrat.worklist.roles import Role

    active = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
    if not active.exists():
        yield "no active account is an administrator's, so that nobody could make or close one"
    elif not active.filter(must_change_password=False).exists():
        yield "no administrator has chosen a password yet: sign in with the first one and change it"
