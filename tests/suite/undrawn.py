"""Training without the pictures of the papers: they are a quarter of a quick training, and few tests look at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock


@contextmanager
def leave_out_pictures() -> Iterator[None]:
    """The papers of a version that is trained meanwhile are those of evidence that allows no picture."""
    with mock.patch("riskstrat.documents.papers.bundle.pictures", return_value={}):
        yield
