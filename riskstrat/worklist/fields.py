"""Fields of forms: free text that names nobody, days as people write them, and messages that repeat no value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from riskstrat.reviews import clean_text, is_numbered
from riskstrat.worklist.models.cases import TEXT
from riskstrat.worklist.texts import read_day_between, write_day

NAMES_NOBODY = "Leave out NHS numbers, telephone numbers and other long numbers: nothing here may say who somebody is"
NOT_OFFERED = "Choose one of the answers that are offered"
LONGEST_AGO = timedelta(weeks=104)
"""Before today: a day of longer ago is taken for a slip of the pen."""

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class PlainText(forms.CharField):
    """A text of up to so many characters in which no number stands that could say who somebody is."""

    def __init__(self, *, missing: str = "", longest: int = TEXT, **options: Any) -> None:
        messages = {"required": missing, "max_length": f"Use {longest:,} characters or fewer"}
        super().__init__(required=bool(missing), max_length=longest, error_messages=messages, **options)

    def to_python(self, value: object) -> str:
        """The text with one kind of line end and without what cannot be printed."""
        text = str(super().to_python(value) or "")
        return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))

    def validate(self, value: Any) -> None:
        """Raises ValidationError where it is empty and may not be, or holds such a number."""
        super().validate(value)
        if is_numbered(value):
            raise ValidationError(NAMES_NOBODY)


class Choice(forms.ChoiceField):
    """One of several answers. `missing` is said where none is chosen; without it the answer may be left out."""

    def __init__(self, *, answers: Mapping[str, str], missing: str = "", **options: Any) -> None:
        messages = {"required": missing, "invalid_choice": NOT_OFFERED}
        super().__init__(choices=list(answers.items()), required=bool(missing), error_messages=messages, **options)


class Day(forms.Field):
    """A day up to today and not long ago, written as in any other field of a day (riskstrat.worklist.texts).

    `missing` is said where none is given; without it a day may be left out. `title` names it in what is said.
    """

    def __init__(
        self, *, missing: str = "", title: str = "the day", longest_ago: timedelta = LONGEST_AGO, **options: Any
    ) -> None:
        self.title, self.longest_ago = title, longest_ago
        super().__init__(
            required=bool(missing), error_messages={"required": missing}, widget=forms.TextInput, **options
        )

    def prepare_value(self, value: object) -> Any:
        """A day as it is written into the field; what was typed stays as it was."""
        return write_day(value) if isinstance(value, date) else value

    def to_python(self, value: object) -> date | None:
        """The day; None for a blank field. Raises ValidationError for anything else."""
        today = timezone.localdate()
        text = clean_text(str(value or "").replace("\x00", "")) or ""
        day, fault = read_day_between(self.title, text, today - self.longest_ago, today)
        if fault:
            raise ValidationError(fault)
        return day


class Version(forms.IntegerField):
    """Which state of a row the form was based on; 0 where there was none."""

    def __init__(self) -> None:
        words = "Open the page again: the form has lost which version it was based on"
        messages = dict.fromkeys(("required", "invalid", "min_value", "max_value"), words)
        super().__init__(min_value=0, max_value=2**31 - 1, error_messages=messages, widget=forms.HiddenInput)


def read_post(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with; None where the page was only opened."""
    return request.POST if request.method == "POST" else None
