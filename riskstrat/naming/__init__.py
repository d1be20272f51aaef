"""Published lists and what the identity store knows of their people: named documents, and names for the worklist."""

from riskstrat.naming.asking import MOST_PEOPLE, AnsweredPseudonym, AskedList, AskedNames, AskedPerson, AskedPseudonym
from riskstrat.naming.client import (
    NamedPerson,
    NamesService,
    NamesUnavailableError,
    is_loopback,
    open_service,
    prove_list,
    request_names,
    request_pseudonym,
)
from riskstrat.naming.copies import ENDINGS, NamedCopy, list_pseudonyms, name_list
from riskstrat.naming.desk import NamesDesk
from riskstrat.naming.records import NAMED_RECORDS, PracticeFile, build_practice_file, open_confirmed
from riskstrat.naming.service import NamesApplication
from riskstrat.naming.weeks import open_week

__all__ = [
    "ENDINGS",
    "MOST_PEOPLE",
    "NAMED_RECORDS",
    "AnsweredPseudonym",
    "AskedList",
    "AskedNames",
    "AskedPerson",
    "AskedPseudonym",
    "NamedCopy",
    "NamedPerson",
    "NamesApplication",
    "NamesDesk",
    "NamesService",
    "NamesUnavailableError",
    "PracticeFile",
    "build_practice_file",
    "is_loopback",
    "list_pseudonyms",
    "name_list",
    "open_confirmed",
    "open_service",
    "open_week",
    "prove_list",
    "request_names",
    "request_pseudonym",
]
