"""Makes the worklist's database of an earlier version that `test_earlier_worklist.py` brings up to today's.

`python -m tests.upgrade.make_earlier_worklist worklist-NUMBER` starts the worklist of this checkout on a small site,
writes two rows of every table, and dumps tables and rows as SQL to `worklist-NUMBER.sql` beside this file. NUMBER is
that of the latest migration. Run it at a release, before the next one is added; everybody in it is made up.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.suite.worklists import make_site

ROWS = 2


def main() -> None:
    """Make the database and dump it."""
    from riskstrat.worklist.folder import SQLITE
    from riskstrat.worklist.starting import start

    with TemporaryDirectory() as folder:
        workspace = make_site(Path(folder) / "site")
        start(workspace, demo=False)
        from django.apps import apps
        from django.db import connections

        user = apps.get_model("worklist", "User")
        user.objects.update(password="!", username="the.administrator")
        apps.get_model("otp_totp", "TOTPDevice").objects.all().delete()
        for model in list_models():
            for number in range(1, ROWS + 1):
                model.objects.create(**fill(model, number))
        connections.close_all()
        with closing(sqlite3.connect(workspace.root / "worklist" / SQLITE)) as found:
            content = "\n".join(found.iterdump()) + "\n"
    Path(__file__).with_name(f"{sys.argv[1]}.sql").write_text(content, encoding="utf-8", newline="\n")


def list_models() -> list[Any]:
    """The tables of the worklist, each after those that it refers to."""
    from django.apps import apps
    from django.core.serializers import sort_dependencies

    models = list(apps.get_app_config("worklist").get_models())
    return [model for model in sort_dependencies([(apps.get_app_config("worklist"), models)]) if model in models]


def fill(model: Any, number: int) -> dict[str, Any]:
    """A value for each column of one row that needs one; texts with what SQL and JSON must quote."""
    return {
        field.name: _choose(field, number)
        for field in model._meta.concrete_fields
        if not field.auto_created and not (field.is_relation and field.related_model is model)
    }


def _choose(field: Any, number: int) -> Any:
    if field.is_relation:
        found = field.related_model.objects.order_by("pk")
        return found[min(number, found.count()) - 1]
    if field.name == "reference" and field.primary_key:
        return f"KIR-50{number:02d}-X"
    day = date(2026, 11, number)
    values = {
        "DateField": day,
        "DateTimeField": datetime(2026, 11, number, 8, 30, 0, 250, UTC),
        "BooleanField": number == 1,
        "JSONField": {"it's": ['a "word"', number, None]},
        "PositiveIntegerField": number,
    }
    text = f"{field.name[:12]} {number} 'é\"%"
    return values.get(field.get_internal_type(), text[: field.max_length or None])


if __name__ == "__main__":
    main()
