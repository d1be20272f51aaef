"""After any series of looks no name and no NHS number stands on a disk, in a log, or in what went wrong."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from riskstrat.errors import RiskstratError
from riskstrat.naming import NamesService, NamesUnavailableError, open_service, request_names, request_pseudonym
from riskstrat.naming.asking import NAMES, PSEUDONYMS
from riskstrat.naming.desk import NamesQuestion
from riskstrat.naming.signing import SIGNATURE
from tests.suite.names_site import CLINICIAN, LISTED, PEOPLE, NamesSite
from tests.suite.properties import property_settings
from tests.suite.spellings import spellings

TELLING = ("zebedee", "quillfeather", "ottoline", "vanterpool", "xanthippe", "wilkersley", "larkspur", "عائشة")
BORN = [person.get("date_of_birth", "1940-03-09") for person in PEOPLE.values()]
TOLD = st.sampled_from(["zebedee", "Quillfeather, Zebedee", "9990000018", "999 000 0026", "KIR-XANTHIPPE"])

LOOKS = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["coordinator", "clinician", "social care worker"]),
        "team": st.sampled_from(["KIR", "KIR", "NKI"]),
        "references": st.lists(st.sampled_from([*LISTED]), min_size=1, max_size=4, unique=True),
        "listed": st.booleans(),
        "band": st.sampled_from(["", "85 and over", "18 to 39", "999 000 0018", "Zebedee"]),
    }
)
FORWARD = st.tuples(spellings(st.sampled_from([*PEOPLE])).map(lambda spelt: spelt[1][:100]), st.sampled_from(BORN))
# Who asks is logged, and may well be called as a patient is; a number of theirs is refused.
SPOILED = st.dictionaries(
    st.sampled_from(["role", "team", "purpose", "people", "Zebedee"]), TOLD, min_size=1
) | st.just({"user": "9990000018"})
STEPS = st.one_of(
    st.tuples(st.just("look"), LOOKS), st.tuples(st.just("forward"), FORWARD), st.tuples(st.just("spoiled"), SPOILED)
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> NamesSite:
    made = NamesSite(tmp_path_factory.mktemp("site"))
    made.allow({}, CLINICIAN)
    return made


def require_nobody(said: str) -> None:
    """Held apart from the product's own recogniser."""
    letters = said.casefold()
    assert not [word for word in TELLING if word in letters]
    digits = "".join(str(unicodedata.digit(sign)) for sign in said if unicodedata.digit(sign, None) is not None)
    assert not [number for number in PEOPLE if number in (digits if len(said) < 200 else said)]


def take_step(site: NamesSite, service: NamesService, kind: str, given_: Any) -> str:
    """What came of one question that a page would show or a log would keep, if it went wrong."""
    if kind == "spoiled":
        body = json.loads(site.question(site.asked()).body) | given_
        for path in (NAMES, PSEUDONYMS):
            answer = site.desk.answer(site.question(json.dumps(body).encode(), path))
            if answer.status != 200:
                require_nobody(answer.body.decode())
        return ""
    refused = None
    try:
        if kind == "forward":
            request_pseudonym(service, site.put_forward(*given_))
        else:
            request_names(service, form_look(site, given_))
    except NamesUnavailableError as unavailable:
        refused = unavailable
    return f"{refused or ''} {refused.__context__ or '' if refused else ''}"


def form_look(site: NamesSite, look: Mapping[str, Any]) -> Any:
    people = tuple(site.person(reference, age_band=look["band"]) for reference in look["references"])
    shared = {"role": look["role"], "team": look["team"], "people": people}
    if look["listed"] or look["team"] != "KIR":
        return site.asked(**shared)
    vouched = [one.model_copy(update={"proof": site.key.vouch("KIR", one.patient_id)}) for one in people]
    return site.asked(**shared | {"people": tuple(vouched), "purpose": "referral", "published": None})


def take_steps(site: NamesSite, steps: list[tuple[str, Any]]) -> str:
    """All that a series of questions leaves behind but the answers themselves."""
    service = open_service("http://127.0.0.1:1", "worklist", site.written)

    def post(_: NamesService, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, str]:
        answer = site.desk.answer(NamesQuestion("POST", path, headers, body))
        return answer.status, answer.body, answer.headers.get(SIGNATURE, "")

    with patch("riskstrat.naming.client._post", post):
        return "\n".join(take_step(site, service, kind, step) for kind, step in steps)


@property_settings(40, allow=(HealthCheck.too_slow, HealthCheck.function_scoped_fixture))
@given(st.lists(STEPS, min_size=1, max_size=4))
def test_a_series_of_looks_leaves_no_name_and_no_number(
    site: NamesSite, capfd: pytest.CaptureFixture[str], steps: list[tuple[str, Any]]
) -> None:
    require_nobody(take_steps(site, steps))
    require_nobody("".join(capfd.readouterr()))
    for path in files_of(site):
        require_nobody(path.name + path.read_bytes().decode("utf-8", "replace"))


def test_such_a_series_asks_names_puts_forward_and_is_refused(site: NamesSite) -> None:
    look = {"role": "clinician", "team": "KIR", "references": [*LISTED], "listed": False, "band": ""}
    before = len(site.lines())
    steps = [("look", look), ("look", look | {"team": "NKI"}), ("forward", ("9990000018", "1940-03-09"))]
    said = take_steps(site, [*steps, ("spoiled", {"user": "9990000018"})])
    assert "a basis must be recorded" in said
    made = [action for action, _ in site.lines()[before:]]
    assert made == ["names shown", "naming refused", "put forward", "naming refused", "naming refused"]


def files_of(site: NamesSite) -> list[Path]:
    return sorted(path for path in site.root.parent.rglob("*") if path.is_file())


def test_the_search_finds_what_is_planted(site: NamesSite, tmp_path: Path) -> None:
    for planted in ("asked about Zebedee", "999-000-0018", "٩٩٩٠٠٠٠٠١٨", "x" * 300 + "9990000026"):
        with pytest.raises(AssertionError):
            require_nobody(planted)
    require_nobody("KIR-001-N was named")
    assert {"log.jsonl", "identities.store", "worklist.key"} <= {path.name for path in files_of(site)}
    with pytest.raises(RiskstratError):
        open_service("http://elsewhere.example", "worklist", site.written)
