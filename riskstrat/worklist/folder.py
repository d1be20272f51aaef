"""What the first start makes: the folder of the worklist, its secret key, and the mark that says it has started."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from riskstrat.definitions.worklist_settings import FROM_ENVIRONMENT, WorklistSettings
from riskstrat.errors import StorageError, WorkspaceError
from riskstrat.storage import format_json, make_folder, parse_json, write_bytes

FORMAT = 1
MARK, SECRET, SQLITE = "worklist.json", "secret_key", "worklist.sqlite3"
SECRET_BYTES = 50


def is_started(root: Path, settings: WorklistSettings) -> bool:
    """Whether the worklist of a workspace has been started: from then on its database keeps the reviews."""
    return (root / settings.folder / MARK).is_file()


def make_secrets(root: Path, settings: WorklistSettings) -> None:
    """Make the folder and a secret key, where they do not stand yet."""
    folder = root / settings.folder
    make_folder(folder, mode=0o700)
    if not (folder / SECRET).is_file():
        write_bytes(secrets.token_urlsafe(SECRET_BYTES).encode("ascii"), folder / SECRET)


def mark_started(root: Path, settings: WorklistSettings) -> None:
    """Write the mark, the last thing that a first start does."""
    content = {"format": FORMAT, "database": settings.database}
    write_bytes(format_json(content).encode("utf-8"), root / settings.folder / MARK)


def require_same_database(root: Path, settings: WorklistSettings) -> None:
    """Raises WorkspaceError where the reviews are kept in another kind of database than riskstrat.toml names now."""
    path = root / settings.folder / MARK
    try:
        found = parse_json(path.read_bytes())
        number, database = found["format"], found["database"]
    except (OSError, ValueError, KeyError, TypeError):
        raise StorageError(f"{settings.folder}/{MARK} cannot be read; restore it from a backup") from None
    if number != FORMAT:
        raise StorageError(f"{settings.folder}/{MARK} is of format {number}, and this version reads {FORMAT}")
    if database != settings.database:
        raise WorkspaceError(
            f'riskstrat.toml names the database "{settings.database}", but the worklist keeps its reviews in '
            f'"{database}"; set worklist.database back, or move them with worklist backup and worklist restore'
        )


def read_secret_key(root: Path, settings: WorklistSettings) -> str:
    """The secret key. Raises StorageError if there is none, or one too short to be one."""
    path = root / settings.folder / SECRET
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        key = ""
    if len(key) < SECRET_BYTES:
        raise StorageError(f"{settings.folder}/{SECRET} is missing or damaged; start the worklist on this workspace")
    return key


def describe_database(root: Path, settings: WorklistSettings) -> dict[str, object]:
    """The entry of Django's DATABASES. Raises WorkspaceError where the address is not set or is of another kind."""
    if settings.database == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(root / settings.folder / SQLITE),
            "OPTIONS": {
                # A write begins as one: two at once wait for each other and never fail in the middle.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    found = FROM_ENVIRONMENT.fullmatch(settings.database)
    name = found[1] if found else ""
    parts = urlsplit(os.environ.get(name, ""))
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise WorkspaceError(
            f"the environment variable {name} must hold the address of the worklist's database, as "
            "postgresql://USER:PASSWORD@HOST:PORT/NAME; its value is not shown"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # What libpq takes besides, such as sslmode.
        "OPTIONS": dict(parse_qsl(parts.query)),
        "CONN_MAX_AGE": 60,
    }
