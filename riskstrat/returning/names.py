"""What a person names on the command line: rows by reference or number, columns by title, sheets by number."""

from __future__ import annotations

from riskstrat.casefinding import is_sound, parse_reference
from riskstrat.errors import PublicationError
from riskstrat.reviews import TITLES, Filled, fold


def parse_names(given: str | None, option: str, filled: Filled) -> frozenset[str]:
    """The rows, columns and sheets of a file that a text names, parted by commas, as the file's judge calls them.

    Raises PublicationError for a name that nothing in the file has.
    """
    known = {fold(f"row {row.number}"): f"row {row.number}" for row in filled.rows}
    known |= {fold(title): title for title in TITLES} | {fold(where): where for where in filled.wrong}
    known |= {fold(row.reference): row.reference for row in filled.rows if row.reference}
    names = set()
    for place, part in enumerate((given or "").split(","), start=1):
        if not fold(part):
            continue
        reference = parse_reference(part)
        name = known.get(fold(reference if reference and is_sound(reference) else part))
        if name is None:
            raise PublicationError(
                f"{option}: the {place}{_end_ordinal(place)} name is of nothing in the file; name a reference, a row "
                'as "row 12", a column by its title or a sheet as "sheet 7", parted by commas'
            )
        names.add(name)
    return frozenset(names)


def _end_ordinal(number: int) -> str:
    return "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
