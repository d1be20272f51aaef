"""Mutants of a file: what editors, spreadsheets, transfers and slips make of it. The same seed, the same mutant."""

from __future__ import annotations

import random
from collections.abc import Callable

SECRET = "QUILLFEATHER"
"""Stands in mutants as a value that no message may repeat."""

ODD = (
    *(b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n\n", b"\t", b";", b"|", b",,", b'"', b"'", b"\\"),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b"[[",
        b"]]",
        b"=",
        b"#",
        b"-1",
        b"0",
        b"1e400",
        b"NaN",
        b"nan",
        b"inf",
        b"1_000",
        b"0x1f",
    ),
    *(
        b"true",
        b"null",
        b"1979-05-27",
        b"9999-99-99",
        b"[1, 2]",
        b"{ a = 1 }",
        b'""',
        b'"""',
        b"../../etc",
        b"%s",
        b"{0}",
    ),
    *("é".encode(), "\u202e".encode(), "\u200d".encode(), "𝟙".encode(), b"a" * 5000, SECRET.encode(), b"1" * 400),
)
"""Pieces that are put in, or put in another's place."""

Mutation = Callable[[bytes, random.Random], bytes]


def mutate(content: bytes, seed: int) -> bytes:
    """One to three changes of `content`."""
    draw = random.Random(seed)
    for _ in range(draw.randint(1, 3)):
        content = draw.choice(MUTATIONS)(content, draw)
    return content


def _change_a_byte(content: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(content) + 1)
    return content[:at] + bytes([draw.randrange(256)]) + content[at + 1 :]


def _cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _put_in(content: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(content) + 1)
    return content[:at] + draw.choice(ODD) + content[at:]


def _replace_a_value(content: bytes, draw: random.Random) -> bytes:
    """Another piece in place of what stands behind an equals sign, colon or comma up to the end of the line."""
    lines = content.split(b"\n")
    at = draw.randrange(len(lines))
    for mark in (b" = ", b": ", b","):
        before, found, _ = lines[at].partition(mark)
        if found:
            lines[at] = before + mark + draw.choice(ODD)
            break
    return b"\n".join(lines)


def _exchange_two_lines(content: bytes, draw: random.Random) -> bytes:
    lines = content.split(b"\n")
    one, two = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def _repeat_a_line(content: bytes, draw: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = draw.randrange(len(lines))
    return b"\n".join([*lines[:at], lines[at], *lines[at:]])


def _drop_a_line(content: bytes, draw: random.Random) -> bytes:
    lines = content.split(b"\n")
    del lines[draw.randrange(len(lines))]
    return b"\n".join(lines)


def _say_it_in_another_encoding(content: bytes, draw: random.Random) -> bytes:
    text = content.decode("utf-8", errors="replace")
    return text.encode(draw.choice(["utf-16", "utf-16-be", "latin-1", "cp1252", "utf-8-sig"]), errors="replace")


MUTATIONS: tuple[Mutation, ...] = (
    *(_change_a_byte, _cut, _put_in, _replace_a_value, _replace_a_value, _exchange_two_lines),
    *(_repeat_a_line, _drop_a_line, _say_it_in_another_encoding),
)
