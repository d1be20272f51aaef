"""Dates that mean "no date": what other systems write where a date is not known or has no end.

HES writes the first four (NHS Digital, HES data dictionary). The others are the zero, the least or the greatest date of
SQL Server, Oracle, .NET, Excel, Unix and pandas, and what people type for never; from background knowledge.
"""

from __future__ import annotations

from riskstrat.definitions.table_schema import Column, TableSchema

NULL_DATES = ("1800-01-01", "1801-01-01", "1600-01-01", "1582-10-15")
"""What HES writes."""

NEVER_BEGUN = (
    *("0001-01-01", "1000-01-01", "1111-11-11", "1700-01-01", "1753-01-01", "1858-11-17"),
    *("1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01"),
)
"""Long past days that stand for a date that is not known."""

NEVER_ENDED = (
    *("1970-01-01", "2049-12-31", "2050-12-31", "2078-12-31", "2079-06-06", "2099-01-01", "2099-12-31"),
    *("2100-01-01", "2100-12-31", "2199-12-31", "2200-01-01", "2200-12-31", "2222-02-22", "2262-04-11"),
)
"""Days that stand for no date in a column that may be empty; a required date may be one of them. People are born on
1970-01-01, and records shifted for research lie in the years to 2201."""

POSSIBLE = ("1850-01-01", "2299-12-31")
"""No date of a record lies outside. The first or last day of a year outside says "never", any other is a slip."""

OPEN_ENDED = "9999-12-31"


OPTIONAL = (*NULL_DATES, *NEVER_BEGUN, *NEVER_ENDED, OPEN_ENDED)
"""The dates that are read as no date in a column that may be empty."""


def list_placeholders(schema: TableSchema, column: Column) -> tuple[str, ...]:
    """The dates that are read as no date in a column, as ISO text.

    A required date of a table without events is a beginning, `from_on`: there 1900-01-01 says since ever, and stays.
    """
    if not column.required:
        return OPTIONAL
    begins = schema.event is None and schema.name != "people"
    return (*NULL_DATES, OPEN_ENDED) if begins else (*NULL_DATES, *NEVER_BEGUN, OPEN_ENDED)
