"""An identity install with a few people, a sealed list of them, and a server that asks for their names."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any

from riskstrat import audit, identity
from riskstrat.identity import ClientSecret
from riskstrat.identity.store import changing
from riskstrat.naming.asking import NAMES, AskedList, AskedNames, AskedPerson, AskedPseudonym, QuietForm, write_form
from riskstrat.naming.desk import NamesAnswer, NamesDesk, NamesQuestion
from riskstrat.naming.signing import sign_question
from riskstrat.publication import FORMAT, name_references
from riskstrat.publication.published import SEAL, format_sealed
from riskstrat.storage import compute_digest, format_json

MONDAY = "2026-11-16"
TOLD = ("name", "nhs_number", "date_of_birth", "contact", "contact_safely")
PEOPLE: dict[str, dict[str, str]] = {
    "9990000018": {
        "name": "Zebedee Quillfeather",
        "date_of_birth": "1940-03-09",
        "contact": "7 Larkspur Lane\n0151 496 0999",
        "contact_safely": "Ring before noon",
        "key_worker": "Ines Underbough",
    },
    "9990000026": {"name": "Ottoline Vanterpool", "date_of_birth": "1951-12-31", "contact": "2 High Street"},
    "9990000034": {"name": "Xanthippe Wilkersley", "date_of_birth": "1938-01-02", "restricted": "yes"},
    "9990000042": {"name": "عائشة المزروعة", "contact": "Flat 3"},
}
LISTED = {"KIR-001-N": "9990000018", "KIR-002-L": "9990000026", "KIR-003-J": "9990000034", "KIR-004-Q": "9990000042"}
"""By reference, whom the list of team KIR holds; two people of another team stand on no list of this one."""


class NamesSite:
    """The install in a folder of its own, the workspace that publishes, and the secret of the server `worklist`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "install"
        made = identity.init(self.root, "nhs_number", user="ann")
        self.key = made.key()
        with changing(self.root, self.key) as held:
            for number, person in PEOPLE.items():
                held.learn(self.key.pseudonym(number), {"nhs_number": number, **person})
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        audit.make_seal(self.workspace, b"")
        self.publisher = (self.workspace / "audit" / "publisher.pub").read_text("ascii").strip()
        written = identity.make_secret()
        identity.keep_secret(self.root, "worklist", written)
        self.secret = identity.parse_secret("worklist", written.decode())
        self.written = written.decode().strip()
        self.allow()
        self.desk = NamesDesk(self.root)

    def copy(self, folder: Path) -> NamesSite:
        """The same in another folder: a copy is not synced to the disk, which takes most of the time of making one."""
        shutil.copytree(self.root.parent, folder, dirs_exist_ok=True)
        other = copy(self)
        other.root, other.workspace = folder / "install", folder / "workspace"
        other.desk = NamesDesk(other.root)
        return other

    def allow(self, *entries: Mapping[str, Any], publisher: str | None = None) -> None:
        """Write identity.toml: what the coordinators of KIR may be told, unless other entries are given."""
        blocks = [f'publishers = ["{publisher or self.publisher}"]\n']
        for entry in entries or ({},):
            lines = [f"{name} = {_write_toml(value)}\n" for name, value in (ENTRY | dict(entry)).items()]
            blocks += ["\n[[names]]\n", *lines]
        (self.root / "identity.toml").write_text("".join(blocks), encoding="utf-8")

    def forbid(self) -> None:
        """An identity.toml as `init` leaves it, but for who publishes."""
        (self.root / "identity.toml").write_text(f'publishers = ["{self.publisher}"]\n', encoding="utf-8")

    def published(self, listed: Mapping[str, str] = LISTED, team: str = "KIR", **facts: Any) -> AskedList:
        """A list of these people, by reference and NHS number, sealed by the workspace."""
        rows = [f'"{reference}","{self.key.pseudonym(number)}",{MONDAY}\n' for reference, number in listed.items()]
        references = "".join(['"reference","patient_id","index_date"\n', *rows])
        teams = [{"code": team, "team": "Kirkby"}]
        files = {name_references(team): compute_digest(references.encode())}
        known = {"index_date": MONDAY, "model": "m", "version": 1, "format": FORMAT, "edition": 1, "teams": teams}
        manifest = known | {"files": files} | facts
        manifest[SEAL] = audit.make_seal(self.workspace, format_sealed(manifest))
        return AskedList(
            list_date=manifest["index_date"],
            edition=manifest["edition"],
            manifest=format_json(manifest),
            references=references,
        )

    def person(self, reference: str, number: str | None = None, **other: Any) -> AskedPerson:
        """One case as the worklist holds it."""
        return AskedPerson(reference=reference, patient_id=self.key.pseudonym(number or LISTED[reference]), **other)

    def asked(self, **other: Any) -> AskedNames:
        """A coordinator of KIR asks for everybody on the list, or something else."""
        given: dict[str, Any] = {"user": "c.oordinator", "role": "coordinator", "purpose": "direct_care", "team": "KIR"}
        people = tuple(self.person(reference) for reference in LISTED)
        return AskedNames(**(given | {"people": people, "published": self.published()} | other))

    def put_forward(self, number: str, born: str, **other: Any) -> AskedPseudonym:
        """A clinician of KIR puts somebody forward."""
        given = {"user": "d.octor", "role": "clinician", "team": "KIR", "nhs_number": number, "date_of_birth": born}
        return AskedPseudonym(**(given | other))

    def question(
        self,
        form: QuietForm | bytes,
        path: str = NAMES,
        *,
        at: str | None = None,
        nonce: str | None = None,
        secret: ClientSecret | None = None,
        method: str = "POST",
    ) -> NamesQuestion:
        """A question as the worklist's server signs it."""
        body = form if isinstance(form, bytes) else write_form(form)
        once = nonce or secrets.token_hex(16)
        headers = sign_question(secret or self.secret, method, path, body, at or audit.now(), once)
        return NamesQuestion(method, path, headers, body)

    def ask(self, form: QuietForm | bytes, path: str = NAMES) -> NamesAnswer:
        """What the desk answers."""
        return self.desk.answer(self.question(form, path))

    def lines(self) -> list[tuple[str, Mapping[str, Any]]]:
        """What the log has been told since the install was made."""
        return [(line.action, line.details) for line in audit.read(self.root)][1:]


ENTRY: dict[str, Any] = {
    "client": "worklist",
    "role": "coordinator",
    "teams": ["KIR"],
    "purposes": ["direct_care"],
    "told": list(TOLD),
    "basis": "Sharing agreement 12, section 3",
    "approved_by": "IG lead",
    "valid_until": "2126-03-31",
}
CLINICIAN = {"role": "clinician", "purposes": ["direct_care", "referral", "put_forward"]}


def _write_toml(value: Any) -> str:
    """Text, a list of it, or a date."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_write_toml, value)) + "]"
    return value if value[:4].isdigit() and value[4] == "-" else f'"{value}"'
