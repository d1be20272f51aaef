"""Rows of every table of the worklist with one text in every field that takes it, to see where it comes out."""

from __future__ import annotations

from typing import Any

from tests.suite.worklists import LIST_DATE, name_patient


def plant_everywhere(text: str, team_code: str, reference: str) -> int:
    """Make a row of each table, about one case of one team, once with every field filled and once with the fewest.

    Gives how many fields hold the text.
    """
    from django.apps import apps
    from django.db import IntegrityError, transaction

    planter = Planter(text, team_code, reference)
    for sparse in (False, True):
        for table in apps.get_app_config("worklist").get_models():
            try:
                with transaction.atomic():
                    planter.plant(table, sparse=sparse)
            except IntegrityError:
                assert sparse, f"no row of {table.__name__} can be made: teach Planter about it"
    return planter.planted


class Planter:
    """Makes rows by the types of their fields. `planted` counts the fields that hold the text."""

    def __init__(self, text: str, team_code: str, reference: str) -> None:
        self.text, self.team_code, self.reference = text, team_code, reference
        self.planted = 0
        self.made: dict[Any, Any] = {}

    def plant(self, table: Any, *, sparse: bool) -> Any:
        """A row of a table; rows that it needs of others are made once."""
        values = {}
        for field in table._meta.concrete_fields:
            if field.auto_created or (sparse and field.null):
                continue
            values[field.name] = self._choose(field, table)
        row = table.objects.create(**values)
        self.made.setdefault(table, row)
        return row

    def _choose(self, field: Any, table: Any) -> Any:
        from django.db import models
        from django.utils import timezone

        from riskstrat.worklist.releasing import RELEASE_FIELDS

        known = {"team_code": self.team_code, "reference": self.reference, "list_date": LIST_DATE}
        if field.name in known:
            return known[field.name]
        if field.name == "fields":
            return list(RELEASE_FIELDS)
        if field.name == "patient_id":
            return name_patient(self.reference)
        if field.is_relation:
            return self._relate(field, table)
        if field.choices:
            return field.choices[0][0]
        kinds = {
            models.DateTimeField: timezone.now,
            models.DateField: lambda: LIST_DATE,
            models.BooleanField: lambda: True,
            models.JSONField: lambda: self._mark({"words": self.text, self.text: [self.text]}),
            models.PositiveIntegerField: lambda: 1,
            models.CharField: lambda: self._fit(field),
        }
        return next(make() for kind, make in kinds.items() if isinstance(field, kind))

    def _relate(self, field: Any, table: Any) -> Any:
        target = field.remote_field.model
        if target is table:
            return None
        return self.made.get(target) or self.plant(target, sparse=False)

    def _fit(self, field: Any) -> str:
        return self._mark(self.text) if field.max_length >= len(self.text) else "x"

    def _mark(self, value: Any) -> Any:
        self.planted += 1
        return value
