"""Everything held of one pseudonym, for a person's right of access: gathered here, written by documents."""

from riskstrat.disclosure.gathering import Held, gather_held

__all__ = ["Held", "gather_held"]
