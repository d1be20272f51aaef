"""Whatever is done to a file that riskstrat reads back: one line and a documented exit code, never a traceback."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat import errors, registry
from riskstrat.errors import FaultError, RiskstratError, WorkspaceError
from riskstrat.publication import (
    EVERYONE_COLUMNS,
    find_earlier,
    open_published,
    parse_list,
    read_case_register,
)
from riskstrat.reviews import FileReviewStore, parse_snapshot
from riskstrat.storage import parse_json, parse_toml
from tests.suite.hand_made import MODEL, STANDING, make_workspace

Verb = Callable[..., subprocess.CompletedProcess[str]]

DOCUMENTED = {
    one.exit_code
    for _, one in inspect.getmembers(errors, inspect.isclass)
    if issubclass(one, RiskstratError) and one not in (RiskstratError, FaultError)
} | {0}

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda content: b"",
    "cut": lambda content: content[: len(content) * 2 // 3],
    "noise": lambda content: bytes((7 * place + 3) % 256 for place in range(300)),
    "another object": lambda content: b'{"a": 1}',
    "a list": lambda content: b"[1, 2]",
    "nested": lambda content: b"[" * 100_000,
    "nested values": lambda content: b'{"a":' * 50_000,
    "nested TOML": lambda content: b"a = " + b"[" * 20_000,
    "no text": lambda content: content.replace(b"e", b"\xff"),
    "numbers as text": lambda content: content.replace(b": 1", b': "1"'),
    "text as numbers": lambda content: content.replace(b'": "', b'": 3, "x": "'),
    "nulls": lambda content: content.replace(b": {", b': null, "x": {').replace(b": [", b': null, "y": ['),
    "commas": lambda content: content.replace(b",", b""),
    "quotes": lambda content: content.replace(b"\n", b'\n"', 1),
    "a later format": lambda content: content.replace(b'"format": ', b'"format": 9'),
}


def damage_content(whole: bytes) -> Iterator[tuple[str, bytes]]:
    """Each damage by its name, with what it makes of the content; what changes nothing is none."""
    spoiled = ((name, spoil(whole)) for name, spoil in DAMAGE.items())
    return ((name, content) for name, content in spoiled if content != whole)


READ_BY: dict[str, tuple[object, ...]] = {
    "riskstrat.toml": ("check",),
    "features/codelists/codelists.toml": ("check",),
    "features/codelists/sensitive.csv": ("check",),
    "features/three.py": ("check",),
    f"training/{MODEL}.toml": ("check",),
    "training/roles.toml": ("check",),
    "registry/promotion.toml": ("check",),
    "audit/log.jsonl": ("audit", "verify"),
    "audit/head.json": ("withdraw", STANDING, "--reason", "It was the wrong week."),
    f"lists/{STANDING}/manifest.json": ("audit", "verify"),
    f"lists/{STANDING}/list.json": ("audit", "verify"),
    f"registry/artifacts/{MODEL}/champion.json": ("audit", "verify"),
    f"registry/artifacts/{MODEL}/versions/1.json": ("audit", "verify"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("damaged") / "site")


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "site"))


@pytest.mark.parametrize("name", READ_BY)
def test_every_damage_to_a_file_that_a_verb_reads_is_one_line(name: str, site: Path, verb: Verb) -> None:
    whole = (site / name).read_bytes()
    others = {path: path.read_bytes() for path in (site / "audit").iterdir()}
    for damage, spoiled in damage_content(whole):
        (site / name).write_bytes(spoiled)
        done = verb(*READ_BY[name], "-w", site)
        assert done.returncode in DOCUMENTED, (damage, done.stderr)
        assert len(done.stderr.splitlines()) == (done.returncode != 0), (damage, done.stderr)
        (site / name).write_bytes(whole)
        for path, content in others.items():
            path.write_bytes(content)
        withdrawn = site / "lists" / "withdrawn" / f"{STANDING}-1"
        if withdrawn.exists():
            withdrawn.rename(site / "lists" / f"{STANDING}")


def read_back(root: Path) -> Iterator[Callable[[], object]]:
    """Everything that verbs read of what verbs wrote, each by itself."""
    registered, lists = root / "registry", root / "lists"
    yield lambda: registry.champion(registered, MODEL)[0].booster
    yield lambda: registry.kept(registered, MODEL, 1).evidence_for(registry.JUDGED)
    yield lambda: registry.kept(registered, MODEL, 1).evidence_for(registry.COMPARED)
    yield lambda: registry.kept(registered, MODEL, 1).papers
    yield lambda: open_published(lists / f"{STANDING}").read_list()
    yield lambda: open_published(lists / f"{STANDING}").read_patients("KIR")
    yield lambda: [one.read_everyone(EVERYONE_COLUMNS) for one in find_earlier(lists, MODEL, STANDING.replace(day=30))]
    yield lambda: read_case_register(lists)
    yield lambda: FileReviewStore(root).take_snapshot(STANDING.replace(day=30))


def test_what_is_whole_is_read(made: Path) -> None:
    for read in list(read_back(made))[:2]:
        read()


def test_every_damage_to_a_file_that_a_verb_wrote_is_a_refusal(site: Path) -> None:
    files = [path for name in ("lists", "registry/artifacts", "reviews") for path in (site / name).rglob("*.*")]
    for path in (path for path in sorted(files) if path.is_file() and path.name != ".lock"):
        whole = path.read_bytes()
        for _, spoiled in damage_content(whole):
            path.write_bytes(spoiled)
            for read in read_back(site):
                with suppress(RiskstratError):
                    read()
        path.unlink()
        for read in read_back(site):
            with suppress(RiskstratError):
                read()
        path.write_bytes(whole)


@given(content=st.binary(max_size=200))
def test_the_readers_of_what_is_not_text_refuse_with_their_own_error(content: bytes) -> None:
    with suppress(RiskstratError):
        parse_list(content)
    with suppress(RiskstratError):
        parse_snapshot(content)
    with suppress(ValueError):
        parse_json(content)
    with suppress(ValueError):
        parse_toml(content.decode("latin-1"))


def test_an_argument_that_is_no_text_is_refused_before_anything_is_done(
    site: Path, verb: Verb, refused: Callable, tree: Callable
) -> None:
    before = tree(site)
    said = refused(verb("withdraw", STANDING, "--reason", "late \udcff again", "-w", site), 2)
    assert "no UTF-8 text" in said
    assert tree(site) == before


def test_what_nobody_foresaw_is_one_line_without_its_words_and_a_traceback_on_demand(
    verb: Verb, refused: Callable, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise LookupError("999 000 0018 has no row")

    monkeypatch.setattr("riskstrat.verbs.check.check", fail)
    said = refused(verb("check", "-w", site), FaultError.exit_code)
    assert "(LookupError in app.py line" in said
    assert "999" not in said
    monkeypatch.setenv("RISKSTRAT_TRACEBACK", "1")
    assert "Traceback" in verb("check", "-w", site).stderr


def test_a_database_that_fails_while_it_is_used_is_told_with_what_to_do(
    verb: Verb, refused: Callable, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db.utils import OperationalError

    def fail(*given: object) -> None:
        raise OperationalError("999 000 0018: database disk image is malformed")

    monkeypatch.setattr("riskstrat.verbs.check.check", fail)
    said = refused(verb("check", "-w", site), WorkspaceError.exit_code)
    assert "riskstrat worklist restore" in said
    assert "999" not in said


def test_a_fault_of_what_asks_a_database_is_not_told_as_a_damaged_one(
    verb: Verb, refused: Callable, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who then restores a backup over a sound database loses what was decided since."""
    from django.db.utils import IntegrityError

    def fail(*given: object) -> None:
        raise IntegrityError("999 000 0018 stands already")

    monkeypatch.setattr("riskstrat.verbs.check.check", fail)
    said = refused(verb("check", "-w", site), FaultError.exit_code)
    assert "restore" not in said
    assert "999" not in said


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        (lambda evidence: evidence.pop("leakage"), "leakage"),
        (lambda evidence: evidence.pop("models"), "models"),
        (lambda evidence: evidence["models"]["lightgbm"].update(events="many"), "models.lightgbm.events"),
        (lambda evidence: evidence["intervals"][1].pop("low"), "intervals.1.low"),
        (lambda evidence: evidence.update(subgroups={}), "subgroups"),
        (lambda evidence: evidence.update(at_capacity=None), "at_capacity"),
    ],
)
def test_evidence_of_an_earlier_version_is_named_by_what_it_lacks(
    change: Callable, lacks: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from riskstrat.registry.versions import Kept
    from tests.suite.hand_made import EVIDENCE

    evidence = parse_json(json.dumps(EVIDENCE))
    change(evidence)
    kept = Kept(registry.kept(site / "registry", MODEL, 1).record, evidence)
    with pytest.raises(errors.ModelError, match=f"the evidence of {MODEL} version 1 lacks {lacks}, .*; train again"):
        kept.evidence_for(registry.JUDGED)
