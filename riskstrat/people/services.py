"""The services whose contacts are landed, each as people know it."""

from __future__ import annotations

SERVICE_WORDS = {
    "gp": "GP",
    "outpatient": "outpatient clinic",
    "community_matron": "community matron",
    "district_nursing": "district nurse",
    "mental_health": "mental health team",
    "physiotherapy": "physiotherapist",
}
"""Words of `contacts.service` that are not said as they are written."""


def name_service(service: str) -> str:
    """The name of a service: in the words of the table, or else as the source writes it, with spaces."""
    return SERVICE_WORDS.get(service, service.replace("_", " "))
