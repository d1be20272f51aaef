"""Fields of forms: free text that names nobody, days as people write them, and messages that repeat no value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict

from riskstrat.reviews import is_numbered
from riskstrat.worklist.models.cases import TEXT

NAMES_NOBODY = "Leave out NHS numbers, telephone numbers and other long numbers: nothing here may say who somebody is"
NOT_OFFERED = "Choose one of the answers that are offered"
AS_A_DAY = "Enter the day as 16/11/2026"

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class PlainText(forms.CharField):
    """A text of up to so many characters in which no number stands that could say who somebody is."""

    def __init__(self, *, missing: str = "", longest: int = TEXT, **options: Any) -> None:
        messages = {"required": missing, "max_length": f"Use {longest:,} characters or fewer"}
        super().__init__(required=bool(missing), max_length=longest, error_messages=messages, **options)

    def to_python(self, value: Any) -> str:
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


class Day(forms.DateField):
    """A day, as 16/11/2026 or 2026-11-16, that is not after today."""

    def __init__(self, *, missing: str, **options: Any) -> None:
        messages = {"required": missing, "invalid": AS_A_DAY}
        formats = ["%d/%m/%Y", "%d %m %Y", "%d.%m.%Y", "%Y-%m-%d"]
        super().__init__(error_messages=messages, input_formats=formats, **options)

    def prepare_value(self, value: Any) -> Any:
        """A day as it is written into the field."""
        return value.strftime("%d/%m/%Y") if isinstance(value, date) else value


class Version(forms.IntegerField):
    """Which state of a row the form was based on; 0 where there was none."""

    def __init__(self) -> None:
        words = "Open the page again: the form has lost which version it was based on"
        messages = dict.fromkeys(("required", "invalid", "min_value", "max_value"), words)
        super().__init__(min_value=0, max_value=2**31 - 1, error_messages=messages, widget=forms.HiddenInput)


def read_post(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with; None where the page was only opened."""
    return request.POST if request.method == "POST" else None
