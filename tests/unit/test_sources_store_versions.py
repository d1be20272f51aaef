"""Versions of a store: a run reads one to its end, whatever is ingested meanwhile; the last few stay."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from tests.suite.stores import find_version, read_facts

ADMISSIONS = "patient_id,provider,spell_id,admitted_on,method\np1,RBN,s1,2023-03-01,21\n"

READS = """
import sys
from pathlib import Path
from riskstrat.sources.store import open_store
store = open_store(Path(sys.argv[1]))
print("opened", flush=True)
sys.stdin.readline()
print(*sorted(store.people()["patient_id"]))
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "data"


def load(store: Path, *people: str, keep: int = 1) -> str:
    """Ingest these people and say which version came of it."""
    source = store.with_name("source")
    source.mkdir(exist_ok=True)
    rows = "".join(f"{person},1950-01-01,F\n" for person in ("p1", *people))
    (source / "people.csv").write_text("patient_id,date_of_birth,sex\n" + rows, encoding="utf-8")
    (source / "admissions.csv").write_text(ADMISSIONS, encoding="utf-8")
    ingest(source, store, Settings.model_validate({"data": {"keep_versions": keep}}))
    return find_version(store).name


def list_versions(store: Path) -> set[str]:
    return {path.name for path in (store / "versions").iterdir()}


def read_people(store: Store) -> list[str]:
    return sorted(store.people()["patient_id"])


def test_an_open_store_reads_the_same_people_after_any_number_of_loads(store: Path) -> None:
    load(store, "p2")
    opened = open_store(store)
    for person in ("a3", "a4", "a5"):
        load(store, person)
    assert read_people(opened) == ["p1", "p2"]
    assert read_people(open_store(store)) == ["a5", "p1"]


def test_the_last_few_versions_stay_and_no_more(store: Path) -> None:
    names = [load(store, person, keep=2) for person in ("p2", "p3", "p4")]
    assert list_versions(store) == set(names[1:])
    assert load(store, "p3", keep=2) == names[1]
    assert list_versions(store) == {names[1], names[2]}
    assert load(store, "p5", keep=1) not in names
    assert len(list_versions(store)) == 1


def test_the_same_rows_are_the_same_version(store: Path) -> None:
    first = load(store, "p2")
    pointer = (store / "current.json").read_bytes()
    assert load(store, "p2") == first
    assert (store / "current.json").read_bytes() == pointer


def test_a_version_that_another_process_reads_stays_until_that_has_ended(store: Path) -> None:
    first = load(store, "p2")
    command = [sys.executable, "-c", READS, str(store)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as reader:  # type: ignore[call-overload]
        assert reader.stdout.readline() == "opened\n"
        second = load(store, "p3")
        assert {first, second} <= list_versions(store)
        said, _ = reader.communicate("\n")
    assert said == "p1 p2\n"
    third = load(store, "p4")
    assert list_versions(store) == {third}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_reader_holds_no_version(store: Path) -> None:
    load(store, "p2")
    with subprocess.Popen(
        [sys.executable, "-c", READS, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        reader.kill()
    now = load(store, "p3")
    assert list_versions(store) == {now}


def test_a_version_that_goes_between_pointer_and_mark_is_not_read_by_half(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What two loads do while a run is between reading the pointer and saying that it reads."""
    load(store, "p2")
    from riskstrat.sources import store_versions

    mark = store_versions.mark_reading
    loads = iter(("p3", "p4"))

    def mark_late(folder: Path) -> object:
        person = next(loads, None)
        if person:
            load(store, person)
        return mark(folder)

    monkeypatch.setattr(store_versions, "mark_reading", mark_late)
    assert read_people(open_store(store)) == ["p1", "p4"]


FILES = ("tables/people.parquet", "tables/spells.parquet", "coverage.parquet", "manifest.json")


def test_a_file_that_is_not_the_one_that_was_written_is_named_and_the_next_load_mends_it(store: Path) -> None:
    load(store, "p2")
    version = find_version(store)
    whole = {name: (version / name).read_bytes() for name in FILES}
    spoiled = {name: content[:50] + bytes([content[50] ^ 1]) + content[51:] for name, content in whole.items()}
    for name in FILES:
        (version / name).write_bytes(spoiled[name])
        says = f'{name} in data/ is not the file that was ingested; run "riskstrat ingest'
        with pytest.raises(SourceError, match=says):
            open_store(store)
        (version / name).write_bytes(whole[name])
        assert read_people(open_store(store)) == ["p1", "p2"]
    for name in FILES:
        (version / name).write_bytes(spoiled[name])
    load(store, "p2")
    assert {name: (find_version(store) / name).read_bytes() for name in FILES} == whole
    assert read_people(open_store(store)) == ["p1", "p2"]


def test_a_store_of_the_first_format_is_refused_and_gives_way_to_the_next_load(store: Path) -> None:
    load(store, "p2")
    now = find_version(store)
    for file in ("manifest.json", "quarantine.parquet", "coverage.parquet", "tables"):
        (now / file).rename(store / file)
    shutil.rmtree(store / "versions")
    (store / "current.json").unlink()
    with pytest.raises(SourceError, match="was ingested by an earlier riskstrat, whose tables this one does not read"):
        open_store(store)
    load(store, "p2")
    assert {path.name for path in store.iterdir()} == {"current.json", "versions"}
    assert read_people(open_store(store)) == ["p1", "p2"]


def test_a_store_of_a_later_format_is_refused(store: Path) -> None:
    load(store, "p2")
    told = json.loads((store / "current.json").read_text(encoding="utf-8"))
    (store / "current.json").write_text(json.dumps(told | {"format": 3}), encoding="utf-8")
    with pytest.raises(SourceError, match="was ingested by a later riskstrat; upgrade this one"):
        open_store(store)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_everything_in_a_store_is_for_its_owner_alone(store: Path) -> None:
    before = os.umask(0o022)
    try:
        load(store, "p2")
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (store, *store.rglob("*"))}
    assert {path for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == set()


def test_a_manifest_has_the_digest_of_every_other_file(store: Path) -> None:
    load(store, "p2")
    now = find_version(store)
    files = {path.relative_to(now).as_posix() for path in now.rglob("*") if path.is_file()}
    assert set(read_facts(store)["files"]) == files - {"manifest.json"}
