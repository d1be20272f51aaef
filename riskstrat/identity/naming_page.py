"""The page on which a practice names its own list: one file, nothing fetched, nothing sent."""

from __future__ import annotations

import base64
from pathlib import Path

from riskstrat.storage import compute_digest

_PARTS = Path(__file__).with_name("page")


def naming_page() -> str:
    """The page as HTML: style and script stand in it, and its policy lets run these two and nothing else."""
    style, script = _read_part("naming.css"), _read_part("naming.js")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {_build_hash_source(script)}",
            f"style-src {_build_hash_source(style)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    html = _read_part("naming.html")
    for mark, text in (("@@POLICY@@", policy), ("@@STYLE@@", style), ("@@SCRIPT@@", script)):
        html = html.replace(mark, text)
    return html


def _read_part(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _build_hash_source(text: str) -> str:
    return f"'sha256-{base64.b64encode(bytes.fromhex(compute_digest(text))).decode('ascii')}'"
