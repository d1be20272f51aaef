"""The verb `trial key`: the sponsor's key pair, made on the sponsor's own machine."""

from __future__ import annotations

from pathlib import Path

from riskstrat.errors import StorageError
from riskstrat.site.outputs import require_free_place
from riskstrat.storage import PRIVATE_FILE, write_bytes
from riskstrat.trial.sealing import make_key_pair
from riskstrat.verbs.report import Report


def key(out: Path) -> Report:
    """Write the private key to `out`, for its owner alone, and the public key beside it as NAME.public.pem.

    Raises StorageError for a place in a workspace, where no private key may stand, or where a file stands.
    """
    require_free_place(out, (".pem",), identified=True)
    public = out.with_name(f"{out.stem}.public.pem")
    for one in (out, public):
        if one.exists():
            raise StorageError(f"{one.name} stands already, and what is sealed to it needs it; choose another name")
    private_pem, public_pem = make_key_pair()
    write_bytes(private_pem, out, mode=PRIVATE_FILE)
    write_bytes(public_pem, public)
    lines = (
        f"{public}: give this file to whoever starts the trial",
        f"{out}: keep this file away from the workspace, and a copy of it; without it no list can be opened",
    )
    return Report({"private": str(out), "public": str(public)}, lines)
