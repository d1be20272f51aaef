"""What the last refresh says of people who are being worked on: nobody who has died since the list is discussed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from riskstrat.casefinding import KNOWN, KeptOff, read_kept_off, read_kept_off_patients
from riskstrat.definitions.phrases import long_date
from riskstrat.errors import SourceError
from riskstrat.worklist.models import Case

UNREADABLE = "The statuses of the day cannot be read. Check by other means before any contact."


def find_warnings(references: Iterable[str], patients: Mapping[str, str] | None = None) -> dict[str, str]:
    """By reference a sentence for each case whose person a list of today would leave off, as the last refresh knows.

    A case that no list has held yet is looked for by its person; patients: by reference the patient_id of whoever has
    no case yet. Where the refresh cannot be read every case is warned of.
    """
    asked, root, today = list(references), Path(settings.RISKSTRAT_WORKSPACE.root), timezone.localdate()
    try:
        by_reference, by_patient = read_kept_off(root, today), read_kept_off_patients(root, today)
    except SourceError:
        return dict.fromkeys(asked, UNREADABLE)
    if not by_patient:
        return {}
    found = dict(by_reference)
    opened = Case.objects.filter(reference__in=asked, patient_id__in=list(by_patient))
    # That another team's case is kept off, since a team holds the person, says nothing of that team's own case.
    told = {patient for patient, one in by_patient.items() if one.what != KNOWN or one.reference is None}
    for reference, patient in (*opened.values_list("reference", "patient_id"), *(patients or {}).items()):
        if patient in told:
            found.setdefault(reference, by_patient[patient])
    return {reference: _word(found[reference]) for reference in asked if reference in found}


def find_warning(reference: str) -> str:
    """The sentence of one case; blank where there is none."""
    return find_warnings([reference]).get(reference, "")


def _word(kept_off: KeptOff) -> str:
    since = f" since {long_date(kept_off.since)}" if kept_off.since else ""
    what = kept_off.what[:1].upper() + kept_off.what[1:]
    return f"{what}{since}, as known on {long_date(kept_off.known_on)}. Contact nobody about this case."
