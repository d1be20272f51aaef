"""One spelling of JSON, one reader that refuses in one line, one digest."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from riskstrat.errors import PublicationError
from riskstrat.storage import (
    compute_digest,
    compute_file_digest,
    compute_folder_digests,
    cut_file,
    format_canonical_json,
    format_json,
    parse_json,
    read_json,
    write_json,
)


def test_json_for_people_has_keys_in_order_dates_as_text_and_a_newline_at_its_end(tmp_path: Path) -> None:
    write_json({"b": date(2026, 11, 16), "a": "Tŷ Gwyn"}, tmp_path / "a.json")
    written = (tmp_path / "a.json").read_bytes()
    assert written == '{\n  "a": "Tŷ Gwyn",\n  "b": "2026-11-16"\n}\n'.encode()


@pytest.mark.parametrize("value", [float("nan"), date(2026, 11, 16), SimpleNamespace()])
def test_strict_json_takes_only_what_json_has(value: object) -> None:
    assert format_json({"a": value})
    for write in (lambda: format_json({"a": value}, strict=True), lambda: format_canonical_json({"a": value})):
        with pytest.raises((TypeError, ValueError)):
            write()


def test_canonical_json_has_one_spelling() -> None:
    assert format_canonical_json({"b": 1, "a": ["é"]}) == b'{"a":["\\u00e9"],"b":1}'


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"[1]", b"null", b'{"a": 1} more', b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000],
    ids=["empty", "half", "list", "null", "more", "not text", "deep list", "deep object"],
)
def test_what_is_no_json_object_is_refused_in_the_callers_one_line(damaged: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(damaged)
    with pytest.raises(PublicationError, match=r"^the list cannot be read; withdraw it$"):
        read_json(tmp_path / "a.json", PublicationError("the list cannot be read; withdraw it"))
    with pytest.raises(ValueError):
        parse_json(damaged)


def test_a_missing_file_and_a_folder_are_refused_alike(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path):
        with pytest.raises(PublicationError, match=r"^no list$"):
            read_json(path, PublicationError("no list"))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_json({"teams": [{"code": "KIR"}]}, tmp_path / "a.json", indent=1, strict=True)
    assert read_json(tmp_path / "a.json", PublicationError("no list")) == {"teams": [{"code": "KIR"}]}


def test_a_digest_is_sha256_of_bytes_text_and_files_alike(tmp_path: Path) -> None:
    content = "Tŷ Gwyn".encode() * 50_000
    (tmp_path / "file").write_bytes(content)
    expected = hashlib.sha256(content).hexdigest()
    assert compute_digest(content) == compute_digest(content.decode()) == expected
    assert compute_file_digest(tmp_path / "file") == expected


def test_the_digests_of_a_folder_are_by_path_in_order(tmp_path: Path) -> None:
    for name in ("b.csv", "internal/a.parquet", "a.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    found = compute_folder_digests(tmp_path)
    assert list(found) == ["a.html", "b.csv", "internal/a.parquet"]
    assert found["internal/a.parquet"] == compute_digest("internal/a.parquet")


def test_a_file_is_cut_to_its_size(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"whole line\nhalf a li")
    cut_file(tmp_path / "log", 11)
    assert (tmp_path / "log").read_bytes() == b"whole line\n"
