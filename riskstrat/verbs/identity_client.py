"""The verb `identity client`: the secret by which one server may ask the identity install for names."""

from __future__ import annotations

from pathlib import Path

from riskstrat import audit, identity
from riskstrat.errors import StorageError
from riskstrat.identity.private_files import write_private
from riskstrat.site.outputs import require_free_place
from riskstrat.verbs.report import Report


def client(root: Path | None, name: str, out: Path, user: str | None = None) -> Report:
    """Make a secret, keep it in the identity folder and write it to `out` for the server of that name.

    Raises IdentityError for a name that has one, StorageError for a place in a workspace or where a file stands.
    """
    require_free_place(out, (".key",), identified=True)
    if out.exists():
        raise StorageError(f"{out.name} stands there already; give another name")
    folder = identity.open_folder(identity.find(root))
    identity.require_new_client(folder.root, name)
    written = identity.make_secret()
    audit.append(folder.root, "key made", {"client": name}, user)
    write_private(written, out)
    kept = identity.keep_secret(folder.root, name, written)
    lines = (
        f"{out}: take it to the server of the worklist by a safe way, and delete it here",
        f"{kept}: the same, for this install; delete it to shut that server out at once",
        "The server is told nothing yet: write [[names]] into identity.toml.",
    )
    return Report({"client": name, "out": str(out)}, lines)
