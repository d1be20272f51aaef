"""A started worklist for each test, with whatever it writes taken back, and clients signed in by role."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from riskstrat.workspace import Workspace, load
from tests.suite.worklists import LIST_DATE, SETTINGS, make_site, make_site_on_postgres, undo_after

PASSWORD = "a long enough password"
ALWAYS_ON_BOTH = ("test_access", "test_coordinator_decisions")
OPENS_EACH_PAGE = "test_each_page_opens_to_its_roles_and_teams_and_to_nobody_else"
OF_SQLITE = ("test_operations", "test_retention")
PRODUCTION = SETTINGS.replace("https = false", "https = true").replace(
    '["testserver", "localhost", "127.0.0.1"]', '["worklist.example.nhs.uk"]'
)


@pytest.fixture(scope="session")
def cheap_passwords() -> Iterator[None]:
    """Hashing a password costs next to nothing: as shipped, it is most of the time of tests that sign in by one."""
    from django.contrib.auth.hashers import ScryptPasswordHasher

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScryptPasswordHasher, "work_factor", 16)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of who may open which page, PostgreSQL always has each page opened; the rest refuses before any query."""
    for item in items:
        given = getattr(item, "callspec", None)
        if item.path.name != "test_access.py" or given is None or given.params.get("started_site") != "postgresql":
            continue
        if getattr(item, "originalname", "") != OPENS_EACH_PAGE or given.params["method"] != "get":
            item.add_marker("exhaustive")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of a page runs on PostgreSQL too; but for who may open which page and for what is kept, exhaustively.

    What a test does to files of the database itself is of SQLite alone.
    """
    if "started_site" not in metafunc.fixturenames:
        return
    name = metafunc.module.__name__.rpartition(".")[2]
    marks = [pytest.mark.server, *([] if name in ALWAYS_ON_BOTH else [pytest.mark.exhaustive])]
    other = [] if {"copied", *OF_SQLITE} & {name, *metafunc.fixturenames} else [pytest.param("postgresql", marks=marks)]
    metafunc.parametrize("started_site", ["sqlite", *other], indirect=True, scope="session")


@pytest.fixture(scope="session")
def styles_listed_once() -> Iterator[None]:
    """The files of styles and scripts are looked for by the first client alone: each new one does it once more."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    found: dict[str, Any] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def look_once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(scope="session")
def started_site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    cheap_passwords: None,
    styles_listed_once: None,
) -> Iterator[Workspace]:
    """The workspace of `tests.suite.worklists`, its worklist started with no accounts but an administrator."""
    from riskstrat.worklist.starting import start

    folder = tmp_path_factory.mktemp("worklist") / "site"
    on_postgres = getattr(request, "param", "sqlite") == "postgresql"
    with make_site_on_postgres(folder) if on_postgres else nullcontext(make_site(folder)) as workspace:
        start(workspace, demo=False)
        yield workspace


@pytest.fixture
def site(started_site: Workspace) -> Iterator[Workspace]:
    """The same with Django pointed at it; what the test writes to the database is taken back after it."""
    from riskstrat.worklist import point_at

    point_at(started_site)
    with undo_after():
        yield started_site


@pytest.fixture
def copied(started_site: Workspace, tmp_path: Path) -> Iterator[Path]:
    """A copy of the started site that a test may spoil, with settings for people to use it."""
    from riskstrat.worklist import point_at

    root = tmp_path / "site"
    shutil.copytree(started_site.root, root)
    (root / "riskstrat.toml").write_text(PRODUCTION, encoding="utf-8")
    point_at(load(root))
    from riskstrat.worklist.models import User

    User.objects.update(must_change_password=False)
    yield root
    point_at(started_site)


@pytest.fixture
def monday_after(site: Workspace, monkeypatch: pytest.MonkeyPatch) -> date:
    """The week after the newest list, whatever day it is: for forms that propose today."""
    from django.utils import timezone

    day = LIST_DATE + timedelta(weeks=1)
    monkeypatch.setattr(timezone, "localdate", lambda *given: day)
    return day


@pytest.fixture
def sign_in(site: Workspace) -> Callable[..., Any]:
    """A function that gives a client signed in as a new account: `sign_in(Role.COORDINATOR, "KIR")`.

    The client has the account as `user`; roles that need a second factor have given it.
    """
    from django.test import Client
    from django_otp import DEVICE_ID_SESSION_KEY
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from riskstrat.worklist.models import TeamMembership, User
    from riskstrat.worklist.roles import SECOND_FACTOR, Role

    numbers = itertools.count(1)

    def sign_in(role: Role, *teams: str) -> Client:
        name = f"{role.value.replace(' ', '-')}-{next(numbers)}"
        user = User.objects.create_user(name, name, role)
        TeamMembership.objects.bulk_create(TeamMembership(user=user, team_code=code) for code in teams)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        if role in SECOND_FACTOR:
            device = TOTPDevice.objects.create(user=user, name="authenticator", confirmed=True)
            session = client.session
            session[DEVICE_ID_SESSION_KEY] = device.persistent_id
            session.save()
        client.user = user  # type: ignore[attr-defined]
        return client

    return sign_in
