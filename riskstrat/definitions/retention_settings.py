"""How long a workspace keeps what it made: nothing is deleted unless the site says so."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from riskstrat.definitions.declared import Declared

YEAR = 366
"""Days: a list remembers the lists, decisions and cases of the year before it, so these are never kept for less."""

Kept = Annotated[int, Field(ge=YEAR)] | None


class RetentionSettings(Declared):
    """Days after which `riskstrat retention --delete` takes things away; what is left out stays for ever."""

    lists_days: Kept = None
    """Lists, published and withdrawn, from their date; the newest that stands always stays."""
    decisions_days: Kept = None
    """What teams decided, from the date of the list: imported files, and decisions and meetings in the worklist."""
    cases_days: Kept = None
    """The rest of a case in the worklist (notes, opinions, reports, attempts, releases), from the last that was entered
    about it; a case goes once its decisions have gone, and never while an objection to sharing stands."""
    looks_days: Kept = None
    """The worklist's log of who looked at whom and who changed what."""
    versions_days: Annotated[int, Field(ge=1)] | None = None
    """Earlier versions of the data, from when they were ingested; the one that is read always stays."""
    backups_days: Annotated[int, Field(ge=1)] | None = None
    """Backups in `backups_folder`, from when they were written; the newest always stays."""
    backups_folder: str = ""
    """Where backups are kept, beside riskstrat.toml or as a whole path."""

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.lists_days is not None and (self.decisions_days is None or self.decisions_days > self.lists_days):
            raise ValueError(
                "lists_days must not be less than decisions_days: a decision is read by the list that it is about; "
                "keep lists longer, or decisions for less"
            )
        if self.cases_days is not None and self.decisions_days is None:
            raise ValueError("cases_days needs decisions_days: a case goes once its decisions have gone; set both")
        if self.backups_days is not None and not self.backups_folder:
            raise ValueError("backups_days needs backups_folder, the folder that your backups are kept in")
        return self
