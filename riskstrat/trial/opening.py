"""Opening the sealed lists of a trial with the sponsor's key, each proved to be the one that was logged."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from riskstrat.errors import PublicationError
from riskstrat.storage import compute_digest
from riskstrat.trial.content import OpenedList, unpack_list
from riskstrat.trial.sealing import is_key_to, open_sealed
from riskstrat.trial.standing import SilentTrial


def open_lists(trial: SilentTrial, key: X25519PrivateKey) -> list[OpenedList]:
    """Every sealed list in the order of their dates.

    Raises PublicationError for another key, for no list, and for a list that is missing or was changed.
    """
    if not is_key_to(key, bytes.fromhex(trial.protocol.public_key)):
        raise PublicationError(
            f"this key does not belong to trial {trial.protocol.number}; give the private half of the key that it "
            "began with"
        )
    if not trial.sealed:
        raise PublicationError(f"no list of trial {trial.protocol.number} is sealed yet; run riskstrat weekly")
    opened = []
    for day, digest in sorted(trial.sealed.items()):
        path = trial.locate_list(day)
        sealed = path.read_bytes() if path.is_file() else b""
        if compute_digest(sealed) != digest:
            raise PublicationError(
                f"the sealed list of {day} is not the one that was logged; restore {path.name} from a backup, unless "
                "riskstrat retention has deleted it"
            )
        opened.append(unpack_list(open_sealed(sealed, key, trial.describe_context(day)), day))
    return opened
