"""Provider spells and their diagnoses in plain Python, from the rules as they are written of HES episodes.

An episode is a row of text by column name, as the extract has it; a day is ISO text, None where it says none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Episode = Mapping[str, str]
Read = dict[str, Any]

NO_DATES = ("", "1800-01-01", "1801-01-01", "1600-01-01", "1582-10-15")
LETTERS = {"66": "2A", "67": "2B", "68": "2C", "69": "2D"}
SAYS_AN_END = ("1", "2", "3", "4", "5", "6", "7")
LATE = ("discharged_on", "discharge_method", "destination", "specialty")


def make_tables(episodes: Sequence[Episode]) -> tuple[dict[str, str], list[Read], list[tuple[str, int, str]]]:
    """What becomes of each EPIKEY that makes no spell; the spells by person and order; (name, position, code).

    The name of a spell is the EPIKEY of its first episode.
    """
    read = [read_episode(episode) for episode in episodes]
    fates = {one["epikey"]: fate for one in read if (fate := refuse(one, read))}
    kept = sorted((one for one in read if one["epikey"] not in fates), key=place)
    spells: list[list[Read]] = []
    for one in kept:
        before = next((spell for spell in reversed(spells) if is_alongside(spell[-1], one)), None)
        if before is not None and goes_on(before[-1], one):
            before.append(one)
        else:
            spells.append([one])
    names = [spell[0]["epikey"] for spell in spells]
    codes = [(name, *line) for name, spell in zip(names, spells, strict=True) for line in list_diagnoses(spell)]
    return fates, [describe(spell) for spell in spells], codes


def read_episode(episode: Episode) -> Read:
    read: Read = {name.lower(): text.strip().upper() for name, text in episode.items()}
    for name in ("admidate", "epistart", "epiend", "disdate", "subdate"):
        read[name] = None if read[name] in NO_DATES else read[name]
    read["admimeth"] = LETTERS.get(read["admimeth"], read["admimeth"])
    read["order"] = None if read["epiorder"] in ("", "98", "99") else int(read["epiorder"])
    read["finished"] = read["epistat"] == "3"
    read["regular"] = read["classpat"] in ("3", "4")
    read["comes"] = read["admisorc"] in ("51", "52", "53") or read["admimeth"] in ("2B", "81")
    read["leaves"] = read["disdest"] in ("51", "52", "53")
    if read["admidate"] is None and read["order"] == 1 and not read["comes"]:
        read["admidate"] = read["epistart"]
    return read


def refuse(one: Read, every: Sequence[Read]) -> str | None:
    """Why an episode makes no spell; None if it is of one."""
    fault = find_fault(one)
    if fault:
        return fault
    others = [other for other in every if other is not one and not find_fault(other)]
    if is_superseded(one, others):
        return "superseded"
    return "duplicate" if is_sent_again(one, [other for other in others if not is_superseded(other, every)]) else None


def find_fault(one: Read) -> str | None:
    if not one["token_person_id"]:
        return "no person"
    if not one["procode3"]:
        return "no provider"
    if one["epistart"] is None:
        return "no start"
    return "ends before it starts" if one["epiend"] and one["epiend"] < one["epistart"] else None


def is_superseded(one: Read, others: Sequence[Read]) -> bool:
    same = [
        other
        for other in others
        if is_alongside(other, one)
        and other["epistart"] == one["epistart"]
        and (other["order"] is None or one["order"] is None or other["order"] == one["order"])
    ]
    return not one["finished"] and any(other["finished"] and not find_fault(other) for other in same)


def is_sent_again(one: Read, others: Sequence[Read]) -> bool:
    key = ("token_person_id", "procode3", "regular", "epistart", "epiend", "epiorder")
    rank = (one["subdate"] or "", one["finished"], int(one["epikey"]))
    return any(
        all(other[name] == one[name] for name in key)
        and (other["subdate"] or "", other["finished"], int(other["epikey"])) > rank
        for other in others
    )


def is_alongside(one: Read, other: Read) -> bool:
    """Whether two episodes are of one person at one provider, and regular attendances both or neither."""
    return all(one[name] == other[name] for name in ("token_person_id", "procode3", "regular"))


def place(one: Read) -> tuple[Any, ...]:
    """The order: an end and an EPIORDER that are not known come last."""
    transit = {(False, False): 0, (False, True): 1, (True, True): 2, (True, False): 3}[one["comes"], one["leaves"]]
    order = one["order"] if one["order"] is not None else 1000
    who = (one["token_person_id"], one["procode3"], one["regular"])
    return (*who, one["epistart"], one["epiend"] or "9999", order, transit, int(one["epikey"]))


def goes_on(before: Read, one: Read) -> bool:
    if one["regular"]:
        return False
    same_admission = one["admidate"] is not None and one["admidate"] == before["admidate"]
    not_over = before["dismeth"] in ("8", "9") and before["epiend"] == one["epistart"]
    return same_admission or one["epistart"] == before["epistart"] or not_over


def describe(spell: Sequence[Read]) -> Read:
    """The columns of admissions, "" for none; nothing is known of the end of a spell that runs."""
    first, last = spell[0], spell[-1]
    says_an_end = last["dismeth"] in SAYS_AN_END or last["disdest"] == "79"
    own_end = last["epiend"] if last["finished"] and says_an_end else None
    methods = [one["admimeth"] for one in spell if one["admimeth"]]
    made = {
        "epikeys": " ".join(one["epikey"] for one in spell),
        "patient_id": first["token_person_id"],
        "provider": first["procode3"],
        "admitted_on": next((one["admidate"] for one in spell if one["admidate"]), None) or "",
        "method": next((method for method in methods if method not in ("98", "99")), next(iter(methods), "")),
        "source": first["admisorc"],
        "patient_class": first["classpat"],
        "discharged_on": last["disdate"] or own_end or "",
        "discharge_method": last["dismeth"],
        "destination": last["disdest"],
        "specialty": first["mainspef"],
    }
    return made if made["discharged_on"] else {**made, **dict.fromkeys(LATE, "")}


def list_diagnoses(spell: Sequence[Read]) -> list[tuple[int, str]]:
    """(position, code): the first coded DIAG_01 first; without one the list begins in position 2."""
    fields = [name for name in sorted(spell[0]) if name.startswith("diag_")]
    coded = [(field, code) for one in spell for field in fields if (code := read_code(one, field))]
    primary = next((code for field, code in coded if field == "diag_01"), None)
    others = dict.fromkeys(code for _, code in coded if code != primary)
    return [*([(1, primary)] if primary else []), *enumerate(others, start=2)]


def read_code(one: Read, field: str) -> str:
    code = one[field].replace(".", "")
    if code in ("&", "-") or (field == "diag_01" and not one["finished"] and code.startswith("R69")):
        return ""
    if len(code) == 6 and code[5] in "DA":
        code = code[:5]
    return re.sub(r"[ -]$", "", code.ljust(5)[:5]).rstrip(" -").removesuffix("X") if code else ""
